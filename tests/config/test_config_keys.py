"""The table of the config's keys, and neutral values on made-up contents."""

import copy
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from made_up import composed

from ablate.config import keys
from ablate.config.keys import NONE, Key
from ablate.config.neutral import (
    fill_config,
    fill_levels,
    layer_fields,
    same,
    training_fingerprint,
    with_neutral,
    without_neutral,
)
from ablate.config.own_configs import conf_dir, levels
from ablate.planning.run_result import trajectory_of
from ablate.store import fingerprint
from ablate.trainers import asked

# What stores hold on to: add a line for a new key or field, and never change one.
NEUTRAL: dict[str, Any] = {}
NEUTRAL_OF_LAYERS: dict[str, dict[str, Any]] = {}

FINGERPRINTS = {
    "": "3b121ca6ec388c19",
    "optimizer=adam schedule=cosine weight_decay=decoupled": "2d771cc107be7678",
    "optimizer=momentum schedule=tutorial ema=off": "d313e256d4211ab2",
    "augment=flip init=he precision=bfloat16": "0ea91d8cf01365f4",
    "model=nin0 augment=off lr=0.05": "2c76571a9e35d79b",
    "model=squeeze0 batch_size=64": "3c7123ab783c8604",
    "lrn=off fc=gap ema_decay=0.99": "702391861d9be443",
}

TOYS = (
    Key("loss", "training", group=True, content="loss", neutral={"kind": "cross_entropy"}, level="plain"),
    Key("loss.smoothing", "training", content="loss.smoothing", neutral=0.0),
    Key("optimizer.nesterov", "training", content="optimizer.nesterov", kinds=("momentum",), neutral=False),
    Key("weight_decay.until", "training", "steps", content="weight_decay.until", neutral=None),
    Key("clip", "training", content="clip", neutral=1.0),
    Key("mix", "training", content="input.mix", neutral=[1, {"share": True}]),
)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "TABLE", (*keys.TABLE, *TOYS))


def content() -> dict[str, Any]:
    return {
        "model": [{"pool": {"size": 3, "stride": 2}}],
        "input": {"flip": True},
        "optimizer": {"kind": "momentum", "lr": 0.1, "momentum": 0.9},
        "weight_decay": {"kind": "none"},
        "precision": "float32",
        "seed": 0,
    }


def test_neutral_values_are_frozen() -> None:
    assert {key.name: key.neutral for key in keys.TABLE if key.neutral is not NONE} == NEUTRAL
    assert layer_fields() == NEUTRAL_OF_LAYERS


@pytest.mark.parametrize("words", FINGERPRINTS)
def test_no_fingerprint_changes(words: str) -> None:
    trajectory, hashed = trajectory_of(asked(composed(["data=digits", *words.split()])))
    assert trajectory.fingerprint == FINGERPRINTS[words] == fingerprint(hashed)


def test_the_table_has_the_keys_of_the_config_and_no_others() -> None:
    main = yaml.safe_load((conf_dir() / "config.yaml").read_text())
    groups = [name for item in main.pop("defaults") if isinstance(item, dict) for name in item]
    main = {name: node for name, node in main.items() if name != "hydra"}
    assert {key.name for key in keys.TABLE if key.group} == {name for name in groups if "/" not in name} - {
        "sweeper",
        "study",
        "trainer",
    }
    assert set(keys.top()) == {*keys.groups(), *main}
    assert set(keys.inner("report")) == main["report"].keys()
    assert len({key.name for key in keys.TABLE}) == len(keys.TABLE)


@pytest.mark.parametrize("group", keys.groups())
def test_each_level_has_the_keys_of_its_kind(group: str) -> None:
    kinds: dict[str, set[str]] = {}
    for level in levels(group):
        node = yaml.safe_load((conf_dir() / group / f"{level}.yaml").read_text())
        kind = str(node.get("kind", node.get("name")))
        kinds[kind] = set(node)
        assert set(node) == {*keys.inner(group), *keys.inner(group, kind)}, level
    named = {kind for key in keys.TABLE if key.section == group for kind in key.kinds}
    assert named <= kinds.keys()


def test_the_content_is_where_the_table_says() -> None:
    found: set[str] = set()
    for words in FINGERPRINTS:
        _, hashed = trajectory_of(asked(composed(["data=digits", *words.split()])))
        for key in keys.TABLE:
            node: Any = hashed
            for word in (key.content or "").split("."):
                node = node.get(word, NONE) if isinstance(node, dict) else NONE
            found |= {key.name} if key.content is not None and node is not NONE else set()
    assert found == {key.name for key in keys.TABLE if key.content is not None}


def test_only_what_is_hashed_has_a_neutral_value() -> None:
    with pytest.raises(AssertionError):
        Key("watch", "execution", neutral=False)
    with pytest.raises(AssertionError):
        Key("clip", "training", neutral=0.0)


def test_neutral_values_are_filled_in_and_left_out(toys: None) -> None:
    filled = with_neutral(content())
    assert filled["loss"] == {"kind": "cross_entropy", "smoothing": 0.0}
    assert filled["optimizer"]["nesterov"] is False
    assert filled["weight_decay"] == {"kind": "none"}, "a section that is off holds nothing else"
    assert filled["clip"] == 1.0
    assert filled["input"]["mix"] == [1, {"share": True}]
    assert without_neutral(filled) == content()
    assert training_fingerprint(filled) == training_fingerprint(content()) == fingerprint(content())
    decays = content() | {"weight_decay": {"kind": "l2", "rate": 0.1}}
    assert with_neutral(decays)["weight_decay"] == {"kind": "l2", "rate": 0.1, "until": None}
    assert "nesterov" not in with_neutral(content() | {"optimizer": {"kind": "sgd", "lr": 0.1}})["optimizer"]
    filled["input"]["mix"][1]["share"] = False
    assert with_neutral(content())["input"]["mix"][1]["share"] is True, "the table is not what was filled in"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("clip",), 1),
        (("clip",), True),
        (("clip",), "1.0"),
        (("clip",), None),
        (("loss", "smoothing"), 0),
        (("loss", "smoothing"), False),
        (("loss", "smoothing"), -0.0),
        (("optimizer", "nesterov"), 0),
        (("optimizer", "nesterov"), None),
        (("input", "mix"), [1.0, {"share": True}]),
        (("input", "mix"), [True, {"share": True}]),
        (("input", "mix"), [1, {"share": 1}]),
    ],
)
def test_another_value_or_type_is_hashed(toys: None, place: Sequence[str], value: object) -> None:
    other = with_neutral(content())
    node = other
    for word in place[:-1]:
        node = node[word]
    node[place[-1]] = value
    assert training_fingerprint(other) != training_fingerprint(content())
    kept = with_neutral(without_neutral(other))
    for word in place:
        kept = kept[word]
    assert same(kept, value)


VALUES = st.sampled_from([0, 0.0, -0.0, 1, 1.0, True, False, None, "1.0", "plain", [1], [1, {"share": True}]])


@given(st.data())
def test_both_directions_are_projections_onto_the_same_classes(data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "TABLE", (*keys.TABLE, *TOYS))
        made = content()
        for key in TOYS:
            if data.draw(st.booleans()) and key.content is not None:
                *before, name = key.content.split(".")
                node = made
                for word in before:
                    node = node.get(word, {})
                node[name] = {"kind": data.draw(VALUES)} if key.group else data.draw(VALUES)
        given_content = copy.deepcopy(made)
        without, filled = without_neutral(made), with_neutral(made)
        assert same(made, given_content), "what was given stays as it was"
        assert same(without_neutral(without), without)
        assert same(with_neutral(filled), filled)
        assert same(with_neutral(without), filled)
        assert same(without_neutral(filled), without)


def test_a_config_may_lack_what_has_a_neutral_value(toys: None) -> None:
    config = {"optimizer": {"kind": "adam"}, "weight_decay": {"kind": "none"}, "clip": 2.0}
    filled = fill_config(config)
    assert filled["loss"] == {"kind": "cross_entropy", "smoothing": 0.0}
    assert filled["optimizer"] == {"kind": "adam"}
    assert filled["weight_decay"] == {"kind": "none", "until": None}
    assert filled["clip"] == 2.0
    assert fill_config({"optimizer": "adam"})["optimizer"] == "adam", "what is wrong is told by the checks"


def test_a_later_group_has_its_neutral_level_where_the_training_does(toys: None) -> None:
    names = {"augment": "on"}
    assert fill_levels(names, content()) == {"augment": "on", "loss": "plain"}
    assert fill_levels(names, with_neutral(content())) == {"augment": "on", "loss": "plain"}
    assert fill_levels(names, content() | {"loss": {"kind": "focal"}}) == names
    assert fill_levels({"loss": "mine"}, content()) == {"loss": "mine"}


@pytest.mark.parametrize(
    "strange", [{}, {"model": None}, {"model": [1, {"pool": 2}]}, {"input": [], "loss": 1, "optimizer": None}]
)
def test_a_content_of_any_shape_is_taken(toys: None, strange: dict[str, Any]) -> None:
    assert same(with_neutral(without_neutral(strange)), with_neutral(strange))
