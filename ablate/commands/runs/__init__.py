"""`ablate runs`: the trajectories of a store, listed, removed, cleared of what nobody needs, and checked; sweeps packed."""

from collections.abc import Callable, Mapping, Sequence

from ablate.commands.runs import clearing, listing, packs, removing, verifying

_RUN: Mapping[str, Callable[[Sequence[str]], int]] = {
    "list": listing.run,
    "rm": removing.run,
    "gc": clearing.run,
    "verify": verifying.run,
    "pack": packs.pack,
    "unpack": packs.unpack,
}
_TAKE_A_VALUE = ("--store", "--state")  # the options behind which a word is no command


def run(arguments: Sequence[str]) -> int:
    """Does what the command line behind `ablate runs` says; returns the exit status.

    The command may stand anywhere, as in `--store DIR gc`; without one the trajectories are listed.

    Returns:
        1 where `verify` found damage, `rm` left what is being trained, or one of them could not do its work; else 0.

    Raises:
        AblateError: no such store, command or trajectory, an unknown key, or a store that cannot be read or written.
        SystemExit: with 0 after `--help`, with 2 for wrong usage.
    """
    for place, word in enumerate(arguments):
        if word in _RUN and (place == 0 or arguments[place - 1] not in _TAKE_A_VALUE):
            return _RUN[word]([*arguments[:place], *arguments[place + 1 :]])
    return listing.run(arguments)
