import json
import os
import platform
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import store
from ablate.errors import AblateError
from ablate.store import Trajectory

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
    with pytest.raises(AblateError, match=r"Expected room to write .*file\. Received: No space left on device\. Free"):
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


def test_many_classes_keep_their_numbers(tmp_path: Path) -> None:
    made = Trajectory(tmp_path, "f")
    made.add_evaluation({"step": 1}, {"raw": np.array([3, 999])})
    assert made.predictions(1)["raw"].tolist() == [3, 999]


@pytest.mark.parametrize("damage", ["", "not json", "[1, 2]", '{"state": "done"}'])
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
    made.prune(6)
    assert [int(path.stem) for path in made.checkpoints()] == [7, 6, 5, 2]


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
    made.set_live(live(time=0.0))
    found = made.live()
    assert found is not None
    assert found["step"] == 5
    assert [path.name for path in made.path.iterdir()] == ["live.json"]
    made.set_live(live(pid=ended_pid()))
    assert made.live() is None
    made.clear_live()
    made.clear_live()
    assert list(made.path.iterdir()) == []


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
