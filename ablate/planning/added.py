"""What is added to a sweep: which seeds, and which runs of it then have them."""

from collections.abc import Collection
from dataclasses import replace
from itertools import chain, count, islice

from ablate.store.sweep import Sweep


def next_seeds(sweep: Sweep, arms: Collection[int], more: int) -> tuple[int, ...]:
    """The seeds that some arms have in common once more are added: those of now, then the next ones.

    Seeds that a part of them has already come before new ones, which are numbered on from the highest of the sweep.

    Args:
        more: how many are added.
    """
    now = sweep.seeds_of(arms)
    partly = dict.fromkeys(run.seed for run in sweep.runs if run.arm in arms and run.seed not in now)
    fresh = count(max(run.seed for run in sweep.runs) + 1)
    return (*now, *islice(chain(partly, fresh), more))


def missing(sweep: Sweep, arms: Collection[int], seeds: Collection[int]) -> list[tuple[int, int]]:
    """(arm, seed) of the runs that a sweep lacks for some arms to have some seeds, all arms of a seed before the next one."""
    there = {(run.arm, run.seed) for run in sweep.runs}
    return [(arm, seed) for seed in seeds for arm in sorted(arms) if (arm, seed) not in there]


def larger(sweep: Sweep, more: int) -> Sweep:
    """What a sweep with more seeds says of its command; its runs are still those of the smaller one."""
    return replace(sweep, seeds=next_seeds(sweep, [arm.number for arm in sweep.arms], more))
