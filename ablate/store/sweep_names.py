"""How a user names a sweep: its folder, its name or study, a unique beginning of the folder's name, or nothing: the newest."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ablate.errors import AblateError, did_you_mean, shown
from ablate.store import SWEEP, read_json
from ablate.store.pack_manifest import RECORD

MULTIRUN = "multirun"  # where sweeps lie, below the current folder
LOGS = "logs"  # the folder, in that of a sweep, of what its processes print
TUNING = "retune"  # the folder, in that of a sweep, of the sweep that chooses the learning rate of each arm
DEEPEST = 6  # folders below `multirun`, as a study in subfolders has them
LISTED = 5  # sweeps that a message names
HELP = "a sweep: its folder, its name, a unique beginning, or nothing for the newest"  # of the argument, in every command


def is_sweep(folder: Path) -> bool:
    """Whether a folder is that of a sweep, be it one that still tunes learning rates."""
    return (folder / SWEEP).is_file() or (folder / TUNING / SWEEP).is_file()


def known() -> Iterator[Path]:
    """The folders of all sweeps below `multirun`, those of studies in subfolders among them; none that is in another sweep."""
    for place, names, files in os.walk(MULTIRUN):
        folder = Path(place)
        if SWEEP in files or (folder / TUNING / SWEEP).is_file():
            names.clear()  # what lies in a sweep is its own
            yield folder
        elif len(folder.parts) > DEEPEST:
            names.clear()
        names.sort()


def of_study(name: str) -> list[Path]:
    """The sweeps that have begun of a study, as in study=NAME, or that have a name, as in name=NAME."""
    found, name = [], name.rstrip("/")
    for folder in known():
        content: Any = None
        with suppress(AblateError):  # one that is damaged is another's matter
            content = read_json(folder / SWEEP) if (folder / SWEEP).is_file() else None
        about = content.get("about") if isinstance(content, dict) else None
        named = about.get("name") if isinstance(about, dict) else None
        if isinstance(content, dict) and name in (content.get("study"), named):
            found.append(folder)
    return found


def newest() -> Path:
    """The sweep that was begun or worked on last.

    Raises:
        AblateError: there is none.
    """
    found = max(known(), key=touched, default=None)
    if found is None:
        raise AblateError(f"There is no sweep in {MULTIRUN}/ yet. Name the folder of one.")
    return found


def touched(folder: Path) -> float:
    """When a sweep was begun or worked on last, in seconds since 1970."""
    times = [0.0]
    for path in (folder / SWEEP, folder / TUNING, folder / LOGS):
        with suppress(OSError):
            times.append(path.stat().st_mtime)
    return max(times)


def by_folder(name: str) -> list[Path]:
    """The sweeps whose folder, as seen from `multirun`, has a name or begins with it."""
    wanted = name.rstrip("/")
    places = {folder.relative_to(MULTIRUN).as_posix(): folder for folder in known()}
    if wanted in places:
        return [places[wanted]]
    return [folder for place, folder in places.items() if wanted and place.startswith(wanted)]


def one(named: str | Path | None) -> Path:
    """The folder that a user names; the path itself where a sweep is there, or where no sweep has that name.

    A record, as in experiments/, is named by its folder, in which the packed sweep lies. Of a name with several sweeps it is
    the one whose folder is called so, where there is one.

    Args:
        named: None for the newest.

    Raises:
        AblateError: several sweeps have that name, or there is none at all.
    """
    if named is None:
        return newest()
    for folder in (Path(named), Path(named, RECORD)):
        if is_sweep(folder):
            return folder
    found = of_study(str(named)) or by_folder(str(named))
    if len(found) > 1:
        listed = ", ".join(map(str, found[:LISTED])) + (" …" if len(found) > LISTED else "")
        raise AblateError(f"{len(found)} sweeps are named {shown(str(named))}: {listed}. Name the folder of one.")
    return found[0] if found else Path(named)


def shortest(folder: Path) -> str:
    """The shortest name by which commands find a sweep: its study where no other has it, its folder's name, or its path."""
    places = {place.resolve(): place for place in known()}
    place = places.get(folder.resolve())
    if place is None:
        return str(folder.parent if folder.name == RECORD else folder)
    content = read_json(place / SWEEP) if (place / SWEEP).is_file() else None
    about = content.get("about") if isinstance(content, dict) else None
    named = about.get("name") if isinstance(about, dict) else None
    for name in (named, content.get("study") if isinstance(content, dict) else None):
        if isinstance(name, str) and of_study(name) == [place] and not is_sweep(Path(name)):
            return name
    return place.relative_to(MULTIRUN).as_posix()


def unknown(named: str | Path) -> str:
    """The message for what is no sweep."""
    places = [str(folder) for folder in known()]
    if Path(named).exists():
        return f"{named} is no sweep: it has no {SWEEP}. Name the folder of one, as in {MULTIRUN}/."
    names = [Path(place).relative_to(MULTIRUN).as_posix() for place in places]
    short = [shortest(Path(place)) for place in places]
    near = did_you_mean(str(named), places) or did_you_mean(str(named), names) or did_you_mean(str(named), short)
    listed = f"{', '.join(names[:LISTED])}{' …' if len(names) > LISTED else ''}"
    there = "" if near else f" {MULTIRUN}/ has {listed or 'none'}."
    return f"No sweep {shown(str(named))}.{near}{there} ablate ls lists them all."
