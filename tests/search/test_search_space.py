"""What is searched over: Hydra's grammar in, dimensions out, and back to words of a command."""

import math
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from ablate.errors import AblateError
from ablate.search import space
from ablate.search.algorithms import distribution
from ablate.store import trials
from ablate.store.trials import Dimension


def parsed(*words: str) -> space.Command:
    return space.parse(OverridesParser.create().parse_overrides(list(words)))


def one(word: str) -> Dimension:
    [found] = parsed(word).space.values()
    return found


def test_the_grammar_of_hydras_own_optuna_sweeper() -> None:
    assert one("lr=interval(0.01,0.5)") == Dimension("float", "interval(0.01,0.5)", low=0.01, high=0.5)
    assert one("lr=tag(log,interval(0.01,0.5))").log
    assert one("batch_size=int(interval(16,256))") == Dimension("int", "int(interval(16,256))", low=16, high=256)
    assert one("batch_size=int(tag(log,interval(16,256)))").log
    assert one("batch_size=64,128").choices == ("64", "128")
    assert one("batch_size=choice(64,128)").choices == ("64", "128")
    assert one("model=alex2,squeeze1").choices == ("alex2", "squeeze1")
    assert one("augment=on,off").choices == ("on", "off")
    assert one("ema_warmup=range(1,10,2)") == Dimension("int", "range(1,10,2)", low=1, high=9, step=2)
    assert one("ema_warmup=range(0,6)").high == 5  # the end is not in it, as everywhere in Hydra
    assert one("lr=range(0.1,0.35,0.1)").high == pytest.approx(0.3)
    assert one("lr=range(0.1,0.4,0.1)").high == 0.3  # not 0.30000000000000004, and not 0.4
    assert one("ema_warmup=shuffle(range(1,12))").choices == tuple(map(str, range(1, 12)))  # a search is its choices


def test_what_is_fixed_and_seeds_are_set_apart() -> None:
    command = parsed("lr=0.1,0.2", "data=digits", "seed=3,4", "steps=100")
    assert list(command.space) == ["lr"]
    assert command.fixed == ("data=digits", "steps=100")
    assert command.seeds == (3, 4)
    assert parsed("lr=0.1,0.2").seeds is None
    assert list(parsed("lr=0.1,0.2", "lr=0.1", "batch_size=1,2").space) == ["batch_size"]  # the last word counts


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lr=0.1"], "A search needs a key to search over.*got lr=0.1"),
        ([], "got no overrides"),
        (["steps=10,20"], "steps must be one value, the same for all trials.*got steps=10,20"),
        (["epochs=1,2"], "epochs must be one value, the same for all trials"),
        (["data=digits,cifar10"], "data must be one value, the same for all trials"),
        (["data.validation=1,2"], "data must be one value, the same for all trials"),
        (["workers=1,2"], "workers must be one value: it cannot be searched over"),
        (["lr=interval(0.5,0.1)"], "An interval must go from a smaller to a larger number"),
        (["lr=tag(log,interval(0,1))"], "A logarithmic interval must begin above 0"),
        (["lr=interval(0.1,0.1)"], "An interval must go from a smaller to a larger number"),
        (["lr=interval(true,2)"], r"The ends of an interval must be numbers, got lr=interval\(true,2\)"),
        (["batch_size=int(interval(32.5,64))"], "The ends of an interval of whole numbers must be whole"),
        (["batch_size=tag(log,int(interval(32,64.5)))"], "The ends of an interval of whole numbers must be whole"),
        (["lr=0.1,0.2,0.1"], "lr lists 0.1 more than once: lr=0.1,0.2,0.1"),
        (["batch_size=64,64.0"], "batch_size lists 64.0 more than once"),
        (["augment=choice(on,on)"], "augment lists on more than once"),
        (["lr=choice(0.1)"], r"lr has only one value, so there is nothing to search: lr=choice\(0\.1\)\. Write lr=0\.1"),
        (["lr=tag(lin,interval(0,1))"], r"The only tag is log, got lr=tag\(lin"),
        (["lr=tag(log,choice(0.1,0.2))"], "around an interval"),
        (["ema_warmup=range(1,3,0)"], r"is empty\. A range runs from its start to its end"),
        (["ema_warmup=range(3,3)"], r"is empty\. A range runs from its start to its end"),
        (["lr=0.1,0.2", "seed=1,1"], "seed has 1 more than once"),
    ],
)
def test_what_cannot_be_searched_over_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(AblateError, match=message):
        parsed(*words)


def test_arms_are_made_of_words_not_of_numbers() -> None:
    found = parsed("lr=interval(0.1,0.2)", "batch_size=64,128", "model=alex2,tuto", "augment=on,off").space
    assert trials.arm_keys(found) == ("model", "augment")


@given(st.floats(1e-6, 10), st.integers(1, 10**6))
def test_the_words_of_a_trial_give_its_very_numbers(lr: float, batch_size: int) -> None:
    overrides = OverridesParser.create().parse_overrides(space.words({"lr": lr, "batch_size": batch_size, "model": "alex2"}))
    assert [word.value() for word in overrides] == [lr, batch_size, "alex2"]


@given(st.floats(1e-4, 1), st.floats(1.001, 100))
def test_what_optuna_draws_lies_in_the_space(low: float, times: float) -> None:
    dimension = Dimension("float", "", low=low, high=low * times, log=True)
    assert trials.placed({"lr": low}, {"lr": dimension}) == {"lr": low}
    assert trials.placed({"lr": low * times * 1.01}, {"lr": dimension}) is None
    assert distribution(dimension)._contains(low)  # type: ignore[no-untyped-call]


def test_points_are_placed_as_the_space_has_them() -> None:
    found = parsed("batch_size=64,128", "ema_warmup=range(1,10,2)", "lr=0.1,0.2", "ema=on,off").space
    point: dict[str, Any] = {"batch_size": 128, "ema_warmup": 3, "lr": "0.10", "ema": "on"}
    assert trials.placed(point, found) == {"batch_size": "128", "ema_warmup": 3, "lr": "0.1", "ema": "on"}
    assert trials.placed(point | {"ema_warmup": 4}, found) is None
    assert trials.placed(point | {"batch_size": 100}, found) is None
    assert trials.placed(point | {"batch_size": "many"}, found) is None


def test_the_default_point_is_what_the_config_has() -> None:
    words = ("lr=interval(0.1,1)", "model=alex2,tuto", "tensor=true,false", "epochs_of=null,1", "contrast=[0.2,1.8],[0.5,1.5]")
    found = parsed(*words).space
    cfg = OmegaConf.create({"lr": "${base}", "base": 0.3, "tensor": True, "epochs_of": None, "contrast": [0.2, 1.8]})
    expected = {"lr": 0.3, "model": "tuto", "tensor": "True", "epochs_of": "null", "contrast": "[0.2,1.8]"}
    assert space.default_point(found, cfg, {"model": "tuto"}) == expected
    assert trials.placed(expected, found) == expected


def test_corners_touch_every_choice_and_both_ends() -> None:
    found = parsed("lr=interval(0.1,1)", "batch_size=64,128", "ema_warmup=int(interval(1,9))").space
    default: trials.Params = {"lr": 0.5, "batch_size": "64", "ema_warmup": 5}
    corners = space.corners(found, default)
    assert {point["lr"] for point in corners} == {0.1, 1.0, 0.5}
    assert {point["batch_size"] for point in corners} == {"64", "128"}
    assert {point["ema_warmup"] for point in corners} == {1, 9, 5}
    assert all(sum(point[key] != default[key] for key in default) <= 1 for point in corners)


def test_how_many_points_there_are() -> None:
    assert space.size(parsed("a=1,2,3", "b=range(0,10,2)").space) == 15
    assert space.size(parsed("a=1,2", "b=int(interval(1,4))").space) == 8
    assert space.size(parsed("a=1,2", "b=interval(1,4)").space) is None
    assert math.isfinite(space.size(parsed("a=range(0,0.5,0.1)").space) or math.inf)
