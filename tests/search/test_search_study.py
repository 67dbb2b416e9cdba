"""Trials from a storage that somebody sent: what they cannot have is refused with the trial and the key."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from ablate.errors import AblateError
from ablate.search import algorithms
from ablate.search.export_trials import BEGUN
from ablate.search.study_check import check_study
from ablate.search.trial_queue import LEASE, RECORD, RETRY, STATUS
from ablate.store.trials import Dimension

SPACE = {
    "lr": Dimension("float", "interval(0.01,0.5)", low=0.01, high=0.5),
    "batch_size": Dimension("categorical", "64,128", choices=("64", "128")),
}
DISTRIBUTIONS = {key: algorithms.distribution(one) for key, one in SPACE.items()}
RUN = {
    **{"number": 0, "arm": 0, "seed": 0, "overrides": ["lr=0.1"], "fingerprint": "0123456789abcdef", "eval_every": 9},
    "readout": {"weights": "averaged", "step": 9},
}
BEGUN_NOTE: dict[str, Any] = {"runs": [RUN], "before": {"0123456789abcdef": [0, 0.0]}, "planned": 1152, "host": "vm"}
NOTES = {LEASE: {"pid": 1, "host": "vm"}, STATUS: "done", RECORD: {"curve": [[1152, 0.5]], "examples": 1152}, BEGUN: BEGUN_NOTE}


def study(**changes: Any) -> optuna.Study:
    """One with a finished trial and one that waits; changes are of the finished one."""
    made = optuna.create_study(study_name="ours", direction=changes.pop("direction", "maximize"))
    usual = {"params": {"lr": 0.1, "batch_size": "64"}, "distributions": DISTRIBUTIONS, "value": 0.5, "user_attrs": NOTES}
    made.add_trial(create_trial(state=TrialState.COMPLETE, **usual | changes))
    made.enqueue_trial({"lr": 0.2, "batch_size": "128"})
    return made


def check(made: optuna.Study) -> None:
    check_study(made, SPACE, {"accuracy": "maximize"}, "x/trials.journal")


def test_what_this_program_writes_is_taken() -> None:
    made = study(system_attrs={"completed_rung_0": 0.5, "cma:generation": 1, "tpe:relative_params:0": "{}", "of others": [1]})
    made._storage.set_study_system_attr(made._study_id, "qmc:0", 2)
    check(made)


OTHER = {"lr": FloatDistribution(0.01, 9.0), "batch_size": DISTRIBUTIONS["batch_size"]}
WORDS = {"lr": DISTRIBUTIONS["lr"], "batch_size": optuna.distributions.CategoricalDistribution(("${oc.env:HOME}", "../x"))}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": -1.0}, "trials[0].values[0] must be a number from 0 to 1, got -1.0."),
        (
            {"params": {"lr": 7.0, "batch_size": "64"}, "distributions": OTHER},
            "params.lr must be within interval(0.01,0.5), got 7.0.",
        ),
        ({"distributions": OTHER}, "trials[0].params has lr from another range than interval(0.01,0.5)."),
        (
            {"params": {"lr": 0.1, "batch_size": "${oc.env:HOME}"}, "distributions": WORDS},
            "trials[0].params.batch_size must be within 64,128, got '${oc.env:HOME}'.",
        ),
        ({"params": {"lr": 0.1}, "distributions": {"lr": DISTRIBUTIONS["lr"]}}, "trials[0].params.batch_size is missing."),
        (
            {"params": {"store": 0.1}, "distributions": {"store": DISTRIBUTIONS["lr"]}},
            "trials[0].params.store is not what is searched",
        ),
        ({"intermediate_values": {10: 7.0}}, "trials[0].intermediate_values.10 must be a number from 0 to 1, got 7.0."),
        ({"user_attrs": {LEASE: 3}}, "user_attrs.lease must be an object, got 3."),
        ({"user_attrs": {STATUS: "fine"}}, "user_attrs.status must be one of waiting,"),
        ({"user_attrs": {RETRY: 99}}, "user_attrs.retry_of must be an integer from 0 to 0, got 99."),
        ({"user_attrs": {RECORD: {"curve": [[1, 2]]}}}, "user_attrs.record.curve[0][1] must be a number from 0 to 1, got 2."),
        ({"user_attrs": {RECORD: {"examples": "x"}}}, "user_attrs.record.examples must be an integer of 0 or more, got 'x'."),
        (
            {"user_attrs": {BEGUN: BEGUN_NOTE | {"runs": [RUN | {"fingerprint": "../../../etc"}]}}},
            "begun.runs[0].fingerprint must be a fingerprint of 16 hexadecimal digits, got '../../../etc'.",
        ),
        (
            {"user_attrs": {BEGUN: BEGUN_NOTE | {"before": {"../x": [0, 0]}}}},
            "before must be a fingerprint of 16 hexadecimal digits",
        ),
        ({"system_attrs": {"NSGAIISampler:generation": 10**18}}, "must be an integer from 0 to 2, got 1000000000000000000."),
        ({"system_attrs": {"x_for_tell": ["x", 1]}}, "system_attrs.x_for_tell[0] must be a number, got 'x'."),
        ({"system_attrs": {"completed_rung_0": "x"}}, "system_attrs.completed_rung_0 must be a number, got 'x'."),
        ({"system_attrs": {"grid_id": 10**12}}, "system_attrs.grid_id must be an integer from 0 to 1,000,000,000, got"),
        (
            {"system_attrs": {"fixed_params": {"lr": 9}}},
            "system_attrs.fixed_params.lr must be within interval(0.01,0.5), got 9.",
        ),
    ],
)
def test_what_a_trial_cannot_have_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AblateError) as caught:
        check(study(**changes))
    told = str(caught.value)
    assert told.startswith("x/trials.journal: trials[0].") or told.startswith("x/trials.journal: a key of trials[0].")
    assert message in told
    assert told.endswith("Search with another storage, or a new hydra.sweeper.study_name.")


def counted(made: optuna.Study) -> None:
    made._storage.set_study_system_attr(made._study_id, "qmc:0", 10**18)  # which would be drawn one after the other


def waiting(made: optuna.Study) -> None:
    made.enqueue_trial({"lr": 1e9})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (counted, "the number of points drawn must be an integer from 0 to 2, got 1000000000000000000."),
        (waiting, "trials[2].system_attrs.fixed_params.lr must be within interval(0.01,0.5), got 1000000000.0."),
    ],
)
def test_what_a_study_cannot_have_is_told(change: Callable[[optuna.Study], None], message: str) -> None:
    made = study()
    change(made)
    with pytest.raises(AblateError) as caught:
        check(made)
    assert message in str(caught.value)


def test_a_study_of_another_direction_is_refused() -> None:
    with pytest.raises(AblateError, match="the directions of ours are not those of accuracy"):
        check(study(direction="minimize"))
