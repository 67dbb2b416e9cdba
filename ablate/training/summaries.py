"""The evaluation rows again, as TensorBoard summaries."""

from pathlib import Path
from typing import Any

import tensorflow as tf

# What tells TensorBoard to draw a curve. `tf.summary.scalar` would need the tensorboard package to write it.
_SCALAR = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"})


class Summaries:
    """Writes rows of metrics.jsonl as scalars below a folder."""

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))

    def add(self, row: dict[str, Any]) -> None:
        """Write all numbers of a row at its step."""
        with self._writer.as_default(step=row["step"]):
            for name, value in row.items():
                if name != "step":
                    tf.summary.write(name, tf.constant(value, tf.float32), metadata=_SCALAR)
        self._writer.flush()
