"""The first line of the last screen: which sweep, on what, how often, and what the baseline reaches."""

from pathlib import Path

import pandas as pd

from ablate import numbers
from ablate.data import SETS
from ablate.report import naming
from ablate.results.frames import Results
from ablate.results.question import Question

USUAL_DATA = "cifar10"  # the default in conf/config.yaml
LONGEST_TITLE = 12  # characters of a data set's title; one that is longer is known by its key


def head(results: Results, question: Question, arms: pd.DataFrame, places: int) -> tuple[str, ...]:
    """Its parts: name, data, seeds, step, and the baseline's value."""
    parts = [naming.title(results), data(results), naming.seeds_an_arm(results), _read(question)]
    return tuple(part for part in (*parts, _baseline(question, arms, places)) if part)


def data(results: Results) -> str:
    """What it was trained on; empty where that is a factor, or another trainer's."""
    sweep = results.sweep
    if sweep.trainer is not None or "data" in sweep.factors or not sweep.runs:
        return ""
    words = sweep.runs[0].words
    key = words.get("data", USUAL_DATA)
    if key == "arrays":
        return Path(words.get("data.path", key)).stem
    known = SETS.known(key)
    title = "" if known is None else known.title
    return title if 0 < len(title) <= LONGEST_TITLE else key


def _read(question: Question) -> str:
    steps = sorted(set(question.steps))
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
    return f"{naming.short(str(row['label']))} {value}{spread}"
