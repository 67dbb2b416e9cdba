"""What CONTRIBUTING.md shows works, and names what there is."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablate.designs import Design, Factor

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def shown(before: str) -> dict[str, Any]:
    """What the Python block behind some words defines."""
    found = re.search(rf"{re.escape(before)}.*?```python\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    return names


def test_the_design_that_is_shown_is_one() -> None:
    design = shown("A design, ")["DESIGN"]
    assert isinstance(design, Design)
    arms = design.arms([Factor("augment", ("on", "center", "off")), Factor("ema", ("on", "off"))], 4)
    assert [arm.levels for arm in arms] == [
        (("augment", "on"), ("ema", "on")),
        (("augment", "off"), ("ema", "on")),
        (("augment", "on"), ("ema", "off")),
    ]
    assert design.pairs(arms) == [(1, 0), (2, 0)]
    assert design.label(arms, 1) == "augment: on → off"


def test_the_command_that_is_shown_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown("A command, ")["run"](["Ada"]) == 0
    assert capsys.readouterr().out == "hello Ada\n"


def test_the_table_that_is_shown_is_one() -> None:
    arms = pd.DataFrame({"label": ["baseline", "no EMA"], "low": [80.0, 81.0], "high": [82.0, 81.5]})
    table = shown("A table, ")["part"](arms, places=1)
    assert table.text["range"].tolist() == ["2.0", "0.5"]


def test_every_room_is_named() -> None:
    rooms = {path.name for path in (ROOT / "ablate").iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    files = {path.name for path in (ROOT / "ablate").glob("*.py")} - {"__init__.py"}
    named = set(re.findall(r"`([\w.]+)/?`", TEXT))
    assert rooms <= named
    assert files <= named


def test_every_path_that_is_named_is_there() -> None:
    """But for those of what is to be added."""
    paths = set(re.findall(r"`((?:ablate/)?[a-z_]+/[\w/]+\.py)`", TEXT)) - {
        *("ablate/designs/last_out.py", "ablate/commands/hello.py", "ablate/report/tables/ranges.py"),
    }
    assert paths
    for path in paths:
        assert (ROOT / path).exists() or (ROOT / "ablate" / path).exists(), path


def test_names_of_tests_are_read_at_a_glance() -> None:
    names = re.findall(
        r"^ *def (test_\w+)", "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py")), re.MULTILINE
    )
    assert len(names) > 1000
    assert [name for name in names if len(name) > 80] == []
