"""The evaluation rows again, as TensorBoard summaries."""

import logging
from typing import Any

import tensorflow as tf

from ablate.errors import AblateError
from ablate.store import Trajectory

# What tells TensorBoard to draw a curve. `tf.summary.scalar` would need the tensorboard package to write it.
_SCALAR = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"})

log = logging.getLogger(__name__)


class Summaries:
    """Writes rows of metrics.jsonl as scalars below a training.

    They are a copy: where they cannot be written that is said once, and the training goes on.
    """

    def __init__(self, trajectory: Trajectory) -> None:
        self.folder = trajectory.path / "tensorboard"
        self._writer: Any = None
        try:
            trajectory.make_folder("tensorboard")  # TensorFlow's own would be closed to the group, whatever the umask
            self._writer = tf.summary.create_file_writer(str(self.folder))
        except (AblateError, OSError, tf.errors.OpError) as error:
            self._give_up(error)

    def add(self, row: dict[str, Any]) -> None:
        """Write all numbers of a row at its step; what is None was not measured."""
        if self._writer is None:
            return
        try:
            with self._writer.as_default(step=row["step"]):
                for name, value in row.items():
                    if name != "step" and value is not None:
                        tf.summary.write(name, tf.constant(value, tf.float32), metadata=_SCALAR)
            self._writer.flush()
        except (OSError, tf.errors.OpError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._writer = None
        reason = str(error) if isinstance(error, AblateError) else f"Cannot write {self.folder}: {_first_line(error)}."
        log.warning("%s Training continues without the TensorBoard copy of its evaluations.", reason)


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "message", error)).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
