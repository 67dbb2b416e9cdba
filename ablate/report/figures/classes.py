"""Differences within each class, as cells that hold their value."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_hex

from ablate import escaping, numbers
from ablate.report import bounds, naming
from ablate.report.figures import rows
from ablate.report.figures.accuracy import left_out
from ablate.report.figures.save import Drawn, fit, single
from ablate.report.figures.style import bare, drawing, ink, is_wide, small, tell, text_width, width_of
from ablate.stats.outcomes import SHOWN, Outcome
from ablate.text import capital

MOST_CLASSES = 10  # columns of a wide figure; a value of 4 letters fits into each
NARROW_CLASSES = 5  # of a narrow one, without as many rows
CELL = 2.0  # lines of text that a cell is high
STOP = 0.46  # of the way to a verdict's color, where cells stop, so that ink stays readable
PLACES = 1
PLACE = 90  # among the figures of a report


def part(
    classes: pd.DataFrame,
    arms: pd.DataFrame,
    pair_labels: dict[tuple[int, int], str],
    versus: str,
    ax: Axes | None = None,
) -> Drawn | None:
    """The differences by class; None where predictions are not known."""
    if classes.empty:
        return None
    ax = ax or single()
    class_differences(classes, pair_labels, ax)
    cells = classes[["arm", "against"]].drop_duplicates()
    about = [f"Difference in accuracy within each class from {versus}, pp. Bold: pointwise 95% CI excludes 0, no verdict."]
    shown, count = _most(ax), classes["class"].nunique()
    about += [f"The {shown} of {count} classes with the largest differences."] if count > shown else []
    about += [*rows.told(len(cells), "comparison"), *left_out(naming.pairs_left_out(arms, pair_labels, classes))]
    sizes = classes["points"].abs().fillna(-1.0).to_numpy(dtype=float)
    top = classes.iloc[int(sizes.argmax())] if sizes.max() >= 0 else None
    finding = "" if top is None else _finding(top, pair_labels)
    return Drawn("classes", f"{naming.differences(versus)} by class", fit(ax, rows.height(ax), finding, " ".join(about)))


def class_differences(classes: pd.DataFrame, names: Mapping[tuple[int, int], str], ax: Axes) -> Axes:
    """Draw a row a comparison, and in it a cell a class with the difference in accuracy within that class, in points.

    Rows and classes are sorted by their largest difference. Of many classes those are drawn whose differences are largest, and
    of more than `rows.MOST` comparisons, too. The axes are to be as high as `rows.height` says.

    Args:
        classes: columns arm, against, class, name, n, points, low, high.
        names: of the comparisons, by arm and the one that it is compared with.
    """
    kinds = classes.drop_duplicates("class").set_index("class")["name"]
    pairs = list(classes[["arm", "against"]].drop_duplicates().itertuples(index=False, name=None))
    sizes = classes["points"].abs().groupby([classes["arm"], classes["against"]]).max().reindex(pairs)
    pairs = sorted((pairs[row] for row in rows.largest(sizes)), key=lambda pair: -np.nan_to_num(sizes[pair], nan=-1.0))
    kept = classes[pd.MultiIndex.from_frame(classes[["arm", "against"]]).isin(pairs)]
    largest = kept["points"].abs().groupby(kept["class"]).max().sort_values(ascending=False, kind="stable")
    lead = kept[(kept["arm"] == pairs[0][0]) & (kept["against"] == pairs[0][1])].set_index("class")["points"]
    shown = lead.reindex(largest.index[: _most(ax)]).sort_values(ascending=False, kind="stable").index.tolist()
    most = float(kept.loc[kept["class"].isin(shown), "points"].abs().max()) or 1.0
    with drawing():
        colors = _colors()
        named = [names[pair] for pair in pairs]
        cell = max(CELL, rows.lines_of(ax, named))
        middles = rows.lay(ax, named, track=cell)
        edges = np.arange(len(shown) + 1) - 0.5
        for (arm, against), middle in zip(pairs, middles, strict=True):
            row = kept[(kept["arm"] == arm) & (kept["against"] == against)].set_index("class").reindex(shown)
            heights = [middle - cell / 2, middle + cell / 2]
            look: dict[str, Any] = {"cmap": colors, "norm": Normalize(-most, most), "edgecolors": "white", "linewidth": 1.2}
            ax.pcolormesh(edges, heights, [row["points"]], **look)
            for place, value in enumerate(row.to_dict("records")):
                _value(ax, place, middle, names[arm, against], value)
        ax.set_xlim(-0.5, len(shown) - 0.5)
        _classes(ax, [_clipped(str(kinds[each])) for each in shown])
        _bar(ax, colors, most)
    return ax


def _most(ax: Axes) -> int:
    return MOST_CLASSES if is_wide(ax) else NARROW_CLASSES


def _colors() -> LinearSegmentedColormap:
    """From the color of hurts to that of helps, no further than letters can be read on."""
    ends = [SHOWN[outcome].color for outcome in (Outcome.HURTS, Outcome.HELPS)]
    whole = LinearSegmentedColormap.from_list("points", [ends[0], "white", ends[1]])
    low, high = (to_hex(whole(0.5 + way * STOP / 2)) for way in (-1, 1))
    return LinearSegmentedColormap.from_list("points", [low, "white", high])


def _classes(ax: Axes, names: list[str]) -> None:
    """The names of classes above their columns, every other one a line higher where one is wider than its column."""
    room = 72 * width_of(ax) * 0.55 / max(len(names), 1)
    raised = max((text_width(name, small()) for name in names), default=0.0) > room - 3
    ax.set_xticks(range(len(names)), [f"{name}\n" if raised and place % 2 else name for place, name in enumerate(names)])
    ax.tick_params(top=False, bottom=False, labeltop=True, labelbottom=False, pad=2, labelsize=small(), labelcolor=ink())
    bare(ax, "bottom")


def _bar(ax: Axes, colors: LinearSegmentedColormap, most: float) -> None:
    """The color bar, with three ticks."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    beside = ax.inset_axes((1.015, 0.0, 0.016, 1.0))
    bar = figure.colorbar(ScalarMappable(Normalize(-most, most), colors), cax=beside, ticks=[-most, 0, most])
    bar.ax.set_yticklabels([numbers.signed(-most, 0), "0", f"{numbers.signed(most, 0)} pp"])
    bar.ax.tick_params(length=0, pad=2)
    bar.outline.set_visible(False)


def _value(ax: Axes, place: int, middle: float, name: str, cell: Mapping[Any, Any]) -> None:
    if np.isnan(cell["points"]):
        return
    sure = cell["low"] > 0 or cell["high"] < 0
    said = numbers.signed(cell["points"], PLACES)
    weight = "bold" if sure else "normal"
    text = ax.text(place, middle, said, ha="center", va="center", fontsize=small(), fontweight=weight, color=ink())
    within = numbers.interval(max(cell["low"], -bounds.WHOLE), min(cell["high"], bounds.WHOLE), PLACES)
    tell(text, [f"{name}, {cell['name']}: {said} points ({within})"])


def _finding(top: "pd.Series[Any]", names: Mapping[tuple[int, int], str]) -> str:
    name, said = names[(int(top["arm"]), int(top["against"]))], numbers.signed(top["points"], PLACES)
    return capital(f"{name}: the largest difference is in {_class(str(top['name']))}, {said} pp")


def _class(name: str) -> str:
    """A class as a sentence has it."""
    return f"class {name}" if name.isdigit() else name


def _clipped(name: str) -> str:
    return escaping.shortened(escaping.figure(name), 14)
