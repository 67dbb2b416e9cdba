"""Trainers by name: each module here with a `TRAINER`, or an entry point of another package in the group `ablate.trainers`.

An entry point leads to a `Trainer` of its name; the config `trainer/NAME.yaml` that selects it, with the keys that it has, lies
in a folder of the user's own. See `ablate.trainer` for what one has to offer.
"""

from ablate.trainers.asked import Asked, asked, check_words, content_of, metric_of, names_of, of
from ablate.trainers.registry import BUILT_IN, TRAINERS, find

__all__ = ["BUILT_IN", "TRAINERS", "Asked", "asked", "check_words", "content_of", "find", "metric_of", "names_of", "of"]
