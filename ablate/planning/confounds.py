"""What an arm may change besides its factor: one list, for the warnings of the plan and the table of the report."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Quantity:
    """One thing that an arm may change besides its factor.

    words: as readers see it. itself: the factors that are this very quantity: where one of them is switched, it is no news.
    """

    name: str
    words: str
    itself: tuple[str, ...] = ()


SAME = 1e-9  # relative: what equal numbers may differ by in their last digits
INPUT = "input"  # (height, width, channels) of what the model sees; the others are numbers
QUANTITIES = (
    Quantity(INPUT, "input"),
    Quantity("parameters", "parameters"),
    Quantity("operations", "FLOPs"),  # for one image
    Quantity("learning_rate", "learning rate", ("lr", "optimizer.lr")),
    Quantity("training_images", "training images", ("data.validation", "data.train_images")),
    Quantity("batch_size", "batch size", ("batch_size",)),
    Quantity("steps", "steps", ("steps", "epochs")),
    Quantity("steps_per_epoch", "steps per epoch"),
    Quantity("epochs", "epochs in all", ("steps", "epochs")),
)
WORDS: Mapping[str, str] = {quantity.name: quantity.words for quantity in QUANTITIES}


def of_training(content: Mapping[str, Any]) -> dict[str, Any]:
    """The quantities that the content of a training tells; not its costs, nor its steps, which a run has.

    Args:
        content: as config.yaml has it. A learning rate that is no positive number, as a stranger's may be, is None.
    """
    images, batch = content["data"]["train_images"], content["batch_size"]
    optimizer = content.get("optimizer")
    rate = optimizer.get("lr") if isinstance(optimizer, Mapping) else None
    return {
        INPUT: list(content["input"]["size"]),
        "learning_rate": rate if isinstance(rate, int | float) and 0 < rate < math.inf else None,
        "training_images": images,
        "batch_size": batch,
        "steps_per_epoch": images / batch,
    }


def differ(before: Any, after: Any) -> bool:
    """Whether a quantity of two arms is not the same, texts or numbers that may be means."""
    if isinstance(before, str) or isinstance(after, str):
        return bool(before != after)
    return not math.isclose(before, after, rel_tol=SAME)


def news(switched: Collection[str]) -> list[str]:
    """The names of the quantities that none of the switched factors is itself."""
    return [quantity.name for quantity in QUANTITIES if not set(switched) & set(quantity.itself)]
