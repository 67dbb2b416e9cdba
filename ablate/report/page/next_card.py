"""The card that says what to do next: the command, its time, and the chance of a verdict by number of seeds."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from ablate import numbers
from ablate.report import next_step as advice
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.text import counted, estimate

LOOK = "More seeds count as a further look, so intervals widen slightly."
MOST_OTHERS = 3  # comparisons that are named besides
WIDE, HIGH, LEFT, TOP, BOTTOM = 320, 176, 40, 12, 132


@dataclass(frozen=True)
class Card:
    """What to do next.

    title: with what it settles. lines: sentences. notes: under the command. curve: the chance by number of seeds, None without.
    """

    title: str
    lines: tuple[str, ...]
    command: str
    notes: tuple[str, ...] = ()
    curve: Markup | None = None


def card(
    results: Results,
    question: Question,
    comparisons: pd.DataFrame,
    settling: pd.DataFrame,
    chances: pd.DataFrame,
    folder: str,
) -> Card | None:
    """The card; None where nothing is inconclusive, or seeds cannot be added."""
    step = advice.next_step(results, question, comparisons, settling, folder)
    if step is None:
        return None
    if step.row is None or not step.command:
        return Card("What next", (f"{step.sentence}.",), step.command)
    row = settling.set_index("row").loc[[step.row]].iloc[0]
    more, seeds = int(row["more"]), int(row["seeds"])
    seeds_more, chance = counted(more, "more seed"), f"{100 * row['chance']:.0f}%"
    if pd.isna(row["seconds"]) or not row["seconds"]:
        line = Markup("{} would give a verdict with a chance of <strong>{}</strong>.").format(seeds_more, chance)
    else:
        line = Markup(
            "{} would take about <strong>{}</strong> here and give a verdict with a chance of <strong>{}</strong>."
        ).format(seeds_more, estimate(row["seconds"]), chance)
    others = []
    for other, rest in settling.set_index("row").drop(index=step.row).iterrows():
        what = advice.subject(results, question, comparisons, int(str(other)))
        if pd.isna(rest["more"]):
            others.append(f"{what}: no number of seeds tried is likely to settle it")
        else:
            others.append(f"{what}: {int(rest['more'])} more ({100 * rest['chance']:.0f}%)")
    named = [*others[:MOST_OTHERS], *([f"{len(others) - MOST_OTHERS} more"] if len(others) > MOST_OTHERS else [])]
    known = chances.loc[chances["row"] == step.row, ["seeds", "chance"]].dropna()
    curve = known[known["seeds"] <= seeds + max(10, 2 * more)]
    return Card(
        f"What next: settle {advice.subject(results, question, comparisons, step.row)}",
        (line,),
        step.command,
        (LOOK, *([f"Also open: {'; '.join(named)}."] if named else [])),
        _curve(curve, seeds, float(row["chance"]), more) if len(curve) > 1 else None,
    )


def _curve(curve: pd.DataFrame, seeds: int, chance: float, more: int) -> Markup:
    """The chance of a verdict by number of seeds, with the advice on it."""
    first, last = int(curve["seeds"].min()), int(curve["seeds"].max())

    def x(value: float) -> float:
        return LEFT + (WIDE - LEFT - 8) * (value - first) / max(1, last - first)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * value

    parts = []
    for share in (0.0, 0.5, 1.0):
        parts.append(f'<line class="{"g" if share else "z"}" x1="{LEFT}" x2="{WIDE - 8}" y1="{y(share):g}" y2="{y(share):g}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(share) + 4:g}" text-anchor="end">{100 * share:.0f}%</text>')
    spots = "L".join(f"{x(n):.1f} {y(p):.1f}" for n, p in zip(curve["seeds"], curve["chance"], strict=True))
    parts.append(f'<path class="l" d="M{spots}"/>')
    parts.append(f'<circle cx="{x(seeds):.1f}" cy="{y(chance):.1f}" r="4"/>')
    # Below the curve, which rises, where there is room at the right, and else above it.
    right = x(seeds) < WIDE - 140
    anchor, across, up = ("start", x(seeds) + 8, y(chance) + 22) if right else ("end", x(seeds) + 4, y(chance) - 12)
    label = f"{100 * chance:.0f}% with {more:,} more"
    parts.append(f'<text class="val" x="{across:.1f}" y="{up:.1f}" text-anchor="{anchor}">{label}</text>')
    for value in dict.fromkeys((first, seeds, last)):
        anchor = "end" if value == last else "middle"
        parts.append(f'<text x="{x(value):.1f}" y="{BOTTOM + 18}" text-anchor="{anchor}">{value:,}</text>')
    parts.append(f'<text x="{(LEFT + WIDE) / 2:g}" y="{BOTTOM + 38}" text-anchor="middle">seeds in total</text>')
    label = f"Chance of a verdict by number of seeds: {numbers.number(100 * chance, 0)}% with {seeds:,}"
    return Markup(f'<svg class="mini base" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{label}">{"".join(parts)}</svg>')
