"""`trials.json`: the trials of a search so far, written anew whenever something changes, with a checksum.

What is read is checked: the checksum, where there is one, and every value against its type, its range and the others. So it can
be taken as it is. Versions before wrote no checksum; `Trials.sealed` says so.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ablate.store import SWEEP
from ablate.store.checksums import CHECK, unseal, write_sealed
from ablate.store.schema import BadFile, Node, read_object
from ablate.store.search_check import check_search, check_trials
from ablate.store.sweep import Sweep
from ablate.store.sweep_runs import SweepArm, SweepRun
from ablate.store.trials import Trial

TRIALS = "trials.json"
TRIALS_VERSION = 1
ADVICE = "Rerun the search's command to rewrite it."


@dataclass(frozen=True)
class Trials:
    """What trials.json holds. arms, runs: those of the search. sealed: whether it had a checksum."""

    trials: tuple[Trial, ...] = ()
    arms: tuple[SweepArm, ...] = ()
    runs: tuple[SweepRun, ...] = ()
    sealed: bool = True

    def within(self, sweep: Sweep) -> Sweep:
        """A search with these arms and runs."""
        of_arm = {run.arm: run.readout for run in self.runs}
        readouts = [of_arm[arm.number] for arm in self.arms]
        steps, weights = (tuple(getattr(one, key) for one in readouts) for key in ("step", "weights"))
        return replace(sweep, arms=self.arms, runs=self.runs, fixed=replace(sweep.fixed, steps=steps, weights=weights))


def write(folder: Path, trials: Sequence[Trial], arms: Sequence[SweepArm], runs: Sequence[SweepRun]) -> None:
    """Write trials.json. arms, runs: an arm a trial, its runs one a seed.

    Raises:
        AblateError: it cannot be written.
    """
    content = {
        "version": TRIALS_VERSION,
        "trials": [asdict(trial) for trial in trials],
        "arms": [arm.to_json() for arm in arms],
        "runs": [run.to_json() for run in runs],
    }
    write_sealed(folder / TRIALS, content)


def read(folder: Path, sweep: Sweep) -> Trials:
    """The trials of a search so far; none before the first.

    Args:
        sweep: of its sweep.json, of which what it holds under `search` is checked here.

    Raises:
        BadFile: one of the two is not what was written, or nothing that was ever written; names the file and the key.
        AblateError: trials.json cannot be read.
    """
    check_search(Node(sweep.search, folder / SWEEP, "search"), sweep)
    path = folder / TRIALS
    try:
        content = read_object(path)
        if content is None:
            return Trials()
        node = Node({key: value for key, value in content.items() if key != CHECK}, path)
        if node["version"].value != TRIALS_VERSION or type(node["version"].value) is not int:
            raise node["version"].wrong(f"{TRIALS_VERSION}, the version that this program reads")
        check_trials(node, sweep)
    except BadFile as error:
        raise BadFile(f"{error} {ADVICE}") from None
    try:
        sealed = unseal(content)[1]
    except ValueError:
        raise BadFile(f"{path}: its checksum does not match, so it was changed after it was written. {ADVICE}") from None
    rows = tuple(map(Trial.of, content["trials"]))
    arms, runs = tuple(map(SweepArm.from_json, content["arms"])), tuple(map(SweepRun.from_json, content["runs"]))
    return Trials(rows, arms, runs, sealed)


def whole(sweep: Sweep, folder: Path) -> tuple[Sweep, list[Trial]]:
    """A sweep, with the trials so far as its arms and runs where it is a search; and those trials.

    Raises:
        AblateError: as `read`.
    """
    if not sweep.is_search:
        return sweep, []
    found = read(folder, sweep)
    return found.within(sweep), list(found.trials)
