"""`ablate report --from`: a table of runs that exist, judged and written like a sweep."""

import argparse
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ablate.errors import AblateError, shown

if TYPE_CHECKING:
    from ablate.exchange.judging import JudgedRuns

OPTION = "--{} {}"


def run(options: argparse.Namespace, formats: Sequence[str] | None) -> int:
    """Reports a table; returns the exit status 0.

    Raises:
        AblateError: the table cannot be read or judged so, or an option does not go with one.
    """
    from ablate.report import writing

    _refuse(options)
    judged = _judged(options)
    report = writing.of_results(
        judged,
        options.out or options.table.with_name(f"{options.table.stem}-report"),
        formats,
        options.style,
        target=options.reach,
    )
    if options.json:
        print(json.dumps(report.to_json(), allow_nan=False))
    else:
        writing.show(report, options.explain)
    return 0


def _refuse(options: argparse.Namespace) -> None:
    """Refuse what goes with sweeps alone."""
    if options.sweep:
        raise AblateError(f"--from reports a table by itself, got {options.sweep[0]}. Leave one of them out.")
    if options.compare:
        raise AblateError("--from cannot be combined with --compare. Give them in two commands.")
    if options.notebook:
        raise AblateError("--notebook reads the folder of a sweep, and --from has none. Leave it out, or use ablate.judge.")
    if options.factors is None:
        raise AblateError("--from needs the columns that tell arms apart: --factors COLUMN,COLUMN.")
    if options.reach is not None and options.step is None:
        raise AblateError("--reach needs evaluations on the way: --step COLUMN.")


def _judged(options: argparse.Namespace) -> "JudgedRuns":
    from ablate import metrics
    from ablate.exchange import judging, table
    from ablate.exchange.runs import Choices

    metric = metrics.ACCURACY if options.metric is None else options.metric
    seed = "seed" if options.seed is None else options.seed
    if "," in metric:
        raise AblateError(f"--metric takes one column, since a report judges one metric, got {shown(metric)}.")
    factors = tuple(word.strip() for word in options.factors.split(","))
    given = metrics.given(metric, options.better, high=options.high, option=OPTION)
    choices = Choices(factors, seed, given, options.step, options.at_step, OPTION)
    baseline = None if options.baseline is None else _baseline(options.baseline, factors)
    return judging.judged(table.read(options.table), choices, options.design, baseline, options.margin)


def _baseline(text: str, factors: Sequence[str]) -> dict[str, str]:
    """The levels of an arm as the command line has it; commas in a level are its own where no factor follows them."""
    known = "|".join(re.escape(factor) for factor in factors)
    words = re.split(rf",\s*(?=(?:{known})\s*=)", text)
    if len(words) == 1:
        words = text.split(",")
    found: dict[str, str] = {}
    for word in words:
        factor, is_, level = (part.strip() for part in word.partition("="))
        if not is_ or not factor or not level:
            raise AblateError(f"--baseline of a table must be FACTOR=LEVEL,FACTOR=LEVEL, got {shown(text)}.")
        if factor in found:
            raise AblateError(f"--baseline names {factor} twice, got {shown(text)}.")
        found[factor] = level
    return found
