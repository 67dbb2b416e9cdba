"""A search in which every name, value and message is hostile: each file of its report read by a parser."""

import io
from dataclasses import replace
from typing import Any

import pytest

from ablate.report.search import files, summary, tables
from ablate.results.search import load
from ablate.store.trials import Dimension
from ablate.terminal import Terminal


@pytest.fixture
def searched(made, two_objectives, outside):
    """A search over hostile models, with hostile errors, hosts, words that were fixed, sampler and question."""
    trials, rest = two_objectives
    names = [name.replace("\ud800", "") for name in outside.names]  # JSON on disk has no half of a pair
    models = dict(zip(("tuto", "alex2", "squeeze1"), names[8:11], strict=True))
    spoiled = [
        replace(trial, params=trial.params | {"model": models[str(trial.params["model"])]}, host=names[0]) for trial in trials
    ]
    lost: dict[str, Any] = {"came": 0, "examples": 0, "seconds": 0.0}
    failed = replace(spoiled[-1], state="failed", values=None, curve=(), error="\n".join(names), **lost)
    space = dict(rest["space"]) | {"model": Dimension("categorical", names[0], choices=tuple(models.values()))}
    words = {
        "fixed_overrides": [f"data.path={name}" for name in names],
        "sampler": {"name": "tpe", names[2]: names[3]},
        "storage": names[8],
        "study_name": names[21],
        "objectives": ["accuracy"],
        "directions": ["maximize"],
        "pruner": {"name": "hyperband", names[8]: names[0]},
    }
    one = [replace(trial, values=trial.values and trial.values[:1]) for trial in [*spoiled[:-1], failed]]
    return lambda trials: load(made(one[-trials:], study=names[9], **rest | words | {"space": space}))


def test_every_text_of_a_search_stays_what_it_is(searched, outside, tmp_path):
    found = searched(4)
    shapes = [one.text.shape for one in tables.every(found)]
    for path in files.write(found, tmp_path, f"multi run/{outside.names[8]}", ("csv", "md", "tex")):
        outside.read(path, path.read_bytes().decode(), shapes)
    for width in (40, 80, None):
        console = Terminal(file=io.StringIO(), width=width or 80, force_terminal=width is not None, color_system=None)
        summary.show(found, console)
        assert isinstance(console.file, io.StringIO)
        assert outside.harmless(console.file.getvalue())


@pytest.mark.slow
@pytest.mark.exhaustive
def test_every_figure_of_a_search_holds_hostile_names(searched, outside, tmp_path):
    found = searched(9)
    shapes = [one.text.shape for one in tables.every(found)]
    for path in files.write(found, tmp_path, "multirun/x"):
        outside.read(path, "" if path.suffix == ".png" else path.read_bytes().decode(), shapes)
