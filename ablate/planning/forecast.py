"""How long trainings will take, from what this machine has trained before or from a short measurement of its speed."""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ablate import machine
from ablate.config.neutral import training_fingerprint, with_neutral
from ablate.errors import AblateError
from ablate.models.costs import totals
from ablate.models.layers import Model
from ablate.models.spec import parse
from ablate.planning import calibration, run_result
from ablate.planning.calibration import Speed, nearest
from ablate.planning.runs import Training
from ablate.resources import Share
from ablate.store import RECENT, Trajectory

SAME_KIND = "measured in earlier trainings of the same kind on this machine"
BY_OPERATIONS = "from operation counts and earlier trainings on this machine"
CALIBRATED = "from operation counts and a short measurement on this machine"
OTHER_AT_ONCE = ", with another number of trainings at once"
OTHER_THREADS = ", with another number of threads"
SOURCES = tuple(  # best first
    base + otherwise
    for group in (("", OTHER_AT_ONCE), (OTHER_THREADS,))
    for base in (SAME_KIND, BY_OPERATIONS, CALIBRATED)
    for otherwise in group
)
TOO_SMALL = "probably minutes; how many is not known, since the sweep is too small to measure this machine's speed for it first"
NOT_MEASURED = "how long is not known: nothing trained on this machine tells its speed yet, and that was not measured"

# Rough, and small against any training worth planning. Measured on one core of an AMD EPYC: importing TensorFlow took 5 to
# 9 s, and tracing a training and its evaluation 3 to 6 s.
START_OF_WORKER_S = 6.0
START_OF_TRAINING_S = 4.0

USUAL_SEEDS = range(32)  # where other seeds of a training are looked for, besides the sweep's own
ENOUGH_TRAININGS = 5  # of the same kind, for a median
NEWEST_TRAJECTORIES = 50  # of a store, that are looked at for a speed
# A step also takes time for what does not grow with the operations, and in a small model that is most of it. Measured on one
# core: models of 12 to 250 million operations an image do 12 to 45 billion a second, one of 0.03 million does half a billion.
MOST_UNLIKE = 4  # times as many operations an image, of a training and one that tells its pace
WORTH_MEASURING = 5e12  # operations of each of the trainings at once; fewer take a few minutes on one core


@dataclass(frozen=True)
class Forecast:
    """What trainings will take.

    seconds: until the last of them ends; None where the speed of one is not known. each: the seconds of each, by fingerprint.
    sources: where the speeds come from, of SOURCES, the best first. unknown: why `seconds` is None, TOO_SMALL or NOT_MEASURED.
    """

    seconds: float | None
    each: Mapping[str, float | None]
    sources: tuple[str, ...]
    unknown: str | None


@dataclass(frozen=True)
class Pace:
    """How fast a training is expected to go."""

    examples_per_second: float
    source: str  # one of SOURCES


def forecast(trainings: Sequence[Training], share: Share, calibrate: bool = True, pace_key: str | None = None) -> Forecast:
    """What the steps that are left of the trainings will take when they share a machine.

    A training that was begun goes on with its own number of threads, whatever the share's.

    Args:
        trainings: those to do.
        calibrate: where no earlier training with as many threads tells the speed, measure it: about 15 s, and kept for the
            machine, version, precision and threads. Not for so little to train that this would take about as long.
        pace_key: the host whose speeds tell; None for this machine, and only this one is measured.
    """
    host = machine.host() if pace_key is None else pace_key
    paces = _Paces(trainings, share, calibrate, host)
    each: dict[str, float | None] = {}
    known: list[tuple[float, int]] = []
    sources = set()
    for training in trainings:
        threads = run_result.begun_with(training.trajectory) or share.threads
        pace = paces.of(training, replace(share, threads=threads))
        seconds = None if pace is None else _seconds(training, pace.examples_per_second)
        each[training.trajectory.fingerprint] = seconds
        if pace is not None and seconds is not None:
            sources.add(pace.source)
            known.append((seconds, threads))
    ordered = tuple(_of_host(source, host) for source in SOURCES if source in sources)
    if len(known) < len(each):
        return Forecast(None, each, ordered, _of_host(TOO_SMALL if paces.small else NOT_MEASURED, host))
    return Forecast(wall_seconds(known, share), each, ordered, None)


def _of_host(text: str, host: str) -> str:
    """What is said of this machine, said of a host."""
    return text if host == machine.host() else text.replace("this machine", host)


def wall_seconds(each: Iterable[tuple[float, int]], share: Share) -> float:
    """How long trainings take that share this machine, the longest first; with the start of the processes.

    Args:
        each: the seconds and the threads of each. Those at work have the threads of the share together; one that was begun with
            more than that goes alone.
    """
    waiting = sorted(each, reverse=True)
    at_work: list[tuple[float, int]] = []  # when it ends, and its threads
    now = last = 0.0
    while waiting:
        for one in list(waiting):
            taken = sum(threads for _, threads in at_work)
            if len(at_work) == share.at_once:
                break
            if share.gpus or not at_work or taken + one[1] <= share.at_once * share.threads:
                waiting.remove(one)
                heapq.heappush(at_work, (now + one[0], one[1]))
                last = max(last, now + one[0])
        now, _ = heapq.heappop(at_work)
    return last + START_OF_WORKER_S if last else 0.0


def evaluations_left(training: Training) -> int:
    """How many evaluations are still to come: those on the grid, and those where runs are read."""
    every, read = training.asked.grid, {step for run in training.runs for step in run.asked.readout.steps}
    count = 0
    for begun, to in training.parts:
        count += to // every - begun // every + sum(begun < step <= to and step % every > 0 for step in read)
    return max(1, count)


def siblings(content: Mapping[str, Any], store: Path, seeds: Iterable[int]) -> dict[int, Trajectory]:
    """The trajectories of a store that train the same but for the seed, by seed; found by fingerprint, without a scan."""
    found = {seed: Trajectory(store, training_fingerprint({**content, "seed": seed})) for seed in seeds}
    return {seed: trajectory for seed, trajectory in found.items() if trajectory.path.is_dir()}


def speeds(trajectory: Trajectory, on_gpu: bool, host: str, per_step: float | None = None) -> list[Speed]:
    """The speed before each evaluation that was done on a host, on its GPU or not: recent training examples a second.

    Args:
        per_step: the work of a step, from which it is derived where the evaluations do not tell it; None not to.
    """
    segments = trajectory.segments()
    if not any(_there(segment, on_gpu, host) for segment in segments):
        return []
    found = []
    before: Mapping[str, Any] = {"step": 0, "seconds": 0.0}
    for row in trajectory.rows():
        behind = [segment for segment in segments if segment.get("from_step", 0) < row["step"]]
        seconds = row.get("seconds", 0.0) - before.get("seconds", 0.0)
        derived = (
            (row["step"] - before["step"]) * per_step / seconds if per_step and RECENT not in row and seconds > 0 else None
        )
        before, speed = row, row.get(RECENT) or derived
        if behind and _there(behind[-1], on_gpu, host) and speed:
            found.append(Speed(speed, behind[-1]["threads"], behind[-1].get("at_once")))
    return found


def _there(segment: Mapping[str, Any], on_gpu: bool, host: str) -> bool:
    """Whether a part of a training was done on a host, with a known number of threads."""
    threads, device = segment.get("threads"), segment.get("device")
    there = (segment.get("host"), device != segment.get("processor")) == (host, on_gpu)
    return there and isinstance(threads, int) and threads > 0


def _examples(training: Training) -> float:
    """The work that is left of a training, in its own unit: training examples, or steps."""
    work = training.asked.spec.work
    return training.left * work.per_step + evaluations_left(training) * work.per_evaluation


def _seconds(training: Training, examples_per_second: float) -> float:
    starts = len({run.asked.step for run in training.runs})  # the graph is traced anew for each step that is read
    return starts * START_OF_TRAINING_S + _examples(training) / examples_per_second


class _Paces:
    """The pace of each training; each source is asked once, and only where the better ones know nothing as good."""

    def __init__(self, trainings: Sequence[Training], share: Share, calibrate: bool, host: str) -> None:
        self.seeds = {training.asked.spec.seed: None for training in trainings} | dict.fromkeys(USUAL_SEEDS)
        work = [_examples(training) * _operations(training) for training in trainings]
        self.small = 0 < sum(work) < WORTH_MEASURING * share.at_once
        self.host, self.is_here = host, host == machine.host()
        self.measured_threads = share.threads if calibrate and self.is_here and not self.small else None
        self.on_gpu = bool(share.gpus)
        self.asked: dict[tuple[object, ...], Speed | None] = {}
        self.stores: dict[Path, list[_Trained]] = {}

    def of(self, training: Training, share: Share) -> Pace | None:
        """The best that is known for a training that has the threads of the share; None where nothing tells."""
        asked, content = training.asked, training.runs[0].content
        store, like, folder, threads = asked.store, asked.spec.work.kind, asked.spec.work.speeds, share.threads
        count = _operations(training)
        kind = training_fingerprint({**content, "seed": None})
        asking: list[tuple[str, tuple[object, ...], Callable[[], Speed | None]]] = [
            (SAME_KIND, (store, kind, threads), lambda: self._of_kind(training, store, share))
        ]
        if count:
            asking.append((BY_OPERATIONS, (store, like, threads, count), lambda: self._of_like(store, like, count, share)))
        if count and folder is not None:
            asking.append((CALIBRATED, (folder, like, threads), lambda: self._calibrated(like, share, folder)))
        found: list[Pace] = []
        for base, key, ask in asking:
            speed = self._once((base, *key), ask)
            if speed is None:
                continue
            otherwise = OTHER_THREADS if speed.threads != threads else OTHER_AT_ONCE if speed.at_once != share.at_once else ""
            pace = Pace(speed.value if base == SAME_KIND else speed.value / count, base + otherwise)
            if speed.threads == threads:
                return pace
            found.append(pace)
        return found[0] if found else None

    def _once(self, key: tuple[object, ...], ask: Callable[[], Speed | None]) -> Speed | None:
        if key not in self.asked:
            self.asked[key] = ask()
        return self.asked[key]

    def _of_kind(self, training: Training, store: Path, share: Share) -> Speed | None:
        """Examples, or steps, a second in trainings that differ in the seed alone."""
        found: list[Speed] = []
        alike = 0
        for sibling in siblings(training.runs[0].content, store, self.seeds).values():
            here = speeds(sibling, self.on_gpu, self.host, training.asked.spec.work.per_step)
            found += here
            alike += any(speed.threads == share.threads for speed in here)
            if alike == ENOUGH_TRAININGS:
                break
        return nearest(found, share)

    def _of_like(self, store: Path, precision: str, count: int, share: Share) -> Speed | None:
        """Operations a second in trainings of the store that take about as many for an image: no others tell."""
        if store not in self.stores:
            self.stores[store] = _of_store(store, self.on_gpu, self.host)
        found = []
        for trained in self.stores[store]:
            unlike = max(count / trained.operations, trained.operations / count)
            speed = nearest(trained.speeds, share)
            if speed is not None and trained.precision == precision and unlike <= MOST_UNLIKE:
                found.append(replace(speed, value=trained.operations * speed.value))
        return nearest(found, share)

    def _calibrated(self, precision: str, share: Share, folder: Path) -> Speed | None:
        """Operations a second, measured for the purpose; of this machine alone."""
        if not self.is_here:
            return None
        speed = nearest(calibration.kept(precision, share, folder), share)
        if share.threads == self.measured_threads and (speed is None or speed.threads != share.threads):
            return calibration.measure(precision, share, folder) or speed
        return speed


def _operations(training: Training) -> int:
    """Of one example; 0 where they are not known."""
    return int(training.asked.sizes.get("operations", 0))


@lru_cache(maxsize=1024)
def operations(model: Model, input_shape: tuple[int, int, int]) -> int:
    """Operations of a model for one image."""
    return totals(model, input_shape)[1]


@dataclass(frozen=True)
class _Trained:
    """What a trajectory tells that was trained here. operations: for one image. speeds: in training examples a second."""

    precision: str
    operations: int
    speeds: tuple[Speed, ...]


def _of_store(store: Path, on_gpu: bool, host: str) -> list[_Trained]:
    """The newest trajectories of the store that were trained on a host."""
    found = []
    for path in _newest(store):
        with suppress(AblateError, KeyError, TypeError, ValueError):  # damaged, or of another version of the program
            trajectory = Trajectory(store, path.name)
            measured = tuple(speeds(trajectory, on_gpu, host))
            content = trajectory.config() if measured else None
            if content is None:
                continue
            content = with_neutral(content)
            height, width, channels = content["input"]["size"]
            count = operations(parse(content["model"], content["data"]["classes"]), (height, width, channels))
            found.append(_Trained(content["precision"], count, measured))
    return found


def _newest(store: Path) -> list[Path]:
    """The trajectories of a store that were written to last, the newest first."""
    changed: list[tuple[float, Path]] = []
    with suppress(OSError):
        for path in store.iterdir():
            with suppress(OSError):
                changed.append(((path / "metrics.jsonl").stat().st_mtime, path))
    return [path for _, path in heapq.nlargest(NEWEST_TRAJECTORIES, changed)]
