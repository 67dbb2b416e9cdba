"""Files that were damaged, or changed by hand: no number of a report changes without a word, and no reader ends in a traceback.

ABLATE_FUZZ=10000 tries as many changes in each of the slow tests.
"""

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablate.errors import AblateError
from ablate.monitor.snapshot import snapshot
from ablate.report import caveats
from ablate.results import load
from ablate.results.analysis import analyze
from ablate.results.question import ask
from ablate.store.checksums import CHECK, seal

FEW = 6
MANY = int(os.environ.get("ABLATE_FUZZ", "600"))
FRAMES = ("arms", "comparisons", "contrasts", "shapley", "over_training", "classes", "networks", "noise", "confounds")
# What people and tools put in the place of a value.
VALUES = (
    *(None, True, False, 0, 1, -1, 2, 7, 10**30, -(2**63), 2**63, 0.5, 0.99, -1.0, 1e308, float("nan"), float("inf")),
    *(
        "",
        "abc",
        "0",
        "on",
        "..",
        "../../../etc",
        "/dev/zero",
        "x\x1b[31m",
        "\u202ex",
        "a" * 20_000,
        "${oc.env:HOME}",
        "\ud800",
    ),
    *([], [[]], {}, {"a": 1}, [0], [1, 0], [None], ["x"], [[1, 0], [1, 0]]),
)


def told(source: Path, deep: bool = False) -> tuple[str, tuple[str, ...]]:
    """(all numbers of a report as text, what it says beside them); an error is what it says, without a number.

    Args:
        deep: whether to compute what a report computes of the numbers, too.
    """
    try:
        results = load(source)
        analysis = analyze(*ask(results))
        frames = [results.runs, results.evaluations, results.trainings, results.history]
        predictions = [results.predictions(int(number)) for number in results.runs["number"]]
        plain = json.dumps(
            [results.sweep.to_json(), [None if one is None else one.tolist() for one in predictions]], default=str
        )
        labels = [] if results.labels is None else results.labels.tolist()
        notes = (*results.notes, *caveats.doubts(analysis.names, analysis.predictions))
        for name in FRAMES if deep else ():
            assert isinstance(getattr(analysis, name), pd.DataFrame)
    except AblateError as error:
        return "", (str(error),)
    return "\n".join([*(frame.to_csv() for frame in frames), plain, str(labels), str(results.class_names)]), notes


def check_silent(before: tuple[str, tuple[str, ...]], after: tuple[str, tuple[str, ...]], what: str) -> None:
    """After a change the numbers are those before it, or something is said that was not said before."""
    numbers, notes = after
    assert all("\n" not in note and len(note) < 4000 for note in notes), f"{what}: {notes}"
    assert numbers == before[0] or set(notes) - set(before[1]), f"{what}: a number changed without a word"


@contextmanager
def changed(path: Path, content: bytes) -> Iterator[None]:
    """A file with other bytes for a while."""
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


def damage(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    """What disks, transfers and editors do to a file."""
    at = chance.randrange(len(content))
    end = min(len(content), at + chance.randrange(1, 40))
    bit = content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
    lines = content.splitlines(keepends=True)
    line = chance.randrange(len(lines))
    digits = [place.start() for place in re.finditer(rb"\d", content)] or [at]
    digit = chance.choice(digits)
    other = str((content[digit] - 48 + chance.randrange(1, 10)) % 10).encode()
    kinds = {
        f"bit at {at}": bit,
        f"cut at {at}": content[:at],
        f"without {at} to {end}": content[:at] + content[end:],
        f"zeros from {at} to {end}": content[:at] + b"\0" * (end - at) + content[end:],
        f"without line {line + 1}": b"".join(lines[:line] + lines[line + 1 :]),
        f"digit at {digit}": content[:digit] + other + content[digit + 1 :],
        "empty": b"",
    }
    name = chance.choice(list(kinds))
    return name, kinds[name]


def edit(content: Any, chance: random.Random) -> tuple[str, Any]:
    """A JSON content with one value changed, removed or added; where."""
    content = json.loads(json.dumps(content))
    places: list[tuple[Any, Any, str]] = []

    def walk(node: Any, key: str) -> None:
        for name, value in node.items() if isinstance(node, dict) else enumerate(node):
            place = f"{key}[{name}]" if isinstance(node, list) else f"{key}.{name}" if key else str(name)
            places.append((node, name, place))
            if isinstance(value, dict | list):
                walk(value, place)

    walk(content, "")
    node, name, place = chance.choice(places)
    how = chance.randrange(8)
    if how == 0:
        del node[name]
        return f"without {place}", content
    if how == 1:
        node[name] = [node[name]]
    elif how == 2 and type(node[name]) in (int, float):
        node[name] += chance.choice((-1, 1, 0.5))
    elif how == 3 and isinstance(node, list):
        node.append(node[name])
    else:
        node[name] = chance.choice(VALUES)
    return place, content


def files_of(folder: Path) -> list[Path]:
    """Every file that a report of the sweep in a folder reads."""
    root = folder.parents[1]
    trained = [
        path for path in (root / "runs").rglob("*") if path.is_file() and path.suffix in (".json", ".jsonl", ".yaml", ".npz")
    ]
    return sorted(
        path for path in [*folder.rglob("*.json"), *trained] if not {"checkpoints", ".sweeps", "report"} & set(path.parts)
    )


def of_each_kind(paths: list[Path], chance: random.Random) -> Path:
    """A file, of each name as often as of another."""
    kinds: dict[str, list[Path]] = {}
    for path in paths:
        kinds.setdefault(path.name if path.suffix != ".npz" else path.parent.name, []).append(path)
    return chance.choice(kinds[chance.choice(sorted(kinds))])


def try_damage(sources: list[Path], folder: Path, tries: int, seed: int) -> None:
    before = {source: told(source) for source in sources}
    assert all(numbers for numbers, _ in before.values())
    paths = files_of(folder)
    for number in range(tries):
        chance = random.Random(seed + number)
        path = of_each_kind(paths, chance)
        how, content = damage(path.read_bytes(), chance)
        with changed(path, content):
            for source in sources:
                check_silent(before[source], told(source), f"try {seed + number}: {path.relative_to(folder.parents[1])}, {how}")
            snapshot(folder)


def test_no_damage_of_any_file_is_silent(kept_sweep):
    try_damage([kept_sweep], kept_sweep, FEW, 0)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_no_damage_of_any_file_is_silent_in_many_tries(kept_sweep):
    try_damage([kept_sweep, kept_sweep.parents[1] / "runs"], kept_sweep, MANY, 1000)


def without_trainings(folder: Path) -> Path:
    return folder.parents[1] / "runs"


@contextmanager
def moved(store: Path) -> Iterator[None]:
    store.rename(store.with_name("elsewhere"))
    try:
        yield
    finally:
        store.with_name("elsewhere").rename(store)


def try_results(folder: Path, tries: int, seed: int) -> None:
    with moved(without_trainings(folder)):
        before = told(folder)
        assert "values are those of each run's result.json" in before[1][0]
        for number in range(tries):
            chance = random.Random(seed + number)
            path = chance.choice(sorted(folder.glob("*/result.json")))
            content = json.loads(path.read_bytes())
            how, other = edit(content, chance) if number % 2 else ("", None)
            how, data = (how, json.dumps(other).encode()) if number % 2 else damage(path.read_bytes(), chance)
            with changed(path, data):
                check_silent(before, told(folder), f"try {seed + number}: {path.parent.name}/{path.name}, {how}")


def test_without_its_training_a_changed_result_is_said(kept_sweep):
    try_results(kept_sweep, FEW // 2, 0)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_without_its_training_a_changed_result_is_said_in_many_tries(kept_sweep):
    try_results(kept_sweep, MANY, 1000)


CHANGES = {"accuracy": 0.99, "error": -1, "status": "failed", "step": 20, "loss": 0.0, "seconds": 1e9, "operations": 1}


def test_no_change_of_a_result_changes_a_number_where_its_training_is_at_hand(kept_sweep):
    """Whether it has a checksum that fits, as a hostile hand writes it, or none, as earlier versions did."""
    before = told(kept_sweep)
    path = kept_sweep / "3" / "result.json"
    for number, (key, value) in enumerate(CHANGES.items()):
        content = json.loads(path.read_bytes())
        del content[CHECK]
        (content["costs"] if key in content["costs"] else content)[key] = value
        with changed(path, json.dumps(content if number % 2 else seal(content)).encode()):
            numbers, notes = told(kept_sweep)
        assert numbers == before[0], key
        assert any("result.json" in note and "3" in note for note in notes), key


JSON_FILES = ("sweep.json", "result.json", "status.json", "env.json", "final_steps.json")
KEYED = re.compile(
    r"sweep\.json: ((a key of )?[\w.@/\[\]'-]+ (must|is|are|has|does)\b|not valid JSON: it holds half a character)"
)


def hostile(path: Path, chance: random.Random) -> tuple[str, bytes]:
    """A JSON file with one edit, and half the time with the checksum that goes with it."""
    content = json.loads(path.read_bytes())
    listed = isinstance(content, list)
    bare = [{k: v for k, v in one.items() if k != CHECK} for one in (content if listed else [content])]
    place, edited = edit(bare if listed else bare[0], chance)
    if chance.random() < 0.5:
        edited = [seal(one) if isinstance(one, dict) else one for one in edited] if listed else seal(edited)
    return place, json.dumps(edited).encode()


def try_edits(
    folder: Path, names: tuple[str, ...], tries: int, seed: int, sources: Callable[[Path], list[Path]], deep: bool = True
) -> int:
    """Edits of JSON files; how many were refused."""
    refused = 0
    paths = [path for path in files_of(folder) if path.name in names]
    for number in range(tries):
        chance = random.Random(seed + number)
        path = of_each_kind(paths, chance)
        place, data = hostile(path, chance)
        with changed(path, data):
            for source in sources(folder):
                numbers, notes = told(source, deep)
                assert all("\n" not in note and len(note) < 4000 for note in notes), place
                if not numbers:
                    refused += 1
                    [error] = notes
                    assert path.name in error, f"try {seed + number}: {path.name}, {place}: {error}"
                    assert path.name != "sweep.json" or KEYED.search(error), f"try {seed + number}: {place}: {error}"
            seen = snapshot(folder)
            assert seen.trainings or seen.notes
            json.dumps(seen.to_json(), allow_nan=False)
    return refused


def test_an_edited_json_file_is_read_or_refused_with_file_and_key(kept_sweep):
    assert try_edits(kept_sweep, ("sweep.json",), FEW, 0, lambda folder: [folder], deep=False) > 0
    try_edits(kept_sweep, JSON_FILES, FEW, 100, lambda folder: [folder], deep=False)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_edited_json_files_are_read_or_refused_with_file_and_key(kept_sweep):
    assert try_edits(kept_sweep, ("sweep.json",), MANY, 1000, lambda folder: [folder]) > MANY // 2
    try_edits(kept_sweep, JSON_FILES, MANY, 5000, lambda folder: [folder, folder.parents[1] / "runs"])
