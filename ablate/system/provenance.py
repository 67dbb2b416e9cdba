"""Which code runs here: the commit of the checkout that this package is imported from."""

import functools
import os
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

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
