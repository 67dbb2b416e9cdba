import codecs
import errno
import importlib
import io
import json
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up import Sweeps

from ablate.commands import runs
from ablate.errors import AblateError
from ablate.store import (
    Trajectory,
    fingerprint,
    known_sweeps,
    pack_arrays,
    references,
    register_sweep,
    sign_of_life,
    write_atomically,
    write_json,
)
from ablate.store.gc import clear
from ablate.store.references import Needs

NAMES = {"ema": "on", "optimizer": "sgd", "lrn": "native", "model": "tuto", "augment": "on", "data": "digits"}


def made(store: Path, seed: int = 0, lr: float = 0.1, state: str = "done", last: int = 30, **levels: str) -> Trajectory:
    """A trajectory with evaluations and checkpoints every 10 steps."""
    content = {"model": [{"fc": {"units": 3}}], "optimizer": {"kind": "sgd", "lr": lr}, "seed": seed, "levels": levels}
    content["eval_every"] = 10
    trajectory = Trajectory(store, fingerprint(content))
    trajectory.write_config(content, NAMES | levels)
    trajectory.add_segment({"threads": 1, "environment": {}})
    trajectory.keep(last)
    for step in range(10, last + 1, 10):
        row = {"step": step, "loss": 1.0, "accuracy_raw": min(1, step / 100), "accuracy_averaged": min(1, step / 200)}
        trajectory.add_evaluation(row, {"raw": np.arange(4), "averaged": np.arange(4)})
        write_atomically(trajectory.checkpoint(step), pack_arrays({"weights": np.arange(step)}))
    trajectory.set_status(state, last)
    return trajectory


def sweep(store: Path, name: str, needs: dict[str, list[int]]) -> Path:
    folder = store.parent / "multirun" / name
    write_json(folder / "sweep.json", {})
    register_sweep(store, folder, needs)
    return folder


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default store of the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the command and gives what it printed; the exit status is checked."""

    def say(*words: str, status: int = 0) -> str:
        assert runs.run(words) == status
        return capsys.readouterr().out

    return say


def listed(said: Callable[..., str], *words: str) -> dict[str, dict[str, Any]]:
    return {one["fingerprint"]: one for one in json.loads(said(*words, "--json"))["trajectories"]}


# list


def test_the_table_shows_each_trajectory_and_the_totals(store: Path, said: Callable[..., str]) -> None:
    one, other = made(store), made(store, seed=3, last=1000, augment="off", lrn="off")
    out = said()
    (first,) = (line.split() for line in out.splitlines() if one.fingerprint in line)
    (second,) = (line.split() for line in out.splitlines() if other.fingerprint in line)
    assert first[:8] == ["tuto", "digits", "0", "–", "complete", "15.0%", "now", "0.0"]
    assert second[:6] == ["tuto", "digits", "augment=off", "lrn=off", "3", "–"]
    size_bytes = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    assert f"2 trainings, runs: {size_bytes / 1e6:.1f} MB" in out


def test_a_training_is_an_arm_of_its_sweep_and_partial_where_that_needs_more_steps(
    tmp_path: Path, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch, said: Callable[..., str]
) -> None:
    monkeypatch.chdir(tmp_path)
    planned = sweeps.planned("augment=on,off", "steps=80", "eval_every=20")
    folder = sweeps.trained(planned, 20, 40, 60)  # as another run did that asks for 60 steps
    register_sweep(sweeps.store, folder, {one.fingerprint: [80] for one in planned.sweep.runs})
    lines = [" ".join(line.split()) for line in said().splitlines()]
    assert sorted(line.split(" now ")[0] for line in lines[2:4]) == [
        f"baseline 0 {folder.name} partial (60/80) 66.0%",
        f"no augmentation 0 {folder.name} partial (60/80) 66.0%",
    ]
    assert lines[-1].startswith("2 trainings in 1 sweep, runs: ")


@pytest.mark.parametrize(("width", "left_out"), [(160, None), (60, "MB, fingerprint, age")])
def test_the_table_fits_the_terminal(
    store: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch, width: int, left_out: str | None
) -> None:
    made(store, last=1_000, state="diverged", augment="off", lrn="off")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    out = re.sub("\x1b\\[[0-9;]*m", "", said())
    assert max(map(len, out.splitlines())) <= width
    for shown in ("diverged at 1,000", "augment=off", "lrn=off", "100.0%"):
        assert shown in " ".join(out.replace("─", " ").split()) or width < 80
    assert ("left out at this width: " in out) == bool(left_out)
    assert f"left out at this width: {left_out}" in out or left_out is None


def test_json_has_every_column(store: Path, said: Callable[..., str]) -> None:
    one = made(store, augment="off")
    (found,) = listed(said).values()
    files = [path for path in one.path.rglob("*") if path.is_file()]
    assert found.pop("size_bytes") == sum(path.stat().st_size for path in files)
    assert found.pop("last_trained").startswith(time.strftime("%Y-"))
    assert found == {
        "fingerprint": one.fingerprint,
        "state": "done",
        "step": 30,
        "seed": 0,
        "levels": NAMES | {"augment": "off"},
        "description": "tuto digits augment=off",
        "accuracy_raw": 0.3,
        "accuracy_averaged": 0.15,
    }


def test_states_are_what_is_true_now(store: Path, said: Callable[..., str]) -> None:
    live = {"step": 25, "target": 90, "loss": 1.0, "examples_per_second": 1.0, "steps_per_second": 1.0}
    by_seed = ["running", "running", "done", "diverged", "failed", "done", "done", "done", "done"]
    trajectories = [made(store, seed=seed, state=state, last=20) for seed, state in enumerate(by_seed)]
    trajectories[0].set_live(live | {"time": time.time(), "pid": os.getpid(), "host": platform.node()})
    trajectories[1].set_live(live | {"time": time.time() - 1e9, "pid": 1, "host": "another machine"})
    (trajectories[5].path / "status.json").write_text("")
    (trajectories[6].path / "config.yaml").unlink()
    with (trajectories[7].path / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 30, "lo')
    shutil.rmtree(trajectories[8].path)
    trajectories[8].path.mkdir()
    (trajectories[8].path / ".lock").touch()
    found = listed(said)
    states = [found[one.fingerprint]["state"] for one in trajectories]
    assert states == ["running", "stopped", "done", "diverged", "failed", "damaged", "damaged", "damaged", "new"]
    assert [found[one.fingerprint]["step"] for one in trajectories] == [25, 20, 20, 20, 20, 20, 20, 20, 0]
    assert list(listed(said, "--state", "stopped")) == [trajectories[1].fingerprint]
    said()


def test_a_file_time_that_no_calendar_has_is_left_out(store: Path, said: Callable[..., str]) -> None:
    one = made(store)
    for name in ("metrics.jsonl", "status.json"):
        os.utime(one.path / name, (-1e10, -1e10))
    assert one.fingerprint in said()


@pytest.mark.parametrize(
    ("words", "seeds"),
    [
        ((), {0, 1, 2}),
        (("augment=off",), {1}),
        (("seed=2",), {2}),
        (("optimizer.lr=1e-1",), {0, 1}),
        (("optimizer.lr=0.10", "augment=on"), {0}),
        (("optimizer.kind=sgd",), {0, 1, 2}),
        (("seed=7",), set()),
        (("seed=one",), set()),
    ],
)
def test_filters_match_levels_and_keys(store: Path, said: Callable[..., str], words: tuple[str, ...], seeds: set[int]) -> None:
    made(store), made(store, seed=1, augment="off"), made(store, seed=2, lr=0.5)
    assert {one["seed"] for one in listed(said, *words).values()} == seeds
    if len(seeds) < 3:
        assert f"{len(seeds)} of 3 trainings" in said(*words)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("lr=0.1", "Unknown key 'lr'. .*as optimizer.lr"),
        ("augmnt=on", "Unknown key 'augmnt'. .*as augment"),
        ("ema=on", "Unknown key 'ema'"),
        ("augment", "Unknown command 'augment'. Choose from list, rm, gc, verify, pack, unpack"),
        ("=1", "Unknown key|KEY=VALUE"),
    ],
)
def test_an_unknown_key_is_refused_with_near_ones(store: Path, word: str, message: str) -> None:
    made(store)
    with pytest.raises(AblateError, match=message):
        runs.run([word])


def test_trajectories_with_the_same_levels_are_told_apart(store: Path, said: Callable[..., str]) -> None:
    made(store, lr=0.1), made(store, lr=0.5), made(store, lr=0.5, seed=1), made(store, augment="off")
    texts = sorted(one["description"] for one in listed(said).values())
    assert texts == [
        "tuto digits augment=off",
        "tuto digits optimizer.lr=0.1",
        "tuto digits optimizer.lr=0.5",
        "tuto digits optimizer.lr=0.5",
    ]


def test_what_is_no_trajectory_is_named_and_left_alone(store: Path, said: Callable[..., str]) -> None:
    made(store)
    (store / "notes.txt").write_text("mine")
    (store / "0123456789abcdef").mkdir()
    (store / "0123456789abcdef" / "mine").touch()
    (store / "backup").mkdir()
    for words in ([], ["verify"]):
        assert "not a trajectory, left alone: 0123456789abcdef, backup, notes.txt" in said(*words)
    said("gc", "--yes")
    said("rm", "--state", "done", "--yes")
    assert {path.name for path in store.iterdir()} == {"0123456789abcdef", "backup", "notes.txt"}


def test_an_empty_store_is_listed(store: Path, said: Callable[..., str]) -> None:
    assert "0 trainings, runs: 0.0 MB" in said()
    assert "0 training" in said("verify")
    assert "freed 0.0 MB" in said("gc", "--yes")


@pytest.mark.parametrize("command", [[], ["gc"], ["verify"], ["rm", "a"]])
def test_no_store_is_said_in_one_line(tmp_path: Path, command: list[str]) -> None:
    with pytest.raises(AblateError, match=r"Cannot read the store .*none: no such folder\. Train something first"):
        runs.run([*command, "--store", str(tmp_path / "none")])
    (tmp_path / "file").touch()
    with pytest.raises(AblateError, match="file: it is a file"):
        runs.run([*command, "--store", str(tmp_path / "file")])


# which command


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (("--store", "runs", "gc", "--dry-run"), "would free 0.0 MB in runs"),
        (("--dry-run", "--store=runs", "gc"), "would free 0.0 MB in runs"),
        (("gc", "--dry-run", "--store", "runs"), "would free 0.0 MB in runs"),
        (("--store", "verify", "verify"), "0 trainings in verify: 0 damaged, 0 sound, 0 not checkable files"),
        (("--store", "verify"), "0 trainings, verify: 0.0 MB"),
        (("--state", "done", "list"), "0 trainings, runs: 0.0 MB"),
        (("--yes", "seed=1", "rm"), "no training in runs matches; nothing removed"),
    ],
    ids=" ".join,
)
def test_the_command_may_stand_behind_options(store: Path, said: Callable[..., str], words: tuple[str, ...], end: str) -> None:
    (store.parent / "verify").mkdir()
    assert said(*words).splitlines() == [end]


@pytest.mark.parametrize("words", [["lst"], ["--store", "nowhere", "lst"], ["seed=1", "lst", "--json"]], ids=" ".join)
def test_an_unknown_command_is_refused_with_those_there_are(words: list[str]) -> None:
    with pytest.raises(AblateError, match=r"^Unknown command 'lst'\. Choose from list, .* unpack\. Did you mean 'list'\?"):
        runs.run(words)


# rm


def test_named_ones_are_removed_by_their_first_digits(store: Path, said: Callable[..., str]) -> None:
    one, other = made(store), made(store, seed=1)
    out = said("rm", one.fingerprint[:6], "--yes")
    assert one.fingerprint in out
    assert other.fingerprint not in out
    assert "removed 1 training" in out
    assert [path.name for path in store.iterdir()] == [other.fingerprint]


def test_all_that_match_are_removed(store: Path, said: Callable[..., str]) -> None:
    made(store), made(store, lr=0.5, state="failed")
    kept = made(store, lr=0.5)
    said("rm", "optimizer.lr=0.5", "--state", "failed", "--yes")
    said("rm", "optimizer.lr=0.1", "--yes")
    assert [path.name for path in store.iterdir()] == [kept.fingerprint]
    assert "nothing removed" in said("rm", "seed=5", "--yes")


def test_inconclusive_and_unknown_names_are_refused(store: Path, said: Callable[..., str]) -> None:
    for seed in range(17):  # more than there are digits, so two begin alike
        made(store, seed=seed, last=10)
    firsts = [path.name[0] for path in store.iterdir()]
    inconclusive = max(firsts, key=firsts.count)
    with pytest.raises(AblateError, match="must match one training, got several"):
        runs.run(["rm", inconclusive, "--yes"])
    for unknown in ("xyz", ""):
        with pytest.raises(AblateError, match="No training has the fingerprint"):
            runs.run(["rm", unknown, "--yes"])
    assert len(list(store.iterdir())) == 17
    with pytest.raises(SystemExit) as end:
        runs.run(["rm", "--yes"])
    assert end.value.code == 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("YES\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_it_asks(store: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch, answer: str, left: int) -> None:
    one = made(store)
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    out = said("rm", one.fingerprint)
    assert "Remove 1 training, " in out
    assert ("nothing removed" in out) == bool(left)
    assert len(list(store.iterdir())) == left


@pytest.mark.parametrize(("answer", "left"), [("y\n", 1), ("n\n", 3), ("", 3)])
def test_gc_asks_as_well(
    store: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    one = made(store)
    sweep(store, "factorial-1", {one.fingerprint: [30]})
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    out = said("gc")
    assert "Drop " in out
    assert ("nothing dropped" in out) == (left == 3)
    assert (len(one.checkpoints()) == 3) == (left == 3)


def test_without_a_terminal_it_wants_yes(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = made(store)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(AblateError, match=r"there is no terminal\. Add --yes"):
        runs.run(["rm", one.fingerprint])
    assert one.rows()


def test_what_is_being_trained_is_left_alone(store: Path, said: Callable[..., str]) -> None:
    one, other = made(store), made(store, seed=1)
    with one.locked():
        out = said("rm", "--state", "done", "--yes", status=1)
        assert f"{one.fingerprint} is being trained; left alone" in out
        assert "removed 1 training" in out
        assert f"{one.fingerprint}: being trained, left alone" in said("gc", "--yes")
    assert len(one.checkpoints()) == 3
    assert not other.path.exists()


def test_what_is_given_narrows_the_choice(store: Path, said: Callable[..., str]) -> None:
    one, other = made(store), made(store, seed=1)
    assert "nothing removed" in said("rm", one.fingerprint, "seed=1", "--yes")
    said("rm", one.fingerprint, other.fingerprint, "seed=1", "--yes")
    assert [path.name for path in store.iterdir()] == [one.fingerprint]


def test_what_was_removed_is_one_object(store: Path, said: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    one, other = made(store), made(store, seed=1)
    with pytest.raises(SystemExit) as end:
        runs.run(["rm", "--state", "done", "--json"])
    assert end.value.code == 2
    assert "--json asks nothing, so it needs --yes" in capsys.readouterr().err
    size_bytes = listed(said)[other.fingerprint]["size_bytes"]
    with one.locked():
        found = json.loads(said("rm", "--state", "done", "--yes", "--json", status=1))
    removed = {"removed": [other.fingerprint], "being_trained": [one.fingerprint], "size_bytes": size_bytes}
    assert found == {"store": "runs", **removed}
    nothing = {"removed": [], "being_trained": [], "size_bytes": 0}
    assert json.loads(said("rm", "--state", "failed", "--yes", "--json")) == {"store": "runs", **nothing}


def test_it_says_which_sweeps_need_it(store: Path, said: Callable[..., str]) -> None:
    one = made(store)
    sweep(store, "factorial-1", {one.fingerprint: [30]})
    sweep(store, "ladder-2", {one.fingerprint: [10], "another": [10]})
    out = said("rm", one.fingerprint, "--yes").replace("\n", " ")
    needing = sorted(out.partition("is needed by ")[2].partition(" removed")[0].split(", "))
    assert needing == ["multirun/factorial-1", "multirun/ladder-2"]


def test_killed_while_removing_nothing_half_is_left(
    store: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(store)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            runs.run(["rm", one.fingerprint, "--yes"])
    assert "0 training" in said()
    (trash,) = store.iterdir()
    size_bytes = sum(path.stat().st_size for path in trash.rglob("*") if path.is_file())
    assert f"freed {size_bytes / 1e6:.1f} MB" in said("gc", "--yes")
    assert list(store.iterdir()) == []


def test_a_trajectory_that_lies_elsewhere_is_unlinked(store: Path, tmp_path: Path, said: Callable[..., str]) -> None:
    one = made(store)
    one.path.rename(tmp_path / "elsewhere")
    one.path.symlink_to(tmp_path / "elsewhere")
    said("rm", one.fingerprint, "--yes")
    assert list(store.iterdir()) == []
    assert (tmp_path / "elsewhere" / "config.yaml").exists()


# gc


def steps(trajectory: Trajectory) -> list[int]:
    return [int(path.stem) for path in trajectory.checkpoints()]


@pytest.mark.parametrize(
    ("needs", "kept"),
    [
        ([[50]], [50, 40]),  # finished: its own, and the newest at or before 95% of it
        ([[40]], [40, 30]),
        ([[20, 50]], [50, 40, 20, 10]),
        ([[20], [50]], [50, 40, 20, 10]),
        ([[10]], [10]),
        ([[80]], [50, 40]),  # not finished
        ([[20], [80]], [50, 40, 20, 10]),
        ([[25]], [20, 10]),  # to be trained beside what went further
        ([[5]], []),  # from the start
        ([[]], []),
        ([], []),
    ],
)
def test_checkpoints_stay_that_a_known_sweep_needs(
    store: Path, said: Callable[..., str], needs: list[list[int]], kept: list[int]
) -> None:
    one = made(store, last=50)
    rows = one.rows()
    for number, finals in enumerate(needs):
        sweep(store, f"factorial-{number}", {one.fingerprint: finals})
    told = said("gc", "--dry-run")
    assert steps(one) == [50, 40, 30, 20, 10]
    assert told.replace("would free", "freed") == said("gc", "--yes")
    assert steps(one) == kept
    assert one.rows() == rows
    assert one.row(30) is not None
    dropped = 5 - len(kept)
    assert (
        f"{dropped} checkpoint{'s' if dropped > 1 else ''} that nobody needs"
        if needs
        else f"all {dropped} checkpoints, as no known sweep asked for it"
    ) in told
    assert "freed 0.0 MB" in said("gc", "--yes")


def test_what_is_not_finished_can_go_on_whoever_asked_for_it(store: Path, said: Callable[..., str]) -> None:
    alone, finished, failed = made(store, last=50, state="running"), made(store, seed=1), made(store, seed=2, state="failed")
    for one in (alone, failed):
        one.keep(80)
    sweep(store, "factorial-1", {"unrelated": [10], failed.fingerprint: [20]})
    told = said("gc", "--dry-run")
    assert (
        f"{alone.fingerprint}: 3 checkpoints that nobody needs, 0.0 MB; 2 checkpoints kept, since its training is not" in told
    )
    assert f"{finished.fingerprint}: all 3 checkpoints, as no known sweep asked for it" in told
    assert f"{failed.fingerprint}: 1 checkpoint kept, since its training is not finished" in told
    assert told.replace("would free", "freed") == said("gc", "--yes")
    assert [steps(one) for one in (alone, finished, failed)] == [[50, 40], [], [30, 20, 10]]
    assert "2 checkpoints kept" in said("gc", "--yes")
    assert "0 damaged" in said("verify")


def test_a_training_whose_final_steps_are_lost_can_go_on(store: Path, said: Callable[..., str]) -> None:
    one = made(store, last=50, state="running")
    (one.path / "final_steps.json").unlink()
    said("gc", "--yes")
    assert steps(one) == [50, 40]


def test_what_would_be_dropped_is_one_object(store: Path, said: Callable[..., str]) -> None:
    one, unfinished, live = made(store, last=50), made(store, seed=1, state="running"), made(store, seed=2)
    unfinished.keep(80)
    live.set_live({"step": 5, **sign_of_life()})
    made(store, seed=3, last=0)
    left = one.path / "checkpoints" / "5.damaged"
    left.write_bytes(b"x")
    sweep(store, "factorial-1", {one.fingerprint: [10, 50]})
    shutil.rmtree(sweep(store, "factorial-2", {}))
    size_bytes = sum(one.checkpoint(step).stat().st_size for step in (20, 30)) + 1
    first_bytes = unfinished.checkpoint(10).stat().st_size
    expected = {
        one.fingerprint: (False, [20, 30], [], ["checkpoints/5.damaged"], size_bytes),
        unfinished.fingerprint: (False, [10], [20, 30], [], first_bytes),
        live.fingerprint: (True, [], [], [], 0),
    }
    keys = ("being_trained", "checkpoints_dropped", "checkpoints_spared", "leftovers_dropped", "size_bytes")
    with live.locked():
        for words in (["--dry-run"], ["--yes"]):
            found = json.loads(said("gc", "--json", *words))
            assert found == {
                "store": "runs",
                "dry_run": words == ["--dry-run"],
                "trajectories": [
                    {"fingerprint": name, **dict(zip(keys, expected[name], strict=True))} for name in sorted(expected)
                ],
                "sweeps_gone": ["multirun/factorial-2"],
                "size_bytes": size_bytes + first_bytes,
            }


def test_registrations_are_read_once_and_again_when_they_changed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trajectories = sorted((made(store, seed=seed, last=10) for seed in range(6)), key=lambda one: one.fingerprint)
    folder = sweep(store, "factorial-1", {trajectories[0].fingerprint: [10]})
    os.utime(store / ".sweeps", (time.time() - 60, time.time() - 60))
    read, needed, reads = references.registrations, Needs.of, []

    def counted(of: Path) -> Any:
        reads.append(of)
        return read(of)

    def registering(needs: Needs, fingerprint: str) -> Any:
        """A sweep registers and trains, and another comes back to its folder, while the fourth is about to be looked at."""
        if fingerprint == trajectories[3].fingerprint:
            sweep(store, "ladder-2", {fingerprint: [10]})
            folder.with_name("away").rename(folder)
        return needed(needs, fingerprint)

    monkeypatch.setattr(references, "registrations", counted)
    clear(store, dry_run=True)
    assert len(reads) == 1
    register_sweep(store, folder, {trajectories[4].fingerprint: [10]})
    os.utime(store / ".sweeps", (time.time() - 60, time.time() - 60))
    folder.rename(folder.with_name("away"))
    monkeypatch.setattr(Needs, "of", registering)
    clear(store, dry_run=False)
    assert [steps(one) for one in trajectories] == [[], [], [], [10], [10], []]


def test_two_registrations_in_one_tick_of_the_clock_are_both_seen(store: Path) -> None:
    one, other = made(store), made(store, seed=1)
    sweep(store, "factorial-1", {one.fingerprint: [10]})
    needs = Needs(store)
    times = (store / ".sweeps").stat()
    sweep(store, "factorial-2", {other.fingerprint: [10]})
    os.utime(store / ".sweeps", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert needs.of(other.fingerprint)


def test_a_dry_run_writes_nothing(store: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    one = made(store)
    one.path.joinpath(".status.json-abcd_123.tmp").touch()
    sweep(store, "factorial-1", {one.fingerprint: [30]})
    (store / ".trash-1").mkdir()

    def seen() -> list[tuple[Path, int]]:
        return [(path, path.stat().st_mtime_ns) for path in (store, *sorted(store.rglob("*")))]

    before = seen()
    with one.locked(), monkeypatch.context() as patch:
        before = seen()
        patch.setattr("filelock.FileLock.acquire", None)
        assert "1 checkpoint that nobody needs and 1 damaged or half-written file" in said("gc", "--dry-run")
        assert seen() == before


def test_a_diverged_training_goes_nowhere(store: Path, said: Callable[..., str]) -> None:
    one = made(store, last=50, state="diverged")
    sweep(store, "factorial-1", {one.fingerprint: [80]})
    said("gc", "--yes")
    assert steps(one) == []


def test_sweeps_that_are_gone_need_nothing(store: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    one = made(store)
    folder = sweep(store, "factorial-1", {one.fingerprint: [30]})
    shutil.rmtree(folder)
    line = "multirun/factorial-1 is gone"
    assert line in said("gc", "--dry-run")
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    told = said("gc")
    assert "No sweep is known in runs, so no finished training keeps one. Drop 3 checkpoints, " in told
    assert "nothing dropped" in told
    assert steps(one) == [30, 20, 10]
    assert line in said("gc", "--yes")
    assert line not in said("gc", "--yes")
    assert steps(one) == []


def test_leftovers_are_dropped(store: Path, said: Callable[..., str]) -> None:
    one = made(store)
    sweep(store, "factorial-1", {one.fingerprint: [10, 20, 30]})
    left = [one.path / ".status.json-abcd_123.tmp", one.path / "predictions" / ".10.npz-abcdefgh.tmp"]
    left += [one.path / "checkpoints" / ".10.npz-abcdefgh", one.path / "checkpoints" / "5.damaged"]
    for path in left:
        path.write_bytes(b"x" * 100_000)
    out = said("gc", "--yes")
    assert f"{one.fingerprint}: 4 damaged or half-written files, 0.4 MB" in out
    assert not any(path.exists() for path in left)
    assert steps(one) == [30, 20, 10]
    assert said("verify")


def test_nothing_is_dropped_while_a_registration_is_damaged(store: Path, said: Callable[..., str]) -> None:
    one = made(store)
    sweep(store, "factorial-1", {one.fingerprint: [30]})
    (path,) = (store / ".sweeps").iterdir()
    path.write_text(path.read_text().replace("30", "20"))
    with pytest.raises(AblateError, match="Delete it, and run the command of its sweep again"):
        clear(store, dry_run=False)
    assert steps(one) == [30, 20, 10]
    assert f"{path.relative_to(store.parent)}: not what was written" in said("verify", status=1)
    assert known_sweeps(store) == []


# verify


def test_a_sound_store_is_counted(store: Path, said: Callable[..., str]) -> None:
    one = made(store)
    sweep(store, "factorial-1", {one.fingerprint: [30]})
    (one.path / "tensorboard").mkdir()
    (one.path / "tensorboard" / "events").touch()
    assert said("verify") == "1 training in runs: 0 damaged, 12 sound, 1 not checkable files\n"
    assert json.loads(said("verify", "--json")) == {
        "store": "runs",
        "sound": 12,
        "not_checkable": 1,
        "damaged": [],
        "unchecked_trainings": [],
        "not_trajectories": [],
    }


def test_trainings_whose_surroundings_were_not_checked_are_named(store: Path, said: Callable[..., str]) -> None:
    made(store)
    one = made(store, seed=1)
    one.add_segment({"threads": 1})  # of a version before the check
    counts, line = said("verify").splitlines()
    assert "0 damaged" in counts
    assert line.startswith("1 of 2 trainings was trained by an older version, in which settings outside the config")
    assert "retrain one with store=NEW" in line
    assert json.loads(said("verify", "--json"))["unchecked_trainings"] == [one.fingerprint]


def flipped(path: Path, place: int | None = None) -> None:
    """Changes a bit of a file, in the middle or at a place."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 1
    path.write_bytes(content)


def without_line(path: Path, number: int) -> None:
    """Takes a row away, counted from 0 or, below it, from the end."""
    lines = (path / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    del lines[number]
    (path / "metrics.jsonl").write_bytes(b"".join(lines))


DAMAGES: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "config gone": (lambda path: (path / "config.yaml").unlink(), "config.yaml: missing", "rewrites the file"),
    "config": (
        lambda path: flipped(path / "config.yaml", -3),
        "config.yaml: its content does not fit",
        "finished runs still count",
    ),
    "status gone": (lambda path: (path / "status.json").unlink(), "status.json: missing", "rewrites the file"),
    "status empty": (lambda path: (path / "status.json").write_text(""), "status.json: empty", "finished runs still count"),
    "status cut": (lambda path: (path / "status.json").write_text('{"st'), "status.json: cut off", "finished runs still count"),
    "status changed": (
        lambda path: (path / "status.json").write_text((path / "status.json").read_text().replace("30", "40")),
        "status.json: its check does not fit",
        "finished runs still count",
    ),
    "env": (lambda path: (path / "env.json").write_text("[3]"), "env.json: not a JSON object", "nothing else depends on it"),
    "final steps": (
        lambda path: flipped(path / "final_steps.json", -20),
        "final_steps.json: its check",
        "commands of its sweeps",
    ),
    "torn row": (
        lambda path: (path / "metrics.jsonl").write_bytes((path / "metrics.jsonl").read_bytes()[:-10]),
        "metrics.jsonl: its last line is cut off",
        "trains again from the checkpoint before it",
    ),
    "row": (lambda path: flipped(path / "metrics.jsonl"), "metrics.jsonl: line 2 not as written", "trains again"),
    "predictions": (
        lambda path: flipped(path / "predictions" / "30.npz"),
        "30.npz: not the bytes that were written",
        "a run that needs this step trains again",
    ),
    "predictions gone": (lambda path: (path / "predictions" / "20.npz").unlink(), "20.npz: missing", "ablate runs rm "),
    "checkpoint": (lambda path: flipped(path / "checkpoints" / "30.npz"), "30.npz: ", "resumes from step 20 instead"),
    "first checkpoint": (
        lambda path: (path / "checkpoints" / "10.npz").write_bytes(b""),
        "10.npz: not what was written",
        "resumes from step 0 instead",
    ),
    "metrics gone": (
        lambda path: (path / "metrics.jsonl").unlink(),
        "metrics.jsonl: missing",
        "trains again from the checkpoint before it",
    ),
    "metrics empty": (
        lambda path: (path / "metrics.jsonl").write_bytes(b""),
        "metrics.jsonl: the rows of steps 10, 20, 30 are lost",
        "trains again from the checkpoint before it",
    ),
    "last row gone": (
        lambda path: without_line(path, -1),
        "metrics.jsonl: the row of step 30 is lost",
        "trains again from the checkpoint before it",
    ),
    "middle row gone": (
        lambda path: without_line(path, 1),
        "metrics.jsonl: the row of step 20 is lost",
        "to restore the others, run ablate runs rm ",
    ),
    "env gone": (lambda path: (path / "env.json").unlink(), "env.json: missing", "nothing else depends on it"),
    "a folder": (
        lambda path: ((path / "status.json").unlink(), (path / "status.json").mkdir()),
        "status.json: it is a folder",
        "delete it",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_one_line_with_what_to_do(store: Path, said: Callable[..., str], name: str) -> None:
    sound, one = made(store), made(store, seed=1)
    damage, what, remedy = DAMAGES[name]
    damage(one.path)
    line, counts = said("verify", status=1).splitlines()
    assert line.startswith(f"runs/{one.fingerprint}/")
    assert what in line
    assert remedy in line
    assert "1 damaged" in counts
    (found,) = json.loads(said("verify", "--json", status=1))["damaged"]
    assert f"{found['file']}: {found['damage']}; {found['remedy']}" == line
    assert listed(said)[sound.fingerprint]["state"] == "done"


LOSSES = ("metrics gone", "metrics empty", "last row gone", "middle row gone", "env gone")


@pytest.mark.parametrize("cleared", [False, True])
@pytest.mark.parametrize("state", ["running", "done", "diverged", "failed"])
def test_what_is_lost_is_seen_in_every_state(store: Path, said: Callable[..., str], state: str, cleared: bool) -> None:
    """Whether or not the checkpoints went, as gc drops them."""
    trajectories = {name: made(store, seed=seed, state=state) for seed, name in enumerate(LOSSES)}
    if cleared:
        said("gc", "--yes")
    assert "0 damaged" in said("verify")
    for name, one in trajectories.items():
        DAMAGES[name][0](one.path)
    told = said("verify", status=1)
    for name, one in trajectories.items():
        if (name, state) != ("env gone", "failed"):  # it may have failed before it began
            assert f"{one.fingerprint}/{DAMAGES[name][1]}" in told
    states = {one["fingerprint"]: one["state"] for one in listed(said).values()}
    shown = "stopped" if state == "running" else state
    for name, one in trajectories.items():
        assert states[one.fingerprint] == (shown if name == "env gone" else "damaged")


def test_a_hole_stays_seen_when_the_damaged_line_was_cleaned_away(store: Path, said: Callable[..., str]) -> None:
    one = made(store, last=50)
    flipped(one.path / "metrics.jsonl")
    assert "metrics.jsonl: line 3 not as written" in said("verify", status=1)
    one.clean()
    one.set_status("running", 50)  # the next training begins
    assert "metrics.jsonl: the row of step 30 is lost" in said("verify", status=1)
    assert listed(said)[one.fingerprint]["state"] == "damaged"


def test_a_lost_row_off_the_grid_is_seen(store: Path, said: Callable[..., str]) -> None:
    one = made(store)
    one.keep(35)
    one.add_evaluation({"step": 35, "loss": 1.0}, {"raw": np.arange(4)})
    one.set_status("done", 35)
    assert "0 damaged" in said("verify")
    without_line(one.path, -1)
    assert "metrics.jsonl: the row of step 35 is lost" in said("verify", status=1)
    assert listed(said)[one.fingerprint]["state"] == "damaged"


def test_a_stopped_training_without_its_checkpoints_is_seen(store: Path, said: Callable[..., str]) -> None:
    stopped, finished, fresh = made(store, state="running"), made(store, seed=1, state="running"), made(store, seed=2, last=0)
    stopped.keep(80)
    fresh.keep(80)
    fresh.set_status("running", 0)
    for one in (stopped, finished):
        shutil.rmtree(one.path / "checkpoints")
    line, counts = said("verify", status=1).splitlines()
    assert line == f"runs/{stopped.fingerprint}/checkpoints: no checkpoint is left; its training starts again from step 0"
    assert "1 damaged" in counts


def as_older_versions_wrote(one: Trajectory) -> None:
    """Without checks, and without the number of rows in status.json."""
    rows = [json.loads(line) for line in (one.path / "metrics.jsonl").read_text().splitlines()]
    bare = [{key: value for key, value in row.items() if key not in ("check", "predictions")} for row in rows]
    (one.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in bare))
    (one.path / "status.json").write_text(json.dumps(one.status()))
    (one.path / "final_steps.json").write_text(json.dumps(one.final_steps()))
    (one.path / "env.json").write_text('[{"threads": 1}]')


@pytest.mark.parametrize("state", ["running", "done", "failed"])
def test_what_older_versions_wrote_and_is_lost_is_seen(store: Path, said: Callable[..., str], state: str) -> None:
    trajectories = {name: made(store, seed=seed, state=state) for seed, name in enumerate(LOSSES[:-1])}
    for one in trajectories.values():
        as_older_versions_wrote(one)
    assert "0 damaged" in said("verify")
    for name, one in trajectories.items():
        DAMAGES[name][0](one.path)
    told = said("verify", status=1)
    assert all(f"{one.fingerprint}/{DAMAGES[name][1]}" in told for name, one in trajectories.items())
    assert {one["state"] for one in listed(said).values()} == {"damaged"}


def test_damage_leaves_finished_runs_readable(store: Path, said: Callable[..., str]) -> None:
    one = made(store)
    for name in ("status.json", "config.yaml", "env.json", "final_steps.json"):
        (one.path / name).write_bytes(b"")
    row = one.row(30)
    assert row is not None
    assert row["accuracy_raw"] == 0.3
    assert len(said("verify", status=1).splitlines()) == 5


def test_a_row_that_is_just_being_written_is_no_damage(store: Path, said: Callable[..., str]) -> None:
    one = made(store, state="running")
    with (one.path / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 40, "lo')
    said("verify", status=1)
    one.set_live({"step": 35, "time": time.time(), "pid": os.getpid(), "host": platform.node()})
    said("verify")
    assert listed(said)[one.fingerprint]["state"] == "running"


def test_files_of_older_versions_are_counted_as_not_checkable(store: Path, said: Callable[..., str]) -> None:
    one = made(store)
    as_older_versions_wrote(one)
    assert "0 damaged, 4 sound, 7 not checkable files" in said("verify")
    assert listed(said)[one.fingerprint]["state"] == "done"


@pytest.fixture
def unreadable(store: Path, monkeypatch: pytest.MonkeyPatch) -> Trajectory:
    """A trajectory that this process may not read, as if it were another user's."""
    one = made(store)
    open_folder = Path.iterdir

    def refused(path: Path) -> Iterator[Path]:  # root reads everything, so modes do not do
        if path.is_relative_to(one.path.relative_to(store.parent)):
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_folder(path)

    monkeypatch.setattr(Path, "iterdir", refused)
    return one


def test_a_trajectory_that_cannot_be_read_is_said(unreadable: Trajectory, said: Callable[..., str]) -> None:
    assert listed(said)[unreadable.fingerprint]["state"] == "damaged"
    line, counts = said("verify", status=1).splitlines()
    assert line == f"runs/{unreadable.fingerprint}: cannot be read: permission denied; make it readable, or repair the disk"
    assert "1 damaged" in counts


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("closed", ["status.json", "metrics.jsonl", "config.yaml", "checkpoints", ""])
def test_what_another_user_may_not_read_ends_nothing(closed: str, capfd: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        store = Path(folder) / "runs"
        one, other = made(store), made(store, seed=1)
        sweep(store, "factorial-1", {one.fingerprint: [30], other.fingerprint: [30]})
        (one.path / closed).chmod(0)
        codecs.lookup("cp437")  # names in a zip file take it: loaded while this process may still read its own library
        commands = (["list"], ["verify"], ["gc", "--dry-run"], ["gc", "--yes"], ["rm", other.fingerprint, "--yes"])
        os.seteuid(65_534)
        try:
            statuses = [runs.run([*words, "--store", str(store)]) for words in commands]
        finally:
            os.seteuid(0)
            importlib.invalidate_caches()
        out = capfd.readouterr().out
        assert other.path.exists()
        assert statuses[1] == statuses[3] == statuses[4] == 1
        assert out.count(other.fingerprint) >= 3
        assert re.search(f"{one.path / closed}.*: (cannot be read: )?permission denied", out)
        assert f"Cannot write {other.path}: permission denied" in out
        (one.path / closed).chmod(0o755)


# help


@pytest.mark.parametrize("words", [[], ["rm"], ["gc"], ["verify"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        runs.run([*words, "--help"])
    assert end.value.code == 0
    out = " ".join(capsys.readouterr().out.split())
    assert " ".join(["usage: ablate runs", *words]) in out
    assert "--store DIR" in out
    if words in ([], ["rm"]):
        assert "goes by what the training was first asked for as" in out
    if words == ["rm"]:
        assert "All of it must fit" in out
    if not words:
        assert "ablate runs gc --dry-run" in out
        assert "stopped (rerun the command to resume)" in out
