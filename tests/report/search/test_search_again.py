"""The command that repeats a search: resolved again, it is the search that it came from."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from hypothesis import given
from hypothesis import strategies as st
from made_up import composed
from omegaconf import DictConfig

from ablate.commands import command_line
from ablate.config import loading
from ablate.errors import AblateError
from ablate.planning.command import of_study
from ablate.report.search import repeat
from ablate.results import search as results
from ablate.search import space
from ablate.search.resolve import make
from ablate.search.settings import SearchSettings
from ablate.search.spec import SearchSpec
from ablate.store import trials, trials_file, write_json
from ablate.store.sweep_runs import SweepArm
from ablate.store.trials import Trial, label


def resolved(words: Sequence[str], study: str | None = None, config_dir: str | None = None) -> SearchSpec:
    """The search of a command line, resolved as its sweeper does."""
    parser = OverridesParser.create()
    single = [str(word.input_line) for word in parser.parse_overrides(list(words)) if not word.is_sweep_override()]

    def compose(given: Sequence[str]) -> DictConfig:
        return composed(given) if config_dir is None else loading.compose(given, config_dir)

    node = compose(single).hydra.sweeper
    own = [word for word in words if not word.startswith(("hydra.", "hydra/"))]
    command = space.parse(parser.parse_overrides(of_study(node.params, own)))
    settings = SearchSettings.of(node, command.seeds)
    return make(
        command,
        settings,
        lambda given: compose([*(word for word in given if not word.startswith("study=")), "sweeper=optuna"]),
        study,
        config_dir=config_dir,
    )


def written(made: SearchSpec, folder: Path) -> results.SearchResults:
    """What there is to read of it after its first trials."""
    budget = made.budget.examples
    same: dict[str, Any] = {"planned": budget, "seeds": len(made.settings.seeds)}
    firsts = [Trial(number, "pruned", point, source="enqueued", **same) for number, point in enumerate(made.points)]
    inside = trials.placed(made.default, made.space) or next(iter(made.points), None)
    firsts += [] if inside is None else [Trial(len(firsts), "pruned", inside, **same)]
    runs = [run for trial in firsts for run in made.runs(trial.number, dict(trial.params))]
    arms = [
        SweepArm(trial.number, label(trial.number, trial.params), {key: str(value) for key, value in trial.params.items()})
        for trial in firsts
    ]
    write_json(folder / "sweep.json", replace(made.sweep, fixed_at=0).to_json())
    trials_file.write(folder, firsts, arms, [replace(run.noted, trial=run.arm) for run in runs])
    return results.load(folder)


def words_of(line: str) -> list[str]:
    program, _, rest = line.partition(" -m ablate -m ")
    assert program == "python"
    return shlex.split(rest)


def essence(made: SearchSpec) -> Mapping[str, Any]:
    """All that a search is, but for how it was told."""
    told = made.sweep.to_json()
    told["search"] = {key: value for key, value in told["search"].items() if key not in ("fixed_overrides", "confirm_epochs")}
    same = {"points": made.points, "images": made.images, "fixed": set(made.fixed), "storage": made.settings.storage}
    return {**told, **same, "settings": replace(made.settings, confirm_epochs=made.final_epochs, enqueue=())}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("lr=tag(log,interval(0.01,0.5))", "batch_size=64,128"), id="plain", marks=pytest.mark.slow),
        pytest.param(
            (
                *("lr=0.1,0.2", "epochs=0.5", "seed=3,1", "data.validation=100", "ema=off", "report.margin=1"),
                *("hydra/sweeper/sampler=random", "hydra.sweeper.sampler.seed=7", "hydra/sweeper/pruner=none"),
            ),
            id="random",
        ),
        pytest.param(
            (
                *("lr=interval(0.01,0.5)", "batch_size=64,128", "steps=40", "hydra.sweeper.timeout=1e5"),
                *("hydra/sweeper/pruner=percentile", "hydra.sweeper.pruner.percentile=30", "hydra.sweeper.eval_epochs=0.5"),
                *("hydra.sweeper.storage='sqlite:///my trials.db?timeout=3'", "hydra.sweeper.study_name=ours-0a1b2c3d"),
                "hydra.sweeper.enqueue=[{lr:0.03,batch_size:64},{batch_size:64}]",
            ),
            id="percentile",
        ),
        pytest.param(
            (
                *("lr=interval(0.05,0.5)", "epochs=2", "hydra.sweeper.confirm_epochs=3", "store=elsewhere"),
                *("data.eval_on=test", "data.validation=50", "hydra.sweeper.allow_test=true", "hydra.sweeper.confirm_seeds=0"),
                *("hydra.sweeper.enqueue=[]", "hydra.sweeper.study_name='12'", "hydra.sweeper.max_failure_rate=0.25"),
            ),
            id="on the test set",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            (
                *("model=tuto,alex2", "augment.flip=true,false", "epochs=1", "hydra.sweeper.n_trials=50"),
                *("hydra/sweeper/sampler=grid", "hydra/sweeper/pruner=none"),
                "hydra.sweeper.objectives=[accuracy,operations]",
            ),
            id="grid",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_command_of_a_search_gives_it_again(words: tuple[str, ...], tmp_path: Path) -> None:
    made = resolved(("hydra/sweeper=optuna", "data=digits", *words))
    again = resolved(words_of(repeat.again(written(made, tmp_path / "multirun" / "one"))))
    assert again.name == made.name
    assert again.definition == made.definition
    assert essence(again) == essence(made)


def test_a_study_is_told_by_what_it_said(tmp_path: Path) -> None:
    study = tmp_path / "my" / "study" / "mine.yaml"
    study.parent.mkdir(parents=True)
    study.write_text(
        "# @package _global_\n"
        "defaults:\n  - override /sweeper: optuna\n  - override /hydra/sweeper/pruner: median\n"
        "hydra:\n  sweeper:\n    n_trials: 7\n    seeds: [4]\n    sampler:\n      multivariate: false\n    params:\n"
        "      data: digits\n      lr: interval(0.1,0.2)\n      steps: 30\n      data.validation: 70\n"
    )
    own = str(tmp_path / "my")
    usual = ("hydra.sweeper.n_trials=20", "hydra.sweeper.sampler.multivariate=true", "hydra/sweeper/pruner=hyperband")
    made = resolved(("study=mine", "epochs=1", "lr=interval(0.1,0.3)", *usual), "mine", own)
    line = repeat.again(written(made, tmp_path / "multirun" / "one"))
    config_dir, own_again, *words = words_of(line)
    assert (config_dir, own_again) == ("-cd", own)
    again = resolved(words, None, own)
    assert again.name == made.name
    assert again.definition == made.definition
    assert again.settings == replace(made.settings, study_name=made.name)


def test_the_folder_is_named_where_its_name_would_not_put_it_there(tmp_path: Path) -> None:
    made = resolved(("hydra/sweeper=optuna", "data=digits", "lr=interval(0.1,0.2)", "epochs=1"))
    for place, told in ((f"multirun/{made.name}", None), (f"mine/{made.name}", "mine"), ("multirun/a b", "'multirun/a b'")):
        folder = tmp_path / place
        lines = repeat.commands(written(made, folder), str(folder))
        [*found] = [word for word in words_of(lines["repeat the search"]) if word.startswith("hydra.sweep.dir=")]
        if told is None:
            assert found == []
        else:
            [read] = OverridesParser.create().parse_overrides(found)
            assert _without_quotes(read.value()) == str(folder)


def test_a_storage_is_named_without_its_password(made: Callable[..., Path]) -> None:
    found = results.load(made(storage="postgresql://ada:***@db.example/trials?sslmode=require"))
    commands = repeat.commands(found, "multirun/search")
    line = commands["repeat the search, with the password of its storage for ***"]
    [word] = [word for word in words_of(line) if word.startswith("hydra.sweeper.storage=")]
    [read] = OverridesParser.create().parse_overrides([word])
    assert read.value() == "postgresql://ada:***@db.example/trials?sslmode=require"


def test_the_name_of_a_search_stands_for_its_command(tmp_path: Path) -> None:
    words = ("lr=0.1,0.2", "epochs=0.5", "data=digits", "hydra/sweeper/sampler=random", "hydra/sweeper/pruner=none")
    found = resolved(("hydra/sweeper=optuna", *words))
    folder = tmp_path / "multirun" / found.name
    written(found, folder)
    line = command_line.of_sweep(command_line.read(["-m", str(folder), "hydra.sweeper.n_trials=7"]))
    again = resolved(line.overrides)
    assert (again.name, again.definition) == (found.name, found.definition)
    assert again.settings == replace(found.settings, n_trials=7)


def test_a_search_whose_storage_has_a_password_is_continued_with_it_alone(made: Callable[..., Path]) -> None:
    folder = made(storage="postgresql://ada:***@db.example/trials")
    with pytest.raises(AblateError, match=r"has a password, which is not kept\. Add hydra\.sweeper\.storage=URL"):
        command_line.of_sweep(command_line.read(["-m", str(folder)]))
    given = "hydra.sweeper.storage='postgresql://ada:${oc.env:SECRET}@db.example/trials'"
    assert given in command_line.of_sweep(command_line.read(["-m", str(folder), given])).overrides


TEXTS = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("lr", "optimizer.momentum")), inner),
    max_leaves=5,
)


@given(VALUES)
def test_hydra_reads_a_value_as_it_was_written(value: Any) -> None:
    [read] = OverridesParser.create().parse_overrides([f"key={repeat.as_word(value)}"])
    assert _without_quotes(read.value()) == value


def _without_quotes(value: Any) -> Any:
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_without_quotes(one) for one in value]
    return {key: _without_quotes(one) for key, one in value.items()} if isinstance(value, dict) else value
