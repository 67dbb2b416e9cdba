import importlib
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.errors import AblateError
from ablate.system import contents
from ablate.system.contents import digest

TRAIN = """
import enum, functools, json, random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import helpers
from helpers import WIDTH

RATE = 0.1
NAMES = {"b", "a", "c"}
TABLE = {"x": [1, 2.5, None], "y": (Path("data"), b"raw")}
ARRAY = np.arange(6.0).reshape(2, 3)
UNUSED = open(__file__)


@dataclass
class Settings:
    width: int = 3
    names: list = field(default_factory=list)

    @property
    def area(self):
        return self.width * WIDTH


class Kind(enum.Enum):
    ONE = 1


@functools.lru_cache
def cached(x):
    return even(x)


def even(x):
    return True if x == 0 else odd(x - 1)


def odd(x):
    return False if x == 0 else even(x - 1)


def unused():
    return UNUSED


def made(power):
    def inner(x):
        return x**power

    return inner


square = made(2)


def train(config, seed, log, *, gain=1.0):
    import lazily

    data = [x for x in ARRAY.ravel() if cached(int(x))]  # the even ones
    log(1, accuracy=helpers.scaled(RATE) + Settings().area + Kind.ONE.value + square(len(NAMES)) + len(TABLE) + random.random())
"""
HELPERS = "from deep import FACTOR\nWIDTH = 7\n\n\ndef scaled(x):\n    return FACTOR * x\n\n\ndef unused(x):\n    return x\n"
FILES = {
    "trained.py": TRAIN,
    "helpers.py": HELPERS,
    "deep.py": "FACTOR = 2\n",
    "lazily.py": "import later",
    "later.py": "A = 1",
}


class Project:
    """Files of a project, imported anew whenever they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write(FILES)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def forget(self) -> None:
        for name in FILES:
            sys.modules.pop(name.removesuffix(".py"), None)
        importlib.invalidate_caches()

    def module(self) -> Any:
        self.forget()
        sys.dont_write_bytecode = True  # two versions of a file within one second look alike to it
        return importlib.import_module("trained")

    def digest(self) -> str:
        module = self.module()
        module.UNUSED.close()
        return digest(module.train).text


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    one = Project(tmp_path)
    yield one
    one.forget()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("trained.py", "  # the even ones", ""),
        ("trained.py", "def unused():\n    return UNUSED", "def unused():\n    return 3"),
        ("trained.py", "RATE = 0.1", "RATE = 1 / 10"),
        ("trained.py", '{"b", "a", "c"}', '{"c", "b", "a"}'),
        ("trained.py", "data = [x", "data = [\n        x"),
        ("helpers.py", "return x\n", "return -x\n"),
        ("deep.py", "2", "2\nOTHER = 3"),
    ],
)
def test_what_changes_nothing_that_is_used_does_not_count(project: Project, file: str, old: str, new: str) -> None:
    before = project.digest()
    assert old in FILES[file]
    project.write({file: FILES[file].replace(old, new)})
    assert project.digest() == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("trained.py", "RATE = 0.1", "RATE = 0.2"),
        ("trained.py", '{"b", "a", "c"}', '{"b", "a"}'),
        ("trained.py", "2.5", "2"),
        ("trained.py", "None]", "0]"),
        ("trained.py", 'Path("data")', '"data"'),
        ("trained.py", "arange(6.0)", "arange(6)"),
        ("trained.py", "reshape(2, 3)", "reshape(3, 2)"),
        ("trained.py", "width: int = 3", "width: int = 4"),
        ("trained.py", "self.width * WIDTH", "self.width + WIDTH"),
        ("trained.py", "ONE = 1", "ONE = 2"),
        ("trained.py", "even(x - 1)", "even(x - 2)"),
        ("trained.py", "made(2)", "made(3)"),
        ("trained.py", "x**power", "power**x"),
        ("trained.py", "gain=1.0", "gain=2.0"),
        ("trained.py", "import numpy as np", "import numpy.ma as np"),
        ("helpers.py", "WIDTH = 7", "WIDTH = 8"),
        ("helpers.py", "FACTOR * x", "FACTOR + x"),
        ("deep.py", "2", "3"),
        ("later.py", "1", "2"),
    ],
)
def test_what_changes_something_that_is_used_counts(project: Project, file: str, old: str, new: str) -> None:
    before = project.digest()
    assert old in FILES[file]
    project.write({file: FILES[file].replace(old, new)})
    assert project.digest() != before


def test_every_process_gives_the_same(project: Project) -> None:
    asked = "import trained; from ablate.system.contents import digest; print(digest(trained.train).text)"
    told = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", asked],
            cwd=project.folder,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert told == {project.digest()}


def test_a_value_that_was_changed_after_its_import_counts_and_is_told_elsewhere(project: Project) -> None:
    module = project.module()
    before = digest(module.train)
    before.check()
    assert ("trained", ("RATE",)) in {(module, names) for module, names, _ in before.values}  # noqa: PD011
    module.RATE = 0.3
    after = digest(module.train)
    assert after.text != before.text
    after.check()
    module.RATE = 0.1
    with pytest.raises(AblateError, match=r"trained\.RATE changed after import, .* Pass workers=0\."):
        after.check()
    module.UNUSED.close()


def test_code_that_is_not_what_its_file_says_now_is_refused(project: Project) -> None:
    module = project.module()
    module.UNUSED.close()
    before = digest(module.train).text
    project.write({"trained.py": "# moved down\n" + TRAIN})
    assert digest(module.train).text == before
    project.write({"trained.py": TRAIN.replace("return True if x == 0", "return True if x < 1")})
    with pytest.raises(AblateError, match=r"by its code: even is not what .*trained\.py says now\. Pass version="):
        digest(module.train)


def test_a_class_without_methods_is_not_what_its_file_says_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file, text = tmp_path / "of_a_class.py", "class Config:\n    lr = 0.1\n\n\ndef train(config, seed):\n    return Config.lr\n"
    file.write_text(text)
    module = importlib.import_module("of_a_class")
    before = digest(module.train).text
    file.write_text(f"# moved down\n{text}")
    assert digest(module.train).text == before
    module.Config.lr = 0.3
    assert digest(module.train).text != before, "what is in memory counts"
    file.write_text(text.replace("0.1", "0.25"))
    with pytest.raises(AblateError, match=r"Config is not what .*of_a_class\.py says now\. Pass version="):
        digest(module.train)
    del sys.modules["of_a_class"]


def test_a_file_that_changes_after_the_plan_is_told_to_processes_that_import_it_anew(project: Project) -> None:
    module = project.module()
    module.UNUSED.close()
    planned = digest(module.train)
    assert {Path(file).name for file, _ in planned.files} == {"trained.py", "helpers.py", "lazily.py", "later.py"}
    planned.check()
    kind = module.Kind
    assert {Path(file).name for file, _ in digest(lambda config, seed: kind).files} == {Path(__file__).name, "trained.py"}
    project.write({"helpers.py": HELPERS.replace("return FACTOR * x", "return x")})
    with pytest.raises(AblateError, match=r"helpers\.py changed after planning, so no more trainings start\."):
        planned.check()


def test_functions_that_look_alike_are_told_apart() -> None:
    ones = [
        lambda config, seed: 1,
        lambda config, seed: 2,
        lambda config, seed: (lambda: 1)(),
        lambda config, seed: (lambda: 2)(),
    ]
    assert len({digest(one).text for one in ones}) == 4
    assert digest(ones[0]).text == digest(ones[0]).text


OPEN = open(os.devnull)  # noqa: SIM115, PTH123
NUMBERS = (number for number in range(3))
NESTED = {"a": [{"b": NUMBERS}]}
BIG = np.zeros(contents.MOST_BYTES + 1, dtype="u1")
FRAME = pd.DataFrame({"x": np.zeros(10_000_000)})
ODD_FRAME = pd.DataFrame({"x": [{}, {}]})


def helper() -> Any:
    return OPEN


def uses_a_file(config: Any, seed: int) -> Any:
    return helper()


def uses_a_generator(config: Any, seed: int) -> Any:
    return NESTED


def uses_too_much(config: Any, seed: int) -> Any:
    return BIG


def uses_a_large_frame(config: Any, seed: int) -> Any:
    return FRAME


def uses_an_odd_frame(config: Any, seed: int) -> Any:
    return ODD_FRAME


def without_source() -> Callable[..., Any]:
    space: dict[str, Any] = {}
    exec("def made_up(config, seed):\n    return 1", space)
    found: Callable[..., Any] = space["made_up"]
    return found


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (uses_a_file, "OPEN (used by helper) is an open file"),
        (uses_a_generator, "NESTED['a']['b'] (used by uses_a_generator) is a generator"),
        (uses_too_much, "BIG (used by uses_too_much) is 64 MB (limit for all: 64 MB)"),
        (uses_a_large_frame, "FRAME (used by uses_a_large_frame) is 76 MB (limit for all: 64 MB)"),
        (uses_an_odd_frame, "ODD_FRAME (used by uses_an_odd_frame) has cells that are no plain values"),
        (without_source(), "made_up has no source"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_known_is_refused_in_one_line_with_the_way_out(function: Callable[..., Any], told: str) -> None:
    with pytest.raises(AblateError) as refused:
        digest(function)
    name = function.__qualname__
    assert str(refused.value) == (
        f'Cannot identify {name} by its code: {told}. Pass version="1", and change it whenever the training changes.'
    )
    assert digest(function, version="1").text == digest(function, version="1").text
    assert digest(function, version="1").text != digest(function, version="2").text


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    """Equal in type and in every bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (one == other and math.copysign(1, one) == math.copysign(1, other))
    return bool(one == other)


@settings(max_examples=30)
@given(plain, plain)
def test_values_have_the_same_digest_only_if_they_are_the_same(one: Any, other: Any) -> None:
    assert (contents._of_value(one) == contents._of_value(other)) == same(one, other)


def test_values_that_are_in_themselves_and_frames_are_read() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    other: list[Any] = [1]
    other.append([1, other])
    assert contents._of_value(loop) != contents._of_value(other)
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    changed = [frame.rename(columns={"a": "c"}), frame.assign(a=[1, 3]), frame.set_index("a"), frame["b"], frame.iloc[::-1]]
    assert len({contents._of_value(each) for each in (frame, *changed)}) == 6
    assert contents._of_value(frame) == contents._of_value(frame.copy())
    assert re.fullmatch("[0-9a-f]{64}", contents._of_value(np.float32(1)))
