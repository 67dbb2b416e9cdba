"""What a training of a store is to its user: an arm of a sweep, with a seed, and how far it is."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ablate.designs import phrases
from ablate.errors import AblateError
from ablate.readout import END
from ablate.store import known_sweeps, sweep_file, sweep_names, trials_file
from ablate.store.catalog import Entry
from ablate.store.state import State
from ablate.store.sweep import Sweep

ALONE = "–"  # in place of a sweep, of a run by itself


@dataclass(frozen=True)
class Use:
    """What a training is for. arm: of the first sweep that needs it. target: the last step that a sweep needs."""

    arm: str
    sweeps: tuple[str, ...]
    target: int | None


def uses(store: Path, texts: Sequence[tuple[Entry, str]]) -> list[Use]:
    """What each training is for; of one that no sweep needs its description stands for the arm."""
    found: dict[str, list[tuple[str, str]]] = {}
    targets: dict[str, int] = {}
    for known in known_sweeps(store):
        sweep = _read(known.folder)
        name = sweep_names.shortest(known.folder)
        arms = {} if sweep is None else _arms(sweep)
        for fingerprint, steps in known.needs.items():
            found.setdefault(fingerprint, []).append((arms.get(fingerprint, ""), name))
            targets[fingerprint] = max([targets.get(fingerprint, 0), *steps])
    made = []
    for entry, text in texts:
        fingerprint = entry.trajectory.fingerprint
        of = found.get(fingerprint, [])
        arm = next((label for label, _ in of if label), text)
        made.append(Use(arm, tuple(name for _, name in of), targets.get(fingerprint)))
    return made


def _read(folder: Path) -> Sweep | None:
    with suppress(AblateError):
        file = sweep_file.read(folder)
        return None if file is None else trials_file.whole(file.sweep, folder)[0]
    return None


def _arms(sweep: Sweep) -> dict[str, str]:
    """What the arm is called that stands on each training first."""
    labels = {arm.number: phrases.of_label(arm.label) for arm in sweep.arms}
    return {run.fingerprint: labels.get(run.arm, "") for run in reversed(sweep.runs)}


def state(entry: Entry, target: int | None) -> str:
    """How far a training is, in words, as in `complete`, `2,500/4,000`, and `partial (60/80)`."""
    short = target not in (None, END) and entry.step < target
    whole = f"{entry.step:,}/{target:,}" if short else f"step {entry.step:,}"
    match entry.state:
        case State.DONE:
            return f"partial ({whole})" if short else "complete"
        case State.RUNNING:
            return whole
        case State.STOPPED:
            return f"stopped ({whole})"
        case State.DIVERGED:
            return f"diverged at {entry.step:,}"
        case State.FAILED:
            return f"failed at {entry.step:,}"
        case other:
            return str(other)
