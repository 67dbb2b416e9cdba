"""What the factors of a fractional design change besides themselves, where no two arms differ in one of them alone."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from ablate.planning import confounds
from ablate.planning.confounds import INPUT

if TYPE_CHECKING:
    from ablate.results.analysis import Analysis

_COLUMNS = {"factor": "str", "label": "str", "what": "str", "before": "object", "after": "object", "by": "float64"}


def on_average(analysis: "Analysis") -> pd.DataFrame:
    """What each factor changes besides itself, as means over the arms with its first and with its second level.

    No rows where effects are not judged, or a factor is the only thing that changes. A quantity that is not known of every arm,
    see `unknown`, is left out: its means would be those of other arms.

    Returns:
        Columns factor; label, as in `augment: on → off`; what: `input`, as height x width, or another quantity of
        `planning.confounds`; before, after: means, a text for the input; by: the relative change, missing for the input.
    """
    sizes = _sizes(analysis)
    levels, factors = analysis.levels, analysis.results.sweep["factors"]
    rows: list[dict[str, Any]] = []
    for factor in dict.fromkeys(name for effect in analysis.question.effects for name in effect):
        first, second = factors[factor]
        before, after = (sizes[levels[factor] == level].mean() for level in (first, second))
        named = {"factor": factor, "label": f"{factor}: {first} → {second}"}
        changed = [what for what in map(str, sizes) if confounds.differ(before[what], after[what])]
        if {"height", "width"} & set(changed):
            rows.append({**named, "what": INPUT, "before": _input(before), "after": _input(after)})
        rows += [
            {**named, "what": what, "before": before[what], "after": after[what], "by": after[what] / before[what] - 1}
            for what in confounds.news([factor])
            if what in changed
        ]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def unknown(analysis: "Analysis") -> list[str]:
    """The names of arms of which it is not known what they change, since none of their trainings was found."""
    known = analysis.results.runs.groupby("arm")["parameters"].count()
    return [name for arm, name in analysis.names.items() if not known.get(arm, 0)]


def _sizes(analysis: "Analysis") -> pd.DataFrame:
    """The quantities that are known of all arms (a row each), and the height and width of the input."""
    sides = analysis.sizes[INPUT].str.split(" x ", expand=True).reindex(columns=[0, 1])
    known = analysis.sizes.drop(columns=INPUT).assign(height=sides[0], width=sides[1])
    return known.astype("float64").dropna(axis="columns")


def _input(means: "pd.Series[float]") -> str:
    return f"{means['height']:g} x {means['width']:g}"
