"""How long a sweep takes: where its speed comes from, and how trainings add up to hours."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import alike, composed, evaluation

from ablate import machine
from ablate.models.costs import totals
from ablate.models.spec import parse
from ablate.planning import calibration, forecast, plan, run_result, speeds
from ablate.planning.calibration import Speed, nearest
from ablate.planning.command import command_of
from ablate.planning.forecast import Forecast, evaluations_left, wall_seconds
from ablate.planning.plan import Plan
from ablate.planning.runs import Training, trainings
from ablate.resources import Share, cores
from ablate.text import span
from ablate.trainers import networks

SHARE = Share(at_once=2, threads=1)


def make(store: Path, *words: str) -> Plan:
    command = command_of(OverridesParser.create().parse_overrides([f"store={store}", "eval_every=100", *words]))
    return plan.make(command, "factorial", lambda overrides: composed(["data=digits", "readout.last=1", *overrides]))


def train(training: Training, speeds: Sequence[float | None], took: float = 100.0, **segment: Any) -> None:
    """Write what a training leaves: one evaluation for each speed, in examples a second. took: the seconds to each."""
    trajectory = training.trajectory
    trajectory.write_config(training.runs[0].content, training.runs[0].names)
    here = {"from_step": 0, "host": machine.host(), "threads": 1, "at_once": 2, "device": "chip", "processor": "chip"}
    trajectory.add_segment(here | segment)
    for number, speed in enumerate(speeds, start=1):
        row = evaluation(100 * number, **alike(0.5), seconds=took * number, examples_per_second=speed)
        trajectory.add_evaluation(row, {"raw": np.arange(3), "averaged": np.arange(3)})


def asked(made: Plan, share: Share = SHARE, calibrate: bool = False) -> Forecast:
    return forecast.forecast(made.trainings, share, calibrate)


def seconds_at(training: Training, speed: float) -> float:
    """With ten evaluations of two readouts to come."""
    recipe = training.asked.spec.payload
    examples = recipe.steps * recipe.batch_size
    evaluated = 10 * 2 * recipe.shape.eval_images
    return forecast.START_OF_TRAINING_S + (examples + networks.EVALUATION_SHARE * evaluated) / speed


def test_another_seed_of_the_same_training_tells_its_speed(tmp_path: Path) -> None:
    train(make(tmp_path, "seed=7").trainings[0], [400.0, 500.0, None, 900.0])
    train(make(tmp_path, "seed=7", "lr=0.3").trainings[0], [9.0])
    made = make(tmp_path, "seed=0,1", "steps=1000")
    found = asked(made)
    assert found.sources == (forecast.SAME_KIND,)
    assert list(found.each.values()) == pytest.approx([seconds_at(made.trainings[0], 500.0)] * 2)
    assert found.seconds == pytest.approx(forecast.START_OF_WORKER_S + seconds_at(made.trainings[0], 500.0))


@pytest.mark.parametrize("other", [{"host": "elsewhere"}, {"device": "a GPU"}, {"threads": None}], ids=str)
def test_what_was_trained_elsewhere_tells_nothing(tmp_path: Path, other: dict[str, Any]) -> None:
    train(make(tmp_path, "seed=7").trainings[0], [400.0], **other)
    found = asked(make(tmp_path))
    assert (found.seconds, found.sources, list(found.each.values())) == (None, (), [None])


def test_another_number_of_threads_tells_what_nothing_else_does(tmp_path: Path) -> None:
    made = make(tmp_path, "steps=1000")
    train(make(tmp_path, "seed=7").trainings[0], [400.0], threads=8)
    train(make(tmp_path, "seed=8").trainings[0], [100.0], threads=2)
    found = asked(made)
    assert found.sources == (forecast.SAME_KIND + forecast.OTHER_THREADS,)
    assert list(found.each.values()) == pytest.approx([seconds_at(made.trainings[0], 100.0)])  # 2 is nearer to 1 than 8 is
    train(make(tmp_path, "model=nin0").trainings[0], [100.0])
    assert asked(made).sources == (forecast.BY_OPERATIONS,)


def test_a_training_that_was_begun_goes_on_with_its_own_threads(tmp_path: Path) -> None:
    train(make(tmp_path, "seed=7").trainings[0], [100.0])
    train(make(tmp_path, "seed=8").trainings[0], [900.0], threads=2)
    made = make(tmp_path, "steps=1000", "seed=0,1,2")
    begun = made.trainings[0]
    train(begun, [900.0], threads=2)
    found = asked(made)
    alone, others = seconds_at(begun, 900.0), seconds_at(begun, 100.0)
    assert list(found.each.values()) == pytest.approx([alone, others, others])
    assert found.sources == (forecast.SAME_KIND,)
    assert found.seconds == pytest.approx(forecast.START_OF_WORKER_S + others + alone)  # beside it there is no thread left


def test_only_the_evaluations_of_a_fitting_segment_count(tmp_path: Path) -> None:
    training = make(tmp_path, "seed=7").trainings[0]
    train(training, [400.0, 500.0, 900.0])
    training.trajectory.add_segment({"from_step": 200, "host": "elsewhere", "threads": 1, "device": "x", "processor": "x"})
    assert speeds.speeds(training.trajectory, on_gpu=False, host=machine.host()) == [Speed(400.0, 1, 2), Speed(500.0, 1, 2)]


def test_trainings_that_shared_the_machine_alike_are_preferred(tmp_path: Path) -> None:
    train(make(tmp_path, "seed=5").trainings[0], [100.0, 100.0, 100.0], at_once=1)
    made = make(tmp_path, "steps=1000")
    assert asked(made).sources == (forecast.SAME_KIND + forecast.OTHER_AT_ONCE,)
    train(make(tmp_path, "seed=6").trainings[0], [300.0], at_once=2)
    assert asked(made).sources == (forecast.SAME_KIND,)
    assert asked(made).seconds == pytest.approx(forecast.START_OF_WORKER_S + seconds_at(made.trainings[0], 300.0))


def test_else_operations_and_other_trainings_of_the_store_do(tmp_path: Path) -> None:
    other = make(tmp_path, "model=nin0").trainings[0]
    train(other, [100.0])
    train(make(tmp_path, "model=alex0", "precision=bfloat16").trainings[0], [1.0])
    (tmp_path / "no trajectory").mkdir()
    (tmp_path / "no trajectory" / "metrics.jsonl").write_text("{")
    made = make(tmp_path, "model=tuto", "steps=1000")
    [training] = made.trainings
    operations = [operations_of(each) for each in (other, training)]
    found = asked(made)
    assert found.sources == (forecast.BY_OPERATIONS,)
    assert found.each[training.trajectory.fingerprint] == pytest.approx(
        seconds_at(training, 100.0 * operations[0] / operations[1])
    )


def resized(training: Training, filters: int, store: Path) -> Training:
    """The same training of one convolution with so many filters, which the operations grow with; in this store."""
    layers = [{"conv": {"kernel": 3, "filters": filters}}, {"gap": {}}, {"classifier": {}}]
    recipe = training.asked.spec.payload.model_copy(update={"model": parse(layers, 10)})
    asked = replace(training.asked, spec=networks.TRAINER.spec(recipe), store=store)
    trajectory, content = run_result.trajectory_of(asked)
    return Training((replace(training.runs[0], asked=asked, trajectory=trajectory, content=content),))


def operations_of(training: Training) -> int:
    recipe = training.asked.spec.payload
    return totals(recipe.model, recipe.input_shape)[1]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Training, Training]:
    """A training to forecast, and one with a seed that no other seed of it is looked for by, for a store."""
    store = tmp_path_factory.mktemp("planned")
    return make(store, "steps=1000").trainings[0], make(store, "seed=100").trainings[0]


@settings(max_examples=12)
@given(filters=st.integers(1, 300), trained=st.dictionaries(st.integers(1, 300), st.floats(1, 1e4), min_size=1, max_size=4))
def test_a_pace_never_comes_from_a_training_that_is_unlike(
    planned: tuple[Training, Training], filters: int, trained: dict[int, float]
) -> None:
    with TemporaryDirectory() as folder:
        store, like = Path(folder), []
        wanted = resized(planned[0], filters, store)
        own = operations_of(wanted)
        for size, speed in trained.items():
            other = resized(planned[1], size, store)
            train(other, [speed])
            if own / forecast.MOST_UNLIKE <= operations_of(other) <= own * forecast.MOST_UNLIKE:
                like.append(operations_of(other) * speed)
        found = forecast.forecast([wanted], SHARE, calibrate=False)
    assert found.sources == ((forecast.BY_OPERATIONS,) if like else ())
    [seconds] = found.each.values()
    assert seconds == (pytest.approx(seconds_at(wanted, median(like) / own)) if like else None)


def test_a_damaged_config_is_passed_over(tmp_path: Path) -> None:
    other = make(tmp_path, "model=nin0").trainings[0]
    train(other, [100.0])
    path = other.trajectory.path / "config.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "model": [{"convv": {}}]}))
    assert asked(make(tmp_path)).seconds is None


@pytest.mark.slow
def test_this_machines_speed_is_measured_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path / "cache"))
    made = make(tmp_path / "runs")  # the default 10,000 steps
    alone = Share(at_once=1, threads=1)
    found = asked(made, alone, calibrate=True)
    assert (found.sources, found.unknown) == ((forecast.CALIBRATED,), None)
    assert found.seconds is not None
    assert 1 < found.seconds < 1e6
    assert "measuring the speed of this machine with 1 thread, for this and later plans" in capsys.readouterr().err
    assert len(json.loads((tmp_path / "cache" / calibration.FILE).read_text())) == 1
    monkeypatch.setattr(calibration, "_measured", lambda *_: pytest.fail("measured again"))
    assert asked(made, alone, calibrate=True) == found
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The threads and the number at once of each measurement, which are not really done here."""
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path / "cache"))
    done: list[tuple[int, int]] = []

    def fake(precision: str, share: Share, at_once: int) -> list[float]:
        done.append((share.threads, at_once))
        return [1e10] * at_once

    monkeypatch.setattr(calibration, "_measured", fake)
    return done


def test_one_measurement_serves_whatever_number_at_once(tmp_path: Path, measured: list[tuple[int, int]]) -> None:
    made = make(tmp_path / "runs", "seed=range(0,8)")
    sources = [asked(made, Share(at_once, 1), calibrate=True).sources for at_once in (3, 5, 8, 3)]
    assert measured == [(1, 3)]
    otherwise = (forecast.CALIBRATED + forecast.OTHER_AT_ONCE,)
    assert sources == [(forecast.CALIBRATED,), otherwise, otherwise, (forecast.CALIBRATED,)]


def test_a_store_of_tiny_models_leaves_the_pace_of_a_large_one_to_the_measurement(
    tmp_path: Path, measured: list[tuple[int, int]], planned: tuple[Training, Training], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(tmp_path, "steps=1000", "model=tuto,nin0")
    expected = asked(made, calibrate=True)
    train(resized(planned[1], 1, tmp_path), [5000.0])
    scans = []
    monkeypatch.setattr(speeds, "newest", lambda store, newest=speeds.newest: scans.append(store) or newest(store))
    assert asked(made, calibrate=True) == expected
    assert (expected.sources, measured, scans) == ((forecast.CALIBRATED,), [(1, 2)], [tmp_path])
    train(make(tmp_path, "seed=100").trainings[0], [500.0])
    assert asked(made, calibrate=True).sources == (forecast.BY_OPERATIONS,)


def test_few_processes_measure_however_many_cores_there_are(tmp_path: Path, measured: list[tuple[int, int]]) -> None:
    asked(make(tmp_path / "runs", "seed=range(0,64)"), Share(64, 1), calibrate=True)
    assert measured == [(1, calibration.MOST_AT_ONCE)]


def test_another_number_of_threads_is_measured_anew_where_that_is_worth_it(
    tmp_path: Path, measured: list[tuple[int, int]]
) -> None:
    asked(make(tmp_path / "runs"), Share(1, 1), calibrate=True)
    asked(make(tmp_path / "runs"), Share(1, 4), calibrate=True)
    assert measured == [(1, 1), (4, 1)]
    found = asked(make(tmp_path / "runs", "steps=20"), Share(1, 3), calibrate=True)
    assert measured == [(1, 1), (4, 1)]
    assert found.sources == (forecast.CALIBRATED + forecast.OTHER_THREADS,)
    assert asked(make(tmp_path / "runs", "precision=bfloat16")).sources == ()


def test_what_is_over_before_a_measurement_is_not_measured_for(tmp_path: Path, measured: list[tuple[int, int]]) -> None:
    found = asked(make(tmp_path / "runs", "steps=20"), calibrate=True)
    assert (found.seconds, found.unknown, measured) == (None, forecast.TOO_SMALL, [])


def test_many_evaluations_are_work_too(tmp_path: Path, measured: list[tuple[int, int]]) -> None:
    asked(make(tmp_path / "runs", "steps=500", "eval_every=500", "seed=0,1"), calibrate=True)
    assert measured == []
    asked(make(tmp_path / "runs", "steps=500", "eval_every=1", "seed=0,1"), calibrate=True)
    assert measured == [(1, 2)]


def test_a_measurement_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path))
    monkeypatch.setattr(calibration.sys, "executable", "/bin/false")
    found = asked(make(tmp_path / "runs"), calibrate=True)
    assert (found.seconds, found.unknown) == (None, forecast.NOT_MEASURED)
    assert "cannot measure the speed" in capsys.readouterr().err
    assert not (tmp_path / calibration.FILE).exists()


def test_what_is_no_measurement_is_passed_over(tmp_path: Path, measured: list[tuple[int, int]]) -> None:
    folder = tmp_path / "cache"
    assert calibration.measure("float32", SHARE, folder) == Speed(1e10, 1, 2)
    [entry] = json.loads((folder / calibration.FILE).read_text())
    damaged = [1, {}, entry | {"threads": 0}, entry | {"operations_per_second": float("nan")}, entry | {"host": "elsewhere"}]
    (folder / calibration.FILE).write_text(json.dumps([*damaged, entry]))
    assert calibration.kept("float32", SHARE, folder) == [Speed(1e10, 1, 2)]
    (folder / calibration.FILE).write_text("{}")
    assert calibration.kept("float32", SHARE, folder) == []


def test_the_nearest_speeds_are_of_as_many_threads_then_as_many_at_once() -> None:
    speeds = [Speed(1.0, 1, 9), Speed(2.0, 1, 9), Speed(3.0, 1, None), Speed(4.0, 2, 2), Speed(5.0, 4, 2)]
    assert nearest(speeds, Share(2, 1)) == Speed(1.5, 1, 9, spread=2.0)
    assert nearest(speeds, Share(2, 3)) == Speed(5.0, 4, 2)
    assert nearest([], SHARE) is None


@pytest.mark.parametrize(
    ("steps", "begun", "evaluations"),
    [("steps=100", 0, 1), ("steps=250", 0, 3), ("steps=250", 100, 2), ("steps=250", 200, 1), ("steps=300", 300, 1)],
)
def test_evaluations_to_come(tmp_path: Path, steps: str, begun: int, evaluations: int) -> None:
    [training] = make(tmp_path, steps).trainings
    train(training, [100.0] * (begun // 100))
    training.trajectory.make_folder("checkpoints")
    training.trajectory.checkpoint(begun).touch()
    assert evaluations_left(training) == evaluations


def test_a_training_is_evaluated_where_each_of_its_runs_is_read(tmp_path: Path) -> None:
    runs = [make(tmp_path, f"steps={steps}").runs[0] for steps in (150, 200, 310)]
    [training] = trainings(runs)
    assert evaluations_left(training) == 5  # 100, 150, 200, 300, 310


@given(st.lists(st.floats(1, 1e5), min_size=1, max_size=30), st.integers(1, 8))
def test_trainings_side_by_side_take_between_their_share_and_that_and_the_longest(each: list[float], at_once: int) -> None:
    least = max(max(each), sum(each) / at_once)
    seconds = wall_seconds([(one, 1) for one in each], Share(at_once, 1)) - forecast.START_OF_WORKER_S
    assert least * 0.999 <= seconds <= (sum(each) / at_once + max(each)) * 1.001


def test_the_longest_go_first_and_nothing_takes_no_time() -> None:
    assert wall_seconds([(1, 1), (1, 1), (2, 1)], Share(2, 1)) == 2 + forecast.START_OF_WORKER_S
    assert wall_seconds([], Share(2, 1)) == 0


def test_one_with_more_threads_takes_the_place_of_several_but_on_a_gpu() -> None:
    each = [(5.0, 2), (1.0, 1), (1.0, 1)]
    assert wall_seconds(each, Share(2, 1)) == 5 + 1 + forecast.START_OF_WORKER_S
    assert wall_seconds(each, Share(3, 1)) == 5 + forecast.START_OF_WORKER_S
    assert wall_seconds(each, Share(2, 1, gpus=("0", "1"))) == 5 + forecast.START_OF_WORKER_S
    assert wall_seconds([(5.0, 64)], Share(2, 1)) == 5 + forecast.START_OF_WORKER_S


@pytest.mark.parametrize("how", [{"took": 5.0}, {"load": 2.0 * cores()}])
@pytest.mark.parametrize("same_kind", [True, False])
def test_short_trainings_and_those_of_a_busy_machine_do_not_outweigh_the_measurement(
    tmp_path: Path, measured: list[tuple[int, int]], how: dict[str, Any], same_kind: bool
) -> None:
    made = make(tmp_path, "steps=100000")
    expected = asked(made, calibrate=True)
    assert expected.sources == (forecast.CALIBRATED,)
    train(
        make(tmp_path, "seed=100" if not same_kind else "seed=1", "lr=0.1" if same_kind else "lr=0.2").trainings[0],
        [50.0],
        **how,
    )
    assert asked(made, calibrate=True) == expected
    train(make(tmp_path, "seed=2").trainings[0], [500.0])
    assert asked(made, calibrate=True).sources == (forecast.SAME_KIND,)


def test_without_a_measurement_a_short_training_tells_a_range(tmp_path: Path) -> None:
    made = make(tmp_path, "steps=100000")
    train(make(tmp_path, "seed=1").trainings[0], [500.0], took=5.0)
    found = asked(made)
    assert found.sources == (forecast.SAME_KIND,)
    assert " to " in span(found.seconds, found.low, found.high)
    assert found.high <= 3 * found.low


def test_short_trainings_tell_best_of_those_that_are_as_short(tmp_path: Path, measured: list[tuple[int, int]]) -> None:
    calibration.measure("float32", SHARE, tmp_path)
    made = make(tmp_path, "steps=100")
    train(make(tmp_path, "seed=1").trainings[0], [500.0], took=5.0)
    assert asked(made).sources == (forecast.SAME_KIND,)


def test_a_time_is_told_as_one_number_where_trainings_of_its_kind_took_alike(tmp_path: Path) -> None:
    made = make(tmp_path, "steps=100000")
    train(make(tmp_path, "seed=1").trainings[0], [500.0, 520.0, 490.0])
    found = asked(made)
    assert span(found.seconds, found.low, found.high).startswith("about ")
    train(make(tmp_path, "seed=2").trainings[0], [500.0, 150.0, 1000.0])
    found = asked(made)
    assert " to " in span(found.seconds, found.low, found.high)


@given(st.floats(1, 1e6), st.sampled_from([forecast.SURE, forecast.ROUGH]))
def test_about_is_within_30_percent_and_a_range_at_most_three_times_its_low_end(
    seconds: float, within: tuple[float, float]
) -> None:
    low, high = (factor * seconds for factor in within)
    is_about = span(seconds, low, high).startswith("about ")
    assert is_about == (within == forecast.SURE) or seconds < 60
    assert high <= 3.001 * low
