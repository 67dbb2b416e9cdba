"""Where the trials of a search are kept: a journal in its folder, or any database that Optuna takes."""

import logging
import os
import random
import re
import time
import warnings
from pathlib import Path
from urllib.parse import unquote, unquote_plus

import optuna
from filelock import FileLock
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import IntegrityError, ProgrammingError

from ablate.errors import AblateError
from ablate.store import writing

JOURNAL = "trials.journal"  # in the folder of the search
HIDDEN = "***"  # stands for a password
_SECRET = r"(?:[a-z_]*password|passwd|pwd|token|secret)"  # options of a URL that are one
OPENED_AT_MOST = 5  # times, where others make the tables meanwhile

optuna.logging.set_verbosity(optuna.logging.ERROR)  # a line a trial is ours to print


def opened(url: str | None, folder: Path) -> BaseStorage:
    """The storage of a search.

    Args:
        url: as Optuna takes it, as in postgresql://user@host/name; the path of a journal file, which ends with .journal; None
            for the journal in the search's folder. Its password may come from the environment, as ${oc.env:NAME}.

    Raises:
        AblateError: it cannot be opened; the message has no password.
    """
    if url is None or url.endswith(".journal"):
        path = folder / JOURNAL if url is None else Path(url)
        with writing(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            return JournalStorage(JournalFileBackend(str(path), lock_obj=_Whole(path)))  # type: ignore[arg-type]
    if "://" not in url:
        raise AblateError(
            "Expected a URL as Optuna takes it, as sqlite:///trials.db or postgresql://user@host/name, or a file that ends "
            f"with .journal. Received: hydra.sweeper.storage={redacted(url)}."
        )
    try:
        return _database(url)
    except Exception as error:
        told = reason(error, url)
        raise AblateError(
            f"Expected a storage that can be opened. Received: hydra.sweeper.storage={redacted(url)}: {told}"
        ) from None


def _database(url: str) -> RDBStorage:
    """A database, its tables made where there are none; two processes that make them at once are in each other's way."""
    for left in reversed(range(OPENED_AT_MOST)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                # A connection that was idle while the winner was trained may be gone.
                return RDBStorage(url, engine_kwargs={} if is_sqlite(url) else {"pool_pre_ping": True})
        except (IntegrityError, ProgrammingError):
            if not left:
                raise
            time.sleep(random.uniform(0.1, 1.0))
    raise AssertionError("unreachable")


def redacted(url: str) -> str:
    """A URL without its passwords: that before the host, and those among the options behind it."""
    before, found, rest = url.partition("://")
    who, at, where = rest.rpartition("@")
    shown = f"{before}{found}{_user(who)}{f':{HIDDEN}' if ':' in who else ''}{at}{where}"
    return re.sub(rf"(?i)([?&]{_SECRET}=)[^&#]*", rf"\1{HIDDEN}", shown)


def secrets(url: str | None) -> list[str]:
    """The passwords in a URL, as written and as meant; what must be in no file."""
    rest = (url or "").partition("://")[2]
    written = [rest.rpartition("@")[0].partition(":")[2], *re.findall(rf"(?i)[?&]{_SECRET}=([^&#]*)", url or "")]
    return [secret for each in written for secret in dict.fromkeys((each, unquote(each), unquote_plus(each))) if secret]


def _user(who: str) -> str:
    return who.partition(":")[0]


def without(text: str, url: str | None) -> str:
    """A text without the passwords of a URL."""
    for secret in secrets(url):
        text = text.replace(secret, HIDDEN)
    return text


def reason(error: BaseException, url: str | None) -> str:
    """Why a storage failed, in one line without passwords."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return without(lines[0] if lines else type(error).__name__, url)


def is_sqlite(url: str | None) -> bool:
    """Whether a storage is a SQLite file, which is for one process."""
    return url is not None and url.startswith("sqlite")


class _Whole:
    """The lock of a journal, which the system lets go of when its holder dies, and which leaves no torn line behind.

    Who is killed while it writes leaves half a line, and the next line behind it would spoil the file for good. So whoever
    comes next cuts it off: what was not written whole was not said.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = FileLock(path.with_name(f"{path.name}.lock"))

    def acquire(self) -> bool:
        """Take the lock, and mend the file."""
        self.lock.acquire()
        try:
            _mend(self.path)
        except BaseException:
            self.lock.release()
            raise
        return True

    def release(self) -> None:
        """Let go of the lock."""
        self.lock.release()


def _mend(path: Path) -> None:
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) == b"\n":
            return
        size = file.tell()
        while size > 0:
            start = max(0, size - 65536)
            file.seek(start)
            found = file.read(size - start).rfind(b"\n")
            if found >= 0:
                file.truncate(start + found + 1)
                return
            size = start
        file.truncate(0)
        logging.getLogger(__name__).warning("%s was torn in its first line, and begins anew", path)
