"""What stands on the page of a report, in the order in which it is read."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from ablate.designs import TUNING
from ablate.report import figures as plots
from ablate.report import headline, paper, tables
from ablate.report import sentences as words
from ablate.report.page import story
from ablate.report.page.blocks import Block, Code, Lines, Links, Picture, Point, Prose, Section, Table
from ablate.report.page.face import several
from ablate.report.page.heat import heat
from ablate.report.tables.verdicts import NAME, OTHER
from ablate.results.analysis import Analysis
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.stats.costs import COSTS
from ablate.stats.outcomes import SHOWN, Outcome
from ablate.text import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ARMS, COMPARISONS, INTERACTIONS, FIGURES = "Arms", "Comparisons", "Interactions", "Figures"
REPRODUCE, METHOD, CHECKLIST = "Reproducibility", "Method", "Checklist"
MORE = 5  # the place of the section of tables that belong to no other
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
NO_PAIRS = "No arm is compared with another one"
BY_EFFECTS = "Effects are judged here, not arms: what each arm costs is in the table of arms, and is not compared."
MOST_SENTENCES = 8  # that read the verdicts and stand open


def picture(title: str, figure: "Figure", svg: str) -> Picture:
    """A finished figure of `plots.drawn` as the page takes it, with the values that it draws.

    Args:
        svg: as `plots.svg` gives it, which takes as long as all the rest.
    """
    alt = f"figure: {title}; its values are in the tables of this page and in the files beside it"
    return Picture(svg, title, alt, tuple(Point(*point) for point in plots.points(figure)))


def sections(
    analysis: Analysis,
    pictures: Sequence[Picture],
    commands: Sequence[str],
    files: Sequence[tuple[str, str]],
    large: Sequence[str] = (),
) -> list[Section]:
    """The page of a report, for `render`; a part that a sweep has nothing for is left out, or says that there is none.

    Args:
        pictures: in the order of the page.
        commands: what gives the sweep and its report again; empty for one that no command gives.
        files: what lies beside the page: (path from the page, what is in it).
        large: figures that the page has no room for.
    """
    by_section: dict[str, list[tables.Table]] = {}
    for table in tables.every(analysis):
        by_section.setdefault(table.section, []).append(table)

    def some(section: str, otherwise: str = "") -> tuple[Block, ...]:
        blocks: tuple[Block, ...] = tuple(shown(table) for table in by_section.pop(section, ()))
        return blocks or ((Lines((otherwise,)),) if otherwise else ())

    results = analysis.results
    no_costs, no_confounds = analysis.fill(_without)
    parts = [
        Section("failures", "Failures" if _any_failed(results) else "Not done yet", blocks=some("failures"), tab=ARMS),
        Section("arms", "The arms", blocks=some("arms"), tab=ARMS),
        Section("rates", "The learning rates", blocks=some("rates"), tab=ARMS),
        Section("costs", "Costs", blocks=(*some("costs", no_costs), *analysis.fill(_fronts)), tab=ARMS),
        Section("published", "Published numbers", blocks=some("published"), tab=ARMS),
        Section("verdicts", "In numbers", blocks=_verdicts(analysis, by_section.pop("verdicts", ())), tab=COMPARISONS),
        Section("confounds", "Side effects and confounds", blocks=some("confounds", no_confounds), tab=COMPARISONS),
        Section("noise", "Noise floor", blocks=some("noise"), tab=COMPARISONS),
        Section("networks", "Pairs of networks", "Beside the verdicts, and never one.", some("networks"), tab=COMPARISONS),
        Section("effects", "Interactions", blocks=some("effects"), tab=INTERACTIONS),
        Section("classes", "Classes", blocks=_present(analysis.fill(heat)), tab="Classes"),
        Section(
            "figures", "Figures", "Point at a value to see it." if pictures else "", (*pictures, *too_large(large)), FIGURES
        ),
        Section("repeat", "To repeat it", blocks=_repeat(results, commands), tab=REPRODUCE),
        Section("environment", "Environment", blocks=_environment(results, some("environment")), tab=REPRODUCE),
        Section("compute", "Compute", blocks=(Lines(analysis.fill(story.took)),), tab=REPRODUCE),
        Section("files", "Files beside this page", blocks=(Links(tuple(files)),) if files else (), tab=REPRODUCE),
        Section("question", "The question", blocks=(Lines(analysis.fill(story.asked)),), tab=METHOD),
        Section(
            "plan",
            "The plan",
            "What was to be trained, and what was fixed.",
            (Lines(analysis.fill(story.plan), listed=True),),
            METHOD,
        ),
        Section("method", "For a paper", blocks=(written(paper.methods(analysis)),), tab=METHOD),
        Section("checklist", "Checklist", blocks=(written(paper.checklist(analysis)),), tab=CHECKLIST),
    ]
    more = tuple(shown(table) for found in by_section.values() for table in found)
    parts.insert(MORE, Section("more", "More tables", blocks=more, tab=ARMS))
    return [part for part in parts if part.blocks]


def _present(block: Block | None) -> tuple[Block, ...]:
    return () if block is None else (block,)


def _any_failed(results: Results) -> bool:
    return bool(results.runs["status"].isin(["failed", "diverged"]).any())


def written(text: str) -> Prose:
    """A Markdown file of ours as paragraphs, with a button that copies it as it is."""
    headed = [part.partition("\n\n")[::2] for part in re.split(r"^## ", text.partition("\n\n")[2], flags=re.MULTILINE)]
    if len(headed) == 1:
        headed = [("", paragraph) for paragraph in text.partition("\n\n")[2].split("\n\n")]
    parts = tuple((_plain(heading), _plain(body)) for heading, body in headed if body.strip())
    return Prose(parts, several(text), "Copy as Markdown")


def _plain(markdown: str) -> str:
    """Escaped Markdown as the text that it stands for."""
    return html.unescape(_ESCAPED.sub(r"\1", markdown.strip()))


def _without(results: Results, question: Question, unknown_sizes: list[str]) -> tuple[str, str]:
    """What is said of costs and of confounds where there is no table of them."""
    if results.sweep.is_table:
        return "Not known: the table has none.", "Not known: the table lists only its factors."
    if not question.judged:
        return f"{NO_PAIRS}; what each costs is in the table of arms.", f"{NO_PAIRS}."
    unknown = len(unknown_sizes)
    if question.effects:
        none = "None: no factor brings along another change, on average over the arms."
        return BY_EFFECTS, f"Not known: {counted(unknown, 'arm')} without a training." if unknown else none
    but = f" Of {counted(unknown, 'arm')} without a training that is not known." if unknown else ""
    return f"No change costs more or less.{but}", f"None: no change brings along another one.{but}"


def too_large(figures: Sequence[str]) -> tuple[Block, ...]:
    """What is said of figures that the page has no room for; nothing where there are none."""
    return (Lines((f"Too large for this page: {'; '.join(figures)}.",)),) if figures else ()


def shown(table: tables.Table) -> Table:
    """A table as the page takes it."""
    values = table.values  # noqa: PD011
    exact = values if len(values) else None  # there is none of a table of words
    return Table(table.text, table.caption or table.title, exact, table.notes, folded=table.folded)


def _verdicts(analysis: Analysis, found: Sequence[tables.Table]) -> tuple[Block, ...]:
    """The tables of what is judged; the verdicts colored, with the sentences that read them under them."""
    question, blocks = analysis.question, {table.name: shown(table) for table in found}
    if NAME not in blocks:
        retuned = tuple(blocks.pop(name) for name in ("retune",) if name in blocks)
        return (*retuned, Lines((headline.nothing(analysis.results),)), *blocks.values())
    verdicts = analysis.comparisons["verdict"]
    tones = [
        "" if crossed else SHOWN[Outcome(told)].tone for told, crossed in zip(verdicts, question.interactions, strict=True)
    ]
    blocks[NAME] = _early(replace(blocks[NAME], tones=tuple(tones)))
    sentences = analysis.fill(words.sentences)
    folded = f"The same in {len(sentences)} sentences" if len(sentences) > MOST_SENTENCES else ""
    read = Lines(tuple(sentences), listed=True, folded=folded)
    return tuple(each for name, block in blocks.items() for each in ((block, read) if name == NAME else (block,)))


def _early(table: Table) -> Table:
    """The table with each verdict right after what it is about, where a narrow window shows it."""
    order = list(table.text.columns)
    about = 2 if OTHER in order else 1
    order.insert(about, order.pop(order.index("verdict")))
    return replace(table, text=table.text[order])


def _fronts(question: Question, arms: pd.DataFrame) -> tuple[Block, ...]:
    """The arms that nothing else beats, a line a cost."""
    lines = [
        f"Pareto-optimal in {question.metric.name} and {about.name}: {'; '.join(arms.loc[arms[f'front_{cost}'], 'label'])}."
        for cost, about in COSTS.items()
        if len(arms) > 1 and arms[f"front_{cost}"].any()
    ]
    return (Lines(tuple(lines)),) if lines else ()


def _environment(results: Results, table: Sequence[Block]) -> tuple[Block, ...]:
    """What the trainings do not share is set apart, above the table."""
    flagged = (Lines(results.notes, listed=True, warns=True),) if results.notes else ()
    known = [replace(block, notes=()) if isinstance(block, Table) else block for block in table]
    return (*flagged, *(known or (Lines(("Not known: no training was found.",)),)))


def _repeat(results: Results, commands: Sequence[str]) -> tuple[Block, ...]:
    if results.sweep.design == TUNING:
        return (Lines(("The command of the sweep that these learning rates were chosen for gives this again.",)),)
    if results.sweep.is_table:
        return ()  # no file tells the words that it was reported with
    if not commands:
        return (Lines(("No one command gives this again: it joins what several gave.",)),)
    return (Code(tuple(commands)),)
