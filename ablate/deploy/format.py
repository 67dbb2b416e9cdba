"""What an export format is: how a model is written in it, and how it is used without ablate."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Format:
    """A format that models are exported in.

    name: as on the command line. title: what readers call it. file: in the exported folder, a file or a folder. write: from a
    Keras model with the input `inputs` and the output `predictions` to the file; it raises what its libraries raise. modules:
    those that writing and reading need besides TensorFlow. install: how a user of the model gets what its code needs.

    load, predict: Python that reads the file, from the exported folder, and an expression that makes predictions, a NumPy array
    (batch, classes), of `images`, float32 (batch, height, width, channels). It runs without ablate. Both are what the model
    card shows, and what an export is compared with the training's network by.

    cpp: the same in C++, with `$height`, `$width`, `$channels` and `$classes`; empty where there is no library for it, which
    `no_cpp` says.
    """

    name: str
    title: str
    file: str
    write: Callable[[Any, Path], None]
    load: str
    predict: str
    install: str
    modules: tuple[str, ...] = ()
    cpp: str = ""
    no_cpp: str = ""
