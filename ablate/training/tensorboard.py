"""What TensorBoard shows of a training. TensorFlow writes it by itself; the package `tensorboard` is only needed to read it.

| tag | what |
|---|---|
| loss/total, loss/cross_entropy, loss/weight_decay | of the step's batch, before its update; total is the sum of the others |
| loss_average/… | their moving averages |
| learning_rate | as the evaluations have it: of the step that follows |
| speed/examples_per_second, speed/seconds_per_step | of the steps that were done in one call |
| accuracy/raw, accuracy/EMA, evaluation_loss/… | at each evaluation |
| activations/…, sparsity/…, weights/…, gradients/…, images/… | of tensorboard=full; see `ablate.training.inside` |
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablate.config.recipe import Recipe
from ablate.errors import AblateError
from ablate.readout import WEIGHTS
from ablate.store import Trajectory
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.training.inside import Histogram, Look
from ablate.training.network import Network

AVERAGED = 0.9  # decay of the moving averages of losses, as in the published training
FLUSHED_MS = 10_000  # the longest that a summary waits to be written
_EVALUATED = {"accuracy": "accuracy", "eval_loss": "evaluation_loss", TRAIN_ACCURACY: "training_accuracy"}
_CHANNELS = (1, 3, 4)  # that an image has which can be shown
_PARTS = ("total", "cross_entropy", "weight_decay")

log = logging.getLogger(__name__)


class Summaries:
    """Writes summaries below a training. They are a copy: where they cannot be written that is said once, and it goes on."""

    def __init__(self, recipe: Recipe, network: Network, trajectory: Trajectory) -> None:
        self.network, self.every, self.batch_size = network, recipe.tensorboard_every, recipe.batch_size
        self.folder = trajectory.path / "tensorboard"
        self._look = Look(network) if recipe.tensorboard == "full" else None
        self._averages: NDArray[np.float64] | None = None
        self._writer: Any = None
        with self._written():
            trajectory.make_folder("tensorboard")  # TensorFlow's own would be closed to the group, whatever the umask
            self._writer = tf.summary.create_file_writer(str(self.folder), flush_millis=FLUSHED_MS)
            with self._writer.as_default(step=0):
                tf.summary.graph(network.graph())

    def most(self, step: int) -> int:
        """How many steps may be done in one call after a step, so that none is passed at which there is something to see."""
        return sys.maxsize if self._look is None else self.every - step % self.every

    def evaluated(self, row: Mapping[str, Any]) -> None:
        """Write what an evaluation found, at its step; what is None was not measured."""
        tags = {f"{name}_{weights}": f"{tag}/{shown}" for name, tag in _EVALUATED.items() for weights, shown in WEIGHTS.items()}
        self._scalars(row["step"], {tags[name]: value for name, value in row.items() if name in tags and value is not None})
        self._flush()

    def stepped(self, step: int, losses: NDArray[np.float32], penalties: NDArray[np.float32], seconds: float) -> None:
        """Write what is due of the steps that one call did.

        Args:
            step: the last of them.
            losses, penalties: cross-entropy and weight decay of each of them, (count,).
            seconds: that they took together.
        """
        parts = np.stack([losses + penalties, losses, penalties], axis=1).astype(np.float64)  # (count, parts)
        per_step = seconds / len(parts)
        speed = {"speed/examples_per_second": self.batch_size / per_step, "speed/seconds_per_step": per_step}
        for number, values in enumerate(parts, step - len(parts) + 1):
            before = values if self._averages is None else self._averages
            self._averages = AVERAGED * before + (1 - AVERAGED) * values
            if number % self.every == 0:
                found = {f"loss/{name}": value for name, value in zip(_PARTS, values, strict=True)}
                found |= {f"loss_average/{name}": value for name, value in zip(_PARTS, self._averages, strict=True)}
                self._scalars(number, found | {"learning_rate": self.network.learning_rate(number)} | speed)

    def look(self, step: int) -> None:
        """Write what is inside the network after a step, if that is due."""
        if self._look is None or self._writer is None or step % self.every:
            return
        inside = self._look.at(step)
        summary = tf.compat.v1.Summary()
        for name, histogram in inside.histograms.items():
            summary.value.add(tag=name, histo=_histogram(histogram))
            kind, _, layer = name.partition("/")
            if kind == "activations":
                summary.value.add(tag=f"sparsity/{layer}", simple_value=histogram.zeros)
        height, width, channels = inside.images.shape[1:]
        for number, image in enumerate(inside.images if channels in _CHANNELS else ()):
            encoded = tf.io.encode_png(image).numpy()
            shown = tf.compat.v1.Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=encoded)
            summary.value.add(tag=f"images/{number}", image=shown)
        self._write(step, summary)
        self._flush()

    def _scalars(self, step: int, values: Mapping[str, float]) -> None:
        summary = tf.compat.v1.Summary()
        for tag, value in values.items():
            summary.value.add(tag=tag, simple_value=float(value))
        self._write(step, summary)

    def _write(self, step: int, summary: Any) -> None:
        if self._writer is not None:
            with self._written(), self._writer.as_default(step=step):
                tf.summary.experimental.write_raw_pb(summary.SerializeToString())

    def _flush(self) -> None:
        if self._writer is not None:
            with self._written():
                self._writer.flush()

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Gives up where something cannot be written within it."""
        try:
            yield
        except (AblateError, OSError, tf.errors.OpError) as error:
            self._writer = None
            reason = str(error) if isinstance(error, AblateError) else f"Cannot write {self.folder}: {_first_line(error)}."
            log.warning("%s Training continues without TensorBoard's summaries.", reason)


def _histogram(histogram: Histogram) -> Any:
    counts = histogram.counts
    total, squares = histogram.moments
    edges = np.linspace(histogram.low, histogram.high, len(counts) + 1)
    return tf.compat.v1.HistogramProto(
        min=histogram.low,
        max=histogram.high,
        num=counts.sum(),
        sum=total,
        sum_squares=squares,
        bucket_limit=edges[1:],
        bucket=counts,
    )


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "message", error)).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
