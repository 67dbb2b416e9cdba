"""A running sweep on the screen: one bar and a line a training in a terminal, plain lines elsewhere. All on stderr."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.live import Live

from ablate import messages
from ablate.monitor import lines
from ablate.monitor.drawing import fitted
from ablate.monitor.lines import failure
from ablate.monitor.snapshot import snapshot
from ablate.monitor.states import Snapshot
from ablate.store.state import BAD

READ_EVERY_S = 1.0  # between two looks at the files; more where a look takes long
READ_SHARE = 0.05  # of the time, at most, goes into looking
LINE_EVERY_S = 60.0  # between two lines on evaluations of one training
TOTALS_EVERY_S = 600.0  # without a line, after which the totals are said
LAST_FAILURES = 20  # told at the end


class Screen:
    """Shows how a sweep goes while it is entered; `refresh` is called about twice a second.

    In a terminal a bar of the whole sweep and a line for each training at work, never taller than the terminal. Elsewhere a
    line with the time when a training ends or fails, and at most every minute one on its newest evaluation. In both a line for
    every new note about the files. At the end the totals, whatever was shown; where an exception ends it, as Ctrl-C does, also
    the failures that a terminal does not show any more.

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
        self._said_at: dict[str, float] = {}  # of a training, when an evaluation of it was said

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
            stopped = kind is not None and issubclass(kind, KeyboardInterrupt)
            messages.say(lines.interrupted(seen) if stopped else lines.totals(seen))

    def refresh(self) -> None:
        """Look at the files again, unless that was just done, and show what is new."""
        if time.monotonic() >= self._look_at:
            self._look()

    def _look(self) -> Snapshot:
        started = time.monotonic()
        before, seen = self.seen, snapshot(self.folder)
        now = time.monotonic()
        self._look_at = now + max(READ_EVERY_S, (now - started) / READ_SHARE)
        for note in seen.notes:
            if note not in before.notes:
                messages.say(note)
        if self._live is not None:
            self.seen = seen
            if self._live.is_started:
                self._live.update(fitted(seen, messages.console), refresh=True)
            return seen
        self._say(before, seen, now)
        return seen

    def _say(self, before: Snapshot, seen: Snapshot, now: float) -> None:
        """The lines on what happened. Evaluations of a training that was spoken of a moment ago wait, and are new later."""
        silent = {one for one, at in self._said_at.items() if now < at + LINE_EVERY_S}
        found = lines.changes(before, seen, not self.shown, silent)
        evaluated = {one.fingerprint: one.evaluated for one in before.trainings}
        for one in seen.trainings:
            known = one.fingerprint in evaluated and one.fingerprint not in silent
            if known and one.evaluated != evaluated[one.fingerprint]:
                self._said_at[one.fingerprint] = now
        self.seen = seen.as_said(before, silent)
        if self.shown and now >= self._totals_at and not found:
            found = [lines.totals(seen)]
        if found:
            self._totals_at = now + TOTALS_EVERY_S
        for line in found:
            messages.say(f"{time.strftime('%H:%M')}  {line}")


def failures(seen: Snapshot) -> list[str]:
    """What failed or diverged, a line each; of very many the first."""
    bad = seen.of(*BAD)
    told = [failure(training) for training in bad[:LAST_FAILURES]]
    if len(bad) > LAST_FAILURES:
        told.append(f"and {len(bad) - LAST_FAILURES:,} more; ablate status {seen.folder} lists them")
    return told
