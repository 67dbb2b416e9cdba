"""Published values beside ours: does one new run of ours reach what somebody reported?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ablate import numbers
from ablate.report.figures import bars, findings, rows
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import drawing, faint, ink, limits, round_ticks, soft, tell
from ablate.results.published import INSIDE, TOO_WIDE
from ablate.results.question import Question

PLACES = 1  # that accuracies are published with
BOUNDS = (0.0, 100.0)
PLACE = 100  # among the figures of a report


def part(question: Question, published: pd.DataFrame, names: dict[int, str], ax: Axes | None = None) -> Drawn | None:
    """Published accuracies beside ours; None where no arm is a published one."""
    if published.empty:
        return None
    ax = ax or single()
    published_beside_ours(published, names, ax, question.evaluation_set)
    about = ["Diamond and number: published. Circle: our mean over seeds."]
    about += ["Line: 95% prediction interval for one new run."] if published["low"].notna().any() else []
    figure = fit(ax, rows.height(ax), _finding(published), " ".join([*about, *bars.cut(ax)]))
    return Drawn("published", "Published accuracies beside ours", figure)


def published_beside_ours(published: pd.DataFrame, labels: Mapping[int, str], ax: Axes, evaluation_set: str = "test") -> Axes:
    """Draw a row for each published accuracy: it, our mean, and our 95% prediction interval for one new run.

    The axes are to be as high as `rows.height` says.

    Args:
        published: columns arm, published, mean, low, high (in %), told.
        labels: the names of the arms, by number.
    """
    with drawing():
        names = [labels[arm] for arm in published["arm"]]
        columns = [
            rows.Column([numbers.number(value, PLACES) for value in published["published"]], "right", bold=True),
            rows.Column(published["told"].tolist(), colors=[soft()] * len(published), small=True),
        ]
        middles = rows.lay(ax, names, columns)
        shown = [*published["published"], *published["mean"]]
        ax.set_xlim(*limits(shown, published["low"].clip(*BOUNDS), published["high"].clip(*BOUNDS), cut=2.0, bounds=BOUNDS))
        for middle, row in zip(middles, published.to_dict("records"), strict=True):
            low, high = np.clip([row["low"], row["high"]], *BOUNDS)
            bars.across(ax, middle, low, high, color=ink(), linewidth=1.7, zorder=1)
            (ours,) = ax.plot(row["mean"], middle, "o", color=ink(), markersize=4, zorder=2)
            within = numbers.interval(low, high, PLACES, signs=False)
            tell(ours, [f"ours: {numbers.number(row['mean'], 2)}%, one new run {within}"])
            look: dict[str, Any] = {
                "markersize": 6,
                "markerfacecolor": "white",
                "color": faint(),
                "markeredgewidth": 1.3,
                "zorder": 3,
            }
            (theirs,) = ax.plot(row["published"], middle, "D", **look)
            tell(theirs, [f"published: {numbers.number(row['published'], PLACES)}%"])
        ax.grid(True, axis="x")
        ax.xaxis.set_major_locator(round_ticks(6))
        ax.set_xlabel(f"accuracy on the {evaluation_set} set, %")
    return ax


def _finding(published: pd.DataFrame) -> str:
    known = published[published["low"].notna()]
    if known.empty:
        return "Our runs beside published accuracies: one seed gives no interval"
    inside, wide = int((known["told"] == INSIDE).sum()), int((known["told"] == TOO_WIDE).sum())
    if wide == len(known):
        return "Our runs vary too much to tell whether they agree with what was published"
    if len(known) == 1:
        return f"The published accuracy is {'' if inside else 'in'}consistent with our runs"
    open_ones = f" ({wide} too wide to tell)" if wide else ""
    return f"{findings.share(inside, len(known))} published accuracies are consistent with our runs{open_ones}"
