"""The kernel that executes the report notebook: the Python that runs `ablate`, with nothing of the user's own around it.

A kernelspec named python3 can be of any other environment. The startup files, profile and configuration of IPython,
PYTHONSTARTUP and the current folder run code that no report is made of.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ablate.errors import AblateError

NEEDED = "pip install 'ablate-tf[notebook]'"
LONGEST = 80  # letters of a folder's name in which a socket can have one
HIDDEN = ("PYTHONSTARTUP", "PYTHONINSPECT", "VIRTUAL_ENV", "MPLBACKEND", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_PATH")
# Where ablate lies comes last on its path, should it be a checkout that is not installed.
ROOT = str(Path(__file__).resolve().parents[2])
START = (
    f"import sys; {ROOT!r} in sys.path or sys.path.append({ROOT!r}); "
    "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
)
LOCAL = {"kernel_provisioner": {"provisioner_name": "local-provisioner", "config": {}}}


@contextmanager
def started() -> Iterator[tuple[Any, dict[str, str]]]:
    """A manager of such a kernel, which is not started yet, and the environment to start it in.

    Its files lie in a folder that is gone afterwards.

    Raises:
        AblateError: what a kernel needs is not installed, or there is no folder for temporary files.
    """
    if find_spec("ipykernel") is None:
        raise AblateError(f"Cannot run the report notebook: {sys.executable} has no ipykernel. Install it: {NEEDED}.")
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class Ours(KernelSpecManager):  # type: ignore[misc]  # jupyter_client is not there where types are checked
        """Knows one kernel, whatever is installed."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return spec

    try:
        place = tempfile.gettempdir()
        folder = tempfile.TemporaryDirectory(prefix="ablate-", dir=place if len(place) <= LONGEST else "/tmp")
    except OSError as error:
        raise AblateError(f"Cannot run the report notebook: no folder for temporary files ({error.strerror}).") from None
    with folder as own:
        words = ["-c", START, "-f", "{connection_file}"]
        words += ["--IPKernelApp.ignore_cwd=True", "--IPKernelApp.exec_PYTHONSTARTUP=False"]
        spec = KernelSpec(argv=[sys.executable, *words], display_name="ablate", language="python", metadata=LOCAL)
        manager = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=Ours(),
            connection_file=str(Path(own) / "kernel.json"),
            transport="ipc",  # what runs here concerns nobody on the network
        )
        yield manager, _environment(own)


def _environment(own: str) -> dict[str, str]:
    """Our environment without what makes a kernel run other code. own: the folder for its files."""
    return {
        **{name: value for name, value in os.environ.items() if name not in HIDDEN},
        "PYTHONSAFEPATH": "1",
        "IPYTHONDIR": str(Path(own) / "ipython"),
        "JUPYTER_CONFIG_DIR": str(Path(own) / "config"),
        "JUPYTER_RUNTIME_DIR": own,
        "JUPYTER_DATA_DIR": own,
    }
