"""Which code runs here, and where: the commit of the checkout that this package is imported from, versions, the machine."""

import functools
import os
import platform
import re
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ablate import machine

GIT_TIMEOUT_S = 5.0  # of each question; a checkout on a slow disk does not hold up a training
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")  # SHA-1 or SHA-256
_CHANGE = re.compile(r"[ MTADRCU]{2} .+")  # as git status --porcelain has it


@functools.cache
def commit() -> tuple[str | None, bool | None]:
    """Commit of the checkout, and whether its files were changed since; None for what git does not tell.

    Asked once a process: what runs is the code as it was imported, whatever is committed meanwhile.
    """
    return commit_of(Path(__file__).resolve().parents[2])


def commit_of(root: Path) -> tuple[str | None, bool | None]:
    """Commit of a checkout, and whether its tracked files were changed since.

    The folder is named to git, so that neither GIT_DIR and its like nor a repository around the folder take its place, and a
    folder of another user is read, too. What git prints besides its answer is ignored.

    Returns:
        (None, None) where the folder is no checkout, or git is missing, too slow, or fails; (commit, None) where it only
        cannot tell changes.
    """
    if not (root / ".git").exists():
        return None, None
    found = next(filter(_COMMIT.fullmatch, _lines(root, "rev-parse", "HEAD") or ()), None)
    if found is None:
        return None, None
    changes = _lines(root, "status", "--porcelain", "--untracked-files=no")
    return found, None if changes is None else any(map(_CHANGE.fullmatch, changes))


def _lines(root: Path, *words: str) -> list[str] | None:
    """The lines of git's answer; None where there is none."""
    command = ["git", f"--git-dir={root / '.git'}", f"--work-tree={root}", "-c", "core.fsmonitor=false", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(
            command,
            cwd=root,
            env=environment | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode(errors="replace").splitlines()


def version_of(package: str) -> str | None:
    """The installed version of a package; None where it is imported without being installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def segment(step: int, to_step: int, threads: int, at_once: int, **more: Any) -> dict[str, Any]:
    """An entry of env.json: where and with what a training goes from a step to another.

    Args:
        at_once: how many trainings share the machine.
        more: what else is to be said, as by `facts`.
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    busy = {"load": round(os.getloadavg()[0], 2)} if hasattr(os, "getloadavg") else {}  # processes that want to run
    return {"from_step": step, "to_step": to_step, "time": now, **more, "threads": threads, "at_once": at_once, **busy}


def facts(device: str, packages: Sequence[str]) -> dict[str, Any]:
    """What a segment tells of this process and its machine.

    Args:
        device: what computes.
        packages: whose versions are told.
    """
    code, dirty = commit()
    return {
        "host": machine.host(),
        "system": platform.platform(),
        "device": device,
        "processor": machine.processor(),
        "python": platform.python_version(),
        "versions": {name: version_of(name) for name in packages},
        "commit": code,
        "dirty": dirty,
    }
