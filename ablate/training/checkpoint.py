"""Checkpoints: the whole state of a training in one npz without pickle, with a checksum, written whole or not at all."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablate.config.recipe import Recipe
from ablate.store import DAMAGE, Trajectory, pack_arrays, unpack_arrays, write_atomically
from ablate.store.checkpoints import resumable
from ablate.training.network import Network

_BYTES_PER_VALUE = 8  # at most, whatever the precision
_BYTES_BESIDES = 64 << 10  # for the progress and the checksum

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
    write_atomically(path, pack_arrays(arrays), below=path.parents[2])


def restore(trajectory: Trajectory, network: Network, recipe: Recipe, step: int) -> Progress:
    """Load the newest sound checkpoint up to a step into the network; a fresh start where there is none.

    A damaged checkpoint is said and put aside, and the one before it is used. So is the one before it where the evaluation
    that belongs to a checkpoint was lost, so that it comes to be written again.
    """
    for path in resumable(trajectory, step, recipe.eval_every):
        variables = network.variables()
        try:
            arrays = read(path, trajectory.store, variables)
            progress = _progress(arrays, int(path.stem))
        except DAMAGE as error:
            aside = path.replace(path.with_suffix(".damaged"))
            log.warning("The checkpoint %s is damaged (%s); it is now %s, and the one before it is used.", path, error, aside)
            continue
        for name, variable in variables.items():
            variable.assign(arrays[name])
        return progress
    return Progress()


def read(path: Path, store: Path, variables: Mapping[str, tf.Variable], others: int = 0) -> dict[str, NDArray[np.generic]]:
    """The arrays of a checkpoint, those of some variables among them, by the names of `Network.variables`.

    Args:
        others: how many values it may have besides.

    Raises:
        DAMAGE: one of these, where it is not what was written, or of another network.
        AblateError: it cannot be read.
    """
    values = sum(math.prod(variable.shape) for variable in variables.values())
    arrays = unpack_arrays(path, (values + others) * _BYTES_PER_VALUE + _BYTES_BESIDES, store)
    for name, variable in variables.items():
        if arrays[name].shape != tuple(variable.shape) or arrays[name].dtype.kind in "OSUM":
            raise ValueError(f"{name} has the shape {arrays[name].shape} and type {arrays[name].dtype}")
    return arrays


def _progress(arrays: Mapping[str, NDArray[np.generic]], step: int) -> Progress:
    """Raises: KeyError, ValueError: the checkpoint is not that of the step."""
    found = {name: arrays[f"progress/{name}"] for name in vars(Progress())}
    if any(value.shape or value.dtype.kind not in "iuf" for value in found.values()) or int(found["step"]) != step:
        raise ValueError(f"its progress is not that of step {step}")
    progress = Progress(step, float(found["loss_sum"]), int(found["loss_count"]), float(found["seconds"]))
    if not (math.isfinite(progress.loss_sum) and 0 <= progress.loss_count <= step and 0 <= progress.seconds < math.inf):
        raise ValueError("its progress is impossible")
    return progress
