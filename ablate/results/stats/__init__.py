"""The statistics of a report: functions from frame to frame, which draw nothing and write nothing."""

from ablate.results.stats.arms import arms, noise
from ablate.results.stats.images import classes, networks, new_images
from ablate.results.stats.kernel import HELPS, HURTS, NONE, UNCLEAR, crossed, decide, family_level, student
from ablate.results.stats.paired import estimates, paired
from ablate.results.stats.verdict import MOST_SEEDS, percent, rule, verdicts

__all__ = [
    "HELPS",
    "HURTS",
    "MOST_SEEDS",
    "NONE",
    "UNCLEAR",
    "arms",
    "classes",
    "crossed",
    "decide",
    "estimates",
    "family_level",
    "networks",
    "new_images",
    "noise",
    "paired",
    "percent",
    "rule",
    "student",
    "verdicts",
]
