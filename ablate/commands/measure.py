"""`ablate measure`: bytes, and time and memory of inference, of trained networks and model files."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from ablate import terminal
from ablate.commands import run_options
from ablate.commands.arguments import Once, Parser
from ablate.deploy import find, measured
from ablate.deploy.measured import Measured, Times
from ablate.deploy.subject import Subject
from ablate.deploy.trained import Trained
from ablate.planning.folders import sweep_folder
from ablate.resources import cores
from ablate.store import sweep_names
from ablate.text import counted, percent

ALL = "all"  # threads: one for each core
_DESCRIPTION = """\
Measure what networks cost in use: bytes plain and zipped, seconds to load, milliseconds of inference (median and 95th
percentile), and memory. Each is measured in fresh processes, and networks take turns, so that other load on the machine
slows all of them alike. Trained networks run in TensorFlow, model files in the library of their format. For a SWEEP, the
first run of each arm is measured.
"""

_EXAMPLES = """\
examples:
  ablate measure tour                                       the first run of each arm of a sweep
  ablate measure tour/baseline/0 model.tflite data=digits   a run, and a model file
  ablate measure tour --batch 1 --threads 1                 one image at a time, on one core
"""


def run(arguments: Sequence[str]) -> int:
    """Measures what the command line names; returns the exit status 0.

    Raises:
        AblateError: a RUN names nothing, or cannot be loaded.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    words, data = run_options.told_apart(options.words)
    options.words = [each for word in words for each in _runs_of(word)] + data
    subjects = []
    for one in run_options.runs(options, parser):
        if isinstance(one, Trained):
            run_options.refuse_preparation(one, options)
            subjects.append(Subject(one, step=int(one.checkpoint(options.step).stem), weights=options.weights))
        else:
            assert one.image_shape  # refused here where its data set is not known
            subjects.append(Subject(one, run_options.preparation_of(one, options)))
    threads = dict.fromkeys(cores() if each == ALL else int(each) for each in options.threads)
    found = measured.measure(subjects, list(dict.fromkeys(map(int, options.batch))), list(threads), options.rounds)
    if options.json:
        for each in found:
            print(json.dumps(each.to_json(), allow_nan=False))
        return 0
    show(found)
    return 0


def _runs_of(word: str) -> list[str]:
    """The runs that a word stands for: of a sweep the first of each arm."""
    if not (sweep_names.is_sweep(Path(word)) or sweep_names.of_study(word) or sweep_names.by_folder(word)):
        return [word]
    first: dict[str | None, str] = {}
    for one in find.runs_of(sweep_folder(word)):
        first.setdefault(one.arm, one.word)
    return list(first.values())


def _parser() -> Parser:
    parser = Parser(prog="ablate measure", description=_DESCRIPTION, epilog=_EXAMPLES)
    run_options.add_run(parser, "RUN|SWEEP")
    parser.add_argument(
        "--batch", type=_counts(), metavar="N,…", action=Once, default=["1", "128"], help="images in one call (default: 1,128)"
    )
    parser.add_argument(
        "--threads", type=_counts(ALL), metavar="N,…", action=Once, default=["1", ALL], help="CPU threads (default: 1,all)"
    )
    parser.add_argument(
        "--rounds", type=run_options.a_count, metavar="N", action=Once, default=10, help="turns of each network (default: 10)"
    )
    run_options.add_preparation(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object for each network")
    return parser


def _counts(*others: str) -> Callable[[str], list[str]]:
    def counts(text: str) -> list[str]:
        for each in text.split(","):
            if each not in others:
                run_options.a_count(each)
        return text.split(",")

    return counts


def show(found: Sequence[Measured]) -> None:
    """Print what was measured as a table, a line a network, batch size and number of threads."""
    lines = [(one, times) for one in found for times in one.times]
    columns = {
        **{heading: _once(lines, cell) for heading, cell in _OF_NETWORKS.items()},
        "batch": [str(times.batch) for _, times in lines],
        "threads": [str(times.threads) for _, times in lines],
        "ms": [f"{times.median_ms:.3g}" for _, times in lines],
        "95th percentile": [f"{times.p95_ms:.3g}" for _, times in lines],
        "load (s)": [f"{times.load_seconds:.2g}" for _, times in lines],
        "memory (MB)": [f"{times.memory_bytes / 1e6:,.0f}" for _, times in lines],
    }
    spare = {"memory (MB)": 1, "load (s)": 2, "zipped": 3}
    words = ("run", "format")
    console = terminal.standard()
    terminal.draw(
        console,
        [
            terminal.Column(heading, tuple(cells), heading in words, heading == "run", spare.get(heading, 0))
            for heading, cells in columns.items()
        ],
    )
    calls = min(times.calls for _, times in lines)
    terminal.say(
        console,
        f"ms: median time of a call for the whole batch, over {counted(calls, 'call')} or more; the networks took turns",
    )
    for name, value in measured.rank_correlations(found).items():
        terminal.say(console, f"Rank correlation of {name}: {value:+.2f}")


_OF_NETWORKS: dict[str, Callable[[Measured], str]] = {
    "run": lambda one: one.word,
    "format": lambda one: one.format,
    "accuracy": lambda one: "-" if one.source.accuracy is None else percent(one.source.accuracy, 2),
    "bytes": lambda one: f"{one.bytes:,}",
    "zipped": lambda one: f"{one.zipped:,}",
}


def _once(lines: Sequence[tuple[Measured, Times]], cell: Callable[[Measured], str]) -> list[str]:
    """The cells of a column, of each network in its first line alone."""
    return [cell(one) if times is one.times[0] else "" for one, times in lines]
