"""Accuracy over training, a curve an arm, each named where it ends."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from ablate import escaping, numbers
from ablate.report import naming
from ablate.report.figures import ends, findings
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import SHADE, drawing, halo, is_wide, limits, look, round_ticks, small, tell, width_of
from ablate.results.frames import Results
from ablate.results.question import METRICS, Metric, Question
from ablate.stats.outcomes import Outcome
from ablate.text import counted

HEIGHT = 1.9  # inches of the axes, at least
FEW = 8  # arms; of more, the baseline's range of seeds alone is drawn
MARKED = 12  # points of a curve that carry a marker, at most
TICKED = 60  # evaluations that have a tick each, at most
NEAR = 0.25  # of the span of what is done: how far beyond it the axis goes for a run without a result
TOLD = 4  # runs of an arm without a result whose end is named, at most
SHORT = 28  # letters of the name of an arm beside such a run
DASHES = (0, (3, 2))
STATES = {"missing": "not finished"}  # where another word is said than that of the frame
Values = NDArray[np.float64]
PLACE = 40  # among the figures of a report


def part(
    results: Results,
    question: Question,
    arms: pd.DataFrame,
    names: dict[int, str],
    places: int,
    stability: pd.DataFrame,
    comparisons: pd.DataFrame,
    ax: Axes | None = None,
) -> Drawn | None:
    """The metric over training; None without an evaluation."""
    evaluations, metric = results.evaluations, question.metric
    if evaluations.empty:
        return None
    fell = stability.loc[stability["unstable"], "number"].tolist()
    outcomes = by_arm(question, comparisons)
    reached = dict(zip(results.runs["number"], results.runs["step"], strict=True))
    ax = ax or single()
    accuracy_vs_step(evaluations, ax, question.evaluation_set, metric, places, question.baseline, fell, outcomes, reached)
    finding = findings.moved(question, comparisons, arms, places)
    about = [*meaning(evaluations, metric, len(fell)), *left_out(naming.left_out(arms, names, evaluations["arm"]))]
    title = f"{metric.name.capitalize()} over training"
    return Drawn("accuracy", title, fit(ax, height(evaluations, ax), finding, " ".join(about)))


def by_arm(question: Question, comparisons: pd.DataFrame) -> dict[int, Outcome]:
    """The verdict of each arm, where all are compared with the baseline; none else."""
    if question.effects or not question.pairs or {other for _, other in question.pairs} != {question.baseline}:
        return {}
    found = zip(question.pairs, comparisons["verdict"], strict=True)
    return {arm: Outcome(verdict) for (arm, _), verdict in found}


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
    unstable: Sequence[int] = (),
    outcomes: Mapping[int, Outcome] | None = None,
    reached: Mapping[int, Any] | None = None,
) -> Axes:
    """Draw accuracy against step: a line an arm for the mean over seeds, and a band from the lowest to the highest seed.

    Where a step is not the same part of an epoch in every arm, as with different batch sizes, it is drawn against epochs. There
    is a tick where accuracy was evaluated. Arms have the color of their verdict, and are named where their lines end.

    Runs without a result (diverged, failed, not finished) are no part of mean and band; they are dashed, and named where they
    end or leave the axes, which hold the others. Of more than FEW arms, the baseline alone has a band.

    Args:
        evaluations: as `ablate.results.load` gives it.
        evaluation_set: what the accuracy was measured on, for the label of the axis.
        metric: what is drawn. The axis ends where its values must.
        places: decimals of the values that a pointer shows.
        baseline: the number of the arm that is it.
        unstable: the numbers of the runs that are, which have a thin line of their own besides.
        outcomes: the verdicts of arms; without one they differ in color, line and marker.
        reached: the steps that runs came to, by number.
    """
    with drawing():
        means = curves(evaluations, metric)
        ratio = _epochs_a_step(evaluations)
        along = "epoch" if ratio is None and len(evaluations) else "step"
        arms = evaluations.drop_duplicates("arm").set_index("arm")["label"].sort_index()
        labels = {int(arm): str(label) for arm, label in arms.items()}  # type: ignore[call-overload]
        styles = {arm: look(0 if arm == baseline else max(arm, 1), (outcomes or {}).get(arm)) for arm in labels}
        lost = [run for _, run in evaluations[evaluations["status"] != "done"].groupby("number")]
        ax.set_ylim(_limits(means, [_known(run, along, metric)[1] for run in lost], metric))
        for arm, label in labels.items():
            curve, style = means[means["arm"] == arm], styles[arm]
            if (curve["seeds"] > 1).any() and (len(arms) <= FEW or arm == baseline):
                _band(ax, curve, along, style["color"])
            _line(ax, curve, along, style, label, len(arms) > FEW, metric, places)
        for number in unstable:
            run = evaluations[evaluations["number"] == number]
            _fall(ax, *_known(run, along, metric), styles[int(run["arm"].iloc[0])])
        _steps(ax, evaluations, along, ratio)
        for arm, label in labels.items():
            of_arm = [run for run in lost if run["arm"].iloc[0] == arm]
            seeds = evaluations.loc[evaluations["arm"] == arm, "seed"].nunique()
            told = _lost(label if is_wide(ax) else "", of_arm, seeds, reached or {}) if 0 < len(of_arm) <= TOLD else ""
            for place, run in enumerate(of_arm):
                _dashed(ax, *_known(run, along, metric), styles[arm], "" if place else told)
        ends.name(ax, _ends(means, along, labels, styles, metric), height(evaluations, ax))
        ax.set_ylabel(f"{metric.name} on the {evaluation_set} set, {metric.unit}")
        ax.yaxis.set_major_locator(round_ticks(6))
    return ax


def height(evaluations: pd.DataFrame, ax: Axes) -> float:
    """How high the axes are to be for so many names, in inches."""
    names = [f"{label!s} 00.0" for label in evaluations.drop_duplicates("arm")["label"]]
    return max(HEIGHT, 0.1 + ends.height(names, width_of(ax)))


def meaning(evaluations: pd.DataFrame, metric: Metric, unstable: int = 0) -> list[str]:
    """What lines and bands are."""
    means = curves(evaluations, metric)
    said = []
    if not means.empty:
        fewest, most = int(means["seeds"].min()), int(means["seeds"].max())
        seeds = counted(most, "seed") if fewest == most else f"{fewest} to {most} seeds"
        alone = " of the baseline" if evaluations["arm"].nunique() > FEW else ""
        said.append(f"Mean of {seeds}; band: range of seeds{alone}." if most > 1 else "One seed.")
    if (evaluations["status"] != "done").any():
        said.append("Dashed: runs without a result, in no mean.")
    return [*said, "Thin line to ▽: an unstable run, which counts."] if unstable else said


def left_out(names: Sequence[str]) -> list[str]:
    """A sentence on what is not drawn; none where all is."""
    return [f"Not drawn: {findings.listed(names)}."] if names else []


def _line(
    ax: Axes, curve: pd.DataFrame, along: str, style: Mapping[str, Any], label: str, many: bool, metric: Metric, places: int
) -> None:
    every = max(1, math.ceil(len(curve) / MARKED))
    marked = ((len(curve) - 1) % every, every)
    edge: dict[str, Any] = {
        "markeredgecolor": "white" if style["markerfacecolor"] != "white" else style["color"],
        "markeredgewidth": 0.4,
    }
    size: dict[str, Any] = {"linewidth": 0.9 if many else 1.4, "markersize": 2.2 if many else 3.2}
    (line,) = ax.plot(curve[along], curve["mean"], **style, **edge, **size, markevery=marked, zorder=3, clip_on=False)
    texts = _texts(label, curve, metric, places)
    tell(line, [text if place % every == marked[0] else "" for place, text in enumerate(texts)])


def _texts(name: str, curve: pd.DataFrame, metric: Metric, places: int) -> list[str]:
    texts = []
    for step, mean, lowest, highest, seeds in curve[["step", "mean", "lowest", "highest", "seeds"]].itertuples(index=False):
        over = f" ({numbers.interval(lowest, highest, places, signs=False)}, {seeds} seeds)" if seeds > 1 else ""
        texts.append(f"{name}, step {step:,}: {findings.value(mean, metric, places)}{over}")
    return texts


def _band(ax: Axes, curve: pd.DataFrame, along: str, color: str) -> None:
    """From the lowest to the highest seed; a single step has no width, so it gets a bar."""
    if len(curve) == 1:
        ax.vlines(curve[along], curve["lowest"], curve["highest"], color=color, alpha=0.5, linewidth=3)
    else:
        ax.fill_between(curve[along], curve["lowest"], curve["highest"], color=color, alpha=SHADE, linewidth=0)


def _known(run: pd.DataFrame, along: str, metric: Metric) -> tuple[Values, Values]:
    """Where a run was evaluated and what it had there, where that is a number; its loss may be infinite."""
    known = run[run[metric.evaluation_column].notna()]
    return known[along].to_numpy(dtype=float), metric.scale * known[metric.evaluation_column].to_numpy(dtype=float)


def _limits(means: pd.DataFrame, lost: Sequence[Values], metric: Metric) -> tuple[float, float]:
    """The axis holds all that is done, and of lost runs what is near to that: one of them is not to flatten all others."""
    done = means[["lowest", "highest"]].to_numpy(dtype=float).ravel()
    done = done[np.isfinite(done)]
    others = np.concatenate([*lost, done[:0]])
    others = others[np.isfinite(others)]
    if done.size:
        reach = NEAR * (done.max() - done.min())
        others = others[(others >= done.min() - reach) & (others <= done.max() + reach)]
    return limits([*done, *others], bounds=metric.bounds)


def _dashed(ax: Axes, at: Values, values: Values, style: Mapping[str, Any], told: str) -> None:
    """A run without a result, with what became of it where it ends, or where it leaves the axes."""
    if not len(values):
        return
    bottom, top = ax.get_ylim()
    ax.plot(at, values, color=style["color"], linewidth=0.8, linestyle=DASHES, zorder=2.5)
    place, high, arrowed = float(at[-1]), float(values[-1]), False
    for edge, arrow, beyond in ((bottom, CARETDOWN, values < bottom), (top, CARETUP, values > top)):
        crossed = np.flatnonzero(beyond[:-1] != beyond[1:])
        share = (edge - values[crossed]) / (values[crossed + 1] - values[crossed])
        where = at[crossed] + share * (at[crossed + 1] - at[crossed])
        where = at[-1:] if beyond.all() else where
        if where.size:
            place, high, arrowed = float(where[-1]), edge, True
            ax.plot(
                where,
                np.full(len(where), edge),
                linestyle="none",
                marker=arrow,
                color=style["color"],
                markersize=5,
                clip_on=False,
                zorder=4,
            )
    if not arrowed:
        ax.plot([place], [high], "x", color=style["color"], markersize=4.5, markeredgewidth=1.2, zorder=4)
    if told:
        left, right = ax.get_xlim()
        before = place > (left + right) / 2
        ax.annotate(
            told,
            (place, high),
            (-5 if before else 5, 4 if high <= (bottom + top) / 2 else -4),
            textcoords="offset points",
            ha="right" if before else "left",
            va="bottom" if high <= (bottom + top) / 2 else "top",
            fontsize=small() - 0.5,
            color=findings.darker(style["color"]),
            linespacing=1.15,
            path_effects=halo(),
            zorder=6,
        ).set_in_layout(False)


def _lost(label: str, runs: Sequence[pd.DataFrame], seeds: int, reached: Mapping[int, Any]) -> str:
    """What became of the runs of an arm that have no result, as in `no EMA: 1 of 5 seeds diverged, step 9,399`."""
    states = {str(run["status"].iloc[0]) for run in runs}
    state = STATES.get(one := states.pop(), one) if len(states) == 1 else "without a result"
    many = f"{len(runs)} of {seeds} seeds" if seeds > 1 else "seed"
    step = reached.get(int(runs[0]["number"].iloc[0]), runs[0]["step"].max())
    where = f", step {int(step):,}" if len(runs) == 1 and pd.notna(step) else ""
    name = f"{escaping.shortened(label, SHORT)}: " if label else ""
    return f"{name}{many}\n{state}{where}"


def _fall(ax: Axes, at: Values, values: Values, style: Mapping[str, Any]) -> None:
    """A run that is unstable: a thin line to an open triangle."""
    ax.plot(at, values, color=style["color"], linewidth=0.5, zorder=3.1)
    ax.plot(at[-1:], values[-1:], "v", color=style["color"], markersize=5, markerfacecolor="white", zorder=4, clip_on=False)


def _ends(
    means: pd.DataFrame, along: str, labels: Mapping[int, str], styles: Mapping[int, Mapping[str, Any]], metric: Metric
) -> list[ends.End]:
    last = means.groupby("arm").tail(1)
    places = 1 if metric.unit in ("%", "pp") else 3
    return [
        ends.End(at, mean, f"{labels[arm]} {numbers.number(mean, places)}", findings.darker(styles[arm]["color"]))
        for arm, at, mean in last[["arm", along, "mean"]].itertuples(index=False)
    ]


def _epochs_a_step(evaluations: pd.DataFrame) -> float | None:
    """The part of an epoch that a step is; None where it is not the same in every arm."""
    ratios = evaluations["epoch"] / evaluations["step"]
    same = len(evaluations) and ratios.max() - ratios.min() < 1e-6 * ratios.max()
    return float(ratios.mean()) if same else None


def _steps(ax: Axes, evaluations: pd.DataFrame, along: str, ratio: float | None) -> None:
    """The axis of steps: a tick where the metric was evaluated, numbers at some of them, and how many epochs they are."""
    at = sorted(set(evaluations[along].dropna().astype(float)))
    if not at:
        return
    last = at[-1]
    ax.set_xlim(0 if at[0] < 0.5 * last else at[0] - 0.03 * (last - at[0] or last), last + 0.015 * last)
    if along == "epoch":
        ax.xaxis.set_major_locator(round_ticks(5))
        ax.set_xlabel("epoch (a step is not as many examples in every arm)")
        return
    most = 7 if is_wide(ax) else 4
    nice = [tick for tick in MaxNLocator(most, integer=True, steps=[1, 2, 2.5, 5, 10]).tick_values(0, last) if tick in set(at)]
    numbered = nice if len(nice) >= min(4, len(at)) else at[:: -max(1, math.ceil(len(at) / most))][::-1]
    ax.xaxis.set_major_locator(FixedLocator(numbered))
    ax.xaxis.set_minor_locator(FixedLocator([tick for tick in at if len(at) <= TICKED and tick not in numbered]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    epochs = "" if ratio is None else f"; {last:,.0f} are {ratio * last:,.3g} epochs"
    ax.set_xlabel(f"step{epochs}" if len(at) > TICKED or not is_wide(ax) else f"step (a tick where it was evaluated{epochs})")
