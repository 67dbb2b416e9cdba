"""The report as a notebook: what its cells show, and its execution on a sweep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.results import plots, tables, words
from ablate.results.analysis import Analysis, analyse
from ablate.results.page import story
from ablate.results.question import ask
from ablate.results.repeat import commands
from ablate.results.sources import load
from ablate.store import write_atomically

NAME = "report.ipynb"
PARAMETERS = "parameters"  # the tag of the cell that names the sweep, as papermill has it
TIMEOUT_S = 600
NEEDED = "pip install 'ablate-tf[notebook]'"


@dataclass(frozen=True)
class Text:
    """Something to read, in Markdown; shown so where it is the last value of a cell."""

    markdown: str

    def _repr_markdown_(self) -> str:
        return self.markdown


@dataclass(frozen=True)
class Picture:
    """A figure; shown where it is the last value of a cell."""

    title: str
    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True)
class Report:
    """The report of a sweep, part by part; each is shown where it is the last value of a cell.

    sweep: as for `ablate.results.load`; changes: as for `ablate.results.question.ask`. From them come `analysis`, with all
    frames behind, and what the methods show.
    """

    sweep: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def analysis(self) -> Analysis:
        """The frames behind all that is shown."""
        return analyse(*ask(load(self.sweep), **self.changes))

    @cached_property
    def _tables(self) -> dict[str, tables.Table]:
        return {table.name: table for table in tables.every(self.analysis)}

    @cached_property
    def _pictures(self) -> dict[str, Picture]:
        return {name: Picture(title, plots.svg(figure)) for name, title, figure in plots.drawn(self.analysis)}

    def question(self) -> Text:
        """What was asked, and what was planned."""
        return _lines([*story.asked(self.analysis), *story.plan(self.analysis)])

    def answer(self) -> Text:
        """What was found: in one line, then a sentence a change; first what was changed after training, where anything was."""
        changes = [f"exploratory: changed after training ({change})" for change in self.analysis.question.changes]
        return _lines([*changes, story.answer(self.analysis), *words.sentences(self.analysis)])

    def table(self, name: str) -> Text:
        """A table by its name, with the lines that stand under it; where the sweep has nothing for it, that is said."""
        if name not in self._tables:
            return Text(f"This sweep has no table `{name}`; it has {_names(self._tables)}.")
        table = self._tables[name]
        notes = "".join(f"- {tables.escape(line)}\n" for line in table.notes)
        return Text(f"**{tables.escape(table.title)}**\n\n{tables.markdown(table.text, table.words)}\n{notes}")

    def figure(self, name: str) -> Text | Picture:
        """A figure by its name; where the sweep has nothing for it, that is said."""
        if name not in self._pictures:
            return Text(f"This sweep has no figure `{name}`; it has {_names(self._pictures)}.")
        return self._pictures[name]

    def notes(self) -> Text:
        """What a reader should be told about the files, and what all of it took."""
        return _lines([*self.analysis.results.notes, *story.took(self.analysis)])

    def repeat(self) -> Text:
        """The commands that give the sweep and its report again."""
        lines = commands(self.analysis.results.sweep, self.sweep)
        return Text("```\n" + "\n".join(lines) + "\n```" if lines else "No single command gives this: it was put together.")


def execute(sweep: str, to: Path, **changes: Any) -> Path:
    """Run the report notebook on a sweep and write the executed copy; its path.

    Args:
        sweep, changes: as of `Report`. to: the folder to write into.

    Raises:
        AblateError: what executes notebooks is not installed, or a cell fails.
    """
    try:
        import nbclient
        import nbformat
        from traitlets.config import Config
    except ImportError as error:
        raise AblateError(f"Expected what executes notebooks. Received: {error}. Install it: {NEEDED}.") from None
    notebook = nbformat.read(template(), as_version=4)
    place = next(number for number, cell in enumerate(notebook.cells) if PARAMETERS in cell.metadata.get("tags", []))
    source = f"sweep = {sweep!r}\nchanges = {changes!r}"
    given = nbformat.v4.new_code_cell(source, metadata={"tags": [f"injected-{PARAMETERS}"]})
    given.id = "injected"  # a random one would make each copy another
    notebook.cells.insert(place + 1, given)
    alone = Config(ConnectionFileMixin={"transport": "ipc"})  # what runs here concerns nobody on the network
    here = {"metadata": {"path": str(Path.cwd())}}
    client = nbclient.NotebookClient(notebook, config=alone, kernel_name="python3", timeout=TIMEOUT_S, resources=here)
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        raise AblateError(
            f"Expected all cells of {template()} to run on {sweep}. Received: {error.ename}: {error.evalue}"
        ) from None
    write_atomically(to / NAME, nbformat.writes(notebook).encode())
    return to / NAME


def template() -> Path:
    """The notebook without outputs: inside the package where it was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "notebooks"
    return (inside if inside.is_dir() else package.parent / "notebooks") / NAME


def _lines(lines: Iterable[str]) -> Text:
    return Text("\n".join(f"- {tables.escape(line)}" for line in lines))


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
