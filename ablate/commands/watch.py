"""`ablate watch`: the page of a sweep in the browser while it trains, for this machine alone."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ablate import escaping
from ablate.commands import local_server
from ablate.commands.arguments import Parser
from ablate.errors import AblateError
from ablate.planning.folders import sweep_folder
from ablate.report.watched import Watched
from ablate.store import sweep_names

PORT = 8079
NAMES = (local_server.HOST, "localhost")  # that a browser may call this machine by

_DESCRIPTION = """\
Serve the page of a sweep or search on this machine (127.0.0.1) while it trains: cells fill in, and verdicts stay pending until
all planned seeds are there. Nothing is trained or written. Press Ctrl-C to stop.
"""

_EXAMPLES = """\
examples:
  ablate watch                                           the newest sweep
  ablate watch seed_ladder --port 9000
"""


def run(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C; returns 0.

    Raises:
        AblateError: there is no such sweep, or the port is taken.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    parser = Parser(prog="ablate watch", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("sweep", nargs="?", metavar="SWEEP", help=sweep_names.HELP)
    local_server.add_port(parser, PORT)
    options = parser.parse_args(arguments)
    folder = sweep_folder(options.sweep)
    watched = Watched(folder)
    return local_server.serve(lambda place: ThreadingHTTPServer(place, _handler(watched)), options.port, folder)


def _handler(watched: Watched) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answers with the page or with how far it is; other machines' names for this one get nothing."""
            name = (self.headers.get("Host") or "").rsplit(":", 1)[0]
            path = self.path.partition("?")[0]
            if name not in NAMES or path not in ("/", "/state"):
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", "Nothing is here.")
                return
            try:
                if path == "/state":
                    self._answer(HTTPStatus.OK, "application/json", json.dumps(watched.state()))
                else:
                    self._answer(HTTPStatus.OK, "text/html", watched.page())
            except AblateError as error:
                retry = '<meta http-equiv="refresh" content="5">'
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/html", f"{retry}<p>{escaping.html(str(error))}</p>")

        def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
            content = text.encode(errors="replace")
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are nobody's news."""

    return Handler
