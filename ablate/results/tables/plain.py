"""The tables of arms and of effects of a sweep: computed as frames, then as text."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ablate.designs import interaction
from ablate.results.frames import Results

ONE_SEED = "one seed gives no verdict"
TROUBLES = ("diverged", "failed", "missing")  # of runs without an accuracy, counted
NONE = "–"  # in a cell with no value


def arms(results: Results) -> pd.DataFrame:
    """One row an arm, in the design's order.

    Columns: arm; label; a column a factor; n: seeds with an accuracy; accuracy: mean over them in %; sd: their standard
    deviation in points, missing for one seed; against: the arm that this one is compared with; pairs: seeds that both have;
    difference: mean over the pairs of the difference in points; parameters; operations (for one image);
    examples_per_second: mean over runs; diverged, failed, missing: runs without an accuracy.
    """
    wide = seeds(results).set_index("arm").filter(like="seed_")
    against = {int(arm): int(other) for arm, other in results.sweep["fixed"]["differences"]}
    rows: list[dict[str, Any]] = []
    for arm in results.sweep["arms"]:
        number = int(arm["number"])
        runs = results.runs[results.runs["arm"] == number]
        accuracies = wide.loc[number].dropna()
        other = against.get(number)
        paired = (wide.loc[number] - wide.loc[other]).dropna() if other is not None else accuracies.iloc[:0]
        counts = runs["status"].value_counts()
        costs = {cost: runs[cost].dropna().iloc[:1] for cost in ("parameters", "operations")}
        rows.append(
            {
                "arm": number,
                "label": runs["label"].iloc[0],
                **arm["levels"],
                "n": len(accuracies),
                "accuracy": accuracies.mean(),
                "sd": accuracies.std(ddof=1),
                "against": other,
                "pairs": len(paired),
                "difference": paired.mean(),
                **{cost: values.iloc[0] if len(values) else None for cost, values in costs.items()},
                "examples_per_second": runs["examples_per_second"].mean(),
                **{trouble: int(counts.get(trouble, 0)) for trouble in TROUBLES},
            }
        )
    whole = dict.fromkeys(("against", "parameters", "operations"), "Int64")
    return pd.DataFrame(rows).astype(whole | dict.fromkeys(("accuracy", "sd", "difference"), "float64"))


def seeds(results: Results) -> pd.DataFrame:
    """Accuracy in % for each arm (row) and seed (columns seed_0, …); missing where a run has none."""
    names = [f"seed_{seed}" for seed in results.sweep["seeds"]]
    runs = results.runs.assign(column="seed_" + results.runs["seed"].astype("str"), percent=100 * results.runs["accuracy"])
    wide = runs.pivot_table(index="arm", columns="column", values="percent", dropna=False)
    wide = wide.reindex(index=sorted(runs["arm"].unique()), columns=names).astype("float64")
    wide.insert(0, "label", runs.drop_duplicates("arm").set_index("arm")["label"])
    return wide.rename_axis(columns=None).reset_index()


def effects(results: Results) -> pd.DataFrame:
    """One row an effect that the sweep judges: those of a fractional design; no rows for the other designs.

    With a factor's first level as -1 and its second as +1, an effect is the mean accuracy of the arms in which the product of
    its factors is +1, minus that of the other arms: half the arms against the other half, within each seed.

    Columns: effect: its name, as in `augment: on → off` for a main effect and `augment x ema` for an interaction; aliases: the
    main effects and two-factor interactions that it cannot be told from, each with the sign that it enters the contrast with;
    n: seeds of which every arm has an accuracy; points: mean over them in points; sd: their standard deviation.
    """
    levels = [arm["levels"] for arm in results.sweep["arms"]]
    wide = seeds(results).set_index("arm").filter(like="seed_").dropna(axis="columns")
    groups = results.sweep.get("fraction", {}).get("aliases", [])
    rows: list[dict[str, Any]] = []
    for effect in results.sweep["fixed"].get("effects", []):
        signs = pd.Series([_sign(results, effect, level) for level in levels], index=wide.index)
        contrast = wide[signs > 0].mean() - wide[signs < 0].mean()
        others = [other for group in groups if effect in group for other in group if other != effect]
        alike = [_sign(results, other, levels[0]) == signs.iloc[0] for other in others]
        rows.append(
            {
                "effect": _effect_name(results, effect),
                "aliases": " ".join(f"{'+' if same else '−'} {interaction(o)}" for o, same in zip(others, alike, strict=True)),
                "n": len(contrast),
                "points": contrast.mean(),
                "sd": contrast.std(ddof=1),
            }
        )
    types = {"effect": "str", "aliases": "str", "n": "int64", "points": "float64", "sd": "float64"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def compared(results: Results) -> str:
    """A line that says what the table compares: metric, evaluation set, step, weights, seeds, and what sd is over."""
    fixed = results.sweep["fixed"]
    steps, weights = sorted(set(fixed["step"])), set(fixed["readout"])
    at = f"step {steps[0]:,}" if len(steps) == 1 else f"each arm's own step ({', '.join(f'{step:,}' for step in steps)})"
    read = f" with {weights.pop()} weights" if len(weights) == 1 else ""
    count = len(results.sweep["seeds"])
    paired = ", differences paired by seed" if fixed["differences"] else ""
    over = f"mean over {count} seeds, sd over seeds{paired}" if count > 1 else "one seed"
    return (
        f"{str(fixed['metric']).capitalize()} on the {fixed['evaluation_set']} set at {at}{read}: {over}. "
        f"{'Differences and sd are' if fixed['differences'] else 'sd is'} in points, operations those for one image."
    )


def caveats(frame: pd.DataFrame) -> list[str]:
    """Lines to stand under the table of `arms`: what it must not be taken for."""
    lines = []
    if frame["n"].max() == 1:
        lines.append(ONE_SEED)
    elif (frame["n"] == 1).any():
        lines.append(f"{ONE_SEED}: {'; '.join(frame.loc[frame['n'] == 1, 'label'])}")
    judged = frame[frame["against"].notna() & (frame["pairs"] < frame["n"].max())]
    lines += [
        f"compared over the {pairs} {'seed' if pairs == 1 else 'seeds'} that both arms have: {'; '.join(few['label'])}"
        for pairs, few in judged.groupby("pairs")
        if pairs != 0
    ]
    if troubled := _counted({trouble: int(frame[trouble].sum()) for trouble in TROUBLES}):
        lines.append(f"runs without an accuracy: {troubled}")
    return lines


def same(results: Results) -> list[str]:
    """Lines that name arms which are one: the same training, read the same way."""
    labels = results.runs.drop_duplicates("arm").set_index("arm")["label"]
    return [
        f"{labels[arm]}: the same training and readout as {labels[other]}, so the two are one arm"
        for arm, other in results.sweep.get("same_arms", [])
    ]


def shown(frame: pd.DataFrame, design: str) -> pd.DataFrame:
    """The arms as text, with the headings and digits that readers see; what is not done only where there is any.

    Args:
        frame: as `arms` returns it.
        design: the sweep's; in a ladder each arm is compared with the rung below, in a fraction with none.
    """
    digits = _decimals(frame["sd"])
    versus = "vs rung below" if design == "ladder" else "vs baseline"
    differences = _text(frame["difference"], f"{{:+.{digits}f}}").str.replace("-", "−")
    columns = {
        "arm": frame["label"],
        "seeds": _text(frame["n"], "{}"),
        "accuracy (%)": _text(frame["accuracy"], f"{{:.{digits}f}}"),
        "sd": _text(frame["sd"], f"{{:.{digits}f}}"),
        **({versus: differences} if frame["against"].notna().any() else {}),
        "parameters": _text(frame["parameters"], "{:,}"),
        "operations": _text(frame["operations"], "{:,}"),
        "examples/s": _text(frame["examples_per_second"], "{:,.0f}"),
    }
    if frame[list(TROUBLES)].any(axis=None):
        counts = frame[list(TROUBLES)].to_dict("records")
        columns["not done"] = pd.Series([_counted(row) or NONE for row in counts], dtype="str")
    return pd.DataFrame(columns)


def shown_effects(frame: pd.DataFrame) -> pd.DataFrame:
    """The effects as text, each with what it cannot be told from; as `effects` returns them."""
    digits = _decimals(frame["sd"])
    return pd.DataFrame(
        {
            "effect": (frame["effect"] + " " + frame["aliases"]).str.strip(),
            "seeds": _text(frame["n"], "{}"),
            "points": _text(frame["points"], f"{{:+.{digits}f}}").str.replace("-", "−"),
            "sd": _text(frame["sd"], f"{{:.{digits}f}}"),
        }
    )


def about_effects(results: Results, frame: pd.DataFrame) -> list[str]:
    """Lines to stand under the table of `effects`: what a number in it is, and which arms it was made of."""
    count, combinations = len(results.sweep["arms"]), math.prod(map(len, results.sweep["factors"].values()))
    fraction = results.sweep["fraction"]
    lines = [
        f"Each effect is a contrast of means over all {count} arms, within each seed, in points: for a factor, the arms with "
        "its second level minus those with its first; for an interaction a x b, the arms where both factors have their first "
        "level or both their second, minus the others."
    ]
    if (frame["aliases"] != "").any():
        lines.append("Effects named together in a row cannot be told apart: the number is their sum, with the signs shown.")
    if fraction["resolution"] is None:
        lines.append(
            f"The arms are all {combinations} combinations of levels: no fraction of them has the resolution asked for."
        )
    else:
        lines.append(
            f"The arms are {count} of the {combinations} combinations of levels, a fraction of resolution "
            f"{fraction['resolution']}: {'; '.join(fraction['generators'])} (first level −1, second +1). Interactions of three "
            "and more factors are taken as none."
        )
    if (frame["n"] == 0).any():
        lines.append("no effect yet: no seed has an accuracy for every arm")
    elif (frame["n"] == 1).any():
        lines.append(f"effects: {ONE_SEED}")
    return lines


def _sign(results: Results, effect: Sequence[str], levels: Mapping[str, str]) -> int:
    """The product of an effect's factors in an arm, with a factor's first level as -1 and its second as +1."""
    return math.prod(-1 if levels[name] == results.sweep["factors"][name][0] else 1 for name in effect)


def _effect_name(results: Results, effect: Sequence[str]) -> str:
    if len(effect) > 1:
        return interaction(effect)
    before, after = results.sweep["factors"][effect[0]]
    return f"{effect[0]}: {before} → {after}"


def _counted(troubles: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {trouble}" for trouble, count in troubles.items() if count)


def _decimals(deviations: "pd.Series[float]") -> int:
    """Decimals of points: one more than the smallest deviation has before its first digit, 2 at most."""
    positive = deviations[deviations > 0]
    return 1 if positive.empty else min(2, max(0, 1 - math.floor(math.log10(positive.min()))))


def _text(values: "pd.Series[Any]", pattern: str) -> "pd.Series[str]":
    return pd.Series([NONE if pd.isna(value) else pattern.format(value) for value in values], dtype="str")
