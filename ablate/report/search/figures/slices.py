"""Scores against each searched key, a panel a key."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from ablate.report.figures.save import Drawn, fit, panels, single
from ablate.report.figures.style import drawing, is_wide
from ablate.report.search.figures.marks import MARKS, Scale, last_score, marks, meaning, reached, rings, room, scale
from ablate.stats import searches
from ablate.stats.objectives import Objective
from ablate.store.trials import Dimension, shown

PANEL = 1.4  # inches that a panel is high
BESIDE = "Trials with the same listed value stand side by side."
PLACE = 40  # among the figures of a search


def part(
    trials: pd.DataFrame,
    done: pd.DataFrame,
    space: Mapping[str, Dimension],
    learned: Objective | None,
    counts: Mapping[str, int],
    best: int | None,
    ax: Axes | None = None,
) -> Drawn | None:
    """Scores against each key; None without an objective that is learned, or a trial that is done."""
    if learned is None or done.empty:
        return None
    scales = [scale(key, one) for key, one in space.items()]
    ax = ax or single()
    tall = height(len(scales), ax)
    frame = searches.slices(trials, list(space), learned)
    drawn = scores_by_key(frame, ax, scales, learned, best)
    about = [*meaning(frame["state"], counts, drawn), *([BESIDE] if any(one.ticks for one in scales) else [])]
    figure = fit(drawn[0], tall, setting(trials, list(space), learned, best), " ".join(about))
    return Drawn("slices", "Scores against each key", figure)


def setting(trials: pd.DataFrame, keys: Sequence[str], objective: Objective, best: int | None) -> str:
    """The best setting in a sentence: `Best at lr 0.061 and batch_size 64: 80.00%`."""
    if best is None:
        return "No trial has a score yet"
    row = trials[trials["number"] == best].iloc[0]
    parts = [f"{key} {_brief(row[key])}" for key in keys]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"Best at {listed}: {objective.title} {objective.text(row[objective.column])}"


def _brief(value: object) -> str:
    """A value with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else shown(value)


def scores_by_key(
    frame: pd.DataFrame, ax: Axes, scales: Sequence[Scale], objective: Objective, best: int | None = None
) -> list[Axes]:
    """Draw the trials against each key, a panel each in place of the axes; other keys differ from point to point.

    Listed values are levels: they lie one beside the other, and trials of one level stand side by side, so that each is seen.
    Pruned trials are rings at their last score.

    Args:
        frame: as `stats.slices` gives it.
        scales: of the keys.
        best: the number of the best trial, where there is one.
    """
    columns = _columns(len(scales), ax)
    with drawing():
        grid = panels(ax, math.ceil(len(scales) / columns), columns, share=False)
        for place, (one, panel) in enumerate(zip([each.one_beside_the_other() for each in scales], grid.flat, strict=False)):
            part = frame[frame["parameter"] == one.key]
            part = part.assign(x=one.side_by_side(one.places(part["setting"])), y=reached_in(part, objective))
            one.on(panel, True, part["x"])
            values = part["y"].where(part["value"].notna() | (part["state"] == "pruned"))
            first = part.loc[part["default"], "y"]
            within = room(panel, values, objective, rail=bool(part["y"].isna().any()), inside=first)
            for state, look in MARKS.items():
                here = part[part["state"] == state].rename(columns={"value": objective.column})
                texts = [f"trial {row['number']}, {state}: {last_score(row, objective)}" for row in here.to_dict("records")]
                marks(panel, here["x"].tolist(), here["y"].tolist(), texts, look, within)
            default = part.loc[part["default"], "number"].tail(1).tolist()
            places = part.assign(y=part["y"].fillna(within.rail)).set_index("number")
            rings(panel, places, best, int(default[0]) if default else None)
            if place % columns == 0:
                panel.set_ylabel(objective.axis)
        for panel in grid.flat[len(scales) :]:
            panel.remove()
    return list(grid.flat[: len(scales)])


def reached_in(part: pd.DataFrame, objective: Objective) -> "pd.Series[float]":
    """The scores of slices."""
    return reached(part.rename(columns={"value": objective.column}), objective)


def height(keys: int, ax: Axes) -> float:
    """How high the axes of all panels are to be, in inches."""
    return max(1.8, PANEL * math.ceil(keys / _columns(keys, ax)))


def _columns(keys: int, ax: Axes) -> int:
    return min(keys, 3 if is_wide(ax) else 2)
