"""The page while a sweep trains: the same page, with a script that asks the server that gave it what is new."""

import base64
import hashlib
import re
from importlib import resources

from ablate import escaping

_SCRIPTS = re.compile(r"script-src '(sha256-[^']+)'")
_HTML = '<html lang="en">'


def live(page: str, version: str) -> str:
    """The page as a server gives it, which may ask that server alone.

    Args:
        page: as `render` makes it.
        version: of what it shows; it is loaded again when the server has another one.

    Raises:
        ValueError: it is no page of `render`.
    """
    script = resources.files(__package__).joinpath("live.js").read_text("utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode()
    allowed, count = _SCRIPTS.subn(rf"script-src '\1' 'sha256-{digest}'; connect-src 'self'", page, count=1)
    head, opening, rest = allowed.partition(_HTML)
    body, closing, end = rest.rpartition("</body>")
    if not (count and opening and closing):
        raise ValueError("no page of a report")
    named = f'<html lang="en" data-version="{escaping.html(version)}">'
    return f"{head}{named}{body}<script>\n{script}\n</script>\n{closing}{end}"
