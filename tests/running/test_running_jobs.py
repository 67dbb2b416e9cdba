"""The environment that Hydra promises its jobs; that callbacks are called is tested with a whole sweep."""

import os
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from ablate.errors import AblateError
from ablate.running.jobs import environment


def config(**env_set: Any) -> DictConfig:
    return OmegaConf.create({"seed": 1, "hydra": {"job": {"env_set": env_set, "num": 2}}})


def test_it_is_there_and_then_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABLATE_TEST_KEPT", "before")
    monkeypatch.setenv("ABLATE_TEST_OTHER", "another's")
    wanted = {"ABLATE_TEST_KEPT": "new", "ABLATE_TEST_NEW": 1, "ABLATE_TEST_COPIED": "${oc.env:ABLATE_TEST_OTHER}"}
    with environment(config(**wanted)):
        assert [os.environ[name] for name in wanted] == ["new", "1", "another's"]
    assert [os.environ.get(name) for name in wanted] == ["before", None, None]
    with environment(config()):
        pass


@pytest.mark.parametrize("value", ["${seed}", "${hydra.job.num}", "a${ seed }b", "${hydra:job.num}", "${oc.select:x,${seed}}"])
def test_what_would_differ_between_runs_is_refused(value: str) -> None:
    with pytest.raises(AblateError) as told, environment(config(X=value)):
        pass
    assert str(told.value) == f"hydra.job.env_set.X must be the same for all runs, got {value!r}."


@pytest.mark.parametrize(("name", "value"), [("A=B", "c"), ("", "c"), ("A", "c\0d")])
def test_what_no_environment_can_have_is_refused_and_nothing_stays(name: str, value: str) -> None:
    before = dict(os.environ)
    wanted = config(**{"ABLATE_TEST_FIRST": "1", name: value})
    with pytest.raises(AblateError, match="cannot be set as an environment variable"), environment(wanted):
        pass
    assert dict(os.environ) == before
