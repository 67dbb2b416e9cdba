"""Neutral values: left out of what is hashed, and filled in wherever a config is checked, shown or compared.

See `ablate.config.keys` for what has one. Here the content of a training is what its fingerprint hashes (`Recipe.training`), as
Python has it from JSON or YAML; other parts of a store's file may come from a stranger, so that any shape of it is taken.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeGuard

from ablate.config import keys
from ablate.config.keys import NONE, Key
from ablate.models.layers import WORDS
from ablate.store import fingerprint

OTHERS = "trainer"  # a key that the contents of other trainers have, whose keys are their own
OFF = "none"  # the kind of a section that does nothing, which is all that the content has of it


def same(one: Any, other: Any) -> bool:
    """Whether two values are hashed alike: 1 is not 1.0, and true is not 1, at any depth."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def without_neutral(content: Mapping[str, Any]) -> dict[str, Any]:
    """A training's content as it is hashed: without each key and each field of a layer that has exactly its neutral value."""
    found = copy.deepcopy(dict(content))
    if OTHERS in found:
        return found
    for numbers, neutral in _layers(found):
        for name, value in neutral.items():
            if name in numbers and same(numbers[name], value):
                del numbers[name]
    for key in reversed(keys.TABLE):  # what is in a section before the section
        if key.neutral is not NONE and key.content is not None:
            parent, name = _parent(found, key.content)
            if (
                _has_place(parent, found, key)
                and not _is_off(parent, found)
                and name in parent
                and same(parent[name], key.neutral)
            ):
                del parent[name]
    return found


def with_neutral(content: Mapping[str, Any]) -> dict[str, Any]:
    """A training's content as it is shown and compared: with the neutral value of each key and field that it lacks."""
    found = copy.deepcopy(dict(content))
    if OTHERS in found:
        return found
    for numbers, neutral in _layers(found):
        for name, value in neutral.items():
            numbers.setdefault(name, value)
    for key in keys.TABLE:
        if key.neutral is not NONE and key.content is not None:
            parent, name = _parent(found, key.content)
            if _has_place(parent, found, key) and not _is_off(parent, found):
                parent.setdefault(name, copy.deepcopy(key.neutral))
    return found


def training_fingerprint(content: Mapping[str, Any]) -> str:
    """The fingerprint of a training, whether or not its content has neutral values filled in."""
    return fingerprint(without_neutral(content))


def fingerprints_of(content: Mapping[str, Any], seeds: Iterable[int]) -> dict[int, str]:
    """The fingerprints of the trainings that differ in the seed alone, by seed; a seed has no neutral value."""
    hashed = without_neutral(content)
    return {seed: fingerprint({**hashed, "seed": seed}) for seed in seeds}


def fill_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A composed config with the neutral value of each key that it lacks, as that of a user's own level does."""
    found = copy.deepcopy(dict(config))
    for key in keys.TABLE:
        if key.neutral is not NONE:
            parent, name = _parent(found, key.name)
            if _has_place(parent, found, key):
                parent.setdefault(name, copy.deepcopy(key.neutral))
    return found


def fill_levels(names: Mapping[str, str], content: Mapping[str, Any]) -> dict[str, str]:
    """The levels that a training was asked for with, and of each later group its neutral one, where the training has that.

    Args:
        content: of the training, with or without neutral values.
    """
    found, hashed = dict(names), without_neutral(content)
    for key in keys.TABLE:
        if key.level is not None and key.content is not None and key.name not in found:
            parent, name = _parent(hashed, key.content)
            if parent is not None and name not in parent:
                found[key.name] = key.level
    return found


def _has_place(section: dict[str, Any] | None, tree: Mapping[str, Any], key: Key) -> TypeGuard[dict[str, Any]]:
    """Whether a section is there and of a kind that has the key. tree: what it is in."""
    if section is None or section is tree or not key.kinds:
        return section is not None
    return section.get("kind", section.get("name")) in key.kinds


def _is_off(section: Mapping[str, Any], tree: Mapping[str, Any]) -> bool:
    return section is not tree and section.get("kind") == OFF


def _parent(tree: dict[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    """(what holds the last word of a path, that word); None where the tree has no such section."""
    *before, name = path.split(".")
    node: Any = tree
    for word in before:
        node = node.get(word) if isinstance(node, dict) else None
    return (node if isinstance(node, dict) else None), name


def _layers(content: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(the numbers of a layer, the neutral values of its kind) for each layer of a content that has any."""
    neutral = layer_fields()
    layers = content.get("model")
    for layer in layers if neutral and isinstance(layers, list) else ():
        for word, numbers in layer.items() if isinstance(layer, dict) else ():
            if word in neutral and isinstance(numbers, dict):
                yield numbers, neutral[word]


def layer_fields() -> dict[str, dict[str, Any]]:
    """The neutral value of each field of a layer that has one, by the layer's word and the field's name."""
    found: dict[str, dict[str, Any]] = {}
    for kind, word in WORDS.items():
        defaults = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
        if defaults:
            found[word] = found.get(word, {}) | defaults
    return found
