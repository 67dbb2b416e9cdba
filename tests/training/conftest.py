"""A tiny data set and model, trained for real on one thread."""

import functools
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from ablate import data
from ablate.config import loading
from ablate.config.recipe import Recipe
from ablate.readout import Readout
from ablate.running.recorder import Recorder
from ablate.store import Trajectory, fingerprint
from ablate.trainer import Resources
from ablate.trainers.networks import TRAINER

CONF = Path(__file__).parent / "conf"


@pytest.fixture(scope="session", autouse=True)
def equal_threads(one_thread: None) -> None:
    """Equality of bits holds for equal numbers of threads."""


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An npz of 200 training and 60 test images, 16 x 16, four classes that differ in brightness and pattern."""
    generator = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 200), ("test", 60)):
        labels = np.arange(count) % 4
        patterns = np.random.default_rng(7).integers(0, 128, (4, 16, 16, 3))
        arrays[f"{part}_images"] = (patterns[labels] + generator.integers(0, 128, (count, 16, 16, 3))).astype(np.uint8)
        arrays[f"{part}_labels"] = labels
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="session")
def tiny(images: Path) -> Callable[..., Recipe]:
    """A recipe for the tiny model and data, with overrides."""

    @functools.cache  # composing takes a tenth of a second
    def make(*overrides: str) -> Recipe:
        words = ["data=arrays", f"data.path={images}", "model=tiny", "batch_size=16", "eval_every=10", "steps=30"]
        words += ["threads=1", "progress=false", "tensorboard=false", *overrides]
        return loading.resolve(loading.compose(words, config_dir=str(CONF)))

    return make


class Silent:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.rows: list[dict[str, object]] = []

    def began(self, step: int) -> None:
        pass

    def stepped(self, step: int, loss: float | None, per_second: float | None) -> None:
        self.steps.append(step)

    def evaluated(self, row: dict[str, object]) -> None:
        self.rows.append(row)


@pytest.fixture(scope="session")
def train() -> Callable[..., Trajectory]:
    """Trains a recipe in a store, as the app does, and gives the trajectory back."""

    def run(recipe: Recipe, store: Path, stop_at: int | None = None, last: int = 1) -> Trajectory:
        from ablate.training import loop

        dataset = data.load(recipe.data)
        trajectory = Trajectory(store, fingerprint(recipe.training(dataset.digest)))
        watcher = Silent()
        readout = Readout("raw", recipe.steps, grid=recipe.eval_every, last=last)

        def stop() -> bool:
            return stop_at is not None and bool(watcher.steps) and watcher.steps[-1] >= stop_at

        # One step a call, so that a stop comes at the very step and not at the end of a group.
        with trajectory.locked(), mock.patch.object(loop, "SECONDS_PER_CALL", 0):
            try:
                with Recorder(trajectory, TRAINER, TRAINER.spec(recipe), readout, watcher, stop, Resources(1)) as report:
                    loop.train(recipe, dataset, trajectory, report, threads=1)
            except loop.Stopped:
                assert stop_at is not None
        return trajectory

    return run
