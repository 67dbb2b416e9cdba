"""Back ends by name: each a module here, or an entry point of another package in the group `ablate.backends`.

A module has a function `backend`, which makes a `Backend` from a `Request` and, by keyword, from the keys that
`conf/hydra/launcher/NAME.yaml` has besides `_target_`. An entry point leads to such a function.
"""

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ablate.errors import AblateError, one_of
from ablate.running.backend import Backend, Request, reason_of

GROUP = "ablate.backends"

Maker = Callable[..., Backend]


def names() -> list[str]:
    """Of all back ends, in order; each is the NAME of a hydra/launcher=NAME."""
    return sorted({*_modules(), *_of_others()})


def named(name: str, options: Mapping[str, Any]) -> Callable[[Request], Backend]:
    """What makes the back end of that name.

    Args:
        options: the other keys of its config.

    Raises:
        AblateError: there is none of that name, it cannot be imported, or it has not such an option.
    """
    maker = _maker(name)
    allowed = [each.name for each in inspect.signature(maker).parameters.values()][1:]
    for key in options:
        if key not in allowed:
            if not allowed:
                raise AblateError(f"Unknown key 'hydra.launcher.{key}': hydra/launcher={name} has no keys. Leave it out.")
            raise AblateError(one_of(f"key of hydra/launcher={name}", key, allowed))
    return partial(maker, **options)


def _maker(name: str) -> Maker:
    if name in _modules():
        return import_module(f"{__name__}.{name}").backend  # type: ignore[no-any-return]
    found = _of_others().get(name)
    if found is None:
        raise AblateError(one_of("backend", name, names()))
    if len(same := entry_points(group=GROUP, name=name)) > 1:
        packages = " and ".join(sorted(entry.dist.name if entry.dist else entry.value for entry in same))
        raise AblateError(f"Several packages define the backend {name}: {packages}. Uninstall all but one of them.")
    try:
        return found.load()  # type: ignore[no-any-return]
    except Exception as error:
        raise AblateError(f"The backend {name} cannot be loaded from {found.value}: {reason_of(error)}.") from error


@cache
def _modules() -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(__path__))


def _of_others() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
