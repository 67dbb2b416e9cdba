"""Configs of the user's own: the folders they are in, and which levels they add."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ablate.config import keys
from ablate.errors import AblateError, did_you_mean, shown

GROUPS = keys.groups()
KEYS = keys.top()  # of every config
MAIN = "config.yaml"
STUDY = "study"
OWN = "own"  # the folder, in that of all configs, of those of sweeps over the user's own code


def conf_dir() -> Path:
    """The folder of the configs: inside the package where it was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


@cache
def groups() -> frozenset[str]:
    """The config groups that every config has, those of Hydra left out."""
    return frozenset(path.name for path in conf_dir().iterdir() if path.is_dir() and path.name not in ("hydra", OWN))


def levels(group: str, own: Sequence[Path] = ()) -> list[str]:
    """The levels of a group, those of the user's own folders among them; one in a subfolder as `sub/name`."""
    found: set[str] = set()
    for folder in (conf_dir(), *own):
        place = folder / group
        found |= {path.relative_to(place).with_suffix("").as_posix() for path in _files(place)}
    return sorted(found)


def own_file(group: str, level: str, own: Sequence[Path]) -> Path | None:
    """The user's file of a level; None where there is none."""
    places = (folder / group / f"{level.removesuffix('.yaml')}.yaml" for folder in own)
    return next((path for path in places if path.is_file()), None)


def folders(config_dir: str | None, searchpath: Any = None) -> tuple[Path, ...]:
    """The folders of the user's own configs, checked: none of their files has the name of a built-in one, but not its content.

    Args:
        config_dir: that `--config-dir` names.
        searchpath: the value of `hydra.searchpath`.

    Raises:
        AblateError: there is no such folder; it holds levels itself, not groups; a file is ambiguous.
    """
    found = [] if config_dir is None else [_folder(config_dir, "-cd")]
    if searchpath is not None:
        if not isinstance(searchpath, list) or not all(isinstance(each, str) for each in searchpath):
            raise AblateError(f"hydra.searchpath must be a list of folders, as in [file://my], got {shown(searchpath)}.")
        found += [_searched(each) for each in searchpath]
    for folder in found:
        _refuse_ambiguous(folder)
    return tuple(found)


def _searched(entry: str) -> Path:
    """The folder of an entry of `hydra.searchpath`."""
    scheme, separator, rest = entry.partition("://")
    if not separator or scheme == "file":
        return _folder(rest if separator else entry, "hydra.searchpath")
    if scheme != "pkg":
        raise AblateError(f"hydra.searchpath takes file:// and pkg://, got {shown(entry)}.")
    try:
        spec = find_spec(rest.replace("/", "."))
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise AblateError(f"There is no package {shown(rest)}, which hydra.searchpath names.")
    return Path(next(iter(spec.submodule_search_locations)))


def _folder(named: str, by: str) -> Path:
    path = Path(named)
    if not named.strip():
        raise AblateError(f"{by} has no value. Name a folder with configs of your own.")
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        beside = [each.name for each in path.parent.iterdir() if each.is_dir()] if path.parent.is_dir() else []
        raise AblateError(f"The folder {shown(named)}, which {by} names, {what}.{did_you_mean(path.name, beside)}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise AblateError(f"Cannot read {shown(named)}, which {by} names: permission denied.")
    group = path.resolve().name
    if group in groups() and _files(path, deep=False) and not any((path / each).is_dir() for each in groups()):
        above = path.parent if str(path.parent) != "." else Path("..") if path.name in ("", ".") else Path()
        raise AblateError(f"{shown(named)} holds levels of {group} itself. Name the folder above it: -cd {above}.")
    return path


def _refuse_ambiguous(folder: Path) -> None:
    """Refuse a folder of which a file would be read by nobody, since a built-in one has its name."""
    built_in = conf_dir()
    if folder.resolve() == built_in.resolve():
        return
    main = folder / MAIN
    if (
        main.is_file()
        and main.read_bytes() != (built_in / MAIN).read_bytes()
        and re.search(rb"(?m)^defaults:", main.read_bytes())
    ):
        raise AblateError(
            f"{main} is not read: every config begins with the built-in {MAIN}. Rename it, and give its keys as KEY=VALUE "
            "or in a study."
        )
    _refuse_registered(folder / "hydra")
    for root, group in (*((built_in, group) for group in (*groups(), "hydra")), (_hydras(), "hydra")):
        if not (folder / group).is_dir():
            continue
        for theirs in _files(root / group):
            path = folder / group / theirs.relative_to(root / group)
            if path.is_file() and path.read_bytes() != theirs.read_bytes():
                whole = path.parent.relative_to(folder).as_posix()
                raise AblateError(
                    f"{path} has the same name as the built-in {whole}={path.stem}. Rename it, for example to my_{path.name}, "
                    f"and write {whole}=my_{path.stem}."
                )


def _refuse_registered(folder: Path) -> None:
    """Refuse a file below `hydra` that has the name of a config which a plugin has registered, and would be mixed with it."""
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not place.is_dir():
            continue
        from hydra.core.config_store import ConfigStore
        from hydra.core.plugins import Plugins

        Plugins.instance()  # they register their configs
        try:
            names = ConfigStore.instance().list(f"hydra/{place.name}")
        except OSError:
            continue
        for path in place.glob("*.yaml"):
            if path.name in names:
                raise AblateError(
                    f"{path} has the same name as the built-in hydra/{place.name}={path.stem}. Rename it, for example to "
                    f"my_{path.name}, and write hydra/{place.name}=my_{path.stem}."
                )


def _hydras() -> Path:
    """The folder of Hydra's own configs, which are found before those of a user."""
    spec = find_spec("hydra.conf")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


@cache
def _built_in(place: Path) -> tuple[Path, ...]:
    return tuple(sorted(place.rglob("*.yaml")))


def _files(place: Path, deep: bool = True) -> Sequence[Path]:
    if deep and (place.is_relative_to(conf_dir()) or place.is_relative_to(_hydras())):
        return _built_in(place)
    return sorted(place.rglob("*.yaml") if deep else place.glob("*.yaml")) if place.is_dir() else []


def misnamed(group: str, level: str, own: Sequence[Path]) -> str:
    """The sentence about a file whose ending is wrong, with a space before it; empty where there is none."""
    for folder in own:
        for ending in (".yml", ".YAML", ".YML", ".yaml.txt", ".txt", ".json", ""):
            path = folder / group / f"{level}{ending}"
            if path.is_file():
                return f" Rename {path}: it must end with .yaml."
        for path in folder.glob(f"*/{level}.yaml"):
            if path.parent.name != group and path.parent.name not in groups():
                return f" Move {path} into {folder / group}."
    return ""


def chosen(words: Iterable[tuple[str, Iterable[str]]], own: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """(group, file) for each level of the user's own that is chosen.

    Args:
        words: (group, levels) of a command line.
    """
    for group, names in words:
        for name in names:
            path = own_file(group, name, own)
            if path is not None:
                yield group, path


def is_group(key: str) -> bool:
    """Whether a key of the command line is a config group of ours."""
    return key in groups()
