"""The trials of a study as a storage has them, checked before anything is made of them: a storage may come from a stranger.

A value of a trial becomes a word of a command, a fingerprint a folder, a number of a sampler how often it draws. So each has to
be what this program and Optuna's samplers write; another one is told with the trial and its key.
"""

from collections.abc import Mapping
from pathlib import Path

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ablate.errors import AblateError
from ablate.search import algorithms, optuna_private, space
from ablate.search.export_trials import BEGUN
from ablate.search.trial_queue import LEASE, POINT, RECORD, RETRY, STATUS
from ablate.store.schema import BadFile, Node
from ablate.store.search_check import LATEST, check_curve, lies, score
from ablate.store.state import OF_TRIALS
from ablate.store.sweep_check import check_runs
from ablate.store.trials import Dimension

MOST_GRID = 10**9  # points of a grid that are numbered
ADVICE = "Search with another storage, or a new hydra.sweeper.study_name."


def check_study(study: optuna.Study, dimensions: Mapping[str, Dimension], objectives: Mapping[str, str], where: str) -> None:
    """Check all trials of a study, and what samplers noted of it.

    Args:
        objectives: maximize or minimize, by name. where: the journal, or the name of the study in a database.

    Raises:
        BadFile: a value is none that was ever written; names the trial and the key.
    """
    wanted = [StudyDirection.MAXIMIZE if way == "maximize" else StudyDirection.MINIMIZE for way in objectives.values()]
    if study.directions != wanted:
        raise AblateError(f"{where}: the directions of {study.study_name} are not those of {', '.join(objectives)}. {ADVICE}")
    trials = study.get_trials(deepcopy=False)
    try:
        for trial in trials:
            _check_trial(trial, len(trials), dimensions, list(objectives), where)
        for key, value in optuna_private.system_attrs(study).items():
            if key.startswith("qmc:"):  # how many points of a sequence were drawn; the next one is computed from the first on
                Node(value, Path(where), "the number of points drawn").whole(0, len(trials))
    except BadFile as error:
        raise BadFile(f"{error} {ADVICE}") from None


def _check_trial(
    trial: FrozenTrial, count: int, dimensions: Mapping[str, Dimension], objectives: list[str], where: str
) -> None:
    content = {
        "params": dict(trial.params),
        "values": None if trial.values is None else list(trial.values),
        "intermediate_values": {str(step): value for step, value in trial.intermediate_values.items()},
        "user_attrs": trial.user_attrs,
        "system_attrs": trial.system_attrs,
    }
    node = Node(content, Path(where), f"trials[{trial.number}]")
    _check_params(node["params"], dimensions)
    for key, found in trial.distributions.items():
        if found != algorithms.distribution(dimensions[key]):
            raise node["params"].bad(f"has {key} from another range than {dimensions[key].written}")
    if trial.state == TrialState.COMPLETE:
        values = node["values"].items(len(objectives), len(objectives))
        for value, name in zip(values, objectives, strict=True):
            score(value, name)
        for key in dimensions:
            node["params"][key]
    for _, value in node["intermediate_values"].entries():
        score(value, objectives[0])
    _check_notes(node["user_attrs"], trial.number, objectives)
    _check_sampler(node["system_attrs"], count, dimensions)


def _check_params(node: Node, dimensions: Mapping[str, Dimension]) -> None:
    for key, value in node.entries():
        if key not in dimensions:
            raise value.bad("is not what is searched over")
        if not isinstance(value.value, str):
            value.number()
        if not lies(value.value, dimensions[key]):
            raise value.wrong(f"within {dimensions[key].written}")


def _check_notes(node: Node, number: int, objectives: list[str]) -> None:
    """What processes of this program noted of a trial."""
    if (lease := node.get(LEASE)) is not None:
        lease.object()
    if (status := node.get(STATUS)) is not None:
        status.choice(OF_TRIALS)
    if (point := node.get(POINT)) is not None:
        point.text()
    if RETRY in node:
        node[RETRY].whole(0, max(number - 1, 0))
    if (record := node.get(RECORD)) is not None:
        _check_record(record, objectives)
    if (begun := node.get(BEGUN)) is not None:
        _check_record(begun, objectives)
        check_runs(begun["runs"], number + 1)
        for name, before in begun["before"].entries():
            Node(name, node.file, f"a key of {begun.key}.before").fingerprint()
            step, seconds = before.items(2, 2)
            step.whole()
            seconds.number(0)


def _check_record(node: Node, objectives: list[str]) -> None:
    """How far a trial came and what it cost."""
    if (curve := node.get("curve")) is not None:
        check_curve(curve, objectives)
    for key in ("examples", "reused_examples", "planned", "came"):
        if (count := node.get(key)) is not None:
            count.whole()
    for key in ("seconds", "reused_seconds"):
        if (seconds := node.get(key)) is not None:
            seconds.number(0)
    for key in ("began", "ended"):
        if (time := node.get(key)) is not None:
            time.number(0, LATEST)
    for key in ("error", "host"):
        if (text := node.get(key)) is not None:
            text.text()


def _check_sampler(node: Node, count: int, dimensions: Mapping[str, Dimension]) -> None:
    """What a sampler or pruner of Optuna noted of a trial. What another program noted is left alone, and never read."""
    for key, value in node.entries():
        if key == "fixed_params":
            _check_params(value, dimensions)
        elif key.endswith(":generation"):
            value.whole(0, count)
        elif key == "grid_id":
            points = space.size(dimensions)
            value.whole(0, MOST_GRID if points is None else max(points - 1, 0))
        elif key == "x_for_tell":
            for one in value.items(1, len(dimensions)):
                one.number()
        elif key.startswith("completed_rung_"):
            value.number()


def where_of(storage: str | None, journal: Path, study: str) -> str:
    """How a storage is called in a message: by its journal, else by the study in it, as a URL may have a password."""
    return study if storage is not None and "://" in storage else str(journal if storage is None else storage)
