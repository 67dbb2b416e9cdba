"""Scores over two searched keys: the trials as points, and nothing between them, since so few trials tell no surface."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from ablate.report.figures.legend import below
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import bare, drawing, tell
from ablate.report.search.figures.marks import BEST, DEFAULT, MARKS, Scale, edges, handle, is_numeric, left_out, scale
from ablate.stats.objectives import Objective
from ablate.store.trials import Dimension, shown

HEIGHT = 2.6  # inches
COLORS = "viridis"  # from dark to light in gray as well
SIZE = 7.0
SAYS = {"pruned": "pruned: no score", "diverged": "diverged", "failed": "failed"}
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
) -> Drawn | None:
    """Scores over the two keys that matter most; None without two keys of numbers, or a trial that is done."""
    keys = pair(space, objectives, importances)
    if keys is None or done.empty:
        return None
    scales = [scale(key, space[key]) for key in keys]
    ax = scores_over_keys(trials, single(), scales[0], scales[1], learned or objectives[0], counts, best)
    return Drawn("surface", f"Scores over {keys[0]} and {keys[1]}", fit(ax, HEIGHT))


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
    trials: pd.DataFrame,
    ax: Axes,
    across: Scale,
    up: Scale,
    objective: Objective,
    counts: Mapping[str, int],
    best: int | None = None,
) -> Axes:
    """Draw the trials as points, the score as color.

    Args:
        trials: as of `SearchResults`, with the columns of the two keys.
        across, up: the scales of the two keys.
        counts: of trials by state.
        best: the number of the best trial, where there is one.
    """
    with drawing():
        seen = trials[trials["state"].isin(list(MARKS))]
        seen = seen.assign(x=across.places(seen[across.key]), y=up.places(seen[up.key]))
        across.on(ax, True, seen["x"])
        up.on(ax, False, seen["y"])
        done = seen[seen["state"] == "done"]
        scores = objective.scale * done[objective.column]
        low, high = _range(scores, objective.better)
        color = ScalarMappable(Normalize(low, high), COLORS if objective.better > 0 else f"{COLORS}_r")
        for state in ("failed", "diverged", "pruned"):
            part = seen[seen["state"] == state]
            (dots,) = ax.plot(part["x"], part["y"], linestyle="none", zorder=2, **MARKS[state])
            tell(dots, [_text(row, across, up, state) for row in part.to_dict("records")])
        for (_, row), value in zip(done.sort_values(objective.column).iterrows(), sorted(scores), strict=True):
            face = color.to_rgba(np.array([value]))[0]
            (dot,) = ax.plot(
                row["x"], row["y"], "o", color=face, markersize=SIZE, markeredgecolor="black", markeredgewidth=0.5, zorder=3
            )
            tell(dot, [_text(row.to_dict(), across, up, objective.text(row[objective.column]))])
        for part, look in ((seen[seen["number"] == best], BEST), (seen[seen["default"]], DEFAULT)):
            ax.plot(part["x"], part["y"], linestyle="none", zorder=4, **(look | {"markersize": SIZE + 4}))
        if len(done):
            ends = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
            extend = ends[bool(scores.min() < low), bool(scores.max() > high)]
            beside = ax.inset_axes((1.03, 0.0, 0.035, 1.0))
            figure = ax.get_figure(root=True)
            assert figure is not None
            bar = figure.colorbar(color, cax=beside, extend=extend)
            bar.set_label(objective.axis)
        bare(ax, "top")
        found = [handle(MARKS[state], said) for state, said in SAYS.items() if state in set(seen["state"])]
        found += [handle(BEST, "the best score")] if best is not None else []
        found += [handle(DEFAULT, "the default setting")] if seen["default"].any() else []
        below(ax, found, ["filled: trained to the end, its score as color", *left_out(counts)], columns=2)
    return ax


def _range(scores: "pd.Series[float]", better: int) -> tuple[float, float]:
    """The ends of the colors: those far worse than the usual share one."""
    if scores.empty:
        return 0.0, 1.0
    low, high = edges(scores, better)
    return max(low, float(scores.min())), min(high, float(scores.max())) if scores.max() > scores.min() else high


def _text(row: Mapping[Any, Any], across: Scale, up: Scale, said: str) -> str:
    return f"trial {row['number']}, {across.key} {shown(row[across.key])}, {up.key} {shown(row[up.key])}: {said}"
