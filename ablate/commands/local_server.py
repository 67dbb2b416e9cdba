"""What commands share that show something in a browser: a server on this machine alone, until Ctrl-C."""

import argparse
import os
from collections.abc import Callable
from http.server import HTTPServer
from pathlib import Path

from ablate.errors import AblateError
from ablate.messages import say

HOST = "127.0.0.1"


def add_port(parser: argparse.ArgumentParser, usual: int) -> None:
    """Add `--port`."""
    parser.add_argument("--port", type=int, default=usual, help=f"of this machine (default: {usual}); 0 for a free one")


def serve(make: Callable[[tuple[str, int]], HTTPServer], port: int, folder: Path, page: str = "") -> int:
    """Say where a folder is shown, and serve until Ctrl-C; returns 0.

    Args:
        make: of (host, port) the server.
        port: 0 for a free one.
        page: the path of what is to be opened.

    Raises:
        AblateError: the port cannot be used.
    """
    try:
        server = make((HOST, port))
    except (OSError, OverflowError) as error:
        reason = f" ({os.strerror(error.errno).lower()})" if isinstance(error, OSError) and error.errno else ""
        raise AblateError(
            f"--port must be a free port of this machine, got {port}{reason}. Give another, or --port 0 for any free one."
        ) from error
    with server:
        try:
            say(f"http://{HOST}:{server.server_port}{page} shows {folder}. Press Ctrl-C to stop.")
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
