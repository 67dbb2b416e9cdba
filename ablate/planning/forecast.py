"""How long trainings will take, from what this machine has trained before or from a short measurement of its speed."""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ablate import machine
from ablate.config.neutral import training_fingerprint
from ablate.planning import calibration, run_result
from ablate.planning.calibration import Speed, nearest
from ablate.planning.runs import Training
from ablate.planning.speeds import SHORT_S, Trained, of_store, siblings, speeds
from ablate.readout import END
from ablate.resources import Share
from ablate.store import Trajectory

SAME_KIND = "measured in earlier trainings of the same kind on this machine"
BY_OPERATIONS = "estimated from FLOPs and earlier trainings on this machine"
CALIBRATED = "estimated from FLOPs and a short benchmark on this machine"
OTHER_AT_ONCE = ", with another number of trainings at once"
OTHER_THREADS = ", with another number of threads"
SOURCES = tuple(  # best first
    base + otherwise
    for group in (("", OTHER_AT_ONCE), (OTHER_THREADS,))
    for base in (SAME_KIND, BY_OPERATIONS, CALIBRATED)
    for otherwise in group
)
TOO_SMALL = "estimated time: a few minutes"  # where it is too little to measure this machine's speed for it first
NOT_MEASURED = "estimated time: unknown, since nothing trained on this machine shows its speed yet"

# Rough, and small against any training worth planning. Measured on one core of an AMD EPYC: importing TensorFlow took 5 to
# 9 s, and tracing a training and its evaluation 3 to 6 s.
START_OF_WORKER_S = 6.0
START_OF_TRAINING_S = 4.0

USUAL_SEEDS = range(32)  # where other seeds of a training are looked for, besides the sweep's own
ENOUGH_TRAININGS = 5  # of the same kind, for a median
# A step also takes time for what does not grow with the operations, and in a small model that is most of it. Measured on one
# core: models of 12 to 250 million operations an image do 12 to 45 billion a second, one of 0.03 million does half a billion.
MOST_UNLIKE = 4  # times as many operations an image, of a training and one that tells its pace
# How much longer or shorter than expected trainings may take: at most 30% is told as a number, more as a range.
SURE = (0.8, 1.25)
ROUGH = (0.6, 1.8)
ABOUT = 1.3
WORTH_MEASURING = 5e12  # operations of each of the trainings at once; fewer take a few minutes on one core


@dataclass(frozen=True)
class Forecast:
    """What trainings will take.

    seconds: until the last of them ends; None where the speed of one is not known. each: the seconds of each, by fingerprint.
    low, high: the range that `seconds` is sure to lie in, as far as that is known; None where it is not.
    sources: where the speeds come from, of SOURCES, the best first. unknown: why `seconds` is None, TOO_SMALL or NOT_MEASURED.
    """

    seconds: float | None
    each: Mapping[str, float | None]
    sources: tuple[str, ...]
    unknown: str | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Pace:
    """How fast a training is expected to go. source: one of SOURCES. within: how many times as long it may take, at least and
    at most.
    """

    examples_per_second: float
    source: str
    within: tuple[float, float] = SURE


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
    bounds: list[tuple[tuple[float, int], tuple[float, int]]] = []
    sources = set()
    for training in trainings:
        threads = run_result.begun_with(training.trajectory) or share.threads
        pace = paces.of(training, replace(share, threads=threads))
        seconds = None if pace is None else _seconds(training, pace.examples_per_second)
        each[training.trajectory.fingerprint] = seconds
        if pace is not None and seconds is not None:
            sources.add(pace.source)
            known.append((seconds, threads))
            low, high = (factor * seconds for factor in pace.within)
            bounds.append(((low, threads), (high, threads)))
    ordered = tuple(_of_host(source, host) for source in SOURCES if source in sources)
    if len(known) < len(each):
        return Forecast(None, each, ordered, _of_host(TOO_SMALL if paces.small else NOT_MEASURED, host))
    low, high = (wall_seconds([pair[end] for pair in bounds], share) for end in (0, 1))
    return Forecast(wall_seconds(known, share), each, ordered, None, low, high)


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


def _examples(training: Training) -> float:
    """The work that is left of a training, in its own unit: training examples, or steps."""
    work = training.asked.spec.work
    return training.left * work.per_step + evaluations_left(training) * work.per_evaluation


def _seconds(training: Training, examples_per_second: float) -> float:
    starts = len({run.asked.step for run in training.runs})  # the graph is traced anew for each step that is read
    return starts * START_OF_TRAINING_S + _examples(training) / examples_per_second


_Source = tuple[str, tuple[object, ...], Callable[[], Speed | None]]  # its name, what it depends on, what asks it
_BOTH = (True, False)


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
        self.stores: dict[Path, list[Trained]] = {}
        self.siblings: dict[tuple[Path, str], list[Trajectory]] = {}

    def of(self, training: Training, share: Share) -> Pace | None:
        """The best that is known for a training that has the threads of the share; None where nothing tells."""
        asked, content = training.asked, training.runs[0].content
        store, like, folder, threads = asked.store, asked.spec.work.kind, asked.spec.work.speeds, share.threads
        count = _operations(training)
        kind = training_fingerprint({**content, "seed": None})
        kinds: list[_Source] = [
            (SAME_KIND, (store, kind, threads, sound), partial(self._of_kind, training, store, share, sound)) for sound in _BOTH
        ]
        others: list[_Source] = [
            (BY_OPERATIONS, (store, like, threads, count, sound), partial(self._of_like, store, like, count, share, sound))
            for sound in _BOTH[: 2 * bool(count)]
        ]
        if count and folder is not None:
            others.insert(1, (CALIBRATED, (folder, like, threads), partial(self._calibrated, like, share, folder)))
        anyway = self._once((kinds[1][0], *kinds[1][1]), kinds[1][2])
        is_short = anyway is not None and _seconds(training, anyway.value) < SHORT_S  # as those of its kind were
        asking = [*kinds, *others] if is_short else [kinds[0], *others[:-1], kinds[1], *others[-1:]]
        found: list[Pace] = []
        for base, key, ask in asking:
            speed = self._once((base, *key), ask)
            if speed is None:
                continue
            otherwise = OTHER_THREADS if speed.threads != threads else OTHER_AT_ONCE if speed.at_once != share.at_once else ""
            value = speed.value if base == SAME_KIND else speed.value / count
            sure = base == SAME_KIND and not otherwise and key[-1] is True and speed.spread <= ABOUT**2
            pace = Pace(value, base + otherwise, SURE if sure else ROUGH)
            if speed.threads == threads:
                return pace
            found.append(pace)
        return found[0] if found else None

    def _once(self, key: tuple[object, ...], ask: Callable[[], Speed | None]) -> Speed | None:
        if key not in self.asked:
            self.asked[key] = ask()
        return self.asked[key]

    def _of_kind(self, training: Training, store: Path, share: Share, sound: bool) -> Speed | None:
        """Examples, or steps, a second in trainings that differ in the seed alone. sound: in sound ones alone."""
        found: list[Speed] = []
        alike = 0
        kind = (store, training_fingerprint({**training.runs[0].content, "seed": None}))
        if kind not in self.siblings:
            self.siblings[kind] = list(siblings(training.runs[0].content, store, self.seeds).values())
        for sibling in self.siblings[kind]:
            asked = training.asked
            measured = speeds(sibling, self.on_gpu, self.host, asked.spec.work.per_step, asked.step == END)
            here = [speed for speed in measured if speed.sound or not sound]
            found += here
            alike += any(speed.threads == share.threads for speed in here)
            if alike == ENOUGH_TRAININGS:
                break
        return nearest(found, share)

    def _of_like(self, store: Path, precision: str, count: int, share: Share, sound: bool) -> Speed | None:
        """Operations a second in trainings of the store that take about as many for an image: no others tell.

        Args:
            sound: whether to ask those alone that were long enough, on a machine that did little else.
        """
        if store not in self.stores:
            self.stores[store] = of_store(store, self.on_gpu, self.host)
        found = []
        for trained in self.stores[store]:
            unlike = max(count / trained.operations, trained.operations / count)
            speed = nearest([each for each in trained.speeds if each.sound or not sound], share)
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
