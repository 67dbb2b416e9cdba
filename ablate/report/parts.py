"""The figures and the tables of reports are found, not listed: one a module of ours, or another package's entry point."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Protocol, TypeVar

from ablate.errors import AblateError
from ablate.system.plugins import Plugins

Part = TypeVar("Part")
MAKER, PLACE, LAST = "part", "PLACE", 1000  # what makes one, where it stands, and where one stands that does not say


class Filled(Protocol):
    """What a report is about: an analysis, or what a search found."""

    def fill(self, function: Callable[..., Any], **said: Any) -> Any:
        """What a function makes of the frames that its parameters are named after."""


def kind(group: str, package: str, title: str, helpers: tuple[str, ...]) -> Plugins:
    """The parts of one kind. helpers: the modules of the package that make none; see `Plugins`."""
    must = "a function whose parameters name the frames it takes"
    return Plugins(group, package, MAKER, f"the {title} {{}}", title, must, lambda _, found: callable(found), helpers)


def made(about: Filled, of: Plugins, result: type[Part], **said: Any) -> Iterator[Part]:
    """The parts that there is something for, one after another; each is made when it is asked for.

    What makes one is a function whose parameters name the frames that it takes; it gives None where there is nothing for it.
    Its module has PLACE, a number by which parts are put in order; those without one come last.

    Args:
        about: what the frames are of.
        result: what the functions give.
        said: what they may name besides frames.

    Raises:
        AblateError: what another package has cannot be loaded, fails, names a frame that there is not, or gives something else.
    """
    makers = {name: of.find(name) for name in of.names()}
    for name in sorted(makers, key=lambda name: _place(makers[name])):
        title = of.title.format(name)
        title = title[0].upper() + title[1:]
        try:
            part = about.fill(makers[name], **said)
        except AblateError:
            raise
        except Exception as error:
            if name in of.ours():
                raise
            reason = " ".join(str(error).split()) or type(error).__name__
            raise AblateError(f"{title} cannot be made: {reason}. Correct or uninstall its package.") from error
        if part is not None and not isinstance(part, result):
            raise AblateError(f"{title} must give a {result.__name__} or None, got {type(part).__name__}.")
        if part is not None:
            yield part


def _place(maker: Callable[..., Any]) -> int:
    return int(getattr(import_module(maker.__module__), PLACE, LAST))
