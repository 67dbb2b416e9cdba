"""What a row opens to: its sentence, what else changes, its intervals and seeds, its way over training and its classes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from ablate import escaping, numbers, stats
from ablate.planning.confounds import WORDS
from ablate.report import bounds, sentences
from ablate.report.page.forest import Scale, written
from ablate.report.page.verdicts import kind_of
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.text import counted

MOST_CHARTS = 40  # comparisons; of more, the charts of each would make the page too large
MOST_CLASSES = 12  # that a chart shows: those with the largest differences
MOST_POINTS = 60  # of a curve


@dataclass(frozen=True)
class Details:
    """What one row opens to; what is empty is absent.

    intervals: (class of the line, name, bounds). seeds: (seed, difference). over, classes: (what it shows, drawing).
    """

    number: int
    sentence: str
    confounds: tuple[str, ...]
    settle: str
    intervals: tuple[tuple[str, str, str], ...]
    seeds: tuple[tuple[str, str], ...]
    over: tuple[str, Markup, str] | None
    classes: tuple[str, Markup, str] | None


def details(
    results: Results,
    question: Question,
    comparisons: pd.DataFrame,
    samples: pd.DataFrame,
    confounds: pd.DataFrame,
    over_training: pd.DataFrame,
    classes: pd.DataFrame,
    settling: pd.DataFrame,
    places: int,
    said: Sequence[str],
) -> tuple[Details, ...]:
    """What each row opens to, in the order of `comparisons`. said: its sentence."""
    readable = bounds.readable(comparisons, question.metric).to_dict("records")
    charts = len(readable) <= MOST_CHARTS
    found = []
    for number, (row, crossed) in enumerate(zip(readable, question.interactions, strict=True)):
        kind = kind_of(row, crossed)
        pending = kind == "pending"
        found.append(
            Details(
                number,
                said[number],
                _confounds(_of(confounds, row)),
                "" if pending else _settle(row, settling[settling["row"] == number]),
                () if pending else _intervals(row, question, places),
                tuple((str(seed), numbers.signed(value, places)) for seed, value in samples.iloc[number].dropna().items()),
                _over(_of(over_training, row), question, kind, places) if charts and not pending else None,
                _classes(_of(classes, row), kind) if charts and not pending else None,
            )
        )
    return tuple(found)


def _of(frame: pd.DataFrame, row: Mapping[Any, Any]) -> pd.DataFrame:
    """The rows of a frame that are about one comparison of two arms."""
    if pd.isna(row["arm"]) or frame.empty:
        return frame.iloc[:0]
    about: pd.DataFrame = frame[(frame["arm"] == row["arm"]) & (frame["against"] == row["against"])]
    return about


def _confounds(rows: pd.DataFrame) -> tuple[str, ...]:
    """What else changes, as in `FLOPs +77%`, `input 24 x 24 → 32 x 32`."""
    lines = []
    for row in rows.to_dict("records"):
        name = WORDS[row["what"]]
        if isinstance(row["after"], str) or pd.isna(row["by"]):
            lines.append(f"{name} {row['before']} → {row['after']}")
        else:
            lines.append(f"{name} {numbers.signed(100 * row['by'], 0 if abs(row['by']) >= 0.01 else 1)}%")
    return tuple(lines)


def _settle(row: Mapping[Any, Any], settling: pd.DataFrame) -> str:
    """What would settle an open question, where seeds would. settling: the row about it, if there is one."""
    for more, chance in settling[["more", "chance"]].dropna().itertuples(index=False):
        return f"{counted(int(more), 'more seed')}: a verdict is {100 * chance:.0f}% likely."
    needed = row["seeds_needed"]
    if row["verdict"] != stats.Outcome.INCONCLUSIVE or row["limit"] in ("diverged", "unstable", "alike"):
        return ""
    if pd.isna(needed):
        return f"More than {stats.MOST_SEEDS:,} seeds{sentences.IF_TRUE}."
    return f"About {int(needed):,} seeds in total{sentences.IF_TRUE}."


def _intervals(row: Mapping[Any, Any], question: Question, places: int) -> tuple[tuple[str, str, str], ...]:
    """The intervals, the one that decides first."""
    rows = [
        ("ci", f"Adjusted, {stats.percent(row['level'])} (decides)", "low", "high"),
        ("x", "Plain, 95%", "low95", "high95"),
        ("x new", "New seeds and new images", "low_new", "high_new"),
    ]
    if row["verdict"] == stats.Outcome.NO_EFFECT:
        rows[0] = ("ci", f"Adjusted, {stats.percent(row['level'])}", "low", "high")
        level = stats.percent(row["equivalence_level"])
        rows.insert(1, ("eq", f"Equivalence, {level} (decides)", "equivalence_low", "equivalence_high"))
    return tuple(
        (kind, name, numbers.interval(row[low], row[high], places)) for kind, name, low, high in rows if not pd.isna(row[low])
    )


def _over(rows: pd.DataFrame, question: Question, kind: str, places: int) -> tuple[str, Markup, str] | None:
    """The difference at each evaluation."""
    rows = rows.dropna(subset=["points"])
    if len(rows) < 2:
        return None
    every = max(1, math.ceil(len(rows) / MOST_POINTS))
    rows = rows.iloc[::-every].iloc[::-1]
    first, last = rows.iloc[0], rows.iloc[-1]
    unit = " pp" if question.metric.unit == "%" else ""
    said = (
        f"{numbers.signed(first['points'], places)}{unit} at step {int(first['step']):,}, "
        f"{numbers.signed(last['points'], places)} at step {int(last['step']):,}"
    )
    cut = bounds.readable(rows, question.metric, widest=math.inf)
    note = "Step; difference with 95% CI" if rows["low"].notna().any() else "Step; difference"
    return said, _curve(cut, question.margin, kind, numbers.signed(last["points"], places)), note


def _classes(rows: pd.DataFrame, kind: str) -> tuple[str, Markup, str] | None:
    """The difference in each class, the largest first; of many classes those that differ most."""
    if rows.empty:
        return None
    rows = rows.assign(low=rows["low"].clip(-100, 100), high=rows["high"].clip(-100, 100))
    clear = rows[(rows["low"] > 0) | (rows["high"] < 0)]
    candidates = clear if len(clear) else rows
    largest = candidates.iloc[int(candidates["points"].abs().to_numpy().argmax())]
    many = len(rows) > MOST_CLASSES
    shown = rows.loc[rows["points"].abs().sort_values(ascending=False, kind="stable").index[:MOST_CLASSES]]
    shown = shown.sort_values("points", ascending=False, kind="stable")
    amount = numbers.signed(largest["points"], 1)
    lead = f"Largest {'clear ' if len(clear) else ''}difference: {largest['name']}, {amount} pp"
    note = "Difference in pp with pointwise 95% CI" + (f"; the {MOST_CLASSES} largest of {len(rows)} classes" if many else "")
    return lead, _bars(shown, kind), note


WIDE, LEFT, RIGHT = 320, 36, 44  # of a small chart, in its own units


def _curve(rows: pd.DataFrame, margin: float | None, kind: str, last: str) -> Markup:
    """A small chart of differences over steps."""
    top, bottom = 12, 168
    low = min(0.0, *rows["points"], *rows["low"].dropna())
    high = max(0.0, *rows["points"], *rows["high"].dropna())
    x = _linear(float(rows["step"].min()), float(rows["step"].max()), LEFT, WIDE - RIGHT)
    scale = Scale(low, high if high > low else low + 1)
    y = _linear(scale.low, scale.high, bottom, top)
    parts = []
    if margin is not None:
        upper, lower = (min(bottom, max(top, y(value))) for value in (margin, -margin))
        parts.append(
            f'<rect class="bd" x="{LEFT}" width="{WIDE - LEFT - RIGHT}" y="{upper:.1f}" height="{lower - upper:.1f}"/>'
        )
    for value in scale.ticks[:: 2 if len(scale.ticks) > 6 else 1]:
        parts.append(
            f'<line class="{"g" if value else "z"}" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{written(value, scale.step)}</text>')
    band = rows.dropna(subset=["low", "high"])
    if len(band) > 1:
        upper_edge = [f"{x(step):.1f} {y(high):.1f}" for step, high in zip(band["step"], band["high"], strict=True)]
        lower_edge = [f"{x(step):.1f} {y(low):.1f}" for step, low in zip(band["step"], band["low"], strict=True)]
        parts.append(f'<path class="a" d="M{"L".join([*upper_edge, *reversed(lower_edge)])}Z"/>')
    spots = [(x(step), y(points)) for step, points in zip(rows["step"], rows["points"], strict=True)]
    parts.append(f'<path class="l" d="M{"L".join(f"{left:.1f} {height:.1f}" for left, height in spots)}"/>')
    if len(spots) <= 20:
        parts += [f'<circle cx="{left:.1f}" cy="{height:.1f}" r="3"/>' for left, height in spots]
    parts.append(f'<text class="val" x="{spots[-1][0] + 8:.1f}" y="{spots[-1][1] + 4:.1f}">{last}</text>')
    steps = [int(step) for step in rows["step"]]
    for step in dict.fromkeys((steps[0], steps[len(steps) // 2], steps[-1])):
        parts.append(f'<text x="{x(step):.1f}" y="{bottom + 22}" text-anchor="middle">{step:,}</text>')
    return _svg(kind, bottom + 30, parts)


def _bars(rows: pd.DataFrame, kind: str) -> Markup:
    """A small chart of differences by class."""
    left, right, each = 96, WIDE - 48, 20
    bound = max(1.0, float(rows[["low", "high", "points"]].abs().max().max()))
    x = _linear(-bound, bound, left, right)
    bottom = 8 + each * len(rows)
    round_bound = next(size for size in (1, 2, 5, 10, 20, 50, 100) if 2 * size > bound or size == 100)
    parts = []
    for value in (-round_bound, 0, round_bound):
        parts.append(f'<line class="{"g" if value else "z"}" x1="{x(value):.1f}" x2="{x(value):.1f}" y1="0" y2="{bottom}"/>')
        text = numbers.signed(value, 0)
        parts.append(f'<text x="{x(value):.1f}" y="{bottom + 18}" text-anchor="middle">{text}</text>')
    for place, row in enumerate(rows.to_dict("records")):
        y = 8 + each * place + 8
        name = escaping.html(str(row["name"]))
        name = name if len(name) <= 14 else f"{name[:13]}…"
        parts.append(f'<text x="{left - 12}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        if not pd.isna(row["low"]):
            parts.append(f'<line class="ci" x1="{x(row["low"]):.1f}" x2="{x(row["high"]):.1f}" y1="{y}" y2="{y}"/>')
        parts.append(f'<circle cx="{x(row["points"]):.1f}" cy="{y}" r="3.5"/>')
        parts.append(f'<text x="{WIDE}" y="{y + 4}" text-anchor="end">{numbers.signed(row["points"], 1)}</text>')
    return _svg(kind, bottom + 26, parts)


def _svg(kind: str, height: float, parts: Sequence[str]) -> Markup:
    return Markup(f'<svg class="mini {kind}" viewBox="0 0 {WIDE} {height:g}" aria-hidden="true">{"".join(parts)}</svg>')


def _linear(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """The place of a value on an axis from `start` to `end`."""
    span = (high - low) or 1.0
    return lambda value: start + (end - start) * (value - low) / span
