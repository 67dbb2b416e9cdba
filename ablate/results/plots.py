"""Figures, drawn from finished frames. A figure function takes and returns an Axes and leaves global style alone."""

import io
import math
import textwrap
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from ablate.store import write_atomically

WIDTH, HEIGHT = 4.8, 3.1  # inches, without the legend: at half a page's width the letters are about 7 points high
DPI = 200  # of the PNG
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "0.9",
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "ablate",  # the same frame gives the same file
}
# Okabe and Ito's colour-blind-safe palette without its yellow, which is lost on white; the baseline alone is black. Colours,
# lines and markers change at different periods, so that arms look unlike each other in grey, too.
BASELINE = "#000000"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "*", "<", ">")
MARKED = 12  # points of a curve that carry a marker, at most
FEW = 8  # arms; where there are more, curves are numbered at their ends, and the figure is taller by TALLER inches an arm
TALLER = 0.06
APART = 0.037  # of the axes' height, between the numbers at the curves' ends
LINE_LETTERS, COLUMN_LETTERS = 70, 30  # what fits into the legend, whole and in one of two columns


def curves(evaluations: pd.DataFrame) -> pd.DataFrame:
    """One row an arm and step: mean, lowest and highest accuracy in % over the seeds whose run is done, and how many."""
    done = evaluations[evaluations["status"] == "done"]
    percent = done.assign(percent=100 * done["accuracy"]).groupby(["arm", "step"])["percent"]
    return percent.agg(mean="mean", lowest="min", highest="max", seeds="size").reset_index()


def accuracy_vs_step(evaluations: pd.DataFrame, ax: Axes, evaluation_set: str = "test") -> Axes:
    """Draw accuracy against step, one colour an arm: the mean over seeds, and a band from the lowest to the highest.

    Runs without a result (diverged, failed, not finished) are no part of mean and band; they are thin lines that end in a
    cross. The legend stands below the axes.

    Args:
        evaluations: as `ablate.results.load` gives it.
        evaluation_set: what the accuracy was measured on, for the label of the axis.
    """
    with matplotlib.rc_context(STYLE):
        means = curves(evaluations)
        unfinished = evaluations[evaluations["status"] != "done"]
        arms = evaluations.drop_duplicates("arm").set_index("arm")["label"].sort_index()
        for arm in arms.index:
            look = _look(int(arm), many=len(arms) > FEW)
            curve = means[means["arm"] == arm]
            if (curve["seeds"] > 1).any():
                _band(ax, curve, look["color"], alpha=0.2 if len(arms) <= FEW else 0.12)
            every = max(1, math.ceil(len(curve) / MARKED))
            ax.plot(curve["step"], curve["mean"], **look, markevery=(arm % every, every), zorder=3 - arm / 100)
            for _, run in unfinished[unfinished["arm"] == arm].groupby("number"):
                _thin(ax, run["step"], 100 * run["accuracy"], look)
        if len(arms) > FEW:
            _number_ends(ax, means)
        ax.set_xlabel("step")
        ax.set_ylabel(f"accuracy on the {evaluation_set} set (%)")
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.xaxis.set_major_formatter("{x:,.0f}")
        _epochs(evaluations, ax)
        if arms.empty:
            ax.text(0.5, 0.5, "no evaluation yet", transform=ax.transAxes, ha="center")
        else:
            _legend(ax, arms, means, crossed=not unfinished.empty)
    return ax


def figure(evaluations: pd.DataFrame, stem: Path, evaluation_set: str = "test") -> list[Path]:
    """Draw accuracy against step and save it as `stem`.png and `stem`.svg; the paths of both."""
    with matplotlib.rc_context(STYLE):
        drawn = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        ax = accuracy_vs_step(evaluations, drawn.add_subplot(), evaluation_set)
        legend = ax.get_legend()
        if legend is not None:
            more = max(0, evaluations["arm"].nunique() - FEW) * TALLER
            drawn.set_size_inches(WIDTH, HEIGHT + more + legend.get_window_extent().height / drawn.dpi)
        paths = []
        for kind, metadata in (("png", {}), ("svg", {"Date": None})):
            buffer = io.BytesIO()
            drawn.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
            paths.append(stem.with_suffix(f".{kind}"))
            write_atomically(paths[-1], buffer.getvalue())
    return paths


def _look(arm: int, many: bool = False) -> dict[str, Any]:
    return {
        "color": COLOURS[(arm - 1) % len(COLOURS)] if arm else BASELINE,
        "linestyle": LINES[arm % len(LINES)],
        "marker": MARKERS[arm % len(MARKERS)],
        "linewidth": 1.0 if many else 1.3,
        "markersize": 3 if many else 4,
    }


def _band(ax: Axes, curve: pd.DataFrame, color: str, alpha: float) -> None:
    """From the lowest to the highest seed; a single step has no width, so it gets a bar."""
    if len(curve) == 1:
        ax.vlines(curve["step"], curve["lowest"], curve["highest"], color=color, alpha=0.5, linewidth=3)
    else:
        ax.fill_between(curve["step"], curve["lowest"], curve["highest"], color=color, alpha=alpha, linewidth=0)


def _thin(ax: Axes, step: "pd.Series[int]", percent: "pd.Series[float]", look: dict[str, Any]) -> None:
    """A run without a result: not mistaken for a mean, and not left out."""
    ax.plot(step, percent, color=look["color"], linewidth=0.6, linestyle=look["linestyle"])
    ax.plot(step.iloc[-1:], percent.iloc[-1:], "X", color=look["color"], markersize=8, markeredgecolor="white", zorder=4)


def _number_ends(ax: Axes, means: pd.DataFrame) -> None:
    """The number of each arm right of its curve's end, moved apart where curves end close to each other."""
    last = means.groupby("arm").tail(1).sort_values("mean")
    bottom, top = ax.get_ylim()
    heights = ((last["mean"] - bottom) / (top - bottom)).tolist()
    places = _apart(heights, min(APART, 1 / max(len(heights), 1)))
    for (arm, step, mean), place in zip(last[["arm", "step", "mean"]].itertuples(index=False), places, strict=True):
        ax.annotate(
            str(arm),
            (step, mean),
            xytext=(1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=7,
            color=_look(arm)["color"],
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": _look(arm)["color"], "relpos": (0, 0.5)},
        )


def _apart(heights: list[float], distance: float) -> list[float]:
    """Ascending heights moved so that neighbours are `distance` apart, within 0 to 1 where there is room."""
    places: list[float] = []
    for height in heights:
        places.append(max(height, places[-1] + distance) if places else height)
    shift = (sum(heights) - sum(places)) / max(len(places), 1)
    ceiling = 1.0
    for index in reversed(range(len(places))):
        places[index] = ceiling = min(places[index] + shift, ceiling)
        ceiling -= distance
    return places


def _epochs(evaluations: pd.DataFrame, ax: Axes) -> None:
    """A second axis in epochs, where a step is the same part of an epoch in every arm."""
    epochs_a_step = evaluations["epoch"] / evaluations["step"]
    if len(evaluations) and epochs_a_step.max() - epochs_a_step.min() < 1e-6 * epochs_a_step.max():
        ratio = float(epochs_a_step.mean())
        above = ax.secondary_xaxis(
            "top", functions=(lambda step: np.multiply(step, ratio), lambda epoch: np.divide(epoch, ratio))
        )
        above.set_xlabel("epoch")
    else:
        ax.spines["top"].set_visible(False)


def _legend(ax: Axes, arms: "pd.Series[str]", means: pd.DataFrame, crossed: bool) -> None:
    """Below the axes, where it covers no curve; it says what line, band and cross are."""
    labels = {int(number): label for number, label in zip(arms.index, arms, strict=True)}
    numbers = {arm: f"{arm}  " if len(arms) > FEW else "" for arm in labels}
    columns = 2 if len(arms) > FEW // 2 and arms.str.len().median() <= COLUMN_LETTERS else 1
    letters = LINE_LETTERS if columns == 1 else COLUMN_LETTERS
    handles = [Line2D([], [], label=_wrapped(numbers[arm] + label, letters), **_look(arm)) for arm, label in labels.items()]
    title = _meaning(means, crossed)
    if len(labels.get(0, "")) > letters:  # the levels of a baseline with many factors need the whole width
        name, _, levels = labels[0].partition(" (")
        handles[0].set_label(numbers[0] + name)
        title.append(_wrapped(f"{name}: {levels.removesuffix(')')}", LINE_LETTERS))
    below = ax.transAxes + ScaledTranslation(0, -34 / 72, ax.figure.dpi_scale_trans)
    ax.legend(
        handles=handles,
        title="\n".join(title),
        alignment="left",
        loc="upper left",
        bbox_to_anchor=(-0.06, 0),
        bbox_transform=below,
        ncols=columns,
        frameon=False,
        handlelength=3.2 if columns == 1 else 2.6,
        columnspacing=1.0,
        borderaxespad=0,
    )


def _meaning(means: pd.DataFrame, crossed: bool) -> list[str]:
    """What line, band and cross are, a line each."""
    lines = []
    if not means.empty:
        fewest, most = means["seeds"].min(), means["seeds"].max()
        seeds = str(most) if fewest == most else f"{fewest} to {most}"
        lines.append(f"line: mean of {seeds} seeds, band: lowest to highest seed" if most > 1 else "line: one seed")
    if crossed:
        lines.append("thin line with ×: a run without a result, in no mean")
    return lines


def _wrapped(text: str, letters: int) -> str:
    """Wrapped between changes, or after a factor's colon where one change is too long; no arrow is torn from its levels."""
    parts = [part.replace(" ", "\0") for part in text.split(", ")]
    parts = [part.replace(":\0", ": ") if len(part) > letters else part for part in parts]
    return textwrap.fill(", ".join(parts), letters, break_long_words=False, break_on_hyphens=False).replace("\0", " ")
