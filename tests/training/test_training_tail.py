"""The last evaluations that a run's value is the mean of: how they are trained to, stopped in, and added later."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ablate.config.recipe import Recipe
from ablate.errors import AblateError
from ablate.planning import run_result
from ablate.readout import Readout
from ablate.store import Trajectory

Make = Callable[..., Recipe]
Train = Callable[..., Trajectory]

LAST, TAIL = 3, [58, 59, 60]
TIMES = ("seconds", "examples_per_second", "recent_examples_per_second")


def rows(trajectory: Trajectory) -> list[dict[str, object]]:
    return [{key: value for key, value in row.items() if key not in TIMES} for row in trajectory.rows()]


def steps_of(trajectory: Trajectory, folder: str) -> set[int]:
    return {int(file.stem) for file in trajectory.files(folder)}


@pytest.fixture(scope="module")
def plain(tiny: Make, train: Train, tmp_path_factory: pytest.TempPathFactory) -> Trajectory:
    """Sixty steps, read at the last of them."""
    return train(tiny("steps=60"), tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def tailed(tiny: Make, train: Train, tmp_path_factory: pytest.TempPathFactory) -> Trajectory:
    """The same with three evaluations to read."""
    return train(tiny("steps=60"), tmp_path_factory.mktemp("tailed"), last=LAST)


def test_a_tail_is_evaluated_and_changes_nothing_else(plain: Trajectory, tailed: Trajectory) -> None:
    assert tailed.fingerprint == plain.fingerprint
    assert [row["step"] for row in tailed.rows()] == [10, 20, 30, 40, 50, *TAIL]
    assert [row for row in rows(tailed) if row["step"] not in TAIL[:-1]] == rows(plain)
    assert steps_of(tailed, "predictions") == {10, 20, 30, 40, 50, *TAIL}
    assert steps_of(tailed, "checkpoints") == steps_of(plain, "checkpoints") == {50, 60}, "none of its own"
    assert (tailed.final_steps(), tailed.read_steps()) == ([60], TAIL[:-1])


def test_the_value_is_the_mean_of_the_tail(tailed: Trajectory) -> None:
    readout = Readout("raw", 60, grid=10, last=LAST)
    found = run_result.outcome(readout, tailed)
    assert found is not None
    accuracies = [row["accuracy_raw"] for row in tailed.rows() if row["step"] in TAIL]
    assert found.values("raw")["accuracy"] == pytest.approx(np.mean(accuracies), abs=1e-12)
    assert found.values("raw")["seconds"] == tailed.rows()[-1]["seconds"]
    assert run_result.outcome(Readout("raw", 60, grid=10, last=6), tailed) is None, "there are not so many"


def test_what_is_done_is_trained_on_from_before_its_tail(tiny: Make, train: Train, tailed: Trajectory, tmp_path: Path) -> None:
    done = train(tiny("steps=60"), tmp_path)
    before = rows(done)
    again = train(tiny("steps=60"), tmp_path, last=LAST)
    assert again.segments()[-1]["from_step"] == 50
    assert rows(again) == rows(tailed)
    assert [row for row in rows(again) if row["step"] not in TAIL[:-1]] == before
    assert again.status() == {"state": "done", "step": 60, "error": None}
    assert steps_of(again, "checkpoints") == {50, 60}


@pytest.mark.parametrize("stop", TAIL[:-1])
def test_a_stop_within_the_tail_loses_nothing(stop: int, tiny: Make, train: Train, tailed: Trajectory, tmp_path: Path) -> None:
    stopped = train(tiny("steps=60"), tmp_path, stop_at=stop, last=LAST)
    assert stopped.status()["step"] == stop
    assert stopped.unfinished() == {60}
    whole = train(tiny("steps=60"), tmp_path, last=LAST)
    assert rows(whole) == rows(tailed)
    assert whole.unfinished() == set()


def test_a_longer_training_evaluates_shorter_tails(tiny: Make, train: Train, tailed: Trajectory, tmp_path: Path) -> None:
    shared = Trajectory(tmp_path, tailed.fingerprint)
    shared.keep(60, TAIL)
    long = train(tiny("steps=80"), tmp_path, last=4)
    assert [row["step"] for row in long.rows()] == [10, 20, 30, 40, 50, *TAIL, 70, 77, 78, 79, 80]
    assert [row for row in rows(long) if row["step"] <= 60] == rows(tailed)


def test_a_tail_that_is_lost_is_trained_anew(tiny: Make, train: Train, tailed: Trajectory, tmp_path: Path) -> None:
    lost = train(tiny("steps=60"), tmp_path, last=LAST)
    lost.predictions_file(59).unlink()
    assert run_result.outcome(Readout("raw", 60, grid=10, last=LAST), lost) is None
    assert lost.unfinished() == {60}
    assert rows(train(tiny("steps=60"), tmp_path, last=LAST)) == rows(tailed)


def test_evaluations_that_come_out_otherwise_are_refused(tiny: Make, train: Train, tmp_path: Path) -> None:
    done = train(tiny("steps=60"), tmp_path)
    other = dict(done.rows()[-1])
    predictions = done.predictions(60)
    other["accuracy_raw"] = 1 - other["accuracy_raw"] / 2  # as another machine might have had it
    done.add_evaluation(other, predictions)
    with pytest.raises(AblateError, match=r"accuracy_raw at step 60 is now .*, and was .*\. Remove it to train it anew"):
        train(tiny("steps=60"), tmp_path, last=LAST)
    assert [row["step"] for row in done.rows()] == [10, 20, 30, 40, 50, 60], "nothing of another computation stays"
    assert done.row(60)["accuracy_raw"] == other["accuracy_raw"], "nothing that was there is lost"
    assert run_result.outcome(Readout("raw", 60, grid=10, last=LAST), done) is None


def test_a_longer_training_goes_on_past_a_tail_that_was_noted_and_not_read(tiny: Make, train: Train, tmp_path: Path) -> None:
    done = train(tiny("steps=60"), tmp_path)
    done.keep(60, TAIL)  # as a sweep that was stopped before it began does
    long = train(tiny("steps=80"), tmp_path)
    assert [row["step"] for row in long.rows()] == [10, 20, 30, 40, 50, 60, 70, 80]
    assert long.unfinished() == {60}
