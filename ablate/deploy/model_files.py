"""Model files that a user names: what kind each is of, by its name and its first bytes."""

import hashlib
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
from ablate.messages import say
from ablate.store import load_json

KERAS, SAVED_MODEL, FROZEN, LITERT, ONNX = "keras", "saved_model", "frozen", "litert", "onnx"
ENDINGS = {".keras": KERAS, ".pb": FROZEN, ".tflite": LITERT, ".onnx": ONNX}
EXPORT = "export.json"  # in an exported folder: what lies beside the model
HELD_OUT = ("validation", "eval_on")  # of a training's data set
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

        Where an exported one is given other images than its training had, that is said.

        Raises:
            AblateError: none is given, or the one of that name has other images here.
        """
        words = self.data_words
        if not words:
            known = self._trained_on.get("name")
            if known not in levels("data"):
                raise AblateError(f"{self.word} does not say what its images are. Add the data set, as in data=digits.")
            words = (f"data={known}",)
        given = data_sets.config_of(words, self.config_dir)
        if "digest" not in self._trained_on:
            return given
        held_out = {key: self._trained_on.get(key) for key in HELD_OUT if not any(f"data.{key}=" in word for word in words)}
        if _has_images(given | held_out, self._trained_on["digest"]):
            return given | held_out
        other = f"{' '.join(words)} does not have the images that {self.word} was trained with."
        if not self.data_words:
            raise AblateError(f"{other} Give its data set: data=NAME.")
        say(other)
        return given

    @property
    def _trained_on(self) -> Mapping[str, Any]:
        """What an exported one says of the data set of its training."""
        found = self.about.get("data")
        return found if isinstance(found, Mapping) else {}

    def dataset(self, split: str | None = None) -> Dataset:
        """The data set, whose `evaluation` is the test or validation images.

        Raises:
            AblateError: an exported model has other classes.
        """
        name = " ".join(self.data_words) or self.word
        found = data_sets.loaded(self.data, split or self.split, name)
        classes = self.about.get("classes")
        if isinstance(classes, list) and classes != list(found.class_names):
            theirs, own = (shown(", ".join(map(str, each))) for each in (found.class_names, classes))
            raise AblateError(f"{name} has the classes {theirs}, but {self.word} has {own}. Give its data set: data=NAME.")
        return found

    @property
    def split(self) -> str:
        """What it is evaluated on where nothing is said."""
        return str(self.data["eval_on"])

    @cached_property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images of the data set."""
        shape = data.shape(self.data)
        return shape.height, shape.width, shape.channels


def _has_images(config: Mapping[str, Any], digest: Any) -> bool:
    """Whether a data set has the images of a digest; another may not even have so many to hold out."""
    try:
        return bool(data.digest(config) == digest)
    except AblateError:
        return False


def size_of(path: Path) -> dict[str, Any]:
    """The bytes of a file, or of all in a folder, and a SHA-256 of them in the order of their names."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    digest, size = hashlib.sha256(), 0
    for each in files:
        content = each.read_bytes()
        digest.update(content)
        size += len(content)
    return {"bytes": size, "sha256": digest.hexdigest()}


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
    path = folder / name
    if not (path.is_file() or path.is_dir()):
        raise AblateError(f"{folder} has no {shown(name)}, the model that its {EXPORT} names. Export it again.")
    if "sha256" in about and about["sha256"] != size_of(path)["sha256"]:
        raise AblateError(
            f"{path} has changed since it was exported: its SHA-256 is not that of {EXPORT}. Export it again, or name the file."
        )
    return ModelFile(word, path, kind, about)
