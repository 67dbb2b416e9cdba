"""Metrics by name, and what their users say of them."""

import math

import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from ablate import metrics, trainer
from ablate.errors import AblateError
from ablate.metrics import KNOWN, PERCENT, PREFIXES, Metric, given
from ablate.trainers import networks


def test_a_trainer_has_the_same_metric():
    assert trainer.Metric is Metric


def test_the_built_in_trainer_has_the_known_ones():
    accuracy, loss, on_training = networks.TRAINER.metrics
    assert accuracy == KNOWN["accuracy"]
    assert (loss.better, loss.unit, loss.low, loss.high) == ("lower", "nats", 0.0, None)
    assert on_training == metrics.known("train_accuracy")


@pytest.mark.parametrize("prefix", ["", *PREFIXES])
@pytest.mark.parametrize(
    ("name", "better", "share"),
    [("accuracy", "higher", True), ("loss", "lower", False), ("error", "lower", True), ("f1", "higher", True)],
)
def test_known_names_need_no_words(prefix, name, better, share):
    metric = given(prefix + name).metric
    assert (metric.name, metric.better, metric.unit == PERCENT) == (prefix + name, better, share)
    assert (metric.low, metric.high) == ((0.0, 1.0) if share else (None, None))


@given_by(st.floats(0, 100))
def test_percents_are_shares(value):
    assert given("accuracy", high=100).value(value) == value / 100


def test_what_diverged_is_within_all_bounds():
    assert math.isnan(given("accuracy").value(math.nan))
    assert given("loss", low=0).value(math.inf) == math.inf


def test_an_unknown_name_is_as_its_user_says():
    assert given("bleu", better="higher", low=0, high=100).metric == Metric("bleu", "", "higher", 0, 100)
    assert given("top5", better="higher", unit="%", high=100).value(91) == 0.91
    assert given("loss", unit="bits").metric.unit == "bits"


@pytest.mark.parametrize(
    ("choices", "line"),
    [
        ({"name": ""}, "A metric needs a name, got ''."),
        ({"name": "bleu"}, "bleu is not a known metric. Say --better higher or --better lower."),
        ({"name": "acuracy"}, "Say --better higher or --better lower. Did you mean accuracy?"),
        ({"name": "bleu", "better": "more"}, "Unknown --better 'more'. Choose from higher, lower."),
        ({"name": "accuracy", "better": "lower"}, "accuracy is better when higher, got --better lower. Leave it out"),
        ({"name": "accuracy", "high": 10}, "accuracy is a share, so it takes --high 1 or --high 100, got --high 10."),
        ({"name": "accuracy", "low": -1}, "accuracy is a share, so it takes --low 0, got --low -1."),
        ({"name": "accuracy", "unit": "nats"}, "accuracy must be in %, got --unit nats. Leave it out."),
        ({"name": "loss", "unit": "%"}, "loss cannot be in %, got --unit %. Leave it out."),
        ({"name": "loss", "low": 2, "high": 1}, "--low 2 must be below --high 1."),
        ({"name": "loss", "low": math.nan}, "--low must be a finite number, got nan."),
        ({"name": "loss", "high": "x"}, "--high must be a finite number, got 'x'."),
    ],
)
def test_a_wrong_choice_is_one_line(choices, line):
    with pytest.raises(AblateError) as error:
        given(**choices, option="--{} {}")
    assert line in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("metric", "value", "line"),
    [
        (given("accuracy"), 91.5, "accuracy must be from 0 to 1, got 91.5. For percentages, give high=100."),
        (given("accuracy"), 915, "accuracy must be from 0 to 1, got 915."),
        (given("accuracy", high=100), 101, "accuracy must be from 0 to 100, got 101."),
        (given("loss", low=0), -1, "loss must be 0 or more, got -1."),
        (given("loss", high=9), 10, "loss must be 9 or less, got 10."),
    ],
)
def test_a_value_out_of_bounds_is_one_line(metric, value, line):
    with pytest.raises(AblateError) as error:
        metric.value(value)
    assert str(error.value) == line
