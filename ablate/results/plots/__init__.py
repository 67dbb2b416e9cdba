"""Figures, drawn from finished frames: a figure function takes and returns its Axes or Figure and leaves global style alone.

They are made for half a page's width and to be read in grey. `drawn` makes those of a whole report.
"""

from ablate.results import plain_matplotlib  # noqa: F401  # before all that imports matplotlib
from ablate.results.plots.accuracy import accuracy_vs_step, curves
from ablate.results.plots.classes import class_differences
from ablate.results.plots.costs import against_costs
from ablate.results.plots.effect import effect_vs_step
from ablate.results.plots.forest import forest
from ablate.results.plots.gallery import Drawn, drawn
from ablate.results.plots.interaction import interaction, pair_means
from ablate.results.plots.published import published_beside_ours
from ablate.results.plots.retuned import effects_by_rate, tuning_curve
from ablate.results.plots.save import blank, fit, points, save, single, svg
from ablate.results.plots.shapley import shapley_bars
from ablate.results.plots.style import DPI, WIDTH

__all__ = [
    "DPI",
    "WIDTH",
    "Drawn",
    "accuracy_vs_step",
    "against_costs",
    "blank",
    "class_differences",
    "curves",
    "drawn",
    "effect_vs_step",
    "effects_by_rate",
    "fit",
    "forest",
    "interaction",
    "pair_means",
    "points",
    "published_beside_ours",
    "save",
    "shapley_bars",
    "single",
    "svg",
    "tuning_curve",
]
