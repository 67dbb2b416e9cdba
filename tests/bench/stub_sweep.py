"""A sweep of 25 arms with 8 seeds through the whole program, with a stub in place of the training."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from ablate.__main__ import main
from ablate.config.recipe import Recipe
from ablate.data import Dataset
from ablate.store import Trajectory
from ablate.training import device, loop

WORDS = ["-m", "lr=0.1,0.05,0.2,0.3,0.02", "batch_size=32,64,128,256,512", "seed=range(0,8)", "data=digits"]
WORDS += ["steps=1000", "eval_every=100", "progress=false"]


def stub(recipe: Recipe, dataset: Dataset, trajectory: Trajectory, watcher: Any, threads: int, *_: object) -> None:
    """Store what a training would store, with made-up numbers."""
    generator = np.random.default_rng(recipe.seed)
    trajectory.keep(recipe.steps)
    trajectory.add_segment(device.segment(threads, 1, 0, recipe.steps))
    for step in range(recipe.eval_every, recipe.steps + 1, recipe.eval_every):
        classes = generator.integers(0, 10, recipe.shape.eval_images)
        row = {"step": step, "epoch": step * recipe.batch_size / recipe.shape.train_images, "loss": 1.0, "lr": 0.1}
        for weights in ("raw", "averaged"):
            row |= {f"accuracy_{weights}": float(generator.uniform()), f"eval_loss_{weights}": 1.0}
        row |= {"seconds": step / 10, "examples_per_second": 10.0 * recipe.batch_size}
        trajectory.add_evaluation(row, {"raw": classes, "averaged": classes})
    trajectory.set_status("done", recipe.steps)


if __name__ == "__main__":
    Path("words.json").write_text(json.dumps(WORDS))
    with mock.patch.object(loop, "train", stub):
        main([*WORDS, "hydra/launcher=basic"])
