"""What is judged: each difference or effect, its value in each seed, and its verdict."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablate import stats
from ablate.designs import phrases
from ablate.designs.design import KINDS
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.results.retuned import Retuned
from ablate.stats.paired import BOUNDS

PENDING = "pending until all of its runs have ended"


def judged(
    results: Results,
    question: Question,
    names: dict[int, str],
    levels: pd.DataFrame,
    wide: pd.DataFrame,
    retuned: Retuned | None,
    pair_names: list[str],
) -> pd.DataFrame:
    """What is judged, one row each: name, override, arm, against (missing for effects), against_label, aliases.

    override: what the command line says for the change, as in `augment=off`; empty for interactions.

    With tuned learning rates the column `rates` says at which ones: `shared`, `own best` or `shared and own best`.
    """
    if question.effects:
        made, _ = stats.contrasts(wide, levels, results.sweep.factors, question.effects)
        overrides = [_override(effect, results.sweep.factors) for effect in question.effects]
        named = pd.DataFrame(
            {"name": made["effect"], "override": overrides, "arm": pd.NA, "against": pd.NA, "against_label": ""}
        )
        named["aliases"] = made["aliases"]
    else:
        arms = [arm.switched for arm in results.sweep.arms]
        named = pd.DataFrame(
            {
                "name": pair_names,
                "override": [phrases.overrides(arms[arm].changes(arms[other])) for arm, other in question.pairs],
                "arm": [arm for arm, _ in question.pairs],
                "against": [other for _, other in question.pairs],
                "against_label": [names[other] for _, other in question.pairs],
                "aliases": "",
            }
        )
        if retuned is not None:
            named["rates"] = pd.Series([retuned.rates(pair) for pair in question.pairs], dtype="str")
    return named.astype({"name": "str", "override": "str", "arm": "Int64", "against": "Int64", "against_label": "str"})


def _override(effect: Sequence[str], factors: Mapping[str, Sequence[str]]) -> str:
    """What the command line says for a main effect; empty for an interaction."""
    return phrases.overrides([(effect[0], factors[effect[0]][0], factors[effect[0]][1])]) if len(effect) == 1 else ""


def weights(results: Results, question: Question, levels: pd.DataFrame) -> pd.DataFrame:
    """How much each arm (column) counts in each comparison (row): differences and effects as sums over arms."""
    if question.effects:
        return stats.contrast_weights(levels, results.sweep.factors, question.effects)
    frame = pd.DataFrame(0.0, index=range(len(question.pairs)), columns=list(levels.index))
    for row, (arm, other) in enumerate(question.pairs):
        frame.loc[row, [arm, other]] = [1.0, -1.0]
    return frame


def samples(results: Results, question: Question, levels: pd.DataFrame, wide: pd.DataFrame) -> pd.DataFrame:
    """What is judged (row, as in `comparisons`) for each seed (column), in points."""
    if question.effects:
        return stats.contrasts(wide, levels, results.sweep.factors, question.effects)[1]
    return stats.paired(wide, question.pairs)


def unpaired(results: Results, weights: pd.DataFrame) -> list[bool]:
    """For each comparison whether its arms share no seed, so that it is made without pairs."""
    arms = [weights.columns[row != 0].tolist() for row in weights.to_numpy()]
    return [not results.sweep.seeds_of(each) for each in arms]


def comparisons(
    results: Results,
    question: Question,
    judged: pd.DataFrame,
    wide: pd.DataFrame,
    unpaired: list[bool],
    samples: pd.DataFrame,
    weights: pd.DataFrame,
    new_images: pd.DataFrame,
    unstable_seeds: pd.DataFrame,
    diverged_sides: tuple["pd.Series[bool]", "pd.Series[bool]"],
) -> pd.DataFrame:
    """What is judged, with its verdict: `effects.csv`.

    Columns: name; override; arm, against (missing for effects) and against_label; aliases; rates, where learning rates were
    tuned; those of `stats.estimates` and `stats.verdicts`; those of `stats.new_images`, missing where predictions of a seed or
    true classes are; verdict_new: what the interval for new images would give, empty where there is none; dagger: whether
    that is another verdict.
    """

    def estimated(rows: pd.DataFrame, level: float) -> pd.DataFrame:
        found = stats.estimates(samples.loc[rows.index], level)
        apart = [row for row in rows.index if unpaired[row]]
        if apart:
            found.loc[apart] = stats.unpaired(wide, rows.loc[apart], level)
        return found

    estimates = stats.at_levels(estimated, weights, question.levels)
    images = new_images.where(new_images["n"] == estimates["n"])  # of fewer seeds it would tell of them, not of the images
    gone, all_gone = diverged_sides, _all_diverged(results, weights)
    fell = unstable_seeds.any(axis="columns")
    told = stats.verdicts(estimates, question.margin, question.metric.better, *gone, images, all_gone, fell)
    if not question.exploratory and results.sweep.design not in KINDS:
        told = _until_ended(told, results, weights)
    wider = estimates.assign(**{name: images[f"{name}_new"] for name in BOUNDS})
    other = stats.verdicts(wider, question.margin, question.metric.better, *gone, images, unstable=fell)["verdict"]
    known = images["low_new"].notna() & (told["verdict"] != stats.Outcome.NO_VERDICT)
    new = pd.DataFrame({"verdict_new": other.where(known, ""), "dagger": known & (other != told["verdict"])})
    return pd.concat([judged, told, images.drop(columns="n"), new], axis="columns")


def _until_ended(told: pd.DataFrame, results: Results, weights: pd.DataFrame) -> pd.DataFrame:
    """The verdicts, of comparisons alone of which all runs have ended: a look is judged once."""
    runs, sweep = results.runs, results.sweep
    open_runs = runs.loc[runs["status"] == "missing", ["arm", "seed"]]
    missing = set(open_runs.itertuples(index=False, name=None))
    counted = [weights.columns[row != 0].tolist() for row in weights.to_numpy()]
    pending = np.array(
        [any((arm, seed) in missing for seed in sweep.seeds_of(arms) for arm in arms) for arms in counted], dtype=bool
    )
    words = {"verdict": str(stats.Outcome.NO_VERDICT), "limit": PENDING, "under_margin": False}
    open_ones = {name: pd.NA for name in told.columns if name.startswith("seeds_")}
    return told.assign(**{name: told[name].mask(pending, word) for name, word in (words | open_ones).items()})


def diverged_sides(results: Results, question: Question, weights: pd.DataFrame) -> tuple["pd.Series[bool]", "pd.Series[bool]"]:
    """For each comparison whether a seed diverged of what it is about, and of what that is compared with.

    Of an interaction neither side is the better one, so both are.
    """
    runs = results.runs
    arms = runs[runs["status"] == "diverged"].groupby("arm").size().reindex(weights.columns, fill_value=0)
    first, second = (weights.mul(sign).gt(0).mul(arms).sum(axis="columns").gt(0) for sign in (1, -1))
    crossed = pd.Series([len(effect) > 1 for effect in question.effects] or False, index=first.index, dtype=bool)
    either = crossed & (first | second)
    return first | either, second | either


def _all_diverged(results: Results, weights: pd.DataFrame) -> NDArray[np.bool_]:
    """For each comparison whether each seed that all of its arms were to have diverged in one of them; (comparisons,)."""
    runs, taking_part = results.runs, weights.to_numpy() != 0  # (comparisons, arms)
    arms, seeds = list(weights.columns), list(results.sweep.seeds)
    planned, diverged = (
        pd.crosstab(rows["arm"], rows["seed"]).reindex(index=arms, columns=seeds, fill_value=0).to_numpy() > 0
        for rows in (runs, runs[runs["status"] == "diverged"])
    )  # (arms, seeds)
    whole, lost = ~(taking_part @ ~planned), taking_part @ diverged  # (comparisons, seeds)
    return np.asarray((lost & whole).any(axis=1) & (lost | ~whole).all(axis=1))
