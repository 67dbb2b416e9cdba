"""A model as data: the YAML list of layers read, its canonical content, and the names of its layers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import MISSING, asdict, fields
from typing import Any

from ablate.errors import AblateError, did_you_mean, one_of, shown
from ablate.models.layers import (
    WORDS,
    Conv,
    Dense,
    Dropout,
    Fire,
    Gap,
    Layer,
    Logits,
    Lrn,
    Model,
    Pool,
    check_structure,
    require_whole,
)
from ablate.models.levels import apply_levels

__all__ = [
    "Conv",
    "Dense",
    "Dropout",
    "Fire",
    "Gap",
    "Layer",
    "Logits",
    "Lrn",
    "Model",
    "Pool",
    "apply_levels",
    "named",
    "parse",
    "to_plain",
]

_TYPES = {word: kind for kind, word in WORDS.items()}
_CHOICES = (*_TYPES, "nin")


def parse(layers: Sequence[Any], classes: int) -> Model:
    """The model that a YAML list describes.

    Each layer is a mapping with one key, its word, and under it the numbers, as in
    `conv: {kernel: 5, filters: 64}`. The word `classes` as a number of filters stands for the number of
    classes. `nin: {kernel: K, filters: [F, A, B]}` is three convolutions: K×K to F, 1×1 to A, 1×1 to B.
    What `to_plain` returns is read back to the same model.

    Args:
        layers: plain Python, as a YAML reader gives it.
        classes: number of classes of the data, at least 1.

    Raises:
        AblateError: names the layer by its position, counted from 1, and what was expected.

    Examples:
        >>> from ablate.models import parse
        >>> parse([{"conv": {"kernel": 3, "filters": 4}}, {"classifier": {}}], classes=10)
        (Conv(kernel=3, filters=4), Logits(classes=10))
        >>> parse([{"conv": {"kernl": 3, "filters": 4}}, {"classifier": {}}], classes=10)
        Traceback (most recent call last):
            ...
        ablate.errors.AblateError: Layer 1 (conv): Unknown key 'kernl'. The keys are kernel, filters. Did you mean 'kernel'?
    """
    require_whole("classes", classes, least=1)
    if isinstance(layers, str) or not isinstance(layers, Sequence):
        raise AblateError(f"layers must be a list, one layer an item, got {shown(layers)}.")
    model: list[Layer] = []
    for position, item in enumerate(layers, start=1):
        if not isinstance(item, dict) or len(item) != 1:
            raise AblateError(
                f"Layer {position} must be one word with its numbers, as in `conv: {{kernel: 5, filters: 64}}`, "
                f"got {shown(item)}."
            )
        [(word, arguments)] = item.items()
        if word not in _CHOICES:
            raise AblateError(one_of(f"kind of layer {position}", word, _CHOICES))
        if not isinstance(arguments, dict):
            raise AblateError(f"Layer {position} ({word}) must be `{word}: {{KEY: NUMBER}}`, got {shown(arguments)}.")
        try:
            model += _layers(word, arguments, classes)
        except AblateError as error:
            raise AblateError(f"Layer {position} ({word}): {error}") from None
    check_structure(tuple(model), classes)
    return tuple(model)


def to_plain(model: Model) -> list[dict[str, Any]]:
    """The canonical content, for hashing and storing: one `{word: numbers}` a layer, JSON throughout.

    It holds concrete numbers and no names, so that models which are the same network give equal lists.

    Examples:
        >>> from ablate.models import Conv, Logits, parse, to_plain
        >>> plain = to_plain((Conv(kernel=3, filters=4), Logits(classes=10)))
        >>> plain
        [{'conv': {'kernel': 3, 'filters': 4}}, {'classifier': {'classes': 10}}]
        >>> parse(plain, classes=10) == (Conv(kernel=3, filters=4), Logits(classes=10))
        True
    """
    return [{WORDS[type(layer)]: asdict(layer)} for layer in model]


def named(model: Model) -> list[tuple[str, Layer]]:
    """The layers with their roles, in order.

    A role is the layer's word and its number among its like, counted from 1: conv1, conv2, pool1, lrn1,
    fire1, fc1, dropout1. Counted within a kind, so that taking one kind out leaves the roles of the others.
    What gives the classes is `classifier`: the dense one, or the convolution before a gap that ends the
    model. A gap is `gap`, since a model has at most one.

    Examples:
        >>> from ablate.models import Conv, Gap, Pool, named
        >>> [role for role, layer in named((Conv(3, 8), Pool(2, 2), Conv(3, 8), Conv(1, 10), Gap()))]
        ['conv1', 'pool1', 'conv2', 'classifier', 'gap']
    """
    last_conv = len(model) - 2 if isinstance(model[-1], Gap) else None
    counts: Counter[str] = Counter()
    roles: list[tuple[str, Layer]] = []
    for index, layer in enumerate(model):
        word = WORDS[type(layer)]
        if isinstance(layer, Logits) or index == last_conv:
            role = WORDS[Logits]
        elif isinstance(layer, Gap):
            role = word
        else:
            counts[word] += 1
            role = f"{word}{counts[word]}"
        roles.append((role, layer))
    return roles


def _layers(word: str, arguments: dict[Any, Any], classes: int) -> list[Layer]:
    if word == "nin":
        _check_keys(arguments, ("kernel", "filters"))
        filters = arguments["filters"]
        if not isinstance(filters, list | tuple) or len(filters) != 3:
            raise AblateError(f"filters must be three numbers, as in [64, 64, 64], got {shown(filters)}.")
        kernels = (arguments["kernel"], 1, 1)
        return [Conv(kernel, _count(count, classes)) for kernel, count in zip(kernels, filters, strict=True)]
    kind = _TYPES[word]
    if kind is Logits:
        arguments = {"classes": classes, **arguments}
    optional = tuple(field.name for field in fields(kind) if field.default is not MISSING)
    _check_keys(arguments, tuple(field.name for field in fields(kind)), optional)
    if kind is Conv:
        arguments = {**arguments, "filters": _count(arguments["filters"], classes)}
    return [kind(**arguments)]


def _count(filters: Any, classes: int) -> Any:
    return classes if filters == "classes" else filters


def _check_keys(arguments: dict[Any, Any], expected: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    listed = ", ".join(expected) or "none"
    for key in arguments:
        if key not in expected:
            near = did_you_mean(key, expected)
            raise AblateError(f"Unknown key {shown(key)}. The keys are {listed}.{near}")
    missing = [key for key in expected if key not in arguments and key not in optional]
    if missing:
        raise AblateError(f"{', '.join(missing)} is missing. The keys are {listed}.")
