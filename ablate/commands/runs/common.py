"""What the commands on a store share: their options, the table of trajectories, and how many there are."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from ablate import terminal
from ablate.commands.arguments import Parser, a_path
from ablate.store import Trajectory
from ablate.store.catalog import Entry, contents, entry

COMMANDS = ("list", "rm", "gc", "verify", "pack", "unpack")

FILTER = "a level (augment=on) or a key of config.yaml (seed=1, batch_size=128, optimizer.lr=0.1)"
DESCRIPTION = "first asked for as"  # the column that wraps


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
    """So many trajectories."""
    return f"{number} {plural(number, 'trajectory', 'trajectories')}"


def size(entries: Sequence[Entry]) -> str:
    """What they take on disk."""
    return f"{sum(one.size_bytes for one in entries) / 1e6:.1f} MB"


def defaults() -> dict[str, str]:
    """The level that each group has where the command line names none."""
    from ablate.config.own_configs import conf_dir

    listed = yaml.safe_load((conf_dir() / "config.yaml").read_text())["defaults"]
    return {group: str(level) for item in listed if isinstance(item, dict) for group, level in item.items()}


def show(entries: Sequence[Entry], texts: Sequence[str]) -> None:
    """The table as wide as the terminal allows, whole in a pipe."""
    console = terminal.standard()
    dropped = terminal.draw(console, _table(entries, texts))
    if dropped:
        terminal.say(console, terminal.left_out(dropped))


def _table(entries: Sequence[Entry], texts: Sequence[str]) -> list[terminal.Column]:
    """A row a trajectory. The descriptions wrap, nothing else does."""
    cells = {
        "fingerprint": [one.trajectory.fingerprint for one in entries],
        "state": [one.state for one in entries],
        "step": [f"{one.step:,}" for one in entries],
        "seed": [str(one.config.get("seed", "-")) for one in entries],
        DESCRIPTION: [text or "-" for text in texts],
        "raw %": [_percent(accuracy(one, "accuracy_raw")) for one in entries],
        "averaged %": [_percent(accuracy(one, "accuracy_averaged")) for one in entries],
        "MB": [f"{one.size_bytes / 1e6:.1f}" for one in entries],
        "last trained": ["-" if one.trained_at is None else f"{one.trained_at:%Y-%m-%d %H:%M}" for one in entries],
    }
    spare = {"last trained": 1, "MB": 2, "seed": 3}
    words = ("fingerprint", "state", DESCRIPTION)
    return [
        terminal.Column(heading, tuple(given), heading in words, heading == "fingerprint", spare.get(heading, 0))
        for heading, given in cells.items()
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def accuracy(one: Entry, key: str) -> float | None:
    """The accuracy at its newest evaluation, as a fraction; None where there is none."""
    value = (one.row or {}).get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def seen(folder: Path) -> str:
    """A folder as it is seen from the current one."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)
