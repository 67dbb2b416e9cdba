"""A network that is measured, as it is sent to the process that measures it."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import Preparation
from ablate.deploy.trained import Trained


@dataclass(frozen=True)
class Source:
    """The training that a network comes from; all None of a model file of others.

    accuracy: a fraction, as the training noted it at that step, None where it was not evaluated there; of an exported
    model, that of the model itself.
    """

    fingerprint: str | None = None
    step: int | None = None
    weights: str | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class Subject:
    """A network that is measured. preparation: of a model file of others. weights, step: of a training."""

    one: Trained | ModelFile
    preparation: Preparation = Preparation()  # noqa: RUF009  it is frozen
    weights: str | None = None
    step: int | None = None

    @property
    def source(self) -> Source:
        """The training that it comes from."""
        if isinstance(self.one, Trained):
            assert self.step is not None
            weights = self.weights or self.one.weights
            noted = self.one.recorded(self.step, weights)
            accuracy = None if noted is None else noted["accuracy"]
            return Source(self.one.trajectory.fingerprint, self.step, weights, accuracy)
        about = self.one.about
        training = about.get("training")
        if not isinstance(training, Mapping):
            return Source()
        known = about.get("accuracy")
        accuracy = known if isinstance(known, float) else None
        return Source(training.get("fingerprint"), training.get("step"), training.get("weights"), accuracy)


def sizes_of(contents: Iterable[bytes]) -> tuple[int, int]:
    """How many bytes, plain and zipped."""
    contents = list(contents)
    return sum(map(len, contents)), sum(len(zlib.compress(content, 9)) for content in contents)
