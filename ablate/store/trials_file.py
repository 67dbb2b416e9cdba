"""`trials.json`: the trials of a search so far, written anew whenever something changes, with a checksum.

What is read is checked: the checksum, where there is one, and every value against its type, its range and the others. So it can
be taken as it is. Versions before wrote no checksum; `Trials.sealed` says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ablate.store import SWEEP
from ablate.store.checksums import CHECK, unseal, write_sealed
from ablate.store.record import SEARCH, Trial
from ablate.store.schema import BadFile, Node, read_object
from ablate.store.search_file import check_search, check_trials

TRIALS = "trials.json"
TRIALS_VERSION = 1
ADVICE = "Rerun the search's command to rewrite it."


@dataclass(frozen=True)
class Trials:
    """What trials.json holds. arms, runs: as sweep.json has them in other designs. sealed: whether it had a checksum."""

    trials: tuple[Trial, ...] = ()
    arms: tuple[Mapping[str, Any], ...] = ()
    runs: tuple[Mapping[str, Any], ...] = ()
    sealed: bool = True

    def within(self, sweep: Mapping[str, Any]) -> dict[str, Any]:
        """The content of a search's sweep.json with these arms and runs."""
        steps = {run["arm"]: run["readout"] for run in self.runs}
        fixed = {
            "step": [steps[arm["number"]]["step"] for arm in self.arms],
            "readout": [steps[arm["number"]]["weights"] for arm in self.arms],
        }
        return {**sweep, "arms": list(self.arms), "runs": list(self.runs), "fixed": sweep["fixed"] | fixed}


def write(folder: Path, trials: Sequence[Trial], arms: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]]) -> None:
    """Write trials.json. arms, runs: as sweep.json has them in other designs: an arm a trial, its runs one a seed.

    Raises:
        AblateError: it cannot be written.
    """
    rows = [asdict(trial) for trial in trials]
    write_sealed(folder / TRIALS, {"version": TRIALS_VERSION, "trials": rows, "arms": list(arms), "runs": list(runs)})


def read(folder: Path, sweep: Mapping[str, Any]) -> Trials:
    """The trials of a search so far; none before the first.

    Args:
        sweep: the content of its sweep.json, of which what it holds under `search` is checked here.

    Raises:
        BadFile: one of the two is not what was written, or nothing that was ever written; names the file and the key.
        AblateError: trials.json cannot be read.
    """
    check_search(Node(sweep.get("search"), folder / SWEEP, "search"), sweep)
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
    rows = tuple(Trial.of(row) for row in content["trials"])
    return Trials(rows, tuple(content["arms"]), tuple(content["runs"]), sealed)


def whole(content: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Trial]]:
    """The content of a sweep.json, with the trials so far as its arms and runs where it is that of a search; and those trials.

    Raises:
        AblateError: as `read`.
    """
    if content.get("design") != SEARCH:
        return dict(content), []
    found = read(folder, content)
    return found.within(content), list(found.trials)
