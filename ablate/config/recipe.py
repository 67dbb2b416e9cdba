"""The recipe: everything that one run is made of, checked.

A recipe falls into parts. What changes the weights is its `training` content, which is hashed into the fingerprint of a
trajectory (see `ablate.store`); what is read off a trajectory is its `readout` and `steps`; how it is executed is never hashed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ablate.config.neutral import without_neutral
from ablate.config.validation import no_boolean, not_empty, within
from ablate.data import Shape
from ablate.models.spec import Dense, Model, to_plain
from ablate.store.sweep_check import MOST_LAST

SMALLEST_FLOAT, LARGEST_FLOAT = 1.1754944e-38, 3.4028235e38  # of 32 bits; smaller ones are flushed to 0

TRAINING_VERSION = 1  # part of every fingerprint: raise it with any change of the training code that changes its numbers

MOST = 1_000_000_000  # of steps, and of all that is counted in them

# A number that the training, which computes in 32 bits, can hold; true and false are none.
Number = Annotated[
    float, Field(allow_inf_nan=False), BeforeValidator(no_boolean), AfterValidator(within(SMALLEST_FLOAT, LARGEST_FLOAT))
]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Fraction = Annotated[Number, Field(ge=0, lt=1)]
ReportFormat = Literal["html", "csv", "md", "tex", "png", "svg"]
Count = Annotated[int, Field(ge=1, le=MOST, strict=True)]
Seed = Annotated[int, Field(ge=0, lt=2**31, strict=True)]
Store = Annotated[Path, BeforeValidator(not_empty)]


def _summaries(value: Any) -> Any:
    """What TensorBoard is to show; true and false are words for it, too."""
    return {True: "scalars", False: "off"}[value] if isinstance(value, bool) else value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Augment(_Section):
    """How a training batch is distorted.

    crop: where the part is that the model sees.
    crop_fraction: its side, as a fraction of the image's.
    flip: left to right, with probability 1/2.
    brightness: the most that is added to all pixels, or subtracted, in pixel values (0 to 255).
    contrast: a range of factors, the smallest and the largest.
    """

    crop: Literal["random", "center", "none"]
    crop_fraction: Annotated[Number, Field(gt=0, le=1)]
    flip: bool
    brightness: NotNegative
    contrast: tuple[NotNegative, NotNegative]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.contrast[0] > self.contrast[1]:
            raise ValueError("contrast must be [smallest, largest]")
        return self


class Average(_Section):
    """Moving averages of the weights: decay min(decay, (1 + step) / (warmup + step))."""

    decay: Fraction
    warmup: Count


Spread = Positive | Literal["glorot", "he", "inverse_fan_in"]


class Spreads(_Section):
    """Standard deviation of the initial weights by role of the layer."""

    conv: Spread
    dense: Spread
    classifier: Spread


class Biases(_Section):
    """Initial biases by role of the layer."""

    first_conv: Number
    hidden: Number
    classifier: Number


class Init(_Section):
    """Initial weights."""

    distribution: Literal["truncated_normal", "uniform"]
    stddev_of: Literal["result", "normal"]
    stddev: Spreads
    bias: Biases


class WeightDecay(_Section):
    """Weight decay; see the levels in conf/weight_decay for the meaning."""

    kind: Literal["l2", "decoupled", "none"]
    rate: NotNegative
    per_weight: bool
    layers: Literal["hidden_dense", "all"]


class Sgd(_Section):
    """Plain gradient descent."""

    kind: Literal["sgd"]
    lr: Positive


class Momentum(_Section):
    """Heavy-ball momentum."""

    kind: Literal["momentum"]
    lr: Positive
    momentum: Fraction


class Adam(_Section):
    """Adam with bias correction."""

    kind: Literal["adam"]
    lr: Positive
    beta_1: Fraction
    beta_2: Fraction
    epsilon: Positive


class Constant(_Section):
    """One rate throughout."""

    kind: Literal["constant"]


class Staircase(_Section):
    """The rate times factor every `every_epochs` epochs."""

    kind: Literal["staircase"]
    factor: Positive
    every_epochs: Positive


class Cosine(_Section):
    """Half a cosine down to `final_fraction` of the rate at the last step."""

    kind: Literal["cosine"]
    final_fraction: Annotated[Number, Field(ge=0, le=1)]


class Precision(_Section):
    """Type of activations and products."""

    compute: Literal["float32", "bfloat16"]


class Readout(_Section):
    """Which weights a run is read with."""

    weights: Literal["raw", "averaged"]


class AnyReport(_Section):
    """What is fixed for the report before training (margin, in points of the metric), and how it is written."""

    margin: Positive | None
    formats: tuple[ReportFormat, ...]
    style: str | None = None


class Report(AnyReport):
    """The same of the built-in trainer, which always has a margin, in points of accuracy."""

    margin: Positive


class Tail(_Section):
    """Over how many evaluations a run's value is the mean; see `readout.tail`."""

    last: Annotated[int, Field(ge=1, le=MOST_LAST, strict=True)]


class Common(_Section):
    """What is the same for every trainer: the seed, what is fixed for the report, and how a run is executed."""

    seed: Seed
    readout: Tail
    report: AnyReport
    threads: Count
    store: Store
    progress: bool


class Recipe(_Section):
    """A checked config: everything that one run is made of."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    # training
    data: Mapping[str, Any]
    shape: Shape
    model: Model
    augment: Augment
    init: Init
    weight_decay: WeightDecay
    optimizer: Annotated[Sgd | Momentum | Adam, Field(discriminator="kind")]
    schedule: Annotated[Constant | Staircase | Cosine, Field(discriminator="kind")]
    precision: Precision
    average: Average
    batch_size: Count
    eval_every: Count
    seed: Seed
    # readout
    readout: Readout
    steps: Count
    eval_train: Annotated[int, Field(ge=0, le=MOST, strict=True)] = 0
    diverged_loss: Positive
    # sweep
    report: Report
    # execution
    threads: Count
    store: Store
    progress: bool
    tensorboard: Annotated[Literal["off", "scalars", "full"], BeforeValidator(_summaries)]
    tensorboard_every: Count = 100

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of what the model sees, after the crop."""
        fraction = 1.0 if self.augment.crop == "none" else self.augment.crop_fraction
        height, width = (max(1, round(side * fraction)) for side in (self.shape.height, self.shape.width))
        return height, width, self.shape.channels

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.shape.classes

    @property
    def decays(self) -> bool:
        """Whether the weight decay has anything to decay: a rate, and layers that it is meant for."""
        decay = self.weight_decay
        meant = decay.layers == "all" or any(isinstance(layer, Dense) for layer in self.model)
        return decay.kind != "none" and decay.rate > 0 and meant

    @property
    def idle(self) -> list[str]:
        """What the config asks for and this model has no place for, a line each."""
        if self.weight_decay.kind != "none" and self.weight_decay.rate > 0 and not self.decays:
            return ["the weight decay is for hidden dense layers, and this model has none: it trains without"]
        return []

    @property
    def depends_on_steps(self) -> bool:
        """Whether the training differs with the total number of steps, so that a longer run cannot go on from a shorter."""
        return self.schedule.kind == "cosine"

    def training(self, data_digest: str) -> dict[str, Any]:
        """All that changes the weights, resolved to content: the names of levels, models and data sets are not in it.

        Two configs whose trainings are the same have equal contents. What has its neutral value is left out; see
        `ablate.config.neutral`. Args: the digest of the decoded data arrays.
        """
        height, width, channels = self.input_shape
        moves = self.augment.crop == "random" and (height, width) != (self.shape.height, self.shape.width)
        decay = self.weight_decay
        content: dict[str, Any] = {
            "version": TRAINING_VERSION,
            "data": {"digest": data_digest, **_plain(self.shape)},
            "input": {
                "size": [height, width, channels],
                "crop": "random" if moves else "center",
                "flip": self.augment.flip,
                "brightness": self.augment.brightness,
                "contrast": list(self.augment.contrast),
            },
            "model": to_plain(self.model),
            "init": self.init.model_dump(),
            "weight_decay": decay.model_dump() if self.decays else {"kind": "none"},
            "optimizer": self.optimizer.model_dump(),
            "schedule": self.schedule.model_dump(),
            "precision": self.precision.compute,
            "average": self.average.model_dump(),
            "batch_size": self.batch_size,
            "eval_every": self.eval_every,
            "seed": self.seed,
        }
        if self.depends_on_steps:
            content["steps"] = self.steps
        return without_neutral(content)


def _plain(shape: Shape) -> dict[str, int]:
    return {
        "height": shape.height,
        "width": shape.width,
        "channels": shape.channels,
        "classes": shape.classes,
        "train_images": shape.train_images,
        "eval_images": shape.eval_images,
    }
