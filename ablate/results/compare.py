"""Two sweeps side by side: whether a change does the same in both."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

import pandas as pd

from ablate import stats
from ablate.errors import AblateError
from ablate.results.analysis import Analysis
from ablate.results.question import Metric
from ablate.stats import Side


@dataclass(frozen=True)
class Comparison:
    """The changes of one factor that two sweeps both judge.

    first, second: the sweeps; each change is shown in the direction of the second. sources: what users call them: paths of
    their folders, or names of studies.
    """

    first: Analysis
    second: Analysis
    sources: tuple[str, str]

    def __post_init__(self) -> None:
        ours, theirs = self.first.question, self.second.question
        if self.first.results.sweep.runs == self.second.results.sweep.runs:
            raise AblateError(f"{' and '.join(self.names)} have the same runs. Name two different sweeps.")
        for what, one, other in (
            ("metric", ours.metric.name, theirs.metric.name),
            ("evaluation set", ours.evaluation_set, theirs.evaluation_set),
            ("margin", ours.margin, theirs.margin),
        ):
            if one != other:
                raise AblateError(
                    f"The two sweeps must have the same {what}, got {one} in {self.names[0]}, {other} in {self.names[1]}."
                )

    @cached_property
    def names(self) -> tuple[str, str]:
        """What readers call them: the shortest ends of their paths that differ."""
        one, other = (PurePath(source).parts for source in self.sources)
        length = next((n for n in range(1, max(len(one), len(other)) + 1) if one[-n:] != other[-n:]), 1)
        return str(PurePath(*one[-length:])), str(PurePath(*other[-length:]))

    @property
    def metric(self) -> Metric:
        """What both are compared by."""
        return self.first.question.metric

    @property
    def margin(self) -> float | None:
        """In points."""
        return self.first.question.margin

    @property
    def level(self) -> float:
        """Of the family intervals: that of as many differences as there are changes in common, and the looks of either."""
        return stats.family_level(len(self.samples), max(self.first.question.looks, self.second.question.looks))

    @cached_property
    def _matched(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        sides = [
            Side(name, analysis.levels, analysis.wide, _at_one_rate(analysis), _diverged(analysis))
            for name, analysis in zip(self.names, (self.first, self.second), strict=True)
        ]
        return stats.interplay(*sides)

    @property
    def samples(self) -> pd.DataFrame:
        """The effect in the second sweep minus that in the first, for each change (row) and seed (column), in points."""
        return self._matched[1]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a change: columns of `stats.interplay`, `stats.estimates` and `stats.interplay_verdicts`."""
        changes, samples = self._matched
        judged = stats.interplay_verdicts(stats.estimates(samples, self.level), self.margin, changes["diverged"])
        return pd.concat([changes, judged], axis="columns")


def _diverged(analysis: Analysis) -> set[int]:
    """The arms of which a seed diverged."""
    runs = analysis.results.runs
    return {int(arm) for arm in runs.loc[runs["status"] == "diverged", "arm"]}


def _at_one_rate(analysis: Analysis) -> list[tuple[int, int]]:
    """The comparisons of an analysis; of one with tuned learning rates those at the shared one."""
    return list(analysis.question.pairs) if analysis.retuned is None else analysis.retuned.shared_pairs
