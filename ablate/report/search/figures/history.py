"""The best score over the trials, in order of finishing."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, ink, round_ticks
from ablate.report.search.figures.marks import MARKS, last_score, marks, meaning, reached, rings, room
from ablate.stats import searches
from ablate.stats.objectives import Objective

HEIGHT = 1.8  # inches
PLACE = 20  # among the figures of a search


def part(
    trials: pd.DataFrame,
    done: pd.DataFrame,
    objectives: Sequence[Objective],
    counts: Mapping[str, int],
    ax: Axes | None = None,
) -> Drawn | None:
    """Of a search with one objective; None without a trial that is done."""
    if len(objectives) > 1 or done.empty:
        return None
    [objective], ax = objectives, ax or single()
    frame = searches.history(trials, objective)
    history_of_trials(frame, ax, objective)
    about = ["Line: the best score so far, good in part by chance.", *meaning(frame["state"], counts, [ax])]
    figure = fit(ax, HEIGHT, _finding(frame, objective), " ".join(about))
    return Drawn("history", "The best score over the trials", figure)


def history_of_trials(frame: pd.DataFrame, ax: Axes, objective: Objective) -> Axes:
    """Draw a mark a finished trial and the best score so far as a line.

    Pruned trials are rings at their last score, which is of less training. Trials without any score stand beyond a line.

    Args:
        frame: as `stats.history` gives it.
    """
    with drawing():
        frame = frame.assign(drawn=reached(frame, objective))
        done = frame[objective.column].notna()
        first = frame.loc[frame["default"], "drawn"]
        shown = frame["drawn"].where(done | (frame["state"] == "pruned"))
        within = room(ax, shown, objective, rail=bool(frame["drawn"].isna().any()), inside=first)
        ax.set_xlim(0.2, max(len(frame), 1) + 0.8)
        best_so_far = (objective.scale * frame["best"]).where(lambda value: value.between(within.low, within.high))
        ax.step(frame["finished"], best_so_far, where="post", color=ink(), linewidth=1.0, zorder=2)
        for state, look in MARKS.items():
            part = frame[frame["state"] == state]
            texts = [f"trial {row['number']}, {state}: {last_score(row, objective)}" for row in part.to_dict("records")]
            marks(ax, part["finished"].tolist(), part["drawn"].tolist(), texts, look, within)
        places = frame.assign(x=frame["finished"], y=frame["drawn"].fillna(within.rail)).set_index("number")
        best, default = frame["best_number"].dropna(), frame.loc[frame["default"], "number"]
        rings(ax, places, int(best.iloc[-1]) if len(best) else None, int(default.iloc[-1]) if len(default) else None)
        ax.set_xlabel("trials finished")
        ax.set_ylabel(objective.axis)
        ax.xaxis.set_major_locator(round_ticks(8, whole=True))
    return ax


def _finding(frame: pd.DataFrame, objective: Objective) -> str:
    best = frame["best_number"].dropna()
    if best.empty:
        return "No trial has a score yet"
    row = frame[frame["number"] == best.iloc[-1]].iloc[0]
    score, count = objective.text(row[objective.column]), f"{row['finished']} of {len(frame)} trials"
    said = f"The best {objective.title}, {score}, came after {count}"
    first = frame.loc[frame["default"], objective.column].dropna()
    return f"{said}; the default has {objective.text(first.iloc[-1])}" if len(first) and not row["default"] else said
