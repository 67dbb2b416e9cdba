"""Trainings of the same command that a store has of files as they were before."""

from functools import lru_cache
from pathlib import Path

from ablate.errors import AblateError
from ablate.store import Trajectory
from ablate.trainers.command.code import Files

LABELS = "trainer.labels"
NEWEST = 100  # trainings of a store that are looked at


@lru_cache(maxsize=16)
def changed(store: Path, command: tuple[str, ...], code: Files, data: Files, labels: str | None) -> tuple[list[str], int]:
    """(the files that have changed since trainings of a command, and the key of its labels, how many trainings there are).

    None where some were trained since the change: then they are no news.

    Args:
        code, data: the files now, with digests. labels: that of the true classes; None without them.
    """
    files: dict[str, None] = {}
    count = 0
    for folder in _newest(store):
        try:
            content = Trajectory(store, folder.name).config() or {}
        except AblateError:
            continue
        if content.get("trainer") != "command" or content.get("command") != list(command):
            continue
        now = dict((*code, *data)) | {LABELS: labels}
        then = {**content.get("code", {}), **content.get("data", {}), LABELS: content.get("labels")}
        differ = [name for name in (*now, *then) if now.get(name) != then.get(name)]
        if not differ:
            return [], 0
        files |= dict.fromkeys(differ)
        count += 1
    return list(files), count


def _newest(store: Path) -> list[Path]:
    try:
        found = [(path.stat().st_mtime, path) for path in store.iterdir() if (path / "config.yaml").is_file()]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)[:NEWEST]]
