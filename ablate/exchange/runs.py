"""The runs of a table: its rows checked, told apart by levels, seed, and step, and read at one step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ablate.errors import AblateError, shown
from ablate.exchange.table import Cell, Table
from ablate.metrics import Given
from ablate.readout import LARGEST
from ablate.store.sweep_check import COLUMNS, MOST_SEED

Levels = tuple[tuple[str, str], ...]
MOST_NAMED = 3  # arms or rows that a message names


@dataclass(frozen=True)
class Choices:
    """What a user says of a table.

    factors, seed, step: columns; without a step a row is a run. metric: the column that is judged. at_step: where runs are
    read; None for their last step. option: how a choice is said, from its name and its value: `--{} {}`.
    """

    factors: tuple[str, ...]
    seed: str
    metric: Given
    step: str | None
    at_step: int | None
    option: str

    def said(self, name: str, value: object) -> str:
        """A choice as its user says it."""
        return f"{self.key(name)}{self.option.partition('{}')[2].format(value)}"

    def key(self, name: str) -> str:
        """The name of a choice as its user says it."""
        return self.option.partition("{}")[0] + (name.replace("_", "-") if self.option.startswith("--") else name)


@dataclass(frozen=True)
class Row:
    """A row that was read: the value of a run at a step, None where the table has no steps."""

    levels: Levels
    seed: int
    step: int | None
    value: float
    place: str

    @property
    def run(self) -> tuple[Levels, int]:
        """What tells runs apart."""
        return self.levels, self.seed


@dataclass(frozen=True)
class Run:
    """A run: its rows in order of step. step: at which it is read, or where it diverged; None where the table has no steps."""

    levels: Levels
    seed: int
    rows: tuple[Row, ...]
    step: int | None
    value: float

    @property
    def diverged(self) -> bool:
        """Whether it came to no number."""
        return not math.isfinite(self.value)


def runs(table: Table, choices: Choices) -> list[Run]:
    """The runs of a table, in the order in which they begin there.

    Raises:
        AblateError: a column or a cell is missing or not what it has to be, rows repeat each other, or runs end at different
            steps.
    """
    by_run: dict[tuple[Levels, int], list[Row]] = {}
    for row in _rows(table, choices):
        by_run.setdefault(row.run, []).append(row)
    for own in by_run.values():
        own.sort(key=lambda row: -1 if row.step is None else row.step)
    _refuse_repeats(table, choices, list(by_run.values()))
    if choices.step is None:
        return [Run(levels, seed, tuple(own), None, own[0].value) for (levels, seed), own in by_run.items()]
    at = choices.at_step if choices.at_step is not None else _last_step(choices, list(by_run.values()))
    return [_read_at(own, at, choices) for own in by_run.values()]


def named(levels: Levels) -> str:
    """An arm as its user would write it: `augment=on,ema=off`."""
    return ",".join(f"{factor}={level}" for factor, level in levels)


def text_of(cell: Cell) -> str:
    """A cell as the name of a level."""
    return {True: "true", False: "false"}[cell] if isinstance(cell, bool) else str(cell)


def _rows(table: Table, choices: Choices) -> list[Row]:
    _check_columns(table, choices)
    metric = choices.metric.metric.name
    levels = [table.column(factor, choices.said("factors", factor)) for factor in choices.factors]
    seeds = table.column(choices.seed, choices.said("seed", choices.seed))
    values = table.column(metric, choices.said("metric", metric))
    steps = None if choices.step is None else table.column(choices.step, choices.said("step", choices.step))
    found = []
    for number, place in enumerate(table.places):
        where = f"{table.name}, {place}: "
        for factor, cells in zip(choices.factors, levels, strict=True):
            if cells[number] is None:
                raise AblateError(f"{where}{factor} is empty. Give the level, as off or none.")
        own = tuple((factor, text_of(cells[number])) for factor, cells in zip(choices.factors, levels, strict=True))
        seed = _whole(where, choices.seed, seeds[number], MOST_SEED)
        step = None if steps is None else _whole(where, choices.step or "", steps[number], LARGEST)
        found.append(Row(own, seed, step, _value(where, values[number], choices), place))
    return found


def _check_columns(table: Table, choices: Choices) -> None:
    """Refuse columns that are named twice, or called what a report calls its own."""
    others = {"seed": choices.seed, "step": choices.step, "metric": choices.metric.metric.name}
    if not choices.factors:
        raise AblateError(f"{choices.key('factors')} must name the columns that tell arms apart, got none.")
    for number, factor in enumerate(choices.factors):
        if factor in choices.factors[:number]:
            raise AblateError(f"{choices.key('factors')} names {shown(factor)} twice. Name it once.")
        if factor in others.values():
            role = next(name for name, column in others.items() if column == factor)
            raise AblateError(f"{shown(factor)} cannot be a factor and the column of {choices.key(role)}. Name another one.")
        table.column(factor, choices.said("factors", factor))
        if factor in COLUMNS:
            raise AblateError(f"{factor} cannot be a factor: every report has a column of that name. Rename it in the table.")
    metric = others["metric"]
    if metric not in table.columns and {"metric", "value"} <= set(table.columns):
        raise AblateError(
            f"{table.name} has a row for each metric, in its columns metric and value. Give each metric a column of its own."
        )
    taken = [role for role, column in others.items() if column == metric and role != "metric"]
    if taken:
        raise AblateError(f"{shown(metric)} cannot be the column of {choices.key('metric')} and of {choices.key(taken[0])}.")


def _whole(where: str, column: str, cell: Cell, most: int) -> int:
    """A seed or a step."""
    if cell is None:
        raise AblateError(f"{where}{column} is empty. Give a whole number.")
    text = text_of(cell)
    try:
        value = -1 if "_" in text else int(text.removesuffix(".0"))  # as of a column that once had empty cells
    except ValueError:
        value = -1
    if not 0 <= value <= most:
        raise AblateError(f"{where}{column} must be a whole number from 0 to {most:,}, got {shown(cell)}.")
    return value


def _value(where: str, cell: Cell, choices: Choices) -> float:
    """A value of the metric, as frames have it."""
    name = choices.metric.metric.name
    if cell is None:
        raise AblateError(f"{where}{name} is empty. Give its value, inf where the run diverged, or leave the row out.")
    try:
        number = None if isinstance(cell, bool) or "_" in str(cell) else float(cell)
    except (ValueError, OverflowError):
        number = None
    if number is None:
        raise AblateError(f"{where}{name} must be a number, got {shown(cell)}.")
    try:
        return choices.metric.value(number, choices.option)
    except AblateError as error:
        raise AblateError(f"{where}{error}") from None


def _refuse_repeats(table: Table, choices: Choices, by_run: Sequence[Sequence[Row]]) -> None:
    """Refuse two rows of one run, or of one step of it."""
    for own in by_run:
        for one, other in pairwise(own):
            if one.step != other.step:
                continue
            first, second = sorted((one, other), key=lambda row: table.places.index(row.place))
            at = "" if one.step is None else f", {choices.step}={one.step}"
            which = f"{first.place} and {second.place} are both {named(one.levels)}, {choices.seed}={one.seed}{at}"
            raise AblateError(f"{table.name}: {which}. {_way_out(table, choices, first, second)}")


def _way_out(table: Table, choices: Choices, first: Row, second: Row) -> str:
    """What may be meant by two rows of one run."""
    used = {*choices.factors, choices.seed, choices.step, choices.metric.metric.name}
    rows = [table.rows[table.places.index(row.place)] for row in (first, second)]
    different = [name for name in table.columns if name not in used and rows[0].get(name) != rows[1].get(name)]
    if choices.step is None and (steps := [name for name in different if name.lower() in _STEPS]):
        return f"If they are evaluations of one run, say {choices.said('step', steps[0])}."
    if different:
        named = " or ".join(different[:MOST_NAMED])
        return f"They differ in {named}: if that tells arms apart, add it to {choices.key('factors')}."
    return "Keep one of them."


_STEPS = ("step", "steps", "epoch", "epochs", "iteration", "iterations", "global_step", "iter")


def _last_step(choices: Choices, by_run: Sequence[Sequence[Row]]) -> int:
    """The step at which all runs end that came to a number.

    Raises:
        AblateError: they end at different ones.
    """
    ended = [own[-1] for own in by_run if math.isfinite(own[-1].value)] or [own[-1] for own in by_run]
    last = {row.step or 0: row for row in reversed(ended)}
    if len(last) == 1:
        return next(iter(last))
    least, most = (last[step] for step in (min(last), max(last)))
    raise AblateError(
        f"Runs end at different steps: {_of_run(choices, least)} at {least.step}, {_of_run(choices, most)} at {most.step}. "
        f"Read all at one that they share: {choices.said('at_step', least.step)}."
    )


def _of_run(choices: Choices, row: Row) -> str:
    return f"{named(row.levels)} with {choices.seed}={row.seed}"


def _read_at(rows: Sequence[Row], at: int, choices: Choices) -> Run:
    """A run read at a step; one that came to no number by then has diverged there."""
    first = rows[0]
    fell = next((row for row in rows if (row.step or 0) <= at and not math.isfinite(row.value)), None)
    read = fell or next((row for row in rows if row.step == at), None)
    if read is None:
        steps = [str(row.step) for row in rows]
        listed = ", ".join(steps if len(steps) <= 2 * MOST_NAMED else [*steps[:MOST_NAMED], "…", *steps[-MOST_NAMED:]])
        raise AblateError(f"{_of_run(choices, first)} has no row at {choices.step}={at}. Its steps are {listed}.")
    return Run(first.levels, first.seed, tuple(rows), read.step, read.value)
