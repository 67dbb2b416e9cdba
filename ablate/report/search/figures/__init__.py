"""The figures of a search, drawn from finished frames; `drawn` makes those of a whole report."""

from ablate.report.search.figures.all_figures import drawn
from ablate.report.search.figures.curves import learning_curves
from ablate.report.search.figures.front import front_of_objectives
from ablate.report.search.figures.history import history_of_trials
from ablate.report.search.figures.importance import importance_bars
from ablate.report.search.figures.slices import scores_by_key
from ablate.report.search.figures.surface import scores_over_keys
from ablate.report.search.figures.time import time_by_trial

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
