"""The steps and evaluation grid of a data set that has its own, where a command gives none.

They become words of the command: whatever is noted of it has them, and no key has another default than conf/config.yaml gives.
"""

from collections.abc import Sequence

from ablate.config import own
from ablate.config.syntax import key_of
from ablate.data import SETS

LENGTH = ("steps", "epochs", "eval_every")
OTHERS = ("study", "trainer")  # that have their own


def added(words: Sequence[str]) -> list[str]:
    """The words that a command gets behind its own, as `steps=120`; none where it gives any of LENGTH, or one of OTHERS.

    Examples:
        >>> from ablate.config.usual_length import added
        >>> added(["data=digits", "augment=on,off"]), added(["data=digits", "steps=50"]), added(["augment=on,off"])
        (['steps=120', 'eval_every=30'], [], [])
    """
    given = {key_of(word): word.partition("=")[2] for word in words}
    if given.keys() & {*LENGTH, *OTHERS} or own.is_own(words):
        return []
    source = SETS.known(given["data"]) if "data" in given else None
    usual = {} if source is None else dict(source.usual)
    if "optuna" in (given.get("sweeper"), given.get("hydra/sweeper")):
        usual.pop("eval_every", None)  # the trials of a search are evaluated by epochs
    return [f"{key}={value}" for key, value in usual.items()]
