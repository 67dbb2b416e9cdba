"""Tuned learning rates: the curves that they were chosen by."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from ablate.report.figures.legend import arm_handles, below, named
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import FEW, drawing, limits, look, tell
from ablate.results.retuned import Retuned
from ablate.text import counted

HEIGHT = 2.1  # inches
EDGE = 1.15  # times the largest rate: where the axis ends
CHOSEN = 9.5  # points, of the ring around the chosen rate
PLACE = 30  # among the figures of a report


def part(retuned: Retuned | None) -> Drawn | None:
    """The validation accuracies that rates were chosen by; None where none were."""
    if retuned is None:
        return None
    figure = fit(tuning_curve(retuned.tuning, single(), retuned.shared_lr is not None), HEIGHT)
    return Drawn("tuning", "Validation accuracy against the learning rate, by which it was chosen", figure)


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
                    f"{row['label']}, lr {row['lr']:g}: {row['mean']:.2f}%"
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
        seeds = counted(int(tuning["n"].max()), "seed")
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
