"""The files of a report: an analysis in, files on disk out, each written whole or not at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, get_args

import pandas as pd

from ablate.config.recipe import ReportFormat
from ablate.report import figures, naming, output, page, paper, tables
from ablate.report.page import content
from ablate.report.repeat import commands
from ablate.results.analysis import Analysis

About = TypeVar("About")  # an analysis, or what a search found
Pictures = Mapping[str, page.Picture]
Beside = Sequence[tuple[str, str]]  # path from the page, what is in it

FIGURES = "figures"
FIGURE_FORMATS = ("png", "svg")
FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)
INLINED = 1_600_000  # letters of figures that the page holds, so that it stays under 3 MB; what is beyond lies beside it
EXACT = ("runs",)  # the frames that are read again, by `ablate report --from`
PAGE, TABLE = "index.html", "table.md"
TEXTS: dict[str, dict[str, Callable[[Analysis], str]]] = {
    "md": {TABLE: tables.markdown_file, "methods.md": paper.methods, "checklist.md": paper.checklist},
    "tex": {
        "table.tex": paper.table,
        "table_one_column.tex": paper.narrow_table,
        "caption.tex": paper.caption,
        "macros.tex": paper.macros,
    },
}
_EXPLORATORY = "; exploratory: whether the analysis was changed after training"
MEANINGS = {
    "runs.csv": "each run: its levels, seed, status, accuracy, costs and fingerprint",
    "evaluations.csv": "each evaluation of each run",
    "seeds.csv": "each arm's value for each seed",
    "arms.csv": f"each arm over its seeds, with its costs{_EXPLORATORY}",
    "tuning.csv": "the validation accuracies behind the choice of learning rates",
    "effects.csv": f"what was judged: intervals, p-values, verdicts{_EXPLORATORY}",
    "contrasts.csv": f"main effects and interactions over all arms{_EXPLORATORY}",
    "shapley.csv": "Shapley values",
    "over_training.csv": "each difference at every evaluation",
    "classes.csv": "each difference by class",
    "networks.csv": "pairs of networks on the same images",
    "published.csv": "published and reproduced accuracies",
    "noise.csv": "the noise floor",
    "stability.csv": "each finished run: how far it ended below its own best, and whether it is unstable",
    TABLE: "all tables as Markdown",
    "methods.md": "a paragraph on the method for a paper",
    "checklist.md": "answers for reproducibility checklists",
    "table.tex": "the table for LaTeX (booktabs)",
    "table_one_column.tex": "the same for one column",
    "caption.tex": "its caption",
    "macros.tex": "single numbers as LaTeX commands",
}


def write(analysis: Analysis, out: Path, folder: str, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write a report; what was written, the page first.

    Args:
        out: the folder to write into.
        folder: of the sweep, as the commands on the page name it.
        formats: of FORMATS.

    Raises:
        AblateError: a file cannot be written.
    """

    def page_of(pictures: Pictures, beside: Beside, large: Sequence[str]) -> str:
        again = commands(analysis.results.sweep, folder)
        parts = content.sections(analysis, list(pictures.values()), again, beside, large)
        question = analysis.question
        warning = page.EXPLORATORY if question.changes else "exploratory"
        title = naming.title(analysis.results)
        saved = {f"{name}.csv": tables.csv(frame) for name, frame in frames(analysis) if name in page.CSVS}
        first = page.of_sweep(analysis, again, title, saved, folder)
        return page.render(title, (), question.changes or question.why_exploratory, parts, warning, first)

    return write_all(analysis, out, formats, Made(frames, TEXTS, figures.drawn, MEANINGS, page_of))


@dataclass(frozen=True)
class Made(Generic[About]):
    """What the files of a report are made by.

    frames: those to be CSV files, by name. texts: by format and name. drawn: the figures. meanings: what is in a file, by its
    name. page: from the figures that it has room for, by name, the files beside it and the titles of the other figures.
    """

    frames: Callable[[About], Iterator[tuple[str, pd.DataFrame]]]
    texts: Mapping[str, Mapping[str, Callable[[About], str]]]
    drawn: Callable[[About], Iterator[figures.Drawn]]
    meanings: Mapping[str, str]
    page: Callable[[Pictures, Beside, Sequence[str]], str]


def write_all(about: About, out: Path, formats: Sequence[str], made: Made[About]) -> list[Path]:
    """Write the files of a report; what was written, the page first.

    Raises:
        AblateError: a file cannot be written.
    """
    texts: dict[str, str] = {}
    if "csv" in formats:
        texts |= {f"{name}.csv": tables.csv(frame, name in EXACT) for name, frame in made.frames(about)}
    for kind, named in made.texts.items():
        if kind in formats:
            texts |= {name: text(about) for name, text in named.items()}
    for name, text in texts.items():
        output.write(out / name, text.encode(errors="replace"))
    written = [out / name for name in texts]
    kinds = [kind for kind in FIGURE_FORMATS if kind in formats]
    pictures: dict[str, page.Picture] = {}
    large: list[str] = []
    for name, title, figure in made.drawn(about) if kinds or "html" in formats else ():
        svg = figures.svg(figure) if {"svg", "html"} & set(formats) else ""
        written += figures.save(figure, out / FIGURES / name, kinds, svg)
        if "html" in formats:
            picture = page.picture(title, figure, svg)
            if sum(len(each.svg) for each in (*pictures.values(), picture)) <= INLINED:
                pictures[name] = picture
            else:
                large.append(f"{title} ({FIGURES}/{name}.{kinds[0]})" if kinds else title)
    if "html" not in formats:
        return written
    beside = [(str(path.relative_to(out)), made.meanings.get(path.name, "a figure")) for path in written]
    output.write(out / PAGE, made.page(pictures, beside, large).encode(errors="replace"))
    return [out / PAGE, *written]


def frames(analysis: Analysis) -> Iterator[tuple[str, pd.DataFrame]]:
    """The frames of a report that have rows, by name; those of a sweep's runs always."""
    yield "runs", analysis.results.runs.drop(columns="trajectory")  # a path of this machine; the fingerprint names it
    yield "evaluations", analysis.results.evaluations
    metric = analysis.question.metric
    yield "seeds", analysis.seeds.assign(metric=metric.name)
    exploratory = analysis.question.exploratory
    yield "arms", analysis.arms.assign(metric=metric.name, exploratory=exploratory)
    tuning = {} if analysis.retuned is None else {"tuning": analysis.retuned.tuning}
    others = tuning | {
        "effects": analysis.comparisons.assign(unit=metric.points, exploratory=exploratory),
        "contrasts": analysis.contrasts.drop(columns="factors", errors="ignore").assign(
            unit=metric.points, exploratory=exploratory
        ),
        "shapley": analysis.shapley.assign(unit=metric.points),
        "over_training": analysis.over_training.assign(unit=metric.points),
        "classes": analysis.classes,
        "networks": analysis.networks,
        "published": analysis.published,
        "noise": analysis.noise,
        "stability": analysis.stability,
    }
    yield from ((name, frame) for name, frame in others.items() if len(frame))
