"""What is found by its name: modules of a package of ours, and what other packages offer in their entry points."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from ablate.errors import AblateError, one_of


@dataclass(frozen=True)
class Plugins:
    """All plugins of one kind. If another package uses one of our names, ours wins; nothing is imported until it is asked for.

    group: of other packages' entry points, such as `ablate.designs`.
    package: ours; each of its modules is a plugin, except the helpers.
    helpers: the names of those modules.
    attribute: of a module, the one that is the plugin; None for the module itself.
    title: what messages call one, with `{}` for its name.
    key: what messages call an unknown name.
    must: what another package's plugin must be, in words, with `{}` for its name.
    fits: whether it is, from its name and what was loaded.
    """

    group: str
    package: str
    attribute: str | None
    title: str
    key: str
    must: str
    fits: Callable[[str, Any], bool]
    helpers: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Of all there are: ours, then those of other packages, each in alphabetical order."""
        return tuple(dict.fromkeys((*self.ours(), *sorted(_entries(self.group).names))))

    def ours(self) -> tuple[str, ...]:
        """The names of our own."""
        return _ours(self.package, self.helpers)

    def known(self, name: str) -> Any:
        """The plugin with a name; None if there is none.

        Raises:
            AblateError: it is from another package and cannot be loaded or does not fit, or several packages define it.
        """
        if name in self.ours():
            module = import_module(f"{self.package}.{name}")
            return module if self.attribute is None else getattr(module, self.attribute)
        return _loaded(self, name)

    def find(self, name: str) -> Any:
        """The one of a name.

        Raises:
            AblateError: there is none, or as for `known`.
        """
        found = self.known(name)
        if found is None:
            raise AblateError(one_of(self.key, name, self.names()))
        return found


def forget() -> None:
    """Look at what is installed again."""
    _entries.cache_clear()
    _loaded.cache_clear()


@cache
def _ours(package: str, helpers: tuple[str, ...]) -> tuple[str, ...]:
    spec = find_spec(package)
    folders = None if spec is None else spec.submodule_search_locations
    return tuple(sorted(found.name for found in iter_modules(folders) if found.name not in helpers))


@cache
def _entries(group: str) -> EntryPoints:
    return entry_points(group=group)


@cache
def _loaded(kind: Plugins, name: str) -> Any:
    found = _entries(kind.group).select(name=name)
    if not found:
        return None
    title = kind.title.format(name)
    if len(found) > 1:
        packages = " and ".join(sorted(entry.dist.name if entry.dist else entry.value for entry in found))
        raise AblateError(f"Several packages define {title}: {packages}. Uninstall all but one of them.")
    [entry] = found
    start = title[0].upper() + title[1:] if title.startswith("the ") else title
    try:
        one = entry.load()
        fits = kind.fits(name, one)
    except Exception as error:  # whatever the code of another package raises
        reason = " ".join(str(error).split()) or type(error).__name__
        raise AblateError(f"{start} cannot be loaded from {entry.value}: {reason}. Reinstall its package.") from error
    if not fits:
        raise AblateError(f"{start}: {entry.value} must be {kind.must.format(name)}, got {one!r:.60}.")
    return one
