"""Which ingredient of a training recipe earns its place, by how much, how sure are we, and what does it cost."""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_FROM = {"judge": "ablate.exchange"}  # what the package itself offers, imported when it is asked for


def __getattr__(name: str) -> Any:
    """What the package offers, by name."""
    if name not in _FROM:
        raise AttributeError(f"module 'ablate' has no attribute {name!r}")
    return getattr(import_module(_FROM[name]), name)
