"""The arms one by one: their values over seeds, what they cost, and how far runs scatter."""

import pandas as pd

from ablate import numbers, stats
from ablate.designs import phrases
from ablate.readout import WEIGHTS
from ablate.results.frames import Results
from ablate.results.question import Question

TROUBLES = ("diverged", "failed", "missing")  # of runs without a value, counted


def wide(results: Results, question: Question, names: dict[int, str]) -> pd.DataFrame:
    """The value of each arm (row) and seed (column) in the unit of the metric; missing where a run has none."""
    metric, runs = question.metric, results.runs
    done = runs[runs["status"] == "done"]
    values = done.assign(value=metric.scale * done[metric.column]).pivot_table(
        index="arm", columns="seed", values="value", dropna=False
    )
    found = values.reindex(index=list(names), columns=list(results.sweep.seeds)).astype("float64")
    return found.rename_axis(index="arm", columns="seed")


def seeds(wide: pd.DataFrame, names: dict[int, str]) -> pd.DataFrame:
    """`wide` as a file has it: arm, label and a column a seed, seed_0 and so on."""
    frame = wide.rename(columns=lambda seed: f"seed_{seed}").rename_axis(columns=None).reset_index()
    frame.insert(1, "label", frame["arm"].map(names).astype("str"))
    return frame


def arms(
    results: Results,
    question: Question,
    names: dict[int, str],
    levels: pd.DataFrame,
    wide: pd.DataFrame,
    against: dict[int, int],
    stability: pd.DataFrame,
    in_turns: bool,
) -> pd.DataFrame:
    """One row an arm, in the design's order.

    Columns: arm; label; override: what the command line says for it; a column a factor; n, mean, sd, worst, low, high: see
    `stats.arms`; against: the arm that it is
    compared with; the costs, each with that arm's and with the difference, see `stats.costs`; front_operations,
    front_parameters, front_seconds: whether no other arm beats it on both the metric and that cost; diverged, failed,
    missing: runs without a value; unstable: how many are; unstable_of: of how many that is known; unstable_to: the highest rate
    that this allows, see `stats.highest_rate`.
    """
    counts = pd.crosstab(results.runs["arm"], results.runs["status"])
    troubles = counts.reindex(index=list(names), columns=list(TROUBLES), fill_value=0)
    compared = pd.Series(against, dtype="Int64").reindex(list(names))
    values = stats.arms(wide, question.metric.better, *question.metric.bounds).set_index("arm")
    costs = stats.costs(results.runs, against).set_index("arm")
    switched = [arm.switched for arm in results.sweep.arms]
    overrides = [phrases.overrides(arm.changes(switched[question.baseline])) for arm in switched]
    named = pd.DataFrame({"label": list(names.values()), "override": overrides}, index=list(names), dtype="str")
    frame = pd.concat([named, levels, values], axis="columns")
    frame = pd.concat([frame.assign(against=compared), costs.reindex(frame.index)], axis="columns")
    fronts = stats.fronts(frame.join(troubles), question.metric.better, in_turns)
    frame = pd.concat([frame, fronts, troubles, _unstable(stability, frame.index)], axis="columns")
    return frame.rename_axis("arm").reset_index()


def _unstable(stability: pd.DataFrame, arms: pd.Index) -> pd.DataFrame:
    """The last columns of `arms`."""
    by_arm = stability.groupby("arm")[["unstable", "judged"]].sum().reindex(arms, fill_value=0).astype("int64")
    rates = [stats.highest_rate(seen, of) for seen, of in by_arm.itertuples(index=False)]
    return by_arm.rename(columns={"judged": "unstable_of"}).assign(unstable_to=rates)


def places(question: Question, arms: pd.DataFrame, comparisons: pd.DataFrame) -> int:
    """The decimals of all values and differences of a report."""
    deviations = pd.concat([arms["sd"], comparisons["sd"]])
    return numbers.decimals(deviations, numbers.MOST_DECIMALS.get(question.metric.points, numbers.OTHER_DECIMALS))


def noise(results: Results, question: Question, wide: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """The noise floor by readout; see `stats.noise`. Where effects are judged, its differences are those to the baseline."""
    pairs = question.pairs
    if question.effects:
        one = {question.baseline, *(later for later, _ in results.sweep.same_arms)}  # with an earlier arm
        pairs = tuple((int(arm), question.baseline) for arm in wide.index if arm not in one)
        samples = stats.paired(wide, pairs)
    weights = [WEIGHTS.get(each, each) for each in question.weights]
    read_as = [" against ".join(dict.fromkeys((weights[arm], weights[other]))) for arm, other in pairs]
    return stats.noise(wide, samples, *([f"{each} weights" for each in kinds] for kinds in (weights, read_as)))
