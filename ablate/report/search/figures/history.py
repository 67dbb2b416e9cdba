"""The best score over the trials, in order of finishing."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ablate.report.figures.legend import below
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import bare, drawing
from ablate.report.search.figures.marks import BEST, DEFAULT, MARKS, arrows, handles, left_out, marks, room, score
from ablate.stats import searches
from ablate.stats.objectives import Objective

HEIGHT = 2.2  # inches
PLACE = 20  # among the figures of a search


def part(trials: pd.DataFrame, done: pd.DataFrame, objectives: Sequence[Objective], counts: Mapping[str, int]) -> Drawn | None:
    """Of a search with one objective; None without a trial that is done."""
    if len(objectives) > 1 or done.empty:
        return None
    ax = history_of_trials(searches.history(trials, objectives[0]), single(), objectives[0], counts)
    return Drawn("history", "The best score over the trials", fit(ax, HEIGHT))


def history_of_trials(frame: pd.DataFrame, ax: Axes, objective: Objective, counts: Mapping[str, int]) -> Axes:
    """Draw a mark a finished trial and the best score so far as a line.

    Trials without a score stand beyond a line: what a pruned one had reached is of less training.

    Args:
        frame: as `stats.history` gives it.
        counts: of trials by state.
    """
    with drawing():
        frame = frame.assign(drawn=objective.scale * frame[objective.column])
        first = frame.loc[frame["default"], "drawn"]
        within = room(ax, frame["drawn"], objective.better, rail=bool(frame["drawn"].isna().any()), inside=first)
        ax.set_xlim(0.2, max(len(frame), 1) + 0.8)
        best_so_far = (objective.scale * frame["best"]).where(lambda value: value.between(within.low, within.high))
        ax.step(frame["finished"], best_so_far, where="post", color="black", linewidth=1.2, zorder=2)
        cut = False
        for state, look in MARKS.items():
            part = frame[frame["state"] == state]
            scores = zip(part["number"], part[objective.column], strict=True)
            texts = [f"trial {number}, {state}: {score(objective, value)}" for number, value in scores]
            cut |= marks(ax, part["finished"].tolist(), part["drawn"].tolist(), texts, look, within)
        best = frame[frame["number"] == frame["best_number"]].tail(1)
        default = frame[frame["default"]].fillna({"drawn": within.rail})
        for part, look in ((best, BEST), (default, DEFAULT)):
            ax.plot(part["finished"], part["drawn"], linestyle="none", zorder=4, **look)
        ax.set_xlabel("trials finished")
        ax.set_ylabel(objective.axis)
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        bare(ax, "top")
        found = handles(frame["state"], len(best) > 0, len(default) > 0)
        below(ax, found, ["line: the best score so far, good in part by chance", *arrows(cut), *left_out(counts)], columns=2)
    return ax
