"""What factors do over all arms of a factorial design, beside what is judged: no verdicts."""

import pandas as pd

from ablate import stats
from ablate.results.frames import Results
from ablate.results.question import Question


def contrasts(results: Results, question: Question, wide: pd.DataFrame, levels: pd.DataFrame, crossed: bool) -> pd.DataFrame:
    """Main effects and interactions of a factorial design.

    Their family intervals count these contrasts alone. Columns: effect, kind, factors, aliases, those of `stats.estimates`,
    level.
    """
    factors = results.sweep.factors
    if not crossed or question.effects or sum(len(each) > 1 for each in factors.values()) < 2:
        return _none(question, wide, "effect", "kind", "aliases")
    return _estimated(question, *stats.contrasts(wide, levels, factors))


def shapley(results: Results, question: Question, wide: pd.DataFrame, levels: pd.DataFrame, crossed: bool) -> pd.DataFrame:
    """Shapley values of a full two-level factorial; no rows otherwise. Columns as `contrasts`, with factor and change."""
    factors = results.sweep.factors
    if not crossed or len(factors) < 2 or any(len(each) != 2 for each in factors.values()):
        return _none(question, wide, "factor", "change")
    return _estimated(question, *stats.shapley(wide, levels, factors))


def pair_means(results: Results, question: Question, wide: pd.DataFrame, levels: pd.DataFrame, crossed: bool) -> pd.DataFrame:
    """The mean at each combination of two factors' levels; see `stats.pair_means`. No rows for other designs."""
    return stats.pair_means(wide, levels, results.sweep.factors if crossed else {}, *question.metric.bounds)


def _none(question: Question, wide: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return _estimated(question, pd.DataFrame(columns=list(columns)), pd.DataFrame(columns=wide.columns))


def _estimated(question: Question, frame: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    level = stats.family_level(max(1, len(samples)), question.looks)
    return pd.concat([frame, stats.estimates(samples, level)], axis="columns")
