"""`ablate ls`: the sweeps of the current folder, newest first, with what each asks and what it found."""

import csv
import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ablate import escaping, terminal
from ablate.commands.arguments import Parser
from ablate.errors import AblateError
from ablate.monitor.lines import done
from ablate.monitor.snapshot import snapshot
from ablate.monitor.states import Snapshot
from ablate.stats.outcomes import SHOWN, Outcome
from ablate.store import sweep_file, sweep_names
from ablate.store.state import BAD
from ablate.store.sweep import Sweep
from ablate.store.trials import CONFIRMATION
from ablate.text import age

EFFECTS = Path("report", "effects.csv")  # of a sweep, once it was reported
NONE = "–"
_DESCRIPTION = """\
List the sweeps and searches in multirun/, the newest last: name, question, state, verdicts, and age. Verdicts are those of the
report that was written last: ▲ helps, ▼ hurts, ■ no effect, ◇ inconclusive.
"""

_EXAMPLES = """\
examples:
  ablate ls                  all sweeps
  ablate ls --tag paper      those with tags=[paper]
  ablate ls --json           one JSON object, for scripts
"""


def run(arguments: Sequence[str]) -> int:
    """Lists the sweeps; returns the exit status 0.

    Raises:
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = Parser(prog="ablate ls", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--tag", metavar="TAG", help="only those with this tag")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the table")
    options = parser.parse_args(arguments)
    found = [_listed(folder) for folder in sorted(sweep_names.known(), key=sweep_names.touched)]
    found = [one for one in found if options.tag is None or options.tag in one["tags"]]
    if options.json:
        print(json.dumps({"sweeps": found}, allow_nan=False))
        return 0
    console = terminal.standard()
    if not found:
        terminal.say(console, f"No sweep in {sweep_names.MULTIRUN}/ yet. ablate --help has examples.")
        return 0
    dropped = terminal.draw(console, _table(found))
    console.print()
    if dropped:
        terminal.say(console, terminal.left_out(dropped))
    terminal.say(console, f"Next    ablate report {escaping.command([found[-1]['name']])}")
    return 0


def _table(found: Sequence[dict[str, Any]]) -> list[terminal.Column]:
    now = time.time()
    cells = {
        "sweep": [one["name"] for one in found],
        "question": [" ".join([one["question"], *(f"#{tag}" for tag in one["tags"])]) or NONE for one in found],
        "state": [one["state"] for one in found],
        "verdicts": [one["verdicts"] for one in found],
        "age": [age(now - one["time"]) for one in found],
    }
    spare = {"question": 1, "age": 2}
    return [
        terminal.Column(heading, tuple(given), heading != "age", heading == "sweep", spare.get(heading, 0))
        for heading, given in cells.items()
    ]


def _listed(folder: Path) -> dict[str, Any]:
    """What is known of a sweep; of one that is damaged that it is."""
    sweep: Sweep | None = None
    with suppress(AblateError):
        file = sweep_file.read(folder)
        sweep = None if file is None else file.sweep
    seen = snapshot(folder)
    tuning = sweep is None and (folder / sweep_names.TUNING).is_dir()
    return {
        "name": sweep_names.shortest(folder),
        "folder": str(folder),
        "question": "" if sweep is None else question(sweep),
        "tags": [] if sweep is None else list(sweep.tags),
        "note": None if sweep is None else sweep.note,
        "state": "tuning" if tuning else "damaged" if sweep is None else state(seen),
        "verdicts": _verdicts(folder, seen),
        "time": sweep_names.touched(folder),
    }


def question(sweep: Sweep) -> str:
    """What a sweep asks: its note or question, or else what it switches."""
    return sweep.note or sweep.question or f"{sweep.design}: {', '.join(sweep.factors)}"


def state(seen: Snapshot) -> str:
    """How far it is, in a word or as a fraction."""
    if seen.all_done or (seen.search is not None and seen.search.over):
        return "complete"
    if seen.ended:
        return f"{len(seen.of(*BAD))} failed"
    return done(seen).split(" ")[0]


def _verdicts(folder: Path, seen: Snapshot) -> str:
    """Those of the newest report, counted, as in `▲ 2 ◇ 1`; of a search what its confirmation gained."""
    confirmed = folder / CONFIRMATION / EFFECTS
    path = confirmed if confirmed.is_file() else folder / EFFECTS
    rows: list[dict[str, str]] = []
    with suppress(OSError, csv.Error, UnicodeDecodeError), path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    known = [row for row in rows if row.get("verdict") in SHOWN]
    if not known:
        return NONE if seen.ended else "pending"
    if path == confirmed and len(known) == 1:
        with suppress(KeyError, ValueError):
            return f"{SHOWN[Outcome(known[0]['verdict'])].sign} {float(known[0]['points']):+.1f} pp".replace("-", "−")
    counts = Counter(row["verdict"] for row in known)
    return " ".join(f"{SHOWN[outcome].sign} {counts[outcome]}" for outcome in SHOWN if counts[outcome]) + _few(known)


def _few(rows: Sequence[dict[str, str]]) -> str:
    return " (exploratory)" if any(row.get("exploratory") == "True" for row in rows) else ""
