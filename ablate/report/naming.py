"""What sweeps, arms and comparisons are called in tables, figures and texts."""

from ablate import numbers
from ablate.results.frames import Results


def title(results: Results) -> str:
    """The name of the study or, without one, the design and its factors."""
    sweep = results.sweep
    return sweep.study or f"{sweep.design}: {', '.join(sweep.factors) or 'one arm'}"


def seeds_an_arm(results: Results) -> str:
    """How many seeds were planned for each arm, as in `5 seeds`, or `2 to 5 seeds` where sweeps were joined."""
    counts = results.runs.groupby("arm")["seed"].nunique()
    fewest, most = int(counts.min()), int(counts.max())
    return numbers.counted(most, "seed") if fewest == most else f"{fewest:,} to {numbers.counted(most, 'seed')}"
