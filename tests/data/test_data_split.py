import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import data
from ablate.data import split
from ablate.errors import AblateError, shown


@st.composite
def labeled(draw, most_classes=6):
    """Labels with every class, in any order, and a number to hold out that leaves each class an image."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=most_classes))
    labels = draw(st.permutations(np.repeat(np.arange(len(sizes)), sizes).tolist()))
    validation = draw(st.integers(0, len(labels) - len(sizes)))
    return np.array(labels, np.int32), validation


@given(labeled())
def test_train_and_validation_are_disjoint_and_together_the_whole(case):
    labels, validation = case
    train, held_out = split.hold_out(labels, validation)
    assert len(held_out) == validation
    assert sorted([*train, *held_out]) == list(range(len(labels)))


@given(labeled())
def test_training_images_keep_their_order_and_every_class(case):
    labels, validation = case
    train, _ = split.hold_out(labels, validation)
    assert (np.diff(train) > 0).all()
    assert set(labels[train]) == set(labels)


@given(labeled())
def test_fewer_validation_images_are_the_last_of_more(case):
    labels, validation = case
    _, all_of_them = split.hold_out(labels, validation)
    for fewer in range(1, validation):
        assert (split.hold_out(labels, fewer)[1] == all_of_them[-fewer:]).all()


@given(classes=st.integers(1, 12), size=st.integers(1, 30), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_equal_classes_are_held_out_equally(classes, size, share, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(classes), size)).astype(np.int32)
    validation = int(share * (len(labels) - classes))
    counts = np.bincount(labels[split.hold_out(labels, validation)[1]], minlength=classes)
    assert counts.max() - counts.min() <= 1


@given(sizes=st.lists(st.integers(10, 60), min_size=2, max_size=3), share=st.floats(0, 0.8))
def test_unequal_classes_are_held_out_in_proportion(sizes, share):
    labels = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
    validation = int(share * len(labels))
    counts = np.bincount(labels[split.hold_out(labels, validation)[1]], minlength=len(sizes))
    assert (np.abs(counts - validation * np.array(sizes) / len(labels)) <= 1).all()


@given(st.integers(1, 500), st.integers(1, 500))
def test_the_hash_of_an_index_depends_on_nothing_else(one, other):
    shorter = min(one, other)
    assert (split.index_hash(one)[:shorter] == split.index_hash(other)[:shorter]).all()
    assert len(set(split.index_hash(one).tolist())) == one


def test_the_hash_is_the_published_splitmix64():
    # The first outputs of the reference generator from state 0.
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert split.index_hash(3).tolist() == expected


def test_the_order_of_cifar_sized_labels_never_changes():
    order = split.balanced_order((np.arange(50_000) % 10).astype(np.int32))
    digest = hashlib.sha256(order.astype("<i8").tobytes()).hexdigest()
    assert digest == "0c1b1ee9968ae3ddef6e0e95271708df88d9e4e05406c61d2989c6cd2baf7b9a"


def test_default_validation():
    assert [data.default_validation(n) for n in (50_000, 25_000, 24_999, 1_437)] == [5_000, 5_000, 4_999, 287]


@pytest.mark.parametrize("validation", [-1, 1_428, 1.5, "5", None, True])
def test_a_bad_number_is_refused(validation):
    with pytest.raises(AblateError, match=r"data\.validation must be a whole number of images from 0 to 1,427 ") as caught:
        data.shape({"name": "digits", "validation": validation})
    assert str(caught.value).endswith(f", got {shown(validation)}.")


def test_evaluating_on_no_held_out_images_is_refused_with_what_to_do():
    with pytest.raises(AblateError, match=r"Set data\.validation=287, or data\.eval_on=test"):
        data.shape({"name": "digits", "eval_on": "validation"})


def test_an_unknown_set_or_part_is_refused_with_the_choices():
    with pytest.raises(AblateError, match=r"Unknown data\.name 'mnist'\. Choose from arrays, cifar10, digits\."):
        data.load({"name": "mnist"})
    with pytest.raises(AblateError, match=r"Unknown data\.eval_on 'train'\. Choose from test, validation\."):
        data.digest({"name": "digits", "eval_on": "train"})
