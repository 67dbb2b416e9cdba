"""The figures of a report: those that the analysis has data for."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from ablate.report import sentences
from ablate.report.figures import accuracy, costs, effect, rows
from ablate.report.figures.accuracy import accuracy_vs_step
from ablate.report.figures.classes import class_differences
from ablate.report.figures.costs import against_costs
from ablate.report.figures.effect import effect_vs_step
from ablate.report.figures.forest import forest
from ablate.report.figures.interaction import height as interaction_height
from ablate.report.figures.interaction import interaction
from ablate.report.figures.published import published_beside_ours
from ablate.report.figures.retuned import TUNING_HEIGHT, effects_by_rate, tuning_curve
from ablate.report.figures.save import blank, fit, single
from ablate.report.figures.shapley import shapley_bars
from ablate.report.figures.style import short

if TYPE_CHECKING:
    from ablate.results.analysis import Analysis


DIFFERENT = "the arm it is compared with"
TROUBLES = {"diverged": "diverged", "failed": "failed", "missing": "not finished"}


class Drawn(NamedTuple):
    """A figure of a report. name: of its file, without ending. title: what it shows, for a heading or a caption."""

    name: str
    title: str
    figure: Figure


def drawn(analysis: "Analysis") -> Iterator[Drawn]:
    """Every figure that there is data for, finished, in the order in which a reader wants them."""
    metric, against = analysis.question.metric, _against(analysis)
    differences = "Differences" if against == DIFFERENT else f"Differences from {against}"
    if len(analysis.comparisons):
        yield Drawn("effects", "What was judged, with family intervals and verdicts", _forest(analysis))
    if analysis.retuned is not None:
        yield Drawn("effects_by_rate", "Effects at the shared learning rate and at each arm's own best", _by_rate(analysis))
        yield Drawn("tuning", "Validation accuracy against the learning rate, by which it was chosen", _tuning(analysis))
    if len(analysis.results.evaluations):
        yield Drawn("accuracy", f"{metric.name.capitalize()} over training", _accuracy(analysis))
    if len(analysis.over_training):
        yield Drawn("effects_over_training", f"{differences} over training", _over_training(analysis))
    if costs.drawable(analysis.arms):
        yield Drawn("costs", f"{metric.name.capitalize()} and what it costs", _costs(analysis))
    if len(analysis.pair_means):
        yield Drawn("interactions", "How factors play together", _interaction(analysis, analysis.pair_means))
    if len(analysis.shapley):
        yield Drawn("shapley", "What each factor adds: Shapley values", _shapley(analysis))
    if len(analysis.classes):
        yield Drawn("classes", f"{differences} by class", _classes(analysis))
    if len(analysis.published):
        yield Drawn("published", "Published accuracies beside ours", _published(analysis))


def _against(analysis: "Analysis") -> str:
    """What arms are compared with, in words."""
    if analysis.partner is not None:
        return str(analysis.partner)
    if analysis.retuned is not None:
        return "the baseline"
    others = {other for _, other in analysis.question.pairs}
    if len(others) != 1:
        return DIFFERENT
    name = short(analysis.labels[others.pop()])
    return "the baseline" if name == "baseline" else name


def _compared(analysis: "Analysis") -> dict[tuple[int, int], str]:
    """What each comparison of two arms is called; it names the other arm where that is not the same or the partner."""
    labels, pairs = analysis.labels, analysis.question.pairs
    if analysis.retuned is not None:
        return {pair: analysis.retuned.name(pair) for pair in pairs}
    if len({other for _, other in pairs}) < 2:
        return {(arm, other): labels[arm] for arm, other in pairs}
    names = dict(zip(pairs, analysis.comparisons["name"], strict=True))
    if analysis.partner is not None:
        return names
    return {(arm, other): f"{names[arm, other]} (against {short(labels[other])})" for arm, other in pairs}


def _left_out(analysis: "Analysis", drawn: Iterable[int]) -> list[str]:
    """The arms that a figure does not draw, each with what became of its runs."""
    return [_troubled(analysis, arm, label) for arm, label in analysis.labels.items() if arm not in set(drawn)]


def _pairs_left_out(analysis: "Analysis", frame: pd.DataFrame) -> list[str]:
    """The comparisons of which a frame has no row."""
    drawn = set(frame[["arm", "against"]].itertuples(index=False, name=None))
    return [_troubled(analysis, pair[0], name) for pair, name in _compared(analysis).items() if pair not in drawn]


def _troubled(analysis: "Analysis", arm: int, name: str) -> str:
    """A name, with the runs of the arm that have no value."""
    row = analysis.arms.set_index("arm").loc[arm]
    troubles = [f"{row[what]} {said}" for what, said in TROUBLES.items() if row[what]]
    return short(name) + (f" ({', '.join(troubles)})" if troubles else "")


def _forest(analysis: "Analysis") -> Figure:
    question, comparisons = analysis.question, analysis.comparisons
    if not question.effects:
        comparisons = comparisons.assign(name=list(_compared(analysis).values()))
    texts = [
        sentences.verdict(row, question.margin, interaction=bool(question.effects) and len(question.effects[number]) > 1)
        for number, row in enumerate(comparisons.to_dict("records"))
    ]
    what = "effect" if question.effects else f"difference from {_against(analysis)}"
    axis = f"{question.metric.name} on the {question.evaluation_set} set,\n{what} ({question.metric.points})"
    places = analysis.places
    judged = "effect" if question.effects else "difference"
    ax = forest(
        comparisons,
        analysis.samples,
        texts,
        single(),
        question.level,
        axis,
        question.margin,
        question.metric,
        places,
        judged,
    )
    return fit(ax, rows.height(ax))


def _by_rate(analysis: "Analysis") -> Figure:
    question, retuned = analysis.question, analysis.retuned
    assert retuned is not None
    axis = (
        f"{question.metric.name} on the {question.evaluation_set} set,\ndifference from the baseline ({question.metric.points})"
    )
    ax = effects_by_rate(
        analysis.comparisons,
        retuned.effects,
        single(),
        question.level,
        axis,
        question.margin,
        question.metric,
        analysis.places,
    )
    return fit(ax, rows.height(ax))


def _tuning(analysis: "Analysis") -> Figure:
    assert analysis.retuned is not None
    return fit(tuning_curve(analysis.retuned.tuning, single(), analysis.retuned.shared_lr is not None), TUNING_HEIGHT)


def _accuracy(analysis: "Analysis") -> Figure:
    question, evaluations = analysis.question, analysis.results.evaluations
    ax = accuracy_vs_step(
        evaluations,
        single(),
        question.evaluation_set,
        question.metric,
        analysis.places,
        question.baseline,
        _left_out(analysis, evaluations["arm"]),
    )
    return fit(ax, accuracy.height(evaluations["arm"].nunique()))


def _over_training(analysis: "Analysis") -> Figure:
    frame, question = analysis.over_training, analysis.question
    figure = effect_vs_step(
        frame,
        _compared(analysis),
        blank(),
        question.margin,
        question.metric,
        analysis.places,
        _against(analysis),
        _pairs_left_out(analysis, frame),
    )
    return fit(figure, effect.height(len(frame[["arm", "against"]].drop_duplicates())))


def _costs(analysis: "Analysis") -> Figure:
    question, arms = analysis.question, analysis.arms
    known = arms[arms["mean"].notna()]
    fewer = known[known[list(TROUBLES)].any(axis="columns")]
    figure = against_costs(
        arms,
        analysis.labels,
        blank(),
        question.evaluation_set,
        question.metric,
        analysis.places,
        _left_out(analysis, known["arm"]),
        [_troubled(analysis, arm, analysis.labels[arm]) for arm in fewer["arm"]],
    )
    return fit(figure, costs.height(analysis.arms))


def _interaction(analysis: "Analysis", means: pd.DataFrame) -> Figure:
    question = analysis.question
    figure = interaction(means, blank(), question.evaluation_set, question.metric, analysis.places)
    return fit(figure, interaction_height(means))


def _shapley(analysis: "Analysis") -> Figure:
    question = analysis.question
    ax = shapley_bars(analysis.shapley, single(), question.evaluation_set, question.metric, analysis.places)
    return fit(ax, rows.height(ax))


def _classes(analysis: "Analysis") -> Figure:
    left_out = _pairs_left_out(analysis, analysis.classes)
    ax = class_differences(analysis.classes, _compared(analysis), single(), _against(analysis), left_out)
    return fit(ax, rows.height(ax))


def _published(analysis: "Analysis") -> Figure:
    ax = published_beside_ours(analysis.published, analysis.labels, single(), analysis.question.evaluation_set)
    return fit(ax, rows.height(ax))
