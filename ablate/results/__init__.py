"""What was found: frames first (`load`), then statistics, tables, figures and pages that are computed and drawn from them.

Examples:
    What a sweep of a checkout found: its factors, a run's accuracy from its predictions, and the runs read at an earlier step.

    >>> from ablate.results import LoadedSweep, Results, SearchResults, load
    >>> found = load("experiments/digits-augment-ema")
    >>> isinstance(found, LoadedSweep), isinstance(found, Results), isinstance(found, SearchResults)
    (True, True, False)
    >>> found.factors, len(found.runs), len(found.evaluations)
    (['augment', 'ema'], 20, 200)
    >>> round(float((found.predictions(0) == found.labels).mean()), 4), round(float(found.runs["accuracy"][0]), 4)
    (0.9806, 0.9806)
    >>> found.at(75).runs[["label", "seed", "step", "accuracy"]].head(3).round(3)
                 label  seed  step  accuracy
    0         baseline     0    75     0.858
    1           no EMA     0    75     0.767
    2  no augmentation     0    75     0.989
"""

from ablate.results.frames import Results
from ablate.results.loaded import LoadedSweep, load
from ablate.results.search import SearchResults

__all__ = ["LoadedSweep", "Results", "SearchResults", "load"]
