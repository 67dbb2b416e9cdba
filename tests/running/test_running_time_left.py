"""How long a training still takes: its evaluations count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.readout import Readout
from ablate.running.time_left import TimeLeft
from ablate.trainer import Work


def of(step: int = 100, grid: int = 10, last: int = 1) -> tuple[TimeLeft, list[float]]:
    clock = [0.0]
    work = Work(kind="made up", per_step=4.0, per_evaluation=80.0)
    return TimeLeft(work, Readout("raw", step=step, grid=grid, last=last), lambda: clock[0]), clock


def test_before_an_evaluation_the_work_tells_how_long_one_takes() -> None:
    left, _ = of()
    assert left.seconds is None
    left.stepped(1, None)
    assert left.seconds is None, "the first steps trace the graph"
    left.stepped(5, 40.0)
    assert left.evaluations == 10
    assert left.seconds == pytest.approx(95 * 4 / 40 + 10 * 80 / 40)


def test_then_they_are_measured() -> None:
    left, clock = of()
    left.stepped(10, 40.0)
    clock[0] = 7.0
    left.evaluated()
    assert left.seconds == pytest.approx(90 * 4 / 40 + 9 * 7)


@given(st.integers(1, 500), st.integers(1, 60), st.integers(1, 10), st.integers(0, 500))
def test_each_evaluation_to_come_is_counted_once(step: int, grid: int, last: int, reached: int) -> None:
    left, _ = of(step, grid, last)
    left.stepped(min(reached, step), 1.0)
    assert left.evaluations == sum(left.readout.is_due(each) for each in range(min(reached, step) + 1, step + 1))
    assert (left.seconds or 0) >= 0
