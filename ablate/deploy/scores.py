"""What predictions come to: accuracy, top-5, loss, calibration, classes, and the images that are most wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablate.errors import AblateError

BINS = 15  # of confidence, equally wide, as in the source of the expected calibration error
TOP = 5


@dataclass(frozen=True)
class Scores:
    """The scores of predictions of n images.

    accuracy, top5: fractions. loss: mean cross-entropy, nats. calibration_error: expected, a fraction. confusion: images by
    true and predicted class, (classes, classes).
    """

    images: int
    accuracy: float
    top5: float
    loss: float
    calibration_error: float
    confusion: NDArray[np.int64]

    @property
    def class_accuracy(self) -> NDArray[np.float64]:
        """The accuracy within each class, (classes,); NaN where a class has no image."""
        counts = self.confusion.sum(axis=1)
        found: NDArray[np.float64] = np.full(len(counts), np.nan)
        np.divide(self.confusion.diagonal(), counts, out=found, where=counts > 0)
        return found


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probabilities, (n, classes), from logits of the same shape; NaN where an image's logits are NaN or infinitely large."""
    with np.errstate(invalid="ignore"):
        shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def scores(
    probabilities: NDArray[np.floating], classes: NDArray[np.integer], losses: NDArray[np.floating], labels: NDArray[np.integer]
) -> Scores:
    """The scores of predictions.

    Args:
        probabilities: (n, classes). classes: the predicted ones, (n,). losses: cross-entropies in nats, (n,). labels: the true
            classes, (n,).
    """
    number = probabilities.shape[1]
    confusion = np.bincount(labels.astype(np.int64) * number + classes, minlength=number * number).reshape(number, number)
    return Scores(
        len(labels),
        float((classes == labels).mean()),
        float((ranks(probabilities, labels) < TOP).mean()),
        float(losses.astype(np.float64).mean()),
        expected_calibration_error(probabilities.max(axis=1), classes == labels),
        confusion,
    )


def ranks(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many classes are likelier than the true one, (n,); of equal ones the first counts as likelier, as for argmax.

    Where its probability is NaN, all of them.
    """
    own = probabilities[np.arange(len(labels)), labels][:, None]
    before = np.arange(probabilities.shape[1])[None, :] < labels[:, None]
    behind = (probabilities < own) | ((probabilities == own) & ~before)
    return np.asarray((~behind).sum(axis=1))


def expected_calibration_error(confidence: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS) -> float:
    """How far confidence and accuracy are apart on average: the expected calibration error (ECE), 0 to 1.

    ECE = Σ_m |B_m| / n · |acc(B_m) − conf(B_m)|, where B_m are the predictions with a confidence in ((m − 1) / M, m / M].
    Reference: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation 3, with M = 15.

    Args:
        confidence: the probability of each predicted class, (n,). correct: whether it is the true one, (n,). bins: M.

    Returns:
        NaN where a confidence is.

    Examples:
        Two predictions at a confidence of 0.9, of which one is right: |0.5 − 0.9|.

        >>> import numpy as np
        >>> from ablate.deploy.scores import expected_calibration_error
        >>> round(expected_calibration_error(np.array([0.9, 0.9]), np.array([True, False])), 6)
        0.4
    """
    if np.isnan(confidence).any():
        return float("nan")
    where = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(where, weights=correct.astype(np.float64) - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def refuse_infinite(outputs: NDArray[np.floating], word: str) -> None:
    """Raises: AblateError: an output of the network that a user named is NaN or infinite."""
    if not np.isfinite(outputs).all():
        raise AblateError(f"{word} gives outputs that are no finite numbers.")


def most_wrong(losses: NDArray[np.floating], correct: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """The images that are classified wrong with the largest losses, the worst first: at most so many of their numbers."""
    wrong = np.flatnonzero(~correct)
    return wrong[np.argsort(-losses[wrong], kind="stable")][:most]
