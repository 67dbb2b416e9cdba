"""`ablate report`: the table and figure of a sweep, written into its folder and printed."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

_DESCRIPTION = """\
Write the tables and the accuracy-vs-step figure of a sweep, and print the tables.
It reads what is there: a sweep that still runs, or that had failures, is reported as far as it came. Nothing is trained.
"""

_EXAMPLES = """\
examples:
  ablate report multirun/factorial-1a2b3c4d                  into multirun/factorial-1a2b3c4d/report
  ablate report multirun/factorial-1a2b3c4d --out paper/     into a folder of your own
"""


def run(arguments: Sequence[str]) -> int:
    """Reports the sweep that the command line names; returns the exit status 0.

    Raises:
        AblateError: the folder is no sweep.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = argparse.ArgumentParser(
        prog="ablate report",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sweep", type=Path, metavar="SWEEP", help="the folder of a sweep, in multirun/")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: SWEEP/report)")
    options = parser.parse_args(arguments)
    write(options.sweep, options.out)
    return 0


def write(folder: Path, to: Path | None = None) -> list[Path]:
    """Write the report of a sweep and print its tables; the paths of what was written.

    Args:
        to: the folder to write into; None for `report` in the sweep's.

    Raises:
        AblateError: the folder is no sweep.
    """
    from ablate.results import load, plots, tables
    from ablate.store import write_atomically

    results = load(folder)
    out = folder / "report" if to is None else to
    arms = tables.arms(results)
    effects = tables.effects(results)
    parts = [
        (tables.shown(arms, results.sweep["design"]), [tables.compared(results), *tables.same(results), *tables.caveats(arms)])
    ]
    if len(effects):
        parts.append((tables.shown_effects(effects), tables.about_effects(results, effects)))
    contents = {
        "runs.csv": tables.csv(results.runs.drop(columns="trajectory")),  # a path of this machine; the fingerprint names it
        "evaluations.csv": tables.csv(results.evaluations),
        "seeds.csv": tables.csv(tables.seeds(results)),
        "arms.csv": tables.csv(arms),
        **({"effects.csv": tables.csv(effects)} if len(effects) else {}),
        "table.md": "\n".join(tables.markdown(text) + "".join(f"\n{line}\n" for line in below) for text, below in parts),
    }
    for name, content in contents.items():
        write_atomically(out / name, content.encode())
    figures = plots.figure(results.evaluations, out / "figures" / "accuracy", results.sweep["fixed"]["evaluation_set"])
    _print(parts, results.notes, [out / "table.md", *figures])
    return [*(out / name for name in contents), *figures]


def _print(parts: "Sequence[tuple[DataFrame, list[str]]]", notes: Sequence[str], paths: Sequence[Path]) -> None:
    """Tables as wide as the terminal allows, whole in a pipe; under each what it compares, and at the end where they lie."""
    from rich.console import Console

    from ablate.results import tables

    console = Console(highlight=False)
    whole = not console.is_terminal
    for number, (text, below) in enumerate(parts):
        table, dropped = tables.terminal(text, None if whole else console.width)
        if whole:
            console.width = console.measure(table, options=console.options.update(width=10_000)).maximum
        if number:
            console.print()
        console.print(table)
        console.print()
        left_out = [f"left out at this width: {', '.join(dropped)}; see {paths[0].name}"] if dropped else []
        for line in [*below, *left_out]:
            console.print(line, markup=False, soft_wrap=whole)
    for line in notes:
        console.print(line, markup=False, soft_wrap=whole)
    for path in paths:
        console.print(str(path), markup=False, soft_wrap=True)
