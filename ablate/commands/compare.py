"""`ablate report --compare`: whether the changes of one sweep do the same in another."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablate.results.compare import Comparison

STEM = "compare"


def run(first: str, second: str, out: Path | None, as_json: bool, **changes: Any) -> int:
    """Compares two sweeps, writes the table as CSV and Markdown and prints it; returns the exit status 0.

    Args:
        first, second: as for `ablate.results.load`.
        out: the folder to write into; None for `report` in the folder of the first.
        changes: as for `ablate.results.question.ask`, of both.

    Raises:
        AblateError: one of them is no sweep, or they have nothing in common.
    """
    from ablate import escaping
    from ablate.report import output, tables
    from ablate.report.tables import interplay, records
    from ablate.report.tables.rendering import bullets
    from ablate.report.writing import folder_of
    from ablate.results import load
    from ablate.results.analysis import analyze
    from ablate.results.compare import Comparison
    from ablate.results.question import ask

    ours, theirs = (analyze(*ask(load(source), **changes)) for source in (first, second))
    comparison = Comparison(ours, theirs, (_name(first), _name(second)))
    table = interplay.table(comparison)
    folder = folder_of([first], out)
    written = tables.markdown(table.text, table.words)
    contents = {
        f"{STEM}.csv": tables.csv(comparison.frame),
        f"{STEM}.md": f"# {escaping.markdown(table.title)}\n\n{written}\n{bullets(table.notes)}",
    }
    for name, content in contents.items():
        output.write(folder / name, content.encode())
    files = [folder / name for name in contents]
    if as_json:
        said = {"changes": records(comparison.frame), "level": comparison.level, "files": [str(path) for path in files]}
        print(json.dumps(said, allow_nan=False))
    else:
        _print(comparison, files)
    return 0


def _name(source: str) -> str:
    return str(Path(source).resolve()) if Path(source).exists() else source


def _print(comparison: "Comparison", files: list[Path]) -> None:
    from ablate import terminal
    from ablate.report.tables import interplay, summary

    console = terminal.standard()
    table = interplay.table(comparison)
    summary.print_table(table, console)
    for line in [*table.notes, *map(str, files)]:
        terminal.say(console, line)
