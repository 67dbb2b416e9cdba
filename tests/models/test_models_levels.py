from itertools import product
from pathlib import Path

import pytest
import yaml

from ablate.errors import AblateError
from ablate.models.levels import FC_LEVELS, LRN_LEVELS
from ablate.models.spec import (
    Conv,
    Dense,
    Dropout,
    Gap,
    Logits,
    Lrn,
    Pool,
    apply_levels,
    named,
    parse,
    to_plain,
)

CONF = Path(__file__).parents[2] / "conf"
MODELS = {path.stem: parse(yaml.safe_load(path.read_text())["layers"], 10) for path in (CONF / "model").glob("*.yaml")}


def change(name: str, lrn: str = "native", fc: str = "native"):
    return apply_levels(MODELS[name], lrn, fc, 10)


@pytest.mark.parametrize(("factor", "levels"), [("lrn", LRN_LEVELS), ("fc", FC_LEVELS)])
def test_each_level_has_a_file_that_yaml_reads_as_text(factor, levels):
    read = {path.stem: yaml.safe_load(path.read_text()) for path in (CONF / factor).glob("*.yaml")}
    assert read == {level: {"level": level} for level in levels}


def test_the_levels_that_meet_another_model_are_these():
    meetings = {name: set() for name in MODELS}
    for name, lrn, fc in product(MODELS, LRN_LEVELS, FC_LEVELS):
        try:
            content = to_plain(change(name, lrn, fc))
        except AblateError:
            continue
        for other, model in MODELS.items():
            if other != name and to_plain(model) == content:
                meetings[name].add((f"lrn={lrn}", f"fc={fc}", other))
    assert {name: found for name, found in meetings.items() if found} == {
        "tuto": {
            ("lrn=off", "fc=native", "alex2"),
            ("lrn=off", "fc=two", "alex2"),
            ("lrn=native", "fc=one", "alex3"),
            ("lrn=on", "fc=one", "alex3"),
        },
    }


def test_alex2_and_alex3_meet_where_both_changes_are_made():
    assert change("alex2", fc="one") == change("alex3", lrn="off") == change("tuto", lrn="off", fc="one")


@pytest.mark.parametrize("name", sorted(MODELS))
def test_native_is_the_model_as_it_is(name):
    assert change(name) == MODELS[name]


@pytest.mark.parametrize("name", ["tuto", "alex0", "alex1", "alex3", "convone", "cs231n"])
def test_lrn_on_is_native_where_there_is_lrn(name):
    assert change(name, lrn="on") == MODELS[name]
    assert not any(isinstance(layer, Lrn) for layer in change(name, lrn="off"))


@pytest.mark.parametrize("name", ["alex2", "alex4", "nin0", "nin1", "nin2", "squeeze0", "squeeze1"])
def test_lrn_on_is_refused_where_there_is_none_and_off_is_native(name):
    with pytest.raises(AblateError, match=r"lrn=on needs a model with LRN layers, .* this model has none"):
        change(name, lrn="on")
    assert change(name, lrn="off") == MODELS[name]


@pytest.mark.parametrize(
    ("name", "level"),
    [("tuto", "two"), ("alex1", "one"), ("alex3", "one"), ("cs231n", "one"), ("nin0", "none")],
)
def test_so_many_hidden_dense_layers_is_native(name, level):
    assert change(name, fc=level) == MODELS[name]


@pytest.mark.parametrize(
    ("name", "level", "wanted", "has"),
    [
        ("alex1", "two", "2 hidden dense layers", 1),
        ("alex3", "two", "2 hidden dense layers", 1),
        ("nin0", "two", "2 hidden dense layers", 0),
        ("squeeze1", "one", "1 hidden dense layer", 0),
    ],
)
def test_more_hidden_dense_layers_than_there_are_is_refused(name, level, wanted, has):
    message = f"fc={level} needs a model with at least {wanted}, got one with {has}"
    with pytest.raises(AblateError, match=message):
        change(name, fc=level)


def test_none_goes_straight_to_the_classifier():
    assert change("tuto", fc="none") == (*MODELS["tuto"][:6], Logits(10))


def test_gap_replaces_every_dense_layer():
    assert change("tuto", fc="gap") == (*MODELS["tuto"][:6], Conv(1, 10), Gap())


@pytest.mark.parametrize("name", ["nin0", "nin1", "nin2", "squeeze0", "squeeze1"])
def test_gap_is_native_where_the_model_ends_so(name):
    assert change(name, fc="gap") == MODELS[name]


def test_a_dropout_goes_with_the_dense_layer_that_it_follows():
    front = (Conv(3, 8), Pool(2, 2), Dropout(0.1))
    model = (*front, Dense(9), Dropout(0.2), Dense(7), Dropout(0.3), Dropout(0.4), Logits(10))
    assert apply_levels(model, "native", "one", 10) == (*front, Dense(9), Dropout(0.2), Logits(10))
    assert apply_levels(model, "native", "none", 10) == (*front, Logits(10))
    assert apply_levels(model, "native", "gap", 10) == (*front, Conv(1, 10), Gap())


def test_gap_on_a_model_that_averages_before_its_dense_layers_has_one_gap():
    model = (Conv(3, 8), Gap(), Dense(9), Logits(10))
    assert apply_levels(model, "native", "gap", 10) == (Conv(3, 8), Conv(1, 10), Gap())


@pytest.mark.parametrize("lrn", ["native", "off"])
@pytest.mark.parametrize("fc", ["native", "one", "none", "gap"])
def test_convolutions_keep_their_roles_under_every_level(lrn, fc):
    before, after = dict(named(MODELS["tuto"])), dict(named(change("tuto", lrn, fc)))
    assert {role: after[role] for role in ("conv1", "conv2")} == {r: before[r] for r in ("conv1", "conv2")}
    assert ("fc1" in after) == (fc in ("native", "one"))


@pytest.mark.parametrize(
    ("lrn", "fc", "message"),
    [
        ("maybe", "native", "Unknown lrn level 'maybe'. Choose from native, on, off."),
        (False, "native", "Unknown lrn level false."),
        ("native", "three", "Unknown fc level 'three'. Choose from native, two, one, none, gap."),
    ],
)
def test_an_unknown_level_is_refused_with_the_valid_ones(lrn, fc, message):
    with pytest.raises(AblateError, match=message):
        change("tuto", lrn, fc)


def test_the_wrong_number_of_classes_is_refused():
    with pytest.raises(AblateError, match="must have 7 outputs, one for each class"):
        apply_levels(MODELS["tuto"], "native", "native", 7)
