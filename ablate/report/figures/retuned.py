"""Tuned learning rates: the effects at the shared rate and at each arm's own best, and the curves that these were chosen by."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, NullLocator

from ablate import numbers
from ablate.report import sentences
from ablate.report.figures import intervals, rows
from ablate.report.figures.legend import LINE, UNDER, arm_handles, below, named, shade
from ablate.report.figures.style import BLUE, FEW, SHADE, drawing, limits, look, tell
from ablate.results.question import METRICS, Metric
from ablate.results.retuned import Effect, Pair
from ablate.stats import percent

TUNING_HEIGHT = 2.1  # inches
TRACK = 2.2  # lines that the two intervals of an arm take
APART = 0.5  # lines from the middle of a row to each of them
SIDES = {"shared": (-APART, "o", "black"), "own": (APART, "D", BLUE)}  # place, marker and colour
NAMES = {"shared": "at the shared learning rate", "own": "each at its own best one, conditional on that choice"}
EDGE = 1.15  # times the largest rate: where the axis ends
CHOSEN = 9.5  # points, of the ring around the chosen rate


def effects_by_rate(
    comparisons: pd.DataFrame,
    effects: Sequence[Effect],
    ax: Axes,
    level: float,
    difference: str,
    margin: float | None = None,
    metric: Metric = METRICS["accuracy"],
    places: int = 2,
) -> Axes:
    """Draw a row for each arm: its difference from the baseline at the shared learning rate and at the best of both.

    The axes are to be as high as `rows.height` says.

    Args:
        comparisons: columns arm, against, points, low, high, and those of verdicts.
        effects: of the arms.
        level: of the family intervals.
        difference: what is drawn, for the label of the axis.
        margin: in points, shaded around 0.
        places: decimals of the values that a pointer shows.
    """
    by_pair = {(row["arm"], row["against"]): row for row in comparisons.to_dict("records")}
    with drawing():
        labels = [f"{each.label}\nbest lr {each.lr:g}, the baseline's {each.baseline:g}" for each in effects]

        def verdict(pair: Pair | None) -> str:
            return "one arm" if pair is None else sentences.short(by_pair[pair], margin)

        texts = [
            verdict(each.shared) if each.shared == each.own else f"{verdict(each.shared)} | {verdict(each.own)}"
            for each in effects
        ]
        middles = rows.lay(ax, labels, texts, TRACK)
        edges = [0.0] if margin is None else [-margin, 0.0, margin]
        shown = comparisons["points"].dropna()
        ax.set_xlim(*limits([*shown, *edges], comparisons["low"], comparisons["high"]))
        for middle, each in zip(middles, effects, strict=True):
            if margin is not None:
                box = Rectangle((-margin, middle - TRACK / 2), 2 * margin, TRACK, color=SHADE, linewidth=0, zorder=0)
                ax.add_patch(box)
            ax.plot([0, 0], [middle - TRACK / 2, middle + TRACK / 2], color="black", linewidth=0.7, zorder=1)
            for side, pair in (("shared", each.shared), ("own", each.own)):
                if pair is None:
                    continue
                row, (place, marker, colour) = by_pair[pair], SIDES[side]
                intervals.across(ax, middle + place, row["low"], row["high"], color=colour, linewidth=1.6)
                (dot,) = ax.plot(row["points"], middle + place, marker, color=colour, markersize=5, zorder=4)
                within = numbers.interval(row["low"], row["high"], places)
                size = f"{numbers.signed(row['points'], places)} {metric.points} ({within})"
                tell(dot, [f"{each.label}, {NAMES[side].partition(',')[0]}: {size}"])
        ax.xaxis.set_major_locator(MaxNLocator(7))
        ax.xaxis.set_major_formatter(lambda value, _: numbers.signed(value, 4).rstrip("0").rstrip("."))
        ax.set_xlabel(difference)
        ax.set_title(f"{percent(level)} family intervals; verdicts: shared | own best", pad=8)
        handles = [
            Line2D([], [], color=colour, marker=marker, linewidth=1.6, markersize=5, label=NAMES[side])
            for side, (_, marker, colour) in SIDES.items()
        ]
        shades = [] if margin is None else [shade(margin, metric.points)]
        said = intervals.cut([*comparisons["low"], *comparisons["high"]], ax.get_xlim())
        below(ax, [*handles, *shades], said, under=UNDER + LINE * difference.count("\n"))
    return ax


def tuning_curve(tuning: pd.DataFrame, ax: Axes, one_lr: bool = True) -> Axes:
    """Draw the validation accuracy of each arm against the learning rate, with a ring around the one that was chosen.

    Args:
        tuning: as `Retuned.tuning`.
        one_lr: whether all arms share a learning rate; else the axis shows what each arm's own is multiplied by.
    """
    across = "lr" if one_lr else "rate"
    arms = {int(arm): str(label) for arm, label in tuning[["arm", "label"]].drop_duplicates().itertuples(index=False)}
    with drawing():
        ax.set_xscale("log")
        values = tuning[["mean", "sd"]].astype(float)
        spread = values["sd"].fillna(0)
        ax.set_ylim(*limits(values["mean"], values["mean"] - spread, values["mean"] + spread))
        banded = bool(values["sd"].notna().any()) and len(arms) <= FEW  # the bands of more would hide the curves
        for arm, group in tuning.sort_values("rate").groupby("arm", sort=True):
            known = group[group["mean"].notna()].to_dict("records")
            drawn = look(int(str(arm)))
            if banded:
                _band(ax, group[group["mean"].notna() & group["sd"].notna()], across, drawn["color"])
            (line,) = ax.plot([row[across] for row in known], [row["mean"] for row in known], **drawn, markerfacecolor="none")
            tell(
                line,
                [
                    f"{row['label']}, lr {row['lr']:g}: {row['mean']:.2f} %"
                    + ("" if pd.isna(row["sd"]) else f" ± {row['sd']:.2f}")
                    for row in known
                ],
            )
            chosen = [(row[across], row["mean"]) for row in known if row["chosen"]]
            for at, mean in chosen:
                ax.plot(at, mean, "o", color=drawn["color"], markerfacecolor="none", markersize=CHOSEN, zorder=5)
        ax.set_xlim(tuning[across].min() / EDGE, tuning[across].max() * EDGE)
        ticks = sorted(set(tuning[across]))
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_locator(MaxNLocator(5))
        ax.spines["top"].set_visible(False)
        shared = tuning.loc[tuning["shared"], "lr"].iloc[0]
        ax.set_xlabel(f"learning rate (shared: {shared:g})" if one_lr else "learning rate, times the arm's own")
        ax.set_ylabel("validation accuracy (%)")
        gone = tuning[tuning["mean"].isna()]
        lost = [f"{row.label} at lr {row.lr:g} ({row.statuses})" for row in gone.itertuples(index=False)]
        seeds = numbers.counted(int(tuning["n"].max()), "seed")
        bands = ", band: ± 1 standard deviation" if banded else ""
        said = [f"mean over {seeds}{bands}; ring: chosen", *named("not drawn, and not to be chosen", lost)]
        handles, above, columns = arm_handles(arms, said)
        below(ax, handles, above, columns)
    return ax


def _band(ax: Axes, known: pd.DataFrame, across: str, color: str) -> None:
    """One standard deviation around the mean at each rate; a single rate has no width, so it gets a bar."""
    at, mean, sd = (known[name].to_numpy(dtype=float) for name in (across, "mean", "sd"))
    if len(known) == 1:
        ax.vlines(at, mean - sd, mean + sd, color=color, alpha=0.5, linewidth=3)
    else:
        ax.fill_between(at, mean - sd, mean + sd, color=color, alpha=0.15, linewidth=0)
