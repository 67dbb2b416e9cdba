"""`ablate runs pack` and `ablate runs unpack`: a sweep as one folder or file that can be sent and kept."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ablate.commands.arguments import Parser, a_path
from ablate.errors import AblateError
from ablate.store import sweep_names
from ablate.store.sweep import Sweep
from ablate.store.sweep_runs import SweepRun
from ablate.terminal import tell

_PACK = """\
Pack everything the report of a sweep needs into one folder or archive: the plan fixed before training, the runs' results, and
each training's config, metrics, environment, and final predictions. Checkpoints are left out. The report and status commands
and `ablate.results.load` read such a folder in place; `ablate runs unpack` puts it into a store.
"""

_UNPACK = """\
Put a packed sweep into a store, and its folder beside other sweeps. Every file is checked first against what was packed, and
nothing is overwritten: an existing training with the same rows is kept, and one with different rows stops the command before
anything is written.
"""

_EXAMPLES = """\
examples:
  ablate runs pack multirun/lrn-1a2b3c4d                          as lrn-1a2b3c4d.tar.gz
  ablate runs pack lrn-1a2b3c4d --out lrn.tar.zst                 another archive
  ablate runs pack lrn-1a2b3c4d --out experiments/lrn/pack        as a folder; ablate report experiments/lrn draws it again
  ablate runs unpack lrn.tar.zst                                  into runs/ and multirun/
"""


def pack(words: Sequence[str]) -> int:
    """`ablate runs pack`; returns the exit status 0.

    Raises:
        AblateError: there is no such sweep, or it cannot be read or written.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = _parser("pack", _PACK)
    parser.add_argument("sweep", nargs="?", metavar="SWEEP", help=sweep_names.HELP)
    parser.add_argument(
        "--out", type=a_path, metavar="FILE", help="a folder, or FILE.tar.gz or FILE.tar.zst (default: NAME.tar.gz)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the line")
    options = parser.parse_args(words)
    from ablate.results.sources import folders
    from ablate.store import pack as packs

    found = folders(options.sweep or sweep_names.newest())
    if len(found) > 1:
        raise AblateError(f"{options.sweep} names {len(found)} sweeps: {', '.join(map(str, found))}. Pack one of them.")
    folder = found[0]
    out = options.out or Path(f"{folder.resolve().name}.tar.gz")
    steps, store = _reads(folder)
    made = packs.pack(folder, steps, store, out)
    if options.json:
        counts = {"trainings": made.trainings, "files": made.files, "size_bytes": made.size_bytes}
        print(
            json.dumps(
                {"sweep": str(folder), "pack": str(made.path), **counts, "trainings_missing": len(steps) - made.trainings}
            )
        )
        return 0
    missing = len(steps) - made.trainings
    lacking = (
        f"; {missing} of {len(steps)} trainings are not in the store, so only the results of their runs were packed"
        if missing
        else ""
    )
    tell(f"Packed {folder} into {made.path}: {_count(made.trainings, 'training')}, {_size(made.path):.2g} MB{lacking}")
    return 0


def unpack(words: Sequence[str]) -> int:
    """`ablate runs unpack`; returns the exit status 0.

    Raises:
        AblateError: it is no pack, is not as it was packed, or something else lies where it would go.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = _parser("unpack", _UNPACK)
    parser.add_argument("pack", type=Path, metavar="PACK", help="the folder or archive")
    parser.add_argument("--store", type=a_path, metavar="DIR", default=Path("runs"), help="for the trainings (default: runs)")
    parser.add_argument(
        "--to", type=a_path, metavar="DIR", default=Path("multirun"), help="for the sweep's folder (default: multirun)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the line")
    options = parser.parse_args(words)
    from ablate.running.looks import enter_older
    from ablate.store import register_sweep
    from ablate.store import unpack as unpacking

    if not options.pack.exists():
        raise AblateError(f"{options.pack} does not exist. Name the folder or archive that ablate runs pack wrote.")
    done = unpacking.unpack(options.pack, options.store, options.to)
    register_sweep(options.store, done.sweep, _needs(done.sweep, options.store)[0])
    if not done.looks:
        enter_older(options.store, (place for _, place in _sweeps(done.sweep)))
    if options.json:
        counts = {"added": list(done.added), "there": list(done.there)}
        print(json.dumps({"sweep": str(done.sweep), "store": str(options.store), **counts}))
        return 0
    there = f", {len(done.there)} there already" if done.there else ""
    tell(f"Unpacked {done.sweep}: {_count(len(done.added), 'training')} added to {options.store}{there}")
    return 0


def _parser(name: str, description: str) -> Parser:
    return Parser(prog=f"ablate runs {name}", description=description, epilog=_EXAMPLES)


def _needs(folder: Path, store: Path | None = None) -> tuple[dict[str, list[int]], Path | None]:
    """(the final steps of a sweep's runs and of those of the sweeps within it, by fingerprint; the store that has them)."""
    return _steps(folder, store, lambda run: [run.readout.step])


def _reads(folder: Path) -> tuple[dict[str, list[int]], Path | None]:
    """The same with all steps at which they are read."""
    from ablate.readout import DIVERGED_LOSS, of_run

    return _steps(folder, None, lambda run: of_run(run, DIVERGED_LOSS).steps)


def _steps(
    folder: Path, store: Path | None, of: Callable[[SweepRun], Iterable[int]]
) -> tuple[dict[str, list[int]], Path | None]:
    from ablate.planning.folders import find_store

    needs: dict[str, set[int]] = {}
    for sweep, place in _sweeps(folder):
        for run in sweep.runs:
            needs.setdefault(run.fingerprint, set()).update(of(run))
        store = store or find_store(sweep, place)
    return {fingerprint: sorted(steps) for fingerprint, steps in needs.items()}, store


def _sweeps(folder: Path) -> Iterator[tuple[Sweep, Path]]:
    """The sweep in a folder and those within it, with their folders: the confirmation of a search, tuning."""
    from ablate.store import SWEEP, sweep_file
    from ablate.store.trials_file import whole

    within = sorted(path.parent for name in ("retune", "confirmation*") for path in folder.glob(f"{name}/{SWEEP}"))
    for place in (folder, *(place for place in within if not place.is_symlink())):
        file = sweep_file.read(place)
        if file is not None:
            yield whole(file.sweep, place)[0], place


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _size(path: Path) -> float:
    """In MB, as it lies on the disk."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(each.stat().st_size for each in files) / 1e6
