"""The folder in which TensorBoard finds the runs of a sweep by arm and seed: `tensorboard --logdir SWEEP`.

    SWEEP/tensorboard/events…                    what the table of HParams has: factors, and the metric
                      ARM/SEED/events…           the run's levels, and its metric at each evaluation
                               training          a link to the summaries of its training, which several runs may share

TensorFlow is not imported. Without the package `tensorboard`, which knows the format of HParams, there are links alone.
"""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

from ablate.config.recipe import Recipe
from ablate.designs import Factor
from ablate.designs.design import BASELINE
from ablate.errors import AblateError
from ablate.messages import say
from ablate.planning.plan import Plan
from ablate.planning.runs import Run
from ablate.readout import judged, value
from ablate.store import writing
from ablate.store.files import replace

FOLDER, TRAINING = "tensorboard", "training"
LEVELS, RESULT = "events.out.tfevents.0.levels", "events.out.tfevents.1.result"  # read in this order
JUDGED = "judged"  # before the metric, in the tag of what a run is judged by
LONGEST = 120  # characters of the name of an arm's folder


def is_watched(plan: Plan) -> bool:
    """Whether the trainings of a plan write summaries."""
    payload = plan.runs[0].asked.spec.payload
    return isinstance(payload, Recipe) and payload.tensorboard != "off"


def name_runs(plan: Plan, folder: Path, missing: Iterable[Run]) -> None:
    """Make the folders of all runs. Where they cannot be written that is said, and the sweep goes on.

    Args:
        folder: of the sweep.
        missing: the runs that are to be trained; what an earlier try left of their results is removed.
    """
    if not is_watched(plan):
        return
    try:
        for run in plan.runs:
            _link(plan, run, folder)
        for run in missing:
            (_place(plan, run, folder) / RESULT).unlink(missing_ok=True)
        if _has_package():
            _write(folder / FOLDER / LEVELS, [(0, _experiment(plan))])
            for run in plan.runs:
                _write(_place(plan, run, folder) / LEVELS, [(0, _session(plan, run))])
    except (AblateError, OSError) as error:
        say(f"TensorBoard will not find the runs by name: {error}")


def note_result(plan: Plan, run: Run, folder: Path, result: Mapping[str, Any]) -> None:
    """Write what a run came to, once: its metric at each evaluation, and what it is judged by."""
    path = _place(plan, run, folder) / RESULT
    if not is_watched(plan) or result["status"] != "done" or path.exists() or not _has_package():
        return
    metric, weights = run.asked.readout.metric, run.asked.readout.weights
    found = [(row["step"], value(row, metric, weights)) for row in run.trajectory.rows() if row["step"] <= result["step"]]
    summaries = [(step, _scalar(metric, each)) for step, each in found if each is not None]
    try:
        _write(path, [*summaries, (result["step"], _scalar(f"{JUDGED}/{metric}", judged(result)))])
    except (AblateError, OSError) as error:
        say(f"TensorBoard will not show what a run came to: {error}")


def _place(plan: Plan, run: Run, folder: Path) -> Path:
    return folder / FOLDER / arm_name(plan, run.arm) / str(run.seed)


def arm_name(plan: Plan, number: int) -> str:
    """The name of an arm's folder: what it changes, as in `augment=off,ema=off`."""
    arm = plan.arms[number]
    changed = ",".join(f"{factor}={after}" for factor, _, after in arm.changes(plan.arms[0])) or BASELINE
    plain = changed.replace(os.sep, "_").replace("\0", "_").lstrip(".")
    return plain if plain == changed and len(plain) <= LONGEST else f"{plain[:LONGEST]} ({number})"


def _has_package() -> bool:
    """Whether the package that knows the format of HParams is installed."""
    with suppress(ImportError):
        return find_spec("tensorboard.plugins.hparams") is not None
    return False


def _link(plan: Plan, run: Run, folder: Path) -> None:
    """A link that is as seen from its place, so that sweep and store can be moved together."""
    place = _place(plan, run, folder)
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        link, summaries = place / TRAINING, run.trajectory.path.resolve() / "tensorboard"
        seen = os.path.relpath(summaries, place.resolve())
        if link.is_symlink():
            if os.readlink(link) == seen:  # noqa: PTH115
                return
            link.unlink()
        link.symlink_to(seen, target_is_directory=True)


# events; what TensorBoard's package imports here leaves TensorFlow out


def _experiment(plan: Plan) -> Any:
    """The columns of the table of HParams. Seeds are words in it, as their numbers would have decimals."""
    from tensorboard.plugins.hparams import summary_v2

    values = {factor.name: list(_values(factor).values()) for factor in plan.factors} | {"seed": list(map(str, plan.seeds))}
    columns = [summary_v2.HParam(name, summary_v2.Discrete(of_one)) for name, of_one in values.items()]
    metric = plan.fixed.metric
    return summary_v2.hparams_config_pb(columns, [summary_v2.Metric(f"{JUDGED}/{metric}", display_name=metric)])


def _session(plan: Plan, run: Run) -> Any:
    """A line of the table: what a run is."""
    from tensorboard.plugins.hparams import summary_v2

    levels = {factor.name: _values(factor)[dict(plan.arms[run.arm].levels)[factor.name]] for factor in plan.factors}
    return summary_v2.hparams_pb(levels | {"seed": str(run.seed)}, trial_id=f"{arm_name(plan, run.arm)}/{run.seed}")


def _values(factor: Factor) -> dict[str, Any]:
    """The levels of a factor as the table has them: numbers where all of them are."""
    try:
        return {level: float(level) for level in factor.levels}
    except ValueError:
        return {level: level for level in factor.levels}


def _scalar(tag: str, number: float) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=tag, simple_value=number)])


def _write(path: Path, summaries: Sequence[tuple[int, Any]]) -> None:
    """A file of events, (step, summary) each, whole or not at all."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    stream, now = BytesIO(), time.time()
    records = RecordWriter(stream)
    records.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
    for step, summary in summaries:
        records.write(Event(wall_time=now, step=step, summary=summary).SerializeToString())
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, stream.getvalue(), durably=False)
