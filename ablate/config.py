"""The typed config: what Hydra composed, checked and split into training, readout, sweep and execution.

A config becomes a `Recipe`. What changes the weights is its `training` content, which is hashed into the fingerprint of a
trajectory (see `ablate.store`); what is read off a trajectory is its `readout`; how it is executed is never hashed.
"""

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ablate.data import Shape
from ablate.data import shape as data_shape
from ablate.designs import DESIGNS
from ablate.errors import AblateError, one_of
from ablate.models.spec import Dense, Model, apply_levels, parse, to_plain

TRAINING_VERSION = 1  # part of every fingerprint: raise it with any change of the training code that changes its numbers

SHORTEST_SECRET = 6  # characters

KEYS = (
    *("data", "augment", "model", "lrn", "fc", "init", "weight_decay", "optimizer", "schedule", "precision", "ema"),
    *("lr", "batch_size", "seed", "eval_every", "ema_decay", "ema_warmup", "steps", "epochs", "design", "report"),
    *("threads", "store", "progress", "tensorboard"),
)
INNER_KEYS = {
    "data": ("name", "archive", "url", "md5", "cache", "records_per_file", "path", "validation", "eval_on"),
    "model": ("layers",),
    "lrn": ("level",),
    "fc": ("level",),
}

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, strict=True)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Augment(_Section):
    """How a training batch is distorted. brightness is in pixel values (0 to 255); contrast a range of factors."""

    crop: Literal["random", "center", "none"]
    crop_fraction: Annotated[float, Field(gt=0, le=1)]
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

    first_conv: float
    hidden: float
    classifier: float


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
    final_fraction: Annotated[float, Field(ge=0, le=1)]


class Precision(_Section):
    """Type of activations and products."""

    compute: Literal["float32", "bfloat16"]


class Readout(_Section):
    """Which weights a run is read with."""

    weights: Literal["raw", "averaged"]


class Report(_Section):
    """What is fixed for the report before training. margin in points of accuracy."""

    margin: NotNegative


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
    seed: Annotated[int, Field(ge=0, lt=2**31, strict=True)]
    # readout
    readout: Readout
    steps: Count
    # sweep
    report: Report
    # execution
    threads: Count
    store: Path
    progress: bool
    tensorboard: bool

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

        Two configs whose trainings are the same have equal contents. Args: the digest of the decoded data arrays.
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
        return content


def conf_dir() -> Path:
    """The folder of the configs: inside the package where it was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def compose(overrides: Sequence[str], config_dir: str | None = None) -> DictConfig:
    """The config that `python -m ablate OVERRIDES` would train, composed by Hydra, with the `hydra` node in it.

    Args:
        overrides: as on the command line, without sweeps.
        config_dir: a folder with configs of the user's own, searched as well.
    """
    search = [] if config_dir is None else [f"hydra.searchpath=[{Path(config_dir).resolve().as_uri()}]"]
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        return hydra_compose("config", overrides=[*search, *overrides], return_hydra_config=True)


def levels(hydra: Any) -> dict[str, str]:
    """The chosen level of each config group, from a config's `hydra` node: {"model": "tuto", "augment": "on", ...}."""
    choices = OmegaConf.to_container(hydra.runtime.choices)
    assert isinstance(choices, dict)
    return {str(group): str(level) for group, level in choices.items() if not str(group).startswith("hydra/")}


def resolve(cfg: DictConfig) -> Recipe:
    """The checked recipe of a composed config.

    Raises:
        AblateError: one line that names the key, what was expected and what was received.
    """
    try:
        plain = OmegaConf.to_container(
            OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"]), resolve=True, throw_on_missing=True
        )
    except OmegaConfBaseException as error:
        raise AblateError(f"The config does not resolve: {str(error).splitlines()[0]}") from error
    assert isinstance(plain, dict)
    config: dict[str, Any] = {str(key): value for key, value in plain.items()}
    _check_keys(config)
    shape = data_shape(config["data"])
    layers = parse(config["model"].get("layers"), shape.classes)
    model = apply_levels(layers, config["lrn"]["level"], config["fc"]["level"], shape.classes)
    batch_size = config["batch_size"]
    if isinstance(batch_size, int) and batch_size > shape.train_images:
        raise AblateError(
            f"Expected a batch_size of at most {shape.train_images}, the number of training images. "
            f"Received: batch_size={batch_size}."
        )
    optimizer = config["optimizer"] | {"lr": config["lr"]} if isinstance(config["optimizer"], dict) else {}
    return _checked(
        data=config["data"],
        shape=shape,
        model=model,
        augment=config["augment"],
        init=config["init"],
        weight_decay=config["weight_decay"],
        optimizer=optimizer,
        schedule=config["schedule"],
        precision=config["precision"],
        average={"decay": config["ema_decay"], "warmup": config["ema_warmup"]},
        batch_size=batch_size,
        eval_every=config["eval_every"],
        seed=config["seed"],
        readout=config["ema"],
        steps=_steps(config, shape.train_images),
        report=config["report"],
        threads=_threads(config["threads"]),
        store=config["store"],
        progress=config["progress"],
        tensorboard=config["tensorboard"],
    )


def _check_keys(config: Mapping[str, Any]) -> None:
    """Refuse what no part of the program would read, and what every part needs."""
    sections = [(name, config[name], keys) for name, keys in INNER_KEYS.items() if name in config]
    for where, section, keys in [("the config", config, KEYS), *sections]:
        if not isinstance(section, Mapping):
            raise AblateError(f"Expected a level of the group {where}. Received: {where}={section!r}.")
        for key in section:
            if key not in keys:
                raise AblateError(f"Expected the keys of {where}: {', '.join(keys)}. Received: {key!r}.")
    inner = [(name, keys) for name, keys in INNER_KEYS.items() if name in config and name != "data"]
    missing = [key for key in KEYS if key not in config]
    missing += [f"{name}.{key}" for name, keys in inner for key in keys if key not in config[name]]
    if missing:
        raise AblateError(f"Expected the key {missing[0]} in the config. Received: a config without it.")
    if config["design"] not in DESIGNS:
        raise AblateError(one_of("design", config["design"], DESIGNS))


def check_overrides(words: Sequence[str]) -> None:
    """Refuse overrides of which one would silently win over another."""
    given = {key: word for word in words for key in ("steps", "epochs") if word.lstrip("+").startswith(f"{key}=")}
    if len(given) == 2 and given["epochs"] != "epochs=null":
        raise AblateError(f"Expected steps or epochs, not both. Received: {given['steps']} {given['epochs']}.")


def redacted(text: str, cfg: DictConfig) -> str:
    """The text without the values that the config takes from the environment: secrets never land in a stored file.

    The value of each `${oc.env:NAME}` in the config is replaced by that expression. What is shorter than any secret stays, so
    that a number of threads from the environment does not garble a text.
    """
    for name in set(re.findall(r"\$\{oc\.env:\s*([A-Za-z_]\w*)", OmegaConf.to_yaml(cfg, resolve=False))):
        value = os.environ.get(name)
        if value and len(value) >= SHORTEST_SECRET:
            text = text.replace(value, f"${{oc.env:{name}}}")
    return text


def _steps(config: Mapping[str, Any], train_images: int) -> Any:
    """`steps`, or the steps that make up `epochs`, rounded up."""
    epochs = config["epochs"]
    if epochs is None:
        return config["steps"]
    if isinstance(epochs, bool) or not isinstance(epochs, int | float) or not 0 < epochs < math.inf:
        raise AblateError(f"Expected a number of epochs above 0, or null. Received: epochs={epochs!r}.")
    if not isinstance(config["batch_size"], int) or config["batch_size"] < 1:
        return 1  # the batch size is refused with its own message
    return math.ceil(epochs * train_images / config["batch_size"])


def _threads(value: Any) -> Any:
    """A number of threads; `auto` is one for each core that this process may use."""
    if value != "auto":
        return value
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


_NAMES = {"average.decay": "ema_decay", "average.warmup": "ema_warmup", "readout.weights": "ema.weights", "optimizer.lr": "lr"}
_TAGS = ("sgd", "momentum", "adam", "constant", "staircase", "cosine")  # pydantic's way to name the members of a union


def _checked(**sections: Any) -> Recipe:
    """The recipe, or one line about the first thing that is wrong with it."""
    try:
        return Recipe(**sections)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        parts = [str(part) for part in first["loc"]]
        key = ".".join(part for part in parts if part not in _TAGS and "constrained" not in part and "literal" not in part)
        key = _NAMES.get(key, key)
        message = first["msg"].removeprefix("Value error, ").replace("Input should be", "Expected").rstrip(".")
        message = message.replace("Expected greater", "Expected a number greater").replace(
            "Expected less", "Expected a number less"
        )
        received = first["input"]
        if first["type"] == "extra_forbidden":
            message = "Expected no such key"
        elif first["type"] == "union_tag_invalid":
            key, received = f"{key}.kind", first["ctx"]["tag"]
            message = f"Expected one of: {first['ctx']['expected_tags']}"
        elif key.startswith("init.stddev."):
            message = "Expected a number above 0, 'glorot', 'he' or 'inverse_fan_in'"
        if first["type"] == "missing":
            raise AblateError(f"Expected the key {key}. Received: a config without it.") from None
        raise AblateError(f"{message}. Received: {key}={received!r}.") from None


def _plain(shape: Shape) -> dict[str, int]:
    return {
        "height": shape.height,
        "width": shape.width,
        "channels": shape.channels,
        "classes": shape.classes,
        "train_images": shape.train_images,
        "eval_images": shape.eval_images,
    }
