"""What a search does at its turn: it looks up between trials that are all there, and puts aside what was measured before."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ablate.errors import AblateError
from ablate.search import loop
from ablate.search import run as running
from ablate.search.loop import SearchLoop
from ablate.search.trial import ActiveTrial


def idle(begin: Any, monkeypatch: pytest.MonkeyPatch) -> SearchLoop:
    """A search of which each trial is taken and begun so."""
    made = SearchLoop.__new__(SearchLoop)
    made.queue, made.deadline, made.too_many, made._look_at, made.by_seed = [], None, None, 0.0, False
    made.search = SimpleNamespace(settings=SimpleNamespace(timeout=None))  # type: ignore[assignment]
    made.trial_queue = SimpleNamespace(take=lambda: "a trial")  # type: ignore[assignment]
    monkeypatch.setattr(made, "_begin", begin)
    return made


def test_trials_of_which_all_is_there_do_not_keep_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "TURN_S", 0)
    begun: list[Any] = []
    made = idle(begun.append, monkeypatch)
    assert made.next() is None
    assert len(begun) == 1
    assert made.next() is None, "the next look takes the next trial at once"
    assert len(begun) == 2


def test_a_trial_with_something_to_train_is_given_out_whenever_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "TURN_S", 0)
    training = SimpleNamespace(runs=[SimpleNamespace(number=0)])
    made = idle(lambda _: made.queue.append((SimpleNamespace(runs=[], going=set()), training)), monkeypatch)  # type: ignore[arg-type]
    assert made.next() is training  # type: ignore[comparison-overlap]


class Measured:
    """A search whose confirmation is named by how many were before it."""

    def confirmation(self, best: dict[str, Any], earlier: int = 0) -> Any:
        content = SimpleNamespace(runs=[SimpleNamespace(fingerprint=f"after {earlier}")])
        first = SimpleNamespace(asked=SimpleNamespace(store="runs"))
        return SimpleNamespace(earlier=earlier, runs=[first], sweep=content)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A search with a confirmation of another setting, after a first that was deleted and a second that is there."""
    for name in ("confirmation", "confirmation-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sweep.json").write_text("{}")
    found = SimpleNamespace(runs=[SimpleNamespace(fingerprint="of another setting")], needs={"of another setting": [1]})
    monkeypatch.setattr(running.sweep, "fixed", lambda place: SimpleNamespace(sweep=found) if place.exists() else None)
    monkeypatch.setattr(running.store, "register_sweep", lambda *_: None)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_measured_before_is_put_behind_the_highest_number(folder: Path) -> None:
    (folder / "confirmation-notes").touch()
    made: Any = running._measuring(Measured(), {}, folder)  # type: ignore[arg-type]
    assert names(folder) == ["confirmation-2", "confirmation-3", "confirmation-notes"]
    assert made.earlier == 3, "seeds of what was deleted are not used again"
    again: Any = running._measuring(Measured(), {}, folder)  # type: ignore[arg-type]
    assert again.earlier == 3


def test_a_folder_that_is_no_sweep_keeps_its_name(folder: Path) -> None:
    (folder / "confirmation-3").mkdir()
    (folder / "confirmation-3" / "mine").touch()
    made: Any = running._measuring(Measured(), {}, folder)  # type: ignore[arg-type]
    assert names(folder) == ["confirmation-2", "confirmation-3", "confirmation-4"]
    assert made.earlier == 4


def test_a_confirmation_that_cannot_be_put_aside_is_told_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(AblateError, match=r"^Cannot write .*confirmation: read-only file system\."):
        running._measuring(Measured(), {}, folder)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pruned_at", "ends", "state"),
    [(3, ["done", "failed"], "pruned"), (None, ["diverged", "failed"], "failed"), (None, ["done", "done"], "done")],
)
def test_a_trial_that_was_pruned_is_that_however_its_trainings_ended(
    pruned_at: int | None, ends: list[str], state: str
) -> None:
    nothing: Any = SimpleNamespace()
    one = ActiveTrial(nothing, nothing, {}, (), {}, pruned_at=pruned_at)
    one.ends = {number: {"status": status} for number, status in enumerate(ends)}
    assert one.state == state
