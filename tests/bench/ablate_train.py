"""Our training of the tutorial's model, at the pace of the program.

`echo 10 | python ablate_train.py --threads 2` measures for 10 seconds.
"""

import argparse
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from unittest import mock

import numpy as np
from window import Windows

from ablate.config import loading
from ablate.config.recipe import Recipe
from ablate.data import Dataset, Split
from ablate.store import Trajectory
from ablate.training import average, device
from ablate.training.loop import SECONDS_PER_CALL
from ablate.training.network import Network
from ablate.training.tensorboard import Summaries


def dataset() -> Dataset:
    """Random images in the sizes of CIFAR-10."""
    generator = np.random.default_rng(0)
    train, test = (
        Split(
            generator.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8),
            generator.integers(0, 10, count, dtype=np.int32),
        )
        for count in (50_000, 10_000)
    )
    return Dataset("cifar10", train, test, tuple("0123456789"), "random")


class Trainer:
    """A network and the steps that it has done."""

    def __init__(self, recipe: Recipe, data: Dataset, averaged: bool = True) -> None:
        self.network, self.step = Network(recipe, data), 0
        # The graph is made by the first call, so what is replaced then stays out of it.
        with nullcontext() if averaged else mock.patch.object(average, "track", return_value=None):
            self.seconds(1)

    def seconds(self, count: int) -> float:
        """The time that `count` steps took."""
        start = time.perf_counter()
        self.network.advance(self.step, count)
        self.step += count
        return time.perf_counter() - start


def share_of_averages(recipe: Recipe, data: Dataset, pairs: int) -> float:
    """The part of a step that tracking the averages takes: the median over calls with and without it."""
    return share(Trainer(recipe, data), Trainer(recipe, data, averaged=False), pairs)


def share(with_them: Trainer, without: Trainer, pairs: int) -> float:
    shares = []
    count = max(1, round(SECONDS_PER_CALL / with_them.seconds(1)))
    for number in range(pairs):
        order = (with_them, without) if number % 2 else (without, with_them)
        taken = {trainer: trainer.seconds(count) for trainer in order}
        shares.append(1 - taken[without] / taken[with_them])
    return median(shares)


class Watched(Trainer):
    """The same with tensorboard=scalars. Each call writes its summaries: in a training one in many does."""

    def __init__(self, recipe: Recipe, data: Dataset, folder: Path) -> None:
        self.summaries: Summaries | None = None
        super().__init__(recipe, data)
        self.summaries = Summaries(recipe, self.network, Trajectory(folder, "watched"))

    def seconds(self, count: int) -> float:
        start = time.perf_counter()
        losses, penalties = self.network.advance_watched(self.step, count)
        self.step += count
        if self.summaries is not None:
            self.summaries.every = self.step
            self.summaries.stepped(self.step, losses, penalties, time.perf_counter() - start)
        return time.perf_counter() - start


def share_of_summaries(recipe: Recipe, data: Dataset, pairs: int) -> float:
    """The part of a step that tensorboard=scalars takes: the median over calls with and without it."""
    with tempfile.TemporaryDirectory() as folder:
        return share(Watched(recipe, data, Path(folder)), Trainer(recipe, data), pairs)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--share-of-averages", type=int, metavar="PAIRS", help="measure this instead of throughput")
    parser.add_argument("--share-of-summaries", type=int, metavar="PAIRS", help="measure this instead of throughput")
    parser.add_argument("overrides", nargs="*")
    arguments = parser.parse_args()
    device.configure(arguments.threads)
    recipe = loading.resolve(loading.compose(["data=cifar10", "model=tuto", *arguments.overrides]))
    if arguments.share_of_averages:
        print(share_of_averages(recipe, dataset(), arguments.share_of_averages))
        sys.exit()
    if arguments.share_of_summaries:
        print(share_of_summaries(recipe, dataset(), arguments.share_of_summaries))
        sys.exit()
    trainer = Trainer(recipe, dataset())
    windows, count = Windows(), 1
    while True:
        seconds = trainer.seconds(count)
        windows.did(count * recipe.batch_size)
        count = max(1, round(SECONDS_PER_CALL * count / seconds))


if __name__ == "__main__":
    main()
