"""From what Hydra composed to a checked recipe, with messages that name the key, what was expected and what was received."""

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from ablate import designs
from ablate.config import keys, own
from ablate.config.execution import Settings
from ablate.config.neutral import fill_config
from ablate.config.own_configs import KEYS, conf_dir, groups
from ablate.config.own_configs import levels as levels_of
from ablate.config.recipe import MOST, Common, Recipe
from ablate.config.validation import complaint, missing_key
from ablate.data import SETS
from ablate.data import shape as data_shape
from ablate.errors import AblateError, did_you_mean, one_of, shown, unknown_key
from ablate.models.spec import apply_levels, parse
from ablate.resources import cores

SHORTEST_SECRET = 6  # characters

INNER_KEYS = {section: keys.inner(section) for section in ("model", "lrn", "fc")}  # the recipe checks those of the others
DATA_KEYS = keys.inner("data")  # of every data set
SPARE_DATA_KEYS = ("cache",)  # which every data set may have


def compose(overrides: Sequence[str], config_dir: str | None = None) -> DictConfig:
    """The config that `python -m ablate OVERRIDES` would train, composed by Hydra, with the `hydra` node in it.

    Args:
        overrides: as on the command line, without sweeps.
        config_dir: a folder with configs of the user's own, searched as well.
    """
    with hydra_of_its_own(), initialize_config_dir(version_base="1.3", config_dir=str(own.configs(overrides))):
        if config_dir is not None:
            loader: Any = GlobalHydra.instance().config_loader()
            places = loader.get_search_path()
            # As Hydra's own --config-dir does: the path as it is, since its characters are not those of an override or a URI.
            places.prepend("command-line", f"file://{Path(config_dir).absolute()}", SearchPathQuery("schema", None))
            loader.repository.initialize_sources(places)
        return hydra_compose("config", overrides=list(overrides), return_hydra_config=True)


def select(overrides: Sequence[str], config_dir: str | None, key: str) -> Any:
    """What a config has for a key, or for a dotted path of them.

    Raises:
        AblateError: it has no such key.
    """
    cfg = compose(overrides, config_dir)
    found = cfg if key == "_global_" else OmegaConf.select(cfg, key)
    if found is None:
        raise AblateError(unknown_key(key, [str(name) for name in cfg]))
    return found


@contextmanager
def hydra_of_its_own() -> Iterator[None]:
    """Within it Hydra can be started, even where it is composing already, as it is where a sweep is planned."""
    before = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = before


def levels(hydra: Any) -> dict[str, str]:
    """The chosen level of each config group, from a config's `hydra` node: {"model": "tuto", "augment": "on", ...}."""
    choices = OmegaConf.to_container(hydra.runtime.choices)
    assert isinstance(choices, dict)
    chosen = {str(group): level for group, level in choices.items() if level is not None}
    return {
        group: str(chosen[group]) for group in chosen if group not in ("study", "sweeper") and not group.startswith("hydra/")
    }


def resolve(cfg: DictConfig) -> Recipe:
    """The checked recipe of a composed config; see `plain` and `recipe`."""
    return recipe(*plain(cfg))


def plain(cfg: DictConfig) -> tuple[dict[str, Any], dict[str, str]]:
    """(a composed config without its `hydra` node, resolved; the chosen level of each group, where that is known).

    Raises:
        AblateError: one line that names the key, what was expected and what was received.
    """
    try:
        found = OmegaConf.to_container(
            OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"]), resolve=True, throw_on_missing=True
        )
    except (OmegaConfBaseException, RecursionError) as error:
        raise AblateError(unresolved(error, cfg)) from error
    assert isinstance(found, dict)
    return {str(key): value for key, value in found.items()}, levels(cfg.hydra) if "hydra" in cfg else {}


def recipe(config: Mapping[str, Any], chosen: Mapping[str, str]) -> Recipe:
    """The checked recipe of a resolved config.

    Args:
        chosen: the level of each config group.

    Raises:
        AblateError: one line that names the key, what was expected and what was received.
    """
    config = fill_config(config)
    _check_keys(config, chosen)
    shape = data_shape(config["data"])
    try:
        layers = parse(config["model"].get("layers"), shape.classes)
    except AblateError as error:
        raise AblateError(f"model={chosen['model']}: {error}" if "model" in chosen else str(error)) from None
    model = apply_levels(layers, config["lrn"]["level"], config["fc"]["level"], shape.classes)
    batch_size = config["batch_size"]
    if type(batch_size) is int and batch_size > shape.train_images:
        raise AblateError(
            f"batch_size must be at most {shape.train_images:,}, the number of training images, got {shown(batch_size)}."
        )
    Settings.of(config)
    optimizer = config["optimizer"] | {"lr": config["lr"]} if isinstance(config["optimizer"], dict) else {}
    return _checked(
        chosen,
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
        eval_train=_sample(config["eval_train"], shape.train_images),
        diverged_loss=config["diverged_loss"],
        report=config["report"],
        threads=_threads(config["threads"]),
        store=config["store"],
        progress=config["progress"],
        tensorboard=config["tensorboard"],
        tensorboard_every=config["tensorboard_every"],
    )


def _sample(images: Any, train_images: int) -> Any:
    """How many training images are evaluated: no more than there are."""
    if type(images) is int and images > train_images:
        raise AblateError(f"eval_train must be at most {train_images:,}, the number of training images, got {images:,}.")
    return images


def common(config: Mapping[str, Any], chosen: Mapping[str, str]) -> Common:
    """What a resolved config says that is the same for every trainer; see `recipe`."""
    found = {name: config[name] for name in Common.model_fields if name in config}
    try:
        return Common(**(found | {"threads": _threads(config["threads"])}))
    except ValidationError as error:
        raise AblateError(complaint(error, chosen)) from None


def unresolved(error: Exception, cfg: DictConfig) -> str:
    """What to say of a config with an interpolation that gives no value: the key, what it refers to, and why there is none."""
    text = " ".join(str(error).split())
    key = getattr(error, "full_key", None) or _culprit(cfg) or "the config"
    written = _written(cfg, key)
    of = f"{key}={written}" if written is not None else key
    if isinstance(error, RecursionError) or "recursive" in text.lower() or "recursion" in text.lower():
        return f"{of} refers to itself. Write a value."
    if found := re.search(r"[Ee]nvironment variable '([^']*)' not found", text):
        return f"{of}: the environment variable {found[1]} is not set. Set it, or write ${{oc.env:{found[1]},DEFAULT}}."
    if found := re.search(r"Interpolation key '([^']*)' not found", text):
        group, _, inner = found[1].partition(".")
        built_in = f"{key}: {written}" in (conf_dir() / "config.yaml").read_text()  # the user wrote no reference
        if inner and built_in and "hydra" in cfg and group in levels(cfg.hydra):
            return missing_key(found[1], levels(cfg.hydra))
        names = [str(name) for name in cfg if name != "hydra"]
        return f"{of}: the config has no key '{found[1]}'.{did_you_mean(found[1], names)}"
    if found := re.search(r"Unsupported interpolation type (\S+)", text):
        return f"{of}: unknown resolver '{found[1]}'. Choose from oc.env, oc.select, now."
    if "issing" in text and "???" in text:
        return f"{of} has no value. Write {key}=VALUE."
    return f"{of} does not resolve. Write a value, or ${{KEY}} with another key of the config."


def _culprit(cfg: DictConfig) -> str | None:
    """The first top-level key that does not resolve."""
    for key in map(str, cfg):
        try:
            if key != "hydra" and OmegaConf.is_config(node := cfg[key]):
                OmegaConf.to_container(node, resolve=True)
        except (OmegaConfBaseException, RecursionError):
            return key
    return None


def _written(cfg: DictConfig, key: str) -> str | None:
    """A value as the config has it, unresolved; None where there is none to show."""
    node: Any = OmegaConf.to_container(cfg, resolve=False)
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node if isinstance(node, str) else None


def _whole_key(key: str, value: Any) -> str:
    """The key as the user wrote it, where it made sections of its own on the way."""
    while isinstance(value, Mapping) and value:
        name, value = next(iter(value.items()))
        key = f"{key}.{name}"
    return key


def _check_keys(config: Mapping[str, Any], chosen: Mapping[str, str]) -> None:
    """Refuse what no part of the program would read, and what every part needs. chosen: the level of each group."""
    for name in config:
        if name not in KEYS:
            raise AblateError(unknown_key(_whole_key(name, config[name]), KEYS))
    missing = [key for key in KEYS if key not in config]
    if missing:
        raise AblateError(f"The config has no {missing[0]}. Write {missing[0]}=VALUE.")
    for group in sorted(groups() & config.keys()):
        if not isinstance(config[group], Mapping):
            raise AblateError(
                f"{group} must be one of its levels, got {shown(config[group])}. Choose from {', '.join(levels_of(group))}."
            )
    data_set = config["data"].get("name")
    source = SETS.known(data_set) if isinstance(data_set, str) else None
    own = () if source is None else tuple(key.name for key in source.keys)
    needed = {**INNER_KEYS, "data": (*DATA_KEYS, *own)}
    for key in ("path", "archive", "cache", "url"):
        if not isinstance(config["data"].get(key), str | None):
            raise AblateError(f"data.{key} must be a text, got {shown(config['data'][key])}.")
        if isinstance(config["data"].get(key), str) and not config["data"][key].strip():
            raise AblateError(f"data.{key} has no value. Write data.{key}=VALUE.")
    for name, known in needed.items():
        allowed = (*known, *SPARE_DATA_KEYS) if name == "data" else known
        for key in config[name]:
            if key not in allowed and not (name == "data" and source is None):
                of = f"data={data_set}" if name == "data" else name
                raise AblateError(
                    unknown_key(_whole_key(f"{name}.{key}", config[name][key]), [f"{name}.{each}" for each in known], of)
                )
        for key in known:
            if key not in config[name]:
                raise AblateError(missing_key(f"{name}.{key}", chosen))
    if not isinstance(config["design"], str):
        raise AblateError(one_of("design", config["design"], designs.names()))
    designs.find(config["design"])


def check_overrides(words: Sequence[str]) -> None:
    """Refuse overrides if one would silently win over another; the user's own keys have no such meaning."""
    if own.is_own(words):
        return
    given = {key: word for word in words for key in ("steps", "epochs") if word.lstrip("+").startswith(f"{key}=")}
    if len(given) == 2 and given["epochs"].lstrip("+") != "epochs=null":
        raise AblateError(f"Give steps or epochs, not both: {given['steps']} {given['epochs']}.")


def redacted(text: str, cfg: DictConfig) -> str:
    """The text without the values that the config takes from the environment: secrets never land in a stored file.

    The value of each `${oc.env:NAME}` in the config is replaced by that expression. What is shorter than any secret stays, so
    that a number of threads from the environment does not garble a text.
    """
    if not text:
        return text  # as after most trainings, which end well
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
        raise AblateError(f"epochs must be a number above 0, or null, got {shown(epochs)}.")
    batch_size = config["batch_size"]
    if type(batch_size) is not int or batch_size < 1:
        return 1  # the batch size is refused with its own message
    most = MOST * batch_size / train_images
    if epochs > most:
        raise AblateError(f"epochs must be at most {most:,.0f}, which is {MOST:,} steps, got {shown(epochs)}.")
    return math.ceil(round(epochs * train_images / batch_size, 6))  # 1e-6 steps are a matter of rounding


def _threads(value: Any) -> Any:
    """A number of threads; `auto` is one for each core that this process may use."""
    if value != "auto":
        return value
    return cores()


def _checked(chosen: Mapping[str, str], **sections: Any) -> Recipe:
    """The recipe, or one line about the first thing that is wrong with it."""
    try:
        return Recipe(**sections)
    except ValidationError as error:
        raise AblateError(complaint(error, chosen)) from None
