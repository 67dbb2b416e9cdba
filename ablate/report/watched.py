"""A sweep or search while it trains: how far it is, and its page as far as it is."""

import hashlib
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.monitor.snapshot import snapshot
from ablate.monitor.states import Snapshot
from ablate.report import writing
from ablate.report.files import PAGE
from ablate.report.page.live import live
from ablate.text import clock, counted

DRAWN_EVERY_S = 10.0  # at least between two drawings of the page, which take seconds that trainings could use
SEEN_EVERY_S = 1.0


class Watched:
    """What a server shows of a folder; safe to be asked by many threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._seen: tuple[float, Snapshot] | None = None
        self._page: tuple[float, str, str] | None = None  # when it was drawn, of which version, the page

    def state(self) -> dict[str, Any]:
        """How far it is: version (changes when the page would show something new), text, progress (0 to 1)."""
        with self._lock:
            seen = self._look()
            return {"version": self._shown() or _version(seen), "text": text(seen), "progress": round(seen.share_done, 4)}

    def page(self) -> str:
        """The page, drawn again where there is something new and the last drawing is not too fresh.

        Raises:
            AblateError: nothing can be reported yet.
        """
        with self._lock:
            version = self._shown() or _version(self._look())
            if self._page is not None and self._page[1] == version:
                return live(self._page[2], version)
            drawn = self._drawn()
            self._page = (time.monotonic(), version, drawn)
            return live(drawn, version)

    def _shown(self) -> str:
        """The version of a page that is too fresh to be drawn again; empty where there is none."""
        kept = self._page
        return kept[1] if kept is not None and time.monotonic() - kept[0] < DRAWN_EVERY_S else ""

    def _look(self) -> Snapshot:
        if self._seen is None or time.monotonic() - self._seen[0] > SEEN_EVERY_S:
            found = snapshot(self.folder)
            if not found.trainings:
                raise AblateError(found.notes[0] if found.notes else f"{self.folder} has no runs yet.")
            self._seen = (time.monotonic(), found)
        return self._seen[1]

    def _drawn(self) -> str:
        with tempfile.TemporaryDirectory() as place:
            writing.make([str(self.folder)], Path(place), ("html",))
            return (Path(place) / PAGE).read_text("utf-8")


def text(seen: Snapshot) -> str:
    """How far it is, in a few words: `12/30 trainings · 48 min left`."""
    done = sum(training.state.is_finished for training in seen.trainings)
    parts = [f"{done:,}/{counted(len(seen.trainings), 'training')}"]
    if seen.seconds_left:
        parts.append(f"{clock(seen.seconds_left)} left")
    elif done < len(seen.trainings) and seen.holder is None:
        parts.append("nobody works on it")
    return " · ".join(parts)


def _version(seen: Snapshot) -> str:
    """Another one whenever a training was evaluated or changed its state."""
    told = [(training.fingerprint, str(training.state), training.evaluated) for training in seen.trainings]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]
