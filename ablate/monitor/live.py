"""A running sweep on the screen: a live table in a terminal, plain lines elsewhere. All on stderr, from the files alone."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar

from ablate import messages, terminal
from ablate.monitor.snapshot import evaluations, snapshot
from ablate.monitor.states import Evaluation, Holder, SearchStatus, Snapshot, TrainingStatus, counts
from ablate.readout import ACCURACY
from ablate.store.state import BAD, LOOKED_AT, State
from ablate.text import clock, percent

READ_EVERY_S = 1.0  # between two looks at the files; more where a look takes long
READ_SHARE = 0.05  # of the time, at most, goes into looking
TOTALS_EVERY_S = 60.0
SILENT_S = 60.0  # a training that said nothing for so long has that told in place of its time left
FAILURES = 5  # shown under the table
LAST_FAILURES = 20  # told at the end

NONE = "–"  # in a cell with no value
BAR_WIDTH = 12
DROPPED_FIRST = ("", "loss", "examples/s")  # by a narrow terminal, in this order; the bar has no heading
STYLES = {State.FAILED: "red", State.DIVERGED: "red", State.DONE: "green", State.RUNNING: "bold"}


class Screen:
    """Shows how a sweep goes while it is entered; `refresh` is called about twice a second.

    In a terminal a table of the trainings at work, never taller than the terminal. Elsewhere a line when a training begins,
    is evaluated, ends or fails, and the totals every minute. In both a line for every new note about the files. At the end the
    totals, whatever was shown; where an exception ends it, as Ctrl-C does, also the failures that a terminal does not show any
    more.

    Args:
        folder: of the sweep; there may be no sweep in it yet.
        terminal: whether stderr is one that can redraw; None to find out.
        shown: False for nothing but failures, and the totals at the end.
    """

    def __init__(self, folder: Path, terminal: bool | None = None, shown: bool = True) -> None:
        self.folder, self.shown = folder, shown
        self.terminal = sys.stderr.isatty() and not messages.console.is_dumb_terminal if terminal is None else terminal
        self.seen = Snapshot(folder, (), None, None, ())  # at the last look
        self._live: Live | None = None
        self._look_at = self._totals_at = 0.0

    def __enter__(self) -> Self:
        if self.terminal and self.shown:
            self._live = Live(console=messages.console, auto_refresh=False, transient=True, redirect_stdout=False)
            self._live.start()
        self._totals_at = time.monotonic() + TOTALS_EVERY_S
        self._look()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()
        seen = self._look()
        if self._live is not None and kind is not None:
            for line in failures(seen):
                messages.say(line)
        if seen.trainings or seen.search is not None:
            messages.say(totals(seen))

    def refresh(self) -> None:
        """Look at the files again, unless that was just done, and show what is new."""
        if time.monotonic() >= self._look_at:
            self._look()

    def _look(self) -> Snapshot:
        started = time.monotonic()
        before, seen = self.seen, snapshot(self.folder)
        self.seen = seen
        now = time.monotonic()
        self._look_at = now + max(READ_EVERY_S, (now - started) / READ_SHARE)
        for note in seen.notes:
            if note not in before.notes:
                messages.say(note)
        if self._live is not None:
            if self._live.is_started:
                self._live.update(fitted(seen, messages.console), refresh=True)
            return seen
        for line in changes(before, seen, failures_only=not self.shown):
            messages.say(line)
        if self.shown and now >= self._totals_at:
            messages.say(totals(seen))
            self._totals_at = now + TOTALS_EVERY_S
        return seen


def changes(before: Snapshot, seen: Snapshot, failures_only: bool = False) -> list[str]:
    """What happened between two looks, a line each; of trainings that were not known before, what is at work or failed.

    Args:
        failures_only: leave out what goes well.
    """
    lines = []
    known = {training.fingerprint: training for training in before.trainings}
    for training in seen.trainings:
        was = known.get(training.fingerprint)
        if was is None and before.search is not None:  # a trial that began since
            was = replace(training, state=State.WAITING, step=0, evaluated=None)
        if not failures_only:
            lines += _went_on(was, training, seen)
        if training.state.is_bad and not _half_told(training, seen) and (was is None or _told(was) != _told(training)):
            lines.append(failure(training))
    return lines


def _half_told(training: TrainingStatus, seen: Snapshot) -> bool:
    """Whether it failed only just now: the process that works on the sweep is about to write down why."""
    return training.state == "failed" and training.trace is None and seen.holder is not None


def _told(training: TrainingStatus) -> tuple[object, ...]:
    return training.state, training.error, training.trace


def _went_on(was: TrainingStatus | None, training: TrainingStatus, seen: Snapshot) -> list[str]:
    name, step, target = training.name, f"{training.step:,}", f"{training.target:,}"
    if was is None:
        return [f"{name}: at step {step} of {target}"] if training.state == "running" else []
    lines = []
    if training.state == "running" and was.state == "unknown":
        lines.append(f"{name}: at step {step} of {target}")
    elif training.began is not None and training.began != was.began:
        begins = f"resuming from step {training.began:,} to" if training.began else "training to step"
        lines.append(f"{name}: {begins} {target}")
    if was.state != "unknown":  # what was evaluated before it was found is no news
        for one in evaluations(seen, training, was.evaluated or 0):
            if training.state != "done" or one.step < training.target:
                lines.append(f"{name}: {_evaluation(training, one)}")
    if training.state == "done" and was.state != "done":
        lines.append(f"{name}: done, {_value(training, training.accuracy, 2)} at step {target}")
    elif training.state == "pruned" and was.state != "pruned":
        lines.append(f"{name}: pruned at step {step} of {target}, {_value(training, training.accuracy)}")
    elif training.state == "stopped" and was.state == "running" and seen.holder is None:
        lines.append(f"{name}: stopped at step {step} of {target}")
    return lines


def _evaluation(training: TrainingStatus, one: Evaluation) -> str:
    parts = [f"step {one.step:,} of {training.target:,}", _value(training, one.accuracy)]
    if one.examples_per_second:
        parts.append(f"{_speed(one.examples_per_second)} examples/s")
    if one.step == training.evaluated and training.seconds_left is not None:
        parts.append(f"about {clock(training.seconds_left)} left")
    return ", ".join(parts)


def failures(seen: Snapshot) -> list[str]:
    """What failed or diverged, a line each; of very many the first."""
    bad = seen.of(*BAD)
    lines = [failure(training) for training in bad[:LAST_FAILURES]]
    if len(bad) > LAST_FAILURES:
        lines.append(f"and {len(bad) - LAST_FAILURES:,} more; ablate status {seen.folder} lists them")
    return lines


def failure(training: TrainingStatus) -> str:
    """Which training failed or diverged, why, and where the whole story is."""
    at = f" at step {training.step:,}" if training.state == "failed" and training.step else ""
    trace = f"; trace in {training.trace}" if training.trace else ""
    return f"{training.name}: {training.state}{at}: {training.error}{trace}"


def totals(seen: Snapshot) -> str:
    """How much is done, what is not, and how long it takes."""
    times = [f"{clock(seen.holder.seconds)} so far"] if seen.holder and seen.holder.seconds is not None else []
    times += [f"about {clock(seen.seconds_left)} left"] if seen.seconds_left is not None else []
    if seen.search is not None:
        return _searched(seen.search, len(seen.of(State.RUNNING)), times)
    if not seen.trainings:
        return "waiting for the plan of the sweep"
    trainings, runs = counts(seen.trainings), counts(seen.runs)
    word = "training" if trainings["all"] == 1 else "trainings"
    done = f"{trainings['done']:,} of {trainings['all']:,} {word} done ({runs['done']:,} of {runs['all']:,} runs)"
    others = [f"{trainings[state]:,} {state}" for state in LOOKED_AT if state != "done" and trainings[state]]
    return ", ".join([done, *others]) + (f"; {', '.join(times)}" if times else "")


def _searched(search: SearchStatus, at_work: int, times: Sequence[str]) -> str:
    finished = sum(search.finished.values())
    others = [f"{count} {state}" for state, count in search.finished.items() if count and state != "done"]
    parts = [f"{finished} of {search.trials} trials finished" + (f" ({', '.join(others)})" if others else "")]
    parts += [f"{at_work} running"] if at_work else []
    parts += [f"best so far {search.best}"] if search.best else []
    return "; ".join([", ".join(parts), *([", ".join(times)] if times else [])])


def who_works(holder: Holder, seen: Snapshot) -> str:
    """Which process works on the sweep, and what it does where no training is at work."""
    who = f"process {holder.pid} on {holder.host} works on this sweep"
    if seen.of(State.RUNNING, State.UNKNOWN):
        return who
    return f"{who}: " + ("it writes the report" if seen.ended else "it prepares what to train next")


def fitted(seen: Snapshot, console: Console) -> RenderableType:
    """What is at work, the failures and the totals, cut to the size of the terminal."""
    at_work, bad = seen.of(State.RUNNING), seen.of(*BAD)
    told = min(FAILURES, len(bad))
    below: list[RenderableType] = [terminal.wrapped(totals(seen))]
    if seen.trainings and seen.holder is not None and not at_work:
        below.append(terminal.one_line(who_works(seen.holder, seen), console.width))
    for rows in range(min(len(at_work), max(0, console.height - len(below))), -1, -1):
        more = [f"and {len(at_work) - rows:,} more at work"] if rows < len(at_work) else []
        drawn, dropped = terminal.table(columns(at_work[:rows]), console.width)
        parts: list[RenderableType] = [drawn] if rows else []
        more += [terminal.left_out(dropped)] if dropped else []
        parts += [terminal.one_line(line, console.width) for line in more]
        parts += ["", *_failures(bad, told, console.width), *below]
        whole = Group(*parts)
        if len(console.render_lines(whole, pad=False)) < console.height:
            return whole
        told = min(told, 1) if rows < len(at_work) // 2 else told
    return Group(*below)


def _failures(bad: Sequence[TrainingStatus], most: int, width: int) -> list[RenderableType]:
    lines = [failure(training) for training in bad[:most]]
    lines += [f"and {len(bad) - most:,} more failed or diverged"] if len(bad) > most else []
    return [terminal.one_line(line, width, "red") for line in lines]


def columns(trainings: Sequence[TrainingStatus], bars: bool = True, states: bool = False) -> list[terminal.Column]:
    """A table of trainings, a row each.

    Args:
        bars: whether to draw how far each is. states: whether to say the state of each.
    """
    rows = [_cells(training, states) for training in trainings]
    drawn = tuple(ProgressBar(max(1, one.target), one.step, BAR_WIDTH) for one in trainings)
    spare = {heading: rank for rank, heading in enumerate(DROPPED_FIRST, 1)}
    return [
        terminal.Column(
            heading,
            tuple(row[heading] for row in rows),
            words=heading in ("state", "arm"),
            name=heading == "arm",
            spare=spare.get(heading, 0),
            styles=tuple(STYLES.get(one.state, "") for one in trainings) if heading == "state" else (),
            drawn=() if heading else drawn,
        )
        for heading in (rows[0] if rows else ())
        if heading or bars
    ]


def _cells(training: TrainingStatus, states: bool) -> dict[str, str]:
    left = NONE if training.seconds_left is None else clock(training.seconds_left)
    silent = training.silent_seconds
    return {
        **({"state": training.state} if states else {}),
        "arm": training.label,
        "seed": str(training.seed),
        "step": f"{NONE if training.state == 'unknown' else f'{training.step:,}'}/{training.target:,}",
        "": " " * BAR_WIDTH,
        "loss": NONE if training.loss is None else f"{training.loss:.2f}",
        training.metric: _number(training, training.accuracy),
        "examples/s": _speed(training.examples_per_second),
        "time left": left if silent is None or silent < SILENT_S else f"silent {clock(silent)}",
    }


def _speed(examples_per_second: float | None) -> str:
    if not examples_per_second:
        return NONE
    return f"{examples_per_second:,.0f}" if examples_per_second >= 10 else f"{examples_per_second:.1f}"


def _value(training: TrainingStatus, value: float | None, digits: int = 1) -> str:
    """What a training is judged by, as in `accuracy 81.2%`."""
    return f"{training.metric} {_number(training, value, digits)}"


def _number(training: TrainingStatus, value: float | None, digits: int = 1) -> str:
    if value is None:
        return NONE
    return percent(value, digits) if training.metric == ACCURACY else f"{value:.{3 + digits}g}"
