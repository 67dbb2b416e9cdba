"""What sweep.json holds of a search, and trials.json, checked: each value can be what it is, and fits the others.

Both may come from somebody else, or from a disk that lost bits. What was changed after it was written fails its checksum; what
a stranger wrote with a checksum is at worst refused, with the file and the key.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ablate.store.schema import Node
from ablate.store.state import OF_TRIALS, State
from ablate.store.sweep import Sweep
from ablate.store.sweep_check import check_arms, check_runs
from ablate.store.sweep_runs import SweepRun
from ablate.store.trials import KNOWN_ONCE, OBJECTIVES, Dimension, aims, arm_keys, is_learned, label, space_of

SOURCES = ("enqueued", "sampled", "retried")
KINDS = ("categorical", "float", "int")
LATEST = 1e11  # seconds since 1970
_CLOSE = 1e-9  # between a score and the last value of its curve, two means of the same


def check_search(node: Node, sweep: Sweep) -> None:
    """What sweep.json holds under `search`.

    Args:
        sweep: what else the file holds, checked.

    Raises:
        BadFile: a value is none that it can have.
    """
    node["study_name"].text(200, empty=False)
    node["storage"].text(4096, empty=False)
    _check_space(node["space"], sweep)
    known = OBJECTIVES if sweep.metric is None else aims(str(sweep.metric["name"]), str(sweep.metric["better"]))
    names = [name.choice(known) for name in node["objectives"].items(1, 2)]
    if len(set(names)) < len(names):
        raise node["objectives"].wrong("different objectives")
    node["directions"].equals([known[name] for name in names], "those of the objectives")
    budget = node["budget"]
    if budget["examples"].value is not None:  # trainings of the user's own code end by themselves
        budget["examples"].whole(1)
        for key in ("epochs", "eval_epochs"):
            budget[key].number(0, above=0)
    node["n_trials"].whole(1)
    for key in ("sampler", "pruner"):
        node[key]["name"].text(100, empty=False)
        for _, value in node[key].entries():
            if isinstance(value.value, list | dict):
                raise value.wrong("a number, a word, true, false or null")
    node["confirm_seeds"].whole()
    for word in node["fixed_overrides"].items():
        word.text()
    for key, least in (("train_images", 1), ("validation_images", 0), ("sampler_seed", -(2**62))):
        if (count := node.get(key)) is not None:
            count.whole(least)
    for key in ("timeout", "min_epochs", "confirm_epochs", "final_epochs"):
        if (given := node.get(key)) is not None:
            given.number(0, above=0)
    if (rate := node.get("max_failure_rate")) is not None:
        rate.number(0, 1)
    if (flag := node.get("allow_test")) is not None:
        flag.boolean()
    if "arm_keys" in node:
        node["arm_keys"].equals(list(arm_keys(space_of(node.value))), "the keys whose values are words")
    if (definition := node.get("definition")) is not None:
        definition["objectives"].equals(names, "the objectives")
        definition["seeds"].equals(list(sweep.seeds), "the seeds of a trial")
        definition["examples of a trial"].equals(budget["examples"].value, "the examples of the budget")
        space = {
            key: {name: each for name, each in one.items() if name != "written"} for key, one in node["space"].value.items()
        }
        definition["space"].equals(space, "the space")
        definition["images"]["judged on"].equals(sweep.fixed.evaluation_set, "the evaluation set")
        if "validation_images" in node:
            definition["images"]["count"].equals(node["validation_images"].value, "the number of images")


def _check_space(node: Node, sweep: Sweep) -> None:
    node.object()
    if not node.value or list(node.value) != list(sweep.factors):
        raise node.bad("has other keys than factors")
    for key, one in node.entries(200):
        kind = one["kind"].choice(KINDS)
        one["written"].text()
        choices = [choice.text() for choice in one["choices"].items()]
        one["log"].boolean()
        if kind == "categorical":
            if not choices or len(set(choices)) < len(choices):
                raise one["choices"].wrong("a list of different words")
            for end in ("low", "high", "step"):
                one[end].equals(None, "as a list of words has no range")
        else:
            one["choices"].equals([], "an empty list where there is a range")
            low = one["low"].number(least=0, above=0) if one["log"].value else one["low"].number()
            one["high"].number(low)
            if (step := one.get("step")) is not None:
                step.number(0, above=0)
        if list(sweep.factors[key]) != choices:
            raise one["choices"].wrong("the levels of the factor")
    missing = [key for key in node.value if key not in sweep.baseline]
    if missing:
        raise node.bad(f"has {missing[0]}, which baseline has not")


def check_trials(node: Node, sweep: Sweep) -> None:
    """The content of trials.json.

    Args:
        sweep: of sweep.json, checked.

    Raises:
        BadFile: a value is none that it can have.
    """
    trials: dict[int, Node] = {}
    for trial in node["trials"].items():
        number = trial["number"].whole(max(trials, default=-1) + 1)
        _check_trial(trial, number, sweep)
        trials[number] = trial
    arms = check_arms(node["arms"], {key: [] for key in sweep.searched["space"]})
    runs = check_runs(node["runs"], len(arms))
    _check_arms(node, trials, runs, sweep)


def _check_trial(node: Node, number: int, sweep: Sweep) -> None:
    search = sweep.searched
    state = State(node["state"].choice(OF_TRIALS))
    _check_params(node, state, search)
    node["source"].choice(SOURCES)
    for key in ("examples", "reused_examples", "planned", "came"):
        node[key].whole()
    for key in ("seconds", "reused_seconds"):
        node[key].number(0)
    for key in ("began", "ended"):
        if node[key].value is not None:
            node[key].number(0, LATEST)
    for key in ("host", "error"):
        if node[key].value is not None:
            node[key].text()
    if node["retry_of"].value is not None:
        if number == 0:
            raise node["retry_of"].wrong("null, as it is the first")
        node["retry_of"].whole(0, number - 1)
    if (node["source"].value == "retried") != (node["retry_of"].value is not None):
        raise node["source"].bad("cannot be combined with retry_of")
    node["seeds"].equals(len(sweep.seeds), "the number of seeds of a trial")
    curve = check_curve(node["curve"], search["objectives"])
    node["came"].equals(max((at for at, _ in curve), default=0), "the examples of the last value of its curve")
    _check_values(node, state, curve, search)


def _check_params(node: Node, state: State, search: Mapping[str, Any]) -> None:
    space = space_of(search)
    for key, value in node["params"].entries():
        if key not in space:
            raise value.bad("is not what is searched over")
        if not isinstance(value.value, str):
            value.number()
        if not lies(value.value, space[key]):
            raise value.wrong(f"within {space[key].written}")
    missing = [key for key in space if key not in node["params"]]
    if missing and state.is_finished:
        node["params"][missing[0]]  # says that it is missing
    for key, word in node["arm"].entries():
        if key not in arm_keys(space) or key not in node["params"]:
            raise word.bad("is no parameter of its arm")
        word.equals(str(node["params"].value[key]), "its parameter")


def lies(value: float | int | str, one: Dimension) -> bool:
    """Whether a value is one of a dimension, but for the last digits of a number."""
    if one.kind == "categorical" or isinstance(value, str):
        return value in one.choices
    assert one.low is not None
    assert one.high is not None
    beyond = _CLOSE * max(abs(one.low), abs(one.high))
    place = (value - one.low) / (one.step or 1.0)
    on_grid = one.step is None or math.isclose(place, round(place), abs_tol=1e-6)
    return one.low - beyond <= value <= one.high + beyond and on_grid and (one.kind == "float" or type(value) is int)


def check_curve(node: Node, objectives: Sequence[str]) -> list[tuple[int, float]]:
    """The values of a trial over its examples, of the objective that curves are of.

    Raises:
        BadFile: a value is none that it can have.
    """
    learned = next((name for name in objectives if is_learned(name)), None)
    curve: list[tuple[int, float]] = []
    for point in node.items():
        at, value = point.items(2, 2)
        found = at.whole(curve[-1][0] + 1 if curve else 1), score(value, learned or objectives[0])
        curve.append(found)
    return curve


def _check_values(node: Node, state: str, curve: Sequence[tuple[int, float]], search: Mapping[str, Any]) -> None:
    values, objectives = node["values"], search["objectives"]
    if state != "done":
        values.equals(None, f"as the trial is {state}")
        return
    scores = [
        score(value, name) for value, name in zip(values.items(len(objectives), len(objectives)), objectives, strict=True)
    ]
    together = search["budget"]["examples"] is not None or node["seeds"].value == 1  # else each seed ends where it wants
    differs = bool(curve) and not math.isclose(curve[-1][1], scores[0], rel_tol=0, abs_tol=_CLOSE)
    if together and is_learned(objectives[0]) and differs:
        raise values.items()[0].wrong(f"{curve[-1][1]!r}, the last value of its curve")


def score(node: Node, objective: str) -> float:
    """A value of an objective.

    Raises:
        BadFile: it is none that the objective can have.
    """
    if objective in KNOWN_ONCE:
        return float(node.number(0))
    return node.number(0, 1) if objective == "accuracy" else node.number()


def _check_arms(node: Node, trials: Mapping[int, Node], runs: Sequence[SweepRun], sweep: Sweep) -> None:
    """Every arm is a trial, as it is called and with its parameters; its runs have the seeds of a trial, each once."""
    seeds = list(sweep.seeds)
    of_arm: dict[int, list[int]] = {}
    trial_of: dict[int, int] = {}
    for run, entry in zip(runs, node["runs"].items(), strict=True):
        if (trial := entry["trial"].whole()) not in trials:
            raise entry["trial"].wrong("the number of a trial")
        if trial_of.setdefault(run.arm, trial) != trial:
            raise entry["trial"].wrong(f"{trial_of[run.arm]}, that of its arm")
        of_arm.setdefault(run.arm, []).append(run.seed)
        if run.seed not in seeds or of_arm[run.arm].count(run.seed) > 1:
            raise entry["seed"].wrong("a seed of the search, once for each trial")
    if len(set(trial_of.values())) < len(trial_of):
        raise node["runs"].bad("have a trial in two arms")
    for number, arm in enumerate(node["arms"].items()):
        if number not in trial_of:
            raise arm.bad("has no runs")
        params = trials[trial_of[number]].value["params"]
        arm["label"].equals(label(trial_of[number], params), "the name of its trial")
        arm["levels"].equals({key: str(params.get(key, "")) for key in sweep.searched["space"]}, "the parameters of its trial")
