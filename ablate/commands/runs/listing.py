"""`ablate runs`: the trajectories of a store."""

import json
from collections.abc import Sequence
from typing import Any

from ablate.commands.overview import defaults
from ablate.commands.runs.common import (
    COMMANDS,
    FILTER,
    accuracy,
    add_json,
    entries_of,
    in_state,
    make_parser,
    plural,
    show,
    size,
)
from ablate.errors import AblateError, one_of
from ablate.store import known_sweeps
from ablate.store.catalog import Entry
from ablate.store.selection import descriptions, matching
from ablate.store.state import OF_STORED
from ablate.terminal import tell
from ablate.text import counted

_LIST = """\
List the trainings of a store, the last trained last: the arm and seed that each is, and the sweeps that need it. Runs that
train alike share a training. It is named by its fingerprint; the first digits are enough if they are unique.
A filter on a level (augment=on) goes by what the training was first asked for as.

other commands, each with a --help of its own:
  ablate runs rm         remove trainings
  ablate runs gc         drop the checkpoints that nobody needs, and what killed trainings left
  ablate runs verify     check every file against what was written
  ablate runs pack       a sweep as one folder or archive that can be sent and kept
  ablate runs unpack     put a packed sweep into a store

states: running, stopped (rerun the command to resume), done, diverged, failed, new (nothing trained yet), damaged
"""

_EXAMPLES = """\
examples:
  ablate runs                               all trainings in runs/
  ablate runs augment=off seed=0            those with these levels, or keys of their config.yaml
  ablate runs --state stopped --json        those that were stopped, as one JSON object
  ablate runs rm 16d3 a369                  remove two; asks before
  ablate runs rm optimizer.lr=0.5 --yes     remove all with this rate, without a question
  ablate runs rm 16d3 seed=1                remove this one, but only if its seed is 1
  ablate runs gc --dry-run                  what would be dropped
  ablate runs verify                        exit status 1 where something is damaged
"""


def run(words: Sequence[str]) -> int:
    """Returns the exit status; errors are those of `ablate.commands.runs.run`."""
    parser = make_parser("", _LIST, _EXAMPLES)
    parser.add_argument("filters", nargs="*", metavar="KEY=VALUE", help=f"only those with {FILTER}")
    parser.add_argument("--state", choices=tuple(map(str, OF_STORED)), metavar="STATE", help="only those in this state")
    add_json(parser, "table")
    options = parser.parse_intermixed_args(words)
    for word in options.filters:
        if "=" not in word:
            raise AblateError(one_of("command", word, COMMANDS) + " A filter is KEY=VALUE, as in seed=1.")
    entries, foreign = entries_of(options.store)
    shown = in_state(matching(entries, options.filters), options.state)
    texts = descriptions(shown, defaults())
    if options.json:
        listed = [_plain(one, text) for one, text in zip(shown, texts, strict=True)]
        print(json.dumps({"store": str(options.store), "trajectories": listed, "not_trajectories": foreign}, allow_nan=False))
        return 0
    if shown:
        show(options.store, shown, texts)
    for one in shown:
        if one.fault:
            tell(f"damaged: {one.fault}")
    of_all = "" if len(shown) == len(entries) else f" of {len(entries)}"
    sweeps = len(known_sweeps(options.store))
    among = f" in {counted(sweeps, 'sweep')}" if sweeps else ""
    tell(f"{len(shown)}{of_all} {plural(len(entries), 'training', 'trainings')}{among}, {options.store}: {size(shown)}")
    if foreign:
        tell(f"not a trajectory, left alone: {', '.join(foreign)}")
    return 0


def _plain(one: Entry, text: str) -> dict[str, Any]:
    return {
        "fingerprint": one.trajectory.fingerprint,
        "state": one.state,
        "step": one.step,
        "seed": one.config.get("seed"),
        "levels": dict(one.names),
        "description": text,
        **{key: accuracy(one, key) for key in ("accuracy_raw", "accuracy_averaged")},
        "size_bytes": one.size_bytes,
        "last_trained": None if one.trained_at is None else one.trained_at.isoformat(timespec="seconds"),
    }
