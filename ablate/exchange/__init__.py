"""Runs in and out: tables of others' runs become results like those of a sweep.

Examples:
    Two learning rates with three seeds each, as a table of somebody else's runs.

    >>> from ablate.exchange import JudgedRuns, judge
    >>> frame = {"lr": ["0.1"] * 3 + ["0.2"] * 3, "seed": [0, 1, 2] * 2, "accuracy": [81.0, 82.0, 82.5, 84.1, 85.0, 85.4]}
    >>> found = judge(frame, factors=["lr"], baseline={"lr": "0.1"}, high=100, margin=0.5)
    >>> found.verdicts[["name", "n", "points", "low", "high", "verdict"]].round(2)
               name  n  points   low  high verdict
    0  lr 0.1 → 0.2  3     3.0  2.75  3.25   helps
    >>> isinstance(found, JudgedRuns)
    True
"""

from ablate.exchange.judging import JudgedRuns, judge

__all__ = ["JudgedRuns", "judge"]
