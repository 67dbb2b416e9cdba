"""Sweeps of a data set that has got a length of its own since: a command that gives none is another sweep now."""

from collections.abc import Sequence
from contextlib import suppress

from ablate import escaping
from ablate.config import usual_length
from ablate.config.syntax import key_of
from ablate.errors import AblateError
from ablate.store import SWEEP, sweep_file, sweep_names


def told(words: Sequence[str]) -> list[str]:
    """A line for each sweep in multirun/ of the same factors whose command gave no length either, with the one that it had.

    Args:
        words: of the command, without the length.
    """
    keys = {key_of(word) for word in words}
    lines = []
    for folder in sweep_names.known():
        with suppress(AblateError):  # one that is damaged is another's matter
            file = sweep_file.read(folder) if (folder / SWEEP).is_file() else None
            runs = () if file is None or file.sweep.study else file.sweep.runs
            if file is None or not runs or not usual_length.added([*runs[0].overrides, *file.sweep.factors]):
                continue
            if set(file.sweep.factors) <= keys:
                length = f"steps={runs[0].readout.step} eval_every={runs[0].eval_every}"
                name = escaping.command([sweep_names.shortest(folder)])
                lines.append(f"{folder} was begun with {length}, the defaults before. Continue it with ablate -m {name}")
    return lines
