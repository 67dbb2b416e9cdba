"""One training of a command: its process, from its start to its end, and what it tells on the way."""

import shutil
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ablate import machine
from ablate.errors import AblateError, Killed, Stopped
from ablate.readout import END
from ablate.store import Trajectory
from ablate.store.files import writing
from ablate.system import own_path, provenance
from ablate.trainer import Report, Resources, Spec
from ablate.trainers.command import process, rows, template
from ablate.trainers.command.process import Process
from ablate.trainers.command.settings import Settings

WORK, LOG, ROWS, RECORD = "work", "output.log", "logged.jsonl", "process.json"  # in a training's folder
LOOK_S = 0.05  # between two looks at what it tells


def run(settings: Settings, spec: Spec, folder: Path, given: Resources, report: Report) -> None:
    """Run the command to its end.

    Args:
        folder: of the training in its store.

    Raises:
        AblateError: it failed, took too long, or told what is no evaluation.
        Stopped: it was asked to stop.
        Diverged: its metric is NaN or infinite.
    """
    whole = folder.resolve()
    process.end_left(whole / RECORD)
    resumes = settings.resume and (whole / WORK).is_dir()
    _make_ready(whole, resumes)
    stored = Trajectory(folder.parent, folder.name).rows() if resumes else []
    report.began(begun := stored[-1]["step"] if stored else 0, _where(settings, begun, given))
    values = {
        **settings.values,
        "seed": str(spec.seed),
        "dir": str(whole / WORK),
        "metrics": str(whole / ROWS),
        "threads": str(given.threads),
        "eval_on": "test",
    }
    command = [template.filled(word, values) for word in settings.command]
    place = whole / WORK if settings.in_folder else settings.here
    with Process(command, place, _environment(values, resumes), whole / LOG, whole / RECORD) as running:
        _Listener(settings, whole, running, report, bool(stored)).listen()


def _where(settings: Settings, step: int, given: Resources) -> dict[str, Any]:
    """Where and with what it is trained from a step: with the commit of the user's code, whose files are known by digests."""
    told = provenance.facts(machine.processor(), ("ablate-tf",)) | {"commit": _commit(settings.here), "dirty": None}
    return provenance.segment(step, END, given.threads, given.at_once, **told, environment={})


@lru_cache(maxsize=4)
def _commit(here: Path) -> str | None:
    """The commit of the checkout around a folder; None where there is none."""
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)
    return None if root is None else provenance.commit_of(root)[0]


def _make_ready(folder: Path, resumes: bool) -> None:
    """Leave the training's folder as it is where it resumes; else empty it."""
    with writing(folder):
        if not resumes:
            shutil.rmtree(folder / WORK, ignore_errors=True)
            (folder / LOG).unlink(missing_ok=True)
        (folder / ROWS).unlink(missing_ok=True)
        (folder / WORK).mkdir(exist_ok=True)


def _environment(values: Mapping[str, str], resumes: bool) -> dict[str, str]:
    """The environment of the command: ours, with each value and the threads that it may use."""
    given = {template.variable(name): value for name, value in values.items()}
    resumed = {"ABLATE_RESUME": "1"} if resumes else {}
    others = {name: value for name, value in own_path.environment().items() if name != "ABLATE_RESUME"}
    return {**others, "OMP_NUM_THREADS": values["threads"], "PYTHONUNBUFFERED": "1", **given, **resumed}


class _Listener:
    """Stores what a running command tells, until it ends, or is to."""

    def __init__(self, settings: Settings, folder: Path, running: Process, report: Report, resumes: bool) -> None:
        self.settings, self.running, self.report, self.resumes = settings, running, report, resumes
        self.logged = rows.Tail(folder / ROWS)
        self.written = None if settings.read is None else folder / WORK / settings.read
        self.told = rows.Evaluations(settings.metric, settings.step, sparse=settings.read is not None)
        self._seen: tuple[int, int] | None = None  # when the file was written last, and its size

    def listen(self) -> None:
        """See `run`."""
        since = time.monotonic()
        while not self.running.wait(LOOK_S):
            self._store(self._new())
            if self.report.stop():
                self.running.end()
                self._store(self._new())
                raise Stopped(max(self.told.last, 0))
            self._check_time(time.monotonic() - since)
        said = self.running.drained()
        how = self.running.how_it_ended()
        if how:
            self._store([*self._new(), *self._parsed(said)])
            kind = Killed if self.running.was_killed else AblateError
            raise kind(f"The command {how}.{self.running.last_lines()}")
        self._store([*self._new(whole=True), *self._parsed(said)])
        place = f"in {self.settings.read}" if self.written is not None else "logged"
        if not self.resumes:  # it may have been stopped behind its last evaluation
            self.told.check_some(f"{place}.{self.running.last_lines()}")

    def _check_time(self, seconds: float) -> None:
        limit = self.settings.timeout_s
        if limit is not None and seconds > limit:
            self.running.end()
            raise AblateError(f"The command took longer than trainer.timeout={limit:g} seconds.{self.running.last_lines()}")

    def _new(self, whole: bool = False) -> list[Mapping[str, Any]]:
        """The rows since the last call. whole: whether nothing comes any more."""
        if self.written is not None:
            return self._of_written(whole)
        lines = self._parsed(self.logged.lines(whole), "$ABLATE_METRICS")
        return [*lines, *self._parsed(self.running.said())]

    def _parsed(self, lines: Sequence[bytes], where: str = "Its output") -> list[Mapping[str, Any]]:
        if self.written is not None:
            return []
        return [row for line in lines if (row := rows.of_line(line, where)) is not None]

    def _of_written(self, whole: bool) -> list[Mapping[str, Any]]:
        """The rows of the file that it writes anyway, which were not seen yet."""
        assert self.written is not None
        try:
            stat = self.written.stat()
        except OSError:
            return []
        if not whole and self._seen == (stat.st_mtime_ns, stat.st_size):
            return []
        self._seen = stat.st_mtime_ns, stat.st_size
        return [row for row in rows.of_file(self.written, whole) if not self._is_known(row)]

    def _is_known(self, row: Mapping[str, Any]) -> bool:
        step = row.get(self.settings.step)
        return isinstance(step, int | float) and step <= self.told.last

    def _store(self, found: Sequence[Mapping[str, Any]]) -> None:
        for step, values in self.told.of(found):
            self.report.row(step, values)
            self.report.alive(step, values.get("loss"))
