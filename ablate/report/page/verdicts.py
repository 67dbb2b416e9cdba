"""What is judged as the page has it: a row each with its lane of the forest plot, value, verdict and cost."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from ablate import numbers, stats
from ablate.report import bounds, extra_cost, naming, sentences
from ablate.report.page import forest
from ablate.report.page.titles import title
from ablate.results.computed.judged import PENDING
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.stats.outcomes import DECIDED, DIFFERS, SHOWN, Outcome
from ablate.text import counted

HELPS, HURTS = (SHOWN[each].tone for each in DIFFERS)
KINDS = {
    Outcome.HELPS: HELPS,
    Outcome.HURTS: HURTS,
    Outcome.NO_EFFECT: "none",
    Outcome.INCONCLUSIVE: "open",
    Outcome.NO_VERDICT: "quiet",
}  # classes of the page's style
ORDER = (HELPS, HURTS, "ink", "none", "open", "quiet", "pending")  # of chips, and of rows that are sorted by verdict
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Row:
    """What is judged, as it is read.

    kind: class of its verdict. name, override: what is changed, in words and as the command has it. against: what it is
    compared with, where that differs from row to row. value, interval: the difference. relative, relative_interval: the same as
    a change of the error; empty where that is not shown. word, note: the verdict, and what limits it. cost: what it costs
    more; dear: the largest of these changes, to sort by. size: the difference, to sort by. arm: its number.
    """

    number: int
    kind: str
    name: str
    override: str
    against: str
    lane: Markup
    value: str
    interval: str
    relative: str
    relative_interval: str
    word: str
    note: str
    cost: str
    size: float
    dear: float
    arm: str

    @property
    def id(self) -> str:
        """What a link to it names."""
        return f"change-{self.number}"


@dataclass(frozen=True)
class Reference:
    """The arm that others are compared with. value, error: its mean in the metric and 100 % less it. spread: over seeds."""

    name: str
    override: str
    lane: Markup
    value: str
    error: str
    spread: str
    cost: str


@dataclass(frozen=True)
class Verdicts:
    """The table with the forest plot. sorts: the orders a reader can choose, the first one as written."""

    title: str
    change: str
    heading: str
    axis: Markup
    reference: Reference | None
    rows: tuple[Row, ...]
    relative: bool
    costly: bool
    sorts: tuple[str, ...]
    key: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Chip:
    """How many rows have a verdict. kind: their class."""

    kind: str
    text: str


def verdicts(
    results: Results,
    question: Question,
    arms: pd.DataFrame,
    comparisons: pd.DataFrame,
    samples: pd.DataFrame,
    names: dict[int, str],
    partner: str | None,
    places: int,
    in_turns: bool,
) -> Verdicts | None:
    """The table of what is judged; None where nothing is."""
    if not question.judged:
        return None
    metric, unit = question.metric, unit_of(question)
    shown, seen = bounds.drawn(comparisons, metric), bounds.readable(comparisons, metric)
    marks = [
        _marks(row, kind_of(row, crossed), list(samples.iloc[number]))
        for number, (row, crossed) in enumerate(_each(shown, question))
    ]
    most = bounds.WHOLE if metric.unit == "%" else math.inf
    on = forest.scale(marks, question.margin, metric.better, most)
    by_arm = arms.set_index("arm")
    others = {int(other) for other in comparisons["against"].dropna()}
    reference = by_arm.loc[[others.pop()]].iloc[0] if len(others) == 1 else None
    waiting = all(mark.kind == "pending" for mark in marks)
    error = None if waiting else _error(question, reference)
    costs = [_cost(extra_cost.shares(row, by_arm, in_turns)) for row in comparisons.to_dict("records")]
    sorted_by_effect = reference is not None and partner is None
    rows = [
        _row(number, row, marks[number], (on, question, places, error), costs[number], naming.has_others(question, partner))
        for number, row in enumerate(seen.assign(what=naming.compared(comparisons)).to_dict("records"))
    ]
    if sorted_by_effect:
        rows.sort(key=lambda row: -math.inf if math.isnan(row.size) else row.size, reverse=True)
    costly = not question.effects and any(text for text, _ in costs)
    first = "effect" if sorted_by_effect else "plan"
    sorts = (first, *(["effect"] if first != "effect" else []), "verdict", *(["cost"] if costly else []))
    return Verdicts(
        title(question, names, partner),
        "Effect" if question.effects else "Change",
        f"{metric.name.capitalize()}, {unit}",
        forest.axis(on, question.margin, error, unit, not all(question.interactions)),
        None if reference is None else _reference(reference, names, (on, question, places, error), in_turns),
        tuple(rows),
        error is not None,
        costly,
        sorts if len(rows) > 1 and not waiting else (),
        _key(question, comparisons, marks, unit),
    )


def chips(question: Question, comparisons: pd.DataFrame) -> tuple[Chip, ...]:
    """How many rows have each verdict, in the order of `ORDER`."""
    rows = [(kind_of(row, crossed), row, crossed) for row, crossed in _each(comparisons, question)]
    found = []
    for kind in ORDER:
        there = [(row, crossed) for each, row, crossed in rows if each == kind]
        if there:
            found.append(Chip(kind, f"{len(there)} {_counted(kind, len(there), there[0][0])}"))
    return tuple(found)


def _counted(kind: str, count: int, row: Mapping[Any, Any]) -> str:
    """The verdict behind a count, as in `2 hurt`."""
    if kind == "ink":
        return "interaction" if count == 1 else "interactions"
    if kind == "pending":
        return "pending"
    outcome = Outcome(row["verdict"])
    return (SHOWN[outcome].plural if count > 1 else "") or str(outcome)


def unit_of(question: Question) -> str:
    """The unit of a difference, short."""
    return question.metric.points


def kind_of(row: Mapping[Any, Any], crossed: bool) -> str:
    """The class of a row. crossed: whether it is an interaction, which neither helps nor hurts."""
    if row["limit"] == PENDING:
        return "pending"
    kind = KINDS[Outcome(row["verdict"])]
    return "ink" if crossed and kind in (HELPS, HURTS) else kind


def _each(frame: pd.DataFrame, question: Question) -> list[tuple[dict[Any, Any], bool]]:
    return list(zip(frame.to_dict("records"), question.interactions, strict=True))


def _marks(row: Mapping[Any, Any], kind: str, seeds: list[float]) -> forest.Marks:
    """What a lane shows: of a comparison whose runs have not all ended, its seeds alone."""
    own = tuple(float(seed) for seed in seeds)
    if kind == "pending":
        return forest.Marks(kind, seeds=own)
    lesser = [(row["low95"], row["high95"], "plain"), (row["low_new"], row["high_new"], "new")]
    known = tuple((float(low), float(high), name) for low, high, name in lesser if not pd.isna(low))
    return forest.Marks(kind, float(row["points"]), (float(row["low"]), float(row["high"])), known, own)


def _row(
    number: int,
    row: Mapping[Any, Any],
    marks: forest.Marks,
    drawing: tuple[forest.Scale, Question, int, float | None],
    cost: tuple[str, float],
    others: bool,
) -> Row:
    on, question, places, error = drawing
    crossed = question.interactions[number]
    pending = marks.kind == "pending"
    value = f"{int(row['n'])} of {counted(len(marks.seeds), 'seed')}" if pending else numbers.signed(row["points"], places)
    interval = "" if pending or int(row["n"]) < 2 else numbers.interval(row["low"], row["high"], places)
    relative = error and not pending and not pd.isna(row["points"])
    word, note = _verdict(row, question, crossed)
    return Row(
        number,
        marks.kind,
        str(row["what"]),
        str(row.get("override") or ""),
        str(row["against_label"]) if others else "",
        forest.lane(marks, on, question.margin, error),
        value,
        "one seed" if int(row["n"]) == 1 and not pending else interval if interval != numbers.NONE else "",
        _percent(-row["points"] / error) if relative else value,
        _percents(row, error) if relative and interval else interval,
        word,
        note,
        cost[0],
        math.nan if pd.isna(row["points"]) else float(row["points"]) * question.metric.better,
        cost[1],
        "" if pd.isna(row["arm"]) else str(row["arm"]),
    )


def _verdict(row: Mapping[Any, Any], question: Question, crossed: bool) -> tuple[str, str]:
    """(the verdict in a word or two, what limits it)."""
    if row["limit"] == PENDING:
        return "pending", ""
    outcome = Outcome(row["verdict"])
    if crossed and outcome in DECIDED:
        word = sentences.short(row, question.margin, crossed)
    else:
        word = str(outcome) + (f" {sentences.DAGGER}" if row["dagger"] else "")
    limits = {"diverged": sentences.DIVERGED, "unstable": sentences.UNSTABLE, "alike": "no spread"}
    note = limits.get(str(row["limit"]), "" if row["limit"] == "images" else str(row["limit"]))
    return word, "within the margin" if row["under_margin"] and not note else note


def _percent(share: float) -> str:
    return f"{numbers.signed(100 * share, 1)}%"


def _percents(row: Mapping[Any, Any], error: float | None) -> str:
    """The interval of a difference as one of the error's change."""
    if not error or not (math.isfinite(row["low"]) and math.isfinite(row["high"])):
        return numbers.interval(row["low"], row["high"], 1)
    return f"{numbers.signed(-100 * row['high'] / error, 1)} to {_percent(-row['low'] / error)}"


def _error(question: Question, reference: "pd.Series[Any] | None") -> float | None:
    """The error of what all are compared with, in %; None where differences are not told as changes of it."""
    if reference is None or question.metric.name != "accuracy" or question.metric.unit != "%":
        return None
    error = 100 - float(reference["mean"])
    return error if error > 0 else None  # nor of NaN


def _reference(
    arm: "pd.Series[Any]", names: dict[int, str], drawing: tuple[forest.Scale, Question, int, float | None], in_turns: bool
) -> Reference:
    on, question, places, error = drawing
    unit = "%" if question.metric.unit == "%" else ""
    spread = f"SD {numbers.number(arm['sd'], places)}, " if arm["n"] > 1 else ""
    flops = "" if pd.isna(arm["operations"]) else f"{prefixed(arm['operations'])}FLOPs"
    time = "" if pd.isna(arm["seconds"]) or not in_turns else numbers.duration(arm["seconds"])
    return Reference(
        names[int(arm.name)],  # type: ignore[call-overload]
        str(arm.get("override") or ""),
        forest.lane(forest.Marks("base", 0.0), on, question.margin, error),
        f"{numbers.number(arm['mean'], places)}{unit}",
        f"{numbers.number(error, places)}%" if error else f"{numbers.number(arm['mean'], places)}{unit}",
        f"{spread}{counted(int(arm['n']), 'seed')}",
        ", ".join(part for part in (flops, time) if part),
    )


def prefixed(value: float) -> str:
    """A count with three digits and a prefix, as in `37.7 M`."""
    size, prefix = next(((size, prefix) for size, prefix in PREFIXES if value >= size), (1.0, ""))
    text = f"{value / size:.3g}"
    return f"{text} {prefix}" if prefix else f"{text} "


def _cost(shares: Mapping[str, float] | None) -> tuple[str, float]:
    """(what an arm costs more or less than what it is compared with, the largest change); empty where that is not known."""
    if shares is None:
        return "", 0.0
    return extra_cost.words(shares) or "no extra cost", max(shares.values(), key=abs, default=0.0)


def _key(question: Question, comparisons: pd.DataFrame, marks: list[forest.Marks], unit: str) -> tuple[tuple[str, str], ...]:
    """What the marks are: (class of a sample, words)."""
    lines = []
    if any(math.isfinite(lane.interval[0]) for lane in marks):
        decides = "decides the verdict" if question.margin is None else "decides helps and hurts"
        lines.append(("ci", f"adjusted {stats.percents(question.levels)} CI: {decides}"))
    if any(np.isfinite(lane.seeds).any() for lane in marks):
        lines.append(("sd", "one seed" if question.effects else "one seed, paired"))
    if question.margin is not None:
        lines.append(("bd", f"margin, ± {question.margin:g} {unit}: too small to matter"))
    if comparisons["dagger"].any():
        lines.append(("", f"{sentences.DAGGER} another verdict for new images"))
    return tuple(lines)
