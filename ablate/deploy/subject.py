"""A network that is measured, as it is sent to the process that measures it."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from ablate.deploy.model_files import ModelFile
from ablate.deploy.preparation import Preparation
from ablate.deploy.trained import Trained


@dataclass(frozen=True)
class Subject:
    """A network that is measured. preparation: of a model file of others. weights, step: of a training."""

    one: Trained | ModelFile
    preparation: Preparation = Preparation()  # noqa: RUF009  it is frozen
    weights: str | None = None
    step: int | None = None


def sizes_of(contents: Iterable[bytes]) -> tuple[int, int]:
    """How many bytes, plain and zipped."""
    contents = list(contents)
    return sum(map(len, contents)), sum(len(zlib.compress(content, 9)) for content in contents)
