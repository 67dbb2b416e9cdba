"""What the folder of one sweep holds: its plan, and what its runs came to, read off their trainings where these are at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.planning.folders import find_store, sweep_folder
from ablate.readout import diverged_loss_of, judged, judged_by, of_run, others_of, read_off
from ablate.results.doubts import doubts
from ablate.results.frames import SweepParts, arm_name
from ablate.results.trained import Trained
from ablate.store import SPEED, SWEEP, looks, packed, result_file, sweep_file
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.store.look_lines import Ledger
from ablate.store.result_file import Stored
from ablate.store.sweep import Sweep
from ablate.store.sweep_file import SweepFile
from ablate.store.sweep_runs import SweepArm, SweepRun
from ablate.text import counted

MOST_NAMED = 10  # runs that a note names
COSTS = ("parameters", "operations", "seconds", "examples_per_second")


def read(sweep: Path) -> SweepParts:
    """What a sweep's folder holds.

    Raises:
        AblateError: the folder is no sweep, or its sweep.json is damaged or of another version.
    """
    folder = sweep_folder(sweep)
    file = file_of(folder)
    planned = file.sweep
    store, notes = find_store(planned, folder), []
    if not file.sealed:
        notes.append(
            f"{folder / SWEEP} has no checksum, as earlier versions wrote it, so a change of it would go unseen; the sweep's "
            "command, given again, adds one"
        )
    notes += packed.changed(folder)
    if store is None:
        notes.append(
            f"No trajectory of this sweep was found, so there are no curves, and values are those of each run's "
            f"{result_file.RESULT}; looked for {planned.store} from {Path.cwd()} and from every folder above "
            f"{folder.resolve()}"
        )
    name = folder.resolve().name
    runs: list[dict[str, Any]] = []
    trained: dict[str, Trained] = {}
    told = _Told()
    limit = diverged_loss_of(planned)
    for run in planned.runs:
        stored = result_file.read(folder / str(run.number), run.fingerprint, run.readout)
        path = None if store is None else store / run.fingerprint
        one = None
        if path is not None and path.is_dir():
            one = trained.get(str(path)) or Trained(path)
            if one.unreadable is None:
                trained[str(path)] = one
            else:
                told.unreadable[path.name], one = one.unreadable, None
        result = _result(run, stored, one, limit, (judged_by(planned), *others_of(planned)), told)
        trajectory = None if one is None else str(path)
        others = {metric: result.get(metric) for metric in others_of(planned)}
        runs.append({**row(run, planned.arms[run.arm], result), **others, "trajectory": trajectory, "sweep": name})
    if not file.sealed:
        notes += doubts(planned, folder, {one.path.name: one for one in trained.values()})
    notes += told.lines(folder, None if store is None else planned.store, len(planned.fingerprints))
    return SweepParts(name, planned, runs, trained, notes, None if store is None else _ledger(store, notes))


def _ledger(store: Path, notes: list[str]) -> Ledger:
    """The looks of a store, with a note on what of them cannot be read."""
    try:
        ledger = looks.read(store)
    except AblateError as error:
        notes.append(f"{error} So it is not known what was looked at before")
        return Ledger(begun_at=0)
    if ledger.damaged:
        lines = f"line{'s' if len(ledger.damaged) > 1 else ''} {', '.join(map(str, ledger.damaged[:MOST_NAMED]))}"
        notes.append(f"{store / looks.LOOKS}: {lines} damaged, so looks may be missing: see `ablate runs verify`")
    return ledger


def content_of(folder: Path) -> Sweep:
    """What a folder's sweep.json holds, that of a search too; see `file_of`."""
    return _read(folder).sweep


def file_of(folder: Path) -> SweepFile:
    """The sweep.json of a folder.

    Raises:
        AblateError: there is none, or it is damaged, of another version, or that of a search.
    """
    file = _read(folder)
    if file.sweep.is_search:
        raise AblateError(f"{folder} is a search, not a sweep that compares arms.")
    return file


def _read(folder: Path) -> SweepFile:
    file = sweep_file.read(folder)
    if file is None:
        raise AblateError(f"{folder} must be the folder of a sweep, with a {SWEEP} in it, as in multirun/.")
    return file


@dataclass
class _Told:
    """Runs of which a reader should be told something, by number; and trainings, by fingerprint."""

    damaged: list[str] = field(default_factory=list)  # what is wrong with result.json
    missing: list[int] = field(default_factory=list)  # for that reason
    stale: list[int] = field(default_factory=list)  # result.json has other values than the training
    unchecked: list[int] = field(default_factory=list)  # read from a result.json without a checksum
    gone: set[str] = field(default_factory=set)  # trainings that are not there, while their runs have results
    unreadable: dict[str, str] = field(default_factory=dict)  # why, by training

    def lines(self, folder: Path, store: str | None, trainings: int) -> list[str]:
        """A line each. store: where trainings were looked for; None where none was found."""
        lines = []
        if self.damaged:
            shown = "; ".join(text.rstrip(".") for text in self.damaged[:MOST_NAMED])
            more = f"; and {len(self.damaged) - MOST_NAMED} more" if len(self.damaged) > MOST_NAMED else ""
            lost = f"; {_runs(self.missing)}, without a training at hand, counted as missing" if self.missing else ""
            lines.append(f"Damaged, so not read: {shown}{more}{lost}; rerun the sweep's command to rewrite them")
        if self.stale:
            lines.append(
                f"The {result_file.RESULT} of {_runs(self.stale)} is not what the training holds, which is what is reported; "
                "rerun the sweep's command to rewrite it"
            )
        lines += unreadable_lines(list(self.unreadable.values()), result_file.RESULT)
        gone = self.gone - self.unreadable.keys()
        if store is not None and gone:
            lines.append(
                f"{len(gone)} of {trainings} trajectories are not in {store.rstrip('/')}/; their curves are left out, and "
                f"values are those of {result_file.RESULT}"
            )
        if self.unchecked:
            lines.append(
                f"The values of {_runs(self.unchecked)} are those of {result_file.RESULT} without a checksum, as earlier "
                "versions wrote it, so a change of it would go unseen"
            )
        return lines


def unreadable_lines(reasons: list[str], instead: str) -> list[str]:
    """The note on trainings that cannot be read, each with its file; none where all can be. instead: the file that is read."""
    if not reasons:
        return []
    named = "; ".join(reason.rstrip(".") for reason in reasons[:MOST_NAMED])
    more = f"; and {len(reasons) - MOST_NAMED} more" if len(reasons) > MOST_NAMED else ""
    count = counted(len(reasons), "training")
    return [f"{count} cannot be read, so curves are left out, and values are those of {instead}: {named}{more}"]


def _runs(numbers: list[int]) -> str:
    named = ", ".join(map(str, numbers[:MOST_NAMED]))
    more = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    return f"{'run' if len(numbers) == 1 else 'runs'} {named}{more}"


def _result(
    run: SweepRun, stored: Stored, one: Trained | None, limit: float, metrics: Sequence[str], told: _Told
) -> Mapping[str, Any]:
    """What a run came to: read off its training, else what it left in its folder; empty where it is missing."""
    number, result = run.number, stored.result
    derived = None if one is None else of_training(run, one, limit, *metrics)
    if stored.damage is not None:
        told.damaged.append(stored.damage)
        if derived is None:
            told.missing.append(number)
    if derived is not None and one is not None:
        if result is not None and not one.costs:  # its config.yaml is damaged
            derived["costs"] = {**result.get("costs", {}), **derived["costs"]}
            told.unchecked += [] if stored.sealed else [number]
        if result is not None and _values(result) != _values(derived):
            told.stale.append(number)
        return derived
    if result is not None and one is None and result["status"] == "done":
        told.gone.add(run.fingerprint)
    if result is not None and not stored.sealed and result["status"] != "failed":
        told.unchecked.append(number)
    if result is None and one is not None and one.status["state"] == "failed":
        return {"status": "failed", "step": one.status["step"], "error": one.status["error"], "costs": one.costs}
    return {} if result is None else {**result, "costs": {**result.get("costs", {}), **({} if one is None else one.costs)}}


def of_training(run: SweepRun, one: Trained, limit: float, metric: str = ACCURACY, *others: str) -> dict[str, Any] | None:
    """What a run came to, read off its training; None where that was not trained so far, or what tells it is lost.

    Args:
        limit: the training loss above which it has diverged.
        metric: what it is judged by. others: what else of it is told.
    """
    outcome = read_off(one.rows, one.status, of_run(run, limit, metric))
    if outcome is None:
        return None
    values = outcome.values(run.readout.weights, metric, others)
    measured = {key: values.pop(key) for key in ("seconds", "examples_per_second")}
    return {
        "status": outcome.status,
        "step": outcome.step,
        "error": outcome.error,
        **values,
        "costs": {**one.costs, **measured},
    }


def _values(result: Mapping[str, Any]) -> list[Any]:
    """What is reported of a result, to be compared; NaN is equal to itself. Its speed follows from its seconds."""
    costs = result.get("costs", {})
    kept = [key for key in COSTS if key != SPEED]
    told = [*(result.get(key) for key in ("status", "step", "error", "loss")), judged(result)]
    found = [*told, *(costs.get(key) for key in kept)]
    return [str(value) if value != value else value for value in found]


def row(run: SweepRun, arm: SweepArm, result: Mapping[str, Any]) -> dict[str, Any]:
    """What a run of sweep.json and its result tell; `result` is empty for a missing run."""
    costs = result.get("costs", {})
    return {
        "number": run.number,
        "arm": run.arm,
        "label": arm_name(arm),
        **arm.levels,
        "seed": run.seed,
        "status": result.get("status", "missing"),
        **{key: result.get(key) for key in ("step", "loss", "error")},
        result.get("metric", ACCURACY): judged(result),
        **{key: costs.get(key) for key in COSTS},
        "weights": run.readout.weights,
        "evaluations": run.readout.last,
        TRAIN_ACCURACY: result.get(TRAIN_ACCURACY),
        "fingerprint": run.fingerprint,
    }
