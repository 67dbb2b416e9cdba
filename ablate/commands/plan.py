"""`ablate plan`: what a sweep would run, what it costs and what it can show, before anything is trained."""

import argparse
from collections.abc import Sequence

from ablate.commands.arguments import Parser, add_config_dir

_DESCRIPTION = """\
Show what a sweep would run: its arms, runs and trainings, how many hours they take, what each arm changes besides its
factor, and how large a difference its seeds can show. Nothing is trained. The overrides are those of the sweep, without -m.
Where nothing trained on this machine tells its speed, that is measured in about 15 s, and kept.
"""

_EXAMPLES = """\
examples:
  ablate plan augment=on,off ema=on,off seed=0,1,2      the plan of that sweep
  ablate plan --json study=seed_ladder                  one JSON object, with arms, runs and trainings
"""


def run(arguments: Sequence[str]) -> int:
    """Shows the plan of the sweep that the command line gives; returns the exit status 0.

    Args:
        arguments: the command line behind `ablate plan`: `--json`, and what Hydra takes, such as overrides and --config-dir.

    Raises:
        AblateError: for overrides that give no valid sweep.
        SystemExit: with 0 after `--help`.
    """
    parser = Parser(
        prog="ablate plan",
        usage="ablate plan [-h] [--json] [--explain] [--config-dir DIR] KEY=VALUE ...",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the tables")
    parser.add_argument("--explain", action="store_true", help="all there is to say: sizes, side effects, readout, power")
    parser.add_argument("--multirun", "-m", action="store_true", help=argparse.SUPPRESS)  # of the sweep's own command
    add_config_dir(parser)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for the sweep: augment=on,off seed=0,1,2 ...")
    options = parser.parse_intermixed_args(arguments)
    from ablate.app import compose_and_run
    from ablate.config import overrides, own, own_study

    words = own.for_hydra(own_study.words(options.overrides, options.config_dir))
    overrides.read(words, options.config_dir, sweep=True)
    folder = [] if options.config_dir is None else ["--config-dir", options.config_dir]
    shown = f"hydra.sweeper.plan={'json' if options.json else 'explain' if options.explain else 'table'}"
    return compose_and_run(["--multirun", *folder], [*words, shown])
