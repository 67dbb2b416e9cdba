"""The data of the two charts of the page: accuracy over training, and accuracy against cost."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from ablate import escaping, numbers
from ablate.report.page.verdicts import kind_of
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.stats.costs import COSTS, differing
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.text import capital

MOST_ARMS = 24  # that have room for a label each
MOST_POINTS = 60  # of a curve
MOST_NUMBERS = 40_000  # of single seeds
FELL = 1.0  # pp between the first and the last difference that are worth a title


@dataclass(frozen=True)
class Charts:
    """What the charts are drawn from. over, cost: the finding of each, its title; empty where there is no such chart.

    by: what the first can be drawn against. against: (cost, name) for the second. axis: what both measure. notes: under each.
    """

    data: Markup
    over: str
    cost: str
    by: tuple[str, ...]
    against: tuple[tuple[str, str], ...]
    seeds: bool
    train: bool
    notes: tuple[str, str]


@dataclass(frozen=True)
class Explore:
    """What the trials of a search are drawn from. history, map, parallel: titles; no map where two keys cannot be drawn so."""

    data: Markup
    history: str
    map: str
    parallel: str


def charts(
    results: Results,
    question: Question,
    arms: pd.DataFrame,
    comparisons: pd.DataFrame,
    over_training: pd.DataFrame,
    in_turns: bool,
) -> Charts | None:
    """What both charts are drawn from; None where no run was evaluated."""
    shown = _chosen(question, arms, comparisons)
    kinds = {int(row["arm"]): kind_of(row, crossed) for row, crossed in _arms_of(comparisons, question)}
    if not question.effects:
        kinds = {other: "base" for _, other in question.pairs if other == question.baseline} | kinds
    curves = _curves(results, question, shown["arm"].tolist())
    costs = tuple(cost for cost in differing(shown) if cost != "seconds" or in_turns)
    if not any(len(curve["x"]) for curve in curves.values()):
        return None
    content = {
        "unit": "%" if question.metric.unit == "%" else "",
        "axis": question.axis,
        "measured": question.measured,
        "bounds": [bound if math.isfinite(bound) else None for bound in question.metric.bounds],
        "costs": {cost: [COSTS[cost].axis, COSTS[cost].unit] for cost in costs},
        "arms": [_arm(row, kinds.get(int(row["arm"]), "plain"), curves, costs) for row in shown.to_dict("records")],
    }
    some = f" {len(shown)} of {len(arms)} arms: those with the largest effects." if len(shown) < len(arms) else ""
    where = f"{question.measured.capitalize()}{question.read_at}"
    return Charts(
        data(content),
        _over_title(question, over_training, shown, curves, bool((results.runs["status"] == "missing").any())),
        _cost_title(question, shown, costs),
        tuple(by for by in ("step", "epoch", "seconds") if any(curve[by] is not None for curve in curves.values())),
        tuple((cost, COSTS[cost].axis) for cost in costs),
        any(curve["seeds"] is not None for curve in curves.values()),
        any(curve["train"] is not None for curve in curves.values()),
        (
            f"{question.measured.capitalize()}, mean over seeds; points where it was evaluated.{some}",
            f"{where}, mean with 95% CI. Dashed: the Pareto front.{some}",
        ),
    )


def data(content: Mapping[str, Any]) -> Markup:
    """Content as JSON that stands in an element of the page as text."""
    text = json.dumps(_clean(content), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _clean(content: Any) -> Any:
    """Texts from outside made safe to be read."""
    if isinstance(content, str):
        return escaping.html(content)
    if isinstance(content, Mapping):
        return {key: _clean(value) for key, value in content.items()}
    return [_clean(value) for value in content] if isinstance(content, list | tuple) else content


def _arms_of(comparisons: pd.DataFrame, question: Question) -> list[tuple[dict[Any, Any], bool]]:
    """The comparisons that are about one arm each, the first one of an arm last."""
    rows = zip(comparisons.to_dict("records"), question.interactions, strict=True)
    return [(row, crossed) for row, crossed in rows if not pd.isna(row["arm"])][::-1]


def _chosen(question: Question, arms: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """The arms that the charts show: all, or of many the baseline and those with the largest effects."""
    if len(arms) <= MOST_ARMS:
        return arms
    sizes = comparisons.dropna(subset=["arm"]).set_index("arm")["points"].abs()
    rank = arms["arm"].map(sizes[~sizes.index.duplicated()]).fillna(-1.0).mask(arms["arm"] == question.baseline, math.inf)
    return arms.loc[rank.sort_values(ascending=False, kind="stable").index[:MOST_ARMS]].sort_index()


def _curves(results: Results, question: Question, shown: list[int]) -> dict[int, dict[str, Any]]:
    """The curve of each arm: steps, epochs, seconds; mean, least and most over seeds; each seed where there is room."""
    column, scale = question.metric.evaluation_column, question.metric.scale
    known = results.evaluations[results.evaluations["status"].isin(["done", "missing"])]
    known = known.assign(value=scale * known[column]).dropna(subset=["value"])
    found = {}
    room = len(known[known["arm"].isin(shown)]) <= MOST_NUMBERS
    for arm in shown:
        own = known[known["arm"] == arm]
        values = own.pivot_table(index="step", columns="seed", values="value")
        values = values.iloc[:: -max(1, math.ceil(len(values) / MOST_POINTS))].iloc[::-1]
        steps = values.index
        beside = own.groupby("step")[["epoch", "seconds"]].median().reindex(steps)
        train = own.groupby("step")[TRAIN_ACCURACY].mean().reindex(steps) if TRAIN_ACCURACY in own else None
        found[arm] = {
            "x": [int(step) for step in steps],
            "step": [int(step) for step in steps],
            "epoch": _listed(beside["epoch"], 3),
            "seconds": _listed(beside["seconds"], 1),
            "mean": _listed(values.mean(axis="columns"), 3),
            "low": _listed(values.min(axis="columns"), 2),
            "high": _listed(values.max(axis="columns"), 2),
            "seeds": [_listed(values[seed], 2, gaps=True) for seed in values] if room and values.shape[1] > 1 else None,
            "train": None if train is None or question.metric.name != "accuracy" else _listed(scale * train, 2),
        }
    return found


def _listed(values: "pd.Series[float]", places: int, gaps: bool = False) -> list[float | None] | None:
    """Rounded numbers; None where one is not known, or with `gaps` in its place."""
    if values.isna().any() and not gaps:
        return None
    return [None if math.isnan(value) else round(value, places) for value in values.astype("float64").tolist()]


def _arm(row: Mapping[Any, Any], kind: str, curves: Mapping[int, Mapping[str, Any]], costs: tuple[str, ...]) -> dict[str, Any]:
    """An arm as the charts take it."""
    curve = {key: value for key, value in curves[int(row["arm"])].items() if key != "x" and value is not None}
    known = not pd.isna(row["mean"])
    return {
        "id": str(row["arm"]),
        "name": str(row["label"]),
        "kind": kind,
        "mean": round(float(row["mean"]), 3) if known else None,
        "ci": [round(float(row[side]), 3) for side in ("low", "high")] if not pd.isna(row["low"]) else None,
        "curve": curve,
        "cost": {cost: float(row[cost]) for cost in costs if not pd.isna(row[cost])} if known else {},
        "front": [cost for cost in costs if row[f"front_{cost}"]],
    }


def _over_title(
    question: Question,
    over_training: pd.DataFrame,
    shown: pd.DataFrame,
    curves: Mapping[int, Mapping[str, Any]],
    waiting: bool,
) -> str:
    """What the curves show: the difference that changed most on the way, else which arm ends best."""
    if not any(len(curve["x"]) > 1 for curve in curves.values()):
        return ""
    if waiting:
        return f"{question.metric.name.capitalize()} so far"
    labels = {int(arm): label for arm, label in zip(shown["arm"], shown["label"], strict=True)}
    moved = []
    if question.metric.unit == "%" and len({other for _, other in question.pairs}) == 1:
        for (arm, _), rows in over_training.dropna(subset=["points"]).groupby(["arm", "against"], sort=False):
            first, last = rows.iloc[0], rows.iloc[-1]
            if arm in labels and len(rows) > 1:
                moved.append((abs(first["points"] - last["points"]), labels[int(arm)], first, last))
    largest = max(moved, key=lambda each: each[0], default=None)
    if largest is not None and largest[0] >= FELL:
        _, name, first, last = largest
        start, end = (
            f"{numbers.number(abs(at['points']), 1)} pp {'ahead' if at['points'] > 0 else 'behind'}" for at in (first, last)
        )
        return f"{capital(name)}: {start} at step {int(first['step']):,}, {end} at step {int(last['step']):,}"
    return _best(question, shown, "ends best")


def _cost_title(question: Question, shown: pd.DataFrame, costs: tuple[str, ...]) -> str:
    """What the costs show: which arm is best, and what it costs against the baseline."""
    if not costs:
        return ""
    best = _best_row(question, shown)
    base = shown[shown["arm"] == question.baseline]
    if best is None or base.empty or pd.isna(best[costs[0]]) or pd.isna(base.iloc[0][costs[0]]) or not base.iloc[0][costs[0]]:
        return _best(question, shown, "is best")
    name = COSTS[costs[0]].axis
    if int(best["arm"]) == question.baseline:
        return "No arm is better than the baseline, at any cost"
    share = float(best[costs[0]]) / float(base.iloc[0][costs[0]]) - 1
    at = (
        f"at the baseline’s {name}"
        if abs(share) < 0.03
        else f"with {abs(100 * share):.0f}% {'more' if share > 0 else 'less'} {name}"
    )
    return f"{capital(str(best['label']))} is best, {at}"


def _best_row(question: Question, shown: pd.DataFrame) -> "dict[Any, Any] | None":
    known = shown.dropna(subset=["mean"])
    if known.empty:
        return None
    place = int(np.argmax(question.metric.better * known["mean"].to_numpy(dtype=np.float64)))
    return known.to_dict("records")[place]


def _best(question: Question, shown: pd.DataFrame, what: str) -> str:
    best = _best_row(question, shown)
    if best is None:
        return f"{question.metric.name.capitalize()} so far"
    unit = "%" if question.metric.unit == "%" else f" {question.metric.unit}"
    return f"{capital(str(best['label']))} {what}: {numbers.number(best['mean'], 1)}{unit}"
