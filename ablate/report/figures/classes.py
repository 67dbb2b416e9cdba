"""Differences within each class, as cells that hold their value."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize

from ablate import escaping, numbers
from ablate.report import bounds, naming
from ablate.report.figures import rows
from ablate.report.figures.legend import below, named
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import BLUE, ORANGE, SMALL, bare, drawing, tell

MOST_CLASSES = 10  # columns; a value of 4 letters fits into each
MANY_ROWS = 6  # where there are more, the names of classes stand below, too
CELL = 1.25  # lines of text that a cell is high
PLACES = 1
COLORS = LinearSegmentedColormap.from_list("points", [ORANGE, "white", BLUE])
DARK = 0.18  # luminance of a cell below which white letters stand out more than black ones
PLACE = 90  # among the figures of a report


def part(classes: pd.DataFrame, arms: pd.DataFrame, pair_labels: dict[tuple[int, int], str], versus: str) -> Drawn | None:
    """The differences by class; None where predictions are not known."""
    if classes.empty:
        return None
    ax = class_differences(classes, pair_labels, single(), versus, naming.pairs_left_out(arms, pair_labels, classes))
    return Drawn("classes", f"{naming.differences(versus)} by class", fit(ax, rows.height(ax)))


def class_differences(
    classes: pd.DataFrame,
    names: Mapping[tuple[int, int], str],
    ax: Axes,
    versus: str = "the baseline",
    left_out: Sequence[str] = (),
) -> Axes:
    """Draw a row a comparison, and in it a cell a class with the difference in accuracy within that class, in points.

    Where there are more than `MOST_CLASSES` classes, those are drawn whose differences are largest on average, and the legend
    says so, as it does of more than `rows.MOST` comparisons. The axes are to be as high as `rows.height` says.

    Args:
        classes: columns arm, against, class, name, n, points, low, high.
        names: of the comparisons, by arm and the one that it is compared with.
        versus: what they are compared with, in words.
        left_out: comparisons without a value, for the legend.
    """
    kinds = classes.drop_duplicates("class").set_index("class")["name"].sort_index()
    largest = classes["points"].abs().groupby(classes["class"]).mean().sort_values(ascending=False, kind="stable")
    shown = sorted(largest.index[:MOST_CLASSES])
    pairs = list(classes[["arm", "against"]].drop_duplicates().itertuples(index=False, name=None))
    count, sizes = len(pairs), classes["points"].abs().groupby([classes["arm"], classes["against"]]).mean()
    pairs = [pairs[row] for row in rows.largest(sizes.reindex(pairs))]
    classes = classes[pd.MultiIndex.from_frame(classes[["arm", "against"]]).isin(pairs)]
    kept = classes[classes["class"].isin(shown)]
    most = float(kept["points"].abs().max()) or 1.0
    with drawing():
        middles = rows.lay(ax, [names[pair] for pair in pairs], track=CELL)
        for (arm, against), middle in zip(pairs, middles, strict=True):
            row = kept[(kept["arm"] == arm) & (kept["against"] == against)].set_index("class").reindex(shown)
            edges = np.arange(len(shown) + 1) - 0.5
            heights = [middle - CELL / 2, middle + CELL / 2]
            ax.pcolormesh(
                edges, heights, [row["points"]], cmap=COLORS, norm=Normalize(-most, most), edgecolors="white", linewidth=0.8
            )
            for place, cell in enumerate(row.to_dict("records")):
                _value(ax, place, middle, names[arm, against], cell, COLORS(0.5 + cell["points"] / most / 2))
        ax.set_xlim(-0.5, len(shown) - 0.5)
        ax.set_xticks(range(len(shown)), [_clipped(kinds[each]) for each in shown])
        below_too = len(pairs) > MANY_ROWS
        ax.tick_params(top=False, bottom=False, labeltop=True, labelbottom=below_too, pad=1, labelrotation=90, labelsize=SMALL)
        bare(ax, "bottom")
        said = [
            f"difference in accuracy within each class from {versus} (points), on the same images; bold: the pointwise 95% "
            "interval over seeds excludes 0, no verdict"
        ]
        if len(kinds) > len(shown):
            said.append(f"{len(shown)} of {len(kinds)} classes: those with the largest differences")
        said += [*rows.told(count, "comparison"), *named("not drawn", left_out)]
        below(ax, [], said, under=4 + below_too * (6 + 4.6 * max(len(_clipped(kinds[each])) for each in shown)))
    return ax


def _value(ax: Axes, place: int, middle: float, name: str, cell: Mapping[Any, Any], fill: tuple[float, ...]) -> None:
    if np.isnan(cell["points"]):
        return
    told = cell["low"] > 0 or cell["high"] < 0
    text = ax.text(
        place,
        middle,
        numbers.signed(cell["points"], PLACES),
        ha="center",
        va="center_baseline",
        fontsize=SMALL - 0.5,
        fontweight="bold" if told else "normal",
        color="white" if _luminance(fill) < DARK else "black",
    )
    within = numbers.interval(max(cell["low"], -bounds.WHOLE), min(cell["high"], bounds.WHOLE), PLACES)
    tell(text, [f"{name}, {cell['name']}: {numbers.signed(cell['points'], PLACES)} points ({within})"])


def _luminance(fill: tuple[float, ...]) -> float:
    """Of a color in sRGB; as the Web Content Accessibility Guidelines 2 define it for the contrast of text."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in fill[:3]]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def _clipped(name: str) -> str:
    return escaping.shortened(escaping.figure(name), 14)
