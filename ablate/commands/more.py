"""`ablate more`: seeds or arms are added to a sweep, in its own folder."""

from collections.abc import Sequence

from ablate.commands.arguments import Parser
from ablate.config import keys, own
from ablate.config.syntax import key_of
from ablate.errors import AblateError
from ablate.store import sweep_names

MOST = 1000  # seeds that are added at once
_DESCRIPTION = """\
Add seeds, or arms, to a sweep, and train what that needs, in the same folder. What the sweep was stays: its runs, its plan
and its looks. Added seeds are a further look at the comparisons that get them, an added arm is a first one; their levels are
such that the chance of any wrong verdict stays bounded, and the report says by how much. Where it is interrupted, the same
command resumes it, and so does the sweep's own.
"""

_EXAMPLES = """\
examples:
  ablate more one_factor-1a2b3c4d --seeds 5                     five more seeds of every arm
  ablate more one_factor-1a2b3c4d --seeds 5 --only augment=off  of one arm, and of what it is compared with
  ablate more one_factor-1a2b3c4d --arms lrn=off                one more arm, with as many seeds as what it is compared with
"""


def run(arguments: Sequence[str]) -> int:
    """Adds to the sweep that the command line names, and trains it; returns the exit status 0.

    Raises:
        AblateError: the sweep takes no such addition.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = Parser(prog="ablate more", description=_DESCRIPTION, epilog=_EXAMPLES, allow_abbrev=False)
    parser.add_argument("sweep", nargs="?", metavar="SWEEP", help=sweep_names.HELP)
    parser.add_argument("--seeds", type=int, metavar="N", default=0, help="how many seeds to add")
    parser.add_argument("--only", nargs="+", metavar="FACTOR=LEVEL", default=[], help="the arms that get them (default: all)")
    parser.add_argument("--arms", nargs="+", metavar="FACTOR=LEVEL", default=[], help="arms to add, each by what it changes")
    parser.add_argument("--set", nargs="+", metavar="KEY=VALUE", default=[], help="how to train: workers=2 threads=4 ...")
    if any(key_of(word) == own.COMMAND for word in arguments):
        raise AblateError("The sweep has its command already. Leave out -- and everything after it.")
    options = parser.parse_args(arguments)
    if bool(options.seeds) == bool(options.arms):
        parser.error("Give either --seeds N or --arms FACTOR=LEVEL.")
    if options.seeds < 0 or options.seeds > MOST:
        parser.error(f"--seeds must be from 1 to {MOST:,}, got {options.seeds}.")
    if options.only and not options.seeds:
        parser.error("--only works only with --seeds.")
    execution = [*(word for word in keys.top("execution") if word not in ("store", "watch")), "report.formats"]
    for word in options.set:
        if word.partition("=")[0] not in execution:
            raise AblateError(f"--set takes how to train, so one of {', '.join(execution)}, got {word}.")

    from ablate.app import compose_and_run
    from ablate.planning.folders import sweep_folder
    from ablate.report import repeat
    from ablate.running import more

    folder = sweep_folder(options.sweep)
    wanted = more.Wanted(options.seeds, tuple(options.only), tuple(options.arms))
    sweep = more.grow(folder, wanted, progress="progress=false" not in options.set)
    given = {key_of(word) for word in options.set}
    words = [*(word for word in repeat.overrides(sweep, str(folder)) if key_of(word) not in given), *options.set]
    if not any(word.startswith("hydra.sweep.dir=") for word in words):
        words.append(f"hydra.sweep.dir={repeat.as_word(str(folder))}")
    flags = [] if sweep.config_dir is None else ["--config-dir", sweep.config_dir]
    return compose_and_run(["--multirun", *flags], own.for_hydra(words))
