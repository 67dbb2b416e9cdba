"""How often the verdicts of a study are wrong, for the rule of the project and for others: studies drawn at random.

    python tests/bench/simulate.py simulation.csv           simulate and write the table
    python tests/bench/simulate.py --show simulation.csv    print the tables of the record

Points throughout. The difference of two runs of one seed has a deviation of 0.3, as trainings on CIFAR-10 have.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import rivals
from numpy.typing import NDArray
from scipy import special

from ablate.stats import HELPS, HURTS, NONE, crossed, family_level

Floats = NDArray[np.float64]

STUDIES, FEWER = 20_000, 2_000  # fewer where a rule is slow
SEEDS = (3, 5, 8, 20)
ARMS = (1, 6, 12, 30)
MARGIN = 0.5
PAIRED_DEVIATION = 0.3
POWER = (0.3, 0.5, 1.0, 2.0)
SHARED = 0.8  # of the variance of a run, where two arms are readouts of one training

OURS, BEFORE = "two intervals", "one interval"
RULES: dict[str, tuple[rivals.Rule, int]] = {
    OURS: (rivals.two_intervals, STUDIES),
    BEFORE: (rivals.one_interval, STUDIES),
    "plain 95% intervals": (rivals.plain_intervals, STUDIES),
    "Holm on paired t": (rivals.holm, STUDIES),
    "Holm, one verdict an arm": (rivals.holm_once, STUDIES),
    "fixed sequence": (rivals.fixed_sequence, STUDIES),
    "moderated deviations": (rivals.moderated, STUDIES),
    "Dunnett, one deviation": (rivals.dunnett, STUDIES),
    "BCa bootstrap": (rivals.bootstrap, FEWER),
    "sign-flip, Holm": (rivals.sign_flips, FEWER),
}
COMPARED_AT, COMPARED_SEEDS = 6, (5, 20)  # arms for rules other than ours, and seeds that the record shows

SCATTERS = ("equal", "one arm x 4", "baseline x 4", "heavy tails", "skewed runs", "shared readouts")
LIMIT = "all arms skewed, x 4"  # where the rule fails
# The true differences of the arms, in turns. Those at the margin are the hardest for "no effect".
EFFECTS = {
    "0": (0.0,),
    "± margin": (MARGIN, -MARGIN),
    "between": (MARGIN / 2, -0.9 * MARGIN, 0.1 * MARGIN, -MARGIN / 2),
    "mixed": (0.3, 0.0, -MARGIN, MARGIN, 1.0, -2.0),
}
SAME = "A/A"  # studies of arms that are the baseline itself
SAME_DEVIATION = 0.35
SAME_CELLS = ((1, 5), (6, 8))  # arms and seeds

IMAGES = (1_000, 10_000)
IMAGE_LEVELS = {"95%": 0.95, "family of 6": family_level(6)}
CROSSED, NESTED = "seeds crossed with images", "nested bootstrap"
SEED_SHIFTS = {"seeds alike": 0.0, "seeds differ": 0.02}


class Row(NamedTuple):
    """One cell of the simulation.

    wrong: the share of studies with any wrong verdict. coverage: the share in which all intervals hold the truth. found: of
    differences other than 0, the share rightly said to help or to hurt. none: of those within the margin, the share said to be
    no effect.
    """

    rule: str
    scatter: str
    effects: str
    arms: int
    seeds: int
    studies: int
    wrong: float
    coverage: float
    found: float
    none: float


def noise(generator: np.random.Generator, scatter: str, arms: int, seeds: int) -> Floats:
    """Runs without effects, shape (STUDIES, 1 + arms, seeds); what all arms of a seed share cancels, so there is none."""
    run = PAIRED_DEVIATION / np.sqrt(2)
    shape = (STUDIES, 1 + arms, seeds)
    if scatter == "heavy tails":
        return run * generator.standard_t(3, shape) / np.sqrt(3)
    if scatter == "skewed runs":  # some fall far below the others
        return run * (1 - generator.standard_exponential(shape))
    values = run * generator.standard_normal(shape)
    if scatter == "one arm x 4":
        values[:, -1] *= 4
    elif scatter == "baseline x 4":
        values[:, 0] *= 4
    elif scatter == LIMIT:
        values[:, 1:] = 4 * run * (1 - generator.standard_exponential((STUDIES, arms, seeds)))
    elif scatter == "shared readouts":  # two arms each, the baseline with the first
        trainings = run * generator.standard_normal((STUDIES, arms // 2 + 1, seeds))
        shared = np.repeat(trainings, 2, axis=1)[:, : 1 + arms]
        values = np.sqrt(1 - SHARED) * values + np.sqrt(SHARED) * shared
    return values


def same_arms() -> Iterator[Row]:
    """Studies without any effect, as the rule judges them and as it did before."""
    for arms, seeds in SAME_CELLS:
        shape = (STUDIES, 1 + arms, seeds)
        runs = SAME_DEVIATION / np.sqrt(2) * np.random.default_rng([4, arms, seeds]).standard_normal(shape)
        for rule in (BEFORE, OURS):
            found = judged(rule, runs, np.zeros(arms))
            yield Row(rule, f"equal, {SAME_DEVIATION:g}", SAME, arms, seeds, STUDIES, *found)


def judged(rule: str, runs: Floats, truth: Floats) -> tuple[float, float, float, float]:
    """(wrong, coverage, found, none) of a rule; see `Row`."""
    codes, intervals = RULES[rule][0](runs, MARGIN)
    wrong = (codes == HELPS) & (truth <= 0) | (codes == HURTS) & (truth >= 0) | (codes == NONE) & (np.abs(truth) >= MARGIN)
    coverage = np.nan
    if intervals is not None:
        coverage = ((intervals[0] < truth) & (truth < intervals[1])).all(axis=1).mean()
    there, small = truth != 0, np.abs(truth) < MARGIN
    found = (codes == np.where(truth > 0, HELPS, HURTS))[:, there].mean() if there.any() else np.nan
    none = (codes == NONE)[:, small].mean() if small.any() else np.nan
    return wrong.any(axis=1).mean(), coverage, found, none


def verdicts() -> Iterator[Row]:
    """Studies of each kind, judged by our rule and the one before, and those of 6 arms also by the others."""
    cells: list[tuple[str, str, Sequence[float], int, int]] = [
        (scatter, name, effects, arms, seeds)
        for scatter in (*SCATTERS, LIMIT)
        for name, effects in EFFECTS.items()
        for arms in ARMS
        for seeds in SEEDS
    ]
    cells += [("equal", f"all {effect:g}", (effect,), COMPARED_AT, seeds) for effect in POWER for seeds in SEEDS]
    for number, (scatter, name, effects, arms, seeds) in enumerate(cells):
        truth = np.resize(effects, arms)
        runs = noise(np.random.default_rng([1, number]), scatter, arms, seeds)
        runs[:, 1:] += truth[:, None]
        for rule, (_, studies) in RULES.items():
            if rule in (OURS, BEFORE) or arms == COMPARED_AT:
                yield Row(rule, scatter, name, arms, seeds, studies, *judged(rule, runs[:studies], truth))


def image_studies(
    generator: np.random.Generator, seeds: int, images: int, shift: float
) -> Iterator[tuple[NDArray[Any], float]]:
    """(d of shape (seeds, images), the true difference as a fraction): two arms that are right where a latent value is above 0.

    It is the sum of the arm's own level, how easy the image is, what the arm can do with it whatever the seed, how good the
    training of the seed is, and what is left to chance: accuracies of about 80%, a point apart, with runs that differ on 15%
    of the images.
    """
    parts = np.array([1.0, 0.35, shift, 0.5])  # deviations: image, image and arm, seed and arm, chance
    total = np.sqrt(np.square(parts).sum())
    levels = special.ndtri([0.80, 0.81]) * total
    true = 0.01
    for _ in range(FEWER):
        image = parts[0] * generator.standard_normal(images, dtype=np.float32)
        right = [
            level
            + image
            + parts[1] * generator.standard_normal(images, dtype=np.float32)
            + parts[2] * generator.standard_normal((seeds, 1), dtype=np.float32)
            + parts[3] * generator.standard_normal((seeds, images), dtype=np.float32)
            > 0
            for level in levels
        ]
        yield right[1].astype(np.int8) - right[0], true


def new_images() -> Iterator[Row]:
    """How often the intervals for new images hold the truth."""
    number = 0
    for images in IMAGES:
        for kind, shift in SEED_SHIFTS.items():
            for seeds in SEEDS:
                number += 1
                generator, draws = np.random.default_rng([2, number]), np.random.default_rng([3, number])
                held = {(rule, name): 0 for rule in (CROSSED, NESTED) for name in IMAGE_LEVELS}
                for d, true in image_studies(generator, seeds, images, shift):
                    found = {
                        CROSSED: [crossed(d, level)[-2:] for level in IMAGE_LEVELS.values()],
                        NESTED: rivals.nested_bootstrap(d, list(IMAGE_LEVELS.values()), draws),
                    }
                    for rule, intervals in found.items():
                        for name, (low, high) in zip(IMAGE_LEVELS, intervals, strict=True):
                            held[rule, name] += bool(low < true < high)
                for (rule, name), count in held.items():
                    scatter = f"{images:,} images, {kind}"
                    yield Row(rule, scatter, name, 1, seeds, FEWER, np.nan, count / FEWER, np.nan, np.nan)


def tables(frame: pd.DataFrame) -> Iterator[str]:
    """The tables of the record in markdown, in %; the worst over what they do not name."""
    families = frame[frame["effects"].isin(EFFECTS)]
    ours, rest = families[families["rule"] == OURS], families[families["arms"] == COMPARED_AT]
    same = frame[frame["effects"] == SAME]
    power = frame[frame["effects"].str.startswith("all ")].rename(columns={"effects": "effect"})
    images = frame[frame["rule"].isin([CROSSED, NESTED])].rename(columns={"effects": "level", "scatter": "images"})
    by_noise = ours.rename(columns={"scatter": "noise"})
    yield _table(by_noise, ["noise", "arms"], "seeds", "wrong", "max")
    yield _table(ours[ours["scatter"] != LIMIT], ["effects"], "seeds", "wrong", "max")
    yield _table(by_noise, ["noise"], "seeds", "coverage", "min")
    for seeds in COMPARED_SEEDS:
        yield _table(rest[rest["seeds"] == seeds], ["rule"], "scatter", "wrong", "max")
    yield _table(same, ["arms", "seeds"], "rule", "none", "min")
    yield _table(power, ["effect", "rule"], "seeds", "found", "min")
    yield _table(images, ["images", "level", "rule"], "seeds", "coverage", "min")


def _table(frame: pd.DataFrame, index: list[str], columns: str, values: str, worst: str) -> str:
    wide = frame.pivot_table(index=index, columns=columns, values=values, aggfunc=worst, sort=False)
    head = [*index, *(f"{name} seeds" if columns == "seeds" else str(name) for name in wide.columns)]
    rows = [
        [*(str(part) for part in (label if isinstance(label, tuple) else (label,))), *(f"{100 * value:.1f}" for value in row)]
        for label, row in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    rule = ["---"] * len(index) + ["---:"] * len(wide.columns)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


if __name__ == "__main__":
    if sys.argv[1] == "--show":
        print("\n\n".join(tables(pd.read_csv(sys.argv[2], dtype={"effects": "str"}))))
    else:
        frame = pd.DataFrame([*verdicts(), *same_arms(), *new_images()])
        frame.to_csv(Path(sys.argv[1]), index=False, float_format="%.4f")
