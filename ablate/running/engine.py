"""The sweep engine: which training goes next, what becomes of those that fail, and an end in good order."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from ablate.config import own
from ablate.messages import say
from ablate.planning import run_result
from ablate.planning.runs import Training
from ablate.readout import Readout
from ablate.resources import Share
from ablate.running.backend import OF_THE_PLACE, Backend, Blocks, Job, Outcome, refused
from ablate.running.signals import interruptible
from ablate.text import counted
from ablate.trainer import Resume

TICK_S = 0.5  # between two looks at what has ended
BUSY_S = 2.0  # before a training is tried again that another process is at
DEAF_LOOKS = 5  # of a backend that fails whenever it is asked, after which nothing is waited for any more
SILENT_S = 600.0  # without a word of what is to save its state, after an error, until it is waited for no more

STOPS: Mapping[Resume, tuple[str, str]] = {  # what a training does that is to stop, and what several do
    "exact": ("saves its checkpoint", "save their checkpoints"),
    "own": ("ends, and will resume from what it saved", "end, and will resume from what they saved"),
    "never": ("ends, and will start over", "end, and will start over"),
}
IN_VAIN = 10  # interruptions in a row without a step between them, after which the next ones use up retries

Ended = Callable[[Training, Outcome], bool]


class Supply(Protocol):
    """Where more trainings come from while others are at work, as the trials of a search do."""

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""

    def next(self) -> Training | None:
        """The next training, for which there is a free place; None where there is none at present."""


@dataclass
class Engine:
    """Ensures trainings on a backend: the longest first, many at once, each of them once.

    share: with how many threads, and how many share a machine. retries: how often a training is tried again whose process died
    by a fault of its own.
    fail_fast: stop all at the first that fails. ended: told what became of each training, answers whether all its runs are
    well. tick: called about twice a second. began: told of each training once, before its process has it. check: refuses what
    would keep every training from starting.
    """

    backend: Backend
    share: Share
    retries: int
    fail_fast: bool
    ended: Ended
    tick: Callable[[], None]
    began: Callable[[Training], None] = lambda training: None
    check: Callable[[], None] = lambda: None
    deaths: Counter[str] = field(default_factory=Counter)
    in_vain: Counter[str] = field(default_factory=Counter)  # interruptions since the last that had got further
    from_step: dict[str, int] = field(default_factory=dict)  # at which a training was begun, or gone on with
    waiting: list[Training] = field(default_factory=list)
    at_work: dict[str, Training] = field(default_factory=dict)
    not_before: dict[str, float] = field(default_factory=dict)  # of trainings that another process is at
    given_up: set[str] = field(default_factory=set)
    adopted: set[str] = field(default_factory=set)  # at work for a process that died, which may have asked for fewer steps
    told: set[str] = field(default_factory=set)  # that they began
    supply: Supply | None = None
    tick_s: float = TICK_S
    stopping: bool = False

    def run(self, trainings: Sequence[Training], supply: Supply | None = None) -> None:
        """Return when all has ended.

        Args:
            supply: asked for more whenever a place is free.

        Raises:
            AblateError: as `check` does.
            KeyboardInterrupt: it was interrupted, and what was at work has saved its state.
        """
        self.check()
        self.waiting, self.supply = sorted(trainings, key=_size, reverse=True), supply
        if supply is not None and isinstance(self.backend, Blocks):
            self.backend.meanwhile = self.tick  # a supply may end what is at work
        with interruptible(self._stopping) as asked:
            try:
                self._adopt(self.waiting)
                while self.at_work or (self._more() and not self.stopping):
                    self._step(asked)
            except Exception:
                self._save_all()  # an error here must not cost the trainings what they have done since their checkpoints
                raise
            if asked():
                raise KeyboardInterrupt

    def _stopping(self) -> str:
        """What is said when a stop is asked for."""
        kinds = Counter(training.asked.spec.resume for training in self.at_work.values())
        ends = [f"{counted(count, 'training')} {STOPS[kind][count > 1]}" for kind, count in kinds.items()]
        return f"Stopping: {'; '.join(ends) or 'no training runs'}… (Ctrl-C again stops at once)"

    def give_up(self, fingerprint: str) -> None:
        """End a training before its last step; it saves its state, and `ended` is told that it stopped."""
        waiting = [training for training in self.waiting if training.trajectory.fingerprint == fingerprint]
        for training in waiting if fingerprint not in self.at_work else ():
            self.waiting.remove(training)
            self._end(training, Outcome(fingerprint, "stopped"))
        if fingerprint in self.at_work:
            self.given_up.add(fingerprint)
            self.backend.cancel([fingerprint])

    def stop(self) -> None:
        """Start nothing more, and let what is at work save its state."""
        self.stopping = True

    def _more(self) -> bool:
        return bool(self.waiting) or (self.supply is not None and not self.supply.over)

    def _step(self, asked: Callable[[], bool]) -> None:
        self.stopping |= asked()
        if not self.stopping:
            self._start()
        elif self.at_work:
            self.backend.cancel(list(self.at_work))
        if self.at_work:
            ended = self._collected()
            self.stopping |= asked()  # what ends all may end the processes of the trainings, too
            for training, outcome in ended:
                self._take(training, outcome)
        elif self._more() and not self.stopping:  # by others
            time.sleep(self.tick_s)
        self.tick()

    def _collected(self) -> list[tuple[Training, Outcome]]:
        """What has ended since the last look. None of it is at work any more, whatever goes wrong while it is dealt with."""
        outcomes = [outcome for outcome in self.backend.wait(self.tick_s) if outcome.fingerprint in self.at_work]
        return [(self.at_work.pop(outcome.fingerprint), outcome) for outcome in outcomes]

    def _take(self, training: Training, outcome: Outcome) -> None:
        """Deal with what has ended."""
        given_up = outcome.fingerprint in self.given_up
        self.given_up.discard(outcome.fingerprint)
        adopted = outcome.fingerprint in self.adopted
        self.adopted.discard(outcome.fingerprint)
        for line in outcome.warnings:
            say(line)
        if given_up:  # nobody waits for what another process makes of it
            self._end(training, replace(outcome, state="stopped") if outcome.state == "busy" else outcome)
        elif outcome.state == "busy":
            self.not_before[outcome.fingerprint] = time.monotonic() + BUSY_S
            self.waiting.append(training)
            for run in training.runs:  # whoever trains it now keeps the checkpoints that are asked for here
                training.trajectory.keep(run.asked.step, run.asked.readout.steps)
        elif outcome.state == "died" and (self.stopping or self._again(training, outcome)):
            self.waiting.insert(0, training)
        elif adopted and outcome.state in ("ended", "stopped") and not _is_whole(training):
            self.waiting.insert(0, training)  # what it was asked for, or to stop, was another's word
        elif outcome.state != "stopped":
            self._end(training, outcome)

    def _end(self, training: Training, outcome: Outcome) -> None:
        well = self.ended(training, outcome)
        self.stopping |= self.fail_fast and not well

    def _save_all(self) -> None:
        """Let all save that can: a backend that fails to tell what has ended is not waited for without end."""
        for fingerprint in self.at_work:
            with suppress(Exception):
                self.backend.cancel([fingerprint])
        failures, heard_at = 0, time.monotonic()
        while self.at_work and failures < DEAF_LOOKS and time.monotonic() < heard_at + SILENT_S:
            try:
                if self._collected():
                    heard_at = time.monotonic()
                failures = 0
            except Exception:
                failures += 1
                time.sleep(self.tick_s)

    def _adopt(self, trainings: Sequence[Training]) -> None:
        """Take over what a process that died has left at work."""
        unknown = {training.trajectory.fingerprint: training for training in trainings}
        adopted = self.backend.adopt(unknown.keys() - self.at_work.keys()) if unknown else {}
        for fingerprint, number in adopted.items():
            training = unknown[fingerprint]
            self.waiting.remove(training)
            self._tell_began(training)
            self.at_work[fingerprint] = training
            self.adopted.add(fingerprint)
            place = self.backend.where(fingerprint)
            say(f"{_named(training)}: still running as job {number}" + (f" on {place.host}" if place else ""))

    def _start(self) -> None:
        """Start what there is room for. What another process is at is passed over, and looked at again later."""
        self._start_waiting()
        while self.supply and not self._full(len(self.at_work)) and not self._full(len(self.waiting)):
            if self.stopping or not self._all_wait_for_others():
                return
            training = self.supply.next()
            if training is None:
                return
            self.waiting.append(training)
            self._adopt([training])
            self._start_waiting()

    def _full(self, count: int) -> bool:
        """Whether all places are taken by so many."""
        return self.backend.places is not None and count >= self.backend.places

    def _all_wait_for_others(self) -> bool:
        """Whether nothing of what waits could start in a free place."""
        names = (training.trajectory.fingerprint for training in self.waiting)
        return all(name in self.not_before or name in self.at_work for name in names)

    def _start_waiting(self) -> None:
        chosen: dict[str, tuple[Training, Job]] = {}
        for training in list(self.waiting):
            if self.stopping:  # what came before may have failed
                return
            fingerprint = training.trajectory.fingerprint
            if fingerprint in self.at_work or fingerprint in chosen:  # another trial has the same training
                continue
            if fingerprint in self.not_before:
                if self.not_before[fingerprint] > time.monotonic():
                    continue
                self.not_before[fingerprint] = time.monotonic() + BUSY_S
                if _is_whole(training):
                    self.waiting.remove(training)
                    self._end(training, Outcome(fingerprint, "ended"))
                    continue
            elif self._full(len(self.at_work) + len(chosen)):
                continue
            job = self._job(training)
            if self.backend.room([*(each.threads for _, each in chosen.values()), job.threads]):
                chosen[fingerprint] = training, job
        if chosen:
            self._submit(list(chosen.values()))

    def _submit(self, chosen: Sequence[tuple[Training, Job]]) -> None:
        """Start trainings. One that cannot be started has died: it is tried again, and the others go on."""
        for training, job in chosen:
            self.waiting.remove(training)
            self._tell_began(training)
            self.from_step[job.fingerprint] = training.trajectory.status()["step"]
        try:
            self.backend.submit([job for _, job in chosen])
        except Exception as error:
            for training, job in chosen:
                self._take(training, refused(job.fingerprint, error))
        else:
            self.at_work |= {job.fingerprint: training for training, job in chosen}

    def _tell_began(self, training: Training) -> None:
        fingerprint = training.trajectory.fingerprint
        if fingerprint not in self.told:
            self.told.add(fingerprint)
            self.began(training)

    def _job(self, training: Training) -> Job:
        first = training.runs[0]
        steps: dict[int, Readout] = {}
        for run in training.runs:  # those that are read at one step are one
            steps.setdefault(run.asked.step, run.asked.readout)
        return Job(
            fingerprint=first.trajectory.fingerprint,
            store=first.trajectory.path.parent,
            spec=first.asked.spec,
            readouts=tuple(steps.values()),
            content=first.content,
            names=first.names,
            threads=run_result.begun_with(training.trajectory) or self.share.threads,
            at_once=self.share.at_once,
        )

    def _again(self, training: Training, outcome: Outcome) -> bool:
        """Whether to try a training again whose process died; its failure is told to `ended` otherwise."""
        own = self._is_own_fault(training, outcome)
        self.deaths[outcome.fingerprint] += own
        count = self.deaths[outcome.fingerprint]
        if count <= self.retries or not own:
            which = f" ({count} of {self.retries})" if own else ""
            printed = f"; its output is in {outcome.log}" if outcome.log else ""
            where = "the start" if training.asked.spec.resume == "never" else "its checkpoint"
            say(f"{_named(training)}: {outcome.error}; trying again from {where}{which}{printed}")
        return count <= self.retries or not own

    def _is_own_fault(self, training: Training, outcome: Outcome) -> bool:
        """Whether a death uses up a retry: what the place did does not, nor its time limit where the training got further.

        That a place ends it again and again before its first new step is not gone along with forever.
        """
        name = outcome.fingerprint
        further = training.trajectory.status()["step"] > self.from_step.get(name, 0)
        if outcome.cause == "time_limit":
            return not further
        if outcome.cause not in OF_THE_PLACE:
            return True
        self.in_vain[name] = 0 if further else self.in_vain[name] + 1
        return self.in_vain[name] > IN_VAIN


def _is_whole(training: Training) -> bool:
    """Whether all of its runs can be read."""
    return all(run_result.read(run.asked, run.trajectory) for run in training.runs)


def _named(training: Training) -> str:
    return f"{' '.join(own.names_of_run(training.runs[0].overrides))} ({training.trajectory.path})"


def _size(training: Training) -> float:
    """How long a training takes, in operations where these are known, else in its own unit."""
    return float(training.left * training.asked.spec.work.per_step * training.asked.sizes.get("operations", 1))
