"""What can come out of a comparison: the one table of its words, marks and colors, which all that shows a verdict reads."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from ablate.stats.intervals import HELPS, HURTS, INCONCLUSIVE, NONE


class Outcome(StrEnum):
    """A verdict, by the word that frames and CSV files have for it.

    Examples:
        >>> from ablate.stats import Outcome
        >>> [str(outcome) for outcome in Outcome]
        ['helps', 'hurts', 'no effect', 'inconclusive', 'no verdict']
    """

    HELPS = "helps"
    HURTS = "hurts"
    NO_EFFECT = "no effect"
    INCONCLUSIVE = "inconclusive"
    NO_VERDICT = "no verdict"


OF_CODE = {HELPS: Outcome.HELPS, HURTS: Outcome.HURTS, NONE: Outcome.NO_EFFECT, INCONCLUSIVE: Outcome.INCONCLUSIVE}
DIFFERS = (Outcome.HELPS, Outcome.HURTS)  # the difference is not 0
DECIDED = (*DIFFERS, Outcome.NO_EFFECT)


class Words(NamedTuple):
    """How an outcome is said.

    cell: of one comparison, in a table; with {margin} in points, and {why} there is no more to say. one, more: after the count
    of the comparisons that have it; with {beyond} for the margin.
    """

    cell: str
    one: str
    more: str


class Shown(NamedTuple):
    """How an outcome is shown.

    sign, marker: in the text of a figure, and as Matplotlib names it. color: of the marker. tone: of a row of the page; its
    stylesheet has a color for each but "". plain, interaction, total: the words for a difference or a main effect, for an
    interaction of factors, and for the sum of interactions that cannot be told apart. twice: the word for the difference of
    one change's effects in two sweeps.
    """

    sign: str
    marker: str
    color: str
    tone: str
    plain: Words
    interaction: Words
    total: Words
    twice: str


_DEPEND = Words("interact", "is an interaction", "are interactions")
_ADD_UP = Words("add up (within ± {margin})", "is no interaction{beyond}", "are no interactions{beyond}")
_SUM = Words("sum is not 0", "is a sum of interactions that is not 0", "are sums of interactions that are not 0")
_NO_SUM = Words("sum is 0 (within ± {margin})", "is a sum of no interactions{beyond}", "are sums of no interactions{beyond}")
_NO_EFFECT = Words("no effect (within ± {margin})", "has no effect{beyond}", "have no effect{beyond}")
_OPEN = Words("inconclusive: {why}", "is inconclusive", "are inconclusive")
_NO_VERDICT = Words("no verdict: {why}", "has no verdict", "have no verdict")
_HELPS, _HURTS = Words("helps", "helps", "help"), Words("hurts", "hurts", "hurt")

SHOWN: Mapping[Outcome, Shown] = {
    Outcome.HELPS: Shown("▲", "^", "#005b86", "helps", _HELPS, _DEPEND, _SUM, "differs"),
    Outcome.HURTS: Shown("▼", "v", "#c05a0b", "hurts", _HURTS, _DEPEND, _SUM, "differs"),
    Outcome.NO_EFFECT: Shown("■", "s", "#7b848e", "none", _NO_EFFECT, _ADD_UP, _NO_SUM, "same effect"),
    Outcome.INCONCLUSIVE: Shown("◇", "D", "white", "inconclusive", _OPEN, _OPEN, _OPEN, Outcome.INCONCLUSIVE),
    Outcome.NO_VERDICT: Shown("×", "x", "#15181c", "", _NO_VERDICT, _NO_VERDICT, _NO_VERDICT, Outcome.NO_VERDICT),
}


def words(outcome: Outcome, interaction: bool = False, total: bool = False) -> Words:
    """The words for what was compared.

    Args:
        interaction: whether that is an interaction of factors, or a sum of them.
        total: whether it is a sum of what cannot be told apart; of a main effect that changes nothing.
    """
    shown = SHOWN[outcome]
    return shown.plain if not interaction else shown.total if total else shown.interaction
