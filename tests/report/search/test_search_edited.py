"""Files of a search, changed by a disk or by a hostile hand: told in one line with file and key, or harmless."""

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ablate.errors import AblateError
from ablate.results import search
from ablate.results.scored import scored
from ablate.results.search import load
from ablate.store import sweep_file, trials_file
from ablate.store.checksums import CHECK, seal
from ablate.store.schema import BadFile
from ablate.store.sweep_runs import SweepReadout, SweepRun

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 10**30, -(10**30), 0.5, -0.5, 1e308, float("nan"), float("inf"), -float("inf")),
    *("", "done", "odd\n\x1b[31m", "../../x", "${oc.env:HOME}", "x" * 20_000, [], [1], [[1, 2]], {}, {"a": 1}),
)


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value of a JSON content is."""
    if path:
        yield path
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def edited(content: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """The content with one value changed, removed or doubled."""
    changed: dict[str, Any] = json.loads(json.dumps(content))
    *above, last = draw.choice(list(places(changed)))
    inner: Any = changed
    for key in above:
        inner = inner[key]
    how = draw.random()
    if how < 0.2:
        del inner[last]
    elif how < 0.3 and isinstance(inner, list):
        inner.insert(last, inner[last])
    elif how < 0.5 and isinstance(inner[last], int | float) and not isinstance(inner[last], bool):
        inner[last] = inner[last] * draw.choice((-1, 0.5, 2, 1 + 1e-3)) + draw.choice((0, 1))
    else:
        inner[last] = draw.choice(ODD)
    return changed


def told(folder: Path) -> str | None:
    """What is said of a search when it is read; None where it is read."""
    try:
        file = sweep_file.read(folder)
        assert file is not None
        trials_file.read(folder, file.sweep)
    except BadFile as error:
        return str(error)
    return None


@pytest.mark.parametrize("count", [40, pytest.param(4_000, marks=[pytest.mark.slow, pytest.mark.exhaustive])])
@pytest.mark.parametrize("name", ["trials.json", "sweep.json"])
def test_any_edit_of_a_file_of_a_search_is_told(count: int, name: str, made: Callable[..., Path], two_objectives: Any) -> None:
    draw = random.Random(20170817)
    folder = made(two_objectives[0], **two_objectives[1])
    path = folder / name
    bare = {key: value for key, value in json.loads(path.read_text()).items() if key != CHECK}
    sealed = seal(bare)
    taken = 0
    for _ in range(count):
        content = edited(sealed, draw)
        path.write_text(json.dumps(content))
        message = told(folder)
        if message is None:  # the same numbers, as 1 and 1.0; or without its checksum, which a report says
            assert CHECK not in content or content == sealed
            continue
        assert message.startswith(f"{folder}/")
        assert message.isprintable()
        assert len(message) < len(str(folder)) + 500
        path.write_text(json.dumps(seal(edited(bare, draw))))  # by somebody who knows how checksums are made
        message = told(folder)
        taken += message is None
        assert message is None or (message.startswith(f"{folder}/") and message.isprintable())
    assert taken < count / 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda trial: trial["values"].__setitem__(0, -1), r"trials\[2\]\.values\[0\] must be a number from 0 to 1, got -1\."),
        (
            lambda trial: trial["values"].__setitem__(0, 0.9),
            r"trials\[2\]\.values\[0\] must be 0\..*, the last value of its curve, got",
        ),
        (lambda trial: trial.update(state="pruned"), r"trials\[2\]\.values must be null, as the trial is pruned, got a list\."),
        (lambda trial: trial.update(state="fine"), r"trials\[2\]\.state must be one of waiting, running, .*, got 'fine'\."),
        (lambda trial: trial["params"].update(lr=7), r"trials\[2\]\.params\.lr must be within tag\(log.*\), got 7\."),
        (lambda trial: trial["params"].update(lr=True), r"trials\[2\]\.params\.lr must be a number, got true\."),
        (lambda trial: trial["params"].update(batch_size="63"), r"batch_size must be within 64,128,256, got '63'\."),
        (lambda trial: trial["params"].pop("lr"), r"trials\[2\]\.params\.lr is missing\."),
        (lambda trial: trial.update(number=1), r"trials\[2\]\.number must be an integer of 2 or more, got 1\."),
        (lambda trial: trial.update(seeds=2), r"trials\[2\]\.seeds must be 1, the number of seeds of a trial, got 2\."),
        (
            lambda trial: trial.update(came=5),
            r"trials\[2\]\.came must be .*, the examples of the last value of its curve, got 5\.",
        ),
        (lambda trial: trial.update(retry_of=99), r"trials\[2\]\.retry_of must be an integer from 0 to \d+, got 99\."),
        (lambda trial: trial.update(seconds=-1), r"trials\[2\]\.seconds must be a number of 0 or more, got -1\."),
        (lambda trial: trial.update(examples=10**30), r"trials\[2\]\.examples must be an integer of 0 or more, got 1000"),
        (lambda trial: trial["curve"].reverse(), r"trials\[2\]\.curve\[1\]\[0\] must be an integer of .* or more, got"),
        (lambda trial: trial.pop("host"), r"trials\[2\]\.host is missing\."),
    ],
)
def test_a_value_that_a_trial_cannot_have_is_told(
    change: Callable[[Any], Any], message: str, made: Callable[..., Path]
) -> None:
    folder = made()
    path = folder / "trials.json"
    content = json.loads(path.read_text())
    trial = next(each for each in content["trials"] if each["state"] == "done" and each["number"] > 1)
    position = content["trials"].index(trial)
    change(trial)
    path.write_text(json.dumps(content))
    with pytest.raises(
        BadFile, match=message.replace(r"[2\]", rf"[{position}\]").replace("2 or more", f"{position} or more")
    ) as caught:
        load(folder)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).endswith("Rerun the search's command to rewrite it.")


def test_a_file_without_its_checksum_is_read_and_said(made: Callable[..., Path]) -> None:
    folder = made()
    assert not any("checksum" in note for note in load(folder).notes if "trials.json" in note)
    path = folder / "trials.json"
    content = json.loads(path.read_text())
    content["trials"][0]["seconds"] += 1
    path.write_text(json.dumps(content))
    with pytest.raises(BadFile, match=r"trials\.json: its checksum does not match, so it was changed after it was written"):
        load(folder)
    del content[CHECK]
    path.write_text(json.dumps(content))
    assert "trials.json has no checksum, as earlier versions wrote it" in load(folder).notes


def test_scores_are_those_of_the_trainings_where_these_are_at_hand(made: Callable[..., Path], two_objectives: Any) -> None:
    class Training:
        costs: ClassVar = {"operations": 9_000_000, "parameters": 120_000}

        def __init__(self, step: int, accuracy: float) -> None:
            self.rows = [{"step": step, "accuracy_raw": accuracy, "eval_loss_raw": 1.5, "seconds": 3.0}]

    folder = made(two_objectives[0], **two_objectives[1])
    found = load(folder)
    stored = trials_file.read(folder, found.sweep)
    runs = tuple(SweepRun(0, 0, 0, (), name, SweepReadout("raw", 10), 10, trial=0) for name in ("a", "b"))
    given: Any = {"a": Training(10, 0.25), "b": Training(10, 0.75)}
    trials, differed = scored(replace(stored, runs=runs), given, found.objectives)
    assert trials[0].values == (0.5, 9_000_000)
    assert trials[0].curve[-1][1] == 0.5
    assert trials[1:] == list(stored.trials[1:])
    assert len(differed) == 1
    assert differed[0].startswith("trial 0 has the score of its training, 50.00%, 9,000,000; trials.json has ")
    for missing in ({"a": Training(10, 0.25)}, {"a": Training(10, 0.25), "b": Training(9, 0.75)}):
        assert scored(replace(stored, runs=runs), missing, found.objectives) == (list(stored.trials), [])


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder", "empty", "cut", "deep"])
def test_what_is_no_plain_file_of_json_is_refused(kind: str, made: Callable[..., Path], tmp_path: Path) -> None:
    folder = made()
    path = folder / "trials.json"
    data = path.read_bytes()
    path.unlink()
    {
        "a link": lambda: path.symlink_to(tmp_path / "elsewhere"),
        "a pipe": lambda: os.mkfifo(path),
        "a folder": path.mkdir,
        "empty": path.touch,
        "cut": lambda: path.write_bytes(data[:-100]),
        "deep": lambda: path.write_text("[" * 100_000),
    }[kind]()
    with pytest.raises(AblateError, match=r"Cannot read .*/trials\.json: (it is a|not valid JSON)"):
        load(folder)


def test_a_training_that_cannot_be_read_leaves_the_scores_of_its_trial(made: Callable[..., Path], tmp_path: Path) -> None:
    folder = made()
    found = load(folder)
    stored = trials_file.read(folder, found.sweep)
    names = ("0" * 16, "1" * 16)
    for name in names:
        (tmp_path / "runs" / name).mkdir(parents=True)
    (tmp_path / "runs" / names[1] / "status.json").symlink_to(tmp_path / "elsewhere")
    runs = tuple(SweepRun(0, 0, 0, (), name, SweepReadout("raw", 10), 10, trial=0) for name in names)
    trained, notes = search._trained(replace(stored, runs=runs), replace(found.sweep, store=str(tmp_path / "runs")), folder)
    assert list(trained) == [names[0]]
    [note] = notes
    start = "1 training cannot be read, so curves are left out, and values are those of trials.json: Cannot read "
    assert note.startswith(f"{start}{tmp_path / 'runs' / names[1] / 'status.json'}: it is a link")


def test_a_confirmation_that_is_a_link_is_not_followed(confirmed: Callable[..., Path], tmp_path: Path) -> None:
    folder = confirmed()
    (folder / "confirmation").rename(tmp_path / "elsewhere")
    (folder / "confirmation-2").symlink_to(tmp_path / "elsewhere")
    assert load(folder).earlier == []
    (folder / "confirmation").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AblateError, match=r"/confirmation must be a folder, got a link, which is not followed\."):
        load(folder)
