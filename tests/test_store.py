import json
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import store
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

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
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
