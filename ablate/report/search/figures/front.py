"""Two objectives against each other, with the Pareto front of the trials."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from ablate.report.figures import bars, findings
from ablate.report.figures.costs import FRONT, UNITS
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, ink, round_ticks, small
from ablate.report.search.figures import marks as marked
from ablate.report.search.figures.marks import MARKS, PALE, marks, rings, room
from ablate.stats import searches
from ablate.stats.objectives import Objective

HEIGHT = 2.0  # inches
OTHERS = MARKS["done"] | {"color": PALE, "markersize": 4}
NUMBERED = 12  # points of a front that carry the number of their trial, at most
PLACE = 10  # among the figures of a search


def part(
    trials: pd.DataFrame,
    done: pd.DataFrame,
    objectives: Sequence[Objective],
    counts: Mapping[str, int],
    ax: Axes | None = None,
) -> Drawn | None:
    """Of a search with two objectives; None without a trial that is done."""
    if len(objectives) < 2 or done.empty:
        return None
    ax, frame = ax or single(), searches.fronts(trials, objectives)
    front_of_objectives(frame, ax, objectives)
    rest = [f"{count} {marked.OTHERS.get(state, state)}" for state, count in counts.items() if state != "done"]
    about = ["Dashed: the Pareto front. Numbers: of its trials.", *bars.cut(ax)]
    about += [f"Not drawn: {', '.join(rest)}."] if rest else []
    best = int(frame["front"].sum())
    finding = f"{findings.share(best, len(frame))} trials {'is' if best == 1 else 'are'} Pareto-optimal"
    return Drawn("front", "The Pareto front of the two objectives", fit(ax, HEIGHT, finding, " ".join(about)))


def front_of_objectives(frame: pd.DataFrame, ax: Axes, objectives: Sequence[Objective]) -> Axes:
    """Draw the trials that are done: what is learned upwards, the other objective across.

    Args:
        frame: as `stats.fronts` gives it.
        objectives: two.
    """
    up = next((one for one in objectives if one.is_learned), objectives[0])
    across = next(one for one in objectives if one is not up)
    with drawing():
        frame = frame.assign(x=across.scale * frame[across.column], y=up.scale * frame[up.column]).sort_values(["x", "y"])
        within = room(ax, frame["y"], up, rail=False, inside=frame.loc[frame["default"], "y"])
        ax.margins(x=0.09)
        best = frame[frame["front"]]
        steps = {"drawstyle": "steps-post" if across.better < 0 else "steps-pre"}
        ax.plot(best["x"], best["y"], color=ink(), **(FRONT | steps))
        for part, look in ((frame[~frame["front"]], OTHERS), (best, MARKS["done"])):
            texts = [_text(row, objectives) for row in part.to_dict("records")]
            marks(ax, part["x"].tolist(), part["y"].tolist(), texts, look, within)
        default = frame.loc[frame["default"], "number"].tail(1).tolist()
        numbered = best if len(best) <= NUMBERED else best.head(0)
        for number, x, y in numbered.loc[~numbered["number"].isin(default), ["number", "x", "y"]].itertuples(index=False):
            look = {"fontsize": small(), "ha": "right", "va": "top", "color": ink()}
            ax.annotate(str(number), (x, y), (-4, -3), textcoords="offset points", **look)
        named = f"{default[0]}, the default" if default and default[0] in set(numbered["number"]) else "default"
        rings(ax, frame.set_index("number"), None, int(default[0]) if default else None, ("", named))
        _, size, unit = next(each for each in UNITS if float(frame["x"].max()) >= each[0])
        ax.xaxis.set_major_locator(round_ticks(5))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount / size:,.4g}"))
        ax.set_xlabel(across.axis + unit)
        ax.set_ylabel(up.axis)
    return ax


def _text(row: Mapping[Any, Any], objectives: Sequence[Objective]) -> str:
    return f"trial {row['number']}: " + ", ".join(f"{one.title} {one.text(row[one.column])}" for one in objectives)
