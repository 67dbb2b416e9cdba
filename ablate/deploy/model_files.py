"""Model files that a user names: what kind each is of, by its name and its first bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ablate import data
from ablate.config.own_configs import levels
from ablate.data import Dataset
from ablate.deploy import data_sets
from ablate.errors import AblateError, shown
from ablate.store import load_json

KERAS, SAVED_MODEL, FROZEN, LITERT, ONNX = "keras", "saved_model", "frozen", "litert", "onnx"
ENDINGS = {".keras": KERAS, ".pb": FROZEN, ".tflite": LITERT, ".onnx": ONNX}
EXPORT = "export.json"  # in an exported folder: what lies beside the model
GRAPH = "saved_model.pb"  # in the folder of a SavedModel


@dataclass(frozen=True)
class ModelFile:
    """A model in a file or folder.

    word: as the user named it. path: of the file, or the folder of a SavedModel. kind: its format. about: of an exported one,
    what its `export.json` says; empty for files of others. data_words: the overrides that give the data set.
    """

    word: str
    path: Path
    kind: str
    about: Mapping[str, Any] = field(default_factory=dict)
    data_words: tuple[str, ...] = ()
    config_dir: str | None = None

    @property
    def label(self) -> str:
        """What readers call it."""
        return self.word

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """The config of the data set that the user gave; of an exported one, what its training had where that has a name.

        Raises:
            AblateError: none is given.
        """
        words = self.data_words
        if not words:
            known = self.about.get("data", {}).get("name") if isinstance(self.about.get("data"), Mapping) else None
            if known not in levels("data"):
                raise AblateError(f"{self.word} does not say what its images are. Add the data set, as in data=digits.")
            words = (f"data={known}",)
        return data_sets.config_of(words, self.config_dir)

    def dataset(self, split: str | None = None) -> Dataset:
        """The data set, whose `evaluation` is the test or validation images."""
        return data_sets.loaded(self.data, split or self.split, " ".join(self.data_words) or self.word)

    @property
    def split(self) -> str:
        """What it is evaluated on where nothing is said."""
        return str(self.data["eval_on"])

    @cached_property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images of the data set."""
        shape = data.shape(self.data)
        return shape.height, shape.width, shape.channels


def model_file(word: str) -> ModelFile | None:
    """The model that a path names; None where it names none.

    Raises:
        AblateError: an exported folder whose model is not there.
    """
    path = Path(word)
    if path.is_dir():
        if (path / EXPORT).is_file():
            return _exported(word, path)
        return ModelFile(word, path, SAVED_MODEL) if (path / GRAPH).is_file() else None
    if path.name == GRAPH and path.is_file():
        return ModelFile(word, path.parent, SAVED_MODEL)
    kind = ENDINGS.get(path.suffix.lower())
    return ModelFile(word, path, kind) if kind is not None and path.is_file() else None


def _exported(word: str, folder: Path) -> ModelFile:
    about = load_json(folder / EXPORT)
    name, kind = (about.get(key) if isinstance(about, dict) else None for key in ("file", "format"))
    if kind not in (*ENDINGS.values(), SAVED_MODEL) or not isinstance(name, str) or Path(name).name != name:
        raise AblateError(f"{folder / EXPORT} does not name a model. Export it again, or name the model file itself.")
    if not (folder / name).exists():
        raise AblateError(f"{folder} has no {shown(name)}, the model that its {EXPORT} names. Export it again.")
    return ModelFile(word, folder / name, kind, about)
