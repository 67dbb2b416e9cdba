"""The verdict on each comparison, and the rule behind it."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from ablate.confidence import POWER
from ablate.numbers import SAME
from ablate.stats.intervals import HELPS, HURTS, INCONCLUSIVE, NONE, decide, equivalence_level, family_level, within
from ablate.stats.outcomes import DIFFERS, OF_CODE, Outcome, words
from ablate.stats.paired import bounds
from ablate.stats.power import seeds_needed


class _Verdict(NamedTuple):
    verdict: Outcome
    seeds_needed: int | None = None
    limit: str = ""


def verdicts(
    estimates: pd.DataFrame,
    margin: float | None,
    better: int = 1,
    diverged: ArrayLike | None = None,
    against_diverged: ArrayLike | None = None,
    images: pd.DataFrame | None = None,
    all_diverged: ArrayLike | None = None,
    unstable: ArrayLike | None = None,
) -> pd.DataFrame:
    """What may be said of each comparison; see `rule`.

    Args:
        estimates: as from `estimates`; n, points, sd, and both intervals and their levels are read.
        margin: in its unit: what lies within ± margin counts as no effect. None: nothing does.
        better: 1 where more is better, -1 where less is.
        diverged, against_diverged: for each row, whether a seed of the arm diverged, or of what it is compared with. What is
            left of such an arm is its better seeds: it is not said to help, nor the other to hurt, nor either to do nothing.
        images: for each row what `new_images` found, of which sd_img is read where there is an interval.
        all_diverged: for each row, whether each of its seeds diverged in one of its arms.
        unstable: for each row, whether a run of either side is unstable: then it is not said to have no effect.

    Returns:
        `estimates` with more columns.

        verdict: helps, hurts, no effect, inconclusive or no verdict.
        under_margin: whether it helps or hurts with an equivalence interval that lies within ± margin.
        seeds_needed: where inconclusive, the fewest seeds, more than there are, that give a verdict, and a right one, in 80% of
            studies if mean and deviation are the true ones; missing where more than MOST_SEEDS, or where no number would.
        limit: what more seeds do not mend. "one seed"; "every seed diverged", so that none is complete; "alike": all seeds gave
            the same difference, so that there is no interval; "diverged": there would be a verdict, but for a seed that
            diverged; "unstable": there would be no effect, but for an unstable run; "images": seeds would tell of this test
            set, but for new images there are too few test images, whatever the number of seeds; else "".

    Examples:
        >>> import pandas as pd
        >>> from ablate.stats import estimates, family_level, verdicts
        >>> samples = pd.DataFrame([[3.0, 3.1, 3.2], [0.0, 0.1, -0.1], [-1.0, 0.0, 1.0]])  # three comparisons, three seeds
        >>> found = verdicts(estimates(samples, family_level(3)), margin=0.5)
        >>> found[["points", "low", "high", "verdict", "seeds_needed"]].round(2)
           points   low  high       verdict  seeds_needed
        0     3.1  2.66  3.54         helps          <NA>
        1     0.0 -0.44  0.44     no effect          <NA>
        2     0.0 -4.42  4.42  inconclusive            49
    """
    rows = len(estimates)
    none = np.zeros(rows, dtype=bool)
    gone, others, every, fell = (
        none if each is None else np.asarray(each, dtype=bool) for each in (diverged, against_diverged, all_diverged, unstable)
    )
    known = pd.Series(math.nan, range(rows)) if images is None else images["sd_img"].where(images["low_new"].notna())
    of_images = known.to_numpy(dtype=np.float64)
    family, equivalence = bounds(estimates)
    codes = decide(family, equivalence, margin)
    told = [
        _verdict(row, int(code), margin, better, (bool(arm), bool(other)), float(sd_img), bool(falls))
        for row, code, arm, other, sd_img, falls in zip(
            estimates.itertuples(), codes, gone, others, of_images, fell, strict=True
        )
    ]
    lost = every & (estimates["n"] == 0).to_numpy()
    frame = pd.DataFrame(told, columns=list(_Verdict._fields), index=estimates.index)
    frame = frame.astype({"verdict": "str", "seeds_needed": "Int64", "limit": "str"})
    frame["limit"] = frame["limit"].mask(lost, "every seed diverged")
    frame.insert(1, "under_margin", frame["verdict"].isin(DIFFERS) & within(*equivalence, margin))
    return pd.concat([estimates, frame], axis="columns")


def _verdict(
    row: Any, code: int, margin: float | None, better: int, diverged: tuple[bool, bool], sd_img: float, unstable: bool
) -> _Verdict:
    """That of one row of estimates. diverged: whether a seed did, of the arm and of what it is compared with."""
    if row.n < 2:
        return _Verdict(Outcome.NO_VERDICT, limit="one seed" if row.n == 1 else "")
    if row.sd <= SAME:
        return _Verdict(Outcome.INCONCLUSIVE, limit="alike")
    barred = {HELPS: diverged[0], HURTS: diverged[1], NONE: any(diverged) or unstable}
    why = "diverged" if any(diverged) else "unstable" if unstable else ""
    if code != INCONCLUSIVE:
        told = code * better
        return _Verdict(Outcome.INCONCLUSIVE, limit=why) if barred[told] else _Verdict(OF_CODE[told])
    size = abs(row.points)
    differs = size > 0 and not barred[HELPS if row.points * better > 0 else HURTS]
    same = margin is not None and size < margin and not barred[NONE]
    if not differs and not same:
        return _Verdict(Outcome.INCONCLUSIVE, limit=why)
    needed = seeds_needed(row.n, row.points, row.sd, row.level, margin if same else None)
    # how far half an interval may reach; of new images it is never shorter than what the images leave of it
    reach = [(row.level, size)] if differs else []
    if same and margin is not None:
        reach.append((row.equivalence_level, margin - size))
    few = all(special.ndtri((1 + level) / 2) * sd_img > distance for level, distance in reach)
    return _Verdict(Outcome.INCONCLUSIVE, needed, limit="images" if few else "")


LEVEL_SHARED = "Bonferroni-adjusted; at each further look the level is stricter and intervals are wider"
UNLESS = "(assuming no arm occasionally collapses)"
GUARANTEE = f"The chance that any verdict here is wrong is at most 5% {UNLESS}."

NEW_IMAGES = " The interval for new images also allows for other images; † marks a verdict that it would change."


def percent(level: float) -> str:
    """A level as readers see it, with as many digits as its distance to 100% needs: 95%, 99.17%.

    Examples:
        >>> from ablate.stats import percent
        >>> percent(0.95), percent(1 - 0.05 / 6)
        ('95%', '99.17%')
    """
    rest = 100 * (1 - level)
    digits = max(0, 1 - math.floor(math.log10(rest)))
    text = f"{100 * level:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if digits else text}%"


def percents(levels: Sequence[float]) -> str:
    """Levels as readers see them, from the lowest to the highest where they differ.

    Examples:
        >>> from ablate.stats import percents
        >>> percents([0.95, 0.95]), percents([0.975, 0.95])
        ('95%', '95% to 97.5%')
    """
    shown = [percent(level) for level in sorted(levels)]
    return " to ".join(dict.fromkeys((shown[0], shown[-1])))


def equivalence_percents(levels: Sequence[float]) -> str:
    """The levels of the equivalence intervals that go with family intervals at these levels, as readers see them.

    Examples:
        >>> from ablate.stats import equivalence_percents
        >>> equivalence_percents([0.95]), equivalence_percents([0.975, 0.95])
        ('90%', '90% to 95%')
    """
    return percents([equivalence_level(level) for level in levels])


def barred(what: str = "difference", get: str = "get") -> str:
    """What is not said after a seed diverged, since what is left of an arm then is its better seeds.

    Args:
        what: as for `rule`.
        get: the verb, `get` or `got`.

    Examples:
        >>> from ablate.stats import barred
        >>> barred()
        'If a seed diverged, the comparisons it touches get no favorable verdict.'
    """
    if what == "effect":
        return f"If a seed diverged, the effects it touches {get} no favorable verdict, and its interactions {get} none."
    return f"If a seed diverged, the comparisons it touches {get} no favorable verdict."


def rule(
    judged: int,
    looks: int,
    margin: float | None,
    points: str = "pp",
    what: str = "difference",
    fixed: str = "",
    planned: bool = True,
    new_images: bool = True,
    images: bool = True,
    levels: Sequence[float] = (),
    promise: str = GUARANTEE,
    unpaired: int = 0,
) -> Sequence[str]:
    """The rule behind the verdicts, for under the table, a line each.

    Args:
        judged, looks: as for `family_level`.
        margin: in points.
        points: the unit of a difference.
        what: is judged, a difference or an effect.
        fixed: when the margin was, empty where it was not.
        planned: whether everything was, including this look, so that the error rate holds for all verdicts together.
        new_images: whether intervals for new images are shown, too.
        images: whether runs are evaluated on images.
        levels: of the interval of each row, where these are not those of `judged` and `looks`.
        promise: what holds of all verdicts together, where all was planned.
        unpaired: how many are made without pairs, since their arms share no seed.

    Examples:
        >>> from ablate.stats import rule
        >>> for line in rule(judged=3, looks=1, margin=0.5)[:3]:
        ...     print(line)
        Paired t-intervals over seeds, Bonferroni-adjusted for 3 comparisons (98.3% each). Verdicts use only these.
        helps, hurts: the 98.3% adjusted CI excludes 0; "by less than 0.5" if the 96.7% equivalence CI is within ± 0.5 pp.
        no effect (within ± 0.5): the narrower 96.7% equivalence CI (two one-sided tests) lies within ± 0.5 pp.
    """
    compared = "comparison" if what == "difference" else what
    among = f"{judged} {compared}{'' if judged == 1 else 's'}" + (f" × {looks} looks" if looks > 1 else "")
    at = levels or [family_level(judged, looks)]
    family, equivalence = percents(at), equivalence_percents(at)
    share = f", Bonferroni-adjusted for {among} ({family} each)" if judged * looks > 1 else f" at {family}"
    if levels:
        share = f" at {family}, {LEVEL_SHARED}"
    made = "Paired t-intervals over seeds" if what == "difference" else "t-intervals over seeds, of effects within each seed"
    if unpaired:
        made = f"{made} (Welch's where arms share none)" if unpaired < judged else "Welch's t-intervals (arms share no seeds)"
    inside = (
        ""
        if margin is None
        else f'; "by less than {margin:g}" if the {equivalence} equivalence CI is within ± {margin:g} {points}'
    )
    lines = [
        f"{made}{share}. Verdicts use only these.",
        f"{Outcome.HELPS}, {Outcome.HURTS}: the {family} {'adjusted ' if judged * looks > 1 else ''}CI excludes 0{inside}.",
    ]
    if margin is not None:
        since = f", fixed {fixed}" if fixed else ""
        lies = f"the narrower {equivalence} equivalence CI (two one-sided tests) lies within ± {margin:g} {points}{since}"
        lines.append(f"{words(Outcome.NO_EFFECT).format(margin=f'{margin:g}')}: {lies}.")
    same = "new trainings tested on the same images." if images else "new trainings, evaluated in the same way."
    return [
        *lines,
        f"{Outcome.INCONCLUSIVE}: anything else, with the number of seeds that would settle it if the true {what} is the one "
        f"found ({100 * POWER:g}% power). One seed gives {Outcome.NO_VERDICT}.",
        barred(what),
        *([promise] if planned else []),
        f"Verdicts hold for {same}{NEW_IMAGES if new_images else ''}",
    ]
