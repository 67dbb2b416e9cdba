"""Reports of sweeps and searches: written into their folder, and told in short on the screen."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError
from ablate.text import counted

if TYPE_CHECKING:
    from rich.console import Console

    from ablate.results.analysis import Analysis
    from ablate.results.frames import Results
    from ablate.results.search import SearchResults


@dataclass(frozen=True)
class Report:
    """What was written of a sweep. files: the page first. folder: of the sweep; None of several, or of a store."""

    name: str
    analysis: "Analysis"
    files: list[Path]
    folder: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Tables, notes and files as JSON-able content; a number that is missing is None."""
        from ablate.report import tables
        from ablate.report.tables import records

        analysis, question = self.analysis, self.analysis.question
        return {
            "name": self.name,
            "exploratory": question.why_exploratory,
            "level": question.level,
            "margin": question.margin,
            "arms": records(analysis.arms),
            "effects": records(analysis.comparisons),
            "contrasts": records(analysis.contrasts.drop(columns="factors", errors="ignore")),
            "shapley": records(analysis.shapley),
            "noise": records(analysis.noise),
            "published": records(analysis.published),
            "compute": {key: None if value != value else value for key, value in analysis.compute.items()},  # NaN
            "notes": [*(line for table in tables.in_file(analysis)[:2] for line in table.notes), *analysis.results.notes],
            "files": [str(path) for path in self.files],
        }

    def explain(self, console: "Console") -> list[str]:
        """Print the rules, the arms, and what each sentence says; the columns that there was no room for."""
        from ablate.report import tables

        return tables.show(self.analysis, console)

    def show(self, console: "Console") -> None:
        """Print the last screen."""
        from ablate.report import screen

        screen.show(self.analysis, console, _page(self.files), self.folder)

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
        from ablate.report.search import summary

        return {"name": self.name, **summary.content(self.found), "files": [str(path) for path in self.files]}

    def explain(self, console: "Console") -> list[str]:
        """Print the trials, the confirmation, and what each sentence says; the columns that there was no room for."""
        from ablate.report.search import summary

        return summary.show(self.found, console)

    def show(self, console: "Console") -> None:
        """Print the last screen."""
        from ablate.report.search import screen

        screen.show(self.found, console, _page(self.files))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should be told about the files, a line each."""
        return self.found.notes


def _page(files: Sequence[Path]) -> Path | None:
    """What a reader opens: the page, or where none was written the folder of what was."""
    if not files:
        return None
    return files[0] if files[0].name == "index.html" else Path(os.path.commonpath([path.parent for path in files]))


def at_end(formats: Sequence[str], style: str | None = None) -> Callable[[Path], None]:
    """What writes the report of a sweep or search when all of its runs have ended, and shows it; see `running.sweep.run`.

    Args:
        formats: as for `write`; none for no report. What a search found is written in any case. A sweep that only tunes has no
            report: what it chose is told in that of the sweep around it.
        style: of its figures, a file that is read at once; None for the built-in one.

    Raises:
        AblateError: the style cannot be read.
    """
    if style is not None:
        from ablate.report.figures import stylesheet

        stylesheet.read(Path(style))
        style = str(Path(style).resolve())

    def finished(folder: Path) -> None:
        from ablate.designs import TUNING
        from ablate.report.search import write_results
        from ablate.store import sweep_file
        from ablate.store.trials import is_search

        if is_search(folder):
            write_results(folder)
        fixed = sweep_file.read(folder) if formats else None
        if fixed is not None and fixed.sweep.design != TUNING:
            write(folder, formats, style)

    return finished


def write(folder: Path, formats: Sequence[str] | None = None, style: str | None = None) -> list[Path]:
    """Write the report of a sweep into its folder and print its summary; the paths of what was written. See `make`."""
    report = make([str(folder)], formats=formats, style=style)
    show(report)
    return report.files


def make(
    sources: Sequence[str],
    to: Path | None = None,
    formats: Sequence[str] | None = None,
    style: str | Path | None = None,
    **changes: Any,
) -> Report | SearchReport:
    """Write a report, of sweeps or of one search.

    Args:
        sources: as for `ablate.results.load`.
        to: the folder to write into; None for `report` in the sweep's.
        formats: of `ablate.report.files.FORMATS`; None for all.
        style: of the figures, a matplotlib style file; None for the built-in one.
        changes: as for `ablate.results.question.ask`.

    Raises:
        AblateError: there is no such sweep, or nothing that could be reported so.
    """
    from ablate.report.figures import chosen

    with chosen(style):
        return _make(sources, to, formats, **changes)


def _make(
    sources: Sequence[str], to: Path | None = None, formats: Sequence[str] | None = None, **changes: Any
) -> Report | SearchReport:
    from ablate.report import files
    from ablate.results.analysis import analyze
    from ablate.results.question import ask
    from ablate.results.sources import is_store, load

    stores = [source for source in sources if is_store(Path(source))]
    if stores and len(sources) > 1:
        raise AblateError(
            f"{stores[0]} is a store, which must be reported by itself, got {len(sources)} names. Name only the store."
        )
    searches = [found for source in sources if (found := search_of(source)) is not None]
    if searches:
        return _make_of_search(sources, searches[0], to, formats or files.FORMATS)
    out = folder_of(sources, to)
    analysis = analyze(*ask(load(*sources), **changes))
    folder = _told(sources[0])
    name = "; ".join(Path(source).resolve().name for source in sources)
    alone = Path(folder) if len(sources) == 1 and not stores else None
    return Report(name, analysis, files.write(analysis, out, folder, formats or files.FORMATS), alone)


def of_results(
    results: "Results",
    to: Path,
    formats: Sequence[str] | None = None,
    style: str | Path | None = None,
    **changes: Any,
) -> Report:
    """Write the report of results that lie in no folder, as those of a table.

    Args:
        to, formats, style, changes: as for `make`.

    Raises:
        AblateError: as `make`.
    """
    from ablate.report import files
    from ablate.report.figures import chosen
    from ablate.results.analysis import analyze
    from ablate.results.question import ask

    with chosen(style):
        analysis = analyze(*ask(results, **changes))
        written = files.write(analysis, to, results.sweep.store, formats or files.FORMATS)
    return Report(results.sweep.called, analysis, written)


def _told(source: str) -> str:
    """The folder of a sweep as commands name it: as the user does, unless that is the name of a study."""
    from ablate.results.sources import folders, is_store
    from ablate.store import SWEEP

    if (Path(source) / SWEEP).exists() or is_store(Path(source)):
        return source
    return str(folders(source)[0])


def _make_of_search(sources: Sequence[str], folder: Path, to: Path | None, formats: Sequence[str]) -> SearchReport:
    from ablate.report.search import files
    from ablate.results.search import load

    if len(sources) > 1:
        raise AblateError(f"A search must be reported alone, got {' '.join(sources)}.")
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
            raise AblateError(f"--out DIR is required for a report of several sweeps, got {len(found)} sweeps.")
        return found[0] / "report"
    from ablate.planning.folders import sweep_folder
    from ablate.results.sources import is_store

    if is_store(Path(sources[0])):
        raise AblateError(f"--out DIR is required for the report of a store, got {sources[0]}.")
    return sweep_folder(Path(sources[0])) / "report"


def search_of(source: str) -> Path | None:
    """The folder of the search that a user names, by its path or the name of its study; None where it is none.

    Raises:
        AblateError: it is a sweep that still tunes learning rates, or nothing that has a report.
    """
    from ablate.planning.folders import sweep_folder
    from ablate.results.sources import folders, is_store
    from ablate.store import SWEEP
    from ablate.store.sweep_names import TUNING
    from ablate.store.trials import is_search

    if (Path(source) / SWEEP).exists() or (Path(source) / TUNING / SWEEP).exists():
        folder = sweep_folder(source)
        return folder if is_search(folder) else None
    if is_store(Path(source)):
        return None
    found = folders(source)
    return found[0] if any(map(is_search, found)) else None


def show(report: Report | SearchReport, explain: bool = False) -> None:
    """The last screen: as wide as the terminal allows, whole in a pipe.

    Args:
        explain: whether to print above it the rules, the arms, all tables that decide, and the files.
    """
    from ablate import terminal

    console = terminal.standard()
    if explain:
        _explain(report, console)
    for line in report.notes:
        terminal.say(console, line)
    if report.notes:
        console.print()
    report.show(console)


def _explain(report: Report | SearchReport, console: "Console") -> None:
    from ablate import terminal
    from ablate.report.files import TABLE

    dropped = report.explain(console)
    if dropped:
        terminal.say(console, f"{terminal.left_out(dropped)}; see {TABLE}")
    console.print()
    if report.files:
        folder = Path(os.path.commonpath([path.parent for path in report.files]))
        names = ", ".join(str(path.relative_to(folder)) for path in report.files)
        terminal.say(console, f"{counted(len(report.files), 'file')} in {folder}: {names}")
        console.print()
