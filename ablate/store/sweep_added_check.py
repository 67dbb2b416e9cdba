"""Whether the runs of a sweep are those that its seeds and what was added to it make."""

from collections.abc import Sequence

from ablate.store.schema import Node
from ablate.store.sweep_runs import SweepArm, SweepRun

_WORDS, _LETTERS = 1000, 10_000


def each_once(node: Node, runs: Sequence[SweepRun], arms: int, seeds: Sequence[int]) -> None:
    """Every arm once with every seed, and what the command of a run says is what stands beside it.

    Raises:
        BadFile: a run is none of these, or one is missing.
    """
    seen = _different(node, runs, seeds)
    if len(seen) < arms * len(seeds):
        raise node.wrong(f"{arms * len(seeds):,} runs, one for each arm and seed")


def check_added(node: Node, sweep: Node, arms: Sequence[SweepArm], runs: Sequence[SweepRun], seeds: Sequence[int]) -> None:
    """The additions of a sweep: each began with at least what was there before it, the first with every arm and seed.

    Args:
        node: the list of them. sweep: all of the file.

    Raises:
        BadFile: a value is none that it can have.
    """
    factors = {name: list(levels) for name, levels in sweep["factors"].value.items()}
    last = {"runs": 1, "arms": 1}
    most = {"runs": len(runs) - 1, "arms": len(arms)}
    for addition in node.items(1, len(runs)):
        for word in addition["words"].items(1, _WORDS):
            word.text(_LETTERS)
        for key in last:
            last[key] = addition[key].whole(last[key], most[key])
        addition["added_at"].whole(0)
        before = [seed.whole() for seed in addition["seeds"].items(1)]
        if before != list(seeds)[: len(before)]:
            raise addition["seeds"].wrong("the first seeds of the sweep")
        for name, levels in addition["factors"].entries():
            if levels.value != factors.get(name, [])[: len(levels.value)]:
                raise levels.wrong("the first levels of this factor")
    first = node.items()[0]
    begun = runs[: first["runs"].value]
    whole = {(arm, seed) for arm in range(first["arms"].value) for seed in first["seeds"].value}
    _different(sweep["runs"], runs, seeds)
    if {(run.arm, run.seed) for run in begun} != whole:
        raise first["runs"].wrong(f"{len(whole):,} runs, one for each arm and seed that the sweep had")
    if {run.arm for run in runs} != set(range(len(arms))):
        raise sweep["runs"].wrong("a run of each arm")


def _different(node: Node, runs: Sequence[SweepRun], seeds: Sequence[int]) -> set[tuple[int, int]]:
    """(arm, seed) of each run, none twice, and each with a seed of the sweep."""
    seen: set[tuple[int, int]] = set()
    known = set(seeds)
    for number, (run, entry) in enumerate(zip(runs, node.items(), strict=True)):
        entry["number"].equals(number, "its place in the list")
        if run.seed not in known:
            raise entry["seed"].wrong("one of the seeds of the sweep")
        if (run.arm, run.seed) in seen:
            raise entry["arm"].bad(f"has seed {run.seed} twice")
        seen.add((run.arm, run.seed))
    return seen
