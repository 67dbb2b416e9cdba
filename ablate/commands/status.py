"""`ablate status`: how far a sweep is, from its files, while it runs or later."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ablate import terminal
from ablate.commands.arguments import Parser
from ablate.errors import AblateError
from ablate.messages import say
from ablate.monitor import live
from ablate.monitor.live import Screen
from ablate.monitor.snapshot import snapshot
from ablate.monitor.states import Snapshot
from ablate.planning.folders import sweep_folder
from ablate.store import SWEEP, sweep_names
from ablate.store.state import BAD, LOOKED_AT, State
from ablate.store.sweep_names import TUNING

_DESCRIPTION = """\
Show how far a sweep is: which trainings are at work, which wait, which failed and why, and about how long it takes.
It reads the sweep's files alone, from any terminal, while the sweep runs or later. Nothing is trained.
The exit status is 1 when a training failed or diverged; in a finished search that is a result like others, and it is 0.
Of a sweep that still tunes learning rates it shows the tuning.
"""

_EXAMPLES = """\
examples:
  ablate status multirun/factorial-1a2b3c4d              once
  ablate status multirun/factorial-1a2b3c4d --follow     until the sweep ends
  ablate status multirun/factorial-1a2b3c4d --json       one JSON object, for scripts
"""

FOLLOW_EVERY_S = 0.5
LISTED = 10  # trainings of a state that are listed without --all; more are counted
COUNTED = (State.WAITING, State.UNKNOWN, State.DONE)  # states of which many are counted


def run(arguments: Sequence[str]) -> int:
    """Shows the sweep that the command line names; returns 1 when something in it failed or diverged, 0 otherwise.

    Of a finished search that is 0 whatever became of its trials, as the search itself ends. Of a sweep that still tunes
    learning rates its tuning is shown, which a line on stderr says.

    Raises:
        AblateError: the folder is no sweep, or its sweep.json is damaged.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = Parser(
        prog="ablate status",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument("sweep", type=Path, metavar="SWEEP", help="its folder in multirun/, the folder's name, or its study")
    parser.add_argument("--all", action="store_true", help="list every training, not only count those that are done or wait")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--follow", action="store_true", help="stay, and show how it goes until the sweep ends")
    how.add_argument("--json", action="store_true", help="print one JSON object in place of the table")
    options = parser.parse_args(arguments)

    folder = _begun(options.sweep)
    seen = _readable(snapshot(folder))
    if options.json:
        print(json.dumps(seen.to_json(), allow_nan=False))
    elif options.follow:
        seen = _readable(follow(folder))
    else:
        show(seen, terminal.standard(), options.all)
    searched = seen.search is not None and seen.search.over
    return 1 if seen.of(*BAD) and not searched else 0


def _begun(named: Path) -> Path:
    """The folder of what has begun of a sweep: its own, or before there is anything to measure that of its tuning."""
    named = sweep_names.one(named)
    tuning = named / TUNING
    if (named / SWEEP).exists() or not (tuning / SWEEP).is_file():
        return sweep_folder(named)
    say(f"{named} still tunes learning rates, so this is its tuning, {tuning}; ask again for what is measured after it")
    return tuning


def _readable(seen: Snapshot) -> Snapshot:
    if not seen.trainings:
        raise AblateError(seen.notes[0] if seen.notes else f"Expected a sweep with runs. Received: {seen.folder}, without any.")
    return seen


def follow(folder: Path) -> Snapshot:
    """Show a sweep until nobody works on it or on its trainings any more; how it is then.

    Raises:
        AblateError: its folder is gone.
    """
    with Screen(folder) as screen:
        while screen.seen.holder or screen.seen.of(State.RUNNING):
            time.sleep(FOLLOW_EVERY_S)
            screen.refresh()
    if not (folder / SWEEP).exists():
        raise AblateError(f"{folder} was deleted or moved while it was followed.")
    seen = screen.seen
    for line in live.failures(seen) if screen.terminal else ():  # elsewhere each was told when it was new
        say(line)
    if not seen.all_done:
        say(_nobody(seen))
    return seen


def show(seen: Snapshot, console: Console, every: bool) -> None:
    """Print a sweep as a table, with what failed, the totals and who works on it under it.

    Args:
        every: list all trainings, however many are in one state.
    """
    counted = {state: len(seen.of(state)) for state in COUNTED if len(seen.of(state)) > LISTED and not every}
    listed = seen.of(*(state for state in LOOKED_AT if state not in counted))
    if listed:
        dropped = terminal.draw(console, live.columns(listed, bars=console.is_terminal, states=True))
        if dropped:
            terminal.say(console, terminal.left_out(dropped))
        console.print()
    lines = [live.failure(training) for training in seen.of(*BAD)]
    if counted:
        lines.append(f"not listed: {', '.join(f'{count:,} {state}' for state, count in counted.items())}; --all lists them")
    lines += [*seen.notes, live.totals(seen)]
    if seen.holder is not None:
        lines.append(live.who_works(seen.holder, seen))
    elif not seen.all_done:
        lines.append(_nobody(seen))
    for line in lines:
        terminal.say(console, line)


def _nobody(seen: Snapshot) -> str:
    if seen.of(State.RUNNING):
        return "no process works on this sweep; what is running belongs to another"
    goes_on = ["goes on where it stopped"] if not seen.ended else []
    again = [*goes_on, *(["tries again what failed"] if seen.of(State.FAILED) and seen.search is None else [])]
    parts = ["no process works on this sweep"]
    parts += [f"its command, given again, {' and '.join(again)}"] if again else []
    parts += ["what diverged stays so"] if seen.of(State.DIVERGED) else []
    return "; ".join(parts)
