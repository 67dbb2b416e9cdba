"""`macros.tex`: single numbers of a report as LaTeX commands, so that a text never repeats one by hand."""

import math
import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from ablate import escaping, numbers, stats
from ablate.report import bounds
from ablate.results.question import Question

HEAD = r"""% \input{macros} in the preamble, and write \ablateBaselineMean{} where the number is to be.
% Of a change NAME, as in \ablateLrnEffect: Effect, Low and High (the adjusted CI), Verdict, and of its arm Mean and Sd.
"""
SPELLED = dict(zip("0123456789", ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"], strict=True))
SPELLED |= {".": "Point", "-": "Minus", "+": "Plus"}


def macros(question: Question, comparisons: pd.DataFrame, arms: pd.DataFrame, places: int) -> str:
    r"""The commands, a line each, in the order of the tables; numbers can be used in text and in formulas.

    A change is named by its factors, as `lrn=off` by `Lrn`; with its levels where others have the same factors, as `lr=0.2` by
    `LrZeroPointTwo`.
    """
    found = {
        "Seeds": numbers.whole(arms["n"].max()),
        "Metric": escaping.latex(question.metric.name),
        "Unit": escaping.latex(question.metric.points),
    }
    if question.margin is not None:
        found["Margin"] = f"{question.margin:g}"
    if question.judged:
        found["Level"] = escaping.latex(stats.percents(question.levels))
    found |= _values("Baseline", arms[arms["arm"] == question.baseline], places)
    shown = bounds.readable(comparisons, question.metric)
    for name, row in zip(names(question, comparisons), shown.to_dict("records"), strict=True):
        found[f"{name}Effect"] = _number(numbers.signed(row["points"], places))
        finite = math.isfinite(row["low"]) and math.isfinite(row["high"])
        for side in ("low", "high"):
            found[f"{name}{side.capitalize()}"] = _number(numbers.signed(row[side] if finite else math.nan, places))
        found[f"{name}Verdict"] = escaping.latex(str(row["verdict"]))
        if not question.effects:
            found |= _values(name, arms[arms["arm"] == row["arm"]], places)
    return HEAD + "".join(f"\\newcommand{{\\ablate{name}}}{{{value}}}\n" for name, value in found.items())


def names(question: Question, comparisons: pd.DataFrame) -> list[str]:
    """What the commands of each comparison are called, in letters alone; no two are alike."""
    changes = [_changes(row) for row in comparisons["override"].fillna("").astype(str)]
    if question.effects:
        changes = [[(factor, "") for factor in effect] for effect in question.effects]
    short = ["".join(letters(factor) for factor, _ in each) for each in changes]
    long = ["".join(letters(factor) + letters(level) for factor, level in each) for each in changes]
    alone = Counter(short)
    found = [one if one and alone[one] == 1 else other for one, other in zip(short, long, strict=True)]
    alike = Counter(found)
    return [name if name and alike[name] == 1 else f"{name}Row{letters(str(row))}" for row, name in enumerate(found, 1)]


def letters(text: str) -> str:
    """A word as part of a command's name: `weight_decay` is WeightDecay, `0.2` is ZeroPointTwo."""
    parts = re.findall(r"[A-Za-z]+|\d|(?<=\d)\.(?=\d)|[-+](?=\d)", text)
    return "".join(SPELLED.get(part) or part[0].upper() + part[1:] for part in parts)


def _changes(override: str) -> Sequence[tuple[str, str]]:
    """Factor and level of each word of an override."""
    return [(factor, level) for factor, _, level in (word.partition("=") for word in override.split())]


def _values(name: str, arm: pd.DataFrame, places: int) -> dict[str, str]:
    if arm.empty:
        return {}
    row = arm.iloc[0]
    return {f"{name}{what.capitalize()}": _number(numbers.number(row[what], places)) for what in ("mean", "sd")}


def _number(text: str) -> str:
    """A number for text and formulas alike; a missing one as a dash."""
    return "--" if text == numbers.NONE else rf"\ensuremath{{{text.replace(numbers.MINUS, '-').replace(',', '{,}')}}}"
