import json
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from made_up import composed

from ablate.config import usual_length
from ablate.planning import plan
from ablate.planning.command import command_of
from ablate.report.repeat import commands, name
from ablate.store.sweep import Sweep


def made(design, words, study=None, resolution=4):
    command = command_of(OverridesParser.create().parse_overrides(words))
    return plan.make(command, design, composed, resolution, study)


def again(words):
    """The plan of a command line, with its design and study as the sweeper takes them from it."""
    taken = {key: value for key, _, value in (word.partition("=") for word in words)}
    rest = [word for word in words if word.partition("=")[0] not in ("design", "study", "resolution")]
    return made(taken.get("design", "factorial"), rest, taken.get("study"), int(taken.get("resolution", 4)))


@pytest.mark.parametrize(
    ("design", "words", "resolution"),
    [
        ("factorial", ["data=digits", "augment=on,off", "ema=on,off", "seed=3,1", "steps=50"], 4),
        ("one_factor", ["data=digits", "lr=0.1,0.05", "report.margin=0.25", "store=elsewhere", "seed=0"], 4),
        ("ladder", ["data=digits", "augment=off,center,on", "ema=off,on", "seed=range(0,3)"], 4),
        ("fractional", ["data=digits", "augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one", "lr=0.1,0.2"], 5),
        ("fractional", ["data=digits", "augment=on,off", "ema=on,off", "lrn=on,off"], 4),  # no smaller fraction has it
        ("fractional", ["data=digits", "augment=on,off", "ema=on,off", "lrn=on,off", "lr=0.1,0.2"], 5),
        ("factorial", ["data=digits", "augment.contrast=[0.5,1.5],[0.2,1.8]", "seed=0"], 4),
        ("factorial", ["data=digits", "model='tuto',alex2", "store='a b, c=d/$x'", "lr=1e-1", "seed=7"], 4),
        ("one_factor", ["data=digits", "lr=range(0.01,0.04,0.01)", "epochs=0.5", "store=../runs", "report.margin=0.125"], 4),
    ],
)
@pytest.mark.parametrize("study", [None, "lrn"])
def test_the_command_gives_the_very_same_sweep(design, words, resolution, study):
    first = made(design, words, study, resolution)
    content = first.sweep
    train, report = commands(content, f"multirun/{first.name}")
    head, sweep = shlex.split(train)[:4], shlex.split(train)[4:]
    assert head == ["python", "-m", "ablate", "-m"]
    assert report == f"python -m ablate report multirun/{first.name}"
    keys = [word.partition("=")[0] for word in sweep]
    assert len(set(keys)) == len(keys), "no key twice"
    second = again(sweep)
    length = ["steps=10000", "eval_every=1000"] if study is None and usual_length.added(words) else []  # said since
    assert set(length) <= set(sweep)
    runs = (replace(run, overrides=tuple(word for word in run.overrides if word not in length)) for run in second.sweep.runs)
    assert replace(second.sweep, runs=tuple(runs)) == content
    assert second.name == first.name == name(content, resolution)
    assert "hydra.sweep.dir" not in keys


def test_the_folder_of_a_study_tells_the_resolution_that_its_name_holds():
    first = made("factorial", ["data=digits", "ema=on,off"], "lrn", 5)
    words = shlex.split(commands(first.sweep, f"elsewhere/{first.name}")[0])
    assert "resolution=5" in words
    assert f"hydra.sweep.dir=elsewhere/{first.name}" in words


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("multirun/{name}", None),
        ("/abs/multirun/{name}", None),
        ("multirun/mine", "hydra.sweep.dir=multirun/mine"),
        ("out/{name}", "hydra.sweep.dir=out/{name}"),
        ("a b/c,d=e", 'hydra.sweep.dir="a b/c,d=e"'),
        ("123", 'hydra.sweep.dir="123"'),
    ],
)
def test_a_folder_of_ones_own_is_named_as_hydra_reads_it(place, word, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    content = made("factorial", ["data=digits", "ema=on,off"]).sweep
    folder = place.format(name=name(content))
    train, report = commands(content, folder)
    assert [each for each in shlex.split(train) if each.startswith("hydra.")] == (
        [word.format(name=name(content))] if word else []
    )
    assert shlex.split(report)[-1] == folder
    for each in [word] if word else []:
        [read] = OverridesParser.create().parse_overrides([each.format(name=name(content))])
        value = read.value()
        assert (value.text if isinstance(value, QuotedString) else value) == folder


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_printed_command_plans_the_same_sweep_in_another_folder(tmp_path, monkeypatch, environment):
    (tmp_path / "my" / "model").mkdir(parents=True)
    layers = "layers:\n  - conv: {kernel: 3, filters: 4}\n  - pool: {size: 3, stride: 2}\n  - classifier: {}\n"
    (tmp_path / "my" / "model" / "small.yaml").write_text(layers)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        done = subprocess.run([sys.executable, "-m", "ablate", *words], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    own = ["-cd", "my", "data=digits", "model=small", "steps=4", "eval_every=4", "threads=1", "report.formats=[md]"]
    run("-m", *own, "lr=0.1,0.05", "seed=0,1", "store=my runs", "hydra.sweep.dir=my sweeps/first")
    content = json.loads(Path("my sweeps/first/sweep.json").read_text())
    line, _ = commands(Sweep.from_json(content), "my sweeps/first")
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree("my", "elsewhere/my")
    monkeypatch.chdir(tmp_path / "elsewhere")
    run("-m", *shlex.split(line)[4:], "report.formats=[md]")
    again = json.loads(Path("my sweeps/first/sweep.json").read_text())
    assert {**again, "fixed_at": 0} == {**content, "fixed_at": 0}
    assert sorted(path.name for path in Path("my runs").iterdir()) == sorted(path.name for path in Path("../my runs").iterdir())


def test_a_folder_of_own_configs_is_named():
    content = made("factorial", ["data=digits", "ema=on,off"]).sweep
    assert commands(replace(content, config_dir="my conf"), "x")[0].startswith("python -m ablate -m -cd 'my conf' ema=on,off")


def test_a_joined_sweep_has_no_command_of_its_own():
    content = made("factorial", ["data=digits", "ema=on,off"]).sweep
    assert commands(replace(content, joined=("a", "b")), "multirun/a") == []
