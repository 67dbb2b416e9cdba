"""`ablate runs gc`: what nobody needs is dropped."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablate.commands.runs.common import (
    add_json,
    agreed,
    make_parser,
    plural,
    seen,
)
from ablate.store import known_sweeps
from ablate.store.gc import Cleared, clear, clear_registrations, clear_trash
from ablate.terminal import tell
from ablate.text import counted

_CLEAR = """\
Drop the checkpoints that nobody needs, and what killed trainings left. Evaluations and predictions stay.
A sweep whose folder is there needs the checkpoint at the final step of each of its runs and the newest at or before 95% of
that step. An unfinished training, of a sweep or of a run by itself, keeps the newest two that it can resume from. All
others go: what was trained to its end by itself then starts again from step 0 where more steps are asked for.
"""


def run(words: Sequence[str]) -> int:
    """Returns the exit status; errors are those of `ablate.commands.runs.run`."""
    parser = make_parser("gc", _CLEAR)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be dropped; writes nothing, locks nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser, "lines")
    options = parser.parse_intermixed_args(words)
    if options.json and not (options.yes or options.dry_run):
        parser.error("--json asks nothing, so it needs --yes or --dry-run.")
    if not (options.dry_run or options.yes) and not _agreed(options.store):
        tell("nothing dropped")
        return 0
    cleared = clear(options.store, options.dry_run)
    gone = [seen(sweep.folder) for sweep in clear_registrations(options.store, options.dry_run)]
    freed = clear_trash(options.store, options.dry_run) + sum(one.size_bytes for one in cleared)
    status = 1 if any(one.fault for one in cleared) else 0
    if options.json:
        listed = [_plain_cleared(one) for one in cleared if _told(one)]
        whole = {"dry_run": options.dry_run, "trajectories": listed, "sweeps_gone": gone, "size_bytes": freed}
        print(json.dumps({"store": str(options.store), **whole}))
        return status
    for folder in gone:
        tell(f"{folder} is gone: checkpoints are no longer kept for this sweep")
    for one in cleared:
        text = _told(one)
        if text:
            tell(f"{one.trajectory.fingerprint}: {text}")
    tell(f"{'would free' if options.dry_run else 'freed'} {freed / 1e6:.1f} MB in {options.store}")
    return status


def _agreed(store: Path) -> bool:
    """Whether the user agrees to what would be dropped; also where that is nothing."""
    found = clear(store, dry_run=True)
    checkpoints = sum(len(one.checkpoints) for one in found)
    leftovers = sum(len(one.leftovers) for one in found)
    if not checkpoints and not leftovers:
        return True
    counts = [counted(number, what) for number, what in ((checkpoints, "checkpoint"), (leftovers, "leftover")) if number]
    what = f"{' and '.join(counts)}, {sum(one.size_bytes for one in found) / 1e6:.1f} MB"
    warning = "" if known_sweeps(store) else f"No sweep is known in {store}, so no finished training keeps one. "
    return agreed(f"{warning}Drop {what}?", f"drop {what}")


def _plain_cleared(one: Cleared) -> dict[str, Any]:
    return {
        "fingerprint": one.trajectory.fingerprint,
        "being_trained": one.locked,
        "checkpoints_dropped": sorted(int(path.stem) for path in one.checkpoints),
        "checkpoints_spared": sorted(int(path.stem) for path in one.spared),
        "leftovers_dropped": [path.relative_to(one.trajectory.path).as_posix() for path in one.leftovers],
        "size_bytes": one.size_bytes,
        **({"fault": one.fault} if one.fault else {}),
    }


def _told(one: Cleared) -> str:
    """What was dropped or spared, in words; empty where nothing was."""
    if one.locked:
        return "being trained, left alone"
    if one.fault:
        return f"left alone. {one.fault}"
    parts = []
    if one.checkpoints:
        count = _checkpoints(one.checkpoints)
        needed = one.known_sweeps or one.spared
        parts.append(f"{count} that nobody needs" if needed else f"all {count}, as no known sweep asked for it")
    if one.leftovers:
        parts.append(f"{len(one.leftovers)} damaged or half-written {plural(len(one.leftovers), 'file', 'files')}")
    told = [f"{' and '.join(parts)}, {one.size_bytes / 1e6:.1f} MB"] if parts else []
    if one.spared:
        told.append(f"{_checkpoints(one.spared)} kept, since its training is not finished")
    return "; ".join(told)


def _checkpoints(paths: Sequence[Path]) -> str:
    return f"{len(paths)} {plural(len(paths), 'checkpoint', 'checkpoints')}"
