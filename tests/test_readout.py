"""What a run came to, from its rows."""

import math

import pytest

from ablate.readout import Readout, read_off

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
