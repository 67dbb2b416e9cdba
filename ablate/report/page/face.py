"""What a page opens with: the bar, the finding, the verdicts, and how they were decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup, escape

from ablate import __version__, escaping, numbers
from ablate.report import caveats, footnotes, headline, naming, sentences
from ablate.report.page.charts import Charts, Explore, charts
from ablate.report.page.details import Details, details
from ablate.report.page.next_card import Card, card
from ablate.report.page.verdicts import HELPS, HURTS, Chip, Verdicts, chips, kind_of, verdicts
from ablate.report.paper import recipe
from ablate.results.analysis import Analysis
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.stats import Outcome
from ablate.text import counted

COMPLETE = "complete"
CSVS = ("effects", "arms")  # the frames that the page holds as files to be saved
MORE = "More under Comparisons, below."
ABOUT = (
    (f"{Outcome.HELPS}, {Outcome.HURTS}", (HELPS, HURTS)),
    (str(Outcome.NO_EFFECT), ("none",)),
    (str(Outcome.INCONCLUSIVE), ("open",)),
)  # how lines of the rule begin, and the classes of the verdicts that they are about
MOST_NAMED = 3  # runs in a banner
MEANS = {
    "diverged": "Diverged runs are not retried, and the comparisons they touch get no favorable verdict.",
    "failed": "Rerun the command to retry.",
}


@dataclass(frozen=True)
class Part:
    """A part of the headline as the page has it. link: the row that it leads to, empty for none. kind: class of the verdict."""

    text: str
    link: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Bar:
    """The slim bar; what is copied or saved has several lines, see `several`.

    facts: (text, rank: the higher is left out first). state: `COMPLETE`, or how far it is. progress: the same, from 0 to 1.
    """

    name: str
    facts: tuple[tuple[str, int], ...] = ()
    state: str = COMPLETE
    progress: float = 1.0
    commands: Markup = Markup()  # noqa: RUF009
    cite: Markup = Markup()  # noqa: RUF009
    files: tuple[tuple[str, Markup], ...] = ()


@dataclass(frozen=True)
class Banner:
    """What went wrong, above all else. what: in a few words. lines: where, and what it means."""

    what: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Face:
    """The first screen of a page.

    question: that of the user. headline: the finding. lines: what a reader must know at once besides. decided: the rule, a
    line each with the classes of the verdicts that it is about. remarks: what the result must not be taken for.
    """

    bar: Bar
    headline: tuple[Part, ...]
    question: str = ""
    lines: tuple[str, ...] = ()
    chips: tuple[Chip, ...] = ()
    decided: tuple[tuple[tuple[str, ...], str], ...] = ()
    banners: tuple[Banner, ...] = ()
    verdicts: Verdicts | None = None
    details: tuple[Details, ...] = ()
    card: Card | None = None
    charts: Charts | None = None
    explore: Explore | None = None
    remarks: tuple[str, ...] = ()


def of_sweep(analysis: Analysis, commands: Sequence[str], name: str, csvs: Mapping[str, str], folder: str) -> Face:
    """The first screen of a sweep's page.

    Args:
        commands: what gives the sweep and its report again.
        name: of the sweep.
        csvs: files that the page holds, by name.
        folder: of the sweep, as commands name it.
    """
    results, question = analysis.results, analysis.question
    said = analysis.fill(sentences.sentences) if question.judged else []
    judged = question.judged > 0
    return Face(
        _bar(results, analysis.fill(recipe.data_name), commands, name, csvs),
        tuple(_part(piece, question) for piece in analysis.fill(headline.headline)),
        results.sweep.question or _asked(question),
        (caveats.interim(results, question),) if judged else (),
        chips(question, analysis.comparisons) if judged else (),
        decided(analysis) if judged else (),
        tuple(analysis.fill(_failed)),
        analysis.fill(verdicts),
        analysis.fill(details, said=said) if judged else (),
        analysis.fill(card, folder=folder) if judged else None,
        analysis.fill(charts),
    )


def decided(analysis: Analysis) -> tuple[tuple[tuple[str, ...], str], ...]:
    """How verdicts were decided, a line each with the verdicts that it is about; the rest stands under the table in numbers."""
    lines = analysis.fill(footnotes.verdict_notes)
    marked = [(next((kinds for begins, kinds in ABOUT if line.startswith(begins)), ()), line) for line in lines]
    last = max((number for number, (kinds, _) in enumerate(marked) if kinds), default=len(lines) - 1)
    kept = marked[: last + 3]
    return (*kept, ((), MORE)) if len(kept) < len(marked) else tuple(kept)


def _part(piece: headline.Piece, question: Question) -> Part:
    """A piece of the headline, which leads to the row that it is about."""
    if piece.row is None or piece.outcome is None:
        return Part(piece.text)
    kind = kind_of({"verdict": piece.outcome, "limit": ""}, question.interactions[piece.row])
    return Part(piece.text, f"change-{piece.row}", kind)


def _bar(results: Results, data: str, commands: Sequence[str], name: str, csvs: Mapping[str, str]) -> Bar:
    trainings = results.trainings
    seconds = float(trainings["seconds"].sum())
    facts = [
        *([(data, 1)] if data else []),
        (naming.seeds_an_arm(results) + (" an arm" if len(results.sweep.arms) > 1 else ""), 1),
        *([(counted(len(trainings), "training"), 2)] if len(trainings) else []),
        *([(f"{numbers.duration(seconds)} of training", 2)] if seconds > 0 else []),
    ]
    ended = int((results.runs["status"] != "missing").sum())
    count = len(results.runs)
    state = COMPLETE if ended == count else f"{ended:,}/{count:,} runs"
    cite = (
        f"@software{{ablate,\n  title   = {{ablate: ablation studies of training recipes}},\n  version = {{{__version__}}},\n}}"
    )
    saved = tuple((file, several(text)) for file, text in csvs.items())
    return Bar(name, tuple(facts), state, ended / max(1, count), several("\n".join(commands)), several(cite), saved)


def several(text: str) -> Markup:
    """Text whose breaks of lines stay what they are, safe to stand in the page."""
    return Markup("\n").join(escape(escaping.html(line)) for line in text.split("\n"))


def _asked(question: Question) -> str:
    """What a sweep asks, where its user did not say so."""
    if not question.judged:
        return ""
    what = "factor" if question.effects else "change"
    return f"What is each {what} worth in {question.evaluation_set} {question.metric.name}{question.read_at}?"


def _failed(results: Results, statuses: "pd.Series[str]", names: dict[int, str]) -> list[Banner]:
    """A banner for runs that diverged, one for those that failed."""
    found = []
    for status in ("diverged", "failed"):
        gone = results.runs[statuses == status]
        if len(gone):
            each = [f"{names[arm]}, seed {seed}" for arm, seed in zip(gone["arm"], gone["seed"], strict=True)]
            more = f" and {len(each) - MOST_NAMED} more" if len(each) > MOST_NAMED else ""
            where = "; ".join(each[:MOST_NAMED]) + more
            found.append(Banner(f"{counted(len(gone), 'run')} {status}:", (f"{where}. {MEANS[status]}",)))
    return found
