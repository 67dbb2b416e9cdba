"""A command of the user's own: a process for each training, which tells of its evaluations; TensorFlow has no part in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.metrics import ACCURACY, KNOWN
from ablate.readout import END, Readout
from ablate.store.sweep_check import EVAL_ON, NO_SET
from ablate.text import counted
from ablate.trainer import Report, Resources, Spec, Work
from ablate.trainers import evaluations
from ablate.trainers.command import code, process, settings, stored, template, training
from ablate.trainers.command.settings import Settings

MOST_LISTED = 8  # files that a note names


class Command:
    """Trains by running a command; the payload of its specs is a `Settings`."""

    name = "command"
    metrics = (KNOWN[ACCURACY],)
    keys = ("seed",)

    def read(self, config: Mapping[str, Any], chosen: Mapping[str, str]) -> tuple[Spec, Readout]:
        """The command of a config; it ends by itself, and is one unit of work."""
        found = settings.of(config)
        spec = Spec(
            self.name,
            config["seed"],
            Work(per_step=1 / END),
            resume="own" if found.resume else "never",
            notes=_notes(found, Path(str(config["store"]))),
            evaluation_set=found.eval_on if _is_told_the_set(found) else NO_SET,
            payload=found,
            **evaluations.told(found.metrics),
        )
        return spec, Readout("", END, evaluations.NEVER)

    def content(self, spec: Spec) -> dict[str, Any]:
        """The words with their placeholders, the values, and digests of the files that it runs and reads."""
        found: Settings = spec.payload
        return found.content

    def check(self) -> None:
        """Nothing keeps all commands from starting; what one needs was looked for when it was read."""

    def keep(self, spec: Spec, content: Mapping[str, Any], store: Path) -> None:
        """Keep the true classes, if it has any, and is evaluated on them."""
        found: Settings = spec.payload
        if found.labels is not None and found.eval_on == evaluations.USUAL_SET:
            found.labels.keep(store, spec.evaluation_set)

    def prepare(self, spec: Spec, content: Mapping[str, Any], folder: Path, resources: Resources) -> int:
        """Refuse to start where a file has changed since the sweep was planned; keep the true classes, if it has any."""
        found: Settings = spec.payload
        for shown, digest in (*found.code, *found.data):
            if code.digested(found.here / shown, found.here)[1] != digest:
                raise AblateError(f"{shown} changed after planning, so no more trainings start. Rerun the command.")
        self.keep(spec, content, folder.parent)
        return resources.threads

    def train(self, spec: Spec, folder: Path, to: int, resources: Resources, report: Report) -> None:
        """Run the command to its end."""
        training.run(spec.payload, spec, folder, resources, report)

    def abandon(self, folder: Path, worker: int) -> None:
        """End the command that a worker has left running."""
        process.end_left(folder / training.RECORD, worker)


def _is_told_the_set(found: Settings) -> bool:
    """Whether a command takes what it is to be evaluated on: by its placeholder, or by its variable."""
    variable = template.variable(EVAL_ON)
    if EVAL_ON in template.names(found.command) or any(variable in word for word in found.command):
        return True
    return code.mention(variable, found.code, found.here)


def _notes(found: Settings, store: Path) -> tuple[str, ...]:
    """Which files are part of what is trained, which have changed since trainings of the store, and which are no part of it."""
    files = [shown for shown, _ in (*found.code, *found.data)]
    told = [f"part of each training: {_listed(files)}"]
    changed, count = stored.changed(
        store.resolve(), found.command, found.code, found.data, found.labels and found.labels.digest
    )
    if changed:
        have = (
            f"{_listed(changed)} {'has' if len(changed) == 1 else 'have'} changed since {counted(count, 'training')} in {store}"
        )
        told.append(f"{have}, so {'it is' if count == 1 else 'they are'} trained again")
    beside = code.beside(found.command, found.here, None if found.in_folder else found.here, files)
    if beside:
        are = "is" if len(beside) == 1 else "are"
        told.append(
            f"{_listed(beside)} {are} named by the command and {are} not part of the training; add "
            f"trainer.data=[{','.join(beside)}]"
        )
    return tuple(told)


def _listed(files: Sequence[str]) -> str:
    return ", ".join(files[:MOST_LISTED]) + (f" and {len(files) - MOST_LISTED} more" if len(files) > MOST_LISTED else "")


TRAINER = Command()
