"""Data sets: bytes in, uint8 arrays out.

`shape` tells what a model needs to know, `digest` identifies the arrays, `load` gives them. Each takes the
plain dict of the config group `data`. A data set is a module here with a `SOURCE`, or another package's entry point
that names a `Source`.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ablate.data import cache, split
from ablate.data.dataset import Dataset, Decoded, OwnKey, Shape, Source, Split, digest_of
from ablate.data.split import default_validation
from ablate.errors import AblateError, one_of
from ablate.system.plugins import Plugins

__all__ = ["SETS", "Dataset", "Decoded", "OwnKey", "Shape", "Source", "Split", "default_validation", "digest", "load", "shape"]

SETS = Plugins(
    group="ablate.data",
    package="ablate.data",
    attribute="SOURCE",
    title="data={}",
    key="data.name",
    must="a Source",
    fits=lambda name, one: isinstance(one, Source),
    helpers=("archive", "cache", "dataset", "download", "split"),
)


def shape(config: Mapping[str, Any]) -> Shape:
    """Sizes of images and splits, without decoding anything: constants, or the headers of a user's file.

    Errors: an unknown name, a bad `validation` or `eval_on`, a user's file that cannot be used.

    Examples:
        >>> from ablate.data import shape
        >>> shape({"name": "digits"})
        Shape(height=32, width=32, channels=3, classes=10, train_images=1437, eval_images=360)
    """
    whole = _source(config).shape(config)
    validation, eval_on = split.check(config, whole.train_images, whole.classes)
    return dataclasses.replace(
        whole,
        train_images=whole.train_images - validation,
        eval_images=validation if eval_on == "validation" else whole.eval_images,
    )


def load(config: Mapping[str, Any]) -> Dataset:
    """The arrays, downloaded, decoded and cached as needed.

    Errors: those of `shape`, no connection for a download, and every fault of the source.

    Examples:
        >>> from ablate.data import load
        >>> digits = load({"name": "digits", "validation": 100, "eval_on": "validation"})
        >>> digits.train.images.shape, digits.evaluation.images.shape
        ((1337, 32, 32, 3), (100, 32, 32, 3))
    """
    name = _digest_name(config)
    decoded = _source(config).read(config)
    validation, eval_on = split.check(config, len(decoded.train.labels), len(decoded.class_names))
    train, evaluation = decoded.train, decoded.test
    if validation:
        kept, held_out = split.hold_out(train.labels, validation)
        train, evaluation = train.take(kept), train.take(held_out) if eval_on == "validation" else evaluation

    parent = cache.folder(config)
    known = cache.known_digest(parent, name) if decoded.from_cache else None
    if known is None:
        known = digest_of(train, evaluation)
        cache.keep_digest(parent, name, known)
    return Dataset(config["name"], train, evaluation, decoded.class_names, known)


def digest(config: Mapping[str, Any]) -> str:
    """The digest that `load` gives, without decoding where an earlier `load` of that source has kept it.

    Examples:
        >>> from ablate.data import digest, load
        >>> digest({"name": "digits"}) == load({"name": "digits"}).digest
        True
        >>> digest({"name": "digits"}) == digest({"name": "digits", "validation": 100})  # other images to train on
        False
    """
    return cache.known_digest(cache.folder(config), _digest_name(config)) or load(config).digest


def _digest_name(config: Mapping[str, Any]) -> str:
    """The key of the digest: all that decides the arrays, with bad settings refused before any work."""
    source = _source(config)
    if not source.opened:  # else `read` checks the sizes
        shape(config)
    return cache.key(source.identity(config), config.get("validation", 0), config.get("eval_on", "test"))


def _source(config: Mapping[str, Any]) -> Source:
    name = config.get("name")
    if not isinstance(name, str):
        raise AblateError(one_of("data.name", name, SETS.names()))
    found: Source = SETS.find(name)
    return found
