"""From what Hydra composed to a checked recipe, with messages that name the key, what was expected and what was received."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from ablate.data import shape as data_shape
from ablate.designs import DESIGNS
from ablate.errors import AblateError, one_of
from ablate.launch.settings import Settings
from ablate.launch.share import cores
from ablate.models.spec import apply_levels, parse
from ablate.recipe import Recipe

SHORTEST_SECRET = 6  # characters

KEYS = (
    *("data", "augment", "model", "lrn", "fc", "init", "weight_decay", "optimizer", "schedule", "precision", "ema"),
    *("lr", "batch_size", "seed", "eval_every", "ema_decay", "ema_warmup", "steps", "epochs", "diverged_loss", "design"),
    *(
        "question",
        "resolution",
        "retune",
        "retune_rates",
        "retune_seeds",
        "report",
        "threads",
        "workers",
        "retries",
        "fail_fast",
        "watch",
        "store",
        "progress",
        "tensorboard",
    ),
)
INNER_KEYS = {
    "data": ("name", "archive", "url", "md5", "cache", "records_per_file", "path", "validation", "eval_on"),
    "model": ("layers",),
    "lrn": ("level",),
    "fc": ("level",),
}


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
    groups = [group for group in map(str, choices) if group not in ("study", "sweeper") and not group.startswith("hydra/")]
    return {group: str(choices[group]) for group in groups}


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
    Settings.of(config)
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
        diverged_loss=config["diverged_loss"],
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
    return math.ceil(round(epochs * train_images / config["batch_size"], 6))  # 1e-6 steps are a matter of rounding


def _threads(value: Any) -> Any:
    """A number of threads; `auto` is one for each core that this process may use."""
    if value != "auto":
        return value
    return cores()


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
        elif first["type"] == "path_type":
            message = "Expected the path of a folder"
        elif key.startswith("init.stddev."):
            message = "Expected a number above 0, 'glorot', 'he' or 'inverse_fan_in'"
        if first["type"] == "missing":
            raise AblateError(f"Expected the key {key}. Received: a config without it.") from None
        raise AblateError(f"{message}. Received: {key}={received!r}.") from None
