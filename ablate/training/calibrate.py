"""How fast this machine trains: a short measurement with the tutorial's model on random images.

`python -m ablate.training.calibrate --threads 1 --precision float32` prints one JSON object.
"""

import argparse
import json
import time
from statistics import median

import numpy as np

from ablate.config import loading
from ablate.config.recipe import Recipe
from ablate.data import Dataset, Split
from ablate.models.costs import totals
from ablate.training import device
from ablate.training.loop import SECONDS_PER_CALL
from ablate.training.network import Network
from ablate.training.state import settled


def random_images(recipe: Recipe) -> Dataset:
    """Random images and labels in the sizes of the recipe's data set; speed does not depend on what they show."""
    generator, shape = np.random.default_rng(0), recipe.shape
    train, evaluation = (
        Split(
            generator.integers(0, 256, (count, shape.height, shape.width, shape.channels), dtype=np.uint8),
            generator.integers(0, shape.classes, count, dtype=np.int32),
        )
        for count in (shape.train_images, shape.eval_images)
    )
    return Dataset("random", train, evaluation, tuple(map(str, range(shape.classes))), "random")


@settled()
def operations_per_second(recipe: Recipe, seconds: float) -> float:
    """Operations of the model for one image times images trained on in a second: the median over calls.

    Args:
        seconds: how long to train, after the graph was traced; at least one call is measured.
    """
    network = Network(recipe, random_images(recipe))
    network.advance(0, 1)  # traces
    step, count, speeds = 1, 1, []
    until = time.perf_counter() + seconds
    while not speeds or time.perf_counter() < until:
        started = time.perf_counter()
        network.advance(step, count)
        speeds.append(count * recipe.batch_size / (time.perf_counter() - started))
        step += count
        count = max(1, round(SECONDS_PER_CALL * speeds[-1] / recipe.batch_size))
    return median(speeds) * totals(recipe.model, recipe.input_shape)[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to train (default: 3)")
    options = parser.parse_args()
    # The digits are a small set of the same image size as CIFAR-10, of which only the sizes are used.
    recipe = loading.resolve(loading.compose(["data=digits", "model=tuto", f"precision={options.precision}"]))
    device.configure(options.threads)
    print(json.dumps({"operations_per_second": operations_per_second(recipe, options.seconds)}))


if __name__ == "__main__":
    main()
