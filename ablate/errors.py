"""The one exception that users are meant to see, and the form of its messages."""

import difflib
import os
from collections.abc import Iterable

LIKENESS = 0.6  # from 0 to 1, of a word to one that was meant; difflib's own
SHORT = 40  # of what a user wrote, characters that a message repeats


FULL_ERROR = os.environ.get("HYDRA_FULL_ERROR", "0") not in ("", "0")  # whether the user wants tracebacks


class AblateError(Exception):
    """Bad input or a refusal, told in one line: what is wrong, what is allowed, what to do.

    The program prints the message without a traceback and ends with status 1.
    """


class UsageError(AblateError):
    """A command line that cannot be read at all. The program ends with status 2."""


def one_of(name: str, received: object, choices: Iterable[object]) -> str:
    """The message for a value that is none of the valid ones, as in `Unknown augment level 'flipp'. Choose from …`."""
    listed = [str(choice) for choice in choices]
    return f"Unknown {name} {shown(received)}. Choose from {', '.join(listed)}.{did_you_mean(received, listed)}"


def did_you_mean(received: object, choices: Iterable[str]) -> str:
    """The sentence that names the nearest choice, with a space before it; empty where none is near."""
    found = nearest(str(received), choices)
    return f" Did you mean '{found}'?" if found is not None else ""


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that a word was probably meant to be; None where none is near, or where it is one of them."""
    listed = list(dict.fromkeys(choices))
    if word in listed:
        return None
    folded = {choice.casefold(): choice for choice in reversed(listed)}
    if word.casefold() in folded:
        return folded[word.casefold()]
    close = difflib.get_close_matches(word, listed, n=1, cutoff=LIKENESS)
    if close:
        return close[0]
    begun = [choice for choice in listed if len(word) > 1 and choice.startswith(word)]
    return begun[0] if len(begun) == 1 else None


# What other programs call our keys.
ALIASES = {
    **dict.fromkeys(("learning_rate", "learningrate", "lrate", "eta"), "lr"),
    **dict.fromkeys(("bs", "batch", "batchsize", "minibatch"), "batch_size"),
    **dict.fromkeys(("iterations", "iters", "max_steps", "num_steps", "n_steps"), "steps"),
    **dict.fromkeys(("n_epochs", "num_epochs", "max_epochs"), "epochs"),
    **dict.fromkeys(("opt", "optim"), "optimizer"),
    **dict.fromkeys(("aug", "augmentation"), "augment"),
    **dict.fromkeys(("net", "network", "arch"), "model"),
    **dict.fromkeys(("wd", "l2"), "weight_decay"),
    **dict.fromkeys(("dataset", "data_set"), "data"),
    **dict.fromkeys(("jobs", "n_jobs", "num_workers", "n_workers"), "workers"),
    **dict.fromkeys(("scheduler", "lr_schedule"), "schedule"),
    **dict.fromkeys(("runs", "output", "out"), "store"),
}


def unknown_key(key: str, known: Iterable[str], of: str = "the config") -> str:
    """The message for a key that there is not, with the nearest one that there is, or all of them."""
    names = list(known)
    near = nearest(key, names) or (alias if (alias := ALIASES.get(key.casefold())) in names else None)
    if near is not None:
        return f"Unknown key '{key}'. Did you mean {near}?"
    return f"Unknown key '{key}'. The keys of {of} are {', '.join(names)}."


def shown(value: object) -> str:
    """A value as its user would write it, shortened where it is long: 'fast', 0.1, true, null, [on,off]."""
    if isinstance(value, str):
        text = repr(value)
    elif value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, list | tuple):
        text = f"[{','.join(map(_inner, value))}]"
    elif isinstance(value, dict):
        text = f"{{{','.join(f'{key}:{_inner(each)}' for key, each in value.items())}}}"
    elif isinstance(value, int):
        digits = int(value.bit_length() * 0.30103)  # more than a few thousand cannot be printed
        text = str(value) if digits < SHORT else f"a number of about {digits:,} digits"
    else:
        text = str(value)
    return text if len(text) <= 2 * SHORT else f"{text[: 2 * SHORT - 1]}…"


def _inner(value: object) -> str:
    return value if isinstance(value, str) else shown(value)


class Killed(AblateError):
    """The process of a training was killed by a signal, so that it may be tried again."""


class Stopped(Exception):
    """A training was asked to stop, and has saved a checkpoint at the step that is the message."""


class Diverged(Exception):
    """A training diverged at a step, for a reason."""

    def __init__(self, step: int, reason: str) -> None:
        super().__init__(step, reason)
        self.step, self.reason = step, reason
