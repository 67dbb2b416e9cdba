"""What a run came to, from its rows."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.readout import Readout, affordable, read_off, tail

RUNNING = {"state": "running", "step": 20, "error": None}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_to_judge_by_has_diverged(value: float) -> None:
    readout = Readout("", 20, metric="perplexity")
    found = read_off([{"step": 10, "perplexity": 3.0}, {"step": 20, "perplexity": value}], RUNNING, readout)
    assert found is not None
    assert (found.status, found.step, found.error) == ("diverged", 20, f"perplexity at step 20 was {value:g}")
    assert read_off([{"step": 10, "perplexity": 3.0}], RUNNING, readout) is None


def test_a_run_is_judged_by_its_own_evaluations_alone() -> None:
    rows = [{"step": step, "loss": loss, "perplexity": 3.0} for step, loss in ((10, 1.0), (15, 1e9), (20, 1.0))]
    own = Readout("", 20, metric="perplexity", grid=10)
    every = Readout("", 20, metric="perplexity")
    assert [read_off(rows, RUNNING, one).status for one in (own, every)] == ["done", "diverged"]  # type: ignore[union-attr]


@given(st.integers(1, 10**6), st.integers(1, 50))
def test_a_tail_is_evenly_spaced_in_the_last_twentieth_and_ends_at_the_end(step: int, wanted: int) -> None:
    last = affordable(wanted, step, None, None)
    steps = tail(step, last)
    assert len(set(steps)) == len(steps) == last <= wanted
    assert steps[-1] == step
    assert last == 1 or {b - a for a, b in pairwise(steps)} == {step // (20 * last)}
    assert all(20 * (step - each) < step for each in steps), "none is before 95%"


@given(st.integers(1, 50), st.integers(1, 10**6), st.integers(1, 4096), st.integers(1, 10**5))
def test_a_tail_takes_about_a_tenth_of_the_training_or_is_one(wanted: int, step: int, batch: int, images: int) -> None:
    last = affordable(wanted, step, batch, images)
    assert 1 <= last <= max(1, min(wanted, step // 20))
    assert last == 1 or 0.35 * 2 * last * images <= 0.105 * step * batch
    more = last + 1
    assert last == wanted or more > step // 20 or 20 * more * images > 3 * step * batch, "as many as can be"


def row(step: int, accuracy: float) -> dict[str, float]:
    return {"step": step, "loss": 1.0, "accuracy_raw": accuracy, "accuracy_averaged": 0.0, "eval_loss_raw": 2 * accuracy}


def test_a_value_is_the_mean_of_its_tail_and_of_nothing_between() -> None:
    readout = Readout("raw", 200, grid=95, last=2)  # 195 and 200
    rows = [row(95, 0.9), row(190, 0.9), row(195, 0.2), row(198, 0.9), row(200, 0.4), row(285, 0.9)]
    found = read_off(rows, RUNNING, readout)
    assert found is not None
    values = found.values("raw")
    assert (found.status, found.step) == ("done", 200)
    assert (values["accuracy"], values["loss"]) == pytest.approx((0.3, 0.6))
    assert read_off(rows[:2] + rows[3:], RUNNING, readout) is None, "one is missing"
    assert read_off(rows, RUNNING, readout, whole=False) is None


def test_where_the_trainer_decides_a_value_is_the_mean_of_its_newest() -> None:
    rows = [{"step": step, "perplexity": float(step)} for step in (3, 50, 60, 91, 100, 130)]
    found = read_off(rows, RUNNING, Readout("", 100, metric="perplexity", last=3))
    assert found is not None
    assert found.values("", "perplexity")["perplexity"] == pytest.approx((60 + 91 + 100) / 3)
    assert read_off(rows[3:], RUNNING, Readout("", 100, metric="perplexity", last=3)) is None
