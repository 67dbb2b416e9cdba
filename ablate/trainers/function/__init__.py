"""A Python function of the user's own, which `ablate.sweep` is given; TensorFlow has no part in it."""

import copy
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

import ablate
from ablate import machine
from ablate.config import own
from ablate.errors import AblateError
from ablate.metrics import ACCURACY, KNOWN, Given
from ablate.readout import END, Readout
from ablate.store.sweep_check import EVAL_ON, NO_SET
from ablate.system import provenance, sources
from ablate.trainer import Report, Resources, Spec, Work
from ablate.trainers import evaluations, versions
from ablate.trainers.function import task as tasks
from ablate.trainers.function import values as values_of_text
from ablate.trainers.function.log import Log
from ablate.trainers.function.task import Task

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS")
_VERSIONS: dict[str, dict[str, str]] = {}  # of what a function uses, by its digest: looked up once a process


@dataclass(frozen=True)
class Call:
    """A training: a function, and what it is called with besides the seed.

    values: of the config, by name. metrics: the first is what it is judged by. eval_on: what it is to evaluate on; None where
    it is not told.
    """

    task: Task
    values: Mapping[str, Any]
    metrics: tuple[Given, ...]
    eval_on: str | None

    @property
    def has_other_examples(self) -> bool:
        """Whether it is told to evaluate on other examples than those of the labels."""
        return self.eval_on not in (None, evaluations.USUAL_SET)


class Function:
    """Trains by calling a function; the payload of its specs is a `Call`."""

    name = "function"
    metrics = (KNOWN[ACCURACY],)
    keys = ("seed",)

    def read(self, config: Mapping[str, Any], chosen: Mapping[str, str]) -> tuple[Spec, Readout]:
        """The call that a config asks for; it ends by itself, and is one unit of work."""
        key = config["trainer"]["digest"]
        found = None if key is None else tasks.find(key)
        if found is None:
            raise AblateError("trainer=function works only from ablate.sweep(). Rerun the script or notebook that calls it.")
        metrics = evaluations.metrics_of(config)
        values = {name: values_of_text.value(own.text_of(text)) for name, text in config.items() if own.is_users(name)}
        on = evaluations.eval_on(config["trainer"][EVAL_ON])
        call = Call(found, values, metrics, on if EVAL_ON in found.takes else None)
        spec = Spec(
            self.name,
            config["seed"],
            Work(per_step=1 / END),
            evaluation_set=call.eval_on or NO_SET,
            payload=call,
            **evaluations.told(metrics),
        )
        return spec, Readout("", END, evaluations.NEVER)

    def content(self, spec: Spec) -> dict[str, Any]:
        """The digest of the function, the values that it is given, and what it is judged by."""
        call: Call = spec.payload
        labels = {} if call.task.labels is None else {"labels": call.task.labels.digest}
        judged = evaluations.judged(call.metrics, call.eval_on)
        return {"function": call.task.digest.text, "values": dict(call.values), **judged, **labels}

    def check(self) -> None:
        """Nothing keeps all functions from being called."""

    def keep(self, spec: Spec, content: Mapping[str, Any], store: Path) -> None:
        """Keep the true classes, if it has any, and is evaluated on them."""
        call: Call = spec.payload
        if call.task.labels is not None and not call.has_other_examples:
            call.task.labels.keep(store, spec.evaluation_set)

    def prepare(self, spec: Spec, content: Mapping[str, Any], folder: Path, resources: Resources) -> int:
        """Make the function in this process, before which it gets the threads that libraries ask for once."""
        call: Call = spec.payload
        self.keep(spec, content, folder.parent)
        if not call.task.is_here:
            os.environ |= dict.fromkeys(VARIABLES, str(resources.threads))
        _ = call.task.function
        return resources.threads

    def train(self, spec: Spec, folder: Path, to: int, resources: Resources, report: Report) -> None:
        """Call the function, from the start."""
        call: Call = spec.payload
        drops = call.has_other_examples or (call.task.searched and call.task.labels is None)
        log = Log(call.task.name, call.metrics, report, None if call.has_other_examples else call.task.labels, drops)
        given = {"config": copy.deepcopy(dict(call.values)), "seed": spec.seed, "log": log, EVAL_ON: call.eval_on}
        report.began(0, _where(call.task, resources))
        with threadpool_limits(resources.threads):
            returned = _called(call.task, {name: given[name] for name in call.task.takes}, log)
        log.finish(returned)


def _where(task: Task, given: Resources) -> dict[str, Any]:
    """Where and with what it is trained, with versions of what the function uses."""
    told = provenance.facts(machine.processor(), ("ablate-tf",))
    if task.digest.text not in _VERSIONS:
        _VERSIONS[task.digest.text] = versions.installed(sorted(versions.used(task.function)))
    told["versions"] |= _VERSIONS[task.digest.text]
    return provenance.segment(0, END, given.threads, given.at_once, **told)


def _called(task: Task, given: Mapping[str, Any], log: Log) -> Any:
    """What the function returns.

    Raises:
        AblateError: it failed: how, and where. Diverged, Stopped, AblateError: as its log told.
    """
    try:
        return task.function(**given)
    except (Exception, SystemExit) as error:  # whatever the code of the user raises
        log.check()
        last = traceback.format_exception_only(error)[-1].strip()
        raise AblateError(f"{task.name} failed: {last}{_place(error)}") from error


def _place(error: BaseException) -> str:
    """Where in the user's own files an error arose."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = str(Path(ablate.__file__).parent)
    own_frames = [each for each in frames if not each.filename.startswith(ours) and sources.is_own(Path(each.filename))]
    if not own_frames:
        return ""
    file, line = own_frames[-1].filename, own_frames[-1].lineno
    path = Path(file)
    named = str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
    return f" ({'a cell' if 'ipykernel' in file or file.startswith('<') else named}, line {line})"


TRAINER = Function()
