"""Back ends by name: each a module here, or an entry point of another package in the group `ablate.backends`.

A module has a function `backend`, which makes a `Backend` from a `Request` and, by keyword, from the keys that
`conf/hydra/launcher/NAME.yaml` has besides `_target_`. An entry point leads to such a function.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ablate.errors import AblateError, one_of
from ablate.running.backend import Backend, Request
from ablate.system.plugins import Plugins

BACKENDS = Plugins(
    group="ablate.backends",
    package=__name__,
    attribute="backend",
    title="the backend {}",
    key="backend",
    must="a function that makes a Backend",
    fits=lambda name, one: callable(one),
)


def names() -> list[str]:
    """Of all back ends, in order; each is the NAME of a hydra/launcher=NAME."""
    return sorted(BACKENDS.names())


def named(name: str, options: Mapping[str, Any]) -> Callable[[Request], Backend]:
    """What makes the back end of that name.

    Args:
        options: the other keys of its config.

    Raises:
        AblateError: there is none of that name, it cannot be imported, or it has not such an option.
    """
    maker: Callable[..., Backend] = BACKENDS.find(name)
    allowed = [each.name for each in inspect.signature(maker).parameters.values()][1:]
    for key in options:
        if key not in allowed:
            if not allowed:
                raise AblateError(f"Unknown key 'hydra.launcher.{key}': hydra/launcher={name} has no keys. Leave it out.")
            raise AblateError(one_of(f"key of hydra/launcher={name}", key, allowed))
    return partial(maker, **options)
