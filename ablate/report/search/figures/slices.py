"""Scores against each searched key, a panel a key."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from ablate.report.figures.legend import below
from ablate.report.figures.save import Drawn, blank, fit
from ablate.report.figures.style import SMALL, bare, drawing, headline
from ablate.report.search.figures.marks import BEST, DEFAULT, MARKS, Scale, arrows, handles, left_out, marks, room, scale, score
from ablate.stats import searches
from ablate.stats.objectives import Objective
from ablate.store.trials import Dimension

PANEL = 1.35  # inches that a panel is high
PLACE = 40  # among the figures of a search


def part(
    trials: pd.DataFrame,
    done: pd.DataFrame,
    space: Mapping[str, Dimension],
    learned: Objective | None,
    counts: Mapping[str, int],
    best: int | None,
) -> Drawn | None:
    """Scores against each key; None without an objective that is learned, or a trial that is done."""
    if learned is None or done.empty:
        return None
    scales = [scale(key, one) for key, one in space.items()]
    frame = searches.slices(trials, list(space), learned)
    figure = scores_by_key(frame, blank(), scales, learned, counts, best)
    return Drawn("slices", "Scores against each key", fit(figure, height(len(scales))))


def scores_by_key(
    frame: pd.DataFrame,
    figure: Figure,
    scales: Sequence[Scale],
    objective: Objective,
    counts: Mapping[str, int],
    best: int | None = None,
) -> Figure:
    """Draw the trials against each key; what the other keys are differs from point to point.

    Listed values are levels: they lie one beside the other, and trials of one level stand side by side, so that each is seen.

    Args:
        frame: as `stats.slices` gives it.
        scales: of the keys, a panel each.
        counts: of trials by state.
        best: the number of the best trial, where there is one.
    """
    with drawing():
        panels = figure.subplots(len(scales), 1, squeeze=False)[:, 0]
        cut = False
        for one, ax in zip([each.one_beside_the_other() for each in scales], panels, strict=True):
            part = frame[frame["parameter"] == one.key]
            places = one.side_by_side(one.places(part["setting"]))
            part = part.assign(x=places, y=objective.scale * part["value"])
            one.on(ax, True, part["x"])
            first = part.loc[part["default"], "y"]
            within = room(ax, part["y"], objective.better, rail=bool(part["y"].isna().any()), inside=first)
            for state, look in MARKS.items():
                here = part[part["state"] == state]
                scores = zip(here["number"], here["value"], strict=True)
                texts = [f"trial {number}, {state}: {score(objective, value)}" for number, value in scores]
                cut |= marks(ax, here["x"].tolist(), here["y"].tolist(), texts, look, within)
            for ring, look in ((part[part["number"] == best], BEST), (part[part["default"]], DEFAULT)):
                ax.plot(ring["x"], ring["y"].fillna(within.rail), linestyle="none", zorder=4, **look)
            ax.tick_params(labelsize=SMALL)
            bare(ax, "top")
        headline(figure, objective.axis)
        beside = ["trials with the same listed value stand side by side"] if any(one.ticks for one in scales) else []
        found = handles(frame["state"], best is not None, bool(frame["default"].any()))
        below(panels[-1], found, [*beside, *arrows(cut), *left_out(counts)], columns=2)
    return figure


def height(keys: int) -> float:
    """How high the axes of all panels are to be, in inches."""
    return PANEL * keys
