import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ablate import config, plan
from ablate.results.repeat import commands


def made(design, words, study=None, resolution=4):
    command = plan.parse(OverridesParser.create().parse_overrides(words))
    return plan.make(command, design, config.compose, resolution, study)


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
        ("factorial", ["data=digits", "augment.contrast=[0.5,1.5],[0.2,1.8]", "seed=0"], 4),
    ],
)
@pytest.mark.parametrize("study", [None, "lrn"])
def test_the_command_gives_the_very_same_sweep(design, words, resolution, study):
    first = made(design, words, study, resolution)
    content = first.to_json()
    train, report = commands(content, f"multirun/{first.name}")
    head, sweep = shlex.split(train)[:4], shlex.split(train)[4:]
    assert head == ["python", "-m", "ablate", "-m"]
    assert report == f"python -m ablate report multirun/{first.name}"
    second = again(sweep)
    assert second.to_json() == content
    if resolution == 4:
        assert second.name == first.name


def test_a_folder_of_own_configs_is_named():
    content = made("factorial", ["data=digits", "ema=on,off"]).to_json()
    assert commands({**content, "config_dir": "my conf"}, "x")[0].startswith("python -m ablate -m -cd 'my conf' ema=on,off")


def test_a_joined_sweep_has_no_command_of_its_own():
    content = made("factorial", ["data=digits", "ema=on,off"]).to_json()
    assert commands({**content, "joined": ["a", "b"]}, "multirun/a") == []
