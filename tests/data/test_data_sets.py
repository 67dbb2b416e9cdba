"""Data sets by name: a file each, and those of other packages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ablate import data
from ablate.config import loading
from ablate.errors import AblateError

STRIPES = """
import numpy as np
from ablate.data import Decoded, OwnKey, Shape, Source, Split


def shape(config):
    return Shape(8, 8, 1, 2, config["images"], 10)


def stripes(images):
    labels = np.arange(images, dtype=np.int32) % 2
    lines = np.where(np.arange(8) % 2, 255, 0).astype(np.uint8)
    both = np.stack([np.tile(lines, (8, 1)), np.tile(lines, (8, 1)).T])[..., np.newaxis]
    return Split(both[labels], labels)


def read(config):
    return Decoded(stripes(config["images"]), stripes(10), ("upright", "lying"))


SOURCE = Source(shape, lambda config: [config["images"]], read, title="stripes", keys=(OwnKey("images", "images"),))
"""
LEVEL = "name: stripes\nimages: 40\nvalidation: 0\neval_on: test\n"


@pytest.fixture
def stripes(install: Callable[..., Path], tmp_path: Path) -> str:
    """A package with data sets; its folder of configs."""
    entries = {"stripes": "stripes_data:SOURCE", "empty": "stripes_data:LABELS", "other": "stripes_data:read"}
    install("stripes-data", {"stripes_data": STRIPES}, {data.SETS.group: entries})
    (tmp_path / "my" / "data").mkdir(parents=True)
    (tmp_path / "my" / "data" / "stripes.yaml").write_text(LEVEL)
    return str(tmp_path / "my")


def test_every_module_beside_the_helpers_is_a_data_set() -> None:
    assert set(data.SETS.ours()) == {"arrays", "cifar10", "digits"}
    assert all(data.SETS.fits(name, data.SETS.known(name)) for name in data.SETS.ours())


def test_a_data_set_of_another_package_is_loaded_and_split_as_ours_are(stripes: str) -> None:
    config = {"name": "stripes", "images": 40, "validation": 4, "eval_on": "validation"}
    assert data.shape(config) == data.Shape(8, 8, 1, 2, 36, 4)
    found = data.load(config)
    assert found.train.images.shape == (36, 8, 8, 1)
    assert found.class_names == ("upright", "lying")
    assert data.digest(config) == found.digest != data.digest({**config, "images": 30})


def test_its_keys_are_those_that_it_names(stripes: str) -> None:
    words = ["data=stripes", "augment=off", "batch_size=8"]
    recipe = loading.resolve(loading.compose(words, stripes))
    assert (recipe.shape.train_images, recipe.input_shape) == (40, (8, 8, 1))
    with pytest.raises(AblateError, match=r"^Unknown key 'data\.image'\. Did you mean data\.images\?$"):
        loading.resolve(loading.compose([*words, "+data.image=3"], stripes))
    with pytest.raises(AblateError, match=r"data\.images"):
        loading.resolve(loading.compose([*words, "~data.images"], stripes))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("empty", r"^data=empty cannot be loaded from stripes_data:LABELS: .*\. Reinstall its package\.$"),
        ("other", r"^data=other: stripes_data:read must be a Source, got <function read"),
        ("stripe", r"^Unknown data\.name 'stripe'\. Choose from arrays, cifar10, .* Did you mean 'stripes'\?$"),
    ],
)
def test_one_that_cannot_be_used_is_named(stripes: str, name: str, told: str) -> None:
    with pytest.raises(AblateError, match=told):
        data.load({"name": name})
