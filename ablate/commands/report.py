"""`ablate report`: what a sweep shows, written into its folder as one page, tables, figures and texts, and printed in short."""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from ablate import terminal
from ablate.commands.arguments import Parser, a_path
from ablate.errors import AblateError, one_of
from ablate.report import writing
from ablate.store import sweep_names

_DESCRIPTION = """\
Write the report of a sweep: one page (index.html), tables, figures, and texts for a paper; and print its verdicts.
It reads what is there: a sweep that still runs, or that had failures, is reported as far as it came. Nothing is trained.
What differs from what was fixed before training (--baseline, --metric, --at-step, --margin, sweeps joined) is marked as
exploratory: changed after training. Of a search it tells its trials and its confirmation, which is the result.
With --from it reports existing runs of any program: a table with one row per run (with --step, one per evaluation).
"""

_EXAMPLES = """\
examples:
  ablate report                        the newest sweep, into its report/
  ablate report seed_ladder            a sweep by its name or study
  ablate report lrn-1a2b lrn-5e6f --out joined/
                                       two that differ in seeds, joined
  ablate report lrn --out paper/ --format tex,png
  ablate report --compare lrn models   whether changes do the same in both
  ablate report lrn --notebook         also an executed notebook
  ablate report lrn --explain          also the rule, costs, arms, and files
  ablate report lrn --json             one JSON object, for scripts
  ablate report --from results.csv --factors trick,lr --baseline trick=off,lr=0.1 --margin 0.5
                                       a table of anybody's runs
"""


def run(arguments: Sequence[str]) -> int:
    """Reports what the command line names; returns the exit status 0.

    Raises:
        AblateError: it names no sweep, or asks for what there is not.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    options = _parser().parse_args(arguments)
    if options.table is not None:
        from ablate.commands import from_table

        return from_table.run(options, _formats(options.format))
    given = [name for name in _OF_TABLES if getattr(options, name) is not None]
    if given:
        raise AblateError(f"--{given[0]} works only with --from FILE. Add --from FILE, or leave it out.")
    if options.compare:
        from ablate.commands import compare

        alone = ("sweep", "format", "baseline", "reach", "notebook")
        given = [f"--{word}" if word != "sweep" else options.sweep[0] for word in alone if getattr(options, word)]
        if given:
            raise AblateError(f"--compare cannot be combined with {given[0]}. Give them in two commands.")
        first, second = options.compare
        _refuse_searches(options.compare, "--compare")
        return compare.run(first, second, options.out, options.json, options.style, **_changes(options))
    options.sweep = options.sweep or [str(sweep_names.newest())]
    changes = _changes(options) | {"baseline": options.baseline, "target": options.reach}
    given = [f"--{_OPTIONS.get(name, name)}" for name, value in changes.items() if value is not None]
    if given:
        _refuse_searches(options.sweep, given[0])
    report = writing.make(options.sweep, options.out, _formats(options.format), options.style, **changes)
    if options.notebook:
        from ablate.report import notebook

        if len(options.sweep) > 1:
            raise AblateError(f"--notebook takes one sweep, got {' '.join(options.sweep)}.")
        asked = {name: value for name, value in changes.items() if value is not None}
        report.files.append(notebook.execute(options.sweep[0], writing.folder_of(options.sweep, options.out), **asked))
    if options.json:
        print(json.dumps(report.to_json(), allow_nan=False))
    else:
        writing.show(report, options.explain)
        if options.notebook:
            terminal.tell(f"Notebook  {report.files[-1]}")
    return 0


_OF_TABLES = ("factors", "seed", "step", "design", "high", "better")
_OPTIONS = {"target": "reach", "at_step": "at-step"}  # where the name of an option is not that of what it changes


def _refuse_searches(sources: Sequence[str], option: str) -> None:
    """Refuse an option that says nothing of a search."""
    for source in sources:
        if writing.search_of(source) is not None:
            raise AblateError(
                f"{option} does not apply to a search, got {source}. Report its confirmation, which is a sweep: "
                f"ablate report {source}/confirmation."
            )


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """What is to be read otherwise than it was fixed, of one sweep or of two."""
    return {"metric": options.metric, "at_step": options.at_step, "margin": options.margin}


def _parser() -> Parser:
    parser = Parser(
        prog="ablate report",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument("sweep", nargs="*", metavar="SWEEP", help=f"{sweep_names.HELP}; several are joined")
    parser.add_argument("--compare", nargs=2, metavar=("SWEEP", "SWEEP"), help="compare the effects of two sweeps")
    parser.add_argument("--out", type=a_path, metavar="DIR", help="where to write (default: SWEEP/report)")
    parser.add_argument("--format", metavar="LIST", help="formats to write: html,csv,md,tex,png,svg (default: all)")
    parser.add_argument("--style", type=a_path, metavar="FILE", help="a matplotlib style file for the figures")
    parser.add_argument(
        "--baseline", metavar="ARM", help="compare all arms with this one: its number or name; for tables FACTOR=LEVEL,…"
    )
    parser.add_argument("--metric", help="another metric of the runs, such as loss; for tables a column")
    parser.add_argument("--at-step", type=int, metavar="STEP", help="evaluate all runs at another step")
    parser.add_argument("--margin", type=float, metavar="POINTS", help="another margin than that fixed before training")
    parser.add_argument("--reach", type=float, metavar="PERCENT", help="report when each arm reaches this accuracy")
    table = parser.add_argument_group("for tables")
    table.add_argument("--from", dest="table", type=a_path, metavar="FILE", help="a table: .csv, .tsv, .jsonl, or .parquet")
    table.add_argument("--factors", metavar="LIST", help="the columns that tell arms apart: trick,lr")
    table.add_argument("--seed", metavar="COLUMN", help="the column of replicate numbers (default: seed)")
    table.add_argument("--step", metavar="COLUMN", help="the column of steps, where a row is an evaluation")
    table.add_argument("--design", metavar="NAME", help="the arms' design, such as one_factor")
    table.add_argument("--high", type=float, metavar="NUMBER", help="highest possible value; 100 for percentages")
    table.add_argument("--better", metavar="WORD", help="for an unknown metric: higher or lower")
    parser.add_argument("--notebook", action="store_true", help="also write an executed copy of the report notebook")
    parser.add_argument("--explain", action="store_true", help="also print the rule of the verdicts, costs, arms, and files")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the summary")
    return parser


def _formats(given: str | None) -> tuple[str, ...] | None:
    from ablate.report.files import FORMATS

    if given is None:
        return None
    words = tuple(word.strip() for word in given.split(","))
    unknown = [word for word in words if word not in FORMATS]
    if unknown:
        raise AblateError(one_of("--format", unknown[0], FORMATS))
    return words
