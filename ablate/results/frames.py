"""What a sweep found, as two tidy frames: one row a run, and one row a run and evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ablate.app import RESULT, stored
from ablate.errors import AblateError
from ablate.plan import SWEEP_VERSION, find_store, sweep_folder
from ablate.store import SWEEP, Trajectory, read_json

_RUN_TYPES = {
    "number": "int64",
    "arm": "int64",
    "label": "str",
    "seed": "int64",
    "status": "str",
    "step": "Int64",
    "accuracy": "float64",
    "loss": "float64",
    "parameters": "Int64",
    "operations": "Int64",
    "seconds": "float64",
    "examples_per_second": "float64",
    "weights": "str",
    "fingerprint": "str",
    "trajectory": "str",
    "error": "str",
}
_EVALUATION_TYPES = {
    "number": "int64",
    "step": "int64",
    "epoch": "float64",
    "accuracy": "float64",
    "loss": "float64",
    "eval_loss": "float64",
    "learning_rate": "float64",
    "seconds": "float64",
    "examples_per_second": "float64",
}


@dataclass(frozen=True)
class Results:
    """What a sweep found so far.

    runs: one row a run, in order of number, whatever became of it. A column a factor holds its level, `step` where the run
    was read or how far it came, `status` one of `app.STATUSES` or `missing`, `accuracy` a fraction, `loss` that on the
    evaluation set, `seconds` of training in all, `operations` those for one image, `trajectory` the folder it stands on where
    that was found.
    evaluations: one row a run and evaluation, in order of number and step. `accuracy` and `eval_loss` are of the run's own
    readout, `loss` is the mean training loss since the evaluation before, `learning_rate` that of the step.
    sweep: the content of sweep.json. notes: what a reader should be told about the files, a line each.
    """

    runs: pd.DataFrame
    evaluations: pd.DataFrame
    sweep: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def factors(self) -> list[str]:
        """The names of the factors, in the order of the command; each is a column of both frames."""
        return list(self.sweep["factors"])


def load(sweep: Path) -> Results:
    """Read a sweep's folder, and of each trajectory that its runs stand on the evaluations.

    Raises:
        AblateError: the folder is no sweep, or its sweep.json is damaged or of another version.
    """
    folder = sweep_folder(sweep)
    content = _sweep(folder / SWEEP)
    store, notes = find_store(content, folder), []
    if store is None:
        notes.append(
            f"no trajectory of this sweep was found, so there are no curves; looked for {content['store']} from "
            f"{Path.cwd()} and from every folder above {folder.resolve()}"
        )
    labels = [arm_name(arm) for arm in content["arms"]]
    runs: list[dict[str, Any]] = []
    damaged: list[str] = []
    for run in content["runs"]:
        place = folder / str(run["number"])
        result = stored(place, run["fingerprint"])
        if result is None and (place / RESULT).exists():
            damaged.append(str(place / RESULT))
        runs.append(_run(run, content["arms"][run["arm"]]["levels"], labels[run["arm"]], result or {}, store))
    if damaged:
        notes.append(f"damaged, so counted as missing: {', '.join(damaged)}")
    factors = list(content["factors"])
    order = [*list(_RUN_TYPES)[:3], *factors, *list(_RUN_TYPES)[3:]]
    frame = pd.DataFrame(runs, columns=order).astype(_RUN_TYPES | dict.fromkeys(factors, "str"))
    lost = frame.loc[frame["trajectory"].isna() & (frame["status"] == "done"), "fingerprint"].nunique()
    if store is not None and lost:
        notes.append(
            f"{lost} of {frame['fingerprint'].nunique()} trajectories are not in {content['store']}; their curves are left out"
        )
    if store is not None:
        notes += _mixed(store, sorted(set(frame.loc[frame["trajectory"].notna(), "fingerprint"])))
    return Results(frame, _evaluations(content["runs"], frame, factors, store), content, tuple(notes))


def arm_name(arm: Mapping[str, Any]) -> str:
    """An arm of sweep.json as tables and figures show it: its change, or for the baseline what it is."""
    if arm["number"] != 0 or not arm["levels"]:
        return str(arm["label"])
    return f"{arm['label']} ({', '.join(f'{factor}: {level}' for factor, level in arm['levels'].items())})"


def _sweep(path: Path) -> dict[str, Any]:
    content = read_json(path)
    if not isinstance(content, dict) or content.get("version") != SWEEP_VERSION:
        received = f"version {content.get('version')!r}" if isinstance(content, dict) else "a damaged file"
        raise AblateError(f"Expected a sweep of version {SWEEP_VERSION} in {path}. Received: {received}.")
    return content


def _mixed(store: Path, fingerprints: Sequence[str]) -> list[str]:
    """What the trainings of a sweep were not all done with, though the last bits of their numbers depend on it."""
    segments = [segment for fingerprint in fingerprints for segment in Trajectory(store, fingerprint).segments()]
    found = {what: sorted({str(segment.get(what)) for segment in segments}) for what in ("threads", "device")}
    return [
        f"the trainings were done with different {what} ({', '.join(values)}), so the last bits of their numbers differ"
        for what, values in found.items()
        if len(values) > 1
    ]


def _run(
    run: Mapping[str, Any], levels: Mapping[str, str], label: str, result: Mapping[str, Any], store: Path | None
) -> dict[str, Any]:
    """One row of `runs`; `result` is empty for a missing run."""
    costs = result.get("costs", {})
    trajectory = None if store is None else store / run["fingerprint"]
    return {
        "number": run["number"],
        "arm": run["arm"],
        "label": label,
        **levels,
        "seed": run["seed"],
        "status": result.get("status", "missing"),
        **{key: result.get(key) for key in ("step", "accuracy", "loss", "error")},
        **{key: costs.get(key) for key in ("parameters", "operations", "seconds", "examples_per_second")},
        "weights": run["readout"]["weights"],
        "fingerprint": run["fingerprint"],
        "trajectory": str(trajectory) if trajectory is not None and trajectory.is_dir() else None,
    }


def _evaluations(
    planned: Sequence[Mapping[str, Any]], runs: pd.DataFrame, factors: list[str], store: Path | None
) -> pd.DataFrame:
    """Each run's evaluations: those of its own grid up to its own step, whatever else its trajectory holds."""
    trajectories: dict[str, list[dict[str, Any]]] = {}  # runs that share one read it once
    rows: list[tuple[Any, ...]] = []
    for run in planned if store is not None else []:
        assert store is not None
        fingerprint, every = run["fingerprint"], run["eval_every"]
        weights, last = run["readout"]["weights"], run["readout"]["step"]
        if fingerprint not in trajectories:
            trajectories[fingerprint] = Trajectory(store, fingerprint).rows()
        accuracy, eval_loss = f"accuracy_{weights}", f"eval_loss_{weights}"
        keys = ("step", "epoch", accuracy, "loss", eval_loss, "lr", "seconds", "examples_per_second")
        rows.extend(
            (run["number"], *(row.get(key) for key in keys))
            for row in trajectories[fingerprint]
            if row["step"] == last or (row["step"] < last and row["step"] % every == 0)
        )
    frame = pd.DataFrame(rows, columns=list(_EVALUATION_TYPES)).astype(_EVALUATION_TYPES)
    columns = ["number", "arm", "label", *factors, "seed", "status"]
    return frame.merge(runs[columns], on="number", how="left")[[*columns, *list(_EVALUATION_TYPES)[1:]]]
