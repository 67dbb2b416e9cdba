"""A sweep as Python users have it: its frames, with what was found in them."""

from dataclasses import fields
from functools import cached_property
from html import escape
from pathlib import Path

import pandas as pd

from ablate import escaping
from ablate.results import search, sources
from ablate.results.analysis import Analysis, analyze
from ablate.results.frames import Results
from ablate.results.question import ask
from ablate.results.search import SearchResults
from ablate.text import counted


class LoadedSweep(Results):
    """What a sweep found so far, as `load` gives it: all of `Results`, with `verdicts` and `arms`.

    Names are the same in all frames: `label` of an arm, `accuracy` a fraction, `loss` that on the evaluation set (that of
    training is `train_loss`), `points` a difference in the metric's unit (of accuracies in percentage points), `low` and `high`
    the ends of an interval, `n` how many seeds.
    """

    @cached_property
    def analysis(self) -> Analysis:
        """All frames of the sweep's report, by name; see `ablate.results.analysis.Analysis`."""
        return analyze(*ask(self))

    @property
    def verdicts(self) -> pd.DataFrame:
        """What was judged, one row a comparison; see `Analysis.verdicts`."""
        return self.analysis.verdicts

    @property
    def arms(self) -> pd.DataFrame:
        """One row an arm: arm, label, a column a factor, n, mean, sd and worst over seeds, its interval, and what it costs."""
        frame: pd.DataFrame = self.analysis.arms
        return frame

    def __repr__(self) -> str:
        done = int(self.runs["status"].eq("done").sum())
        name = self.sweep.study or self.sweep.design
        factors = f" over {', '.join(self.factors)}" if self.factors else ""
        arms, rows = counted(len(self.sweep.arms), "arm"), counted(len(self.evaluations), "evaluation")
        return f"<{name}{factors}: {arms}, {done} of {counted(len(self.runs), 'run')} done, {rows}>"

    def _repr_html_(self) -> str:
        shown = self.verdicts[["name", "n", "points", "low", "high", "verdict"]].round(2)
        shown = shown.map(lambda value: escape(escaping.html(value)) if isinstance(value, str) else value)
        table = shown.to_html(index=False, border=0, escape=False) if len(shown) else ""
        return f"<p>{escape(escaping.html(repr(self)))}</p>{table}"


def load(*found: str | Path) -> LoadedSweep | SearchResults:
    """Read what sweeps or a search found, from files alone.

    Args:
        found: one or more of: the folder of a sweep; the name of a study, whose sweeps in multirun/ are joined where they
            differ in their seeds alone; or, by itself, a search, or a store, of which every training is a row.

    Returns:
        A `SearchResults` of a search, with its `trials`, `curves` and `confirmation`; a `LoadedSweep` of all else.

    Raises:
        AblateError: a source is none of these, names several sweeps that differ, is damaged or of another version, or sweeps
            cannot be joined.

    Examples:
        What a sweep of a checkout found, and the mean accuracy of each arm over its seeds, in %.

        >>> from ablate.results import load
        >>> found = load("experiments/digits-augment-ema")
        >>> found
        <factorial over augment, ema: 4 arms, 20 of 20 runs done, 200 evaluations>
        >>> found.verdicts[["name", "points", "verdict"]].round(2)
                              name  points       verdict
        0                   no EMA   -3.33  inconclusive
        1          no augmentation    1.39  inconclusive
        2  no augmentation, no EMA    1.89         helps
        >>> found.arms[["label", "mean"]].round(2)
                             label   mean
        0                 baseline  97.11
        1                   no EMA  93.78
        2          no augmentation  98.50
        3  no augmentation, no EMA  99.00
    """
    if len(found) == 1 and (folder := sources.search_of(found[0])) is not None:
        return search.load(folder)
    results = sources.load(*found)
    return LoadedSweep(**{each.name: getattr(results, each.name) for each in fields(results)})
