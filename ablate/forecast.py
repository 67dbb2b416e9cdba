"""How long trainings will take, from what this machine has trained before or from a short measurement of its speed."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from ablate import calibration, machine
from ablate.data import cache
from ablate.errors import AblateError
from ablate.launch.share import Share
from ablate.models.costs import totals
from ablate.models.layers import Model
from ablate.models.spec import parse
from ablate.plan import Training
from ablate.recipe import Recipe
from ablate.store import Trajectory, fingerprint, read_json

SAME_KIND = "measured in earlier trainings of the same kind on this machine"
BY_OPERATIONS = "from operation counts and earlier trainings on this machine"
CALIBRATED = "from operation counts and a short measurement on this machine"
SHARED_OTHERWISE = ", with another number at once"
SOURCES = (SAME_KIND, SAME_KIND + SHARED_OTHERWISE, BY_OPERATIONS, BY_OPERATIONS + SHARED_OTHERWISE, CALIBRATED)  # best first

# Rough, and small against any training worth planning. Measured on one core of an AMD EPYC: importing TensorFlow took 5 to
# 9 s, tracing a training and its evaluation 3 to 6 s, and an evaluation 0.30 to 0.40 of a training example an image.
START_OF_WORKER_S = 6.0
START_OF_TRAINING_S = 4.0
EVALUATION_SHARE = 0.35
EVALUATED_WEIGHTS = 2  # raw and averaged

USUAL_SEEDS = range(32)  # where other seeds of a training are looked for, besides the sweep's own
ENOUGH_TRAININGS = 5  # of the same kind, for a median
NEWEST_TRAJECTORIES = 50  # of a store, that are looked at for a speed
WORTH_MEASURING = 5e12  # operations of each of the trainings at once; fewer take about a minute on one core


@dataclass(frozen=True)
class Forecast:
    """What trainings will take.

    seconds: until the last of them ends; None where the speed of one is not known. each: the seconds of each, by fingerprint.
    sources: where the speeds come from, of SOURCES, the best first.
    """

    seconds: float | None
    each: Mapping[str, float | None]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Speed:
    """A speed that was measured. at_once: how many trainings ran side by side; None where that is not known or differed."""

    value: float
    at_once: int | None


@dataclass(frozen=True)
class Pace:
    """How fast a training is expected to go."""

    examples_per_second: float
    source: str  # one of SOURCES


def forecast(trainings: Sequence[Training], share: Share, calibrate: bool = True) -> Forecast:
    """What the steps that are left of the trainings will take when they share this machine.

    Args:
        trainings: those to do.
        calibrate: where no earlier training tells the speed, measure it: about 15 s, once for a machine, version and share.
            Not for so little to train that this would take longer.
    """
    paces = _Paces(trainings, share, calibrate)
    each: dict[str, float | None] = {}
    sources = set()
    for training in trainings:
        pace = paces.of(training)
        each[training.trajectory.fingerprint] = None if pace is None else _seconds(training, pace.examples_per_second)
        sources |= {pace.source} if pace is not None else set()
    known = [seconds for seconds in each.values() if seconds is not None]
    total = None if len(known) < len(each) else wall_seconds(known, share.at_once)
    return Forecast(total, each, tuple(source for source in SOURCES if source in sources))


def wall_seconds(each: Iterable[float], at_once: int) -> float:
    """How long trainings of so many seconds take, so many at once, the longest first; with the start of the processes."""
    ends = [0.0] * at_once
    for seconds in sorted(each, reverse=True):
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends) + START_OF_WORKER_S if any(ends) else 0.0


def evaluations_left(training: Training, begun: int) -> int:
    """How many evaluations are still to come from step `begun` on: those on the grid, and those where runs are read."""
    every, finals = training.recipe.eval_every, {run.recipe.steps for run in training.runs}
    between = [step for step in finals if step > begun and step % every]
    return max(1, training.recipe.steps // every - begun // every + len(between))


def siblings(content: Mapping[str, Any], store: Path, seeds: Iterable[int]) -> dict[int, Trajectory]:
    """The trajectories of a store that train the same but for the seed, by seed; found by fingerprint, without a scan."""
    found = {seed: Trajectory(store, fingerprint({**content, "seed": seed})) for seed in seeds}
    return {seed: trajectory for seed, trajectory in found.items() if trajectory.path.is_dir()}


def speeds(trajectory: Trajectory, share: Share) -> list[Speed]:
    """Training examples a second at each evaluation that was done on this machine with the threads of the share."""
    segments = read_json(trajectory.path / "env.json")
    segments = [segment for segment in segments if isinstance(segment, dict)] if isinstance(segments, list) else []
    if not any(_fits(segment, share) for segment in segments):
        return []
    found = []
    for row in trajectory.rows():
        behind = [segment for segment in segments if segment.get("from_step", 0) < row["step"]]
        if behind and _fits(behind[-1], share) and row.get("examples_per_second"):
            found.append(Speed(row["examples_per_second"], behind[-1].get("at_once")))
    return found


def _fits(segment: Mapping[str, Any], share: Share) -> bool:
    on_gpu = segment.get("device") != segment.get("processor")
    return (segment.get("host"), segment.get("threads"), on_gpu) == (machine.host(), share.threads, bool(share.gpus))


def _typical(found: Sequence[Speed], at_once: int) -> Speed | None:
    """The median of those that shared the machine alike; of all where none did."""
    alike = [speed.value for speed in found if speed.at_once == at_once]
    if alike:
        return Speed(median(alike), at_once)
    return Speed(median(speed.value for speed in found), None) if found else None


def _seconds(training: Training, examples_per_second: float) -> float:
    recipe, begun = training.recipe, training.begun
    evaluated = evaluations_left(training, begun) * EVALUATED_WEIGHTS * recipe.shape.eval_images
    examples = (recipe.steps - begun) * recipe.batch_size + EVALUATION_SHARE * evaluated
    starts = len({run.recipe.steps for run in training.runs})  # the graph is traced anew for each step that is read
    return starts * START_OF_TRAINING_S + examples / examples_per_second


class _Paces:
    """The pace of each training; each source is asked once, and only where the better ones know nothing."""

    def __init__(self, trainings: Sequence[Training], share: Share, calibrate: bool) -> None:
        self.share = share
        self.seeds = {training.recipe.seed: None for training in trainings} | dict.fromkeys(USUAL_SEEDS)
        worth = sum(training.left * training.recipe.batch_size * _operations(training.recipe) for training in trainings)
        self.calibrate = calibrate and worth >= WORTH_MEASURING * share.at_once
        self.by_kind: dict[tuple[Path, str], Speed | None] = {}
        self.by_precision: dict[tuple[Path, str], tuple[float, str] | None] = {}

    def of(self, training: Training) -> Pace | None:
        """None where nothing tells."""
        recipe, content = training.recipe, training.runs[0].content
        kind = (recipe.store, fingerprint({**content, "seed": None}))
        if kind not in self.by_kind:
            self.by_kind[kind] = self._measured(content, recipe.store)
        measured = self.by_kind[kind]
        if measured is not None:
            return Pace(measured.value, SAME_KIND + ("" if measured.at_once else SHARED_OTHERWISE))
        key = (recipe.store, recipe.precision.compute)
        if key not in self.by_precision:
            self.by_precision[key] = self._by_operations(recipe)
        known = self.by_precision[key]
        return None if known is None else Pace(known[0] / _operations(recipe), known[1])

    def _measured(self, content: Mapping[str, Any], store: Path) -> Speed | None:
        """Examples a second in trainings that differ in the seed alone."""
        found: list[list[Speed]] = []
        for sibling in siblings(content, store, self.seeds).values():
            here = speeds(sibling, self.share)
            found += [here] if here else []
            if len(found) == ENOUGH_TRAININGS:
                break
        return _typical([speed for here in found for speed in here], self.share.at_once)

    def _by_operations(self, recipe: Recipe) -> tuple[float, str] | None:
        """Operations a second, counted forward for each training example, and where that comes from."""
        precision = recipe.precision.compute
        earlier = _typical(_operation_speeds(recipe.store, precision, self.share), self.share.at_once)
        if earlier is not None:
            return earlier.value, BY_OPERATIONS + ("" if earlier.at_once else SHARED_OTHERWISE)
        value = calibration.operations_per_second(precision, self.share, cache.folder(recipe.data), self.calibrate)
        return None if value is None else (value, CALIBRATED)


def _operations(recipe: Recipe) -> int:
    return operations(recipe.model, recipe.input_shape)


@lru_cache(maxsize=1024)
def operations(model: Model, input_shape: tuple[int, int, int]) -> int:
    """Operations of a model for one image."""
    return totals(model, input_shape)[1]


def _operation_speeds(store: Path, precision: str, share: Share) -> list[Speed]:
    """One speed in operations a second for each of the newest trajectories of the store that were trained here like this."""
    found = []
    for path in _newest(store):
        trajectory = Trajectory(store, path.name)
        pace = _typical(speeds(trajectory, share), share.at_once)
        content = _content(path / "config.yaml") if pace is not None else None
        if pace is None or content is None or content["precision"] != precision:
            continue
        with suppress(AblateError, KeyError, TypeError, ValueError):  # a config of another version of the program
            height, width, channels = content["input"]["size"]
            count = operations(parse(content["model"], content["data"]["classes"]), (height, width, channels))
            found.append(Speed(count * pace.value, pace.at_once))
    return found


def _newest(store: Path) -> list[Path]:
    """The trajectories of a store that were written to last, the newest first."""
    changed: list[tuple[float, Path]] = []
    with suppress(OSError):
        for path in store.iterdir():
            with suppress(OSError):
                changed.append(((path / "metrics.jsonl").stat().st_mtime, path))
    return [path for _, path in heapq.nlargest(NEWEST_TRAJECTORIES, changed)]


def _content(path: Path) -> dict[str, Any] | None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it
    try:
        content = yaml.load(path.read_bytes(), loader)
    except (OSError, yaml.YAMLError):
        return None
    return content if isinstance(content, dict) and "precision" in content else None
