"""The figures of a report: those that the analysis has data for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from ablate.results import numbers, words
from ablate.results.plots import accuracy, costs, effect, rows
from ablate.results.plots.accuracy import accuracy_vs_step
from ablate.results.plots.classes import class_differences
from ablate.results.plots.costs import against_costs
from ablate.results.plots.effect import effect_vs_step
from ablate.results.plots.forest import forest
from ablate.results.plots.interaction import height as interaction_height
from ablate.results.plots.interaction import interaction, pair_means
from ablate.results.plots.published import published_beside_ours
from ablate.results.plots.save import KINDS, blank, fit, save, single
from ablate.results.plots.shapley import shapley_bars
from ablate.results.plots.style import versus

if TYPE_CHECKING:
    from ablate.results.analysis import Analysis


class Drawn(NamedTuple):
    """A figure of a report. name: of its file, without ending. title: what it shows, for a heading or a caption."""

    name: str
    title: str
    figure: Figure


def draw_all(analysis: "Analysis", folder: Path, kinds: Sequence[str] = KINDS) -> list[Path]:
    """Draw every figure that there is data for and write it into the folder; the paths, in the order of `drawn`.

    Args:
        kinds: of "png" and "svg".
    """
    return [path for name, _, figure in drawn(analysis) for path in save(figure, folder / name, kinds)]


def drawn(analysis: "Analysis") -> Iterator[Drawn]:
    """Every figure that there is data for, finished, in the order in which a reader wants them."""
    metric, against = analysis.question.metric, _against(analysis)
    if len(analysis.comparisons):
        yield Drawn("effects", "What was judged, with family intervals and verdicts", _forest(analysis))
    yield Drawn("accuracy", f"{metric.name.capitalize()} over training", _accuracy(analysis))
    if len(analysis.over_training):
        yield Drawn("effects_over_training", f"Differences from {against} over training", _over_training(analysis))
    if costs.drawable(analysis.arms):
        yield Drawn("costs", f"{metric.name.capitalize()} and what it costs", _costs(analysis))
    if analysis.results.sweep["design"] == "factorial" and len(means := _means(analysis)):
        yield Drawn("interactions", "How factors play together", _interaction(analysis, means))
    if len(analysis.shapley):
        yield Drawn("shapley", "What each factor adds: Shapley values", _shapley(analysis))
    if len(analysis.classes):
        yield Drawn("classes", f"Differences from {against} by class", _classes(analysis))
    if len(analysis.published):
        yield Drawn("published", "Published accuracies beside ours", _published(analysis))


def _against(analysis: "Analysis") -> str:
    """What arms are compared with, in words."""
    return versus(analysis.question.pairs, analysis.labels) if analysis.question.pairs else ""


def _forest(analysis: "Analysis") -> Figure:
    question, comparisons = analysis.question, analysis.comparisons
    texts = [
        words.verdict(row, question.margin, interaction=bool(question.effects) and len(question.effects[number]) > 1)
        for number, row in enumerate(comparisons.to_dict("records"))
    ]
    what = "effect" if question.effects else f"difference from {_against(analysis)}"
    axis = f"{question.metric.name} on the {question.evaluation_set} set,\n{what} ({question.metric.points})"
    places = numbers.of(analysis)
    ax = forest(comparisons, analysis.samples, texts, single(), question.level, axis, question.margin, question.metric, places)
    return fit(ax, rows.height(ax))


def _accuracy(analysis: "Analysis") -> Figure:
    question, evaluations = analysis.question, analysis.results.evaluations
    ax = accuracy_vs_step(evaluations, single(), question.evaluation_set, question.metric, numbers.of(analysis))
    return fit(ax, accuracy.height(evaluations["arm"].nunique()))


def _over_training(analysis: "Analysis") -> Figure:
    frame, question = analysis.over_training, analysis.question
    figure = effect_vs_step(frame, analysis.labels, blank(), question.margin, question.metric, numbers.of(analysis))
    return fit(figure, effect.height(len(frame[["arm", "against"]].drop_duplicates())))


def _costs(analysis: "Analysis") -> Figure:
    question = analysis.question
    figure = against_costs(
        analysis.arms, analysis.labels, blank(), question.evaluation_set, question.metric, numbers.of(analysis)
    )
    return fit(figure, costs.height(analysis.arms))


def _means(analysis: "Analysis") -> pd.DataFrame:
    return pair_means(analysis.wide, analysis.levels, analysis.results.sweep["factors"])


def _interaction(analysis: "Analysis", means: pd.DataFrame) -> Figure:
    question = analysis.question
    figure = interaction(means, blank(), question.evaluation_set, question.metric, numbers.of(analysis))
    return fit(figure, interaction_height(means))


def _shapley(analysis: "Analysis") -> Figure:
    question = analysis.question
    ax = shapley_bars(analysis.shapley, single(), question.evaluation_set, question.metric, numbers.of(analysis))
    return fit(ax, rows.height(ax))


def _classes(analysis: "Analysis") -> Figure:
    ax = class_differences(analysis.classes, analysis.labels, single(), _against(analysis))
    return fit(ax, rows.height(ax))


def _published(analysis: "Analysis") -> Figure:
    ax = published_beside_ours(analysis.published, analysis.labels, single(), analysis.question.evaluation_set)
    return fit(ax, rows.height(ax))
