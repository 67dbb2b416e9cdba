"""`ablate report --compare`: whether the changes of one sweep do the same in another."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablate.results.compare import Comparison

STEM, FIGURES = "compare", "figures"


def run(first: str, second: str, out: Path | None, as_json: bool, style: Path | None = None, **changes: Any) -> int:
    """Compares two sweeps, writes page, figure, and table, and prints the table; returns the exit status 0.

    Args:
        first, second: as for `ablate.results.load`.
        out: the folder to write into; None for `report` in the folder of the first.
        style: of the figure, a matplotlib style file; None for the built-in one.
        changes: as for `ablate.results.question.ask`, of both.

    Raises:
        AblateError: one of them is no sweep, or they have nothing in common.
    """
    from ablate import escaping
    from ablate.report import compared, figures, output, tables
    from ablate.report.tables import interplay, records
    from ablate.report.tables.rendering import bullets
    from ablate.report.writing import folder_of
    from ablate.results.analysis import analyze
    from ablate.results.compare import Comparison
    from ablate.results.question import ask
    from ablate.results.sources import load

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
    with figures.chosen(style):
        drawn = compared.figure(comparison)
        svg = figures.svg(drawn.figure)
        pictures = figures.save(drawn.figure, folder / FIGURES / STEM, drawn=svg)
    beside = [(f"{STEM}.csv", "each change, with its effect in both sweeps"), (f"{STEM}.md", "the table as Markdown")]
    beside += [(str(path.relative_to(folder)), "the figure") for path in pictures]
    output.write(folder / f"{STEM}.html", compared.html(comparison, drawn, svg, beside).encode(errors="replace"))
    files = [folder / f"{STEM}.html", *(folder / name for name in contents), *pictures]
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
    from ablate.report import compared
    from ablate.report.tables import interplay, summary

    console = terminal.standard()
    table = interplay.table(comparison)
    summary.print_table(table, console)
    for line in [*table.notes, f"{compared.finding(comparison)}.", *map(str, files)]:
        terminal.say(console, line)
