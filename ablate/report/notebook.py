"""The report as a notebook: what its cells show, and its execution on a sweep."""

import atexit
import importlib
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd

from ablate import escaping
from ablate.errors import AblateError
from ablate.report import draw, figures, headline, kernel, output, sentences, tables
from ablate.report.page import story
from ablate.report.repeat import commands
from ablate.report.search import content as search_content
from ablate.report.search import figures as search_plots
from ablate.report.search import tables as search_tables
from ablate.report.search import words as search_words
from ablate.report.search.repeat import commands as search_commands
from ablate.report.tables.rendering import bullets
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask
from ablate.results.search import SearchResults
from ablate.results.search import load as load_search
from ablate.results.sources import folders, is_store, load
from ablate.store import SWEEP
from ablate.store.trials import is_search

NAME = "report.ipynb"
PARAMETERS = "parameters"  # the tag of the cell that names the sweep, as papermill has it
ON_THE_PAGE = ("networks", "runs", "failures")  # tables that the notebook goes without
TIMEOUT_S = 600


@dataclass(frozen=True)
class Text:
    """Something to read, in Markdown; shown so where it is the last value of a cell."""

    markdown: str

    def _repr_markdown_(self) -> str:
        return self.markdown


@dataclass(frozen=True)
class Nothing(draw.Nothing, Text):
    """A line where a sweep has nothing to show; an executed copy goes without the cell."""


@dataclass(frozen=True)
class Picture:
    """A figure; shown where it is the last value of a cell."""

    title: str
    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True)
class Parts:
    """Several things one below the other; shown so where it is the last value of a cell."""

    parts: "tuple[Text | Picture, ...]"

    def _ipython_display_(self) -> None:
        display = importlib.import_module("IPython.display").display
        for part in self.parts:
            display(part)


class Frame(pd.DataFrame):
    """A frame whose texts are shown as text, and never as formulas."""

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.html.use_mathjax", False):
            shown: str | None = super()._repr_html_()  # type: ignore[misc]
        return shown


@dataclass(frozen=True)
class Report:
    """The report of a sweep, part by part; each is shown where it is the last value of a cell.

    Of a search, its own parts are those that `search` shows, and all others are of its confirmation.

    sweep: as for `ablate.results.load`, or the folder of a search, or one that holds a single sweep or search; folders are
    looked for below the current folder, and then below the one above it, where a notebook in a folder of its own finds them.
    changes: as for `ablate.results.question.ask`. From them come `analysis`, with all frames behind, and what the methods show.
    """

    sweep: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def _place(self) -> tuple[str, str]:
        """The sweep as it is found from the current folder, and as it is named to readers."""
        return _place(self.sweep)

    @cached_property
    def found(self) -> SearchResults | None:
        """What a search found; None where the sweep is none.

        Raises:
            AblateError: a search is to be read otherwise than it was fixed.
        """
        folder = _search(self._place[0])
        if folder is not None and self.changes:
            raise AblateError(f"A search's report cannot be changed, got {', '.join(self.changes)}.")
        return None if folder is None else load_search(folder)

    @cached_property
    def analysis(self) -> Analysis:
        """The frames behind all that is shown; of a search, those of its confirmation.

        Raises:
            AblateError: a search has no confirmation.
        """
        if self.found is None:
            return analyze(*ask(load(self._place[0]), **self.changes))
        if self.found.confirmation is None:
            raise AblateError(f"{self.sweep} is a search without a confirmation.")
        return self.found.confirmation

    @property
    def _unconfirmed(self) -> bool:
        """Whether there is nothing but the trials of a search."""
        return self.found is not None and self.found.confirmation is None

    @cached_property
    def _tables(self) -> dict[str, tables.Table]:
        own = {} if self.found is None else {table.name: table for table in search_tables.every(self.found)}
        if self._unconfirmed:
            return own
        return own | {table.name: table for table in tables.every(self.analysis) if table.name not in ON_THE_PAGE}

    @cached_property
    def _pictures(self) -> dict[str, Picture]:
        others = [] if self._unconfirmed else figures.drawn(self.analysis)
        return self._of_search | {name: Picture(title, figures.svg(figure)) for name, title, figure in others}

    @cached_property
    def _of_search(self) -> dict[str, Picture]:
        drawn = [] if self.found is None else search_plots.drawn(self.found)
        return {
            name: Picture(title, figures.svg(figure))
            for name, title, figure in drawn
            if not name.startswith(search_content.CONFIRMED)
        }

    def search(self) -> "Text | Parts":
        """The trials of a search, its tables and figures; of another sweep, that it is none."""
        if self.found is None:
            return Nothing("This sweep is no search.")
        names = [table.name for table in search_tables.every(self.found)]
        shown = [self.table(name) for name in names if not name.startswith(search_content.CONFIRMED)]
        notes = [_lines(f"{note}." for note in self.found.importances[1])] if self.found.importances[1] else []
        return Parts((*shown, *notes, *self._of_search.values()))

    def question(self) -> Text:
        """What was asked, and what was planned."""
        if self.found is not None:
            return self.table("setup")
        return _lines([*self.analysis.fill(story.asked), *self.analysis.fill(story.plan)])

    def answer(self) -> Text:
        """What was found: in one line, then a sentence a change; first what was changed after training, where anything was."""
        if self.found is not None:
            return _lines(
                [*search_words.warnings(self.found), search_words.answer(self.found), *search_words.sentences(self.found)]
            )
        question = self.analysis.question
        changes = [f"exploratory: changed after training ({change})" for change in question.changes]
        changes += [f"exploratory: {question.unentered}"] if question.unentered and not changes else []
        return _lines([*changes, self.analysis.fill(headline.answer), *self.analysis.fill(sentences.sentences)])

    def table(self, name: str) -> Text:
        """A table by its name, with the lines that stand under it; where the sweep has nothing for it, that is said."""
        if name not in self._tables:
            return Nothing(f"This {self._kind} has no table {escaping.markdown_code(name)}.")
        table = self._tables[name]
        written = tables.markdown(table.text, table.words)
        return Text(f"**{escaping.markdown(table.title)}**\n\n{written}\n{bullets(table.notes)}")

    def figure(self, name: str) -> Text | Picture:
        """A figure by its name; where the sweep has nothing for it, that is said."""
        if name not in self._pictures:
            return Nothing(f"This {self._kind} has no figure {escaping.markdown_code(name)}.")
        return self._pictures[name]

    def fill(self, function: Callable[..., Any], **said: Any) -> Any:
        """What a function makes of the frames that its parameters name; None of a search without a confirmation."""
        return None if self._unconfirmed else self.analysis.fill(function, **said)

    @property
    def _kind(self) -> str:
        return "sweep" if self.found is None else "search" if self._unconfirmed else "search, with its confirmation,"

    def comparisons(self) -> "pd.DataFrame | Text":
        """What was judged, as a frame; of a search without a confirmation, that there is none."""
        return (
            Text("This search has no confirmation, so nothing was compared.")
            if self._unconfirmed
            else Frame(self.analysis.comparisons.map(lambda value: escaping.html(value) if isinstance(value, str) else value))
        )

    def notes(self) -> Text:
        """What a reader should be told about the files, and what all of it took."""
        if self._unconfirmed:
            return self.table("spent")
        return _lines([*self.analysis.results.notes, *self.analysis.fill(story.took)])

    def repeat(self) -> Text:
        """The commands that give the sweep and its report again."""
        if self.found is not None:
            told = search_commands(self.found, self._place[1])
            return Text(
                "\n".join(
                    f"To {escaping.markdown(what)}:\n\n{escaping.markdown_block([line])}\n" for what, line in told.items()
                )
            )
        place, folder = self._place
        if not (Path(place) / SWEEP).exists() and not is_store(Path(place)):
            folder = str(folders(place)[0])  # of a study, which was named
        lines = commands(self.analysis.results.sweep, folder)
        return Text(escaping.markdown_block(lines) if lines else "No single command reproduces this report.")


def execute(sweep: str, to: Path, **changes: Any) -> Path:
    """Run the report notebook on a sweep and write the executed copy, without what the sweep has nothing for; its path.

    Args:
        sweep, changes: as of `Report`. to: the folder to write into.

    Raises:
        AblateError: what executes notebooks is not installed, or a cell fails.
    """
    try:
        import nbclient
        import nbformat
    except ImportError as error:
        raise AblateError(f"Cannot execute notebooks: {error}. Install {kernel.NEEDED}.") from None
    notebook = nbformat.read(template(), as_version=4)
    place = next(number for number, cell in enumerate(notebook.cells) if PARAMETERS in cell.metadata.get("tags", []))
    source = f"sweep = {sweep!r}\nchanges = {changes!r}"
    given = nbformat.v4.new_code_cell(source, metadata={"tags": [f"injected-{PARAMETERS}"]})
    given.id = "injected"  # a random one would make each copy another
    notebook.cells.insert(place + 1, given)
    here = {"metadata": {"path": str(Path.cwd())}}
    with kernel.started() as (manager, environment):
        client = nbclient.NotebookClient(notebook, km=manager, timeout=TIMEOUT_S, resources=here, record_timing=False)
        client.log.setLevel(logging.CRITICAL)  # what went wrong is told below
        try:
            client.execute(env=environment, cleanup_kc=True)
        except nbclient.exceptions.CellExecutionError as error:
            raise AblateError(f"A cell of {template()} fails on {sweep}: {error.ename}: {error.evalue}") from None
        except (RuntimeError, TimeoutError) as error:  # its kernel ended, or never answered
            raise AblateError(
                f"Cannot run the report notebook in {sys.executable}: {str(error).strip().splitlines()[0]}. "
                f"Check its ipykernel: {kernel.NEEDED}."
            ) from None
        finally:
            atexit.unregister(client._cleanup_kernel)  # of a kernel that ended it would print a traceback
    notebook.cells = _telling(notebook.cells)
    output.write(to / NAME, nbformat.writes(notebook).encode())
    return to / NAME


def _telling(cells: Sequence[Any]) -> list[Any]:
    """The cells without those that show nothing, and without headings that nothing stands under any more."""
    kept: list[Any] = []
    for number, cell in enumerate(cells):
        under = list(takewhile(lambda other: other.cell_type == "code", cells[number + 1 :]))
        if not (_shows_nothing(cell) if cell.cell_type == "code" else under and all(map(_shows_nothing, under))):
            kept.append(cell)
    return kept


def _shows_nothing(cell: Any) -> bool:
    return bool(cell.outputs) and all(output.get("metadata", {}).get(draw.NOTHING, False) for output in cell.outputs)


def _place(sweep: str) -> tuple[str, str]:
    """A sweep as it is found from the current folder, and as it is named to readers, who are in the one that holds it.

    Raises:
        AblateError: a folder holds several sweeps.
    """
    for above in (Path(), Path("..")):
        folder = above / sweep
        if (folder / SWEEP).exists() or is_store(folder):
            return str(folder), sweep
        inside = sorted(path.parent.name for path in folder.glob(f"*/{SWEEP}"))
        if len(inside) > 1:
            raise AblateError(
                f"{sweep} must hold one sweep, got {len(inside)}: {', '.join(inside)}. Name one, as in "
                f"{Path(sweep) / inside[0]}."
            )
        if inside:
            return str(folder / inside[0]), str(Path(sweep) / inside[0])
    return sweep, sweep


def _search(sweep: str) -> Path | None:
    """The folder of the search that is named; None where it is none."""
    if is_store(Path(sweep)):
        return None
    found = folders(sweep)
    return found[0] if is_search(found[0]) else None


def template() -> Path:
    """The notebook without outputs: inside the package where it was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "notebooks"
    return (inside if inside.is_dir() else package.parent / "notebooks") / NAME


def _lines(lines: Iterable[str]) -> Text:
    return Text("\n".join(f"- {escaping.markdown(line)}" for line in lines))
