"""`ablate report`: the table and figure of a sweep, written into its folder and printed."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
  ablate report multirun/factorial-1a2b3c4d --json           one JSON object, for scripts
"""

TABLE = "table.md"


@dataclass(frozen=True)
class Table:
    """A table of a report. frame: its numbers. text: as readers see them. below: the lines under it."""

    frame: "DataFrame"
    text: "DataFrame"
    below: list[str]


@dataclass(frozen=True)
class Report:
    """What was written of a sweep.

    tables: that of arms, and in a fractional design that of effects, by these names. notes: what a reader should be told about
    the sweep's files. files: what was written, the figures last.
    """

    name: str
    tables: dict[str, Table]
    notes: list[str]
    files: list[Path]

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON-able content; a number that is missing is None."""
        return {
            "name": self.name,
            **{name: _records(table.frame) for name, table in self.tables.items()},
            "notes": [*(line for table in self.tables.values() for line in table.below), *self.notes],
            "files": [str(path) for path in self.files],
        }


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
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the tables")
    options = parser.parse_args(arguments)
    if options.json:
        print(json.dumps(make(options.sweep, options.out).to_json(), allow_nan=False))
    else:
        write(options.sweep, options.out)
    return 0


def write(folder: Path, to: Path | None = None) -> list[Path]:
    """Write the report of a sweep and print its tables; the paths of what was written. See `make`."""
    report = make(folder, to)
    _print(report)
    return report.files


def make(folder: Path, to: Path | None = None) -> Report:
    """Write the report of a sweep.

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
    below = [tables.compared(results), *tables.same(results), *tables.caveats(arms)]
    parts = {"arms": Table(arms, tables.shown(arms, results.sweep["design"]), below)}
    if len(effects):
        parts["effects"] = Table(effects, tables.shown_effects(effects), tables.about_effects(results, effects))
    contents = {
        "runs.csv": tables.csv(results.runs.drop(columns="trajectory")),  # a path of this machine; the fingerprint names it
        "evaluations.csv": tables.csv(results.evaluations),
        "seeds.csv": tables.csv(tables.seeds(results)),
        **{f"{name}.csv": tables.csv(part.frame) for name, part in parts.items()},
        TABLE: "\n".join(tables.markdown(part.text) + "".join(f"\n{line}\n" for line in part.below) for part in parts.values()),
    }
    for name, content in contents.items():
        write_atomically(out / name, content.encode())
    figures = plots.figure(results.evaluations, out / "figures" / "accuracy", results.sweep["fixed"]["evaluation_set"])
    return Report(folder.resolve().name, parts, list(results.notes), [*(out / name for name in contents), *figures])


def _records(frame: "DataFrame") -> list[dict[str, Any]]:
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _print(report: Report) -> None:
    """Tables as wide as the terminal allows, whole in a pipe; under each what it compares, and at the end where they lie."""
    from rich.console import Console

    from ablate.results import tables

    console = Console(highlight=False)
    whole = not console.is_terminal
    for number, part in enumerate(report.tables.values()):
        table, dropped = tables.terminal(part.text, None if whole else console.width)
        if whole:
            console.width = console.measure(table, options=console.options.update(width=10_000)).maximum
        if number:
            console.print()
        console.print(table)
        console.print()
        left_out = [f"left out at this width: {', '.join(dropped)}; see {TABLE}"] if dropped else []
        for line in [*part.below, *left_out]:
            console.print(line, markup=False, soft_wrap=whole)
    for line in report.notes:
        console.print(line, markup=False, soft_wrap=whole)
    for path in report.files:
        if path.suffix != ".csv":
            console.print(str(path), markup=False, soft_wrap=True)
