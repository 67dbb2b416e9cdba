"""Main effects, interactions and Shapley values: contrasts over all arms of a design, computed within each seed."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablate.confidence import CONFIDENCE
from ablate.designs import interaction
from ablate.designs.phrases import ingredient, phrase
from ablate.errors import AblateError
from ablate.stats.intervals import student

Factors = Mapping[str, Sequence[str]]


class _Change(NamedTuple):
    """A factor switched from its first level to another one."""

    factor: str
    before: str
    after: str

    def __str__(self) -> str:
        return phrase(self)


Term = tuple[_Change, ...]  # one change for a main effect, two for an interaction


def contrasts(
    wide: pd.DataFrame, levels: pd.DataFrame, factors: Factors, effects: Sequence[Sequence[str]] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Main effects and two-factor interactions of a factorial design, or of a regular fraction of a two-level one.

    With a factor's first level as -1 and another one as +1, an effect is the mean over the arms in which the product of its
    factors is +1, minus the mean over those in which it is -1. So a main effect is averaged over all other factors, and an
    interaction is half of how much one factor's effect differs between two levels of the other. A factor with more levels has
    an effect for each level but the first, and an interaction for each pair of such levels; arms with its other levels do not
    count in it. Arms that are one training still count as arms.

    Reference: Box, Hunter and Hunter 2005, "Statistics for Experimenters", chapters 5 and 6.

    Args:
        wide: a value for each arm (row) and seed (column).
        levels: the level of each factor (column) in each arm (row).
        factors: the levels of each factor, first level first. What has one level alone has no effect.
        effects: the factors of each effect wanted; None for all main effects and two-factor interactions, and of those that
            the arms cannot tell apart the first.

    Returns:
        (a row an effect, its value in each seed). The second has a column a seed, missing where an arm has no value. Columns
        of the first:

        effect: its name, as in `no augmentation` or `augmentation × EMA`.
        kind: main or interaction.
        factors: a tuple of their names.
        aliases: the main effects and two-factor interactions that the arms cannot tell it from, each with the sign that it
            enters the contrast with.

    Raises:
        AblateError: the arms are those of no such design.

    Examples:
        The effect of ema is (84 + 90 - 80 - 82) / 2; the interaction is half of (90 - 84) - (82 - 80).

        >>> import pandas as pd
        >>> from ablate.stats import contrasts
        >>> levels = pd.DataFrame({"augment": ["off", "off", "on", "on"], "ema": ["off", "on", "off", "on"]})
        >>> wide = pd.DataFrame({0: [80.0, 84.0, 82.0, 90.0]})  # seed 0
        >>> effects, values = contrasts(wide, levels, {"augment": ["off", "on"], "ema": ["off", "on"]})
        >>> effects[["effect", "kind"]].join(values)
                       effect         kind    0
        0   with augmentation         main  4.0
        1            with EMA         main  6.0
        2  augmentation × EMA  interaction  2.0
    """
    terms = _terms(levels, factors, effects)
    frame = pd.DataFrame(
        {
            "effect": pd.Series([_name(term, factors) for term in terms], dtype="str"),
            "kind": pd.Series(["main" if len(term) == 1 else "interaction" for term in terms], dtype="str"),
            "factors": pd.Series([tuple(change.factor for change in term) for term in terms], dtype="object"),
            "aliases": pd.Series(_aliases(terms, levels, factors), dtype="str"),
        }
    )
    return frame, _within_seeds(_weights(terms, levels), wide)


def contrast_weights(levels: pd.DataFrame, factors: Factors, effects: Sequence[Sequence[str]] | None = None) -> pd.DataFrame:
    """How much each arm (column) counts in each effect (row): an effect is the sum of the arms' values with these weights.

    The positive weights of an effect sum to 1, the negative ones to -1. Args and errors as `contrasts`.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import contrast_weights
        >>> levels = pd.DataFrame({"augment": ["off", "off", "on", "on"], "ema": ["off", "on", "off", "on"]})
        >>> contrast_weights(levels, {"augment": ["off", "on"], "ema": ["off", "on"]})  # augment, ema, augment × ema
             0    1    2    3
        0 -0.5 -0.5  0.5  0.5
        1 -0.5  0.5 -0.5  0.5
        2  0.5 -0.5 -0.5  0.5
    """
    return _weights(_terms(levels, factors, effects), levels)


def shapley(wide: pd.DataFrame, levels: pd.DataFrame, factors: Factors) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What switching each factor adds, averaged over every order in which all of them can be switched; in points.

    With v(S) as the value of the arm that has its second level in the factors S and its first in the others, a factor's value
    is the sum over the sets S of the k - 1 other factors of |S|! (k - |S| - 1)! / k! (v(S + factor) - v(S)). The values of all
    factors sum to the difference between the arm with all second levels and the one with all first ones.

    Reference: Shapley 1953, "A value for n-person games".

    Args:
        wide, levels, factors: as in `contrasts`.

    Returns:
        (a row a factor: factor, and change, as in `no augmentation`; its value in each seed, missing where an arm has none).

    Raises:
        AblateError: the arms are no full two-level factorial.

    Examples:
        Switched first, augment adds 82 - 80; switched second, 90 - 84. Its value is their mean.

        >>> import pandas as pd
        >>> from ablate.stats import shapley
        >>> levels = pd.DataFrame({"augment": ["off", "off", "on", "on"], "ema": ["off", "on", "off", "on"]})
        >>> wide = pd.DataFrame({0: [80.0, 84.0, 82.0, 90.0]})  # seed 0
        >>> changes, values = shapley(wide, levels, {"augment": ["off", "on"], "ema": ["off", "on"]})
        >>> changes.join(values)
            factor             change    0
        0  augment  with augmentation  4.0
        1      ema           with EMA  6.0
    """
    others = [f"{name}={','.join(choices)}" for name, choices in factors.items() if len(choices) != 2]
    if others:
        raise AblateError(f"Shapley values need two levels of each factor, got {' '.join(others)}.")
    if not factors or not _full(levels, factors):
        raise AblateError(
            f"Shapley values need one arm for each combination of levels, got {_received(levels, factors)}. "
            "Use design=factorial."
        )
    count = len(factors)
    second = np.column_stack([levels[name] == choices[1] for name, choices in factors.items()])  # (arms, factors)
    sizes = second.sum(axis=1)
    # An arm with a factor's second level counts for it as v(S + factor), any other one as -v(S).
    shares = 1 / np.array([count * math.comb(count - 1, size) for size in range(count)])  # |S|! (k - |S| - 1)! / k! by |S|
    with_it, without_it = shares[np.maximum(sizes - 1, 0)], shares[np.minimum(sizes, count - 1)]
    weights = np.where(second, with_it[:, None], -without_it[:, None])  # (arms, factors)
    frame = pd.DataFrame(
        [{"factor": name, "change": str(_Change(name, *choices))} for name, choices in factors.items()], dtype="str"
    )
    return frame, _within_seeds(pd.DataFrame(weights.T, columns=levels.index), wide)


def pair_means(
    wide: pd.DataFrame, levels: pd.DataFrame, factors: Factors, least: float = -np.inf, most: float = np.inf
) -> pd.DataFrame:
    """The mean at each combination of two factors' levels, over all arms that have it; with its interval over seeds.

    Args:
        wide: a value for each arm (row) and seed (column).
        levels: the level of each factor (column) in each arm (row).
        factors: the levels of each factor, in drawing order; factors with only one level are left out.
        least, most: as for `arms`.

    Returns:
        A row a pair of factors and combination of their levels.

        first, second: the factors.
        first_level, second_level: their levels.
        n: the seeds of which every arm with both levels has a value.
        mean: over these arms and seeds.
        low, high: its plain 95% interval between the bounds; missing for one seed.

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import pair_means
        >>> levels = pd.DataFrame({"augment": ["off", "off", "on", "on"], "ema": ["off", "on", "off", "on"]})
        >>> wide = pd.DataFrame({0: [80.0, 84.0, 82.0, 90.0]})  # seed 0
        >>> means = pair_means(wide, levels, {"augment": ["off", "on"], "ema": ["off", "on"]})
        >>> means[["first_level", "second_level", "n", "mean"]]
          first_level second_level  n  mean
        0         off          off  1  80.0
        1         off           on  1  84.0
        2          on          off  1  82.0
        3          on           on  1  90.0
    """
    rows = []
    switched = {name: choices for name, choices in factors.items() if len(choices) > 1}
    for first, second in combinations(switched, 2):
        for before in switched[first]:
            for after in switched[second]:
                arms = wide[(levels[first] == before) & (levels[second] == after)]
                values = arms.mean(axis="index", skipna=False).dropna().to_numpy(dtype=float)
                mean, low, high = student(values, CONFIDENCE) if len(values) else (np.nan, np.nan, np.nan)
                low, high = np.clip([low, high], least, most)
                rows.append((first, second, before, after, len(values), float(mean), float(low), float(high)))
    names = ["first", "second", "first_level", "second_level", "n", "mean", "low", "high"]
    text = dict.fromkeys(names[:4], "str")
    return pd.DataFrame(rows, columns=names).astype(text | {"n": "int64"} | dict.fromkeys(names[5:], "float64"))


def _terms(levels: pd.DataFrame, factors: Factors, effects: Sequence[Sequence[str]] | None) -> list[Term]:
    """The contrasts of the effects, in the order of the effects and of the levels."""
    full = _full(levels, factors)
    if not full and not _regular(levels, factors):
        raise AblateError(
            "Effects over all arms need a factorial design or a regular fraction of a two-level one, got "
            f"{_received(levels, factors)}."
        )
    if effects is not None:
        return _of_effects(effects, factors)
    if full:
        return _every(factors)
    first: dict[bytes, Term] = {}  # what has the same signs in all arms, or the opposite ones, is one
    for term in _every(factors):
        signs = _signs(term, levels)
        first.setdefault((signs * signs[0]).tobytes(), term)
    return list(first.values())


def _every(factors: Factors) -> list[Term]:
    """All main effects and two-factor interactions, in the order of the command."""
    switched = [name for name, choices in factors.items() if len(choices) > 1]
    return _of_effects([*combinations(switched, 1), *combinations(switched, 2)], factors)


def _of_effects(effects: Sequence[Sequence[str]], factors: Factors) -> list[Term]:
    changes = {name: [_Change(name, choices[0], other) for other in choices[1:]] for name, choices in factors.items()}
    return [term for effect in effects for term in product(*(changes[name] for name in effect))]


def _full(levels: pd.DataFrame, factors: Factors) -> bool:
    """Whether each combination of levels is one arm."""
    different = len(levels[list(factors)].drop_duplicates())
    return len(levels) == different == math.prod(map(len, factors.values()))


def _regular(levels: pd.DataFrame, factors: Factors) -> bool:
    """Whether all factors have two levels, each effect as many arms of either sign, and any two are independent or one."""
    if any(len(choices) > 2 for choices in factors.values()):
        return False
    signs = _table(_every(factors), levels)
    return not signs.sum(axis=1).any() and bool(np.isin(np.abs(signs @ signs.T), (0, len(levels))).all())


def _signs(term: Term, levels: pd.DataFrame) -> NDArray[np.int64]:
    """The product of a term's factors in each arm, (arms,): -1, +1, or 0 where a factor has another level than the two."""
    signs = np.ones(len(levels), dtype=np.int64)
    for change in term:
        level = levels[change.factor].to_numpy()
        signs *= (level == change.after).astype(np.int64) - (level == change.before)
    return signs


def _table(terms: Sequence[Term], levels: pd.DataFrame) -> NDArray[np.int64]:
    """(terms, arms): the signs of each term."""
    return np.array([_signs(term, levels) for term in terms], dtype=np.int64).reshape(len(terms), len(levels))


def _weights(terms: Sequence[Term], levels: pd.DataFrame) -> pd.DataFrame:
    """(terms, arms): the signs, with those of a kind divided by how many arms have them."""
    signs = _table(terms, levels)
    counts = np.maximum(1, np.abs(signs).sum(axis=1, keepdims=True) / 2)
    return pd.DataFrame(signs / counts, columns=levels.index)


def _within_seeds(weights: pd.DataFrame, wide: pd.DataFrame) -> pd.DataFrame:
    """The weighted sums over arms in each seed of which every arm has a value; missing in the others."""
    values = wide.reindex(weights.columns)
    sums = pd.DataFrame(weights.to_numpy() @ values.to_numpy(dtype=np.float64), columns=values.columns)
    return sums.where(np.broadcast_to(values.notna().all().to_numpy(), sums.shape))


def _name(term: Term, factors: Factors) -> str:
    short = len(term) > 1 and all(len(factors[change.factor]) == 2 for change in term)
    return interaction([ingredient(change.factor).name if short else str(change) for change in term])


def _aliases(terms: Sequence[Term], levels: pd.DataFrame, factors: Factors) -> list[str]:
    """What has the same signs as each term in all arms, or the opposite ones; in a full factorial nothing has."""
    if _full(levels, factors):
        return [""] * len(terms)
    every = _every(factors)
    shared = _table(terms, levels) @ _table(every, levels).T  # (terms, effects)
    return [
        " ".join(
            f"{'+' if same > 0 else '−'} {interaction([ingredient(change.factor).name for change in other])}"
            for other, same in zip(every, row, strict=True)
            if abs(same) == len(levels) and other != term
        )
        for term, row in zip(terms, shared.tolist(), strict=True)
    ]


def _received(levels: pd.DataFrame, factors: Factors) -> str:
    written = " ".join(f"{name}={','.join(choices)}" for name, choices in factors.items())
    combined = math.prod(map(len, factors.values()))
    return f"{len(levels)} {'arm' if len(levels) == 1 else 'arms'}, with {combined} combinations of {written}"
