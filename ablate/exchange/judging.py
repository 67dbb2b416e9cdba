"""A table of runs judged like a sweep: the same frames, verdicts, figures, and page, of what was not planned here."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate import designs, metrics
from ablate.designs import levels_of
from ablate.errors import AblateError, shown
from ablate.exchange import arms, runs, table
from ablate.exchange.noted import Noted
from ablate.exchange.runs import Choices, Run
from ablate.exchange.table import Table
from ablate.metrics import ACCURACY
from ablate.results import frames, one_sweep
from ablate.results.frames import Results
from ablate.results.loaded import LoadedSweep
from ablate.results.trained import Trained
from ablate.store import fingerprint
from ablate.store.sweep import Fixed, Sweep, SweepFraction
from ablate.store.sweep_check import NO_SET, ONE_VALUE
from ablate.store.sweep_runs import SweepArm, SweepReadout, SweepRun
from ablate.text import counted

if TYPE_CHECKING:
    from ablate.report.writing import Report

NO_STEP = 0  # of a table without steps


class JudgedRuns(LoadedSweep):
    """What a table shows, as `judge` gives it: all of `LoadedSweep`, and its report."""

    def report(self, to: str | Path, formats: Iterable[str] | None = None, style: str | Path | None = None) -> "Report":
        """Write page, figures, tables, and texts into a folder.

        Args:
            formats: of html, csv, md, tex, png, svg; None for all.
            style: of the figures, a matplotlib style file; None for the built-in one.

        Raises:
            AblateError: a file cannot be written.
        """
        from ablate.report import writing

        return writing.of_results(self, Path(to), None if formats is None else tuple(formats), style)


def judge(
    frame: Any,
    factors: Iterable[str],
    metric: str = ACCURACY,
    seed: str = "seed",
    step: str | None = None,
    design: str | None = None,
    baseline: Mapping[str, Any] | None = None,
    margin: float | None = None,
    high: float | None = None,
    better: str | None = None,
    at_step: int | None = None,
) -> JudgedRuns:
    """Judge existing runs: a tidy table, one row per run, or with `step` one row per evaluation.

    Arms are paired where they share seeds; arms that share none are compared without pairs (Welch). Nothing of it was planned
    here, so there is no promise on how likely a wrong verdict is.

    Args:
        frame: a pandas data frame, lists by column, or the path of a table: CSV, TSV, JSON lines, or Parquet.
        factors: the columns that tell arms apart.
        metric: the column that is judged. Known are the units and directions of accuracy, loss, error, f1, and auc, also behind
            `val_` and the like.
        seed: the column of replicate numbers; arms that share one are paired.
        step: the column of steps.
        design: as in a sweep; its arms must be those of the table.
        baseline: the level of every factor in the arm that others are compared with. Without it and a design, factors of two
            levels each that are completely crossed are judged by their effects.
        margin: in the unit of the metric, percentage points for shares: what lies within ± margin is no effect; without
            one nothing is.
        high: the highest possible value; 100 for percentages.
        better: `higher` or `lower`, for an unknown metric.
        at_step: where runs are read; None for their last step.

    Raises:
        AblateError: one line about the first thing that is wrong with the table, or with what is asked of it.
    """
    source = table.read(Path(frame)) if isinstance(frame, str | Path) else table.of_frame(frame)
    for name, column in (("metric", metric), ("seed", seed), ("step", step)):
        if not isinstance(column, str) and (column is not None or name != "step"):
            raise AblateError(f"{name} must be the name of a column, got {shown(column)}.")
    if at_step is not None and (isinstance(at_step, bool) or not hasattr(at_step, "__index__")):
        raise AblateError(f"at_step must be a whole number, got {shown(at_step)}.")
    if baseline is not None and not isinstance(baseline, Mapping):
        raise AblateError(f'baseline must be a dict of levels, as in {{"trick": "off"}}, got {shown(baseline)}.')
    if not isinstance(factors, Iterable):
        raise AblateError(f"factors must be a list of columns, got {shown(factors)}.")
    given = None if baseline is None else {factor: runs.text_of(level) for factor, level in baseline.items()}
    names = (factors,) if isinstance(factors, str) else tuple(factors)
    choices = Choices(names, seed, metrics.given(metric, better, high=high), step, at_step, "{}={}")
    return judged(source, choices, design, given, margin)


def judged(
    source: Table, choices: Choices, design: str | None, baseline: Mapping[str, str] | None, margin: float | None
) -> JudgedRuns:
    """What a table shows; see `judge`."""
    if margin is not None and not (isinstance(margin, int | float) and 0 < margin < math.inf):
        raise AblateError(f"{choices.key('margin')} must be greater than 0, got {shown(margin)}.")
    if choices.at_step is not None and choices.step is None:
        raise AblateError(
            f"{choices.said('at_step', choices.at_step)} needs the column of steps: {choices.said('step', 'COLUMN')}."
        )
    found = runs.runs(source, choices)
    there = list(dict.fromkeys(run.levels for run in found))
    if len(there) == 1:
        raise AblateError(f"Every row of {source.name} is {runs.named(there[0])}, so there is nothing to compare.")
    wanted = arms.design_of(there, choices, design, baseline)
    results = _results(source, choices, found, wanted, margin)
    return JudgedRuns(**{each.name: getattr(results, each.name) for each in fields(results)})


def _results(source: Table, choices: Choices, found: list[Run], wanted: arms.TableDesign, margin: float | None) -> Results:
    """The frames of the runs, as those of a sweep."""
    metric, stem = metrics.in_frames(choices.metric.metric), Path(source.name).stem
    listed = [
        SweepArm(number, designs.label(wanted.design, wanted.arms, number), dict(arm.levels))
        for number, arm in enumerate(wanted.arms)
    ]
    numbers = {arm.levels: number for number, arm in enumerate(wanted.arms)}
    read_at = max((run.step or NO_STEP for run in found if not run.diverged), default=NO_STEP)
    planned: list[SweepRun] = []
    rows: list[dict[str, Any]] = []
    trained: dict[str, Trained] = {}
    for number, run in enumerate(found):
        noted = Noted(Path(source.name) / fingerprint([run.levels, run.seed]), run, metric.name)
        readout = SweepReadout(ONE_VALUE, read_at)
        planned.append(SweepRun(number, numbers[run.levels], run.seed, (), noted.path.name, readout, 1))
        row = one_sweep.row(planned[-1], listed[numbers[run.levels]], noted.result)
        rows.append({**row, "trajectory": None if run.step is None else str(noted.path), "sweep": None})
        trained |= {} if run.step is None else {str(noted.path): noted}
    fraction = wanted.fraction
    sweep = Sweep(
        study=None,
        about={"name": stem},
        design=wanted.design,
        fraction=None if fraction is None else SweepFraction(fraction.resolution, fraction.generators, fraction.aliases),
        factors=levels_of(wanted.arms),
        baseline=dict(wanted.arms[0].levels),
        arms=tuple(listed),
        same_arms=(),
        seeds=tuple(dict.fromkeys(run.seed for run in found)),
        runs=tuple(planned),
        store=source.name,
        fixed=Fixed(
            metric=metric.name,
            evaluation_set=NO_SET,
            steps=(read_at,) * len(listed),
            weights=(ONE_VALUE,) * len(listed),
            margin=margin,
            differences=wanted.differences,
            effects=wanted.effects,
        ),
        trainer=source.name,
        metric=None if metric.name == ACCURACY else asdict(metric),
        joined=(),
    )
    _refuse_half_shared(sweep, choices)
    made = frames.build(frames.SweepParts(stem, sweep, rows, trained, _notes(sweep)))
    return replace(made, trainings=made.trainings.iloc[:0])  # a table has none


def _refuse_half_shared(sweep: Sweep, choices: Choices) -> None:
    """Refuse effects if some arms share seeds and others do not: these are neither paired nor independent."""
    if not sweep.fixed.effects or sweep.seeds_of(range(len(sweep.arms))):
        return
    for one, other in combinations(sweep.arms, 2):
        if shared := sweep.seeds_of([one.number, other.number]):
            named = " and ".join(runs.named(tuple(arm.levels.items())) for arm in (one, other))
            instead = choices.said("baseline", runs.named(tuple(sweep.baseline.items())))
            raise AblateError(
                f"{named} share {choices.seed}={shared[0]}, but no seed is in all arms, so effects have no interval. "
                f"Compare two arms at a time: {instead}."
            )


def _notes(sweep: Sweep) -> list[str]:
    """Which comparisons leave out seeds, since not all of their arms have them."""
    compared = [list(pair) for pair in sweep.fixed.differences] or [[arm.number for arm in sweep.arms]]
    told = []
    for numbers in compared:
        shared, most = len(sweep.seeds_of(numbers)), max(len(sweep.seeds_of([number])) for number in numbers)
        if 0 < shared < most:
            name = "effects" if sweep.fixed.effects else frames.arm_name(sweep.arms[numbers[0]])
            told.append(f"{name}: {shared} of {counted(most, 'seed')}")
    if not told:
        return []
    more = f"; and {len(told) - runs.MOST_NAMED} more" if len(told) > runs.MOST_NAMED else ""
    return [f"Seeds missing from an arm of a comparison are left out ({'; '.join(told[: runs.MOST_NAMED])}{more})"]
