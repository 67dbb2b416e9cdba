"""A training that a user named, as far as it is known without TensorFlow: its config, checkpoints and data set."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ablate import data
from ablate.config.neutral import OTHERS, with_neutral
from ablate.data import Dataset, Split
from ablate.data.split import SETS
from ablate.deploy import data_sets
from ablate.errors import AblateError
from ablate.models.spec import Model, parse
from ablate.readout import WEIGHTS
from ablate.store import Trajectory, sweep_file
from ablate.store.state import State

RAW, EMA = "raw", "ema"  # what users call weights
STORED = {RAW: "raw", EMA: "averaged"}  # what the store calls them
SPLITS = ("train", *reversed(SETS))


@dataclass(frozen=True)
class Trained:
    """A training, and what of it is meant.

    word: as the user named it. label: what readers call it. weights: `raw` or `ema`. step: that of the run; None for the newest
    checkpoint. data_words: the overrides that give its data set, with configs in `config_dir`. sweep, arm, seed: of a run of a
    sweep.
    """

    word: str
    label: str
    trajectory: Trajectory
    weights: str
    step: int | None
    data_words: tuple[str, ...] = ()
    config_dir: str | None = None
    sweep: Path | None = None
    arm: str | None = None
    seed: int | None = None

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """What its fingerprint hashes, with neutral values.

        Raises:
            AblateError: it is not there, or the training is that of another trainer.
        """
        content = self.trajectory.config()
        if content is None:
            if not self.trajectory.path.is_dir() and self._sweep_trains():
                raise AblateError(
                    f"{self.label} has not started yet: its sweep is still training. Name it again once it trains."
                )
            missing = "is missing" if not self.trajectory.path.is_dir() else "has no valid config.yaml"
            raise AblateError(f"{self.label}: its training {self.trajectory.path} {missing}. Rerun its command.")
        if OTHERS in content:
            raise AblateError(
                f"{self.label} was trained by trainer={content[OTHERS]}, whose model ablate cannot load. "
                "Name a training of the built-in networks, or a model file."
            )
        return with_neutral(content)

    def refuse_others(self) -> None:
        """Raises: AblateError: its config is not there, or the training is that of another trainer."""
        self.content  # noqa: B018

    @property
    def model(self) -> Model:
        """The layers of its network."""
        return parse(self.content["model"], self.content["data"]["classes"])

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of what the network sees."""
        height, width, channels = self.content["input"]["size"]
        return height, width, channels

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images of its data set."""
        shape = self.content["data"]
        return shape["height"], shape["width"], shape["channels"]

    @property
    def of_weights(self) -> str:
        """What readers call its weights: raw, or EMA."""
        return WEIGHTS[STORED[self.weights]]

    # checkpoints

    def steps(self) -> list[int]:
        """The steps of its checkpoints, the first first."""
        return sorted(int(path.stem) for path in self.trajectory.checkpoints())

    def checkpoint(self, step: int | None = None) -> Path:
        """The checkpoint of a step; of the run's where none is given, and the newest where that has none either.

        Raises:
            AblateError: there is none; says which there are.
        """
        steps, wanted = self.steps(), self.step if step is None else step
        if not steps:
            raise AblateError(f"{self.label} has no checkpoint{self._why()}")
        if wanted is None or wanted in steps:
            return self.trajectory.checkpoint(steps[-1] if wanted is None else wanted)
        near = min(steps, key=lambda one: abs(one - wanted))
        listed = ", ".join(f"{one:,}" for one in steps)
        raise AblateError(
            f"{self.label} has no checkpoint at step {wanted:,}{self._diverged()}. Choose from {listed}, as in --step {near}."
        )

    def recorded(self, step: int, weights: str) -> dict[str, float] | None:
        """The accuracy and loss that the training noted at a step, of raw or EMA weights; None where it was not evaluated."""
        row = self.trajectory.row(step)
        if row is None:
            return None
        return {"accuracy": row[f"accuracy_{STORED[weights]}"], "loss": row[f"eval_loss_{STORED[weights]}"]}

    def _diverged(self) -> str:
        at = self.trajectory.diverged_at
        return f": it diverged at step {at:,.0f}" if at < float("inf") else ""

    def _why(self) -> str:
        status = self.trajectory.status()
        if self.trajectory.live() is not None:
            return f" yet. It saves the first at step {self.content['eval_every']:,}, its first evaluation."
        if status["state"] == State.DIVERGED:
            return f"{self._diverged()}."
        if status["state"] != State.DONE and self._sweep_trains():
            return " yet: its sweep is still training."
        return ". Packed sweeps leave them out, and ablate runs gc deletes them; rerun its command to train it again."

    def _sweep_trains(self) -> bool:
        """Whether any training of its sweep runs now."""
        file = None if self.sweep is None else sweep_file.read(self.sweep)
        store = self.trajectory.store
        return file is not None and any(Trajectory(store, run.fingerprint).live() for run in file.sweep.runs)

    # data

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """The config of its data set, with its own validation images and evaluation set.

        Raises:
            AblateError: it is not known which, or the images are not those that the training had.
        """
        words = list(self.data_words) or [f"data={self.trajectory.names().get('data', 'cifar10')}"]
        given = data_sets.config_of(words, self.config_dir)
        trained = self.content["data"]
        validation = data.shape(given | {"validation": 0, "eval_on": "test"}).train_images - trained["train_images"]
        for eval_on in SETS if validation > 0 else SETS[:1]:
            found = given | {"validation": validation, "eval_on": eval_on}
            if validation >= 0 and data.digest(found) == trained["digest"]:
                return found
        raise AblateError(
            f"{' '.join(words)} does not have the images that {self.label} was trained with. Give its data set: data=NAME."
        )

    @property
    def split(self) -> str:
        """What it was evaluated on while it was trained: test or validation."""
        return str(self.data["eval_on"])

    def dataset(self, split: str | None = None) -> Dataset:
        """Its data set, whose `evaluation` is the test or validation images; its own where `split` is None or train.

        Raises:
            AblateError: it has no such split.
        """
        return data_sets.loaded(self.data, split or self.split, self.label)

    def images(self, split: str | None = None) -> Split:
        """The images and labels of a split: train, validation or test; of its own evaluation set where none is given."""
        dataset = self.dataset(split)
        return dataset.train if split == "train" else dataset.evaluation
