"""Where a plan's trainings are done, as far as planning needs to know it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ablate import machine
from ablate.resources import Amount, Share, share

INLINE = "inline"  # the launcher that trains in the process of a sweep itself


class Site(Protocol):
    """What is known beforehand of the place where trainings are done."""

    @property
    def launcher(self) -> str:
        """Hydra's name of it."""

    @property
    def share(self) -> Callable[[int], Share] | None:
        """From how many trainings are to be done to how many are at once there, and what each is given.

        None where that is up to the launcher, whose runs show by themselves how they go.
        """

    @property
    def pace_key(self) -> str:
        """The host whose measured speeds a forecast may use."""


@dataclass(frozen=True)
class Known:
    """A site of which all is known at once."""

    launcher: str
    share: Callable[[int], Share] | None
    pace_key: str


def here(workers: Amount, threads: Amount) -> Site:
    """That of processes on this machine."""
    return Known("local", lambda trainings: share(workers, threads, trainings), machine.host())


def by_another(launcher: str) -> Site:
    """That of a launcher which is none of ours."""
    return Known(launcher, None, machine.host())
