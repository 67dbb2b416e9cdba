"""Scores over two searched keys: the trials as points, and nothing between them, since so few trials tell no surface."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, round_ticks, tell
from ablate.report.search.figures.marks import (
    MARKS,
    RAMP,
    Scale,
    edges,
    is_numeric,
    last_score,
    meaning,
    reached,
    rings,
    scale,
)
from ablate.report.search.figures.slices import setting
from ablate.stats.objectives import Objective
from ablate.store.trials import Dimension, shown

HEIGHT = 2.0  # inches
SIZE = 5.6
PLACE = 30  # among the figures of a search


def part(
    trials: pd.DataFrame,
    done: pd.DataFrame,
    space: Mapping[str, Dimension],
    objectives: Sequence[Objective],
    learned: Objective | None,
    importances: tuple[pd.DataFrame, list[str]],
    counts: Mapping[str, int],
    best: int | None,
    ax: Axes | None = None,
) -> Drawn | None:
    """Scores over the two keys that matter most; None without two keys of numbers, or a trial that is done."""
    keys = pair(space, objectives, importances)
    if keys is None or done.empty:
        return None
    scales, objective = [scale(key, space[key]) for key in keys], learned or objectives[0]
    ax = ax or single()
    scores_over_keys(trials, ax, scales[0], scales[1], objective, best)
    about = [*meaning(trials["state"], counts, colored=True)]
    figure = fit(ax, HEIGHT, setting(trials, keys, objective, best), " ".join(about))
    return Drawn("surface", f"Scores over {keys[0]} and {keys[1]}", figure)


def pair(
    space: Mapping[str, Dimension], objectives: Sequence[Objective], importances: tuple[pd.DataFrame, list[str]]
) -> tuple[str, str] | None:
    """The two keys of numbers that matter most, or of those unknown the first two; the one on a finer scale first."""
    numeric = [key for key, one in space.items() if is_numeric(one)]
    if len(numeric) < 2:
        return None
    shares = importances[0]
    told = dict(zip(shares["parameter"], shares["importance"], strict=True)) if len(objectives) == 1 else {}
    first, second = sorted(numeric, key=lambda key: -told.get(key, 0.0))[:2]
    listed = space[first].kind == "categorical" and space[second].kind != "categorical"
    return (second, first) if listed else (first, second)


def scores_over_keys(
    trials: pd.DataFrame, ax: Axes, across: Scale, up: Scale, objective: Objective, best: int | None = None
) -> Axes:
    """Draw the trials as points at their settings, the score as color; pruned ones as rings, colored by their last score.

    Args:
        trials: as of `SearchResults`, with the columns of the two keys.
        across, up: the scales of the two keys.
        best: the number of the best trial, where there is one.
    """
    with drawing():
        seen = trials[trials["state"].isin(list(MARKS))]
        seen = seen.assign(x=across.places(seen[across.key]), y=up.places(seen[up.key]), score=reached(seen, objective))
        across.on(ax, True, seen["x"])
        up.on(ax, False, seen["y"])
        ax.grid(True, axis="both")
        done = seen[seen["state"] == "done"]
        low, high = _range(done["score"], objective.better)
        norm = Normalize(low, high) if objective.better > 0 else Normalize(high, low)
        for row in seen.sort_values("score", ascending=objective.better > 0, na_position="first").to_dict("records"):
            look = MARKS[row["state"]] | {"markersize": SIZE}
            if np.isfinite(row["score"]):
                color = RAMP(float(np.clip(norm(row["score"]), 0, 1)))
                look |= {"color": color} | ({"markerfacecolor": color} if row["state"] == "done" else {})
            order = 4 if row["state"] == "done" else 3
            (dot,) = ax.plot([row["x"]], [row["y"]], linestyle="none", zorder=order, clip_on=False, **look)
            tell(dot, [_text(row, across, up, last_score(row, objective))])
        default = seen.loc[seen["default"], "number"].tail(1).tolist()
        first = int(default[0]) if default else None
        names = (_named(seen, best, "best", objective), _named(seen, first, "default", objective))
        rings(ax, seen.set_index("number"), best, first, names)
        if len(done):
            _bar(ax, norm, objective)
    return ax


def _named(seen: pd.DataFrame, number: int | None, word: str, objective: Objective) -> str:
    """As in `best 78.3`; the word alone where there is no score."""
    value = seen["score"][seen["number"] == number]
    return f"{word} {value.iloc[0]:.{1 if objective.unit == '%' else 3}f}" if value.notna().any() else word


def _bar(ax: Axes, norm: Normalize, objective: Objective) -> None:
    """The color bar of scores."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    beside = ax.inset_axes((1.03, 0.0, 0.016, 1.0))
    bar = figure.colorbar(ScalarMappable(norm, RAMP), cax=beside, ticks=round_ticks(4))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, pad=2)
    bar.set_label(objective.axis)


def _range(scores: "pd.Series[float]", better: int) -> tuple[float, float]:
    """The ends of the colors: those far worse than the usual share one."""
    if scores.empty:
        return 0.0, 1.0
    low, high = edges(scores, better)
    return max(low, float(scores.min())), min(high, float(scores.max())) if scores.max() > scores.min() else high


def _text(row: Mapping[Any, Any], across: Scale, up: Scale, said: str) -> str:
    return f"trial {row['number']}, {across.key} {shown(row[across.key])}, {up.key} {shown(row[up.key])}: {said}"
