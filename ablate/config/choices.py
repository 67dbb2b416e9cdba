"""The level that a config group is given, checked: there is one of that name, and YAML reads it as that name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ablate.config import own_configs
from ablate.config.own_configs import STUDY
from ablate.config.references import REFERENCE, check_references
from ablate.config.syntax import quoted
from ablate.errors import AblateError, did_you_mean, shown

NOUNS = {
    "model": "model",
    "data": "data set",
    STUDY: "study",
    "optimizer": "optimizer",
    "sweeper": "sweeper",
    "trainer": "trainer",
}
OPTIONAL = (STUDY, "trainer")  # groups without a level


def check_level(group: str, value: Any, own: Sequence[Path]) -> None:
    """Refuse what is no level of a group."""
    listed = own_configs.levels(group, own)
    noun = NOUNS.get(group, f"{group} level")
    choices = ", ".join(listed) if listed else "none"
    if isinstance(value, list):
        inner = ",".join(each if isinstance(each, str) else shown(each) for each in value)
        raise AblateError(
            f"{group} takes one level, got a list: {group}=[{inner}]. To compare several, sweep: -m {group}={inner}."
        )
    if isinstance(value, dict):
        inner = next(iter(value), "KEY")
        raise AblateError(
            f"{group} takes a level, got {shown(value)}. Choose from {choices}. To change one key, write {group}.{inner}=VALUE."
        )
    if value is None and group in OPTIONAL:
        return
    if isinstance(value, str):
        level = value.removesuffix(".yaml")
        check_references(group, value)
        of_no_group = [first for first in REFERENCE.findall(value) if not own_configs.is_group(first)]
        if level in listed or ("${" in value and not of_no_group):
            return
        if not value.strip():
            raise AblateError(f"{group} has no value. Choose from {choices}.")
        hint = did_you_mean(level, listed) + own_configs.misnamed(group, level, own)
        raise AblateError(f"Unknown {noun} {shown(value)}. Choose from {choices}.{hint}")
    plain = shown(value)
    if plain in listed:
        word = quoted(f'{group}="{plain}"')
        raise AblateError(f"{group} takes a name, got {plain}. Quote it: {word}.")
    alike = {True: "on", False: "off"}.get(value) if isinstance(value, bool) else None
    if alike in listed:
        raise AblateError(f"Unknown {noun} {plain}. Choose from {choices}. Did you mean '{alike}'?")
    more = _number_keys(group) if not isinstance(value, bool) and value is not None else []
    advice = f" To set a number, write {' or '.join(f'{group}.{key}={plain}' for key in more[:2])}." if more else ""
    raise AblateError(f"Unknown {noun} {plain}. Choose from {choices}.{advice}")


def _number_keys(group: str) -> list[str]:
    """The keys of a group's levels that hold numbers."""
    keys: dict[str, None] = {}
    for level in own_configs.levels(group):
        content = yaml.safe_load((own_configs.conf_dir() / group / f"{level}.yaml").read_text())
        for key, value in content.items() if isinstance(content, dict) else ():
            if isinstance(value, int | float) and not isinstance(value, bool):
                keys[str(key)] = None
    return list(keys)
