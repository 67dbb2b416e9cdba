"""Summaries of evaluations for TensorBoard, beside those of the training."""

from pathlib import Path

import tensorflow as tf

from ablate.deploy.evaluation import Evaluated
from ablate.errors import AblateError
from ablate.store import writing
from ablate.store.files import make_folder

_SCALAR = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"})  # as in `ablate.training.tensorboard`


class EvaluationSummaries:
    """Writes the scores of each evaluated step as scalars into a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises: AblateError: it cannot be written."""
        with writing(folder):
            make_folder(folder)
        self.folder = folder
        self._writer = tf.summary.create_file_writer(str(folder))

    def add(self, one: Evaluated) -> None:
        """Write the scores of a step.

        Raises:
            AblateError: they cannot be written.
        """
        found = one.scores
        values = {
            "accuracy": found.accuracy,
            "top5": found.top5,
            "loss": found.loss,
            "calibration_error": found.calibration_error,
        }
        try:
            with self._writer.as_default(step=one.step):
                for name, value in values.items():
                    tag = f"evaluate/{one.split}/{one.weights}/{name}"
                    tf.summary.write(tag, tf.constant(value, tf.float32), metadata=_SCALAR)
            self._writer.flush()
        except (OSError, tf.errors.OpError) as error:
            raise AblateError(f"Cannot write {self.folder}: {str(error).splitlines()[0]}.") from error
