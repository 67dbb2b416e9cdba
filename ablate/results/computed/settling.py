"""What more seeds would do for the comparisons that are inconclusive."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from ablate import stats
from ablate.confidence import POWER
from ablate.config.neutral import training_fingerprint
from ablate.errors import AblateError
from ablate.planning import added
from ablate.planning.look_law import LEAST_SEEDS, level_of
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.store import Trajectory

_SETTLING = {"row": "int64", "more": "Int64", "seeds": "Int64", "chance": "float64", "seconds": "float64"}
_CHANCES = {"row": "int64", "seeds": "int64", "chance": "float64"}


def chances(
    results: Results,
    question: Question,
    weights: pd.DataFrame,
    comparisons: pd.DataFrame,
    unstable_seeds: pd.DataFrame,
    diverged_sides: tuple["pd.Series[bool]", "pd.Series[bool]"],
) -> pd.DataFrame:
    """How likely a further look at each inconclusive comparison gives a verdict; see `stats.chances_of_a_verdict`.

    Columns: row: the comparison's, from 0; seeds: how many it then has, a row each of `stats.ADDED` more than it was planned
    with; chance: of a verdict, 0 to 1; NaN where all seeds gave the same difference.

    The level is that of the next look at the comparison, be it entered or not: a sweep of a version before looks had one. What
    a diverged or unstable run bars stays barred.
    """
    better, levels = question.metric.better, _next_levels(question)
    helps, hurts = (dict(enumerate(side)) for side in diverged_sides)
    fell = unstable_seeds.any(axis="columns").tolist()
    parts = []
    for row in comparisons.index[comparisons["verdict"] == stats.Outcome.INCONCLUSIVE]:
        one, n = comparisons.loc[row], int(comparisons.loc[row, "n"])
        bars = {better * stats.HELPS: helps[row], better * stats.HURTS: hurts[row]}
        bars[stats.NONE] = helps[row] or hurts[row] or fell[row]
        barred = frozenset(code for code, is_barred in bars.items() if is_barred)
        inconclusive = stats.Inconclusive(n, one["points"], one["sd"], 1 - levels[row], question.margin, barred)
        now = len(results.sweep.seeds_of(_arms(weights, row)))
        seeds = now + np.array(stats.ADDED)
        parts.append(pd.DataFrame({"row": row, "seeds": seeds, "chance": stats.chances_of_a_verdict(inconclusive)}))
    return pd.concat(parts, ignore_index=True).astype(_CHANCES) if parts else _empty(_CHANCES)


def settling(results: Results, question: Question, weights: pd.DataFrame, chances: pd.DataFrame) -> pd.DataFrame:
    """How many more seeds would settle each inconclusive comparison: a row each.

    Columns: row: the comparison's, from 0; more: the fewest seeds to add, of `stats.ADDED`, that give a verdict with a chance
    of at least 80%, missing where none of them would; seeds: how many it then has; chance: of a verdict with these, or with
    the most that were tried; seconds: until the trainings that this adds are done, as long and as many at once as those of its
    arms took so far, without trainings that are in the store; NaN where an arm's time or the number is not known.
    """
    rows = []
    for row in chances["row"].unique().tolist():
        curve = chances.loc[chances["row"] == row, "chance"].to_numpy()
        more = stats.first_above(curve, POWER)
        place = -1 if more is None else stats.ADDED.index(more)
        arms = _arms(weights, row)
        seeds = None if more is None else len(results.sweep.seeds_of(arms)) + more
        seconds = np.nan if more is None else _seconds(results, arms, more)
        rows.append({"row": row, "more": more, "seeds": seeds, "chance": curve[place], "seconds": seconds})
    return pd.DataFrame(rows, columns=list(_SETTLING)).astype(_SETTLING)


def _arms(weights: pd.DataFrame, row: int) -> list[int]:
    """Those that count in a comparison."""
    return [int(arm) for arm in weights.columns[weights.to_numpy()[row] != 0].tolist()]


def _next_levels(question: Question) -> list[float]:
    """The chance of an error that each row may spend at its next look."""
    if not question.looked:
        return [level_of(question.judged * question.looks, earlier=1)] * question.judged
    counted = [look.row.earlier + (len(look.entry.seeds) >= LEAST_SEEDS) for look in question.looked]
    return [
        level_of(max(question.judged, look.row.judged), earlier) for look, earlier in zip(question.looked, counted, strict=True)
    ]


def _seconds(results: Results, arms: Collection[int], more: int) -> float:
    """How long the trainings take that give some arms more seeds; NaN where that is not known."""
    sweep, runs = results.sweep, results.runs
    begun = runs.dropna(subset=["trajectory"])
    took = results.trainings.set_index("fingerprint")["seconds"]
    first = {run.arm: run.fingerprint for run in reversed(sweep.runs)}
    alone = {first[arm]: arm for arm in sorted(arms, reverse=True)}.values()  # of arms that are one training, one
    total, at_once = 0.0, 1
    for arm, seed in added.missing(sweep, set(alone), added.next_seeds(sweep, arms, more)):
        own = begun[begun["arm"] == arm]
        known = [results.trained[path] for path in own["trajectory"] if path in results.trained]
        if known and _is_there(known[0].config, known[0].store, seed, sweep.fixed.steps[arm]):
            continue
        total += float(took.reindex(own["fingerprint"]).mean())
        at_once = max([at_once, *(segment.get("at_once") or 1 for one in known for segment in one.segments[-1:])])
    return total / at_once


def _is_there(content: dict[str, object] | None, store: Path, seed: int, step: int) -> bool:
    """Whether a training with another seed was evaluated at a step."""
    if content is None:
        return False
    training = Trajectory(store, training_fingerprint({**content, "seed": seed}))
    try:
        return step in training.lines().by_step
    except AblateError:
        return False  # it cannot be read, so it is trained again


def _empty(types: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(types)).astype(types)
