import functools
import io
import json
import os
import random
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up import composed
from rich.console import Console

from ablate import messages, terminal
from ablate.monitor import drawing, lines, live
from ablate.monitor.live import Screen
from ablate.monitor.snapshot import RUNNING, snapshot
from ablate.monitor.states import Snapshot, TrainingStatus
from ablate.planning import plan, run_result
from ablate.planning.command import command_of
from ablate.planning.plan import Plan
from ablate.planning.runs import Run
from ablate.store import SWEEP, register_sweep, result_file, sign_of_life, sweep_file, write_json
from ablate.store.state import State
from ablate.text import clock

CLASSES = {"raw": np.arange(4), "averaged": np.arange(4)}
NO_PROCESS = 2**22 + 1  # beyond the largest process id of Linux


@functools.cache
def resolved(*words: str) -> Plan:
    command = command_of(
        OverridesParser.create().parse_overrides(["data=digits", "steps=1000", "eval_every=100", "readout.last=1", *words])
    )
    return plan.make(command, "factorial", composed)


class Sweep:
    """A sweep on disk, which tests push along as the engine and its workers do."""

    def __init__(self, root: Path, *words: str) -> None:
        self.store = root / "runs"
        self.plan = resolved(*(words or ("augment=on,off", "ema=on,off", "seed=0,1")))
        self.folder = root / "multirun" / self.plan.name
        self.runs = [self._stored(run) for run in self.plan.runs]
        sweep_file.write(self.folder, replace(self.plan.sweep, store=str(self.store)))
        register_sweep(self.store, self.folder, {})

    def _stored(self, run: Run) -> Run:
        return replace(
            run,
            asked=replace(run.asked, store=self.store),
            trajectory=type(run.trajectory)(self.store, run.trajectory.fingerprint),
        )

    def held(self, seconds: float = 600, **content: Any) -> None:
        write_json(self.folder / RUNNING, sign_of_life() | {"started": time.time() - seconds} | content)

    def evaluated(self, number: int, *steps: int) -> None:
        for step in steps:
            scores = {
                "accuracy_raw": min(1.0, step / 2000),
                "accuracy_averaged": min(1.0, step / 1250),
                "eval_loss_raw": 2.0,
                "eval_loss_averaged": 1,
            }
            row = {"step": step, "epoch": 1.0, "loss": 1.0, **scores, "lr": 0.1, "seconds": step / 10}
            self.runs[number].trajectory.add_evaluation(
                row | dict.fromkeys(("examples_per_second", "recent_examples_per_second"), 1280.0), CLASSES
            )

    def saved(self, number: int, step: int) -> None:
        path = self.runs[number].trajectory.checkpoint(step)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        self.runs[number].trajectory.set_status("running", step)

    def at_work(self, number: int, step: int, **content: Any) -> None:
        trajectory = self.runs[number].trajectory
        trajectory.set_status("running", 0)
        said = {"step": step, "target": 1000, "loss": 1.234, "examples_per_second": 1280.0, "steps_per_second": 10.0}
        trajectory.set_live(said | sign_of_life() | content)

    def ended(self, *numbers: int) -> None:
        """All of a training's runs are read, as the engine does when it ends."""
        for number in numbers:
            run = self.runs[number]
            run.trajectory.clear_live()
            if run.trajectory.row(1000) is None:
                self.evaluated(number, 1000)
                run.trajectory.set_status("done", 1000)
            result_file.write(self.folder / str(number), run_result.read(run.asked, run.trajectory))

    def failed(self, number: int, reason: str = "ValueError: no such thing\nand more") -> None:
        run = self.runs[number]
        run.trajectory.clear_live()
        run.trajectory.set_status("failed", 200, reason.splitlines()[0])
        result_file.write(self.folder / str(number), run_result.failure(reason.splitlines()[0], run.asked, run.trajectory))
        (self.folder / str(number) / run_result.TRACE).write_text(f"Traceback …\n{reason}")

    def training(self, number: int) -> TrainingStatus:
        """The training that a run stands on, as it is seen now."""
        [found] = [each for each in snapshot(self.folder).trainings if number in [run.number for run in each.runs]]
        return found


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    return Sweep(tmp_path)


def states(seen: Snapshot) -> list[str]:
    return [training.state for training in seen.trainings]


# what is seen


def test_a_sweep_that_has_not_begun_waits(sweep: Sweep) -> None:
    seen = snapshot(sweep.folder)
    assert states(seen) == ["waiting"] * 4
    assert [run.number for run in seen.trainings[0].runs] == [0, 1]
    assert (seen.holder, seen.seconds_left, seen.notes) == (None, None, ())
    assert (seen.steps_done, seen.steps_left) == (0, 4000)
    assert not seen.ended


def test_a_training_is_named_by_its_arms(sweep: Sweep) -> None:
    assert [(training.label, training.seed) for training in snapshot(sweep.folder).trainings[:3]] == [
        ("baseline", 0),
        ("no augmentation", 0),
        ("baseline", 1),
    ]


def test_each_state_is_seen_with_what_belongs_to_it(sweep: Sweep) -> None:
    sweep.held()
    sweep.ended(0, 1)
    sweep.at_work(2, 450)
    sweep.evaluated(2, 100, 200, 400)
    sweep.saved(4, 300)
    seen = snapshot(sweep.folder)
    done, running, stopped, waiting = seen.trainings
    assert states(seen) == ["done", "running", "stopped", "waiting"]
    assert (done.step, done.accuracy, done.examples_per_second, done.seconds_per_step) == (1000, 0.8, 1280, 0.1)
    assert (running.step, running.target, running.loss) == (450, 1000, 1.234)
    assert (running.evaluated, running.accuracy) == (400, pytest.approx(0.32))
    assert running.seconds_left == pytest.approx(55)
    assert (stopped.step, stopped.accuracy, stopped.seconds_left) == (300, None, None)
    assert (waiting.step, waiting.target) == (0, 1000)
    assert [run.state for run in seen.runs] == ["done"] * 2 + ["running"] * 2 + ["stopped"] * 2 + ["waiting"] * 2
    assert (seen.steps_done, seen.steps_left) == (1000 + 450 + 300, 550 + 700 + 1000)
    # one at once: 55 s of what runs, then 700 and 1000 steps at the 0.1 s that both arms took
    assert seen.seconds_left == pytest.approx(55 + 70 + 100)
    assert seen.holder is not None
    assert seen.holder.pid == os.getpid()
    assert seen.holder.seconds == pytest.approx(600, abs=5)


def test_the_accuracy_is_of_the_weights_that_the_run_reads(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "ema=off,on")
    sweep.evaluated(0, 100)
    assert sweep.training(0).accuracy == 0.05
    assert sweep.training(0).label == "baseline"


def test_a_longer_run_of_a_training_is_waited_for(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "steps=500,1000")
    sweep.evaluated(0, 500)
    sweep.saved(0, 500)
    training = sweep.training(0)
    assert (training.state, training.step, training.target) == ("stopped", 500, 1000)
    assert [run.state for run in training.runs] == ["done", "stopped"]
    sweep.runs[0].trajectory.set_status("diverged", 700, "the loss became nan at step 700")
    training = sweep.training(0)
    assert (training.state, training.step, training.error) == ("diverged", 700, "the loss became nan at step 700")
    assert [run.state for run in training.runs] == ["done", "diverged"]


def test_a_run_is_done_only_once_it_is_known_whether_it_diverged(sweep: Sweep) -> None:
    sweep.held()
    sweep.evaluated(0, 100, 1000)
    sweep.runs[0].trajectory.set_status("done", 1000)
    assert sweep.training(0).state == "running"
    for run in sweep.runs[:2]:
        asked = replace(run.asked, readout=replace(run.asked.readout, diverged_loss=0.5))  # the made-up losses are 1
        result_file.write(sweep.folder / str(run.number), run_result.read(asked, run.trajectory))
    assert sweep.training(0).state == "diverged"


def test_a_pruned_run_has_the_accuracy_of_where_it_was_pruned(sweep: Sweep) -> None:
    sweep.evaluated(0, 100, 300, 1000)  # another study trained it to its end
    for run in sweep.runs[:2]:
        result_file.write(sweep.folder / str(run.number), run_result.pruned(run.asked, run.trajectory, 300))
    training = sweep.training(0)
    assert (training.state, training.step, training.evaluated, training.accuracy) == ("pruned", 300, 300, pytest.approx(0.24))


def test_a_trajectory_that_another_sweep_trained_is_done_without_results(sweep: Sweep) -> None:
    sweep.evaluated(0, 500, 1000, 1500)
    training = sweep.training(0)
    assert (training.state, training.evaluated, training.accuracy) == ("done", 1000, 0.8)


def test_a_result_of_another_fingerprint_does_not_count(sweep: Sweep) -> None:
    sweep.ended(2)
    shutil.copytree(sweep.folder / "2", sweep.folder / "0")
    seen = snapshot(sweep.folder)
    assert seen.trainings[0].state == "waiting"
    [note] = seen.notes
    assert note.startswith(
        f"damaged or of another run, so left aside: {sweep.folder / '0' / 'result.json'}: fingerprint must be "
    )


def test_a_failure_has_its_reason_and_its_trace(sweep: Sweep) -> None:
    sweep.failed(2)
    training = sweep.training(2)
    assert (training.state, training.step, training.error) == ("failed", 200, "ValueError: no such thing")
    assert training.trace == sweep.folder / "2" / "traceback.txt"
    assert snapshot(sweep.folder).steps_left == 3000


def test_a_failure_before_the_sweep_began_is_tried_again(sweep: Sweep) -> None:
    trajectory = sweep.runs[2].trajectory
    trajectory.set_status("failed", 0, "ValueError: no")
    assert sweep.training(2).state == "failed"
    os.utime(trajectory.path / "status.json", (time.time() - 100, time.time() - 100))
    sweep.held(seconds=50)
    assert sweep.training(2).state == "waiting"
    sweep.at_work(2, 10)
    assert sweep.training(2).state == "running"


def test_what_an_earlier_try_left_has_not_failed(sweep: Sweep) -> None:
    sweep.failed(2)
    sweep.failed(4)
    for path in sweep.folder.parents[1].rglob("*.json"):
        os.utime(path, (time.time() - 100, time.time() - 100))
    sweep.saved(4, 300)
    sweep.runs[4].trajectory.set_status("failed", 300, "no")
    os.utime(sweep.runs[4].trajectory.path / "status.json", (time.time() - 100, time.time() - 100))
    assert states(snapshot(sweep.folder)) == ["waiting", "failed", "failed", "waiting"]
    sweep.held(seconds=50)
    assert states(snapshot(sweep.folder)) == ["waiting", "waiting", "stopped", "waiting"]  # before the results are removed
    for number in (2, 4):
        (sweep.folder / str(number) / result_file.RESULT).unlink()
    assert states(snapshot(sweep.folder)) == ["waiting", "waiting", "stopped", "waiting"]
    sweep.failed(2)
    assert sweep.training(2).state == "failed"


def test_a_traced_first_second_tells_no_time_left(sweep: Sweep) -> None:
    first = {"loss": 2.0, "examples_per_second": None, "steps_per_second": None}
    sweep.held()
    sweep.at_work(0, 1, **first)
    assert (sweep.training(0).examples_per_second, sweep.training(0).seconds_left) == (None, None)
    sweep.evaluated(0, 1)
    row = json.loads((sweep.runs[0].trajectory.path / "metrics.jsonl").read_text())
    assert row["seconds"] > 0  # which was tracing
    training = sweep.training(0)
    assert (training.examples_per_second, training.seconds_left, snapshot(sweep.folder).seconds_left) == (None, None, None)
    assert drawing.doing(training) == ""
    sweep.evaluated(0, 101)
    assert sweep.training(0).seconds_left == pytest.approx(99.9)  # 0.1 s a step between the two


def test_a_training_whose_process_died_is_stopped(sweep: Sweep) -> None:
    sweep.saved(0, 300)
    sweep.at_work(0, 350, pid=NO_PROCESS)
    sweep.held(pid=NO_PROCESS)
    seen = snapshot(sweep.folder)
    assert (seen.trainings[0].state, seen.trainings[0].step, seen.holder) == ("stopped", 300, None)


def test_a_training_that_goes_on_is_never_behind_its_checkpoint(sweep: Sweep) -> None:
    sweep.saved(0, 300)
    sweep.at_work(0, 0, loss=None, steps_per_second=None, examples_per_second=None)
    assert sweep.training(0).step == 300
    sweep.at_work(0, 5000, target=9000)
    assert (sweep.training(0).step, sweep.training(0).target) == (1000, 1000)


def test_clocks_that_jump_give_no_negative_times(sweep: Sweep) -> None:
    sweep.held(seconds=-3600)
    sweep.at_work(0, 100, time=time.time() + 3600, steps_per_second=-1.0)
    sweep.runs[2].trajectory.set_status("failed", 0, "no")
    seen = snapshot(sweep.folder)
    assert seen.holder is not None
    assert (seen.holder.seconds, seen.trainings[0].silent_seconds, seen.trainings[0].seconds_left) == (None, 0, None)
    assert seen.trainings[1].state == "failed"  # when the process began is not known, so no failure is old
    assert lines.totals(seen) == "0/4 trainings, 1 running, 2 waiting, 1 failed"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "12", None, True, [], -5])
def test_numbers_that_are_none_are_not_known(sweep: Sweep, value: Any) -> None:
    sweep.held(started=value)
    sweep.at_work(0, 100, loss=value, steps_per_second=value, examples_per_second=value, time=value)
    sweep.at_work(2, value)
    seen = snapshot(sweep.folder)
    training = seen.trainings[0]
    assert (training.loss, training.examples_per_second, training.silent_seconds, training.seconds_left) == (None,) * 4
    assert seen.trainings[1].step == 0
    json.dumps(seen.to_json(), allow_nan=False)


def test_time_left_shares_what_waits_among_as_many_as_run(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "seed=0,1,2,3,4")
    sweep.held()
    for number in (0, 1):
        sweep.at_work(number, 500)
    # 50 s each of the two at work, then 100 s, 100 s and 100 s on two places
    assert snapshot(sweep.folder).seconds_left == pytest.approx(50 + 100 + 100)
    (sweep.folder / RUNNING).unlink()
    assert snapshot(sweep.folder).seconds_left == pytest.approx(50)  # nobody starts what waits


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "not valid JSON at line 1, column 1."),
        ("{", "not valid JSON at line 1, column 2."),
        ("[]", "must hold an object, got an empty list."),
        ("null", "must hold an object, got null."),
        ('{"version": 99}', "version must be 1 or 2, the versions that this program reads, got 99."),
        ('{"version": 1, "runs": [{}]}', "design is missing."),
    ],
)
def test_a_sweep_file_that_cannot_be_used_is_told(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / SWEEP).write_text(content)
    seen = snapshot(tmp_path)
    assert seen.trainings == ()
    [note] = seen.notes
    assert str(tmp_path / SWEEP) in note
    assert told in note


def test_before_a_sweep_is_planned_there_is_nothing_to_tell(tmp_path: Path) -> None:
    write_json(tmp_path / RUNNING, sign_of_life() | {"started": time.time()})
    seen = snapshot(tmp_path)
    assert (seen.trainings, seen.notes) == ((), ())
    assert seen.holder is not None


# what cannot be known


def test_without_the_store_nothing_is_said_to_wait(sweep: Sweep) -> None:
    sweep.ended(0, 1)
    sweep.failed(2)
    sweep.saved(6, 300)
    elsewhere = sweep.store.with_name("elsewhere")
    sweep.store.rename(elsewhere)
    seen = snapshot(sweep.folder)
    assert states(seen) == ["done", "failed", "unknown", "unknown"]
    [note] = seen.notes
    assert note.startswith("no trajectory of this sweep was found, so it is unknown how far what has no result is; looked for ")
    assert str(sweep.store) in note
    assert (seen.steps_left, seen.seconds_left, seen.store, seen.ended) == (0, None, None, False)
    assert lines.totals(seen) == "1/4 trainings, 2 unknown, 1 failed"
    assert seen.to_json()["totals"]["trainings"]["unknown"] == 2
    assert [drawing.mark(training) for training in seen.of(State.UNKNOWN)] == ["?", "?"]
    elsewhere.rename(sweep.store)
    assert states(snapshot(sweep.folder)) == ["done", "failed", "waiting", "stopped"]


def test_without_the_store_a_sweep_that_has_all_results_is_done(sweep: Sweep) -> None:
    sweep.ended(*range(8))
    shutil.rmtree(sweep.store)
    seen = snapshot(sweep.folder)
    assert (states(seen), seen.notes) == (["done"] * 4, ())


def test_a_sweep_that_no_store_knows_is_unknown_until_it_trains(sweep: Sweep) -> None:
    shutil.rmtree(sweep.store / ".sweeps")
    assert states(snapshot(sweep.folder)) == ["unknown"] * 4
    sweep.at_work(2, 10)
    assert states(snapshot(sweep.folder)) == ["waiting", "running", "waiting", "waiting"]


def test_a_training_that_cannot_be_read_is_unknown(sweep: Sweep) -> None:
    (sweep.runs[2].trajectory.path / "metrics.jsonl").mkdir(parents=True)
    sweep.at_work(0, 500)
    seen = snapshot(sweep.folder)
    assert states(seen) == ["running", "unknown", "waiting", "waiting"]
    assert "metrics.jsonl: it is a folder" in seen.notes[0]
    assert seen.seconds_left is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), cut=st.sampled_from(["emptied", "truncated", "removed", "garbled", "a folder"]))
def test_whatever_file_is_damaged_there_is_a_snapshot(tmp_path_factory: Any, seed: int, cut: str) -> None:
    chance = random.Random(seed)
    sweep = Sweep(tmp_path_factory.mktemp("damaged"))
    sweep.held()
    sweep.ended(0, 1)
    sweep.saved(2, 300)
    sweep.evaluated(2, 100, 200)
    sweep.at_work(2, 350)
    sweep.failed(4)
    files = sorted(path for path in sweep.folder.parents[1].rglob("*") if path.is_file() and path.name != ".lock")
    path = chance.choice(files)
    data = path.read_bytes()
    if cut == "truncated":
        path.write_bytes(data[: chance.randrange(len(data) + 1)])
    elif cut == "garbled" and data:
        at = chance.randrange(len(data))
        path.write_bytes(data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :])
    elif cut == "emptied":
        path.write_bytes(b"")
    else:
        path.unlink()
        if cut == "a folder":
            path.mkdir()
    seen = snapshot(sweep.folder)
    unplanned = cut == "removed" and path.name == SWEEP  # a held folder without a plan is a sweep that is being planned
    assert seen.trainings or seen.notes or unplanned
    json.dumps(seen.to_json(), allow_nan=False)
    drawing.table(seen.trainings, 80)
    terminal.table(drawing.matrix(seen), 80)
    lines.changes(replace(seen, trainings=()), seen)


def many(tmp_path: Path, count: int) -> Path:
    """A folder of a sweep of so many finished runs, each with long metrics that need not be read."""
    sweep = Sweep(tmp_path, "seed=0")
    sweep.ended(0)
    template = replace(sweep.plan.sweep, store=str(sweep.store))
    result = json.loads((sweep.folder / "0" / result_file.RESULT).read_text())
    runs = []
    for number in range(count):
        fingerprint = f"{number:016x}"
        runs.append(replace(template.runs[0], number=number, seed=number, fingerprint=fingerprint))
        folder = sweep.folder / str(number)
        folder.mkdir(exist_ok=True)
        result_file.write(folder, result | {"fingerprint": fingerprint})
        (sweep.store / fingerprint).mkdir()
        (sweep.store / fingerprint / "metrics.jsonl").write_text('{"step": 1}\n' * 10_000)
    sweep_file.write(sweep.folder, replace(template, runs=tuple(runs), seeds=tuple(range(count))))
    return sweep.folder


def test_two_hundred_finished_runs_are_seen_at_once(tmp_path: Path) -> None:
    folder = many(tmp_path, 200)
    started = time.perf_counter()
    seen = snapshot(folder)
    seconds = time.perf_counter() - started
    assert states(seen) == ["done"] * 200
    assert seconds < 1, f"{seconds:.2f} s"


# what is shown


class Shown:
    """A console that keeps what it shows, in place of the one on stderr."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, width: int = 100, height: int = 30, terminal: bool = True) -> None:
        self.stream = io.StringIO()
        self.console = Console(
            file=self.stream, force_terminal=terminal, width=width, height=height, highlight=False, soft_wrap=True,
            color_system=None, legacy_windows=False, _environ={},
        )  # fmt: skip
        monkeypatch.setattr(messages, "console", self.console)
        monkeypatch.setattr(live, "READ_EVERY_S", 0.0)
        monkeypatch.setattr(live, "READ_SHARE", 1e9)

    def new(self) -> str:
        """What was written since the last call."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return text

    def lines(self) -> list[str]:
        return self.new().splitlines()


def drawn(sweep: Sweep, console: Console) -> list[str]:
    """The live screen as it stands, a string a line."""
    with console.capture() as capture:
        console.print(live.fitted(snapshot(sweep.folder), console), soft_wrap=False)
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_one_bar_for_the_sweep_and_a_line_for_each_training(sweep: Sweep, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    shown = Shown(monkeypatch, width)
    sweep.held()
    sweep.ended(0, 1)
    sweep.at_work(2, 450)
    sweep.evaluated(2, 400)
    sweep.at_work(4, 200, phase="evaluating")
    told = drawn(sweep, shown.console)
    assert max(map(len, told)) <= width
    assert told[0] == "factorial · digits · step 1,000"
    assert told[1].endswith("1/4 trainings · 3 min left")
    assert told[1].startswith("█") == (width >= 40)
    assert told[2] == ""
    first, second = told[3:]
    assert all(part in first for part in ("  no augmentation  seed 0", "450/1,000"))
    assert ("█████░░░░░░░" in first, "32.0%" in first, "55 s left" in first) == (width >= 80, width >= 60, width >= 60)
    assert ("evaluating" in second) == (width >= 60)


@pytest.mark.parametrize("height", [3, 6, 8, 10, 12, 20, 40])
@pytest.mark.parametrize("width", [80, 120])
def test_the_screen_is_never_taller_than_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, height: int
) -> None:
    shown = Shown(monkeypatch, width, height)
    sweep = Sweep(tmp_path, "augment=on,off", "lrn=on,off", "ema=on,off", "seed=" + ",".join(map(str, range(6))))
    for number in range(0, 24, 2):
        sweep.at_work(number, 10 * number)
    for number in range(24, 48, 2):
        sweep.failed(number)
    told = drawn(sweep, shown.console)
    assert len(told) < height
    if height >= 6:
        assert "0/24 trainings" in told[1]
    if height >= 8:
        assert any("failed at step 200: ValueError" in line for line in told)
        assert any("more failed or diverged" in line for line in told)
        assert any("more at work" in line for line in told) == (sum("/1,000" in line for line in told) < 12)


def test_a_live_screen_shows_what_happens_and_leaves_the_end(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(monkeypatch)
    sweep.held()
    with Screen(sweep.folder, terminal=True) as screen:
        assert "0/4 trainings" in shown.new()
        sweep.at_work(0, 450)
        screen.refresh()
        assert "450/1,000" in shown.new()
        messages.say("a line meanwhile")
        assert "a line meanwhile\n" in shown.new()
        sweep.failed(2)
        screen.refresh()
        assert "no augmentation, seed 0: failed at step 200: ValueError: no such thing" in shown.new()
        sweep.ended(0, 1)
    end = shown.new()
    assert end.endswith("1/4 trainings, 2 waiting, 1 failed · 10 min so far\n")
    assert "failed at step 200" not in end.partition("\x1b[?25h")[2]  # who uses the screen says what failed
    assert "\x1b[?25h" in end  # the cursor is back


def test_the_live_screen_is_left_in_order_when_something_breaks(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(monkeypatch)
    sweep.failed(2)
    with pytest.raises(KeyboardInterrupt), Screen(sweep.folder, terminal=True):
        raise KeyboardInterrupt
    _, _, after = shown.new().partition("\x1b[?25h")  # the cursor is back
    assert after.endswith(
        f"seed 0: failed at step 200: ValueError: no such thing ({sweep.folder}/2/traceback.txt)\n"
        "0 of 4 trainings are complete. Rerun the same command to resume.\n"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_a_screen_waits_for_a_sweep(sweep: Sweep, monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    shown = Shown(monkeypatch, terminal=terminal)
    planned = (sweep.folder / SWEEP).rename(sweep.folder / "later")
    with Screen(sweep.folder, terminal=terminal) as screen:
        assert "Received" not in shown.stream.getvalue()
        assert ("Waiting for the plan of the sweep" in shown.new()) == terminal
        planned.rename(sweep.folder / SWEEP)
        sweep.at_work(0, 450)
        screen.refresh()
        assert ("450/1,000" if terminal else "seed 0: at step 450 of 1,000") in shown.new()
        (sweep.folder / SWEEP).unlink()
    assert "of 0 trainings" not in shown.new()


def test_the_live_screen_says_what_is_done_between_trainings(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(monkeypatch)
    assert "…" not in " ".join(drawn(sweep, shown.console))
    sweep.held()
    assert drawn(sweep, shown.console)[-1] == "Starting trainings…"
    sweep.at_work(0, 450)
    assert not any("…" in line for line in drawn(sweep, shown.console))
    sweep.ended(*range(8))
    assert drawn(sweep, shown.console)[-1] == "Writing the report…"


def plain(shown: Shown) -> list[str]:
    """The new lines, without the time that each begins with."""
    found = shown.lines()
    assert all(re.match(r"\d\d:\d\d  ", line) for line in found)
    return [line[7:] for line in found]


def test_a_training_has_at_most_one_line_a_minute(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(monkeypatch, terminal=False)
    sweep.held()
    sweep.evaluated(0, 100)
    sweep.saved(0, 100)
    with Screen(sweep.folder, terminal=False) as screen:
        sweep.at_work(0, 310, began=100)
        sweep.evaluated(0, 200, 300)
        screen.refresh()
        screen.refresh()
        assert plain(shown) == [
            "baseline, seed 0: resuming from step 100 of 1,000",
            "baseline, seed 0: step 300 of 1,000, accuracy 24.0%, 1 min left",
        ]
        sweep.evaluated(0, 400, 500)
        screen.refresh()
        assert shown.lines() == [], "a minute has not passed"
        monkeypatch.setattr(live, "LINE_EVERY_S", 0.0)
        screen.refresh()
        [line] = plain(shown)
        assert line.startswith("baseline, seed 0: step 500 of 1,000, accuracy 40.0%")
        monkeypatch.setattr(live, "LINE_EVERY_S", 60.0)
        sweep.evaluated(0, *range(600, 1100, 100))
        sweep.ended(0, 1)
        sweep.evaluated(2, 100)
        sweep.failed(2)
        screen.refresh()
        screen.refresh()
        assert plain(shown) == [
            "baseline, seed 0: done, accuracy 80.0% · 1/4 trainings",
            "no augmentation, seed 0: step 100 of 1,000, accuracy 8.0%",
            f"no augmentation, seed 0: failed at step 200: ValueError: no such thing ({sweep.folder}/2/traceback.txt)",
        ]


def test_what_was_trained_before_a_store_is_found_is_no_news(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(monkeypatch, terminal=False)
    sweep.evaluated(0, 100)
    sweep.at_work(0, 150)
    sweep.evaluated(2, 1000)
    elsewhere = sweep.store.rename(sweep.store.with_name("elsewhere"))
    with Screen(sweep.folder, terminal=False) as screen:
        [note] = shown.lines()
        assert note.startswith("no trajectory of this sweep was found")
        elsewhere.rename(sweep.store)
        screen.refresh()
        assert [line.partition(" · ")[0] for line in plain(shown)] == [
            "baseline, seed 0: at step 150 of 1,000",
            "no augmentation, seed 0: done, accuracy 80.0%",
        ]


def test_without_a_terminal_there_is_a_line_for_whatever_happens(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(monkeypatch, terminal=False)
    sweep.held()
    sweep.ended(4, 5)
    with Screen(sweep.folder, terminal=False) as screen:
        assert shown.lines() == []
        sweep.at_work(0, 0)
        sweep.saved(2, 300)
        sweep.at_work(2, 0)
        screen.refresh()
        assert plain(shown) == ["no augmentation, seed 0: resuming from step 300 of 1,000"]
        screen.refresh()
        sweep.at_work(0, 150)
        screen.refresh()
        assert shown.lines() == []
        sweep.evaluated(0, 100)
        screen.refresh()
        assert plain(shown) == ["baseline, seed 0: step 100 of 1,000, accuracy 8.0%, 1 min left"]
        sweep.failed(2)
        sweep.ended(0, 1)
        screen.refresh()
        assert plain(shown) == [
            "baseline, seed 0: done, accuracy 80.0% · 2/4 trainings",
            f"no augmentation, seed 0: failed at step 200: ValueError: no such thing ({sweep.folder}/2/traceback.txt)",
        ]
        monkeypatch.setattr(screen, "_totals_at", 0.0)
        screen.refresh()
        screen.refresh()
        assert len(shown.lines()) == 1
        sweep.runs[6].trajectory.set_status("diverged", 30, "the loss became nan at step 30")
    [diverged, total] = shown.lines()
    assert diverged[7:] == "no augmentation, seed 1: diverged: the loss became nan at step 30"
    assert total == "2/4 trainings, 1 failed, 1 diverged · 10 min so far"


def test_progress_that_is_off_tells_failures_and_the_end(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(monkeypatch)
    with Screen(sweep.folder, terminal=True, shown=False) as screen:
        sweep.at_work(0, 10)
        sweep.evaluated(0, 100)
        monkeypatch.setattr(screen, "_totals_at", 0.0)
        screen.refresh()
        assert shown.new() == ""
        sweep.failed(2)
        screen.refresh()
        assert "failed at step 200" in shown.new()
    assert shown.lines() == ["0/4 trainings, 1 running, 2 waiting, 1 failed · 2 min left"]


def test_files_are_read_once_a_second_at_most(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(live, "snapshot", lambda folder: looks.append(folder) or snapshot(folder))
    with Screen(sweep.folder, terminal=False) as screen:
        for _ in range(20):
            screen.refresh()
        assert len(looks) == 1
    assert len(looks) == 2


def test_a_training_that_is_silent_is_told(sweep: Sweep) -> None:
    sweep.at_work(0, 100, time=time.time() - 300)
    assert drawing.doing(sweep.training(0)) == "silent 5 min"


def test_a_training_says_what_it_does_while_it_takes_no_steps(sweep: Sweep) -> None:
    sweep.at_work(0, 0, phase="compiling")
    assert drawing.doing(sweep.training(0)) == "compiling"
    sweep.at_work(0, 100, phase="")
    assert drawing.doing(sweep.training(0)) == "2 min left"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (90.1, "2 min"), (3569, "59 min"), (3599, "1 h 00 min"),
        (11_100, "3 h 05 min"), (86_399, "1 d 0 h"), (3_000_000, "34 d 17 h"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert clock(seconds) == text
