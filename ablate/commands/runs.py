"""`ablate runs`: the trajectories of a store, listed, removed, cleared of what nobody needs, and checked."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ablate import terminal
from ablate.commands.arguments import Parser, a_path
from ablate.commands.pack import pack, unpack
from ablate.errors import AblateError, one_of
from ablate.store import known_sweeps
from ablate.store.catalog import STATES, Entry, contents, entry
from ablate.store.gc import Cleared, clear, clear_registrations, clear_trash, remove
from ablate.store.selection import descriptions, matching, named
from ablate.store.verify import Finding, unchecked, verify, verify_labels, verify_registrations
from ablate.terminal import tell

_LIST = """\
List the trajectories of a store, the last trained last. A trajectory is one training; runs that train alike share it.
It is named by its fingerprint, of which the first digits are enough where only one begins with them.
A filter on a level (augment=on) goes by what the training was first asked for as, which is the first line of its config.yaml.

other commands, each with a --help of its own:
  ablate runs rm         remove trajectories
  ablate runs gc         drop the checkpoints that nobody needs, and what killed trainings left
  ablate runs verify     check every file against what was written
  ablate runs pack       a sweep as one folder or archive that can be sent and kept
  ablate runs unpack     put a packed sweep into a store

states: running, stopped (rerun the command to resume), done, diverged, failed, new (nothing trained yet), damaged
"""

_EXAMPLES = """\
examples:
  ablate runs                               all trajectories in runs/
  ablate runs augment=off seed=0            those with these levels, or keys of their config.yaml
  ablate runs --state stopped --json        those that were stopped, as one JSON object
  ablate runs rm 16d3 a369                  remove two; asks before
  ablate runs rm optimizer.lr=0.5 --yes     remove all with this rate, without a question
  ablate runs rm 16d3 seed=1                remove this one, but only if its seed is 1
  ablate runs gc --dry-run                  what would be dropped
  ablate runs verify                        exit status 1 where something is damaged
"""

_REMOVE = """\
Remove trajectories: those that are named, that match every KEY=VALUE, and that are in the state, where these are given.
All of it must fit: `rm 16d3 seed=1` removes the one that begins with 16d3 only if its seed is 1.
A filter on a level (augment=on) goes by what the training was first asked for as, which is the first line of its config.yaml.
They are shown, and it asks first.
What is being trained is left alone. What a sweep needs is trained again when the sweep's command is given again.
"""

_CLEAR = """\
Drop the checkpoints that nobody needs, and what killed trainings left. Evaluations and predictions stay.
A sweep whose folder is there needs the checkpoint at the final step of each of its runs and the newest at or before 95% of
that step. An unfinished training, of a sweep or of a run by itself, keeps the newest two that it can resume from. All
others go: what was trained to its end by itself then starts again from step 0 where more steps are asked for.
"""

_VERIFY = """\
Check every file of every trajectory against what was written, and say what is damaged or lost and what to do.
Files of older versions and those of TensorBoard have no check; they are counted. Exit status 1 where something is damaged.
Trainings of versions that did not check what surrounds them (settings of Keras and TensorFlow) are counted, too.
"""

_FILTER = "a level (augment=on) or a key of config.yaml (seed=1, batch_size=128, optimizer.lr=0.1)"
_DESCRIPTION = "first asked for as"  # the column that wraps


def run(arguments: Sequence[str]) -> int:
    """Does what the command line behind `ablate runs` says; returns the exit status.

    The command may stand anywhere, as in `--store DIR gc`; without one the trajectories are listed.

    Returns:
        1 where `verify` found damage, `rm` left what is being trained, or one of them could not do its work; else 0.

    Raises:
        AblateError: no such store, command or trajectory, an unknown key, or a store that cannot be read or written.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    for place, word in enumerate(arguments):
        if word in _COMMANDS and (place == 0 or arguments[place - 1] not in _TAKE_A_VALUE):
            return _COMMANDS[word]([*arguments[:place], *arguments[place + 1 :]])
    return _list(arguments)


def _add_json(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"print one JSON object in place of the {what}")


def _parser(name: str, description: str, epilog: str | None = None) -> Parser:
    parser = Parser(prog=f"ablate runs {name}".strip(), description=description, epilog=epilog)
    parser.add_argument("--store", type=a_path, metavar="DIR", default=Path("runs"), help="the store (default: runs)")
    return parser


# list


def _list(words: Sequence[str]) -> int:
    parser = _parser("", _LIST, _EXAMPLES)
    parser.add_argument("filters", nargs="*", metavar="KEY=VALUE", help=f"only those with {_FILTER}")
    parser.add_argument("--state", choices=STATES, metavar="STATE", help="only those in this state")
    _add_json(parser, "table")
    options = parser.parse_intermixed_args(words)
    for word in options.filters:
        if "=" not in word:
            raise AblateError(one_of("command", word, _COMMANDS) + " A filter is KEY=VALUE, as in seed=1.")
    entries, foreign = _entries(options.store)
    shown = _in_state(matching(entries, options.filters), options.state)
    texts = descriptions(shown, _defaults())
    if options.json:
        listed = [_plain(one, text) for one, text in zip(shown, texts, strict=True)]
        print(json.dumps({"store": str(options.store), "trajectories": listed, "not_trajectories": foreign}, allow_nan=False))
        return 0
    if shown:
        _print(shown, texts)
    for one in shown:
        if one.fault:
            tell(f"damaged: {one.fault}")
    of_all = "" if len(shown) == len(entries) else f" of {len(entries)}"
    tell(f"{len(shown)}{of_all} {_plural(len(entries), 'trajectory', 'trajectories')} in {options.store}, {_size(shown)}")
    if foreign:
        tell(f"not a trajectory, left alone: {', '.join(foreign)}")
    return 0


def _entries(store: Path) -> tuple[list[Entry], list[str]]:
    """The trajectories of a store, last trained last, and the names of what is none."""
    trajectories, foreign = contents(store)
    return sorted(map(entry, trajectories), key=lambda one: one.trained_at.timestamp() if one.trained_at else 0), foreign


def _in_state(entries: Sequence[Entry], state: str | None) -> list[Entry]:
    return [one for one in entries if state in (None, one.state)]


def _defaults() -> dict[str, str]:
    """The level that each group has where the command line names none."""
    from ablate.config.own_configs import conf_dir

    listed = yaml.safe_load((conf_dir() / "config.yaml").read_text())["defaults"]
    return {group: str(level) for item in listed if isinstance(item, dict) for group, level in item.items()}


def _plain(one: Entry, text: str) -> dict[str, Any]:
    return {
        "fingerprint": one.trajectory.fingerprint,
        "state": one.state,
        "step": one.step,
        "seed": one.config.get("seed"),
        "levels": dict(one.names),
        "description": text,
        **{key: _accuracy(one, key) for key in ("accuracy_raw", "accuracy_averaged")},
        "size_bytes": one.size_bytes,
        "last_trained": None if one.trained_at is None else one.trained_at.isoformat(timespec="seconds"),
    }


def _accuracy(one: Entry, key: str) -> float | None:
    value = (one.row or {}).get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _print(entries: Sequence[Entry], texts: Sequence[str]) -> None:
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
        _DESCRIPTION: [text or "-" for text in texts],
        "raw %": [_percent(_accuracy(one, "accuracy_raw")) for one in entries],
        "averaged %": [_percent(_accuracy(one, "accuracy_averaged")) for one in entries],
        "MB": [f"{one.size_bytes / 1e6:.1f}" for one in entries],
        "last trained": ["-" if one.trained_at is None else f"{one.trained_at:%Y-%m-%d %H:%M}" for one in entries],
    }
    spare = {"last trained": 1, "MB": 2, "seed": 3}
    words = ("fingerprint", "state", _DESCRIPTION)
    return [
        terminal.Column(heading, tuple(given), heading in words, heading == "fingerprint", spare.get(heading, 0))
        for heading, given in cells.items()
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


# rm


def _remove(words: Sequence[str]) -> int:
    parser = _parser("rm", _REMOVE)
    parser.add_argument("which", nargs="*", metavar="FINGERPRINT or KEY=VALUE", help=f"its first digits; or {_FILTER}")
    parser.add_argument("--state", choices=STATES, metavar="STATE", help="only those in this state")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    _add_json(parser, "table; with --yes")
    options = parser.parse_intermixed_args(words)
    if not options.which and options.state is None:
        parser.error("Nothing is named. Give fingerprints, KEY=VALUE or --state.")
    if options.json and not options.yes:
        parser.error("--json asks nothing, so it needs --yes.")
    chosen = _chosen(options.store, options.which, options.state)
    if not options.json:
        if not chosen:
            tell(f"no trajectory in {options.store} matches; nothing removed")
            return 0
        _show(options.store, chosen)
        if not options.yes and not _agreed(f"{_count(len(chosen))}, {_size(chosen)}"):
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
        tell(f"removed {_count(len(removed))}, {_size(removed)}")
    return 1 if left or faults else 0


def _fingerprints(entries: Sequence[Entry]) -> list[str]:
    return [one.trajectory.fingerprint for one in entries]


def _chosen(store: Path, which: Sequence[str], state: str | None) -> list[Entry]:
    entries, _ = _entries(store)
    prefixes = [word for word in which if "=" not in word]
    meant = {named(entries, prefix).trajectory.fingerprint for prefix in prefixes}
    matched = _in_state(matching(entries, [word for word in which if "=" in word]), state)
    return [one for one in matched if not prefixes or one.trajectory.fingerprint in meant]


def _show(store: Path, chosen: Sequence[Entry]) -> None:
    """What was chosen, and which sweeps need it."""
    _print(chosen, descriptions(chosen, _defaults()))
    sweeps = known_sweeps(store)
    for one in chosen:
        users = [_seen(sweep.folder) for sweep in sweeps if one.trajectory.fingerprint in sweep.needs]
        if users:
            tell(f"{one.trajectory.fingerprint} is needed by {', '.join(users)}")


def _agreed(what: str) -> bool:
    if not sys.stdin.isatty():
        raise AblateError(f"Cannot ask whether to remove {what}: there is no terminal. Add --yes.")
    try:
        return input(f"Remove {what}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _seen(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


# gc


def _clear(words: Sequence[str]) -> int:
    parser = _parser("gc", _CLEAR)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be dropped; writes nothing, locks nothing")
    parser.add_argument("--yes", action="store_true", help="also in a store in which no sweep is known")
    _add_json(parser, "lines")
    options = parser.parse_intermixed_args(words)
    asked = options.dry_run or options.yes or known_sweeps(options.store)
    if not asked and any(one.checkpoints for one in clear(options.store, dry_run=True)):
        raise AblateError(
            f"Expected a store with a sweep that is still there. Received: {options.store}, in which none is known, so that "
            "every checkpoint of a finished training would go. If that is meant, add --yes."
        )
    cleared = clear(options.store, options.dry_run)
    gone = [_seen(sweep.folder) for sweep in clear_registrations(options.store, options.dry_run)]
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
        parts.append(f"{len(one.leftovers)} damaged or half-written {_plural(len(one.leftovers), 'file', 'files')}")
    told = [f"{' and '.join(parts)}, {one.size_bytes / 1e6:.1f} MB"] if parts else []
    if one.spared:
        told.append(f"{_checkpoints(one.spared)} kept, since its training is not finished")
    return "; ".join(told)


def _checkpoints(paths: Sequence[Path]) -> str:
    return f"{len(paths)} {_plural(len(paths), 'checkpoint', 'checkpoints')}"


# verify


def _verify(words: Sequence[str]) -> int:
    parser = _parser("verify", _VERIFY)
    _add_json(parser, "lines")
    options = parser.parse_intermixed_args(words)
    trajectories, foreign = contents(options.store)
    findings = [finding for trajectory in trajectories for finding in verify(trajectory)]
    findings += [*verify_registrations(options.store), *verify_labels(options.store)]
    damaged = [finding for finding in findings if finding.damage]
    before = unchecked(trajectories)
    counts = {
        "sound": sum(finding.damage is None and finding.checkable for finding in findings),
        "not_checkable": sum(finding.damage is None and not finding.checkable for finding in findings),
    }
    if options.json:
        listed = [{"file": str(one.path), "damage": one.damage, "remedy": one.remedy} for one in damaged]
        others = {"unchecked_trainings": before, "not_trajectories": foreign}
        print(json.dumps({"store": str(options.store), **counts, "damaged": listed, **others}))
        return 1 if damaged else 0
    for finding in damaged:
        tell(_line(finding))
    files = f"{len(damaged)} damaged, {counts['sound']} sound, {counts['not_checkable']} not checkable"
    tell(f"{_count(len(trajectories))} in {options.store}: {files} files")
    if before:
        tell(
            f"{len(before)} of {_count(len(trajectories))} {_plural(len(before), 'was', 'were')} trained by an older version, "
            "which settings outside the config (~/.keras/keras.json, TF_XLA_FLAGS …) could change unnoticed; to find out, "
            "train one again with store=NEW and compare"
        )
    if foreign:
        tell(f"not a trajectory, left alone: {', '.join(foreign)}")
    return 1 if damaged else 0


def _line(finding: Finding) -> str:
    return f"{finding.path}: {finding.damage}; {finding.remedy}"


_COMMANDS = {"list": _list, "rm": _remove, "gc": _clear, "verify": _verify, "pack": pack, "unpack": unpack}
_TAKE_A_VALUE = ("--store", "--state")  # the options behind which a word is no command


# words


def _plural(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def _count(number: int) -> str:
    return f"{number} {_plural(number, 'trajectory', 'trajectories')}"


def _size(entries: Sequence[Entry]) -> str:
    return f"{sum(one.size_bytes for one in entries) / 1e6:.1f} MB"
