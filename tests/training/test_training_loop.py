"""The laws of trajectories: exact resume, exact sharing, divergence for good."""

import functools
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablate import data
from ablate.config.recipe import TRAINING_VERSION, Recipe
from ablate.errors import AblateError
from ablate.planning import run_result
from ablate.readout import Readout
from ablate.running import ensuring
from ablate.running.backend import Job
from ablate.running.progress import TrainingProgress
from ablate.running.recorder import Recorder
from ablate.store import Trajectory, fingerprint
from ablate.trainer import Resources
from ablate.trainers import Asked
from ablate.trainers.networks import TRAINER
from ablate.training import checkpoint, loop
from ablate.training.network import Network
from ablate.training.tensorboard import Summaries

Make = Callable[..., Recipe]
Train = Callable[..., Trajectory]
Trained = Callable[..., Trajectory]

TIMES = ("seconds", "examples_per_second", "recent_examples_per_second")
GOLDEN = Path(__file__).parent / "golden.json"


def asked_of(recipe: Recipe) -> Asked:
    """What a config asks for that has this recipe."""
    readout = Readout(recipe.readout.weights, recipe.steps)
    return Asked(TRAINER.spec(recipe), readout, recipe.store, recipe.report, recipe.threads, recipe.progress)


def facts(trajectory: Trajectory) -> tuple[list[dict[str, object]], dict[str, bytes]]:
    """Everything that must be equal bit for bit: rows less their times, predictions, and the newest checkpoint's state."""
    rows = [{key: value for key, value in row.items() if key not in TIMES} for row in trajectory.rows()]
    arrays = {}
    for row in rows:
        for name, classes in trajectory.predictions(int(row["step"])).items():
            arrays[f"{row['step']}/{name}"] = classes.tobytes()
    with np.load(trajectory.checkpoints()[0]) as state:
        arrays |= {name: state[name].tobytes() for name in state.files if name not in ("sha256", "progress/seconds")}
    return rows, arrays


@pytest.fixture(scope="module")
def trained(tiny: Make, train: Train, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training without interruption, trained once for all tests; each has a copy, in a store of its own."""

    @functools.cache
    def once(*words: str) -> Trajectory:
        return train(tiny(*words), tmp_path_factory.mktemp("trained"))

    def copied(store: Path, *words: str) -> Trajectory:
        made = once(*words)
        shutil.copytree(made.path, store / made.fingerprint)
        return Trajectory(store, made.fingerprint)

    return copied


@pytest.fixture(scope="module")
def whole(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trajectory:
    """Thirty steps without interruption."""
    return trained(tmp_path_factory.mktemp("whole"))


def test_rows_predictions_and_status(whole: Trajectory, tiny: Make) -> None:
    assert whole.status() == {"state": "done", "step": 30, "error": None}
    assert [row["step"] for row in whole.rows()] == [10, 20, 30]
    dataset = data.load(tiny().data)
    for row in whole.rows():
        assert set(row) == {
            *("step", "epoch", "loss", "lr", "seconds", "examples_per_second", "recent_examples_per_second"),
            *("accuracy_raw", "accuracy_averaged", "eval_loss_raw", "eval_loss_averaged"),
        }
        for name, classes in whole.predictions(row["step"]).items():
            assert classes.shape == (60,)
            assert row[f"accuracy_{name}"] == np.mean(classes == dataset.evaluation.labels)
        assert row["examples_per_second"] == pytest.approx(row["step"] * 16 / row["seconds"], rel=1e-4)
    losses = [row["loss"] for row in whole.rows()]
    assert losses[-1] < losses[0]
    assert [int(path.stem) for path in whole.checkpoints()] == [30, 20]
    assert whole.final_steps() == [30]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(1, 29), min_size=1, max_size=2, unique=True).map(sorted))
def test_resume_equals_no_interruption(
    stops: list[int], whole: Trajectory, tiny: Make, train: Train, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = tmp_path_factory.mktemp("stopped")
    for stop in stops:
        trajectory = train(tiny(), store, stop_at=stop)
        assert trajectory.status()["state"] in ("running", "done")
    trajectory = train(tiny(), store)
    assert facts(trajectory) == facts(whole)


def test_a_longer_run_goes_on_and_equals_one_that_never_stopped(
    trained: Trained, tiny: Make, train: Train, tmp_path: Path
) -> None:
    once = trained(tmp_path / "once", "steps=40")
    trained(tmp_path / "twice", "steps=25")  # 25 is not on the grid: it has a row of its own
    twice = train(tiny("steps=40"), tmp_path / "twice")
    assert json.loads((twice.path / "env.json").read_text())[-1]["from_step"] == 25
    rows, arrays = facts(twice)
    assert [row["step"] for row in rows] == [10, 20, 25, 30, 40]
    own = [row for row in rows if row["step"] != 25], {k: v for k, v in arrays.items() if not k.startswith("25/")}
    assert own == facts(once)
    last = twice.rows()[-1]  # of two parts, in each of which the graph was traced
    assert last["examples_per_second"] == pytest.approx(40 * 16 / last["seconds"], rel=1e-4)
    assert last["examples_per_second"] < last["recent_examples_per_second"]
    assert {int(path.stem) for path in twice.checkpoints()} >= {25, 40}


def test_a_shorter_run_off_the_grid_is_trained_again_and_harms_nothing(
    trained: Trained, tiny: Make, train: Train, tmp_path: Path
) -> None:
    long = trained(tmp_path / "a", "steps=40")
    before = facts(long)
    short = train(tiny("steps=25"), tmp_path / "a")
    fresh = trained(tmp_path / "b", "steps=25")
    assert short.row(25)["loss"] == fresh.row(25)["loss"]
    np.testing.assert_array_equal(short.predictions(25)["raw"], fresh.predictions(25)["raw"])
    assert [row for row in facts(short)[0] if row["step"] != 25] == before[0]
    assert short.status() == {"state": "done", "step": 40, "error": None}


def test_a_step_that_another_run_asks_for_meanwhile_is_evaluated_and_kept(trained: Trained, tiny: Make, tmp_path: Path) -> None:
    alone, fresh = trained(tmp_path / "alone", "steps=40"), trained(tmp_path / "fresh", "steps=25")
    recipe = tiny("steps=40")
    shared = Trajectory(tmp_path / "shared", alone.fingerprint)

    class Another:
        def began(self, step: int) -> None:
            pass

        def stepped(self, step: int, loss: float | None, per_second: float | None) -> None:
            if step >= 10:
                shared.keep(25)

        def evaluated(self, row: dict[str, Any]) -> None:
            pass

    with Recorder(
        shared,
        TRAINER,
        TRAINER.spec(recipe),
        Readout("raw", 40, grid=recipe.eval_every),
        Another(),
        lambda: False,
        Resources(1),
    ) as report:
        loop.train(recipe, data.load(recipe.data), shared, report, threads=1)
    rows, arrays = facts(shared)
    assert [row["step"] for row in rows] == [10, 20, 25, 30, 40]
    assert shared.checkpoint(25).exists()
    own = [row for row in rows if row["step"] != 25], {k: v for k, v in arrays.items() if not k.startswith("25/")}
    assert own == facts(alone)
    assert [row for row in rows if row["step"] == 25] == facts(fresh)[0][-1:]


def test_a_step_at_which_it_was_stopped_can_be_asked_for_later(tiny: Make, train: Train, tmp_path: Path) -> None:
    stopped = train(tiny("steps=40"), tmp_path / "a", stop_at=13)
    assert stopped.checkpoint(13).exists()
    assert stopped.row(13) is None
    stopped.keep(13)
    train(tiny("steps=40"), tmp_path / "a")
    assert stopped.row(13) is not None
    assert stopped.unfinished() == set()


def test_grouping_of_steps_changes_nothing(tiny: Make) -> None:
    recipe = tiny()
    dataset = data.load(recipe.data)
    one, other = Network(recipe, dataset), Network(recipe, dataset)
    together = one.advance(0, 12)
    apart = np.concatenate([other.advance(0, 1), other.advance(1, 7), other.advance(8, 4)])
    np.testing.assert_array_equal(together, apart)
    for left, right in zip(one.variables().values(), other.variables().values(), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


def test_readouts_share_what_separate_trainings_would_give(whole: Trajectory, tiny: Make, train: Train, tmp_path: Path) -> None:
    on, off = tiny("ema=on"), tiny("ema=off")
    assert on.training("digest") == off.training("digest")
    assert train(off, tmp_path).rows()[-1]["accuracy_raw"] == whole.rows()[-1]["accuracy_raw"]


def test_a_damaged_newest_checkpoint_is_said_and_the_one_before_used(
    whole: Trajectory, tiny: Make, train: Train, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trajectory = train(tiny(), tmp_path, stop_at=20)
    newest = trajectory.checkpoints()[0]
    damaged = bytearray(newest.read_bytes())
    for place in range(0, len(damaged), 1000):
        damaged[place] ^= 255
    newest.write_bytes(damaged)
    again = train(tiny(), tmp_path)
    assert f"checkpoint {newest} is damaged" in caplog.text
    assert facts(again) == facts(whole)
    assert json.loads((again.path / "env.json").read_text())[-1]["from_step"] == 10


def test_a_truncated_checkpoint_and_a_torn_row(whole: Trajectory, tiny: Make, train: Train, tmp_path: Path) -> None:
    trajectory = train(tiny(), tmp_path, stop_at=20)
    newest = trajectory.checkpoints()[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    with (trajectory.path / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 30, "lo')
    assert facts(train(tiny(), tmp_path)) == facts(whole)


def test_divergence_is_for_good_and_spoils_nothing_before_it(tiny: Make, train: Train, tmp_path: Path) -> None:
    recipe = tiny("lr=1e18", "init=he")
    trajectory = train(recipe, tmp_path)
    status = trajectory.status()
    assert status["state"] == "diverged"
    assert 1 <= status["step"] <= 30
    assert "loss became" in status["error"]
    assert run_result.read(asked_of(recipe), trajectory)["status"] == "diverged"
    assert run_result.read(asked_of(recipe.model_copy(update={"steps": 10_000})), trajectory)["status"] == "diverged"
    trajectory.set_status("running", 0)
    assert trajectory.status() == status


def test_status_is_judged_at_the_runs_own_step(trained: Trained, tiny: Make, tmp_path: Path) -> None:
    recipe = tiny()
    trajectory = trained(tmp_path)
    trajectory.set_status("diverged", 57, "the loss became nan at step 57")
    assert run_result.read(asked_of(recipe), trajectory)["status"] == "done"
    later = run_result.read(asked_of(recipe.model_copy(update={"steps": 60})), trajectory)
    assert (later["status"], later["step"], later["accuracy"]) == ("diverged", 57, None)
    assert run_result.read(asked_of(recipe.model_copy(update={"steps": 50})), trajectory) is None


def test_cosine_depends_on_the_total_and_so_is_another_training(tiny: Make) -> None:
    cosine = [tiny("schedule=cosine", f"steps={steps}").training("d") for steps in (30, 40)]
    constant = [tiny(f"steps={steps}").training("d") for steps in (30, 40)]
    assert cosine[0] != cosine[1]
    assert constant[0] == constant[1]


def test_checkpoint_holds_no_pickle_and_all_state(tiny: Make, tmp_path: Path) -> None:
    recipe = tiny("optimizer=adam")
    network = Network(recipe, data.load(recipe.data))
    network.advance(0, 2)
    checkpoint.save(tmp_path / "f" / "checkpoints" / "2.npz", network, checkpoint.Progress(2, 1.5, 2, 0.1))
    with np.load(tmp_path / "f" / "checkpoints" / "2.npz", allow_pickle=False) as state:
        names = {name.partition("/")[0] for name in state.files}
    assert names == {"weights", "averages", "mean", "square", "progress", "sha256"}


def test_golden_numbers_of_this_training_version(tiny: Make) -> None:
    """Twenty fixed steps. Where they change, raise TRAINING_VERSION and write golden.json anew (its numbers printed here)."""
    found = {}
    for name, overrides in {
        "defaults": (),
        "adam, cosine, decoupled": ("optimizer=adam", "schedule=cosine", "weight_decay=decoupled", "init=he"),
        "bfloat16, momentum": ("precision=bfloat16", "optimizer=momentum", "init=tutorial", "weight_decay=tutorial"),
    }.items():
        recipe = tiny("steps=20", *overrides)
        network = Network(recipe, data.load(recipe.data))
        losses = network.advance(0, 20)
        norms = [float(np.sqrt(np.sum(np.square(value.numpy())))) for value in network.variables().values()]
        reading = network.evaluate("averaged")
        found[name] = {
            "fingerprint": fingerprint(recipe.training(data.digest(recipe.data))),
            "losses": losses[[0, 4, 9, 14, 19]].tolist(),
            "norms": norms,
            "evaluation_loss": reading.loss,
        }
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    message = f"golden.json: {json.dumps({'version': TRAINING_VERSION, 'trainings': found})}"
    assert golden.get("version") == TRAINING_VERSION, message
    for name, numbers in golden["trainings"].items():
        # Processors differ in the last bits, bfloat16 in more: what changes a recipe changes far more than this.
        close = 0.02 if "bfloat16" in name else 5e-4
        assert found[name]["fingerprint"] == numbers["fingerprint"], message
        np.testing.assert_allclose(found[name]["losses"], numbers["losses"], rtol=close, err_msg=message)
        np.testing.assert_allclose(found[name]["norms"], numbers["norms"], rtol=close, atol=1e-4, err_msg=message)
        assert found[name]["evaluation_loss"] == pytest.approx(numbers["evaluation_loss"], rel=close), message


def test_seeds_pair_arms(tiny: Make) -> None:
    """The same seed in two arms: the same first loss where only the optimizer differs, another one with another seed."""

    def first_losses(*overrides: str) -> float:
        recipe = tiny(*overrides)
        return float(Network(recipe, data.load(recipe.data)).advance(0, 1)[0])

    assert first_losses() == first_losses("optimizer=adam", "weight_decay=off")
    assert first_losses() != first_losses("seed=1")


def test_stopped_is_raised_after_a_checkpoint(tiny: Make, tmp_path: Path) -> None:
    recipe = tiny()
    dataset = data.load(recipe.data)
    trajectory = Trajectory(tmp_path, "stopped")
    steps = []

    class Watcher:
        def began(self, step: int) -> None:
            pass

        def stepped(self, step: int, loss: float | None, per_second: float | None) -> None:
            assert loss is not None
            assert per_second is not None
            assert np.isfinite(loss)
            assert per_second > 0
            steps.append(step)

        def evaluated(self, row: dict[str, object]) -> None:
            raise AssertionError("no evaluation comes before the stop")

    report = Recorder(
        trajectory,
        TRAINER,
        TRAINER.spec(recipe),
        Readout("raw", 30, grid=recipe.eval_every),
        Watcher(),
        lambda: bool(steps),
        Resources(1),
    )
    with pytest.raises(loop.Stopped, match="1"), report:
        loop.train(recipe, dataset, trajectory, report, threads=1)
    assert [int(path.stem) for path in trajectory.checkpoints()] == [1]


def test_asking_for_the_step_at_which_it_was_stopped(
    tiny: Make, train: Train, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trajectory = train(tiny(), tmp_path / "a", stop_at=13)
    [step] = [int(path.stem) for path in trajectory.checkpoints() if int(path.stem) % 10]
    again = train(tiny(f"steps={step}"), tmp_path / "a")
    fresh = train(tiny(f"steps={step}"), tmp_path / "b")
    assert facts(again) == facts(fresh)
    row = again.row(step)
    assert row["recent_examples_per_second"] is None  # no step was done since the stop
    assert row["examples_per_second"] == pytest.approx(step * 16 / row["seconds"], rel=1e-4)
    Summaries(tiny(), Network(tiny(), data.load(tiny().data)), again).evaluated(row)
    assert list((again.path / "tensorboard").iterdir())
    with TrainingProgress(replace(asked_of(tiny()), progress=True), again) as progress:
        progress.evaluated(row)
    assert f"step {step}, loss " in capfd.readouterr().err


def test_a_lost_evaluation_is_made_again(whole: Trajectory, trained: Trained, tiny: Make, train: Train, tmp_path: Path) -> None:
    trajectory = trained(tmp_path)
    (trajectory.path / "predictions" / "30.npz").unlink()
    assert facts(train(tiny(), tmp_path)) == facts(whole)


@pytest.mark.slow
def test_going_back_to_an_earlier_step_can_be_stopped_and_goes_on(tiny: Make, train: Train, tmp_path: Path) -> None:
    train(tiny("steps=50", "eval_every=5"), tmp_path / "a")
    wanted = tiny("steps=33", "eval_every=5")
    stopped = train(wanted, tmp_path / "a", stop_at=12)
    assert stopped.row(33) is None
    back = train(wanted, tmp_path / "a")
    assert json.loads((back.path / "env.json").read_text())[-1]["from_step"] >= 12
    fresh = train(wanted, tmp_path / "b")
    np.testing.assert_array_equal(back.predictions(33)["raw"], fresh.predictions(33)["raw"])
    assert back.row(33)["loss"] == fresh.row(33)["loss"]


def test_a_finished_run_is_not_lost_for_want_of_checkpoints(trained: Trained, tiny: Make, train: Train, tmp_path: Path) -> None:
    trajectory = trained(tmp_path / "a")
    before = trajectory.rows()
    for path in trajectory.checkpoints():
        path.unlink()
    train(tiny("steps=50"), tmp_path / "a", stop_at=12)
    assert trajectory.rows() == before
    assert trajectory.finished == 30
    assert run_result.begun_with(trajectory) == 1
    train(tiny("steps=50"), tmp_path / "a")
    assert [row["step"] for row in trajectory.rows()] == [10, 20, 30, 40, 50]
    assert facts(trajectory)[1] == facts(train(tiny("steps=50"), tmp_path / "b"))[1]


def test_data_that_changed_since_the_plan_are_refused(tiny: Make, tmp_path: Path) -> None:
    recipe, asked = tiny(), asked_of(tiny())
    content = recipe.training("the digest of other data")
    trajectory = Trajectory(tmp_path, fingerprint(content))
    job = Job(trajectory.fingerprint, tmp_path, asked.spec, (asked.readout,), content, {}, threads=1)
    with pytest.raises(AblateError, match="has changed since"), trajectory.locked():
        ensuring.ensure(job, asked.readout, trajectory, TrainingProgress(asked, trajectory), lambda: False)
    assert trajectory.rows() == []


def test_rows_survive_a_torn_line_before_them(trained: Trained, tiny: Make, train: Train, tmp_path: Path) -> None:
    trajectory = trained(tmp_path, "steps=40")
    with (trajectory.path / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 25, "lo')
    train(tiny("steps=25"), tmp_path)
    assert [row["step"] for row in trajectory.rows()] == [10, 20, 25, 30, 40]
