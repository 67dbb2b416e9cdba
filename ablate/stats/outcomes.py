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


class Shown(NamedTuple):
    """How an outcome is shown.

    sign, marker: in the text of a figure, and as Matplotlib names it. color: of the marker. tone: of a row of the page; its
    stylesheet has a color for each but "". plain, interaction, total: what a table says of a difference or a main effect, of an
    interaction of factors, and of the sum of interactions that cannot be told apart; with {margin} in points, and {why} there
    is no more to say. twice: the word for the difference of one change's effects in two sweeps. plural: the verb of several
    changes.
    """

    sign: str
    marker: str
    color: str
    tone: str
    plain: str
    interaction: str
    total: str
    twice: str
    plural: str = ""


_DEPEND, _ADD_UP = "interact", "add up (within ± {margin})"
_SUM, _NO_SUM = "sum is not 0", "sum is 0 (within ± {margin})"
_NO_EFFECT = "no effect (within ± {margin})"
_OPEN, _NO_VERDICT = "inconclusive: {why}", "no verdict: {why}"

SHOWN: Mapping[Outcome, Shown] = {
    Outcome.HELPS: Shown("▲", "^", "#005b86", "helps", "helps", _DEPEND, _SUM, "differs", "help"),
    Outcome.HURTS: Shown("▼", "v", "#c05a0b", "hurts", "hurts", _DEPEND, _SUM, "differs", "hurt"),
    Outcome.NO_EFFECT: Shown("■", "s", "#7b848e", "none", _NO_EFFECT, _ADD_UP, _NO_SUM, "same effect"),
    Outcome.INCONCLUSIVE: Shown("◇", "D", "white", "inconclusive", _OPEN, _OPEN, _OPEN, Outcome.INCONCLUSIVE),
    Outcome.NO_VERDICT: Shown("×", "x", "#15181c", "", _NO_VERDICT, _NO_VERDICT, _NO_VERDICT, Outcome.NO_VERDICT),
}


def words(outcome: Outcome, interaction: bool = False, total: bool = False) -> str:
    """What a table says of what was compared.

    Args:
        interaction: whether that is an interaction of factors, or a sum of them.
        total: whether it is a sum of what cannot be told apart; of a main effect that changes nothing.
    """
    shown = SHOWN[outcome]
    return shown.plain if not interaction else shown.total if total else shown.interaction
