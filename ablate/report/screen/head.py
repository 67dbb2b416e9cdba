"""The first line of the last screen: which sweep, on what, how often, and what the baseline reaches."""

import pandas as pd

from ablate import numbers
from ablate.planning.data_title import data_title
from ablate.readout import END
from ablate.report import naming
from ablate.results.frames import Results
from ablate.results.question import Question


def head(results: Results, question: Question, arms: pd.DataFrame, places: int) -> tuple[str, ...]:
    """Its parts: name, data, seeds, step, and the baseline's value."""
    parts = [naming.title(results), data_title(results.sweep), naming.seeds_an_arm(results), _read(question)]
    return tuple(part for part in (*parts, _baseline(question, arms, places)) if part)


def _read(question: Question) -> str:
    steps = sorted(set(question.steps))
    if not any(steps) or END in steps:
        return ""
    return f"step {steps[0]:,}" if len(steps) == 1 else f"steps {steps[0]:,} to {steps[-1]:,}"


def _baseline(question: Question, arms: pd.DataFrame, places: int) -> str:
    """The value of the arm that others are compared with; empty where there is none such, or it has none."""
    others = {against for _, against in question.pairs} or {question.baseline}
    found = arms[arms["arm"].isin(others)]
    if len(found) != 1 or question.effects or pd.isna(found["mean"].iloc[0]):
        return ""
    metric, row = question.metric, found.iloc[0]
    percent = metric.unit == "%"
    value = f"{'' if percent else f'{metric.name} '}{numbers.number(row['mean'], places)}{'%' if percent else ''}"
    spread = "" if pd.isna(row["sd"]) else f" (SD {numbers.number(row['sd'], places)})"
    return f"{row['label']!s} {value}{spread}"
