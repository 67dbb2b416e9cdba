"""What a sweep was trained on, in a word."""

from pathlib import Path

from ablate.data import SETS
from ablate.store.sweep import Sweep

USUAL_DATA = "cifar10"  # the default in conf/config.yaml
LONGEST_TITLE = 12  # characters of a data set's title; one that is longer is known by its key


def data_title(sweep: Sweep) -> str:
    """What it was trained on; empty where that is a factor, or another trainer's."""
    if sweep.trainer is not None or "data" in sweep.factors or not sweep.runs:
        return ""
    words = sweep.runs[0].words
    key = words.get("data", USUAL_DATA)
    if key == "arrays":
        return Path(words.get("data.path", key)).stem
    known = SETS.known(key)
    title = "" if known is None else known.title
    return title if 0 < len(title) <= LONGEST_TITLE else key
