"""Laws that hold for every model, tried on random ones."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.errors import AblateError
from ablate.models.costs import layer_costs, totals
from ablate.models.levels import FC_LEVELS, LRN_LEVELS
from ablate.models.spec import (
    Conv,
    Dense,
    Dropout,
    Fire,
    Gap,
    Logits,
    Lrn,
    Pool,
    apply_levels,
    named,
    parse,
    to_plain,
)

count = st.integers(1, 40)
above_zero = st.floats(1e-6, 1e3) | st.integers(1, 5)
dropout = st.builds(Dropout, st.floats(0.01, 0.99))
on_map = st.one_of(
    st.builds(Conv, st.integers(1, 7), count),
    st.builds(Pool, st.integers(1, 4), st.integers(1, 3)),
    st.builds(Lrn, st.integers(0, 6), above_zero, above_zero, above_zero),
    st.builds(Fire, count, count, count),
    dropout,
)
shapes = st.tuples(st.integers(1, 96), st.integers(1, 96), st.integers(1, 4))


@st.composite
def models(draw, endings=("dense", "gap", "gap then dense")):
    """A valid model and its number of classes."""
    classes = draw(st.integers(1, 100))
    body = tuple(draw(st.lists(on_map, max_size=6)))
    ending = draw(st.sampled_from(endings))
    if ending == "gap":
        return (*body, Conv(draw(st.integers(1, 5)), classes), Gap()), classes
    if ending == "gap then dense":
        body = (*body, Gap())
    hidden = draw(st.lists(st.builds(Dense, count) | dropout, max_size=4))
    return (*body, *hidden, Logits(classes)), classes


levels = st.tuples(st.sampled_from(LRN_LEVELS), st.sampled_from(FC_LEVELS))


@given(models())
def test_content_is_json_and_reads_back_to_the_same_model(drawn):
    model, classes = drawn
    stored = json.loads(json.dumps(to_plain(model)))
    assert parse(stored, classes) == model
    assert to_plain(parse(stored, classes)) == to_plain(model)


@given(models())
def test_roles_are_unique_and_keep_the_order(drawn):
    model, _ = drawn
    roles, layers = zip(*named(model), strict=True)
    assert layers == model
    assert len(set(roles)) == len(roles)
    assert roles.count("classifier") == 1


@given(models(), levels)
def test_a_level_is_a_state(drawn, chosen):
    model, classes = drawn
    try:
        once = apply_levels(model, *chosen, classes)
    except AblateError:
        return
    assert apply_levels(once, *chosen, classes) == once
    assert parse(to_plain(once), classes) == once


@given(models(), st.sampled_from(FC_LEVELS))
def test_the_order_of_the_two_factors_does_not_matter(drawn, fc):
    model, classes = drawn
    try:
        both = apply_levels(model, "off", fc, classes)
    except AblateError:
        with pytest.raises(AblateError):
            apply_levels(model, "native", fc, classes)
        return
    assert apply_levels(apply_levels(model, "native", fc, classes), "off", "native", classes) == both


@given(models(), shapes)
def test_without_lrn_a_model_has_its_parameters_and_no_more_operations(drawn, shape):
    model, classes = drawn
    parameters, operations = totals(model, shape)
    without = totals(apply_levels(model, "off", "native", classes), shape)
    assert without[0] == parameters
    assert without[1] <= operations


@given(st.lists(on_map, min_size=1, max_size=4), models(), shapes)
def test_costs_are_additive(front, drawn, shape):
    back, _ = drawn
    front_rows = layer_costs(tuple(front), shape)
    back_rows = layer_costs(back, front_rows[-1].output_shape)
    whole = layer_costs((*front, *back), shape)
    assert [row.output_shape for row in whole] == [row.output_shape for row in front_rows + back_rows]
    assert totals((*front, *back), shape) == (
        sum(row.parameters for row in front_rows + back_rows),
        sum(row.operations for row in front_rows + back_rows),
    )


@given(models(endings=("gap", "gap then dense")), shapes, shapes)
def test_parameters_of_a_model_with_gap_do_not_depend_on_the_input_size(drawn, one, other):
    model, _ = drawn
    channels = one[2]
    assert totals(model, one)[0] == totals(model, (*other[:2], channels))[0]


@given(models(), shapes)
def test_a_model_ends_in_one_value_a_class(drawn, shape):
    model, classes = drawn
    assert layer_costs(model, shape)[-1].output_shape == (classes,)
