"""Who works on a sweep: one process at a time, which tells the others so."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ablate.errors import AblateError
from ablate.messages import say
from ablate.monitor.live import Screen
from ablate.monitor.snapshot import RUNNING
from ablate.running.progress import Heartbeat
from ablate.store import SWEEP, sign_of_life, write_json, writing
from ablate.store.files import lock as store_lock
from ablate.store.held import keeping

LOCK = ".lock"
SIGN_EVERY_S = 20.0  # between two signs of life in running.json
WAIT_S = 0.5  # between two looks at a sweep that another process works on


@contextmanager
def holding(folder: Path, shown: bool) -> Iterator[None]:
    """Hold a sweep, and say so in running.json; where another process does, watch it until it lets go.

    Args:
        shown: whether to show how the other goes.

    Raises:
        AblateError: the folder cannot be written, or was deleted or moved meanwhile.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = store_lock(folder / LOCK)
    with ExitStack() as stack:
        try:
            stack.enter_context(lock.acquire(timeout=0))
        except Timeout:
            say(f"another process works on {folder}; waiting for it")
            with Screen(folder, shown=shown) as screen, writing(folder):
                while not lock.is_locked:
                    screen.refresh()
                    folder.mkdir(parents=True, exist_ok=True)  # the other may have lost it
                    with suppress(Timeout, FileNotFoundError):
                        stack.enter_context(lock.acquire(timeout=WAIT_S))
        stack.enter_context(
            keeping(folder, folder / LOCK, "Finished trainings are in the store. Rerun the command to reuse them.")
        )
        started = time.time()
        running = folder / RUNNING
        stack.callback(running.unlink, missing_ok=True)
        stack.enter_context(Heartbeat(SIGN_EVERY_S, lambda: write_json(running, sign_of_life() | {"started": started})))
        yield


def watch(folder: Path, shown: bool) -> None:
    """Show what another process does with a sweep, until it lets go.

    Raises:
        AblateError: no other process works on it.
    """
    if not (folder / SWEEP).exists() or not _held(folder):
        raise AblateError(f"Nothing to watch: no process works on {folder}. Run the command without watch=true.")
    with Screen(folder, shown=shown) as screen:
        while _held(folder):
            screen.refresh()
            time.sleep(WAIT_S)
    if not (folder / SWEEP).exists():
        raise AblateError(f"{folder} was deleted or moved while it was watched.")


def _held(folder: Path) -> bool:
    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except FileNotFoundError:
        return False
    except Timeout:
        return True
