"""Accuracy against step, a curve an arm."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ablate import numbers
from ablate.report import naming
from ablate.report.figures.legend import arm_handles, below, named
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import FEW, apart, drawing, limits, look, tell
from ablate.report.naming import short
from ablate.results.frames import Results
from ablate.results.question import METRICS, Metric, Question

HEIGHT, TALLER = 2.3, 0.06  # inches of the axes, and those that each arm beyond FEW adds
APART = 0.042  # of the axes' height, between the numbers at the curves' ends
MARKED = 12  # points of a curve that carry a marker, at most
NEAR = 0.25  # of the span of what is done: how far beyond it the axis goes for a run without a result
CROSS, ARROW = "×", "arrow"
ENDS = {CROSS: "×: its end", ARROW: "arrow: it leaves the axis"}  # of thin lines
FELL = "thin line to ▽: an unstable run, which is in mean and band"
Values = NDArray[np.float64]
PLACE = 40  # among the figures of a report


def part(
    results: Results, question: Question, arms: pd.DataFrame, labels: dict[int, str], places: int, stability: pd.DataFrame
) -> Drawn | None:
    """The metric over training; None without an evaluation."""
    evaluations, metric = results.evaluations, question.metric
    if evaluations.empty:
        return None
    left_out = naming.left_out(arms, labels, evaluations["arm"])
    fell = stability.loc[stability["unstable"], "number"].tolist()
    ax = accuracy_vs_step(evaluations, single(), question.evaluation_set, metric, places, question.baseline, left_out, fell)
    return Drawn("accuracy", f"{metric.name.capitalize()} over training", fit(ax, height(evaluations["arm"].nunique())))


def curves(evaluations: pd.DataFrame, metric: Metric = METRICS["accuracy"]) -> pd.DataFrame:
    """One row an arm and step, with its epoch: mean, lowest and highest value over the done seeds, and how many they are."""
    done = evaluations[evaluations["status"] == "done"]
    values = done.assign(value=metric.scale * done[metric.evaluation_column]).groupby(["arm", "step"])
    columns = {
        name: ("value", how) for name, how in (("mean", "mean"), ("lowest", "min"), ("highest", "max"), ("seeds", "size"))
    }
    return values.agg(**columns, epoch=("epoch", "first")).reset_index()


def accuracy_vs_step(
    evaluations: pd.DataFrame,
    ax: Axes,
    evaluation_set: str = "test",
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
    baseline: int = 0,
    left_out: Sequence[str] = (),
    unstable: Sequence[int] = (),
) -> Axes:
    """Draw accuracy against step, one color an arm: the mean over seeds, and a band from the lowest to the highest.

    Where a step is not the same part of an epoch in every arm, as with different batch sizes, it is drawn against epochs.

    Runs without a result (diverged, failed, not finished) are no part of mean and band; they are thin lines that end in a
    cross, or in an arrow where they leave the axes, which hold the others. The legend stands below the axes. Of more than FEW
    arms, whose bands would cover each other, the baseline has one.

    Args:
        evaluations: as `ablate.results.load` gives it.
        evaluation_set: what the accuracy was measured on, for the label of the axis.
        metric: what is drawn.
        places: decimals of the values that a pointer shows.
        baseline: the number of the arm that is it.
        left_out: arms that have no evaluation, for the legend.
        unstable: the numbers of the runs that are, which have a thin line of their own besides.
    """
    with drawing():
        means = curves(evaluations, metric)
        ratio = _epochs_a_step(evaluations)
        along = "epoch" if ratio is None and len(evaluations) else "step"
        unfinished = evaluations[evaluations["status"] != "done"]
        arms = evaluations.drop_duplicates("arm").set_index("arm")["label"].sort_index()
        labels = dict(zip(arms.index.astype(int), arms.astype(str), strict=True))
        lost = [(int(run["arm"].iloc[0]), *_known(run, along, metric)) for _, run in unfinished.groupby("number")]
        ax.set_ylim(_limits(means, [values for _, _, values in lost]))
        ends: set[str] = set()  # of thin lines
        for arm, label in labels.items():
            style = look(arm, many=len(arms) > FEW)
            curve = means[means["arm"] == arm]
            if (curve["seeds"] > 1).any() and (len(arms) <= FEW or arm == baseline):
                _band(ax, curve, along, style["color"])
            every = max(1, math.ceil(len(curve) / MARKED))
            marked = (arm % every, every)
            (line,) = ax.plot(curve[along], curve["mean"], **style, markevery=marked, zorder=3 - arm / 100)
            texts = _texts(short(label), curve, metric, places)
            tell(line, [text if place % every == marked[0] else "" for place, text in enumerate(texts)])
            for at, values in [(at, values) for of, at, values in lost if of == arm]:
                ends |= _thin(ax, at, values, style)
        for number in unstable:
            run = evaluations[evaluations["number"] == number]
            _fall(ax, *_known(run, along, metric), look(int(run["arm"].iloc[0])))
        if len(arms) > FEW:
            _number_ends(ax, means, along)
        ax.set_xlabel("step" if along == "step" else "epoch (a step is not as many examples in every arm)")
        ax.set_ylabel(f"{metric.name} on the {evaluation_set} set ({metric.unit})")
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.xaxis.set_major_formatter("{x:,.0f}")
        _add_epochs(ratio, ax)
        alone = f", of {_the(labels[baseline])} alone" if len(arms) > FEW else ""
        fell = [FELL] if len(unstable) else []
        said = [*_meaning(means, alone, ends), *fell, *named("not drawn", left_out)]
        below(ax, *arm_handles(labels, said))
    return ax


def height(arms: int) -> float:
    """How high the axes are to be for so many arms, in inches."""
    return HEIGHT + max(0, arms - FEW) * TALLER


def _the(label: str) -> str:
    return "the baseline" if short(label) == "baseline" else label


def _texts(name: str, curve: pd.DataFrame, metric: Metric, places: int) -> list[str]:
    texts = []
    for step, mean, lowest, highest, seeds in curve[["step", "mean", "lowest", "highest", "seeds"]].itertuples(index=False):
        over = f" ({numbers.interval(lowest, highest, places, signs=False)}, {seeds} seeds)" if seeds > 1 else ""
        texts.append(f"{name}, step {step:,}: {numbers.number(mean, places)} {metric.unit}{over}")
    return texts


def _band(ax: Axes, curve: pd.DataFrame, along: str, color: str) -> None:
    """From the lowest to the highest seed; a single step has no width, so it gets a bar."""
    if len(curve) == 1:
        ax.vlines(curve[along], curve["lowest"], curve["highest"], color=color, alpha=0.5, linewidth=3)
    else:
        ax.fill_between(curve[along], curve["lowest"], curve["highest"], color=color, alpha=0.2, linewidth=0)


def _known(run: pd.DataFrame, along: str, metric: Metric) -> tuple[Values, Values]:
    """Where a run was evaluated and what it had there, where that is a number; its loss may be infinite."""
    known = run[run[metric.evaluation_column].notna()]
    return known[along].to_numpy(dtype=float), metric.scale * known[metric.evaluation_column].to_numpy(dtype=float)


def _limits(means: pd.DataFrame, lost: Sequence[Values]) -> tuple[float, float]:
    """The axis holds all that is done, and of lost runs what is near to that: one of them is not to flatten all others."""
    done = means[["lowest", "highest"]].to_numpy(dtype=float).ravel()
    done = done[np.isfinite(done)]
    others = np.concatenate([*lost, done[:0]])
    others = others[np.isfinite(others)]
    if done.size:
        reach = NEAR * (done.max() - done.min())
        others = others[(others >= done.min() - reach) & (others <= done.max() + reach)]
    return limits([*done, *others])


def _thin(ax: Axes, at: Values, values: Values, style: dict[str, Any]) -> set[str]:
    """A run without a result: not mistaken for a mean, and not left out. The marks that it got, CROSS and ARROW."""
    bottom, top = ax.get_ylim()
    ax.plot(at, values, color=style["color"], linewidth=0.6, linestyle=style["linestyle"])
    ends = set()
    if len(values) and bottom <= values[-1] <= top:
        ax.plot(at[-1:], values[-1:], "X", color=style["color"], markersize=8, markeredgecolor="white", zorder=4)
        ends.add(CROSS)
    for edge, arrow, beyond in ((bottom, CARETDOWN, values < bottom), (top, CARETUP, values > top)):
        crossed = np.flatnonzero(beyond[:-1] != beyond[1:])
        share = (edge - values[crossed]) / (values[crossed + 1] - values[crossed])
        where = at[crossed] + share * (at[crossed + 1] - at[crossed])
        where = at[-1:] if beyond.all() else where
        if where.size:
            ax.plot(
                where,
                np.full(len(where), edge),
                linestyle="none",
                marker=arrow,
                color=style["color"],
                markersize=6,
                clip_on=False,
                zorder=4,
            )
            ends.add(ARROW)
    return ends


def _fall(ax: Axes, at: Values, values: Values, style: dict[str, Any]) -> None:
    """A run that is unstable: a thin line to an open triangle."""
    ax.plot(at, values, color=style["color"], linewidth=0.5, zorder=3.1)
    ax.plot(at[-1:], values[-1:], "v", color=style["color"], markersize=6, markerfacecolor="white", zorder=4)


def _number_ends(ax: Axes, means: pd.DataFrame, along: str) -> None:
    """The number of each arm right of its curve's end, moved apart where curves end close to each other."""
    last = means.groupby("arm").tail(1).sort_values("mean")
    bottom, top = ax.get_ylim()
    heights = ((last["mean"] - bottom) / (top - bottom)).tolist()
    places = apart(heights, min(APART, 1 / max(len(heights), 1)))
    for (arm, end, mean), place in zip(last[["arm", along, "mean"]].itertuples(index=False), places, strict=True):
        ax.annotate(
            str(arm),
            (end, mean),
            xytext=(1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            color=look(arm)["color"],
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": look(arm)["color"], "relpos": (0, 0.5)},
        )


def _epochs_a_step(evaluations: pd.DataFrame) -> float | None:
    """The part of an epoch that a step is; None where it is not the same in every arm."""
    ratios = evaluations["epoch"] / evaluations["step"]
    same = len(evaluations) and ratios.max() - ratios.min() < 1e-6 * ratios.max()
    return float(ratios.mean()) if same else None


def _add_epochs(ratio: float | None, ax: Axes) -> None:
    """A second axis in epochs, where there is one ratio for all arms."""
    if ratio is None:
        ax.spines["top"].set_visible(False)
        return
    above = ax.secondary_xaxis("top", functions=(lambda step: np.multiply(step, ratio), lambda epoch: np.divide(epoch, ratio)))
    above.set_xlabel("epoch")


def _meaning(means: pd.DataFrame, alone: str, ends: set[str]) -> list[str]:
    """What line, band and thin line are, a line each. alone: whose band there is, where not all have one. ends: of ENDS."""
    lines = []
    if not means.empty:
        fewest, most = means["seeds"].min(), means["seeds"].max()
        seeds = str(most) if fewest == most else f"{fewest} to {most}"
        lines.append(f"line: mean of {seeds} seeds, band: lowest to highest seed{alone}" if most > 1 else "line: one seed")
    if ends:
        lines.append("; ".join(["thin line: a run without a result, in no mean", *(ENDS[end] for end in ENDS if end in ends)]))
    return lines
