"""The first import of matplotlib, as it comes: neither a matplotlibrc nor the environment can make it fail.

On import matplotlib reads the settings of the user, which may be no text, or name a backend or locale that is not there.
"""

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ablate.errors import AblateError
from ablate.system import own_path

NAME = "matplotlib"


def ready() -> None:
    """Import matplotlib where nobody has yet. In a user's own process it gets their settings behind that, as far as it can.

    Raises:
        AblateError: a matplotlibrc in the current folder, which matplotlib reads first of all, cannot be read.
    """
    if NAME in sys.modules:
        return
    if own_path.is_program:
        logging.getLogger(NAME).setLevel(logging.ERROR)  # that it keeps its list of fonts in a temporary folder, and the like
    found = importlib.util.find_spec(NAME)
    plain = Path(str(found.origin)).parent / "mpl-data" / "matplotlibrc" if found else Path()
    backend = os.environ.get("MPLBACKEND")
    try:
        with _environment({"MATPLOTLIBRC": str(plain), "MPLBACKEND": None, "LC_ALL": "C"}):
            matplotlib = importlib.import_module(NAME)
    except ImportError:
        raise
    except Exception as error:
        raise AblateError(
            f"Cannot read {Path('matplotlibrc').resolve()}, which matplotlib takes as its settings here: {error}. "
            "Correct it, remove it, or start in another folder."
        ) from None
    if not own_path.is_program:
        with suppress(Exception):
            own = matplotlib.rc_params_from_file(matplotlib.matplotlib_fname(), use_default_template=False)
            matplotlib.rcParams.update(own)
        with suppress(Exception):
            matplotlib.rcParams.update({"backend": backend} if backend else {})


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Variables of the environment that are others for a moment; None for one that is not set."""
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


ready()
