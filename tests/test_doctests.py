"""The public Python API: every function and class has an example in its docstring, and every example gives what it shows."""

import doctest
import inspect
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
RECORDS = "experiments"  # what examples read; a source distribution has none
# Those of the public names: what docs/python.md lists.
ROOMS = ("ablate.exchange", "ablate.results", "ablate.stats", "ablate.designs", "ablate.models", "ablate.data")
FINDER, PARSER = doctest.DocTestFinder(), doctest.DocTestParser()


def modules() -> list[ModuleType]:
    """Those that show an example."""
    paths = [path for path in sorted((ROOT / "ablate").rglob("*.py")) if ">>> " in path.read_text()]
    names = [path.relative_to(ROOT).with_suffix("").parts for path in paths]
    return [import_module(".".join(name).removesuffix(".__init__")) for name in names]


def examples() -> list[doctest.DocTest]:
    """Those of docstrings, and of docs/; each has the names alone that it imports itself."""
    tests = [test for module in modules() for test in FINDER.find(module, globs={}) if test.examples]
    for page in sorted((ROOT / "docs").glob("*.md")):
        text = page.read_text()
        for block in re.finditer(r"```python\n(>>> .*?)```", text, re.DOTALL):
            tests.append(PARSER.get_doctest(block[1], {}, page.name, page.name, text[: block.start(1)].count("\n")))
    return tests


def public() -> list[tuple[str, str]]:
    """(room, name) of each public function and class: what its room lists, but for constants and names of types."""
    listed = [(room, name) for room in ROOMS for name in import_module(room).__all__]
    return [(room, name) for room, name in listed if is_code(getattr(import_module(room), name))]


def is_code(thing: object) -> bool:
    """Whether it is a function or a class; a generic alias or a union of types is neither."""
    return inspect.isfunction(inspect.unwrap(thing)) or (isinstance(thing, type) and not hasattr(thing, "__origin__"))


@pytest.mark.parametrize("test", examples(), ids=lambda test: test.name.removeprefix("ablate."))
def test_an_example_gives_what_it_shows(test: doctest.DocTest, monkeypatch: pytest.MonkeyPatch) -> None:
    if any(RECORDS in example.source for example in test.examples) and not (ROOT / RECORDS).is_dir():
        pytest.skip(f"reads {RECORDS}/, which a source distribution lacks")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")  # pandas cuts frames off where the terminal ends
    report: list[str] = []
    failed, _ = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert not failed, "".join(report)


@pytest.mark.parametrize(("room", "name"), public())
def test_what_is_public_has_an_example(room: str, name: str) -> None:
    """In its own docstring, or in that of its room, by name."""
    module = import_module(room)
    own, shared = (PARSER.get_examples(thing.__doc__ or "") for thing in (getattr(module, name), module))
    imported = any(f"from {room} import " in one.source for one in own)
    named = any(re.search(rf"\b{name}\b", one.source) for one in shared)
    assert imported or named, f"{room}.{name} has no example in its docstring that imports from {room}"
