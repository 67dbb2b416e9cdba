"""Figures and tables of reports are found, not listed: one a module of their package, or an entry point of another package."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Any, Protocol, TypeVar

from ablate.errors import AblateError

Part = TypeVar("Part")
LAST = 1000  # the PLACE of a module that has none


class Filled(Protocol):
    """What a report is about: an analysis, or what a search found."""

    def fill(self, function: Callable[..., Any], **said: Any) -> Any:
        """What a function makes of the frames that its parameters are named after."""


def made(
    about: Filled, package: str, kind: type[Part], group: str = "", said: Mapping[str, Any] | None = None
) -> Iterator[Part]:
    """The parts that there is something for, one after another; each is made when it is asked for.

    Each module of the package that makes one has a function `part`, whose parameters name the frames that it takes and which
    gives a `kind`, or None where there is nothing for it; and PLACE, a number by which they are put in order. An entry point
    leads to such a function, and what it makes comes last.

    Args:
        about: what the frames are of.
        group: of the entry points; empty where there are none.
        said: what parts may name besides frames.

    Raises:
        AblateError: what another package has cannot be loaded, names a frame that there is not, makes something else, or has
            the name of another part.
    """
    names: set[str] = set()
    for origin, maker in (*_ours(package), *_others(group)):
        part = about.fill(maker, **(said or {}))
        if part is None:
            continue
        if not isinstance(part, kind):
            raise AblateError(f"{origin} must give a {kind.__name__} or None, got {type(part).__name__}.")
        name = str(part.name)  # type: ignore[attr-defined]
        if name in names:
            raise AblateError(f"{origin} must have a name of its own, got '{name}', which another {kind.__name__} has.")
        names.add(name)
        yield part


@cache
def _ours(package: str) -> tuple[tuple[str, Callable[..., Any]], ...]:
    folder = import_module(package).__path__
    modules = [import_module(f"{package}.{found.name}") for found in iter_modules(folder)]
    having = sorted((each for each in modules if hasattr(each, "part")), key=lambda each: getattr(each, "PLACE", LAST))
    return tuple((each.__name__, each.part) for each in having)


@cache
def _others(group: str) -> tuple[tuple[str, Callable[..., Any]], ...]:
    found = sorted(entry_points(group=group), key=lambda entry: entry.name) if group else []
    return tuple((f"{entry.value} of the entry point {group}", _loaded(entry)) for entry in found)


def _loaded(entry: EntryPoint) -> Callable[..., Any]:
    try:
        found: Callable[..., Any] = entry.load()
    except Exception as error:  # whatever the code of another package raises
        reason = " ".join(str(error).split()) or type(error).__name__
        raise AblateError(f"{entry.name} of {entry.group} cannot be loaded from {entry.value}: {reason}.") from error
    return found
