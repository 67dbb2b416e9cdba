"""What a sweep found, as tidy frames: one row a run, one a run and evaluation, one a training."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablate.config.neutral import OTHERS
from ablate.designs import phrases
from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.readout import DIVERGED_LOSS, EMA, judged_by, of_run, others_of
from ablate.results import environment
from ablate.results.trained import Trained
from ablate.results.true_classes import true_classes
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.store.look_lines import Ledger
from ablate.store.sweep import Sweep
from ablate.store.sweep_runs import SweepArm

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
    "input": "str",
    "steps_per_epoch": "float64",
    "batch_size": "Int64",
    "eval_images": "Int64",
    "weights": "str",
    "evaluations": "Int64",
    TRAIN_ACCURACY: "float64",
    "fingerprint": "str",
    "trajectory": "str",
    "sweep": "str",
    "error": "str",
}
_HISTORY_TYPES = {
    "trajectory": "str",
    "step": "int64",
    "epoch": "float64",
    "accuracy_raw": "float64",
    "accuracy_averaged": "float64",
    f"{TRAIN_ACCURACY}_raw": "float64",
    f"{TRAIN_ACCURACY}_averaged": "float64",
    "loss": "float64",
    "eval_loss_raw": "float64",
    "eval_loss_averaged": "float64",
    "lr": "float64",
    "seconds": "float64",
    "examples_per_second": "float64",
}


@dataclass(frozen=True)
class SweepParts:
    """What was found, before it is put into frames.

    name: of the sweep. sweep: as sweep.json has it, or would. runs: the columns of each run that no trajectory tells, in order
    of number; a factor wins over a column of its name. trained: the trajectories that are there, by path. notes, ledger: as in
    `Results`.
    """

    name: str
    sweep: Sweep
    runs: list[dict[str, Any]]
    trained: Mapping[str, Trained]
    notes: list[str]
    ledger: Ledger | None = None


@dataclass(frozen=True, eq=False)
class Results:
    """What a sweep found so far.

    runs: one row a run, in order of number, whatever became of it. A column a factor holds its level, `step` where the run
    was read or how far it came, `status` one of `state.FINISHED` or `missing`, `accuracy` a fraction, `loss` that on the
    evaluation set, `seconds` of training in all, `operations` those for one image, `input` the height and width that the model
    sees, `steps_per_epoch` and `batch_size` those of its training (the latter the level, as text, where it is a factor),
    `eval_images` how many images it is evaluated on, `evaluations` how many evaluations its value is the mean of, `trajectory`
    the folder it stands on, `sweep` the name of its sweep. What a trajectory tells is missing where that was not found.
    evaluations: one row a run and evaluation, in order of number and step. `accuracy` and `loss` are of the run's own
    readout, `train_loss` is the mean training loss since the evaluation before, `learning_rate` that of the step.
    sweep: as sweep.json has it; of joined sweeps and of a store the same, and `joined` with the sweeps' names.
    notes: what a reader should be told about the files, a line each.
    trainings: one row a distinct trajectory; see `environment.trainings`.
    labels: the true classes of the evaluation images, (images,), 0 to classes - 1; None where they are not known, or the runs
    were not all evaluated on the same images. class_names: one a class; none without labels.
    history: one row an evaluation of a trajectory, whoever asked for it, with both readouts. trained: by path.
    ledger: the looks of its store; None of what is no sweep of one store, or where that was not found.
    """

    runs: pd.DataFrame
    evaluations: pd.DataFrame
    sweep: Sweep
    notes: tuple[str, ...]
    trainings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(environment.TRAINING_TYPES)))
    labels: NDArray[np.int32] | None = None
    class_names: list[str] = field(default_factory=list)
    history: pd.DataFrame = field(default_factory=lambda: _history({}))
    trained: Mapping[str, Trained] = field(default_factory=dict)
    ledger: Ledger | None = None

    @property
    def factors(self) -> list[str]:
        """The names of the factors, in the order of the command; each is a column of runs and of evaluations."""
        return list(self.sweep.factors)

    def predictions(self, number: int) -> NDArray[np.integer] | None:
        """The predicted classes of a run, (images,), with its weights, at its step: the last at which it is read.

        None where the run is not done, or its predictions are not there or damaged, of which `ablate runs verify` tells.
        """
        found = self._predictions(number, last_alone=True)
        return None if found is None else found[-1]

    def all_predictions(self, number: int) -> list[NDArray[np.integer]] | None:
        """The same at each of the evaluations that a run's value is the mean of, first to last; None where one lacks them."""
        return self._predictions(number)

    def _predictions(self, number: int, last_alone: bool = False) -> list[NDArray[np.integer]] | None:
        columns = ["status", "trajectory", "step", "weights", "evaluations"]
        [[status, path, step, weights, count]] = self.runs.loc[self.runs["number"] == number, columns].to_numpy().tolist()
        one = self.trained.get(path)
        if status != "done" or one is None:
            return None
        noted = next((run for run in self.sweep.runs if run.number == number), None)
        steps = (step,)
        if noted is not None and count > 1 and not last_alone:
            read = of_run(noted, DIVERGED_LOSS).read(one.rows)
            steps = tuple(row["step"] for row in read or ())
        found = [(one.predictions(each) or {}).get(weights) for each in steps]
        known = [each for each in found if each is not None and (self.labels is None or len(each) == len(self.labels))]
        return known if known and len(known) == len(found) else None

    def relabeled(self, labels: Sequence[str]) -> "Results":
        """The same with other labels of its arms."""
        sweep = self.sweep.relabeled(labels)
        names = {arm.number: arm_name(arm) for arm in sweep.arms}
        runs, evaluations = (
            frame.assign(label=frame["arm"].map(names).astype("str")) for frame in (self.runs, self.evaluations)
        )
        return replace(self, runs=runs, evaluations=evaluations, sweep=sweep)

    def at(self, step: int) -> "Results":
        """The same runs read at another step: done where their trajectory was evaluated at it.

        One whose trajectory diverged at it or before is so, one that failed without an evaluation at it stays so; others are
        missing. What `sweep` holds stays as it was fixed.

        Raises:
            AblateError: no run was evaluated at it.
        """
        found = self.history[self.history["step"] == step].set_index("trajectory")
        runs = self.runs.copy()
        done = runs["trajectory"].isin(found.index)
        if not done.any():
            steps = sorted(set(self.evaluations["step"]))
            shown = [str(each) for each in (steps if len(steps) <= 12 else [*steps[:5], "...", *steps[-5:]])]
            there = ", ".join(shown) or "none, since no evaluation was found"
            raise AblateError(f"No run was evaluated at step {step}. Evaluated steps: {there}.")
        exploded = runs["status"].eq("diverged") & runs["step"].le(step).fillna(False)
        done &= ~exploded  # with an evaluation at this step all the same, of a network that is dead
        read = found.reindex(runs["trajectory"].where(done)).set_axis(runs.index)
        judged = judged_by(self.sweep)
        runs[judged] = _own(runs["weights"], read, judged)
        runs["loss"] = _own(runs["weights"], read, "eval_loss")
        for column in (TRAIN_ACCURACY, *others_of(self.sweep)):
            runs[column] = _own(runs["weights"], read, column)
        for column in ("seconds", "examples_per_second"):
            runs[column] = read[column]
        diverged = exploded.copy()
        ended = {path: one.status for path, one in self.trained.items() if one.status["state"] == "diverged"}
        for path, status in ended.items():  # beyond the step that a run was planned to, of which its result says nothing
            if status["step"] <= step:
                later = ~done & ~diverged & runs["trajectory"].eq(path)
                runs.loc[later, ["status", "step", "error"]] = ["diverged", status["step"], status["error"]]
                diverged |= later
        gone = ~done & ~diverged & runs["status"].ne("failed")
        runs.loc[done, ["status", "step", "error", "evaluations"]] = ["done", step, None, 1]
        runs.loc[gone, ["status", "step", "error"]] = ["missing", pd.NA, None]
        told = (f"{gone.sum()} of {len(runs)} runs were not evaluated at step {step:,}",) if gone.any() else ()
        evaluations = _evaluations(self.sweep, runs, self.history, step)
        last = [max(step, run.readout.step) for run in self.sweep.runs]
        trainings = environment.trainings(runs, self.trained, last)
        return replace(self, runs=runs, evaluations=evaluations, trainings=trainings, notes=(*self.notes, *told))


def build(found: SweepParts) -> Results:
    """The frames of what was found."""
    factors = list(found.sweep.factors)
    types = _of_metric(_RUN_TYPES, found.sweep)
    order = list(dict.fromkeys([*list(types)[:3], *factors, *list(types)[3:], *others_of(found.sweep)]))
    types |= dict.fromkeys(others_of(found.sweep), "float64")
    rows = [_of_training(found.trained.get(run["trajectory"])) | run for run in found.runs]
    runs = pd.DataFrame(rows, columns=order).astype(types | dict.fromkeys(factors, "str"))
    history = _history(found.trained, found.sweep)
    trained = list(found.trained.values())
    labels, class_names, notes = true_classes(trained)
    notes += [*_damaged(trained), *_doubts(runs, found.trained), *_unsampled(runs)]
    return Results(
        runs,
        _evaluations(found.sweep, runs, history),
        found.sweep,
        (*found.notes, *environment.mixed(trained), *notes),
        environment.trainings(runs, found.trained, [run.readout.step for run in found.sweep.runs]),
        labels,
        class_names,
        history,
        found.trained,
        found.ledger,
    )


def _doubts(runs: pd.DataFrame, trained: Mapping[str, Trained]) -> list[str]:
    """Which results have no evaluation behind them."""
    done = runs[(runs["status"] == "done") & runs["trajectory"].notna()]
    steps = {path: {row["step"] for row in one.rows} for path, one in trained.items()}
    gone = sum(step not in steps[path] for path, step in done[["trajectory", "step"]].itertuples(index=False))
    if not gone:
        return []
    return [
        f"The evaluations of {gone} of {len(done)} finished runs are damaged or missing, so their curves are incomplete; run "
        "`ablate runs verify`"
    ]


def _unsampled(runs: pd.DataFrame) -> list[str]:
    """Whether some runs alone have an accuracy on training images."""
    done = runs[runs["status"] == "done"]
    without = int(done[TRAIN_ACCURACY].isna().sum())
    if not 0 < without < len(done):
        return []
    told = "have no accuracy on training images, because they were trained without eval_train"
    return [f"{without} of {len(done)} runs {told}"]


def _damaged(trained: Sequence[Trained]) -> list[str]:
    """Which files of trainings are missing or not what was written, a line each name."""
    counts = Counter(name for one in trained for name in one.damage)
    return [
        f"{name} of {count} of {len(trained)} trajectories is missing or damaged: see `ablate runs verify`"
        for name, count in counts.items()
    ]


def arm_name(arm: SweepArm) -> str:
    """An arm of sweep.json as readers see it: by what it changes, in plain words."""
    return phrases.of_label(arm.label)


def _of_training(one: Trained | None) -> dict[str, Any]:
    """The columns of a run that its training tells."""
    if one is None or one.config is None or OTHERS in one.config:
        return {}
    height, width, _ = one.config["input"]["size"]
    data, batch_size = one.config["data"], one.config["batch_size"]
    return {
        "input": f"{height}×{width}",
        "steps_per_epoch": data["train_images"] / batch_size,
        "batch_size": batch_size,
        "eval_images": data["eval_images"],
    }


def _of_metric(types: Mapping[str, str], sweep: Sweep | None) -> dict[str, str]:
    """Columns with the metric of a sweep in place of accuracy."""
    name = ACCURACY if sweep is None else judged_by(sweep)
    return {name + key.removeprefix(ACCURACY) if key.startswith(ACCURACY) else key: kind for key, kind in types.items()}


def _history(trained: Mapping[str, Trained], sweep: Sweep | None = None) -> pd.DataFrame:
    others = [] if sweep is None else others_of(sweep)
    types = _of_metric(_HISTORY_TYPES, sweep) | {f"{name}_{weights}": "float64" for name in others for weights in EMA}
    keys = list(types)[1:]
    one_value = {key: key.removesuffix("_raw") for key in keys}  # where a trainer gives one
    rows = [
        (path, *(row.get(key, row.get(one_value[key])) for key in keys)) for path, one in trained.items() for row in one.rows
    ]
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def _own(weights: "pd.Series[str]", read: pd.DataFrame, column: str) -> "pd.Series[float]":
    """A column of a run's own readout."""
    return read[f"{column}_averaged"].where(weights == "averaged", read[f"{column}_raw"])


def _evaluations(sweep: Sweep, runs: pd.DataFrame, history: pd.DataFrame, at: int | None = None) -> pd.DataFrame:
    """Each run's evaluations: those of its own grid up to its own step, whatever else its trajectory holds.

    Args:
        at: the step that all runs are read at, in place of what was planned.
    """
    runs_of = pd.DataFrame({"run": range(len(runs)), "trajectory": runs["trajectory"]})
    runs_of["last"] = [run.readout.step if at is None else at for run in sweep.runs]
    runs_of["every"] = [run.eval_every for run in sweep.runs]
    rows_of = pd.DataFrame({"row": range(len(history)), "trajectory": history["trajectory"], "step": history["step"]})
    pairs = runs_of.merge(rows_of, on="trajectory")
    own = (pairs["step"] == pairs["last"]) | ((pairs["step"] < pairs["last"]) & (pairs["step"] % pairs["every"] == 0))
    whose = runs.iloc[pairs.loc[own, "run"]].reset_index(drop=True)
    read = history.iloc[pairs.loc[own, "row"]].reset_index(drop=True)
    judged = judged_by(sweep)
    values = pd.DataFrame(
        {
            "step": read["step"],
            "epoch": read["epoch"],
            judged: _own(whose["weights"], read, judged),
            "loss": _own(whose["weights"], read, judged if judged == "loss" else "eval_loss"),
            "train_loss": read["loss"],
            TRAIN_ACCURACY: _own(whose["weights"], read, TRAIN_ACCURACY),
            "learning_rate": read["lr"],
            "seconds": read["seconds"],
            "examples_per_second": read["examples_per_second"],
            **{name: _own(whose["weights"], read, name) for name in others_of(sweep)},
        }
    )
    return pd.concat([whose[["number", "arm", "label", *sweep.factors, "seed", "status"]], values], axis="columns")
