"""From the trials of a study to trials.json."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from ablate.search.spec import SearchSpec
from ablate.search.trial import ActiveTrial
from ablate.search.trial_queue import RECORD, RETRY, counted, state_of
from ablate.store import trials_file
from ablate.store.state import State
from ablate.store.sweep_runs import SweepArm, SweepRun
from ablate.store.trials import Trial, label

BEGUN = "begun"  # of a trial: its runs, and how far their trainings were


def export_trials(search: SearchSpec, folder: Path, trials: Sequence[FrozenTrial], at_work: Mapping[int, ActiveTrial]) -> None:
    """Write trials.json.

    Args:
        at_work: the trials of this process, by number, of which more is known than the study was told.
    """
    counting = {trial.number for trial in counted(trials)}
    rows = [_as_record(trial, search, at_work.get(trial.number)) for trial in trials]
    rows = [one if one.state.is_finished or one.number in counting else _void(one) for one in rows]
    arms: list[SweepArm] = []
    runs: list[SweepRun] = []
    for trial in trials:
        begun = trial.user_attrs.get(BEGUN)
        if begun is not None and trial.number in counting:
            levels = {key: str(trial.params.get(key, "")) for key in search.space}
            arms.append(SweepArm(len(arms), label(trial.number, trial.params), levels))
            noted = map(SweepRun.from_json, begun["runs"])
            runs += [replace(run, arm=arms[-1].number, trial=trial.number) for run in noted]
    trials_file.write(folder, rows, arms, runs)


def _void(trial: Trial) -> Trial:
    """A trial that does not count, and is not marked so yet."""
    return replace(trial, state=State.LAPSED if trial.state in (State.RUNNING, State.LAPSED) else State.SURPLUS)


def _as_record(trial: FrozenTrial, search: SearchSpec, one: ActiveTrial | None) -> Trial:
    """A trial as trials.json has it; of one at work here as far as it came."""
    told: Mapping[str, Any] = trial.user_attrs.get(RECORD) or trial.user_attrs.get(BEGUN) or {}
    if one is not None:
        told = one.record() | {"began": one.began}
    state = state_of(trial)
    retry = trial.user_attrs.get(RETRY)
    enqueued = "fixed_params" in trial.system_attrs
    return Trial(
        number=trial.number,
        state=state,
        params=dict(trial.params),
        values=tuple(trial.values) if state == "done" and trial.values is not None else None,
        source="retried" if retry is not None else "enqueued" if enqueued else "sampled",
        arm={key: str(trial.params[key]) for key in search.arm_keys if key in trial.params},
        curve=tuple((int(examples), float(value)) for examples, value in told.get("curve", ())),
        examples=told.get("examples", 0),
        seconds=told.get("seconds", 0.0),
        reused_examples=told.get("reused_examples", 0),
        reused_seconds=told.get("reused_seconds", 0.0),
        planned=told.get("planned", 0),
        came=told.get("came", 0),
        began=told.get("began"),
        ended=told.get("ended"),
        host=(trial.user_attrs.get(BEGUN) or {}).get("host"),
        error=told.get("error"),
        retry_of=retry,
        seeds=len(search.settings.seeds),
    )
