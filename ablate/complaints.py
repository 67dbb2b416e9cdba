"""Errors as users see them: one line, whoever raised them."""

import difflib
import re

from hydra.errors import MissingConfigException
from omegaconf import DictConfig, OmegaConf

from ablate import config
from ablate.errors import AblateError


def one_line(error: Exception) -> str:
    """What a user is told of an error, those of Hydra and OmegaConf included: what was expected and what was received."""
    if isinstance(error, AblateError):
        return str(error)
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        group, _, level = str(error.missing_cfg_file).rpartition("/")
        return f"Expected one of: {', '.join(error.options)}. Received: {group}={level!r}."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    cause = error.__cause__
    if cause is not None and str(cause).strip():
        lines = [*lines[:1], str(cause).strip().splitlines()[0]]
    message = " ".join(lines) if lines else type(error).__name__
    unknown = re.search(r"[Kk]ey '([^']+)' is not in struct|Could not find '([^']+)'|Could not override '([^']+)'", message)
    if unknown:
        return _unknown_key(next(key for key in unknown.groups() if key))
    return message


def _unknown_key(key: str) -> str:
    """The message for a key that the config does not have, with the nearest ones that it has."""
    if key.startswith("hydra."):
        return _unknown_hydra_key(key)
    cfg = config.compose([])
    known = [name for name in cfg if isinstance(name, str) and name != "hydra"]
    for group in list(known):
        node = cfg.get(group)
        known += [f"{group}.{name}" for name in node if isinstance(name, str)] if isinstance(node, DictConfig) else []
    near = difflib.get_close_matches(key, known, n=3) or sorted(name for name in known if "." not in name)
    return f"Expected a key of the config, such as {', '.join(near)}. Received: {key!r}. Keys and groups: ablate --help."


def _unknown_hydra_key(key: str) -> str:
    """The same for a key of Hydra's own node, such as that of a sweeper."""
    parent, _, name = key.rpartition(".")
    search = config.compose(["hydra/sweeper=optuna"])
    node = OmegaConf.select(search, parent)
    if not isinstance(node, DictConfig):
        return f"Expected a key that Hydra has. Received: {key!r}."
    if name in node:
        return f"Expected hydra/sweeper=optuna with {key}, a key of searches. Received: another sweeper."
    keys = sorted(each for each in node if isinstance(each, str) and not each.startswith("_"))
    near = difflib.get_close_matches(name, keys, n=3) or keys
    return f"Expected a key of {parent}, such as {', '.join(near)}. Received: {key!r}."
