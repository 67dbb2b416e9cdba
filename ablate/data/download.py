"""One file from the web: checked, and there whole or not at all."""

import contextlib
import logging
import re
from pathlib import Path
from typing import Any

import pooch

from ablate.errors import AblateError

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16


def download(url: str, md5: str, target: Path) -> Path:
    """Downloads `url` to `target` with a progress bar on stderr, unless it is already there with this MD5.

    The caller sees to it that one process does so at a time.
    Errors: no connection, a broken download, another MD5.
    """
    if not re.match("https?://", url):
        raise AblateError(f"data.url must start with http:// or https://, got {url!r}. For a local file, set data.archive.")
    if target.is_file() and pooch.file_hash(str(target), alg="md5") == md5:
        return target
    log.info("Downloading %s to %s", url, target)
    partial = target.with_name(f"{target.name}.partial")
    try:
        _fetch(url, partial)
        received = pooch.file_hash(str(partial), alg="md5")
        if received != md5:
            raise AblateError(
                f"{url} must have MD5 {md5}, got {received}; nothing is kept. Try again, "
                "set data.archive or $ABLATE_DATA to a local copy, or set data.md5 for another file."
            )
        partial.replace(target)
    except (OSError, ValueError) as error:  # requests' exceptions are OSErrors
        raise AblateError(
            f"Cannot download {url.rsplit('/', 1)[-1]} from {url}: {_reason(error)}. Set data.archive or "
            "$ABLATE_DATA to a local copy (the .tar.gz, or the folder with its .bin files), or use "
            "data=digits, which needs no download."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _fetch(url: str, partial: Path) -> None:
    with contextlib.ExitStack() as stack:

        def close_at_the_end(response: Any, **_: Any) -> None:
            stack.callback(response.close)  # pooch leaves the connection of a broken download open

        hooks = {"response": close_at_the_end}
        pooch.HTTPDownloader(progressbar=True, chunk_size=CHUNK_BYTES, hooks=hooks)(url, str(partial), None)


def _reason(error: BaseException) -> str:
    """The innermost cause in one line; the outer ones only wrap it."""
    while error.__context__ is not None:
        error = error.__context__
    return " ".join(str(error).split()) or type(error).__name__
