"""What arms change besides their factors: each compared one, and the factors of a fraction on average."""

from typing import Any

import pandas as pd

from ablate.config.neutral import OTHERS
from ablate.designs import phrases
from ablate.planning import confounds as quantities
from ablate.planning.confounds import INPUT
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.results.retuned import Retuned

_PAIRS = {"arm": "int64", "against": "int64", "label": "str", "what": "str", "by": "float64"}
_MEANS = {"factor": "str", "label": "str", "what": "str", "before": "object", "after": "object", "by": "float64"}


def sizes(results: Results, question: Question, names: dict[int, str]) -> pd.DataFrame:
    """What arms may differ in besides their factors: a row an arm, a column each of `planning.confounds.QUANTITIES`.

    Numbers, and a text for the input; missing where it is not known. Steps are those that the arm is read at.
    """
    runs = results.runs.sort_values("status", key=lambda status: status != "done", kind="stable")  # they tell most
    first = runs.groupby("arm")[[INPUT, "parameters", "operations", "steps_per_epoch", "batch_size"]].first()
    told: dict[int, dict[str, Any]] = {}
    for arm, path in runs.loc[runs["trajectory"].notna(), ["arm", "trajectory"]].itertuples(index=False):
        one = results.trained.get(path)
        if arm not in told and one is not None and one.config is not None and OTHERS not in one.config:
            told[arm] = quantities.of_training(one.config)
    frame = first.reindex(list(names))
    for what in ("learning_rate", "training_images"):
        frame[what] = pd.Series({arm: one[what] for arm, one in told.items()}, dtype="float64").reindex(frame.index)
    frame["steps"] = list(question.steps)
    frame["epochs"] = frame["steps"] / frame["steps_per_epoch"]
    return frame[list(quantities.WORDS)]


def confounds(
    question: Question, names: dict[int, str], levels: pd.DataFrame, sizes: pd.DataFrame, retuned: Retuned | None
) -> pd.DataFrame:
    """What each compared arm changes besides its factor.

    Columns: arm, against, label, what, before, after (text or number), by: relative change, missing where it has none.
    """
    known: dict[int, dict[str, Any]] = sizes.to_dict("index")  # type: ignore[assignment]
    rows: list[dict[str, Any]] = []
    for arm, other in question.pairs if retuned is None else retuned.shared_pairs:
        switched = {str(name) for name in levels if bool(levels[name][arm] != levels[name][other])}
        for what in quantities.news(switched):
            before, after = known[other][what], known[arm][what]
            if pd.isna(before) or pd.isna(after) or not quantities.differ(before, after):
                continue
            by = None if isinstance(after, str) else float(after) / float(before) - 1
            row = {"arm": arm, "against": other, "label": names[arm], "what": what, "before": before, "after": after}
            rows.append({**row, "by": by})
    return pd.DataFrame(rows, columns=["arm", "against", "label", "what", "before", "after", "by"]).astype(_PAIRS)


def average_confounds(results: Results, question: Question, levels: pd.DataFrame, sizes: pd.DataFrame) -> pd.DataFrame:
    """What each factor changes besides itself, as means over the arms with its first and with its second level.

    No rows where effects are not judged, or a factor is the only thing that changes. A quantity that is not known of every arm,
    see `unknown_sizes`, is left out: its means would be those of other arms.

    Returns:
        Columns factor; label, as in `no augmentation`; what: `input`, as height×width, or another quantity of
        `planning.confounds`; before, after: means, a text for the input; by: the relative change, missing for the input.
    """
    known, factors = _known_of_all(sizes), results.sweep.factors
    rows: list[dict[str, Any]] = []
    for factor in dict.fromkeys(name for effect in question.effects for name in effect):
        first, second = factors[factor]
        before, after = (known[levels[factor] == level].mean() for level in (first, second))
        named = {"factor": factor, "label": phrases.phrase((factor, first, second))}
        changed = [what for what in map(str, known) if quantities.differ(before[what], after[what])]
        if {"height", "width"} & set(changed):
            rows.append({**named, "what": INPUT, "before": _input(before), "after": _input(after)})
        rows += [
            {**named, "what": what, "before": before[what], "after": after[what], "by": after[what] / before[what] - 1}
            for what in quantities.news([factor])
            if what in changed
        ]
    return pd.DataFrame(rows, columns=list(_MEANS)).astype(_MEANS)


def unknown_sizes(results: Results, names: dict[int, str]) -> list[str]:
    """The names of arms of which it is not known what they change, since none of their trainings was found."""
    known = results.runs.groupby("arm")["parameters"].count()
    return [name for arm, name in names.items() if not known.get(arm, 0)]


def _known_of_all(sizes: pd.DataFrame) -> pd.DataFrame:
    """The quantities that are known of all arms (a row each), and the height and width of the input."""
    sides = sizes[INPUT].str.split("×", expand=True).reindex(columns=[0, 1])
    known = sizes.drop(columns=INPUT).assign(height=sides[0], width=sides[1])
    return known.astype("float64").dropna(axis="columns")


def _input(means: "pd.Series[float]") -> str:
    return f"{means['height']:g}×{means['width']:g}"
