import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits

from ablate import data

# Changes only with a new version number of the cache, and then every trajectory on digits is another one.
DIGEST = "347c37045a54cb4611391eb5c2d0a208c578ab1a20c3e3dbdfeca58b5887a38f"


def test_shape_is_that_of_the_arrays():
    config = {"name": "digits", "validation": 287, "eval_on": "validation"}
    shape, dataset = data.shape(config), data.load(config)
    assert shape == data.Shape(32, 32, 3, 10, 1_150, 287)
    assert dataset.train.images.shape == (1_150, 32, 32, 3)
    assert dataset.evaluation.images.shape == (287, 32, 32, 3)


def test_split_never_changes_and_is_balanced():
    dataset = data.load({"name": "digits"})
    assert dataset.digest == DIGEST
    assert len(dataset.train.labels) == 1_437
    assert (np.bincount(dataset.evaluation.labels) == 36).all()
    assert dataset.class_names == tuple("0123456789")


def test_pixels_are_the_sources_in_blocks():
    images = data.load({"name": "digits"}).train.images
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)
    small = images[:, ::4, ::4, 0]
    assert (images == small.repeat(4, axis=1).repeat(4, axis=2)[..., np.newaxis]).all()
    known = {image.tobytes() for image in np.rint(load_digits().images * 255 / 16).astype(np.uint8)}
    assert all(image.tobytes() in known for image in small)


def test_validation_is_cut_from_training_and_the_test_images_stay():
    whole = data.load({"name": "digits"})
    cut = data.load({"name": "digits", "validation": 287})
    assert (cut.evaluation.images == whole.evaluation.images).all()
    held_out = data.load({"name": "digits", "validation": 287, "eval_on": "validation"})
    assert (held_out.train.images == cut.train.images).all()
    seen = sorted(image.tobytes() for part in (cut.train, held_out.evaluation) for image in part.images)
    assert seen == sorted(image.tobytes() for image in whole.train.images)
    assert len({whole.digest, cut.digest, held_out.digest}) == 3


def test_shape_and_a_known_digest_import_nothing_slow(cache_folder):
    data.load({"name": "digits"})
    code = (
        "import sys; from ablate import data; c = {'name': 'digits'}; data.shape(c); print(data.digest(c));"
        "print([m for m in ('sklearn', 'pooch', 'requests', 'tensorflow') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.split("\n")[:2] == [DIGEST, "[]"]
