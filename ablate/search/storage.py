"""Where the trials of a search are kept: a journal in its folder, or any database that Optuna takes."""

import random
import re
import time
import warnings
from pathlib import Path
from urllib.parse import unquote, unquote_plus

import optuna
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, ProgrammingError

from ablate.errors import AblateError
from ablate.search import journal
from ablate.store.files import files_in

JOURNAL = "trials.journal"  # in the folder of the search
USUAL = "journal"  # stands for the journal in the folder
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
    if url is None or is_journal(url):
        return journal.opened(folder / JOURNAL if url is None else Path(url))
    if not is_url(url):
        raise AblateError(no_storage(url))
    if is_sqlite(url):
        journal.check_plain(*files_of(url))
    try:
        return _database(url)
    except Exception as error:
        told = reason(error, url)
        raise AblateError(f"Cannot open hydra.sweeper.storage={redacted(url)}: {told}") from None


def check(url: str | None, folder: Path) -> None:
    """Refuse what cannot be the storage of a search, before anything is written.

    Raises:
        AblateError: it is no journal or no plain file, or something in the folder is a link.
    """
    if url is None or is_journal(url):
        journal.check(folder / JOURNAL if url is None else Path(url))
    elif is_sqlite(url):
        journal.check_plain(*files_of(url))
    for path in files_in(folder):
        if path.is_symlink():
            raise AblateError(f"{path} is a link, which is not followed. Put the file or folder itself there.")


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


def own(named: str, folder: Path) -> str | None:
    """The storage of a search as its folder names it, which may come from anybody; None for the journal in the folder.

    Args:
        named: what sweep.json says, without passwords.

    Raises:
        AblateError: it lies somewhere else, and so is for the user to give.
    """
    if named == USUAL:
        return None
    files = files_of(named)
    inside = folder.resolve()
    if not files or not all(inside in file.resolve().parents for file in files):
        raise AblateError(
            f"The trials are in {named!r}, outside of {folder}, which is opened only where you name it. Give --storage URL"
            + (f", with its password for {HIDDEN} as ${{oc.env:NAME}}." if HIDDEN in named else ".")
        )
    return named


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
    lines = [re.sub(r"^\(\w+\.\w+\) ", "", line.strip()) for line in str(error).splitlines() if line.strip()]  # no class names
    return without(lines[0] if lines else type(error).__name__, url)


def is_journal(url: str) -> bool:
    """Whether a storage is a journal, given by its path."""
    return url.endswith(".journal") and "://" not in url and not url.startswith("file:")


def is_url(url: str) -> bool:
    """Whether a storage is a database, given by its URL."""
    return re.match(r"[a-z0-9_]+(\+[a-z0-9_]+)?://", url) is not None and not url.startswith("file:")


def no_storage(url: str) -> str:
    """What to say of what is neither a journal nor a URL."""
    return (
        "hydra.sweeper.storage must be a file that ends with .journal, or a URL such as sqlite:///trials.db or "
        f"postgresql://user@host/name, got {redacted(url)!r}."
    )


def files_of(url: str) -> list[Path]:
    """The files that a storage consists of; none where it is no file."""
    if is_journal(url):
        return [Path(url)]
    try:
        named = make_url(url).database if is_sqlite(url) else None
    except (ArgumentError, ValueError):
        return []
    if not named or named == ":memory:":
        return []
    return [Path(named.removeprefix("file:").partition("?")[0])]


def is_sqlite(url: str | None) -> bool:
    """Whether a storage is a SQLite file, which is for one process."""
    return url is not None and url.startswith("sqlite")
