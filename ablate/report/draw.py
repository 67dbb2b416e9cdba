"""The figures of a report one by one, each drawn on axes that are given; shown as pictures in a notebook.

Examples:
    One figure of a sweep, in the style of reports and two columns wide. A notebook shows it; here, what its title says.

    >>> from ablate.report import draw
    >>> from ablate.results import load
    >>> shown = draw.effects(load("experiments/digits-augment-ema"), draw.axes())
    >>> "gains 1.9 percentage points" in shown.alt
    True

    Or on axes of your own, whose figure stays as it is:

    >>> from matplotlib import pyplot as plt
    >>> figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    >>> shown = draw.accuracy(load("experiments/digits-augment-ema"), ax)
    >>> ax.get_ylabel()
    'accuracy on the test set, %'

    Those of a search are `history`, `learning_curves`, `slices`, `surface`, `importance`, `front` and `time`, as in
    `draw.history(load("multirun/search-1a2b3c4d"), draw.axes())`; `draw.effects(found.confirmation, …)` draws its confirmation.
"""

import base64
import inspect
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablate import escaping
from ablate.errors import AblateError
from ablate.report import figures, parts
from ablate.report.figures import single as axes
from ablate.report.figures.all_figures import FIGURES
from ablate.report.search.figures.all_figures import FIGURES as OF_SEARCHES
from ablate.results.analysis import analyze
from ablate.results.frames import Results
from ablate.results.question import ask
from ablate.results.search import SearchResults

NOTHING = "ablate_nothing"  # in the metadata of what a cell of a notebook shows
Source = Results | parts.Filled

__all__ = [
    "Nothing",
    "Shown",
    "accuracy",
    "axes",
    "classes",
    "costs",
    "effects",
    "effects_by_rate",
    "effects_over_training",
    "figure",
    "front",
    "history",
    "importance",
    "interactions",
    "learning_curves",
    "overfitting",
    "published",
    "shapley",
    "slices",
    "surface",
    "time",
    "tuning",
]


@dataclass(frozen=True)
class Shown:
    """A figure that was drawn; a notebook shows it at its full width. alt: what it shows, for who cannot see it."""

    figure: Figure
    alt: str

    def _repr_html_(self) -> str:
        data = base64.b64encode(figures.svg(self.figure).encode()).decode()
        alt = escaping.html(self.alt).replace('"', "&quot;")
        return f'<img alt="{alt}" style="width: 100%" src="data:image/svg+xml;base64,{data}">'


@dataclass(frozen=True)
class Nothing:
    """A line where there is nothing to draw; an executed copy of the report notebook goes without its cell."""

    markdown: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, bool]]:
        return {"text/markdown": self.markdown}, {NOTHING: True}


def figure(found: Source, name: str, ax: Axes, **said: Any) -> Shown | Nothing:
    """Draw the figure of a name on axes; those of several panels stand in place of it.

    Args:
        found: a sweep or search as `ablate.results.load` gives it, or the analysis of a sweep.
        name: of `figures/NAME.png` in a report.
        ax: `axes()`, which get a height of their own, or those of `matplotlib.pyplot.subplots`, which keep their size.
        said: what else the figure can be told.

    Raises:
        AblateError: there is no such figure, or it cannot be drawn on given axes.
    """
    searched = isinstance(found, SearchResults)
    maker = (OF_SEARCHES if searched else FIGURES).find(name)
    if "ax" not in inspect.signature(maker).parameters:
        raise AblateError(f"The figure {name} cannot be drawn on given axes.")
    about = analyze(*ask(found)) if isinstance(found, Results) else found
    drawn = about.fill(maker, ax=ax, **said)
    if drawn is None:
        return Nothing(f"This {'search' if searched else 'sweep'} has no figure {escaping.markdown_code(name)}.")
    return Shown(drawn.figure, figures.alternative(drawn.figure) or drawn.title)


def effects(found: Source, ax: Axes) -> Shown | Nothing:
    """What was judged, as a forest plot: adjusted intervals, seeds, values and verdicts."""
    return figure(found, "forest", ax)


def accuracy(found: Source, ax: Axes) -> Shown | Nothing:
    """The metric over training, a line an arm."""
    return figure(found, "accuracy", ax)


def costs(found: Source, ax: Axes, cost: str | None = None) -> Shown | Nothing:
    """The metric against a cost, with the Pareto front. cost: seconds, operations or parameters; None for the first known."""
    return figure(found, "costs", ax, cost=cost)


def classes(found: Source, ax: Axes) -> Shown | Nothing:
    """The differences within each class."""
    return figure(found, "classes", ax)


def effects_over_training(found: Source, ax: Axes) -> Shown | Nothing:
    """The differences at every evaluation, a panel each."""
    return figure(found, "effect", ax)


def overfitting(found: Source, ax: Axes) -> Shown | Nothing:
    """How much better training images are classified than others, over training."""
    return figure(found, "overfitting", ax)


def interactions(found: Source, ax: Axes) -> Shown | Nothing:
    """The mean at each combination of two factors' levels, a panel a pair of factors."""
    return figure(found, "interaction", ax)


def shapley(found: Source, ax: Axes) -> Shown | Nothing:
    """What each factor of a full two-level factorial adds, averaged over all orders of switching them."""
    return figure(found, "shapley", ax)


def published(found: Source, ax: Axes) -> Shown | Nothing:
    """Published accuracies beside ours."""
    return figure(found, "published", ax)


def tuning(found: Source, ax: Axes) -> Shown | Nothing:
    """The validation accuracies that learning rates were chosen by."""
    return figure(found, "tuning", ax)


def effects_by_rate(found: Source, ax: Axes) -> Shown | Nothing:
    """The effects at the shared learning rate and at each arm's own best."""
    return figure(found, "effects_by_rate", ax)


def history(found: SearchResults, ax: Axes) -> Shown | Nothing:
    """The score of each trial of a search, and the best so far."""
    return figure(found, "history", ax)


def learning_curves(found: SearchResults, ax: Axes) -> Shown | Nothing:
    """The scores of a search's trials over their training, pruned ones to where they ended."""
    return figure(found, "curves", ax)


def slices(found: SearchResults, ax: Axes) -> Shown | Nothing:
    """The scores of a search's trials against each searched key, a panel each."""
    return figure(found, "slices", ax)


def surface(found: SearchResults, ax: Axes) -> Shown | Nothing:
    """The scores of a search's trials over the two keys that matter most."""
    return figure(found, "surface", ax)


def importance(found: SearchResults, ax: Axes) -> Shown | Nothing:
    """How much each searched key matters."""
    return figure(found, "importance", ax)


def front(found: SearchResults, ax: Axes) -> Shown | Nothing:
    """The Pareto front of a search with two objectives."""
    return figure(found, "front", ax)


def time(found: SearchResults, ax: Axes) -> Shown | Nothing:
    """What each trial of a search trained, and what pruning and reuse saved."""
    return figure(found, "time", ax)
