"""Tuned learning rates: the curves that they were chosen by."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from ablate.report.figures import ends, findings
from ablate.report.figures.accuracy import FEW, left_out
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import SHADE, drawing, limits, look, round_ticks, tell, width_of
from ablate.results.retuned import Retuned
from ablate.text import capital, counted

HEIGHT = 1.9  # inches
EDGE = 1.1  # times the largest rate: where the axis ends
CHOSEN = 8  # points, of the ring around the chosen rate
BOUNDS = (0.0, 100.0)
PLACE = 30  # among the figures of a report


def part(retuned: Retuned | None, ax: Axes | None = None) -> Drawn | None:
    """The validation accuracies that rates were chosen by; None where none were."""
    if retuned is None:
        return None
    tuning, one_lr = retuned.tuning, retuned.shared_lr is not None
    ax = ax or single()
    tuning_curve(tuning, ax, one_lr)
    seeds = counted(int(tuning["n"].max()), "seed")
    banded = tuning["sd"].notna().any() and tuning["arm"].nunique() <= FEW
    about = [f"Mean of {seeds} on held-out images{'; band: ± 1 SD' if banded else ''}. Ring: chosen."]
    gone = tuning[tuning["mean"].isna()]
    about += left_out([f"{row.label} at lr {row.lr:g} ({row.statuses})" for row in gone.itertuples(index=False)])
    figure = fit(ax, height(tuning, ax), _finding(tuning), " ".join(about))
    return Drawn("tuning", "Validation accuracy against the learning rate, by which it was chosen", figure)


def height(tuning: pd.DataFrame, ax: Axes) -> float:
    """How high the axes are to be, in inches."""
    names = [str(label) for label in tuning["label"].unique()]
    return max(HEIGHT, 0.1 + ends.height(names, width_of(ax)))


def tuning_curve(tuning: pd.DataFrame, ax: Axes, one_lr: bool = True) -> Axes:
    """Draw the validation accuracy of each arm against the learning rate, with a ring around the one that was chosen.

    Args:
        tuning: as `Retuned.tuning`.
        one_lr: whether all arms share a learning rate; else the axis shows what each arm's own is multiplied by.
    """
    across = "lr" if one_lr else "rate"
    with drawing():
        ax.set_xscale("log")
        values = tuning[["mean", "sd"]].astype(float)
        spread = values["sd"].fillna(0)
        ax.set_ylim(*limits(values["mean"], values["mean"] - spread, values["mean"] + spread, bounds=BOUNDS))
        banded = bool(values["sd"].notna().any()) and tuning["arm"].nunique() <= FEW  # more would hide the curves
        named = []
        for arm, group in tuning.sort_values("rate").groupby("arm", sort=True):
            known = group[group["mean"].notna()].to_dict("records")
            style = look(int(str(arm)))
            if banded:
                _band(ax, group[group["mean"].notna() & group["sd"].notna()], across, style["color"])
            (line,) = ax.plot([row[across] for row in known], [row["mean"] for row in known], **style, zorder=3)
            tell(
                line,
                [
                    f"{row['label']}, lr {row['lr']:g}: {row['mean']:.2f}%"
                    + ("" if pd.isna(row["sd"]) else f" ± {row['sd']:.2f}")
                    for row in known
                ],
            )
            for row in known:
                if row["chosen"]:
                    ring = {"color": style["color"], "markerfacecolor": "none", "markersize": CHOSEN}
                    ax.plot(row[across], row["mean"], "o", **ring, zorder=5)
            if known:
                name = str(known[-1]["label"])
                named.append(ends.End(known[-1][across], known[-1]["mean"], name, findings.darker(style["color"])))
        ax.set_xlim(tuning[across].min() / EDGE, tuning[across].max() * EDGE)
        ticks = sorted(set(tuning[across]))
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_locator(round_ticks(5))
        shared = tuning.loc[tuning["shared"], "lr"].iloc[0]
        ax.set_xlabel(f"learning rate (shared: {shared:g})" if one_lr else "learning rate, times the arm's own")
        ax.set_ylabel("validation accuracy, %")
        ends.name(ax, named, height(tuning, ax))
    return ax


def _band(ax: Axes, known: pd.DataFrame, across: str, color: str) -> None:
    """One standard deviation around the mean at each rate; a single rate has no width, so it gets a bar."""
    at, mean, sd = (known[name].to_numpy(dtype=float) for name in (across, "mean", "sd"))
    low, high = (mean - sd).clip(*BOUNDS), (mean + sd).clip(*BOUNDS)
    if len(known) == 1:
        ax.vlines(at, low, high, color=color, alpha=0.5, linewidth=3)
    else:
        ax.fill_between(at, low, high, color=color, alpha=SHADE, linewidth=0)


def _finding(tuning: pd.DataFrame) -> str:
    chosen = tuning[tuning["chosen"]]
    moved = [f"{row.label!s} (lr {row.lr:g})" for row in chosen[~chosen["shared"]].itertuples(index=False)]
    if not moved:
        return "The shared learning rate is best for every arm"
    return capital(f"{findings.listed(moved)} {'does' if len(moved) == 1 else 'do'} better at another learning rate")
