"""Summaries of evaluations for TensorBoard, with the tags of a training's own, so that both are drawn together."""

from pathlib import Path

import tensorflow as tf

from ablate.deploy.evaluation import Evaluated
from ablate.deploy.trained import STORED
from ablate.errors import AblateError
from ablate.readout import WEIGHTS
from ablate.store import writing
from ablate.store.files import make_folder


class EvaluationSummaries:
    """Writes the scores of each evaluated step as scalars into a folder: accuracy/EMA, evaluation_loss/EMA and so on."""

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
        found, summary = one.scores, tf.compat.v1.Summary()
        values = {
            "accuracy": found.accuracy,
            "top5": found.top5,
            "evaluation_loss": found.loss,
            "calibration_error": found.calibration_error,
        }
        for name, value in values.items():
            summary.value.add(tag=f"{name}/{WEIGHTS[STORED[one.weights]]}", simple_value=value)
        try:
            with self._writer.as_default(step=one.step):
                tf.summary.experimental.write_raw_pb(summary.SerializeToString())
            self._writer.flush()
        except (OSError, tf.errors.OpError) as error:
            raise AblateError(f"Cannot write {self.folder}: {str(error).splitlines()[0]}.") from error
