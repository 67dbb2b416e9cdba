"""The table of arms: computed as a frame, then rendered as Markdown, CSV and for the terminal."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from ablate.results.frames import Results

ONE_SEED = "one seed gives no verdict"
TROUBLES = ("diverged", "failed", "missing")  # of runs without an accuracy, counted
NONE = "–"  # in a cell with no value
DROPPED_FIRST = ("examples/s", "operations", "parameters")  # by a narrow terminal, in this order
GAP = 2  # characters between columns of the terminal
ARM_WIDTH = 24  # characters that the names of arms get at least before columns are dropped


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


def compared(results: Results) -> str:
    """A line that says what the table compares: metric, evaluation set, step, weights, seeds, and what sd is over."""
    fixed = results.sweep["fixed"]
    steps, weights = sorted(set(fixed["step"])), set(fixed["readout"])
    at = f"step {steps[0]:,}" if len(steps) == 1 else f"each arm's own step ({', '.join(f'{step:,}' for step in steps)})"
    read = f" with {weights.pop()} weights" if len(weights) == 1 else ""
    count = len(results.sweep["seeds"])
    over = f"mean over {count} seeds, sd over seeds, differences paired by seed" if count > 1 else "one seed"
    return (
        f"{str(fixed['metric']).capitalize()} on the {fixed['evaluation_set']} set at {at}{read}: {over}. "
        "Differences and sd are in points, operations those for one image."
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


def csv(frame: pd.DataFrame) -> str:
    """A frame as CSV: full precision less the noise of binary fractions, empty where missing."""
    return str(frame.to_csv(index=False, float_format="%.10g"))


def shown(frame: pd.DataFrame, design: str) -> pd.DataFrame:
    """The arms as text, with the headings and digits that readers see; what is not done only where there is any.

    Args:
        frame: as `arms` returns it.
        design: the sweep's; in a ladder each arm is compared with the rung below.
    """
    digits = _decimals(frame["sd"])
    versus = "vs rung below" if design == "ladder" else "vs baseline"
    columns = {
        "arm": frame["label"],
        "seeds": _text(frame["n"], "{}"),
        "accuracy (%)": _text(frame["accuracy"], f"{{:.{digits}f}}"),
        "sd": _text(frame["sd"], f"{{:.{digits}f}}"),
        versus: _text(frame["difference"], f"{{:+.{digits}f}}").str.replace("-", "−"),
        "parameters": _text(frame["parameters"], "{:,}"),
        "operations": _text(frame["operations"], "{:,}"),
        "examples/s": _text(frame["examples_per_second"], "{:,.0f}"),
    }
    if frame[list(TROUBLES)].any(axis=None):
        counts = frame[list(TROUBLES)].to_dict("records")
        columns["not done"] = pd.Series([_counted(row) or NONE for row in counts], dtype="str")
    return pd.DataFrame(columns)


def markdown(text: pd.DataFrame) -> str:
    """A frame of text as a Markdown table, numbers to the right."""
    rows = [list(text.columns), ["---", *["---:"] * (len(text.columns) - 1)]]
    rows += [[cell.replace("|", r"\|") for cell in row] for row in text.to_numpy().tolist()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def terminal(text: pd.DataFrame, width: int | None) -> tuple[Table, list[str]]:
    """A frame of text as a table for the terminal, and the columns that it has no room for.

    Args:
        width: in characters; None for as much as the table needs. Names of arms wrap, numbers never do.
    """
    kept = list(text.columns)
    dropped: list[str] = []
    widths = {name: max(len(name), *text[name].str.len()) for name in kept}
    widths["arm"] = min(widths["arm"], ARM_WIDTH)
    for name in DROPPED_FIRST:
        if width is not None and sum(widths[other] + GAP for other in kept) - GAP > width:
            kept.remove(name)
            dropped.append(name)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for name in kept:
        table.add_column(
            name, justify="left" if name == "arm" else "right", no_wrap=name != "arm" or width is None, overflow="fold"
        )
    for row in text[kept].to_numpy().tolist():
        table.add_row(*(Text(cell) for cell in row))
    return table, dropped


def _counted(troubles: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {trouble}" for trouble, count in troubles.items() if count)


def _decimals(deviations: "pd.Series[float]") -> int:
    """Decimals of points: one more than the smallest deviation has before its first digit, 2 at most."""
    positive = deviations[deviations > 0]
    return 1 if positive.empty else min(2, max(0, 1 - math.floor(math.log10(positive.min()))))


def _text(values: "pd.Series[Any]", pattern: str) -> "pd.Series[str]":
    return pd.Series([NONE if pd.isna(value) else pattern.format(value) for value in values], dtype="str")
