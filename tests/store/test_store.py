import codecs
import errno
import importlib
import json
import math
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate import machine, store
from ablate.errors import AblateError
from ablate.readout import Readout
from ablate.running.recorder import Recorder
from ablate.store import Trajectory, catalog, checksums, verify
from ablate.store.checkpoints import prune
from ablate.store.gc import clear
from ablate.trainer import Resources, Spec, Work
from ablate.trainers.networks import TRAINER

CONTENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), CONTENT, max_size=4))
def test_fingerprint_is_of_content_not_of_order(content: dict[str, object]) -> None:
    turned = dict(reversed(list(content.items())))
    assert store.fingerprint(content) == store.fingerprint(turned)
    assert store.fingerprint(content) == store.fingerprint(json.loads(json.dumps(content)))
    assert store.fingerprint(content | {"one more": 1.5}) != store.fingerprint(content)


def test_nan_has_no_fingerprint() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.fingerprint({"lr": float("nan")})


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "folder" / "file"
    store.write_atomically(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(AblateError, match=r"Cannot write .*file: no space left on device\. Free some space"):
        store.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in path.parent.iterdir()] == ["file"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444


def test_missing_and_damaged_files_are_none(tmp_path: Path) -> None:
    assert store.read_json(tmp_path / "none.json") is None
    (tmp_path / "damaged.json").write_text('{"a": 1')
    assert store.read_json(tmp_path / "damaged.json") is None


def trajectory(tmp_path: Path) -> Trajectory:
    made = Trajectory(tmp_path, "0123456789abcdef")
    for step in (10, 20, 30):
        classes = np.full(5, step, np.int32)
        made.add_evaluation({"step": step, "loss": 1.0}, {"raw": classes, "averaged": classes + 1})
    return made


def test_evaluations(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    assert [row["step"] for row in made.rows()] == [10, 20, 30]
    assert made.row(20) == {"step": 20, "loss": 1.0}
    assert made.row(25) is None
    np.testing.assert_array_equal(made.predictions(30)["averaged"], [31] * 5)
    assert made.predictions(30)["raw"].dtype == np.uint8
    made.drop_after(10)
    assert [row["step"] for row in made.rows()] == [10]
    assert made.row(20) is None
    assert sorted(path.name for path in (made.path / "predictions").iterdir()) == ["10.npz"]


def test_finished_is_the_newest_final_step_that_can_be_read(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    assert made.finished == 0
    for step, newest in ((10, 10), (25, 10), (30, 30), (40, 30)):
        made.keep(step)
        assert made.finished == newest
    made.predictions_file(30).write_bytes(b"PK")
    assert made.finished == 10


def test_many_classes_keep_their_numbers(tmp_path: Path) -> None:
    made = Trajectory(tmp_path, "f")
    made.add_evaluation({"step": 1}, {"raw": np.array([3, 999])})
    assert made.predictions(1)["raw"].tolist() == [3, 999]


@pytest.mark.parametrize(
    "damage", ["", "not json", "[1, 2]", '{"state": "done"}', '{"state": "done", "state": "done", "step": 1, "error": null}']
)
def test_a_damaged_status_is_a_new_trajectory(tmp_path: Path, damage: str) -> None:
    made = trajectory(tmp_path)
    (made.path / "status.json").write_text(damage)
    assert made.status()["state"] == "new"


def test_pruning_keeps_the_newest_two_and_what_runs_asked_for(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    made.keep(2)
    made.keep(2)
    (made.path / "checkpoints").mkdir()
    for step in range(1, 8):
        made.checkpoint(step).write_bytes(b"")
    prune(made, 6)
    assert [int(path.stem) for path in made.checkpoints()] == [7, 6, 5, 2, 1]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    one, other = Trajectory(tmp_path, "f"), Trajectory(tmp_path, "f")
    with one.locked(), pytest.raises(TimeoutError, match="another process"), other.locked(timeout_s=0):
        pass
    with other.locked(timeout_s=0):
        pass


def live(**changed: object) -> dict[str, object]:
    content = {"step": 5, "target": 10, "loss": float("nan"), "examples_per_second": 100.0, "steps_per_second": 2.0}
    return {**content, "time": time.time(), "pid": os.getpid(), "host": platform.node(), **changed}


def ended_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_a_training_is_live_while_its_process_is(tmp_path: Path) -> None:
    made = Trajectory(tmp_path, "f")
    assert made.live() is None
    made.set_live(live(**store.sign_of_life() | {"time": 0.0}))
    found = made.live()
    assert found is not None
    assert found["step"] == 5
    assert [path.name for path in made.path.iterdir()] == ["live.json"]
    made.set_live(live(pid=ended_pid()))
    assert made.live() is None
    made.clear_live()
    made.clear_live()
    assert list(made.path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process started")
def test_a_process_that_has_the_number_of_a_dead_one_is_another() -> None:
    mine = store.sign_of_life()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        time.sleep(0.05)  # several clock ticks
        reused = {**mine, "pid": process.pid}
        other = {**reused, "process": machine.process_started(process.pid)}
        assert store.alive(mine)
        assert store.alive(other)
        assert not store.alive(reused)
        before_boot = str(mine["process"]).rpartition("/")[2]
        assert not store.alive({**mine, "process": f"another-boot/{before_boot}"})
        process.kill()
    assert not store.alive(other)
    assert machine.process_started(process.pid) is None


@pytest.mark.parametrize(("ago_s", "seen"), [(0, True), (590, True), (610, False), (-590, True), (-610, False)])
@pytest.mark.parametrize("unknown", ["then", "now"])
def test_where_no_start_is_known_the_time_decides_too(
    monkeypatch: pytest.MonkeyPatch, ago_s: float, seen: bool, unknown: str
) -> None:
    sign = store.sign_of_life() | {"time": time.time() - ago_s}
    if unknown == "then":
        del sign["process"]  # as versions before wrote it
    else:
        monkeypatch.setattr(machine, "process_started", lambda pid: None)
    assert store.alive(sign) == seen
    assert not store.alive(sign | {"pid": ended_pid()})


@pytest.mark.parametrize(("ago_s", "seen"), [(0, True), (110, True), (130, False), (-110, True), (-1e9, False)])
def test_a_training_of_another_machine_is_live_while_it_speaks(tmp_path: Path, ago_s: float, seen: bool) -> None:
    made = Trajectory(tmp_path, "f")
    made.set_live(live(host="another machine", pid=ended_pid(), time=time.time() - ago_s))
    assert (made.live() is not None) == seen


@pytest.mark.parametrize("changed", [{"pid": 0}, {"pid": "7"}, {"pid": 10**30}, {"pid": -1}, {"host": 3, "time": "now"}])
def test_nonsense_in_live_is_no_live_training(tmp_path: Path, changed: dict[str, object]) -> None:
    made = Trajectory(tmp_path, "f")
    made.set_live(live(**changed))
    assert made.live() is None


def test_sweeps_are_known_while_their_folder_is_there_and_moved_with_the_store(tmp_path: Path) -> None:
    runs, folder = tmp_path / "here" / "runs", tmp_path / "here" / "multirun" / "factorial-1"
    store.write_json(folder / "sweep.json", {})
    store.register_sweep(runs, folder, {"a": [10]})
    store.register_sweep(runs, folder, {"a": [20, 10, 20], "b": [5]})
    store.register_sweep(runs, folder.with_name("gone"), {"c": [1]})
    (tmp_path / "here").rename(tmp_path / "there")
    runs = tmp_path / "there" / "runs"
    (runs / ".sweeps" / "torn.json").write_text("{")
    (known,) = store.known_sweeps(runs)
    assert known.folder == tmp_path / "there" / "multirun" / "factorial-1"
    assert known.needs == {"a": (10, 20), "b": (5,)}
    assert [sweep.folder.name for sweep in store.gone_sweeps(runs)] == ["gone"]


def test_cleaning_removes_what_killed_writes_left(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    (made.path / "predictions" / ".20.npz-abcdefgh.tmp").write_bytes(b"half")
    made.clean()
    assert sorted(path.name for path in (made.path / "predictions").iterdir()) == ["10.npz", "20.npz", "30.npz"]


# seals

SEALED = st.dictionaries(st.text(), CONTENT | st.just(float("inf")), max_size=4).map(
    lambda content: {key: value for key, value in content.items() if key != "check"}
)


@given(SEALED)
def test_what_was_sealed_opens_as_it_was(content: dict[str, object]) -> None:
    assert checksums.unseal(json.loads(json.dumps(checksums.seal(content)))) == (content, True)
    assert checksums.unseal(content) == (content, False)


@given(SEALED, st.text(min_size=1), st.integers())
def test_a_changed_field_breaks_the_seal(content: dict[str, object], key: str, value: int) -> None:
    changed = {**checksums.seal(content), key: value}
    if key in content and json.dumps(content[key]) == json.dumps(value):
        return
    with pytest.raises(ValueError, match="check does not fit"):
        checksums.unseal(changed)


def test_a_loss_that_is_no_number_is_sealed_too(tmp_path: Path) -> None:
    made = Trajectory(tmp_path, "f")
    made.add_evaluation({"step": 1, "loss": float("nan")}, {"raw": np.array([3])})
    assert math.isnan(made.rows()[0]["loss"])


@settings(max_examples=150)
@given(st.sampled_from(["metrics.jsonl", "status.json", "final_steps.json", "env.json"]), st.data())
def test_a_changed_byte_never_gives_a_value_that_was_not_written(done: Trajectory, name: str, data: st.DataObject) -> None:
    whole = (done.path / name).read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    try:
        (done.path / name).write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
        assert all(
            row in ({"step": 10, "loss": 1.0}, {"step": 20, "loss": 1.0}, {"step": 30, "loss": 1.0}) for row in done.rows()
        )
        assert (done.status()["state"], done.status()["step"]) in {("done", 30), ("new", 0)}
        assert done.final_steps() in ([30], [])
        assert [segment.get("threads") for segment in done.segments()] in ([2], [])
    finally:
        (done.path / name).write_bytes(whole)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Trajectory:
    made = trajectory(tmp_path_factory.mktemp("done"))
    made.set_status("done", 30)
    made.keep(30)
    made.add_segment({"threads": 2})
    return made


def test_files_of_versions_without_checks_read_as_ever(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    (made.path / "metrics.jsonl").write_text('{"step": 10, "loss": 1.0}\n{"step": 20, "loss": NaN}\n')
    (made.path / "status.json").write_text('{"state": "done", "step": 20, "error": null}')
    (made.path / "final_steps.json").write_text("[10, 20]")
    (made.path / "env.json").write_text('[{"threads": 1}]')
    assert made.row(10) == {"step": 10, "loss": 1.0}
    assert [row["step"] for row in made.rows()] == [10, 20]
    assert made.status() == {"state": "done", "step": 20, "error": None}
    assert made.final_steps() == [10, 20]
    made.keep(30)
    made.add_segment({"threads": 2})
    assert made.final_steps() == [10, 20, 30]
    assert made.segments() == [{"threads": 1}, {"threads": 2}]


@pytest.mark.parametrize("odd", [{"threads": "many"}, {"from_step": -1}, {"device": 3}, {"versions": ["2.21"]}, [], 7])
def test_a_segment_with_a_value_that_it_cannot_have_is_left_out(tmp_path: Path, odd: Any) -> None:
    made = Trajectory(tmp_path, "f")
    made.add_segment({"threads": 1})
    entries = json.loads((made.path / "env.json").read_text())
    (made.path / "env.json").write_text(json.dumps([*entries, checksums.seal(odd) if isinstance(odd, dict) else odd]))
    assert made.segments() == [{"threads": 1}]


def test_a_segment_without_the_version_of_a_package_that_is_not_installed_is_sound(tmp_path: Path) -> None:
    """As in a checkout that was never installed, or where TensorFlow is of a distribution of another name."""
    made = Trajectory(tmp_path, "0123456789abcdef")
    made.add_segment({"threads": 3, "versions": {"ablate-tf": None, "tensorflow": "2.21.0"}})
    assert [segment["threads"] for segment in made.segments()] == [3]


def test_an_evaluation_whose_predictions_changed_is_to_be_done_again(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    shutil.copy(made.predictions_file(10), made.predictions_file(20))
    assert made.row(10) is not None
    assert made.row(20) is None
    assert len(made.rows()) == 3
    made.predictions_file(20).write_bytes(b"PK")
    with pytest.raises(AblateError, match=r"The predictions in .*20\.npz are damaged"):
        made.predictions(20)


def test_dropped_evaluations_leave_the_others_as_they_were(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    lines = (made.path / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    with (made.path / "metrics.jsonl").open("ab") as stream:
        stream.write(b'{"step": 40, "lo')
    made.drop_after(20)
    assert (made.path / "metrics.jsonl").read_bytes() == b"".join(lines[:2])


def test_a_torn_line_is_left_out_and_cleaned_away(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    path = made.path / "metrics.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert [row["step"] for row in made.rows()] == [10, 20]
    made.clean()
    assert path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:2])
    path.write_bytes(b"\xff\xfe{}\n" + whole)
    assert [row["step"] for row in made.rows()] == [10, 20, 30]


# kills


class Killed(BaseException):
    """What a kill is to a process: nothing catches it."""


class Kill:
    """Counts what is done to the file system, and kills before the one that is to be the last."""

    def __init__(self, patch: pytest.MonkeyPatch, after: int | None) -> None:
        self.left = after
        for owner, name, done in ((os, "replace", os.replace), (os, "fsync", int), (Path, "unlink", Path.unlink)):
            patch.setattr(owner, name, self.counted(done))

    def counted(self, done: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise Killed
            return done(*args, **options)

        return wrapped


class Variable:
    shape = (2,)

    def numpy(self) -> Any:
        return np.zeros(2)

    def assign(self, value: Any) -> None:
        assert value.shape == self.shape


class Network:
    """Stands in for a network: the loop, the checkpoints and the store are the real ones."""

    diverges_at = 0

    def __init__(self, *_: object) -> None:
        self.variable = Variable()

    def variables(self) -> dict[str, Variable]:
        return {"weights": self.variable}

    def advance(self, step: int, count: int) -> Any:
        return np.array([math.nan if at == self.diverges_at else 1.0 for at in range(step + 1, step + count + 1)])

    def advance_watched(self, step: int, count: int) -> Any:
        return self.advance(step, count), np.zeros(count)

    def graph(self) -> Any:
        import tensorflow as tf

        return tf.Graph()

    def evaluate(self, weights: str) -> Any:
        return SimpleNamespace(loss=1.0, accuracy=0.5, classes=np.arange(3))

    def learning_rate(self, step: int) -> float:
        return 0.1


def trained(made: Trajectory, steps: int, stop_at: int | None, tensorboard: bool = False) -> None:
    """A run to a step, as the app does it."""
    from ablate.training import loop

    at = [0]
    watcher = SimpleNamespace(
        began=lambda step: None, stepped=lambda step, *_: at.__setitem__(0, step), evaluated=lambda row: None
    )
    recipe: Any = SimpleNamespace(
        steps=steps,
        eval_every=5,
        batch_size=1,
        tensorboard="scalars" if tensorboard else "off",
        tensorboard_every=1,
        eval_train=None,
        shape=SimpleNamespace(train_images=10),
    )
    status = made.status()
    if made.row(steps) is not None or (status["state"] == "diverged" and status["step"] <= steps):
        return
    with made.locked():
        made.clean()
        made.write_config(EVERY_5, {})
        stop = lambda: stop_at is not None and at[0] >= stop_at  # noqa: E731
        readout = Readout("raw", steps, grid=SPEC.grid)
        with suppress(loop.Stopped), Recorder(made, TRAINER, SPEC, readout, watcher, stop, Resources(1)) as report:
            loop.train(recipe, None, made, report, 1)  # type: ignore[arg-type]


EVERY_5 = {"eval_every": 5}
SPEC = Spec("networks", 0, Work(), ("raw", "averaged"), 5)
KILL = st.none() | st.integers(0, 90)
RUN = st.tuples(st.integers(1, 22), st.none() | st.integers(1, 22), KILL)
CLEAR = st.tuples(st.just("gc"), st.none(), KILL)


@pytest.fixture(scope="module")
def stand_in(one_thread: None) -> Iterator[None]:
    from ablate.training import device, loop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "Network", Network)
        patch.setattr(loop, "SECONDS_PER_CALL", 0)
        patch.setattr(device, "segment", lambda threads, at_once, step, to_step: {"threads": threads, "from_step": step})
        yield


def damages(made: Trajectory) -> list[verify.Finding]:
    return [finding for finding in verify.verify(made) if finding.damage]


@settings(max_examples=60)
@given(history=st.lists(RUN | CLEAR, max_size=5), diverges_at=st.integers(1, 40))
def test_a_kill_at_any_line_is_no_damage_and_what_is_lost_later_is_seen(
    stand_in: None, history: list[tuple[Any, int | None, int | None]], diverges_at: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Network, "diverges_at", diverges_at)
        made = Trajectory(Path(folder), store.fingerprint(EVERY_5))
        for steps, stop_at, after in [*history, (12, None, None)]:
            with pytest.MonkeyPatch.context() as killing, suppress(Killed):
                Kill(killing, after)
                if steps == "gc":
                    clear(Path(folder), dry_run=False)
                else:
                    trained(made, steps, stop_at)
            assert damages(made) == []
            assert catalog.entry(made).state != "damaged"
        path = made.path / "metrics.jsonl"
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        if made.status_and_rows()[1] != len(lines):
            return  # diverged, and killed once between the last row and the status that counts it
        for number in range(len(lines)):
            path.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
            found = {
                finding.path.name for finding in damages(made)
            }  # without its checkpoint the row cannot come back by itself
            assert {"metrics.jsonl"} <= found <= {"metrics.jsonl", "checkpoints"}
            assert catalog.entry(made).state == "damaged"


def steps_of(made: Trajectory) -> list[int]:
    return [int(path.stem) for path in made.checkpoints()]


def test_a_finished_training_keeps_the_checkpoints_of_its_final_steps_alone(
    stand_in: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each one's own and the newest at or before 95% of it; shortened runs have theirs, and what is unfinished goes on."""
    monkeypatch.setattr(Network, "diverges_at", 0)
    made = Trajectory(tmp_path, store.fingerprint(EVERY_5))
    trained(made, 1, None)
    assert steps_of(made) == [1]
    trained(made, 100, None)
    assert steps_of(made) == [100, 95, 1]
    trained(made, 104, None)
    assert steps_of(made) == [104, 100, 95, 1]  # 98.8 is 95% of 104
    made.keep(300)
    trained(made, 122, 112)
    assert steps_of(made) == [112, 110, 104, 100, 95, 1]  # stopped: it goes on from there
    trained(made, 122, None)
    assert steps_of(made) == [122, 120, 115, 104, 100, 95, 1]  # 120 is what 300 goes on from, beside 122
    cleared = clear(tmp_path, dry_run=False)[0]
    assert steps_of(made) == [122, 120]  # no sweep needs the others
    assert len(cleared.checkpoints) == 5
    trained(made, 300, None)
    assert steps_of(made) == [300, 285, 122]
    assert damages(made) == []


def test_a_diverged_training_keeps_what_was_asked_for_before(
    stand_in: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Network, "diverges_at", 33)
    made = Trajectory(tmp_path, store.fingerprint(EVERY_5))
    trained(made, 20, None)
    trained(made, 100, None)
    assert made.status()["state"] == "diverged"
    assert steps_of(made) == [20, 15]
    assert damages(made) == []


@pytest.mark.parametrize("state", ["running", "done", "diverged"])
def test_evaluations_that_a_killed_training_was_dropping_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    for after in range(8):
        made = Trajectory(tmp_path / str(after), store.fingerprint(EVERY_5))
        made.write_config(EVERY_5, {})
        made.add_segment({"threads": 1})
        for step in (5, 10, 15, 20):
            made.add_evaluation({"step": step, "loss": 1.0}, {"raw": np.arange(3)})
        made.set_status(state, 21)
        with monkeypatch.context() as killing, suppress(Killed):
            Kill(killing, after)
            made.drop_after(10)
            assert after > 4  # it was killed at every place
        assert damages(made) == []


# config

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(WORDS, PLAIN, max_size=4))
def test_a_config_reads_as_it_was_hashed(content: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Trajectory(Path(folder), store.fingerprint(content))
        made.write_config(content, {"model": "tuto", "augment": "on"})
        assert made.config() == content
        assert made.names() == {"model": "tuto", "augment": "on"}


def test_a_config_is_written_once_and_again_where_it_is_damaged(tmp_path: Path) -> None:
    content = {"seed": 1, "lr": 1e-5}
    made = Trajectory(tmp_path, store.fingerprint(content))
    assert made.config() is None
    made.write_config(content, {"augment": "on"})
    made.write_config(content, {"augment": "off"})
    assert made.names() == {"augment": "on"}
    path = made.path / "config.yaml"
    for damage in (b"", b"seed: 2\n", b"[", b"\xff\xfe\x00", b"? [1, 2]\n: 3\n"):
        path.write_bytes(damage)
        assert made.config() is None
    made.write_config(content, {"augment": "off"})
    assert made.config() == content


# refused writes and reads

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("refused", ["os.fsync", "os.replace"])
def test_a_full_disk_is_told_in_one_line_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    made = trajectory(tmp_path)
    made.set_status("running", 30)

    def full(*_: object) -> None:
        raise FULL

    before = {path: path.read_bytes() for path in made.path.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch:
        patch.setattr(refused, full)
        for write in (
            lambda: made.set_status("done", 30),
            lambda: made.add_segment({}),
            lambda: made.keep(5),
            lambda: made.add_evaluation({"step": 40}, {"raw": np.array([1])}),
        ):
            with pytest.raises(AblateError, match=r"Cannot write .*: no space left on device\. Free some space, then rerun"):
                write()
        made.set_live(live())
    after = {path: path.read_bytes() for path in made.path.rglob("*") if path.is_file() and path.suffix != ".lock"}
    if refused == "os.replace":
        assert after == before
    assert made.live() is None or refused == "os.fsync"  # it is not written durably
    assert not made.leftovers()
    assert len(made.rows()) == 3
    assert made.status()["state"] == "running"


def test_a_row_for_which_there_is_no_room_leaves_nothing(tmp_path: Path) -> None:
    """In a process of its own that may write no more than 2,000 bytes into a file, which the system itself refuses."""
    program = """
import resource, signal, sys
import numpy as np
from pathlib import Path
from ablate.errors import AblateError
from ablate.store import Trajectory
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
made = Trajectory(Path(sys.argv[1]), "f")
try:
    for step in range(1000):
        made.add_evaluation({"step": step, "loss": 1.0}, {"raw": np.arange(5)})
except AblateError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Cannot write ")
    assert "metrics.jsonl: file too large. Free some space, then rerun the command to resume." in done.stdout
    made = Trajectory(tmp_path, "f")
    assert len(made.rows()) > 5
    assert made.lines().whole
    made.add_evaluation({"step": 1000}, {"raw": np.arange(5)})
    assert made.row(1000) is not None


@pytest.fixture
def shared() -> Iterator[Trajectory]:
    """A trajectory in a folder that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = trajectory(Path(folder))
        made.set_status("done", 30)
        made.keep(30)
        yield made
        for path in (made.path, *made.path.rglob("*")):
            path.chmod(0o755)


@contextmanager
def as_another_user(path: Path, folders: int, files: int) -> Iterator[None]:
    """Within it the modes are as given, and the process is not root, for whom modes mean nothing."""
    root = os.geteuid() == 0
    for one in (*sorted(path.rglob("*"), reverse=True), path):
        one.chmod(folders if one.is_dir() else files)
    codecs.lookup("cp437")  # names in a zip file take it: loaded while this process may still read its own library
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            importlib.invalidate_caches()  # what could not be read meanwhile is there again


def test_a_read_only_store_is_read_and_says_what_it_refuses(shared: Trajectory, caplog: pytest.LogCaptureFixture) -> None:
    with as_another_user(shared.path, 0o555, 0o444):
        assert shared.row(30) is not None
        shared.keep(30)
        assert not caplog.records
        shared.keep(20)
        assert "Cannot write " in caplog.text
        for write in (lambda: shared.set_status("failed", 1), shared.clean, lambda: shared.drop_after(10)):
            with pytest.raises(AblateError, match=r"Cannot write .*: permission denied\. Change its permissions"):
                write()
        with pytest.raises(AblateError, match=r"Cannot write .*: permission denied"), shared.locked(timeout_s=0):
            pass
    assert len(shared.rows()) == 3
    assert shared.final_steps() == [30]


def test_a_dry_run_and_a_check_need_only_to_read(shared: Trajectory) -> None:
    folder = shared.path.parent
    shared.write_config({}, {})
    with as_another_user(folder, 0o555, 0o444):
        (looked_at,) = clear(folder, dry_run=True)
        assert not looked_at.locked
        list(verify.verify(shared))
    folder.chmod(0o755)
    assert not (shared.path / ".lock").exists()


@contextmanager
def as_user(number: int, mask: int) -> Iterator[None]:
    """Within it the process is another user's, of a group that two users share."""
    codecs.lookup("cp437")
    before = os.umask(mask)
    os.setegid(54_321)
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.umask(before)
        importlib.invalidate_caches()


@pytest.fixture
def of_a_group() -> Iterator[Path]:
    """A folder in which a group of users may write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        runs = Path(folder) / "runs"
        runs.mkdir()
        os.chown(runs, 54_322, 54_321)
        runs.chmod(0o2775)
        yield runs


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


@needs_root
def test_two_users_of_a_group_train_in_one_store(stand_in: None, of_a_group: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "diverges_at", 0)
    made = Trajectory(of_a_group, store.fingerprint(EVERY_5))
    sweep = of_a_group.parent / "sweep"
    labels = store.Evaluated(np.zeros(3, np.int32), ("a",), "images", "test")
    for user, steps in ((54_322, 10), (54_323, 20), (54_322, 30)):
        with as_user(user, 0o002):
            trained(made, steps, None, tensorboard=True)
            assert made.status()["state"] == "done"
            store.register_sweep(of_a_group, sweep, {made.fingerprint: [steps]})
            store.keep_evaluated(of_a_group, "0123456789abcdef", labels)
    assert made.final_steps() == [10, 20, 30]
    assert len(list((made.path / "tensorboard").iterdir())) == 3
    for path in of_a_group.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o777 == (0o775 if path.is_dir() else 0o664), path
    with as_user(54_323, 0o077):
        store.write_json(of_a_group / "mine.json", {})  # the mask may change within a process
    assert stat.S_IMODE((of_a_group / "mine.json").stat().st_mode) == 0o600


@needs_root
def test_another_users_folder_costs_tensorboards_copy_alone(
    stand_in: None, of_a_group: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As versions before left it: TensorBoard's folder and the rows closed to the group."""
    monkeypatch.setattr(Network, "diverges_at", 0)
    made = Trajectory(of_a_group, store.fingerprint(EVERY_5))
    with as_user(54_322, 0o002):
        trained(made, 10, None, tensorboard=True)
    (made.path / "tensorboard").chmod(0o755)
    (made.path / "metrics.jsonl").chmod(0o644)
    with as_user(54_323, 0o002):
        trained(made, 20, None, tensorboard=True)
    assert [row["step"] for row in made.rows()] == [5, 10, 15, 20]
    assert made.status() == {"state": "done", "step": 20, "error": None}
    assert damages(made) == []
    (line,) = [record.getMessage() for record in caplog.records if "TensorBoard" in record.getMessage()]
    assert f"Cannot write {made.path / 'tensorboard'}" in line


@needs_root
def test_what_another_user_finished_stays_finished_where_one_may_not_write(
    of_a_group: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from ablate.running.ensuring import _note_failure

    refused = AblateError("Cannot write")
    refused.__cause__ = PermissionError(errno.EACCES, "Permission denied")
    made = trajectory(of_a_group)
    made.set_status("done", 30)
    before = made.status()
    made.set_status("running", 30)
    _note_failure(made, before, refused)
    assert made.status() == before
    made.set_status("running", 40)
    _note_failure(made, before, refused)
    assert made.status()["state"] == "running"
    _note_failure(made, before, ValueError("a fault"))
    assert made.status() == {"state": "failed", "step": 40, "error": "ValueError: a fault"}
    (of_a_group / ".sweeps").mkdir(mode=0o755)
    with as_user(54_323, 0o002):
        store.register_sweep(of_a_group, of_a_group / "sweep", {})
    assert "Until then `ablate runs gc` does not know what this sweep needs" in caplog.text


def test_an_unreadable_store_is_no_new_one(shared: Trajectory) -> None:
    with as_another_user(shared.path, 0o000, 0o000):
        for read in (shared.rows, shared.status, shared.checkpoints, shared.config, shared.final_steps):
            with pytest.raises(AblateError, match=r"Cannot read .*: permission denied"):
                read()


def test_a_store_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs"
    path.write_text("mine")
    made = Trajectory(path, "0123456789abcdef")
    assert made.rows() == []
    assert made.status()["state"] == "new"
    with (
        pytest.raises(AblateError, match=r"Cannot write .*: (not a directory|file exists)\. Choose another folder"),
        made.locked(),
    ):
        pass
    with pytest.raises(AblateError, match="Choose another folder"):
        made.set_status("running", 0)
    assert path.read_text() == "mine"


def test_an_error_within_the_lock_is_not_taken_for_one_of_the_store(tmp_path: Path) -> None:
    made = Trajectory(tmp_path, "f")
    with pytest.raises(OSError, match="my own"), made.locked():
        raise OSError(errno.ENOSPC, "my own")
    with made.locked(timeout_s=0):
        pass


def test_steps_that_several_processes_keep_are_all_kept(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ablate.store import Trajectory\n"
        "for step in range(int(sys.argv[2]), 80, 4): Trajectory(Path(sys.argv[1]), 'f').keep(step)"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(start)]) for start in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert Trajectory(tmp_path, "f").final_steps() == list(range(80))


def test_who_waits_for_a_trajectory_that_is_removed_has_a_new_one(tmp_path: Path) -> None:
    made = trajectory(tmp_path)
    removing, waited = threading.Event(), threading.Event()

    def wait() -> None:
        removing.wait()
        with made.locked(timeout_s=20):
            waited.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    with made.locked():
        removing.set()
        time.sleep(0.2)
        made.path.rename(tmp_path / "trash")
        shutil.rmtree(tmp_path / "trash")
    waiting.join(20)
    assert waited.is_set()
    assert made.rows() == []
