"""Who imports what, read from the source: TensorFlow only where it is needed, imports go down alone, and there is no circle."""

import ast
import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TENSORFLOW = {"tensorflow", "keras"}
# The rooms of the house, from the top down: each may use what is below it.
ROOMS = (
    *(
        "hydra_plugins",
        "__main__",
        "commands",
        "searching",
        "api",
        "app",
        "search",
        "running",
        "exchange",
        "deploy",
        "report",
        "monitor",
        "results",
        "planning",
        "trainers",
        "training",
    ),
    *("trainer", "readout", "stats", "config", "store", "designs", "models", "data", "system", "resources", "messages"),
    *("metrics", "confidence", "numbers", "text", "terminal", "escaping", "machine", "errors"),
)
MODULE = re.compile(r"(?<![\w.])(?:ablate|hydra_plugins)(?:\.\w+)+")
WITH_TENSORFLOW = ("ablate.training", "ablate.deploy.runtime")

# Runs the program and tells, as the last line, its exit status and which heavy packages it has imported.
PROBE = """
import json, sys
from ablate.__main__ import main
try:
    main(sys.argv[1:])
    status = None
except SystemExit as end:
    status = end.code
print(json.dumps([status, sorted({"tensorflow", "keras"} & set(sys.modules))]))
"""


def source_files() -> dict[str, Path]:
    """Module name to file, for the package and the plugins."""
    files = {}
    for top in ("ablate", "hydra_plugins"):
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


FILES = source_files()


def at_module_level(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements that run when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from at_module_level(child)


def imported(module: str, source: str) -> set[str]:
    """The modules that `source` imports by name: `from ablate import app` names `ablate.app`."""
    return named_by(module, at_module_level(ast.parse(source)))


def named_by(module: str, statements: Iterable[ast.Import | ast.ImportFrom]) -> set[str]:
    """The modules that import statements of a module name."""
    package = module if FILES.get(module, Path()).name == "__init__.py" else module.rpartition(".")[0]
    names = set()
    for statement in statements:
        if isinstance(statement, ast.Import):
            names |= {alias.name for alias in statement.names}
            continue
        start = package.rsplit(".", statement.level - 1)[0] if statement.level else ""
        origin = ".".join(part for part in (start, statement.module) if part)
        for alias in statement.names:
            submodule = f"{origin}.{alias.name}"
            names.add(submodule if submodule in FILES else origin)
    return names


IMPORTS = {module: imported(module, path.read_text()) for module, path in FILES.items()}


def reached(module: str) -> set[str]:
    """All that importing the module imports; a package's `__init__` runs before its modules."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        parents = [name.rsplit(".", level)[0] for level in range(name.count(".") + 1)]
        for each in parents:
            if each not in found:
                found.add(each)
                waiting += IMPORTS.get(each, ())
    return found


def may_use_tensorflow(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in WITH_TENSORFLOW)


def test_the_reader_sees_what_runs_and_nothing_else():
    source = """
import a.b
from ablate import app, __version__
try:
    import c
except ImportError:
    import d
class E:
    import e
def f():
    import hidden
"""
    assert imported("ablate.x", source) == {"a.b", "ablate.app", "ablate", "c", "d", "e"}
    assert imported("ablate.x", "from . import app\nfrom .errors import one_of") == {
        "ablate.app",
        "ablate.errors",
    }
    assert {"ablate.config.loading", "ablate", "hydra"} <= reached("ablate.planning.plan")


@pytest.mark.parametrize("module", [name for name in sorted(FILES) if not may_use_tensorflow(name)])
def test_starts_without_tensorflow(module):
    assert not reached(module) & TENSORFLOW


def test_tensorflow_is_used_where_it_may_be():
    users = {module for module in FILES if IMPORTS[module] & TENSORFLOW}
    assert {"ablate.training.build", "ablate.training.lrn", "ablate.training.network"} <= users
    assert all(may_use_tensorflow(module) for module in users)


def module_of(name: str) -> str | None:
    """The module that a dotted name is, or is in; None where there is none."""
    while name and name not in FILES:
        name = name.rpartition(".")[0]
    return name or None


def used(module: str, source: str) -> set[str]:
    """All modules that a module names: imported within functions, too, by importlib, in code or words for others."""
    nodes = list(ast.walk(ast.parse(source)))
    texts = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings, which use nothing
    statements = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    words = [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in texts]
    named = {found for word in words if isinstance(word, str) for found in MODULE.findall(word)}
    return {found for name in (*named_by(module, statements), *named) if (found := module_of(name))} - {module, "ablate"}


@functools.cache
def all_used() -> dict[str, set[str]]:
    """What each module uses; read once it is asked for, since collecting the tests need not wait for it."""
    return {module: used(module, path.read_text()) for module, path in FILES.items()}


def room(module: str) -> str:
    """The room that a module is in; the package's own face is in none."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] if top == "ablate" else top


def test_the_reader_sees_what_is_named_wherever_it_is():
    source = '''
"""ablate.app is only told of."""
def f():
    from ablate.store import files
    importlib.import_module("ablate.commands.plan")
    run("-c", "from ablate.training.loop import train", *ablate)
'''
    assert used("ablate.x", source) == {"ablate.store.files", "ablate.commands.plan", "ablate.training.loop"}


def test_every_room_has_its_place():
    assert {room(module) for module in FILES} - {""} == set(ROOMS)


def test_imports_go_down():
    upward = [
        f"{module} uses {other}"
        for module in FILES
        for other in all_used()[module]
        if room(module) and room(other) and ROOMS.index(room(other)) < ROOMS.index(room(module))
    ]
    assert upward == []


def test_there_is_no_circle_between_rooms():
    below = {room(module): set[str]() for module in FILES}
    for module in FILES:
        below[room(module)] |= {room(other) for other in all_used()[module]} - {room(module)}
    TopologicalSorter(below).prepare()  # raises CycleError


def test_there_is_no_circle():
    TopologicalSorter({module: IMPORTS[module] & FILES.keys() for module in FILES}).prepare()  # raises CycleError


def test_there_is_no_circle_but_of_packages_and_their_faces():
    """Those hidden in functions, too; a package's face names what is in it."""
    faces = {module for module, path in FILES.items() if path.name == "__init__.py"}
    TopologicalSorter({module: all_used()[module] - faces for module in FILES.keys() - faces}).prepare()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--help"], 0),
        (["--cfg", "job"], 0),
        (["report", "--help"], 0),
        (["report", "no/such/sweep"], 1),
        (["info", "--help"], 0),
        (["info", "model=alex4"], 0),
        (["augment=flipp"], 1),
        (["lr=-1", "data=digits"], 1),
        (["-m", "augment=on,flipp", "data=digits"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_answers_without_tensorflow(words, status, tmp_path, environment):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [status, []], done.stderr
    assert "Traceback" not in done.stderr
