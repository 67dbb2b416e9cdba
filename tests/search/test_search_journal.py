"""Journals from elsewhere: what is none is left as it is, and what is wrong in one is told with its file and line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from ablate.errors import AblateError
from ablate.search import journal, storage

SPACE = {
    "lr": FloatDistribution(0.01, 0.5, log=True),
    "batch_size": CategoricalDistribution(("64", "128")),
    "layers": IntDistribution(1, 3),
}
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    99,
    10**30,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "odd\n\x1b[31m",
    [],
    [[0]],
    {},
    {"a": 1},
)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Those of a journal in which each operation is found."""
    folder = tmp_path_factory.mktemp("whole")
    study = optuna.create_study(
        study_name="one", storage=storage.opened(None, folder), sampler=optuna.samplers.TPESampler(seed=0)
    )
    study.set_user_attr("definition", {"seeds": [0]})
    study.enqueue_trial({"lr": 0.1, "batch_size": "64", "layers": 2}, user_attrs={"enqueued": "x"})
    study._storage.set_study_system_attr(study._study_id, "qmc:1", 1)
    for value in (0.5, 0.25):
        trial = study.ask(SPACE)
        trial.report(value, 10)
        trial.set_user_attr("lease", {"pid": 1})
        study._storage.set_trial_system_attr(trial._trial_id, "completed_rung_0", value)
        study.tell(trial, value)
    other = optuna.create_study(study_name="other", storage=study._storage)
    other.add_trials(study.trials)
    optuna.delete_study(study_name="other", storage=study._storage)
    found = [json.loads(line) for line in (folder / storage.JOURNAL).read_text().splitlines()]
    assert {line["op_code"] for line in found} == set(range(10))
    return found


def written(path: Path, lines: list[Any]) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def opened(path: Path) -> optuna.Study:
    return optuna.load_study(study_name="one", storage=journal.opened(path))


def test_a_journal_is_read_as_optuna_reads_it(tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    path = written(tmp_path / "a.journal", [*lines, {"op_code": 10, "worker_id": "another program"}])
    theirs = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    expected = optuna.load_study(study_name="one", storage=theirs)
    study = opened(path)
    assert study.trials == expected.trials
    assert study.user_attrs == expected.user_attrs
    study.tell(study.ask(SPACE), 1.0)
    assert expected.trials == study.trials


@pytest.mark.parametrize(
    "content",
    ["my notes", "my notes\nand more\n", '{"mine": 1}\n', '{"op', "\n", "[]\n", '{"op_codes":1}\n', " " * 100, "\0" * 100],
)
def test_a_file_that_is_no_journal_is_left_as_it_is(content: str, tmp_path: Path) -> None:
    path = tmp_path / "n.journal"
    path.write_text(content)
    path.chmod(0o644)
    before = path.stat()
    with pytest.raises(AblateError, match=r"n\.journal is not a journal of trials, so it is left as it is"):
        opened(path)
    assert path.read_text() == content
    assert path.stat() == before
    assert list(tmp_path.iterdir()) == [path]


def test_notes_behind_the_lines_of_a_journal_are_nobodys_to_cut(tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    path = written(tmp_path / "a.journal", [*lines])
    with path.open("a") as file:
        file.write("my notes")
    content = path.read_bytes()
    study = opened(path)
    with pytest.raises(AblateError, match=r"a\.journal ends with something that is no line of a journal"):
        study.ask()
    assert path.read_bytes() == content
    whole = content.removesuffix(b"my notes")
    for torn in (
        b'{"op_code":4,"wor',
        b'{"op',
        b"{",
        b"\0" * 20,
        b'{"op_code":4,"wor\0\0\0',
    ):  # a kill, and power that was lost
        path.write_bytes(whole + torn)
        opened(path).set_user_attr("still", "here")
        assert path.read_bytes().startswith(whole + b'{"op_code":2,')


@pytest.mark.parametrize("lock", [False, True])
@pytest.mark.parametrize("kind", ["a link", "a dangling link", "a pipe", "a folder"])
def test_links_pipes_and_folders_are_refused_before_they_are_opened(kind: str, lock: bool, tmp_path: Path) -> None:
    target, place = tmp_path / "mine.txt", tmp_path / f"trials.journal{'.lock' if lock else ''}"
    target.write_text("mine")
    make: dict[str, Callable[[], Any]] = {
        "a link": lambda: place.symlink_to(target),
        "a dangling link": lambda: place.symlink_to(tmp_path / "nothing"),
        "a pipe": lambda: os.mkfifo(place),
        "a folder": place.mkdir,
    }
    make[kind]()
    with pytest.raises(AblateError, match=rf"{place} must be a plain file, got {kind.replace('dangling ', '')}\."):
        storage.opened(None, tmp_path)
    if not lock:
        with pytest.raises(AblateError, match=rf"{place} must be a plain file"):
            storage.opened(f"sqlite:///{place}", tmp_path)
    assert target.read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("place", "change", "message"),
    [
        (4, "no JSON", "it must be a JSON object of a journal"),
        (4, "[" * 100_000, "it must be a JSON object of a journal"),
        (4, "[]", "it must be a JSON object"),
        (4, {"op_code": 11}, "op_code must be from 0 to 10, got 11"),
        (4, {"op_code": True}, "op_code must be from 0 to 10, got True"),
        (4, {"worker_id": None}, "worker_id must be a text, got nothing"),
        (0, {"directions": [7]}, "directions has a value that it cannot have, got a list"),
        (5, {"trial_id": 99}, "trial_id must be one of the 1 trials above it, got 99"),
        (5, {"trial_id": -1}, "trial_id has a value that it cannot have, got -1"),
        (5, {"distribution": "{}"}, "distribution has a value that it cannot have"),
        (5, {"param_value_internal": "x"}, "param_value_internal has a value that it cannot have, got 'x'"),
        (6, {"param_value_internal": 7}, "it does not fit the lines before it"),
        (2, {"params": {"lr": 0.1}}, "params.'lr' has a value that it cannot have"),
        (2, {"study_id": 10**30}, "study_id has a value that it cannot have"),
        (2, {"value": 1, "values": [1]}, "it does not fit the lines before it"),
        (4, {"datetime_start": "never"}, "datetime_start has a value that it cannot have, got 'never'"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(
    place: int, change: Any, message: str, tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    kinds = {line["op_code"]: number for number, line in reversed(list(enumerate(lines)))}
    at = {0: kinds[0], 2: kinds[4], 4: kinds[6], 5: kinds[5], 6: kinds[5] + 1}[place]
    changed = [*lines]
    changed[at] = change if isinstance(change, str) else lines[at] | change
    path = written(tmp_path / "a.journal", changed)
    with pytest.raises(AblateError) as caught:
        opened(path)
    assert f"{path}, line {at + 1}: {message}" in str(caught.value)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_a_line_is_told_or_harmless(data: st.DataObject, tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    changed = json.loads(json.dumps(lines))
    line = data.draw(st.sampled_from(changed))
    key = data.draw(st.sampled_from(sorted(line)))
    inner = line[key] if isinstance(line[key], dict) and line[key] and data.draw(st.booleans()) else line
    key = key if inner is line else data.draw(st.sampled_from(sorted(inner)))
    if data.draw(st.booleans()):
        del inner[key]
    else:
        inner[key] = data.draw(st.sampled_from(ODD))
    path = written(tmp_path / "a.journal", changed)
    content = path.read_bytes()
    told = ""
    try:
        opened(path)
    except AblateError as error:
        told = str(error)
    except KeyError:
        told = "no study"  # it has another name
    assert path.read_bytes() == content
    named = told.startswith((f"{path}, line ", f"{path} is not a journal of trials"))
    assert told in ("", "no study") or (named and told.isprintable() and len(told) < 500)


def test_lines_and_files_have_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]) -> None:
    monkeypatch.setattr(journal, "LINE_BYTES", 2**20)
    path = written(tmp_path / "a.journal", [*lines, {"op_code": 8, "worker_id": "x" * 2**20}])
    with pytest.raises(AblateError, match=rf"line {len(lines) + 1}: a line must have at most 1 MiB"):
        opened(path)
    with path.open("rb+") as file:
        file.truncate(2**40)
    with pytest.raises(AblateError, match=r"a\.journal must have at most 256 MiB, got 1048576 MiB"):
        opened(path)


def test_a_journal_that_goes_away_or_stays_locked_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    path = written(tmp_path / "a.journal", lines)
    study = opened(path)
    monkeypatch.setattr(journal, "LOCKED_S", 0.01)
    with FileLock(f"{path}.lock"), pytest.raises(AblateError, match=r"Another process has held .*a\.journal\.lock for"):
        study.ask()
    path.write_text(path.read_text()[:-300])
    with pytest.raises(AblateError, match="was replaced while it was in use"):
        study.get_trials(deepcopy=False)
    path.unlink()
    for asked in (study.ask, lambda: study.get_trials(deepcopy=False)):
        with pytest.raises(AblateError, match=r"a\.journal is gone"):
            asked()
    assert not path.exists()


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]) -> None:
    path = written(tmp_path / "a.journal", lines)
    study, content = opened(path), path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(AblateError, match=r"(?i)no space left on device"):
            study.set_user_attr("a", 1)
    assert path.read_bytes() == content
    study.set_user_attr("a", 1)
    assert opened(path).user_attrs["a"] == 1
