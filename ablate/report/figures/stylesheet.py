"""The style of all figures as a file that a reader can copy and edit; the one in use, and the fonts that are there for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager

from ablate.errors import AblateError, did_you_mean, shown

BUILT_IN = "ablate.mplstyle"
LAST_FONT = "DejaVu Sans"  # it ships with matplotlib
FONTS = "font.sans-serif"
NARROWEST, WIDEST = 2.0, 20.0  # inches; a figure of another width cannot be read
# What no style changes: text stays text, a dollar in a user's name is a dollar, and the same frame gives the same file.
FIXED: dict[Any, Any] = {
    "axes.unicode_minus": True,
    "text.usetex": False,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "ablate",
    "pdf.fonttype": 42,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.04,
    "figure.constrained_layout.hspace": 0.05,
    "figure.constrained_layout.wspace": 0.04,
}
NO_STYLE = ("backend", "interactive", "toolbar", "timezone", "webagg", "tk.", "docstring", "keymap", "savefig.directory")
_COMMENT = re.compile(r"""((?:[^#"']|"[^"]*"|'[^']*')*)#.*""")
_CHOSEN: ContextVar[dict[Any, Any] | None] = ContextVar("chosen", default=None)


@contextmanager
def chosen(path: str | Path | None) -> Iterator[None]:
    """Within it figures have the style of a file; None for the built-in one.

    Raises:
        AblateError: the file cannot be read, or has a line that is no setting of a style.
    """
    token = _CHOSEN.set(None if path is None else built_in() | read(Path(path)))
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def settings() -> dict[Any, Any]:
    """All settings that figures are drawn with: matplotlib's defaults, the style in use, and what no style changes.

    Fonts are those of the style that are installed, so that none is missed aloud.
    """
    defaults = {key: value for key, value in dict.items(matplotlib.rcParamsDefault) if key != "backend"}
    style = style_in_use()
    return defaults | style | FIXED | {FONTS: list(fonts())}


def fonts() -> tuple[str, ...]:
    """The fonts of the style in use that are installed, at last one that always is."""
    return _installed(tuple(style_in_use().get(FONTS, ())))


def style_in_use() -> dict[Any, Any]:
    """The settings of the style alone, with all fonts that it names."""
    own = _CHOSEN.get()
    return built_in() if own is None else own


@cache
def built_in() -> dict[Any, Any]:
    """The style that comes with the package."""
    with resources.as_file(resources.files(__package__).joinpath(BUILT_IN)) as path:
        return read(path)


def read(path: Path) -> dict[Any, Any]:
    """The settings of a style file.

    Raises:
        AblateError: it cannot be read, or has a line that is no setting of a style.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "it is no text"
        raise AblateError(f"Cannot read report.style {path}: {reason}.") from None
    found: dict[Any, Any] = {}
    for number, line in enumerate(lines, 1):
        text = _COMMENT.sub(r"\1", line).strip()
        if text:
            found |= _setting(text, f"{path}, line {number}")
    width = found.get("figure.figsize", [NARROWEST])[0]
    if not NARROWEST <= width <= WIDEST:
        raise AblateError(f"{path}: figure.figsize must be from {NARROWEST:g} to {WIDEST:g} inches wide, got {width:g}.")
    return found


def _setting(text: str, where: str) -> dict[Any, Any]:
    key, colon, value = (part.strip() for part in text.partition(":"))
    if not colon:
        raise AblateError(f"{where}: expected KEY: VALUE, got {shown(text)}.")
    known = [name for name in matplotlib.rcParamsDefault if not name.startswith(NO_STYLE)]
    if key not in known:
        raise AblateError(f"{where}: unknown style setting {shown(key)}.{did_you_mean(key, known)}")
    try:
        return {key: matplotlib.RcParams({key: value})[key]}
    except ValueError:
        raise AblateError(f"{where}: {key} cannot be {shown(value)}.") from None


@cache
def _installed(names: tuple[str, ...]) -> tuple[str, ...]:
    there = {font.name for font in font_manager.fontManager.ttflist}
    return (*(name for name in names if name in there and name != LAST_FONT), LAST_FONT)
