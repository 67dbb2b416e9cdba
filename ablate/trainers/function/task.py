"""A Python function that is to be trained, as `ablate.sweep` is given it, and as it is sent to the processes that train."""

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any

from ablate.errors import AblateError, shown
from ablate.store.sweep_check import EVAL_ON
from ablate.system.contents import Digest, digest
from ablate.trainers.predicted import Labels

SHORT = 16  # characters of a digest, that name it on a command line
TAKES = ("config", "seed", "log", EVAL_ON)  # the parameters that a function may have
_KNOWN: dict[str, "Task"] = {}  # by digest, those of this process


class Task:
    """A function, and what it is known to do.

    Args:
        function: one that takes parameters of `TAKES`, the seed among them.
        version: what stands for its content where that is not to be looked at.
        labels: the true classes of the test examples, where it logs predicted ones.
        searched: whether a search trains it, which leaves out predictions without labels.

    Raises:
        AblateError: it takes others, or its content cannot be known.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        version: str | None = None,
        labels: Labels | None = None,
        searched: bool = False,
    ) -> None:
        if not callable(function):
            raise AblateError(f"What is trained must be a function, as in def train(config, seed, log), got {function!r:.40}.")
        self.name = str(getattr(function, "__qualname__", type(function).__qualname__))
        self.takes = _taken(function, self.name)
        if version is not None and (not isinstance(version, str) or not version):
            raise AblateError(f'version must be a string, as in version="2", got {shown(version)}.')
        self.digest: Digest = digest(function, version)
        self.labels, self.searched = labels, searched
        self._function: Callable[..., Any] | None = function

    @property
    def key(self) -> str:
        """What names it on a command line."""
        return self.digest.text[:SHORT]

    @property
    def is_here(self) -> bool:
        """Whether it was made in this process, rather than sent to it."""
        return self._function is not None or self.digest.text in _KNOWN

    @cached_property
    def pickled(self) -> bytes:
        """What another process makes the function of.

        Raises:
            AblateError: it cannot be sent there.
        """
        import cloudpickle

        try:
            content: bytes = cloudpickle.dumps(self._function)
        except Exception as error:  # whatever the classes of the user's values raise
            reason = " ".join(str(error).split()) or type(error).__name__
            raise AblateError(
                f"{self.name} cannot be sent to another process: {reason}. Pass workers=0 to train in this one."
            ) from None
        return content

    def __getstate__(self) -> dict[str, Any]:
        kept = {key: getattr(self, key) for key in ("name", "takes", "digest", "labels", "searched", "pickled")}
        return kept | {"_function": None}

    @property
    def function(self) -> Callable[..., Any]:
        """The function; in another process it is made once, so that what it keeps is there for the next training.

        Raises:
            AblateError: this process cannot make it, or has other values than where it was sent from.
        """
        known = self if self._function is not None else _KNOWN.get(self.digest.text)
        if known is None:
            self._function = self._made()
            self.digest.check()
            known = _KNOWN[self.digest.text] = self
        assert known._function is not None
        return known._function

    def _made(self) -> Callable[..., Any]:
        import cloudpickle

        try:
            made: Callable[..., Any] = cloudpickle.loads(self.pickled)
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise AblateError(
                f"{self.name} cannot be loaded in another process: {reason}. Pass workers=0 to train in this one."
            ) from error
        return made


def keep(task: Task) -> None:
    """Have a task found by its key from now on."""
    _KNOWN[task.digest.text] = task


def find(key: str) -> Task | None:
    """The task of a key; None where this process has none."""
    return next((task for text, task in _KNOWN.items() if text.startswith(key)), None)


def _taken(function: Callable[..., Any], name: str) -> tuple[str, ...]:
    """Which of `TAKES` a function has as parameters."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise AblateError(f"The parameters of {name} are not known. Wrap it in a function of your own.") from None
    named = [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    positional = [each for each in parameters if each.kind is each.POSITIONAL_ONLY]
    others = [each.name for each in (*positional, *named) if each.name not in TAKES or each in positional]
    required = [each.name for each in (*positional, *named) if each.name in others and each.default is each.empty]
    if required:
        raise AblateError(f"{name} requires {required[0]}, which ablate does not pass. It passes only {', '.join(TAKES)}.")
    found = tuple(one for one in TAKES if one in [each.name for each in named])
    for needed in ("config", "seed"):
        if needed not in found and not any(each.kind is each.VAR_KEYWORD for each in parameters):
            what = "all its runs would be the same" if needed == "config" else "its seeds would change nothing"
            raise AblateError(f"{name} has no parameter {needed}, so that {what}. Write def {name}(config, seed, log).")
    takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters)
    return tuple(one for one in TAKES if one in found or (takes_all and one != EVAL_ON))
