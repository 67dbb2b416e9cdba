"""Python's path when `ablate` is a program: the modules of the current folder are the user's, and none of ours to run."""

import os
import sys

_ADDED = "ABLATE_SAFEPATH_ADDED"  # in the environment of what is started: that PYTHONSAFEPATH is not the user's
is_program = False  # whether this process is ours alone, rather than a user's that imports ablate


def leave_out_current_folder() -> None:
    """Take the current folder off Python's path, where `python -m` puts it first, here and in the processes that are started.

    A checkout that runs from its own folder without being installed stays on the path, behind everything else.
    """
    global is_program
    if is_program:
        return  # what stands there now was asked for, as by PYTHONPATH
    is_program = True
    if not os.environ.get("PYTHONSAFEPATH"):
        os.environ["PYTHONSAFEPATH"] = os.environ[_ADDED] = "1"  # of other processes; here it comes too late
    if sys.flags.safe_path or not sys.path or sys.path[0] not in ("", _current()):
        return
    # Not even pathlib is imported before.
    here = os.path.abspath(sys.path.pop(0))  # noqa: PTH100
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    if own == here and own not in sys.path:
        sys.path.append(own)
        found = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = f"{found}{os.pathsep}{own}" if found else own


def _current() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:  # it was deleted
        return None


def environment() -> dict[str, str]:
    """The environment as the user's own programs are to have it: a Python script finds the modules beside it."""
    added = _ADDED in os.environ
    return {name: value for name, value in os.environ.items() if name != _ADDED and not (added and name == "PYTHONSAFEPATH")}
