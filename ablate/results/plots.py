"""Figures, drawn from finished frames. A figure function takes and returns an Axes and leaves global style alone."""

import io
import math
import textwrap
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from ablate.store import write_atomically

WIDTH, HEIGHT = 4.8, 3.1  # inches, without the legend: at half a page's width the letters are about 7 points high
DPI = 200  # of the PNG
STYLE = {
    "font.size": 9,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "0.9",
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "ablate",  # the same frame gives the same file
}
# Okabe and Ito's colour-blind-safe palette without its yellow, which is lost on white; black is the baseline's. The three
# lists have lengths with no common cycle below 28 arms, so that each arm looks unlike the others in grey, too.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
MARKED = 12  # points of a curve that carry a marker, at most
LINE_LETTERS, COLUMN_LETTERS = 62, 25  # what fits into the legend, whole and in one of two columns


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
            look = _look(int(arm))
            curve = means[means["arm"] == arm]
            if (curve["seeds"] > 1).any():
                _band(ax, curve, look["color"], alpha=0.2 if len(arms) <= 8 else 0.08)
            every = max(1, math.ceil(len(curve) / MARKED))
            ax.plot(curve["step"], curve["mean"], **look, markevery=(arm % every, every), zorder=3 - arm / 100)
            for _, run in unfinished[unfinished["arm"] == arm].groupby("number"):
                ax.plot(run["step"], 100 * run["accuracy"], color=look["color"], linestyle=look["linestyle"], linewidth=0.6)
                ax.plot(run["step"].iloc[-1:], 100 * run["accuracy"].iloc[-1:], color=look["color"], marker="x", linestyle="")
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
            drawn.set_size_inches(WIDTH, HEIGHT + legend.get_window_extent().height / drawn.dpi)
        paths = []
        for kind, metadata in (("png", {}), ("svg", {"Date": None})):
            buffer = io.BytesIO()
            drawn.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
            paths.append(stem.with_suffix(f".{kind}"))
            write_atomically(paths[-1], buffer.getvalue())
    return paths


def _look(arm: int) -> dict[str, Any]:
    return {
        "color": COLOURS[arm % len(COLOURS)],
        "linestyle": LINES[arm % len(LINES)],
        "marker": MARKERS[arm % len(MARKERS)],
        "linewidth": 1.3,
        "markersize": 4,
    }


def _band(ax: Axes, curve: pd.DataFrame, color: str, alpha: float) -> None:
    """From the lowest to the highest seed; a single step has no width, so it gets a bar."""
    if len(curve) == 1:
        ax.vlines(curve["step"], curve["lowest"], curve["highest"], color=color, alpha=0.5, linewidth=3)
    else:
        ax.fill_between(curve["step"], curve["lowest"], curve["highest"], color=color, alpha=alpha, linewidth=0)


def _epochs(evaluations: pd.DataFrame, ax: Axes) -> None:
    """A second axis in epochs, where a step is the same part of an epoch in every arm."""
    epochs_a_step = evaluations["epoch"] / evaluations["step"]
    if len(evaluations) and epochs_a_step.max() - epochs_a_step.min() < 1e-6 * epochs_a_step.max():
        ratio = float(epochs_a_step.mean())
        above = ax.secondary_xaxis("top", functions=(lambda step: step * ratio, lambda epoch: epoch / ratio))
        above.set_xlabel("epoch")
    else:
        ax.spines["top"].set_visible(False)


def _legend(ax: Axes, arms: "pd.Series[str]", means: pd.DataFrame, crossed: bool) -> None:
    """Below the axes, where it covers no curve; it says what line, band and cross are."""
    columns = 2 if len(arms) > 4 and arms.iloc[1:].str.len().max() <= COLUMN_LETTERS else 1
    letters = LINE_LETTERS if columns == 1 else COLUMN_LETTERS
    handles = [Line2D([], [], label=_wrapped(label, letters), **_look(int(arm))) for arm, label in arms.items()]
    title = [_meaning(means, crossed)]
    if len(arms.iloc[0]) > letters:  # the levels of a baseline with many factors need the whole width
        name, _, levels = arms.iloc[0].partition(" (")
        handles[0].set_label(name)
        title.append(_wrapped(f"{name}: {levels.removesuffix(')')}", LINE_LETTERS))
    below = ax.transAxes + ScaledTranslation(0, -36 / 72, ax.get_figure(root=True).dpi_scale_trans)
    ax.legend(
        handles=handles,
        title="\n".join(title),
        alignment="left",
        loc="upper center",
        bbox_to_anchor=(0.45, 0),
        bbox_transform=below,
        ncols=columns,
        frameon=False,
        handlelength=3.2,
        borderaxespad=0,
    )


def _meaning(means: pd.DataFrame, crossed: bool) -> str:
    fewest, most = means["seeds"].min(), means["seeds"].max()
    seeds = str(most) if fewest == most else f"{fewest} to {most}"
    text = f"line: mean of {seeds} seeds, band: lowest to highest seed" if most > 1 else "line: one seed"
    return _wrapped(text + ("; thin, ending in ×: a run without a result" if crossed else ""), LINE_LETTERS)


def _wrapped(text: str, letters: int) -> str:
    return "\n".join(textwrap.wrap(text, letters, break_on_hyphens=False))
