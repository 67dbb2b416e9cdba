"""`ablate status`: how far a sweep is, from its files, while it runs or later."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ablate import escaping, terminal
from ablate.commands.arguments import Parser
from ablate.errors import AblateError
from ablate.messages import say
from ablate.monitor import drawing, lines, live
from ablate.monitor.live import Screen
from ablate.monitor.snapshot import snapshot
from ablate.monitor.states import Snapshot
from ablate.planning.folders import sweep_folder
from ablate.store import SWEEP, sweep_names
from ablate.store.state import BAD, State
from ablate.store.sweep_names import TUNING
from ablate.text import clock

_DESCRIPTION = """\
Show how far a sweep is: which trainings are at work, which wait, which failed and why, and about how long it takes.
It reads the sweep's files alone, from any terminal, while the sweep runs or later. Nothing is trained.
The exit status is 1 when a training failed or diverged; in a finished search that is a result like others, and it is 0.
Of a sweep that still tunes learning rates it shows the tuning.
"""

_EXAMPLES = """\
examples:
  ablate status                  the newest sweep
  ablate status lrn --follow     until the sweep ends
  ablate status lrn --json       one JSON object, for scripts
"""

FOLLOW_EVERY_S = 0.5
COUNTED = (State.WAITING, State.UNKNOWN, State.DONE, State.PRUNED, State.FAILED, State.DIVERGED)  # of trials, not listed
WIDE = 200  # characters, in a pipe


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
    parser.add_argument("sweep", nargs="?", metavar="SWEEP", help=sweep_names.HELP)
    parser.add_argument("--all", action="store_true", help="list every training with its steps")
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


def _begun(given: str | None) -> Path:
    """The folder of what has begun of a sweep: its own, or before there is anything to measure that of its tuning."""
    named = sweep_names.one(given)
    tuning = named / TUNING
    if (named / SWEEP).exists() or not (tuning / SWEEP).is_file():
        return sweep_folder(named)
    say(f"{named} is still tuning learning rates; this is the tuning, {tuning}")
    return tuning


def _readable(seen: Snapshot) -> Snapshot:
    if not seen.trainings:
        raise AblateError(seen.notes[0] if seen.notes else f"{seen.folder} has no runs.")
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
    """Print a sweep: how far it is, arms by seeds, what failed, and the next command.

    Args:
        every: list all trainings with their steps, however many there are.
    """
    head = [*seen.head[:1], state(seen), lines.done(seen)]
    head += [f"{clock(seen.seconds_left)} left"] if seen.seconds_left is not None else []
    terminal.say(console, lines.BETWEEN.join(head))
    console.print()
    if every or seen.search is not None:
        listed = seen.trainings if every else seen.of(*(one for one in State if one not in COUNTED))
        for row in drawing.listed(listed, console.width if console.is_terminal else WIDE):
            console.print(row, soft_wrap=True)
        shown = bool(listed)
    else:
        dropped = terminal.draw(console, drawing.matrix(seen))
        shown = bool(seen.trainings)
        if dropped:
            terminal.say(console, terminal.left_out(dropped))
    told = [f"{drawing.MARKS[one.state]} {lines.failure(one)}" for one in seen.of(*BAD)]
    marks = drawing.of_marks(seen)
    told += [marks] if marks and not every and seen.search is None else []
    told += lines.finished(seen.search) if seen.search is not None else []
    if shown:
        console.print()
    for line in [*told, *seen.notes]:
        terminal.say(console, line)
    terminal.say(console, f"Next    {following(seen)}")


def state(seen: Snapshot) -> str:
    """What a sweep is at: running, complete, or stopped."""
    if seen.holder is not None:
        return "running" if not seen.ended else "writing its report"
    if seen.of(State.RUNNING):
        return "trained by another sweep"
    if seen.all_done or (seen.search is not None and seen.search.over):
        return "complete"
    return "ended" if seen.ended else "stopped"


def following(seen: Snapshot) -> str:
    """The command that goes on from here."""
    name = escaping.command([sweep_names.shortest(seen.folder)])
    if seen.holder is not None:
        return f"ablate status {name} --follow"
    if state(seen) == "complete" or (seen.ended and not seen.of(State.FAILED)):
        return f"ablate report {name}"
    if seen.by_call:
        return "rerun its script or notebook   resumes it"
    return f"ablate -m {name}   {'retries what failed' if seen.ended and seen.search is None else 'resumes it'}"


def _nobody(seen: Snapshot) -> str:
    """What is said at the end of following a sweep that is not complete."""
    if seen.of(State.RUNNING):
        return "No process works on this sweep; another sweep trains what is running."
    again = ["resume"] if not seen.ended else []
    again += ["retry what failed"] if seen.of(State.FAILED) and seen.search is None else []
    parts = [f"Rerun its command to {' and '.join(again)}."] if again else []
    parts += ["Diverged runs are not retried."] if seen.of(State.DIVERGED) else []
    return " ".join(["No process works on this sweep.", *parts])
