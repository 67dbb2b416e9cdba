"""One training of a command: its process, from its start to its end, and what it tells on the way."""

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from ablate import machine
from ablate.errors import AblateError, Diverged, Killed, Stopped
from ablate.metrics import ACCURACY
from ablate.readout import END
from ablate.store import Trajectory
from ablate.store.files import writing
from ablate.store.sweep_check import EVAL_ON
from ablate.system import own_path, provenance
from ablate.trainer import Report, Resources, Spec
from ablate.trainers import versions
from ablate.trainers.command import process, rows, template
from ablate.trainers.command.code import Files
from ablate.trainers.command.process import Process
from ablate.trainers.command.settings import Settings
from ablate.trainers.evaluations import USUAL_SET, Evaluations
from ablate.trainers.predicted import FILE, PREDICTIONS, load
from ablate.trainers.versions import Versions

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
    _make_ready(whole, resumes, settings.labels is not None)
    stored = Trajectory(folder.parent, folder.name).rows() if resumes else []
    report.began(begun := stored[-1]["step"] if stored else 0, _where(settings, begun, given))
    values = {
        **settings.values,
        "seed": str(spec.seed),
        "dir": str(whole / WORK),
        "metrics": str(whole / ROWS),
        "threads": str(given.threads),
        EVAL_ON: settings.eval_on,
    }
    told = values if settings.labels is None else values | {PREDICTIONS: str(whole / WORK / PREDICTIONS)}
    command = [template.filled(word, values) for word in settings.command]
    place = whole / WORK if settings.in_folder else settings.here
    with Process(command, place, _environment(told, resumes), whole / LOG, whole / RECORD) as running:
        _Listener(settings, whole, running, report, bool(stored)).listen()


def _where(settings: Settings, step: int, given: Resources) -> dict[str, Any]:
    """Where and with what it is trained from a step: with the commit of the user's code, whose files are known by digests."""
    told = provenance.facts(machine.processor(), ("ablate-tf",)) | {"commit": _commit(settings.here), "dirty": None}
    python, theirs = _versions(settings.command, settings.here, settings.code)
    told |= {"python": python, "versions": told["versions"] | theirs}
    return provenance.segment(step, END, given.threads, given.at_once, **told, environment={})


@lru_cache(maxsize=4)
def _versions(command: tuple[str, ...], here: Path, code: Files) -> Versions:
    """Those of the command's Python, and of what its files import from packages."""
    same = [template.filled(word, {}) for word in command if not template.names([word])]  # for all runs
    return versions.of_command(same, here, versions.imported(here, (shown for shown, _ in code)))


@lru_cache(maxsize=4)
def _commit(here: Path) -> str | None:
    """The commit of the checkout around a folder; None where there is none."""
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)
    return None if root is None else provenance.commit_of(root)[0]


def _make_ready(folder: Path, resumes: bool, predicts: bool) -> None:
    """Leave the training's folder as it is where it resumes; else empty it. predicts: whether it needs one for predictions."""
    with writing(folder):
        if not resumes:
            shutil.rmtree(folder / WORK, ignore_errors=True)
            (folder / LOG).unlink(missing_ok=True)
        (folder / ROWS).unlink(missing_ok=True)
        (folder / WORK).mkdir(exist_ok=True)
        if predicts:
            (folder / WORK / PREDICTIONS).mkdir(exist_ok=True)


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
        self.logged, self.work = rows.Tail(folder / ROWS), folder / WORK
        self.written = None if settings.read is None else self.work / settings.read
        self.told = self._evaluations()
        self._seen: tuple[int, int] | None = None  # when the file was written last, and its size
        self._taken: list[tuple[int, dict[str, Any]]] = []  # from it

    def listen(self) -> None:
        """See `run`."""
        since = time.monotonic()
        while not self.running.wait(LOOK_S):
            self._store(self._new())
            if self.report.stop():
                self.running.end(self.settings.grace_s)
                with suppress(AblateError, Diverged):  # it may tell anything once it is asked to end
                    self._store(self._new())
                raise Stopped(max(self.told.last, 0))
            self._check_time(time.monotonic() - since)
        said = self.running.drained()
        how = self.running.how_it_ended()
        if how:
            self._store(self._new(said))
            kind = Killed if self.running.was_killed else AblateError
            raise kind(f"The command {how}.{self.running.last_lines()}")
        self._store(self._new(said, whole=True))
        place = f"in {self.settings.read}" if self.written is not None else "logged"
        if not self.resumes:  # it may have been stopped behind its last evaluation
            self.told.check_some(f"{place}.{self.running.last_lines()}")

    def _check_time(self, seconds: float) -> None:
        limit = self.settings.timeout_s
        if limit is not None and seconds > limit:
            self.running.end(self.settings.grace_s)
            raise AblateError(f"The command took longer than trainer.timeout={limit:g} seconds.{self.running.last_lines()}")

    def _new(self, said: Sequence[bytes] = (), whole: bool = False) -> Iterable[tuple[int, dict[str, Any]]]:
        """The evaluations since the last call. said: rows that it printed. whole: whether nothing comes any more."""
        logged = self._parsed(self.logged.lines(whole), "$ABLATE_METRICS")
        printed = self._parsed([*self.running.said(), *said], "Its output")
        return self.told.of([*logged, *printed]) if self.written is None else self._of_written(self.written, whole)

    def _parsed(self, lines: Sequence[bytes], where: str) -> list[Mapping[str, Any]]:
        found = [row for line in lines if (row := rows.of_line(line, where)) is not None]
        if found and self.written is not None:
            raise AblateError(
                f"The command logs rows, and trainer.read={self.settings.read} is to be read. Leave out one of them."
            )
        return found

    def _of_written(self, written: Path, whole: bool) -> Iterable[tuple[int, dict[str, Any]]]:
        """The evaluations in the file that it writes anyway, behind those that were taken from it before.

        Raises:
            AblateError: these are no longer as they were.
        """
        try:
            stat = written.stat()
        except OSError:
            self._check_kept(0 if whole else len(self._taken))
            return
        if not whole and self._seen == (stat.st_mtime_ns, stat.st_size):
            return
        self._seen = stat.st_mtime_ns, stat.st_size
        self.told, count = self._evaluations(), 0
        for count, found in enumerate(self.told.of(rows.of_file(written, whole)), 1):
            if count > len(self._taken):
                self._taken.append(found)
                yield found
            elif found != self._taken[count - 1]:
                step = self._taken[count - 1][0]
                raise AblateError(
                    f"{self.settings.read} has rewritten the row of step {step:,}, which was read before. Have the command "
                    "write each row once."
                )
        self._check_kept(count if whole else len(self._taken))

    def _check_kept(self, count: int) -> None:
        if count < len(self._taken):
            raise AblateError(
                f"{self.settings.read} has lost the row of step {self._taken[count][0]:,}. Have the command keep it."
            )

    def _evaluations(self) -> Evaluations:
        reads = self.settings.read is not None
        return Evaluations(self.settings.metrics, self.settings.step, sparse=reads, again=reads and self.settings.resume)

    def _store(self, found: Iterable[tuple[int, dict[str, Any]]]) -> None:
        for step, values in found:
            self.report.row(step, values, self._predicted(step, values))
            self.report.alive(step, values.get("loss"))

    def _predicted(self, step: int, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The predicted classes that belong to an evaluation, which are written before it; None where there are to be none."""
        if self.settings.labels is None or self.settings.eval_on != USUAL_SET:
            return None  # the labels are those of the test examples
        path = self.work / PREDICTIONS / f"{step}{FILE}"
        if not path.is_file():
            raise AblateError(
                f"Step {step:,} has no predictions, which trainer.labels needs. Write {{dir}}/{PREDICTIONS}/{step}{FILE} "
                "before its evaluation."
            )
        return self.settings.labels.predictions(load(path), step, values.get(ACCURACY))
