"""Checkpoints: the whole state of a training in one npz without pickle, with a checksum, written whole or not at all."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ablate.recipe import Recipe
from ablate.store import DAMAGE, Trajectory, pack_arrays, unpack_arrays, write_atomically
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
    write_atomically(path, pack_arrays(arrays))


def restore(trajectory: Trajectory, network: Network, recipe: Recipe) -> Progress:
    """Load the newest sound checkpoint of a step up to the run's into the network; a fresh start where there is none.

    A damaged checkpoint is said and put aside, and the one before it is used. So is the one before it where the evaluation
    that belongs to a checkpoint was lost, so that it comes to be written again.
    """
    for path in trajectory.resumable(recipe.steps, recipe.eval_every):
        variables = network.variables()
        try:
            arrays = unpack_arrays(path)
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
