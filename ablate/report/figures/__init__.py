"""Figures, drawn from finished frames: a figure function takes and returns its Axes or Figure and leaves global style alone.

They are made for one or two columns of a page, in one style, and to be read in gray. `drawn` makes those of a whole report.
"""

from ablate.report import plain_matplotlib  # noqa: F401  # before all that imports matplotlib
from ablate.report.figures.accuracy import accuracy_vs_step, curves
from ablate.report.figures.all_figures import drawn
from ablate.report.figures.classes import class_differences
from ablate.report.figures.costs import against_cost
from ablate.report.figures.effect import effect_vs_step
from ablate.report.figures.effects_by_rate import effects_by_rate
from ablate.report.figures.forest import forest
from ablate.report.figures.interaction import interaction
from ablate.report.figures.published import published_beside_ours
from ablate.report.figures.save import Drawn, alternative, blank, fit, points, save, single, svg
from ablate.report.figures.shapley import shapley_bars
from ablate.report.figures.style import ONE_COLUMN, TWO_COLUMNS, width
from ablate.report.figures.stylesheet import chosen
from ablate.report.figures.tuning import tuning_curve

__all__ = [
    "ONE_COLUMN",
    "TWO_COLUMNS",
    "Drawn",
    "accuracy_vs_step",
    "against_cost",
    "alternative",
    "blank",
    "chosen",
    "class_differences",
    "curves",
    "drawn",
    "effect_vs_step",
    "effects_by_rate",
    "fit",
    "forest",
    "interaction",
    "points",
    "published_beside_ours",
    "save",
    "shapley_bars",
    "single",
    "svg",
    "tuning_curve",
    "width",
]
