"""`ablate report`: what a sweep shows, written into its folder as one page, tables, figures and texts, and printed in short."""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.arguments import Parser, a_path
from ablate.errors import AblateError, one_of

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.console import Console

    from ablate.results.analysis import Analysis
    from ablate.results.search import SearchResults

_DESCRIPTION = """\
Write the report of a sweep: one page (index.html), tables, figures, and texts for a paper; and print its verdicts.
It reads what is there: a sweep that still runs, or that had failures, is reported as far as it came. Nothing is trained.
What differs from what was fixed before training (--baseline, --metric, --at-step, --margin, sweeps joined) is marked as
exploratory: changed after training. Of a search it tells its trials and its confirmation, which is the result.
"""

_EXAMPLES = """\
examples:
  ablate report multirun/factorial-1a2b3c4d                  into multirun/factorial-1a2b3c4d/report
  ablate report seed_ladder                                  the sweep of a study, by its name
  ablate report multirun/lrn-1a2b3c4d multirun/lrn-5e6f7a8b  joined, as of more seeds
  ablate report multirun/factorial-1a2b3c4d --out paper/ --format tex,png
  ablate report --compare multirun/one_factor-1a2b3c4d multirun/add_one_in-5e6f7a8b
                                                             whether the effects of the one are those of the other
  ablate report multirun/factorial-1a2b3c4d --notebook       also an executed notebook
  ablate report multirun/factorial-1a2b3c4d --json           one JSON object, for scripts
"""

NAMED = (
    "index.html",
    "table.md",
    "effects.png",
    "accuracy.png",
    "history.png",
    "surface.png",
    "front.png",
    "report.ipynb",
)  # of the files, where the reader is told


@dataclass(frozen=True)
class Report:
    """What was written of a sweep. files: the page first."""

    name: str
    analysis: "Analysis"
    files: list[Path]

    def to_json(self) -> dict[str, Any]:
        """Tables, notes and files as JSON-able content; a number that is missing is None."""
        from ablate.results import tables

        analysis, question = self.analysis, self.analysis.question
        return {
            "name": self.name,
            "exploratory": list(question.changes),
            "level": question.level,
            "margin": question.margin,
            "arms": records(analysis.arms),
            "effects": records(analysis.comparisons),
            "contrasts": records(analysis.contrasts.drop(columns="factors", errors="ignore")),
            "shapley": records(analysis.shapley),
            "noise": records(analysis.noise),
            "published": records(analysis.published),
            "compute": {key: None if value != value else value for key, value in analysis.compute.items()},  # NaN
            "notes": [*(line for table in tables.every(analysis)[:2] for line in table.notes), *analysis.results.notes],
            "files": [str(path) for path in self.files],
        }

    def show(self, console: "Console") -> list[str]:
        """Print the summary; the columns that there was no room for."""
        from ablate.results import tables

        return tables.show(self.analysis, console)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should be told about the files, a line each."""
        return self.analysis.results.notes


@dataclass(frozen=True)
class SearchReport:
    """What was written of a search. files: the page first."""

    name: str
    found: "SearchResults"
    files: list[Path]

    def to_json(self) -> dict[str, Any]:
        """Trials, statistics, sentences and files as JSON-able content; a number that is missing is None."""
        from ablate.results.search import summary

        return {"name": self.name, **summary.content(self.found), "files": [str(path) for path in self.files]}

    def show(self, console: "Console") -> list[str]:
        """Print the summary; the columns that there was no room for."""
        from ablate.results.search import summary

        return summary.show(self.found, console)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should be told about the files, a line each."""
        return self.found.notes


def run(arguments: Sequence[str]) -> int:
    """Reports what the command line names; returns the exit status 0.

    Raises:
        AblateError: it names no sweep, or asks for what there is not.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    options = _parser().parse_args(arguments)
    if options.compare:
        from ablate.commands import compare

        alone = ("sweep", "format", "baseline", "reach", "notebook")
        given = [f"--{word}" if word != "sweep" else options.sweep[0] for word in alone if getattr(options, word)]
        if given:
            raise AblateError(f"--compare cannot be combined with {given[0]}. Give them in two commands.")
        first, second = options.compare
        _refuse_searches(options.compare, "--compare")
        return compare.run(first, second, options.out, options.json, **_changes(options))
    if not options.sweep:
        raise AblateError("SWEEP is missing. Name a sweep, as in ablate report multirun/factorial-1a2b3c4d.")
    changes = _changes(options) | {"baseline": options.baseline, "target": options.reach}
    given = [f"--{_OPTIONS.get(name, name)}" for name, value in changes.items() if value is not None]
    if given:
        _refuse_searches(options.sweep, given[0])
    report = make(options.sweep, options.out, _formats(options.format), **changes)
    if options.notebook:
        from ablate.results import notebook

        if len(options.sweep) > 1:
            raise AblateError(f"--notebook takes one sweep, got {' '.join(options.sweep)}.")
        asked = {name: value for name, value in changes.items() if value is not None}
        report.files.append(notebook.execute(options.sweep[0], folder_of(options.sweep, options.out), **asked))
    if options.json:
        print(json.dumps(report.to_json(), allow_nan=False))
    else:
        _print(report)
    return 0


_OPTIONS = {"target": "reach", "at_step": "at-step"}  # where the name of an option is not that of what it changes


def _refuse_searches(sources: Sequence[str], option: str) -> None:
    """Refuse an option that says nothing of a search."""
    for source in sources:
        if _search(source) is not None:
            raise AblateError(
                f"Expected no {option} with a search, which is read as it was fixed before its first trial. Received: "
                f"{source}. Its confirmation is a sweep of its own: ablate report {source}/confirmation."
            )


def _search(source: str) -> Path | None:
    """The folder of the search that a user names, by its path or the name of its study; None where it is none.

    Raises:
        AblateError: it is a sweep that still tunes learning rates, or nothing that has a report.
    """
    from ablate.plan import TUNING, sweep_folder
    from ablate.results.sources import folders, is_store
    from ablate.search.record import is_search
    from ablate.store import SWEEP

    if (Path(source) / SWEEP).exists() or (Path(source) / TUNING / SWEEP).exists():
        folder = sweep_folder(source)
        return folder if is_search(folder) else None
    if is_store(Path(source)):
        return None
    found = folders(source)
    return found[0] if any(map(is_search, found)) else None


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """What is to be read otherwise than it was fixed, of one sweep or of two."""
    return {"metric": options.metric, "at_step": options.at_step, "margin": options.margin}


def _parser() -> Parser:
    parser = Parser(
        prog="ablate report",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "sweep", nargs="*", metavar="SWEEP", help="the folder of a sweep, the name of a study, or a store; several are joined"
    )
    parser.add_argument("--compare", nargs=2, metavar=("SWEEP", "SWEEP"), help="compare the effects of two sweeps")
    parser.add_argument("--out", type=a_path, metavar="DIR", help="where to write (default: SWEEP/report)")
    parser.add_argument("--format", metavar="LIST", help="what to write, of html,csv,md,tex,png,svg (default: all)")
    parser.add_argument("--baseline", metavar="ARM", help="compare all arms with this one, by number or name")
    parser.add_argument("--metric", help="accuracy, or loss on the evaluation set")
    parser.add_argument("--at-step", type=int, metavar="STEP", help="read all runs at another step")
    parser.add_argument("--margin", type=float, metavar="POINTS", help="another margin than the one fixed before training")
    parser.add_argument("--reach", type=float, metavar="PERCENT", help="the accuracy of which to tell when it is reached")
    parser.add_argument("--notebook", action="store_true", help="also write an executed copy of the report notebook")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the summary")
    return parser


def write(folder: Path, formats: Sequence[str] | None = None) -> list[Path]:
    """Write the report of a sweep into its folder and print its summary; the paths of what was written. See `make`."""
    report = make([str(folder)], formats=formats)
    _print(report)
    return report.files


def make(
    sources: Sequence[str], to: Path | None = None, formats: Sequence[str] | None = None, **changes: Any
) -> Report | SearchReport:
    """Write a report, of sweeps or of one search.

    Args:
        sources: as for `ablate.results.load`.
        to: the folder to write into; None for `report` in the sweep's.
        formats: of `ablate.results.files.FORMATS`; None for all.
        changes: as for `ablate.results.question.ask`.

    Raises:
        AblateError: there is no such sweep, or nothing that could be reported so.
    """
    from ablate.results import files, load
    from ablate.results.analysis import analyse
    from ablate.results.question import ask
    from ablate.results.sources import is_store

    stores = [source for source in sources if is_store(Path(source))]
    if stores and len(sources) > 1:
        raise AblateError(
            f"{stores[0]} is a store, which must be reported by itself, got {len(sources)} names. Name only the store."
        )
    searches = [found for source in sources if (found := _search(source)) is not None]
    if searches:
        return _make_of_search(sources, searches[0], to, formats or files.FORMATS)
    out = folder_of(sources, to)
    analysis = analyse(*ask(load(*sources), **changes))
    folder = _told(sources[0])
    name = "; ".join(Path(source).resolve().name for source in sources)
    return Report(name, analysis, files.write(analysis, out, folder, formats or files.FORMATS))


def _told(source: str) -> str:
    """The folder of a sweep as commands name it: as the user does, unless that is the name of a study."""
    from ablate.results.sources import folders, is_store
    from ablate.store import SWEEP

    if (Path(source) / SWEEP).exists() or is_store(Path(source)):
        return source
    return str(folders(source)[0])


def _make_of_search(sources: Sequence[str], folder: Path, to: Path | None, formats: Sequence[str]) -> SearchReport:
    from ablate.results.search import files, load

    if len(sources) > 1:
        raise AblateError(f"Expected a search alone: it cannot be joined with others. Received: {' '.join(sources)}.")
    found = load(folder)
    return SearchReport(folder.resolve().name, found, files.write(found, to or folder / "report", str(folder), formats))


def folder_of(sources: Sequence[str], to: Path | None) -> Path:
    """Where a report of these is written: where it is told to, else `report` in the sweep's folder.

    Raises:
        AblateError: they are several sweeps, which have no folder of their own, or none.
    """
    if to is not None:
        return to
    if len(sources) > 1 or not Path(sources[0]).is_dir():
        from ablate.results.sources import folders

        found = [folder for source in sources for folder in folders(source)]
        if len(found) != 1:
            raise AblateError(
                f"Expected --out DIR, since several sweeps have no folder of their own. Received: {len(found)} sweeps."
            )
        return found[0] / "report"
    from ablate.plan import sweep_folder
    from ablate.results.sources import is_store

    if is_store(Path(sources[0])):
        raise AblateError(f"Expected --out DIR, since a store has no report of its own. Received: {sources[0]}.")
    return sweep_folder(Path(sources[0])) / "report"


def _formats(given: str | None) -> tuple[str, ...] | None:
    from ablate.results.files import FORMATS

    if given is None:
        return None
    words = tuple(word.strip() for word in given.split(","))
    unknown = [word for word in words if word not in FORMATS]
    if unknown:
        raise AblateError(one_of("--format", unknown[0], FORMATS))
    return words


def records(frame: "DataFrame") -> list[dict[str, Any]]:
    """A frame as JSON-able content: a row each; what is missing is None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _print(report: Report | SearchReport) -> None:
    """The tables that answer, as wide as the terminal allows, whole in a pipe; at the end where all of it lies."""
    from ablate import terminal
    from ablate.results.files import TABLE

    console = terminal.standard()
    dropped = report.show(console)
    if dropped:
        terminal.say(console, f"{terminal.left_out(dropped)}; see {TABLE}")
    for line in report.notes:
        terminal.say(console, line)
    console.print()
    named = [path for path in report.files if path.name in NAMED]
    for path in named:
        terminal.say(console, str(path), whole=True)
    others = [path for path in report.files if path not in named]
    if others:
        folder = Path(os.path.commonpath([path.parent for path in report.files]))
        names = "" if named else f": {', '.join(str(path.relative_to(folder)) for path in others)}"
        count = f"{len(others)} {'more ' if named else ''}{'file' if len(others) == 1 else 'files'}"
        terminal.say(console, f"{'and ' if named else ''}{count} in {folder}{names}", whole=True)
