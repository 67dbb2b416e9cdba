"""`ablate runs rm`: trajectories are removed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablate.commands.overview import defaults
from ablate.commands.runs.common import (
    FILTER,
    add_json,
    agreed,
    count,
    entries_of,
    in_state,
    make_parser,
    seen,
    show,
    size,
)
from ablate.errors import AblateError
from ablate.store import known_sweeps
from ablate.store.catalog import Entry
from ablate.store.gc import remove
from ablate.store.selection import descriptions, matching, named
from ablate.store.state import OF_STORED
from ablate.terminal import tell

_REMOVE = """\
Remove trajectories: those that are named, that match every KEY=VALUE, and that are in the state, where these are given.
All of it must fit: `rm 16d3 seed=1` removes the one that begins with 16d3 only if its seed is 1.
A filter on a level (augment=on) goes by what the training was first asked for as, which is the first line of its config.yaml.
They are shown, and it asks first.
What is being trained is left alone. What a sweep needs is trained again when the sweep's command is given again.
"""


def run(words: Sequence[str]) -> int:
    """Returns the exit status; errors are those of `ablate.commands.runs.run`."""
    parser = make_parser("rm", _REMOVE)
    parser.add_argument("which", nargs="*", metavar="FINGERPRINT or KEY=VALUE", help=f"its first digits; or {FILTER}")
    parser.add_argument("--state", choices=tuple(map(str, OF_STORED)), metavar="STATE", help="only those in this state")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser, "table; with --yes")
    options = parser.parse_intermixed_args(words)
    if not options.which and options.state is None:
        parser.error("Nothing is named. Give fingerprints, KEY=VALUE or --state.")
    if options.json and not options.yes:
        parser.error("--json asks nothing, so it needs --yes.")
    chosen = _chosen(options.store, options.which, options.state)
    if not options.json:
        if not chosen:
            tell(f"no training in {options.store} matches; nothing removed")
            return 0
        _show(options.store, chosen)
        what = f"{count(len(chosen))}, {size(chosen)}"
        if not options.yes and not agreed(f"Remove {what}?", f"remove {what}"):
            tell("nothing removed")
            return 0
    removed: list[Entry] = []
    left: list[Entry] = []
    faults: dict[str, str] = {}
    for one in chosen:
        try:
            remove(one.trajectory)
            removed.append(one)
        except TimeoutError:
            left.append(one)
        except AblateError as error:
            faults[one.trajectory.fingerprint] = str(error)
    if options.json:
        told: dict[str, Any] = {"removed": _fingerprints(removed), "being_trained": _fingerprints(left)}
        told |= {"faults": faults} if faults else {}
        size_bytes = sum(one.size_bytes for one in removed)
        print(json.dumps({"store": str(options.store), **told, "size_bytes": size_bytes}))
    else:
        for fingerprint in _fingerprints(left):
            tell(f"{fingerprint} is being trained; left alone")
        for fault in faults.values():
            tell(fault)
        tell(f"removed {count(len(removed))}, {size(removed)}")
    return 1 if left or faults else 0


def _fingerprints(entries: Sequence[Entry]) -> list[str]:
    return [one.trajectory.fingerprint for one in entries]


def _chosen(store: Path, which: Sequence[str], state: str | None) -> list[Entry]:
    entries, _ = entries_of(store)
    prefixes = [word for word in which if "=" not in word]
    meant = {named(entries, prefix).trajectory.fingerprint for prefix in prefixes}
    matched = in_state(matching(entries, [word for word in which if "=" in word]), state)
    return [one for one in matched if not prefixes or one.trajectory.fingerprint in meant]


def _show(store: Path, chosen: Sequence[Entry]) -> None:
    """What was chosen, and which sweeps need it."""
    show(store, chosen, descriptions(chosen, defaults()))
    sweeps = known_sweeps(store)
    for one in chosen:
        users = [seen(sweep.folder) for sweep in sweeps if one.trajectory.fingerprint in sweep.needs]
        if users:
            tell(f"{one.trajectory.fingerprint} is needed by {', '.join(users)}")
