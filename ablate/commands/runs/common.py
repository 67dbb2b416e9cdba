"""What the commands on a store share: their options, the table of trajectories, and how many there are."""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ablate import terminal
from ablate.commands.arguments import Parser, a_path
from ablate.commands.runs.naming import ALONE, state, uses
from ablate.errors import AblateError
from ablate.store import Trajectory
from ablate.store.catalog import Entry, contents, entry
from ablate.text import age, counted, percent

COMMANDS = ("list", "rm", "gc", "verify", "pack", "unpack")

FILTER = "a level (augment=on) or a key of config.yaml (seed=1, batch_size=128, optimizer.lr=0.1)"


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """The option that prints JSON in place of something."""
    parser.add_argument("--json", action="store_true", help=f"print one JSON object in place of the {what}")


def make_parser(name: str, description: str, epilog: str | None = None) -> Parser:
    """The parser of one of these commands, with the option that names the store."""
    parser = Parser(prog=f"ablate runs {name}".strip(), description=description, epilog=epilog)
    parser.add_argument("--store", type=a_path, metavar="DIR", default=Path("runs"), help="the store (default: runs)")
    return parser


def entries_of(store: Path) -> tuple[list[Entry], list[str]]:
    """The trajectories of a store, last trained last, and the names of what is none."""
    trajectories, foreign = contents(store)
    return sorted(map(_entry, trajectories), key=lambda one: one.trained_at.timestamp() if one.trained_at else 0), foreign


def _entry(trajectory: Trajectory) -> Entry:
    """A trajectory, with neutral values."""
    from ablate.config.neutral import fill_levels, with_neutral

    found = entry(trajectory)
    if not found.config:
        return found
    return replace(found, config=with_neutral(found.config), names=fill_levels(found.names, found.config))


def in_state(entries: Sequence[Entry], state: str | None) -> list[Entry]:
    return [one for one in entries if state in (None, one.state)]


def plural(number: int, one: str, many: str) -> str:
    """One word or the other."""
    return one if number == 1 else many


def count(number: int) -> str:
    """So many trainings."""
    return counted(number, "training")


def size(entries: Sequence[Entry]) -> str:
    """What they take on disk."""
    taken = sum(one.size_bytes for one in entries)
    return f"{taken / 1e9:.1f} GB" if taken >= 1e9 else f"{taken / 1e6:.1f} MB"


def show(store: Path, entries: Sequence[Entry], texts: Sequence[str]) -> None:
    """The table as wide as the terminal allows, whole in a pipe."""
    console = terminal.standard()
    dropped = terminal.draw(console, _table(store, entries, texts))
    if dropped:
        terminal.say(console, terminal.left_out(dropped))


def _table(store: Path, entries: Sequence[Entry], texts: Sequence[str]) -> list[terminal.Column]:
    """A row a training. The names of arms and sweeps wrap, nothing else does."""
    now = datetime.now().astimezone()
    found = uses(store, list(zip(entries, texts, strict=True)))
    cells = {
        "arm": [use.arm or "-" for use in found],
        "seed": [str(one.config.get("seed", "-")) for one in entries],
        "sweep": [", ".join(use.sweeps) or ALONE for use in found],
        "state": [state(one, use.target) for one, use in zip(entries, found, strict=True)],
        "accuracy": [_percent(_shown_accuracy(one)) for one in entries],
        "age": ["-" if one.trained_at is None else age((now - one.trained_at).total_seconds()) for one in entries],
        "MB": [f"{one.size_bytes / 1e6:.1f}" for one in entries],
        "fingerprint": [one.trajectory.fingerprint for one in entries],
    }
    spare = {"MB": 1, "fingerprint": 2, "age": 3, "seed": 4}
    words = ("arm", "sweep", "state", "fingerprint")
    return [
        terminal.Column(heading, tuple(given), heading in words, heading == "arm", spare.get(heading, 0))
        for heading, given in cells.items()
    ]


def _shown_accuracy(one: Entry) -> float | None:
    averaged = accuracy(one, "accuracy_averaged")
    return accuracy(one, "accuracy_raw") if averaged is None else averaged


def _percent(value: float | None) -> str:
    return ALONE if value is None else percent(value)


def accuracy(one: Entry, key: str) -> float | None:
    """The accuracy at its newest evaluation, as a fraction; None where there is none."""
    value = (one.row or {}).get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def seen(folder: Path) -> str:
    """A folder as it is seen from the current one."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def agreed(question: str, what: str) -> bool:
    """Whether the user says yes. question: with its answers. what: that is to be done.

    Raises:
        AblateError: there is no terminal to ask at.
    """
    if not sys.stdin.isatty():
        raise AblateError(f"Cannot ask whether to {what}: there is no terminal. Add --yes.")
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
