"""The names of the commands: a module each in `ablate/commands/`."""

from functools import cache
from pathlib import Path
from pkgutil import iter_modules

# modules beside the commands that are none
HELPERS = ("arguments", "command_line", "compare", "evaluate_screen", "from_table", "local_server", "overview", "run_options")


@cache
def names() -> tuple[str, ...]:
    """The names of our own commands."""
    folder = Path(__file__).resolve().parents[1] / "commands"
    return tuple(sorted(found.name for found in iter_modules([str(folder)]) if found.name not in HELPERS))
