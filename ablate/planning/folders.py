"""The folders that a user means: that of a sweep, and the store that its trainings lie in."""

import re
from contextlib import suppress
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ablate.errors import AblateError
from ablate.store import SWEEP, sweep_names
from ablate.store.packed import store_of
from ablate.store.schema import plain_file
from ablate.store.sweep import Sweep
from ablate.store.sweep_names import TUNING

_ENVIRONMENT = re.compile(r"\$\{oc\.env:[A-Za-z_]\w*(,[^{}$]*)?\}")  # what a store may be named by


def sweep_folder(path: str | Path | None) -> Path:
    """The folder of a sweep that a user named, by its path, its name or its study, checked to be one; None for the newest.

    Raises:
        AblateError: there is no such sweep, several have that name, or what has its name is no file or cannot be read.
    """
    folder = sweep_names.one(path)
    if plain_file(folder / SWEEP):
        return folder
    if plain_file(folder / TUNING / SWEEP):
        raise AblateError(
            f"{folder} is still tuning learning rates and has no results yet. Name its tuning folder: {folder / TUNING}."
        )
    raise AblateError(sweep_names.unknown(folder if path is None else path))


def find_store(sweep: Sweep, folder: Path) -> Path | None:
    """The store that has the trajectories of a sweep; None where none of them is found.

    A packed sweep has its own. Else sweep.json names it as the user did, seen from where the command ran: the current folder or
    one above the sweep's. Of several it is the one with the most trajectories of the sweep. Whoever wrote the file can so name
    any folder; nothing but trainings with the fingerprints of the sweep is read there, and nothing is written.
    """
    packed = store_of(folder)
    if packed is not None:
        return packed
    written = given = sweep.store
    if "${" in written and "${" not in _ENVIRONMENT.sub("", written):  # it may name variables of the environment, no more
        with suppress(OmegaConfBaseException):
            given = str(OmegaConf.create({"store": written})["store"])
    beside = [] if Path(given).is_absolute() else folder.resolve().parents
    wanted = sweep.fingerprints
    found = {base / given: sum(_is_folder(base / given / one) for one in wanted) for base in (Path(), *beside)}
    best = max(found, key=lambda place: found[place])
    return best if found[best] else None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # it cannot be looked at, or no system has such a name
        return False
