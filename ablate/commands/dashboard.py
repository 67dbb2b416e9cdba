"""`ablate dashboard`: a search in the browser, as Optuna's own dashboard shows it, for this machine alone."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ablate.commands import local_server
from ablate.commands.arguments import Parser
from ablate.errors import AblateError
from ablate.planning.folders import sweep_folder
from ablate.store import SWEEP, read_json, sweep_names, trials

PORT = 8080

_DESCRIPTION = """\
Show a search in the browser: its trials as they come, their parameters and curves. It is bound to this machine alone
(127.0.0.1), and runs until Ctrl-C. It needs optuna-dashboard: pip install 'ablate-tf[dashboard]'.
What it calls pruned may have diverged, and what it calls failed may have lapsed: the user attribute `status` says it.
"""

_EXAMPLES = """\
examples:
  ablate dashboard multirun/search-1a2b3c4d
  ablate dashboard multirun/search-1a2b3c4d --port 9000
  ablate dashboard multirun/ours --storage 'postgresql+psycopg://ada:${oc.env:SECRET}@db/trials'
"""


def run(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C; returns 0.

    Raises:
        AblateError: the folder is no search, its trials cannot be read, the port is taken, or optuna-dashboard is missing.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = Parser(
        prog="ablate dashboard",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument("sweep", nargs="?", metavar="SEARCH", help=sweep_names.HELP.replace("a sweep", "a search", 1))
    local_server.add_port(parser, PORT)
    parser.add_argument("--storage", metavar="URL", help="where the trials are, if not in the folder itself")
    options = parser.parse_args(arguments)
    folder = sweep_folder(options.sweep)
    if not trials.is_search(folder):
        raise AblateError(f"{folder} is a sweep, not a search. Use `ablate report`.")
    app, page = _app(folder, options.storage)
    return local_server.serve(lambda place: make_server(*place, app, _Server, _Quiet), options.port, folder, page)


def _app(folder: Path, given: str | None) -> tuple[Callable[..., Iterable[bytes]], str]:
    """The dashboard, and the path of the study in it; that of all studies where several may be meant."""
    try:
        from optuna_dashboard import wsgi
    except ImportError:
        raise AblateError("optuna-dashboard is not installed. Install it: pip install 'ablate-tf[dashboard]'") from None
    from ablate.search import storage

    url = _resolved(given)
    if url is not None and storage.HIDDEN in url:
        raise AblateError(f"--storage has {storage.HIDDEN} for a password, got {url!r}. Write it as ${{oc.env:NAME}}.")
    if url is None:
        url = storage.own(_named(folder), folder)
    if url is None and not (folder / storage.JOURNAL).exists():
        raise AblateError(f"{folder / storage.JOURNAL} does not exist, so there are no trials to show. Give --storage URL.")
    opened = storage.opened(url, folder)
    studies = opened.get_all_studies()
    ours = [study for study in studies if study.study_name == _study(folder)] or (studies if len(studies) == 1 else [])
    app: Callable[..., Iterable[bytes]] = wsgi(opened)
    return app, f"/dashboard/studies/{ours[0]._study_id}" if ours else "/dashboard"


def _study(folder: Path) -> str:
    """The name of a search's study: as sweep.json has it, else its folder's."""
    content = read_json(folder / SWEEP)
    search = content.get("search") if isinstance(content, dict) else None
    named = search.get("study_name") if isinstance(search, dict) else None
    return named if isinstance(named, str) else folder.resolve().name


def _named(folder: Path) -> str:
    """Where a search says that its trials are."""
    content = read_json(folder / SWEEP)
    search = content.get("search") if isinstance(content, dict) else None
    named = search.get("storage") if isinstance(search, dict) else None
    if not isinstance(named, str):
        raise AblateError(f"{folder / SWEEP}: search.storage must be text, got {type(named).__name__}. Give --storage URL.")
    return named


def _resolved(url: str | None) -> str | None:
    """A URL with what it takes from the environment, as ${oc.env:SECRET}, which no list of processes shows."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        return None if url is None else str(OmegaConf.create({"url": url})["url"])
    except OmegaConfBaseException as error:
        raise AblateError(f"--storage must be a URL that resolves: {str(error).splitlines()[0]}.") from None


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests are nobody's news."""
