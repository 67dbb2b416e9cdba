"""An exported model against the training's own network: loaded in a fresh process without ablate, over all test images."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablate.deploy.format import Format
from ablate.errors import AblateError
from ablate.text import counted

LARGEST = 1e-3  # difference of a logit, or of a log probability, that arithmetic in another order explains
LEAST = 1e-30  # probability whose logarithm is compared; float32 has few digits of smaller ones
TIE = 2e-3  # between the two best logits; only where they are nearer may the classes differ
BATCH = 500  # images

# Where it is compared it computes in float32, as the network does: a GPU's TensorFloat-32 would not.
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
_SCRIPT = """\
import sys

sys.modules["ablate"] = None  # it has to load without
import numpy as np

{load}

{prepare}
whole, parts = np.load(sys.argv[1]), []
for start in range(0, len(whole), {batch}):
    images = prepare(whole[start : start + {batch}])
    parts.append({predict})
np.save(sys.argv[2], np.concatenate(parts))
"""


@dataclass(frozen=True)
class Comparison:
    """How far an exported model's predictions are from those of the training's network.

    images: how many. largest: difference of any logit, or log probability. differ: images whose classes differ. ties:
    those with two best logits that are nearer than `TIE`. wrong: of those that differ, how many are no ties.
    """

    images: int
    largest: float
    differ: int
    ties: int
    wrong: int

    @property
    def same(self) -> bool:
        """Whether it is the same network."""
        return self.largest <= LARGEST and not self.wrong


def compare(logits: NDArray[np.float32], predictions: NDArray[np.float32], softmax: bool) -> Comparison:
    """The predictions of an exported model with the logits of the training's network, both (images, classes).

    Args:
        softmax: whether the predictions are probabilities. Then they are compared, and their logarithms: a probability near 0
            or 1 says little of its logit.

    Examples:
        Of the second image the two best logits are so near that another class is no other network.

        >>> import numpy as np
        >>> from ablate.deploy.compared import compare
        >>> compare(np.array([[4.0, 1.0], [1.0, 1.0005]]), np.array([[4.0, 1.0], [1.0, 0.9999]]), softmax=False).same
        True
        >>> compare(np.array([[4.0, 1.0], [1.0, 1.1]]), np.array([[4.0, 1.0], [1.1, 1.0]]), softmax=False).same
        False
    """
    if predictions.shape != logits.shape:
        return Comparison(len(logits), np.inf, len(logits), 0, len(logits))
    expected = logits.astype(np.float64)
    best = np.sort(expected, axis=1)[:, -2:]
    near = best[:, -1] - best[:, 0] <= TIE if logits.shape[1] > 1 else np.zeros(len(logits), bool)
    differ = logits.argmax(axis=1) != predictions.argmax(axis=1)
    if softmax:
        powers = np.exp(expected - best[:, -1:])
        expected = powers / powers.sum(axis=1, keepdims=True)
    largest = np.abs(predictions - expected).max()
    if softmax:
        logarithms, others = (np.log(np.maximum(each, LEAST)) for each in (expected, predictions.astype(np.float64)))
        largest = max(largest, np.abs(others - logarithms).max())
    return Comparison(
        len(logits),
        float(largest) if np.isfinite(largest) else np.inf,
        int(differ.sum()),
        int(near.sum()),
        int((differ & ~near).sum()),
    )


def predictions_of(folder: Path, form: Format, prepare: str, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the model in a folder makes of images, with the code of its model card, in a fresh process that has no ablate.

    Args:
        prepare: Python that defines `prepare(images)`.

    Raises:
        AblateError: it does not load or run there.
    """
    script = _SCRIPT.format(load=form.load, prepare=prepare, predict=form.predict, batch=BATCH)
    with tempfile.TemporaryDirectory() as place:
        given, made = Path(place, "images.npy"), Path(place, "predictions.npy")
        np.save(given, images)
        done = subprocess.run(
            [sys.executable, "-P", "-c", script, str(given), str(made)],
            cwd=folder,
            env=os.environ | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode or not made.is_file():
            raise AblateError(f"{form.title[:1].upper()}{form.title[1:]} does not load in a fresh process: {_why(done)}.")
        found: NDArray[np.float32] = np.load(made)
        return found


def _why(done: "subprocess.CompletedProcess[str]") -> str:
    """The last line that it said, or how it ended."""
    if done.returncode < 0:
        return f"it was ended by signal {-done.returncode}"
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else f"exit status {done.returncode}"


def told(comparison: Comparison, of: str) -> str:
    """What a comparison found, as a sentence. of: logits or log probabilities.

    Examples:
        >>> from ablate.deploy.compared import Comparison, told
        >>> told(Comparison(images=360, largest=2.4e-6, differ=0, ties=1, wrong=0), "logits")
        'largest difference of logits 2.4e-06, all classes equal'
    """
    differ = "all classes equal"
    if comparison.differ:
        ties = f"the two best logits of {'it' if comparison.differ == 1 else 'each'} differ by at most {TIE:g}"
        differ = f"{counted(comparison.differ, 'class', 'classes')} differ{'s' if comparison.differ == 1 else ''}"
        differ += f", where {ties}" if not comparison.wrong else f", {comparison.wrong:,} of them not near ties"
    return f"largest difference of {of} {comparison.largest:.1e}, {differ}"
