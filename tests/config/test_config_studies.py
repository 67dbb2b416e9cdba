"""The named sweeps of conf/study: what may stand in their files, and that each of their arms can be trained."""

from typing import Any

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from made_up import composed

from ablate import designs
from ablate.config import loading
from ablate.planning import plan
from ablate.planning.command import command_of
from ablate.search import resolve, space
from ablate.search.settings import SearchSettings

FOLDER = loading.conf_dir() / "study"
ARMS = {
    "add_one_in": 7,
    "fc": 4,
    "init": 4,
    "lrn": 2,
    "models": 11,
    "one_factor": 7,
    "seed_ladder": 4,
    "weight_decay": 4,
}
SEARCHES = {"search_lr_batch": ["lr", "batch_size"]}  # what they search over
STUDIES = sorted(path.stem for path in FOLDER.glob("*") if path.stem not in SEARCHES)


def content(study: str) -> Any:
    return yaml.safe_load((FOLDER / f"{study}.yaml").read_text())


def in_hydra(study: str) -> tuple[str, dict[str, Any]]:
    """The design and the params that Hydra hands to the sweeper."""
    cfg = composed([f"study={study}"])
    return cfg.design, dict(cfg.hydra.sweeper.params)


def made(study: str, *words: str) -> plan.Plan:
    design, params = in_hydra(study)
    overrides = [*(f"{key}={value}" for key, value in params.items()), *words]
    command = command_of(OverridesParser.create().parse_overrides(overrides))
    return plan.make(command, design, composed)


def test_every_study_is_counted_here() -> None:
    assert list(ARMS) == STUDIES


@pytest.mark.parametrize("study", STUDIES)
def test_a_file_sets_question_design_and_params_alone(study: str) -> None:
    first, second, *_ = (FOLDER / f"{study}.yaml").read_text().splitlines()
    assert first == "# @package _global_"
    assert second.startswith("# ")  # where the question comes from
    assert content(study).keys() == {"question", "design", "hydra"}
    assert content(study)["design"] in designs.names()
    assert content(study)["hydra"].keys() == {"sweeper"}
    assert content(study)["hydra"]["sweeper"].keys() == {"params"}


@pytest.mark.parametrize("study", STUDIES)
def test_params_are_words_of_the_command_line(study: str) -> None:
    params = content(study)["hydra"]["sweeper"]["params"]
    assert {"steps", "seed"} <= params.keys()
    for key, value in params.items():
        assert key.partition(".")[0] in loading.KEYS, key
        assert type(value) in (str, int, float), f"{key}: {value!r}; quote on and off, and lists"
        for level in str(value).split(",") if (loading.conf_dir() / key).is_dir() else []:
            assert (loading.conf_dir() / key / f"{level}.yaml").is_file(), f"{key}={level}"


@pytest.mark.parametrize("study", STUDIES)
def test_hydra_hands_the_file_over_as_it_stands(study: str) -> None:
    design, params = in_hydra(study)
    assert design == content(study)["design"]
    assert list(params.items()) == list(content(study)["hydra"]["sweeper"]["params"].items())  # order is that of the factors


@pytest.mark.parametrize("study", STUDIES)
def test_every_arm_can_be_trained_and_is_another(study: str) -> None:
    plan_of_study = made(study, "data=digits")
    assert len(plan_of_study.arms) == ARMS[study]
    assert plan_of_study.same_arms() == []
    assert len({run.readout for run in plan_of_study.runs}) == len(plan_of_study.runs) == ARMS[study] * len(plan_of_study.seeds)


def test_the_seed_ladder_climbs_from_bare_to_all() -> None:
    ladder = made("seed_ladder", "data=digits", "seed=0")
    levels = [tuple(level for _, level in arm.levels) for arm in ladder.arms]
    assert levels == [("off", "off"), ("center", "off"), ("on", "off"), ("on", "on")]


def test_adding_in_undoes_leaving_out() -> None:
    def factors(study: str) -> dict[str, list[str]]:
        params = content(study)["hydra"]["sweeper"]["params"]
        return {key: value.split(",") for key, value in params.items() if key not in ("steps", "seed")}

    assert factors("add_one_in") == {key: levels[::-1] for key, levels in factors("one_factor").items()}
    defaults = composed(["data=digits"])
    full = {key: levels[0] for key, levels in factors("one_factor").items()}
    spelled_out = composed(["data=digits", *(f"{key}={level}" for key, level in full.items())])
    assert loading.resolve(spelled_out) == loading.resolve(defaults)  # the full recipe is what ablate trains unasked


def test_models_are_the_published_ones() -> None:
    levels = content("models")["hydra"]["sweeper"]["params"]["model"].split(",")
    assert levels[0] == "tuto"
    sources = {level: (loading.conf_dir() / "model" / f"{level}.yaml").read_text() for level in levels[1:]}
    for folder in ("alex", "nin", "squeeze"):
        files = {path.stem for path in (loading.conf_dir() / "model").glob(f"{folder}*.yaml")}
        assert files == {level for level, text in sources.items() if f"cifar10/models/{folder}/" in text}


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_asks_a_question(study: str) -> None:
    question = composed([f"study={study}"]).question
    assert question.endswith("?")
    assert len(question) < 150


@pytest.mark.parametrize("study", SEARCHES)
def test_a_search_sets_question_sweeper_and_params_alone(study: str) -> None:
    first, second, *_ = (FOLDER / f"{study}.yaml").read_text().splitlines()
    assert first == "# @package _global_"
    assert second.startswith("# ")
    assert content(study).keys() == {"defaults", "question", "hydra"}
    assert content(study)["defaults"] == [{"override /sweeper": "optuna"}]
    assert content(study)["hydra"]["sweeper"].keys() <= {"params", "n_trials", "confirm_seeds", "objectives"}
    cfg = composed([f"study={study}"])
    assert cfg.hydra.sweeper.sampler.name == "tpe"
    overrides = OverridesParser.create().parse_overrides([f"{key}={value}" for key, value in cfg.hydra.sweeper.params.items()])
    command = space.parse(overrides)
    assert list(command.space) == SEARCHES[study]
    asked = SearchSettings.of(cfg.hydra.sweeper, command.seeds)
    made = resolve.make(
        space.Command(command.space, (*command.fixed, "data=digits"), None),
        asked,
        lambda words: composed([*words, "hydra/sweeper=optuna"]),
    )
    assert made.points == ({"lr": 0.1, "batch_size": "128"},)  # the published setting is tried first
    assert made.asked.spec.evaluation_set == "validation"
