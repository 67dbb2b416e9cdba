"""Two objectives against each other, with the front of the trials that no other beats."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ablate.report.figures.costs import FRONT, UNITS
from ablate.report.figures.legend import below
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import SMALL, bare, drawing, tell
from ablate.report.search.figures.marks import DEFAULT, MARKS, arrows, handle, marks, room
from ablate.stats import searches
from ablate.stats.objectives import LEARNED, Objective

HEIGHT = 2.4  # inches
OTHERS = MARKS["pruned"]
NUMBERED = 12  # points of a front that carry the number of their trial, at most
PLACE = 10  # among the figures of a search


def part(trials: pd.DataFrame, done: pd.DataFrame, objectives: Sequence[Objective], counts: Mapping[str, int]) -> Drawn | None:
    """Of a search with two objectives; None without a trial that is done."""
    if len(objectives) < 2 or done.empty:
        return None
    ax = front_of_objectives(searches.fronts(trials, objectives), single(), objectives, counts)
    return Drawn("front", "The front of the two objectives", fit(ax, HEIGHT))


def front_of_objectives(frame: pd.DataFrame, ax: Axes, objectives: Sequence[Objective], counts: Mapping[str, int]) -> Axes:
    """Draw the trials that are done: what is learned upwards, the other objective across.

    Args:
        frame: as `stats.fronts` gives it.
        objectives: two.
        counts: of trials by state.
    """
    up = next((one for one in objectives if one.name in LEARNED), objectives[0])
    across = next(one for one in objectives if one is not up)
    with drawing():
        frame = frame.assign(x=across.scale * frame[across.column], y=up.scale * frame[up.column]).sort_values(["x", "y"])
        within = room(ax, frame["y"], up.better, rail=False, inside=frame.loc[frame["default"], "y"])
        ax.margins(x=0.09)
        unbeaten = frame[frame["front"]]
        ax.plot(unbeaten["x"], unbeaten["y"], **(FRONT | {"drawstyle": "steps-post" if across.better < 0 else "steps-pre"}))
        cut = False
        for part, look in ((frame[~frame["front"]], OTHERS), (unbeaten, MARKS["done"])):
            texts = [_text(row, objectives) for row in part.to_dict("records")]
            cut |= marks(ax, part["x"].tolist(), part["y"].tolist(), texts, look, within)
        if len(unbeaten) <= NUMBERED:
            for number, x, y in unbeaten[["number", "x", "y"]].itertuples(index=False):
                ax.annotate(str(number), (x, y), (-4, -3), textcoords="offset points", fontsize=SMALL, ha="right", va="top")
        default = frame[frame["default"]]
        (ring,) = ax.plot(default["x"], default["y"], linestyle="none", zorder=4, **DEFAULT)
        tell(ring, [])
        _, size, unit = next(each for each in UNITS if float(frame["x"].max()) >= each[0])
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount / size:,.4g}"))
        ax.set_xlabel(across.axis + unit)
        ax.set_ylabel(up.axis)
        bare(ax, "top")
        handles = [handle(MARKS["done"], "on the front"), handle(OTHERS, "beaten")]
        handles += [handle(DEFAULT, "the default setting")] if len(default) else []
        rest = {state: count for state, count in counts.items() if state != "done"}
        said = [f"not drawn: {', '.join(f'{count} {state}' for state, count in rest.items())}"] if rest else []
        below(
            ax,
            [Line2D([], [], label="the front", **FRONT), *handles],
            ["numbers: of the trials on the front", *arrows(cut), *said],
            columns=2,
        )
    return ax


def _text(row: Mapping[Any, Any], objectives: Sequence[Objective]) -> str:
    return f"trial {row['number']}: " + ", ".join(f"{one.title} {one.text(row[one.column])}" for one in objectives)
