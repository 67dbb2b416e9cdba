"""Checkpoints: the whole state of a training in one npz without pickle, with a checksum, written whole or not at all."""

import hashlib
import io
import logging
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablate.recipe import Recipe
from ablate.store import Trajectory, write_atomically
from ablate.training.network import Network

log = logging.getLogger(__name__)

# What reading a file raises whose bytes are not those that were written. A file that cannot be read at all is no such case.
DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    SyntaxError,
    NotImplementedError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass
class Progress:
    """How far a training is: all its state but the variables.

    step: updates done. loss_sum, loss_count: cross-entropies summed since the last multiple of eval_every.
    seconds: time spent in updates.
    """

    step: int = 0
    loss_sum: float = 0.0
    loss_count: int = 0
    seconds: float = 0.0


def save(path: Path, network: Network, progress: Progress) -> None:
    """Write a checkpoint."""
    arrays = {name: variable.numpy() for name, variable in network.variables().items()}
    arrays |= {f"progress/{name}": np.asarray(value) for name, value in vars(progress).items()}
    arrays["sha256"] = np.asarray(_checksum(arrays))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomically(path, buffer.getvalue())


def restore(trajectory: Trajectory, network: Network, recipe: Recipe) -> Progress:
    """Load the newest sound checkpoint of a step up to the run's into the network; a fresh start where there is none.

    A damaged checkpoint is said and put aside, and the one before it is used. So is the one before it where the evaluation
    that belongs to a checkpoint was lost, so that it comes to be written again.
    """
    for path in trajectory.checkpoints():
        step = int(path.stem)
        if step > recipe.steps or (step % recipe.eval_every == 0 and trajectory.row(step) is None):
            continue
        variables = network.variables()
        try:
            arrays = _read(path)
            for name, variable in variables.items():
                if arrays[name].shape != tuple(variable.shape):
                    raise ValueError(f"{name} has the shape {arrays[name].shape}")
        except DAMAGE as error:
            aside = path.replace(path.with_suffix(".damaged"))
            log.warning("The checkpoint %s is damaged (%s); it is now %s, and the one before it is used.", path, error, aside)
            continue
        for name, variable in variables.items():
            variable.assign(arrays[name])
        return Progress(
            int(arrays["progress/step"]),
            float(arrays["progress/loss_sum"]),
            int(arrays["progress/loss_count"]),
            float(arrays["progress/seconds"]),
        )
    return Progress()


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    expected = str(arrays.pop("sha256"))
    if _checksum(arrays) != expected:
        raise ValueError("its checksum does not fit")
    return arrays


def _checksum(arrays: Mapping[str, NDArray[np.generic]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
