"""What stands on the page of a report, in the order in which it is read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ablate.designs import TUNING
from ablate.numbers import counted
from ablate.report import figures as plots
from ablate.report import sentences as words
from ablate.report import tables
from ablate.report.page import runs, story
from ablate.report.page.blocks import Block, Code, Lines, Links, Picture, Point, Section, Table
from ablate.report.tables import beside, confounds
from ablate.report.tables.verdicts import OTHER
from ablate.results.analysis import Analysis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FRONTS = {"operations": "operations", "parameters": "parameters", "seconds": "seconds of training"}
FOLDED = {"p_values", "reach", "networks", "runs"}  # what is many rows, or decides nothing
# Where a table's own title would repeat that of its section.
CAPTIONS = {"arms": "Each arm over its seeds, and what it costs", "noise": "How far runs scatter by chance"}
NO_PAIRS = "No arm is compared with another one"
BY_EFFECTS = "Effects are judged here, not arms: what each arm costs is in the table of arms, and is not compared."
MOST_SENTENCES = 8  # that read the verdicts and stand open
_TONES = {"helps": "helps", "hurts": "hurts", "no effect": "none", "unclear": "unclear", "no verdict": "", "": ""}


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
    others = [table for table in (beside.networks(analysis), confounds.averaged(analysis)) if table is not None]
    found = {table.name: _shown(table) for table in [*tables.every(analysis), *others]}

    def some(*names: str, otherwise: str = "") -> tuple[Block, ...]:
        blocks: tuple[Block, ...] = tuple(found.pop(name) for name in names if name in found)
        return blocks or ((Lines((otherwise,)),) if otherwise else ())

    no_costs, no_confounds = _without(analysis)
    parts = [
        Section("question", "The question", blocks=(Lines(story.asked(analysis)),)),
        Section("verdicts", "The verdicts", blocks=(*some("retune"), *_verdicts(analysis, some("verdicts"), some("p_values")))),
        Section(
            "plan",
            "The plan",
            "What was to be trained, and what was fixed.",
            (Lines(story.plan(analysis), listed=True),),
        ),
        Section("figures", "Figures", "Pointing at a value shows it." if pictures else "", (*pictures, *_large(large))),
        Section("arms", "The arms", blocks=(*some("arms", "reach"), _shown(runs.every(analysis)))),
        Section("rates", "The learning rates", blocks=some("tuning")),
        Section("effects", "Effects beyond the verdicts", blocks=some("contrasts", "shapley")),
        Section("costs", "Costs", blocks=(*some("costs", otherwise=no_costs), *_fronts(analysis))),
        Section("confounds", "Confounds", blocks=some("confounds", otherwise=no_confounds)),
        Section("published", "Published numbers", blocks=some("published")),
        Section("failures", "Failures", blocks=_failures(analysis)),
        Section("noise", "The noise floor", blocks=some("noise", otherwise="Not known: no arm has two seeds.")),
        Section("networks", "These two networks", "Beside the verdicts, and never one.", some("networks")),
        Section("environment", "Environment", blocks=_environment(analysis, some("environment"))),
        Section("compute", "Compute", blocks=(Lines(story.took(analysis)),)),
        Section("repeat", "To repeat it", blocks=_repeat(analysis, commands)),
        Section("files", "Files beside this page", blocks=(Links(tuple(files)),) if files else ()),
    ]
    assert not found, f"tables without a place on the page: {', '.join(found)}"
    return [part for part in parts if part.blocks]


def _without(analysis: Analysis) -> tuple[str, str]:
    """What is said of costs and of confounds where there is no table of them."""
    if not analysis.question.judged:
        return f"{NO_PAIRS}; what each costs is in the table of arms.", f"{NO_PAIRS}."
    unknown = len(analysis.unknown_sizes)
    if analysis.question.effects:
        none = "None: no factor brings along another change, on average over the arms."
        return BY_EFFECTS, f"Not known: {counted(unknown, 'arm')} without a training." if unknown else none
    but = f" Of {counted(unknown, 'arm')} without a training that is not known." if unknown else ""
    return f"No change costs more or less.{but}", f"None: no change brings along another one.{but}"


def _large(figures: Sequence[str]) -> tuple[Block, ...]:
    return (Lines((f"Too large for this page: {'; '.join(figures)}.",)),) if figures else ()


def _shown(table: tables.Table) -> Table:
    caption = CAPTIONS.get(table.name, table.title)
    return Table(table.text, caption, table.values, table.notes, folded=table.name in FOLDED)


def _verdicts(analysis: Analysis, verdicts: Sequence[Block], beside_them: Sequence[Block]) -> tuple[Block, ...]:
    if not verdicts:
        return (Lines((story.nothing(analysis),)), *beside_them)
    effects = analysis.question.effects
    crossed = [len(effect) > 1 for effect in effects] or [False] * len(analysis.comparisons)  # an interaction helps nothing
    tones = [_TONES["" if cross else told] for told, cross in zip(analysis.comparisons["verdict"], crossed, strict=True)]
    coloured = [_early(replace(block, tones=tuple(tones))) if isinstance(block, Table) else block for block in verdicts]
    sentences = words.sentences(analysis)
    folded = f"The same in {len(sentences)} sentences" if len(sentences) > MOST_SENTENCES else ""
    return (*coloured, Lines(tuple(sentences), listed=True, folded=folded), *beside_them)


def _early(table: Table) -> Table:
    """The table with each verdict right after what it is about, where a narrow window shows it."""
    order = list(table.text.columns)
    about = 2 if OTHER in order else 1
    order.insert(about, order.pop(order.index("verdict")))
    return replace(table, text=table.text[order])


def _fronts(analysis: Analysis) -> tuple[Block, ...]:
    """The arms that nothing else beats, a line a cost."""
    arms, metric = analysis.arms, analysis.question.metric.name
    lines = [
        f"Unbeaten on {metric} and {cost}: {'; '.join(arms.loc[arms[f'front_{column}'], 'label'])}."
        for column, cost in FRONTS.items()
        if len(arms) > 1 and arms[f"front_{column}"].any()
    ]
    return (Lines(tuple(lines)),) if lines else ()


def _failures(analysis: Analysis) -> tuple[Block, ...]:
    table = runs.failures(analysis)
    if table is None:
        return (Lines((f"None: all {len(analysis.results.runs):,} runs are done.",)),)
    return (_shown(table),)


def _environment(analysis: Analysis, table: Sequence[Block]) -> tuple[Block, ...]:
    """What the trainings do not share is set apart, above the table."""
    notes = analysis.results.notes
    flagged = (Lines(notes, listed=True, warns=True),) if notes else ()
    known = [replace(block, notes=()) if isinstance(block, Table) else block for block in table]
    return (*flagged, *(known or (Lines(("Not known: no training was found.",)),)))


def _repeat(analysis: Analysis, commands: Sequence[str]) -> tuple[Block, ...]:
    if analysis.results.sweep.design == TUNING:
        return (Lines(("The command of the sweep that these learning rates were chosen for gives this again.",)),)
    if not commands:
        return (Lines(("No one command gives this again: it joins what several gave.",)),)
    return (Code(tuple(commands)),)
