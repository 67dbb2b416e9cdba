"""Checkpoints: the whole state of a training in one npz without pickle, with a checksum, written whole or not at all."""

import hashlib
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablate.store import Trajectory, write_atomically
from ablate.training.network import Network

log = logging.getLogger(__name__)


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


def restore(trajectory: Trajectory, network: Network, at_most: int) -> Progress:
    """Load the newest sound checkpoint of a step up to `at_most` into the network; a fresh start where there is none.

    A damaged checkpoint is said and removed, and the one before it is used.
    """
    for path in trajectory.checkpoints():
        if int(path.stem) > at_most:
            continue
        try:
            arrays = _read(path)
            variables = network.variables()
            for name, variable in variables.items():
                if arrays[name].shape != tuple(variable.shape):
                    raise ValueError(f"{name} has the shape {arrays[name].shape}")
        except Exception as error:  # a damaged file breaks the reader in many ways
            log.warning("The checkpoint %s is damaged (%s); using the one before it.", path, error)
            path.unlink()
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
