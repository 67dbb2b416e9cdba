"""The figures of a search, drawn from finished frames; `drawn` makes those of a whole report."""

from ablate.results.search.plots.curves import learning_curves
from ablate.results.search.plots.front import front_of_objectives
from ablate.results.search.plots.gallery import drawn
from ablate.results.search.plots.history import history_of_trials
from ablate.results.search.plots.importance import importance_bars
from ablate.results.search.plots.slices import scores_by_key
from ablate.results.search.plots.surface import scores_over_keys
from ablate.results.search.plots.time import time_by_trial

__all__ = [
    "drawn",
    "front_of_objectives",
    "history_of_trials",
    "importance_bars",
    "learning_curves",
    "scores_by_key",
    "scores_over_keys",
    "time_by_trial",
]
