"""Titles of figures: what was found, in one sentence; and the words that several of them share."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers
from ablate.report.figures.style import fitted, soft, width_of
from ablate.results.question import Metric, Question
from ablate.stats.outcomes import DIFFERS, SHOWN, Outcome
from ablate.text import capital

MOST_NAMED = 3  # of a title; more are counted
DARKER = {"#c05a0b": "#a34300", "#7b848e": "#4d5661", "#626b76": "#4d5661"}  # of a word in the color of a mark, for contrast


def moved(question: Question, comparisons: pd.DataFrame, arms: pd.DataFrame, places: int) -> str:
    """What decided differences do to the metric, as in `No EMA (−2.8 pp) lowers test accuracy at step 4,000`.

    Of one arm, what it reaches.
    """
    metric = question.metric
    measured = f"{question.evaluation_set} {metric.name}"
    known = arms[arms["mean"].notna()]
    if len(known) == 1:
        return capital(f"{measured} is {value(known['mean'].iloc[0], metric, places)}{question.read_at}")
    digits, said = 1 if metric.unit == "%" else places, []
    frame = comparisons[~pd.Series(question.interactions, comparisons.index, dtype=bool) & comparisons["verdict"].isin(DIFFERS)]
    for word, found in (("raise", frame[frame["points"] > 0]), ("lower", frame[frame["points"] < 0])):
        rows = sorted(found.to_dict("records"), key=lambda row: -abs(row["points"]))
        each = [f"{row['name']} ({numbers.signed(row['points'], digits)} {metric.points})" for row in rows]
        said += [f"{listed(each)} {word}{'s' if len(each) == 1 else ''}"] if each else []
    if len(comparisons) and comparisons["verdict"].eq(Outcome.NO_EFFECT).all():
        return f"No effect on {measured}{question.read_at}"
    if not said:
        return f"No clear difference in {measured}{question.read_at}"
    return capital(f"{'; '.join(said)} {measured}{question.read_at}")


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: `A`, `A and B`, `A, B and C`; of many the first."""
    shown = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED + 1 else [*names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def value(number: float, metric: Metric, places: int) -> str:
    """A value with its unit: `76.5%`, `1.234 nats`."""
    return f"{numbers.number(number, places)}{'' if metric.unit == '%' else ' '}{metric.unit}"


def best(metric: Metric) -> str:
    """`highest`, or `lowest` of a metric of which less is better."""
    return "highest" if metric.better > 0 else "lowest"


def word_color(outcome: Outcome) -> str:
    """The color of a verdict's word, darker than that of its mark."""
    color = SHOWN[outcome].color.lower()
    return darker(soft() if color in ("white", "black") else color)


def darker(color: str) -> str:
    """The color of a word in that of a mark, which stands out enough on white."""
    return DARKER.get(color.lower(), color)


def broken(text: str, ax: Axes) -> list[str]:
    """The label of an axis, in lines no wider than a narrow figure's axes."""
    return fitted(text, 72 * 0.62 * width_of(ax))


def share(part: Any, whole: Any) -> str:
    """As in `12 of 24`."""
    return f"{part:,} of {whole:,}"
