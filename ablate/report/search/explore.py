"""The trials as the page of a search draws them: over time, over the two keys that matter most, and over all keys at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ablate import numbers
from ablate.report.page.charts import Explore, data
from ablate.report.page.forest import Scale
from ablate.report.search import words
from ablate.report.search.figures.marks import edges
from ablate.report.search.figures.surface import pair
from ablate.results.search import SearchResults, as_number
from ablate.stats import searches
from ablate.store.state import FINISHED
from ablate.store.trials import Dimension, shown

MOST_TICKS = 6
STEPS = ((1.5, (1.0, 2.0, 5.0)), (3.0, (1.0, 3.0)), (math.inf, (1.0,)))  # of a logarithmic axis, by how many decades it has
NAMES = {"done": "completed"}


@dataclass(frozen=True)
class Axis:
    """One axis. at: the place of each trial, 0 to 1, None where it has none. text: the same in words. ticks: (place, text)."""

    name: str
    at: tuple[float | None, ...]
    text: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]


def explore(found: SearchResults) -> Explore | None:
    """The drawings of a search; None without a trial that has a score, be it one of a pruned trial."""
    trials = found.trials[found.trials["state"].isin(FINISHED)].reset_index(drop=True)
    one = found.learned or found.objective
    own = trials[one.column] if one.column in trials else trials["last_value"]
    scores = one.scale * own.fillna(trials["last_value"]).astype("float64")
    if scores.notna().sum() < 2:
        return None
    order = searches.history(found.trials, found.objective)
    rank = dict(zip(order["number"], order["finished"], strict=True))
    axes = [_axis(key, found.space[key], trials[key]) for key in found.space]
    came = trials["came_examples"] / float(found.search.get("train_images") or 1)
    axes.append(_numbers("epochs trained" if found.sweep.trainer is None else "steps trained", came, (0.0, float(came.max()))))
    axes.append(_numbers(one.title, scores, (float(scores.min()), float(scores.max())), "%" if one.unit == "%" else ""))
    low, high = sorted(edges(scores.dropna(), one.better))
    shares = ((scores - low) / ((high - low) or 1.0)).clip(0, 1)
    keys = pair(found.space, found.objectives, found.importances)
    listed = list(found.space)
    content = {
        "axis": one.title,
        "unit": "%" if one.unit == "%" else "",
        "bounds": [0, 100] if one.unit == "%" else [None, None],
        "better": one.better,
        "pair": None if keys is None else [listed.index(key) for key in keys],
        "axes": [{"name": axis.name, "at": axis.at, "text": axis.text, "ticks": axis.ticks} for axis in axes],
        "trials": [
            {
                "n": int(row["number"]),
                "state": NAMES.get(row["state"], row["state"]),
                "done": row["state"] == "done",
                "score": None if math.isnan(score) else round(score, 4),
                "k": None if math.isnan(score) else round(100 * (share if one.better > 0 else 1 - share)),
                "rank": int(rank[row["number"]]),
                "note": "best" if row["number"] == found.best else "default" if row["default"] else "",
            }
            for row, score, share in zip(trials.to_dict("records"), scores, shares, strict=True)
        ],
    }
    return Explore(
        data(content), _history_title(found, order), _map_title(found, keys), "Drag along an axis to keep the trials inside"
    )


def _history_title(found: SearchResults, order: pd.DataFrame) -> str:
    """When the best score was found."""
    if len(found.objectives) > 1 or found.best is None:
        return f"{found.objective.title.capitalize()} of each trial"
    column = found.objective.column
    place = int(order.loc[order["number"] == found.best, "finished"].iloc[0])
    default = order.loc[order["default"], column].dropna()
    better = found.objective.better * (order[column] - (default.iloc[0] if len(default) else math.nan)) > 0
    passed = (
        f"The search passed the default after {int(order.loc[better, 'finished'].iloc[0])} trials; " if better.any() else ""
    )
    best = f"the best is trial {found.best}, the {_nth(place)} of {len(order)} to finish"
    return passed + best if passed else best[0].upper() + best[1:]


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def _map_title(found: SearchResults, keys: tuple[str, str] | None) -> str:
    """Where the best trials are."""
    if keys is None:
        return ""
    best = words.best_setting(found)
    where = " and ".join(f"{key} {words.value(best[key])}" for key in keys) if best is not None else ""
    return f"The best score is at {where}" if where else f"Scores over {keys[0]} and {keys[1]}"


def _axis(key: str, dimension: Dimension, values: "pd.Series[Any]") -> Axis:
    """The axis of a searched key."""
    text = tuple(words.value(as_number(value)) for value in values)
    if dimension.kind == "categorical":
        last = max(1, len(dimension.choices) - 1)
        places = {as_number(choice): number / last for number, choice in enumerate(dimension.choices)}
        at = tuple(places.get(as_number(value)) for value in values)
        return Axis(key, at, text, tuple((place, words.value(choice)) for choice, place in places.items()))
    low, high = float(dimension.low or 0.0), float(dimension.high or 1.0)
    tried = pd.to_numeric(values)
    low, high = min(low, float(tried.min())), max(high, float(tried.max()))  # the default may lie outside
    if not dimension.log or low <= 0:
        return _numbers(key, tried, (low, high))
    start, end = math.log10(low), math.log10(high)
    span = (end - start) or 1.0
    factors = next(steps for decades, steps in STEPS if end - start <= decades)
    marks = [factor * 10.0**power for power in range(math.floor(start), math.ceil(end) + 1) for factor in factors]
    ticks = tuple(
        ((math.log10(mark) - start) / span, shown(mark)) for mark in marks if low <= mark * 1.0001 and mark <= high * 1.0001
    )
    return Axis(key, tuple((math.log10(value) - start) / span for value in tried), text, ticks)


def _numbers(name: str, values: "pd.Series[Any]", ends: Sequence[float], unit: str = "") -> Axis:
    """A linear axis."""
    low, high = ends
    span = (high - low) or 1.0
    scale = Scale(low, low + span)
    places = next((places for places in range(6) if math.isclose(round(scale.step, places), scale.step)), 6)
    ticks = [((tick - low) / span, f"{numbers.number(tick, places)}{unit}") for tick in scale.ticks]
    if len(ticks) > MOST_TICKS:
        ticks = ticks[::2]
    known = values.astype("float64").tolist()
    at = tuple(None if math.isnan(value) else (value - low) / span for value in known)
    text = tuple(numbers.NONE if math.isnan(value) else f"{numbers.number(value, places + 1)}{unit}" for value in known)
    return Axis(name, at, text, tuple(ticks))
