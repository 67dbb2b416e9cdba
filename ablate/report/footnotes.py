"""The lines under the tables: what is compared, the rule, and what a table must not be taken for."""

import math
from collections.abc import Sequence

import pandas as pd

from ablate import numbers, stats
from ablate.confidence import LEVEL
from ablate.planning import look_sentences
from ablate.planning.look_law import bound
from ablate.report import caveats, naming, sentences
from ablate.results.computed.images import Predictions
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.results.retuned import Retuned
from ablate.stats.outcomes import Outcome
from ablate.stats.verdict import UNLESS
from ablate.store.look_lines import Look
from ablate.text import counted


def verdict_notes(
    results: Results,
    question: Question,
    comparisons: pd.DataFrame,
    names: dict[int, str],
    partner: str | None,
    statuses: "pd.Series[str]",
    predictions: Predictions,
    retuned: Retuned | None,
    begun_earlier: int | None,
    arms: pd.DataFrame,
    stability: pd.DataFrame,
    unstable_seeds: pd.DataFrame,
    looks: list[list[Look]],
    test_readers: tuple[int, int],
    unpaired: list[bool],
) -> list[str]:
    """What is compared, the rule, and what the verdicts must not be taken for."""
    lines = [compared(question, names, partner, unpaired)]
    interim = caveats.interim(results, question)
    if question.effects:
        lines += _about_effects(results, comparisons)
    if question.judged:
        what = "effect" if question.effects else "difference"
        planned, new = not question.exploratory, bool(comparisons["low_new"].notna().any())
        fixed = sentences.when_fixed(retuned, begun_earlier) if planned else ""
        no_bound = caveats.no_bound(unstable_seeds) if planned else ""
        planned = planned and not interim and not no_bound  # a look that was not planned is not counted
        planned = planned and not (question.looked and begun_earlier)  # in place of it stands what was begun before
        levels = [] if question.shared else question.levels
        given = (question.judged, question.looks, question.margin, question.metric.points)
        lines += stats.rule(
            *given, what, fixed, planned, new, results.sweep.trainer is None, levels, promise(looks), sum(unpaired)
        )
        lines += [no_bound] if no_bound else []
        if question.margin is None and results.sweep.trainer is not None:
            lines.append(f"Without a margin, no verdict is {Outcome.NO_EFFECT}.")
        lines += _readers(question, *test_readers)
    lines += exploratory(question)
    equal = stats.equal_compute(results.runs)
    earlier = caveats.earlier(results, question, begun_earlier)
    said = [line for line in (caveats.chosen_on_the_same(results), interim, earlier, equal) if line]
    doubts = [*caveats.unstable(stability, arms, names, question.margin), *caveats.doubts(names, predictions)]
    return [*lines, *incomplete(results, comparisons, statuses), *doubts, *said, *_one_arm(results, names)]


def promise(looks: Sequence[Sequence[Look]]) -> str:
    """What holds of all verdicts together.

    Args:
        looks: at each judged row; none where versions before looks trained the sweep, which then is the one look at it.
    """
    if not looks:
        return stats.GUARANTEE
    most = max(looks, key=len)
    chance = bound(looks)
    if len(most) == 1 and math.isclose(chance, LEVEL):
        return stats.GUARANTEE
    seeds = [len(look.entry.seeds) for look in most]
    often = f"{look_sentences.looked(seeds)} " if len(most) > 1 else ""
    return f"{often}{look_sentences.promise(chance, len(most))} {UNLESS}. Looks outside this store are not counted."


def _readers(question: Question, sweeps: int, confirmations: int) -> list[str]:
    """How many have read the images that it is judged on, where that is more than one."""
    if sweeps + confirmations < 2:
        return []
    counts = [counted(count, what) for count, what in ((sweeps, "sweep"), (confirmations, "confirmation")) if count]
    return [f"{' and '.join(counts)} in this store have used this {question.evaluation_set} set."]


def exploratory(question: Question) -> list[str]:
    """A line that says what was changed after training, or why its seeds are no look; none where all is as planned."""
    changes = "; ".join(question.changes)
    if changes:
        return [f"Exploratory: changed after training ({changes}), so no verdict here is confirmatory."]
    return [f"Exploratory: {question.unentered}, so no verdict here is confirmatory."] if question.unentered else []


def compared(question: Question, names: dict[int, str], partner: str | None, unpaired: Sequence[bool] = ()) -> str:
    """What is compared with what: metric, evaluation set, step, weights. unpaired: as for `naming.pairing`."""
    line = f"{question.metric.name.capitalize()} on the {question.evaluation_set} set{question.read_at}{question.read_with}"
    if not question.judged:
        return f"{line}; nothing is compared."
    if question.effects:
        how = "of means over seeds, since arms share none" if any(unpaired) else "computed within each seed"
        return f"{line}; effects in {question.metric.points}, {how}."
    other = naming.other_side(question, names, partner)
    return f"{line}; differences in {question.metric.points}, {naming.pairing(unpaired)}, each against {other}."


def _about_effects(results: Results, comparisons: pd.DataFrame) -> list[str]:
    """What an effect is, and which arms it is made of."""
    sweep = results.sweep
    count, combinations = len(sweep.arms), math.prod(map(len, sweep.factors.values()))
    lines = [
        f"Each effect is a contrast of means over all {count} arms. Main effect: arms at the factor's second level minus arms "
        "at its first. Interaction a × b: arms where both factors are at their first level or both at their second, minus the "
        "rest; this is half the amount by which switching one factor changes the other's effect. An interaction without "
        "aliases is 0 if the two effects add up."
    ]
    if (comparisons["aliases"] != "").any():
        lines.append("Effects in one row are aliased: the number is their sum, with the signs shown.")
    fraction = sweep.fraction
    if fraction is None:
        return lines
    if fraction.resolution is None:
        return [*lines, f"The arms are all {combinations} combinations of levels: no fraction has the requested resolution."]
    generators = "; ".join(fraction.generators).replace(" x ", " × ")  # as sweep.json has it
    return [
        *lines,
        f"The arms are {count} of the {combinations} combinations of levels, a fraction of resolution "
        f"{fraction.resolution}: {generators} (first level −1, second +1). Interactions of three "
        "or more factors are assumed to be 0.",
    ]


def incomplete(results: Results, comparisons: pd.DataFrame, statuses: "pd.Series[str]") -> list[str]:
    """What there is too little of: runs without a value, seeds that only one arm of a comparison has, arms of one seed."""
    seeds, most = len(results.sweep.seeds), comparisons["n"].max()
    lines = not_there(results, statuses, naming.compared(comparisons), comparisons["n"])
    if seeds == 1 and most == 1:
        lines.append("One seed gives no verdict.")
    elif most < 2:
        lines.append("No comparison has two complete seeds, so there is no verdict.")
    return lines


def not_there(results: Results, statuses: "pd.Series[str]", what: Sequence[str], n: "pd.Series[int]") -> list[str]:
    """How many runs have no value, and what has fewer seeds than the sweep.

    Args:
        what, n: the rows of a table and the seeds of each.
    """
    runs, seeds = results.runs, len(results.sweep.seeds)
    lines = []
    told = statuses[runs["status"] != "done"]
    if counts := numbers.listed(told.value_counts(sort=False).sort_index().to_dict()):
        lines.append(f"Runs without a result: {counts} (of {len(runs):,}).")
    few = [f"{name} ({has})" for name, has in zip(what, n, strict=True) if has < seeds and not results.sweep.is_table]
    if len(few) == len(n) > 1 and (n == n.iloc[0]).all():
        few = [f"all ({n.iloc[0]})"]
    if few:
        lines.append(f"Fewer than the {counted(seeds, 'planned seed')}: {'; '.join(few)}.")
    return lines


def _one_arm(results: Results, names: dict[int, str]) -> list[str]:
    """Arms that are one: the same training, read the same way."""
    return [
        f"{names[arm]} has the same training and readout as {names[other]}, so the two are one arm."
        for arm, other in results.sweep.same_arms
    ]
