"""What a number of seeds can show."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import composed, evaluation
from scipy import stats

from ablate.planning import plan, power
from ablate.planning.command import command_of
from ablate.planning.plan import Plan
from ablate.planning.power import Deviation, detectable, deviations, effect_deviations
from ablate.planning.runs import Run


@pytest.mark.parametrize(("seeds", "judged"), [(2, 1), (3, 3), (5, 3), (10, 1), (8, 124)])
def test_simulated_differences_are_detected_as_often_as_said(seeds: int, judged: int) -> None:
    true = detectable(seeds, judged)
    found = np.random.default_rng(seeds).normal(true, 1, (20_000, seeds))
    t = found.mean(axis=1) / found.std(axis=1, ddof=1) * np.sqrt(seeds)
    detected = 2 * stats.t.sf(np.abs(t), seeds - 1) < 0.05 / judged
    assert detected.mean() == pytest.approx(0.8, abs=0.012)  # four standard errors


@pytest.mark.parametrize(("seeds", "expected"), [(5, 1.682), (10, 0.996), (20, 0.660), (50, 0.404)])
def test_one_difference_is_as_in_published_tables(seeds: int, expected: float) -> None:
    assert detectable(seeds, 1) == pytest.approx(expected, abs=0.001)


def test_looks_count_as_differences_and_one_seed_shows_nothing() -> None:
    assert detectable(5, 2, looks=3) == detectable(5, 6)
    assert detectable(1, 3) is None


@settings(max_examples=50)
@given(st.integers(2, 100), st.integers(1, 1000), st.floats(0.5, 0.99), st.floats(0.001, 0.2))
def test_more_seeds_show_smaller_differences_and_more_differences_need_larger(
    seeds: int, judged: int, power: float, level: float
) -> None:
    smallest = detectable(seeds, judged, 1, power, level)
    more_seeds, more_judged = detectable(seeds + 1, judged, 1, power, level), detectable(seeds, judged + 1, 1, power, level)
    assert smallest is not None
    assert more_seeds is not None
    assert more_judged is not None
    assert 0 < more_seeds < smallest < more_judged


def make(store: Path, *words: str, design: str = "factorial") -> Plan:
    command = command_of(OverridesParser.create().parse_overrides([f"store={store}", "steps=100", *words]))
    return plan.make(command, design, lambda overrides: composed(["data=digits", "readout.last=1", *overrides]))


def evaluate(runs: Sequence[Run], raw: float, averaged: float, step: int = 100) -> None:
    row = evaluation(step, accuracy_raw=raw, accuracy_averaged=averaged)
    for trajectory in {run.trajectory.fingerprint: run.trajectory for run in runs}.values():
        trajectory.path.mkdir(parents=True, exist_ok=True)
        trajectory.add_evaluation(row, {"raw": np.arange(3), "averaged": np.arange(3)})


def told(*values: float) -> Deviation:
    """The deviation of values in points, with the interval that scipy's chi-square distribution gives."""
    points, freedom = float(np.std(values, ddof=1)), len(values) - 1
    low, high = (points * np.sqrt(freedom / stats.chi2.ppf(p, freedom)) for p in (0.975, 0.025))
    return Deviation(*(pytest.approx(number) for number in (points, low, high)), len(values))


def test_the_store_tells_deviations_in_points_from_whatever_seeds_it_has(tmp_path: Path) -> None:
    words = ("augment=on,off", "ema=on,off")
    gains = {3: 0.01, 4: 0.03, 5: 0.02, 40: 0.08}
    for run in make(tmp_path, *words, "seed=3,4,5,40").runs:
        evaluate([run], raw=0.5, averaged=0.6 + gains[run.seed] * (run.arm >= 2))
    found = deviations(make(tmp_path, *words, "seed=0,1"))  # 40 is none of its seeds, nor of the usual ones
    assert found == {(2, 0): told(1, 3, 2)}  # of the others each seed has the same difference: nothing is known
    assert deviations(make(tmp_path, *words, "seed=0,40")) == {(2, 0): told(1, 3, 2, 8)}
    assert effect_deviations(make(tmp_path, *words, "seed=0,1")) == {}


def test_another_step_another_arm_or_two_pairs_tell_nothing(tmp_path: Path) -> None:
    made = make(tmp_path, "augment=on,off", "seed=0,1,2")
    evaluate(made.runs, 0.5, 0.6, step=50)
    assert deviations(made) == {}
    for run in made.runs[:-1]:
        evaluate([run], 0.5, 0.6 + 0.01 * run.seed * run.arm)
    assert deviations(made) == {}
    evaluate(made.runs[-1:], 0.5, 0.62)
    assert deviations(made) == {(1, 0): told(0, 1, 2)}


def test_the_interval_of_a_deviation_holds_the_true_one_as_often_as_said() -> None:
    values = np.random.default_rng(0).normal(0, 0.01, (4000, 4))
    intervals = [power._deviation(list(row)) for row in values]
    held = np.mean([one is not None and one.low < 1 < one.high for one in intervals])
    assert held == pytest.approx(0.95, abs=0.014)  # four standard errors


def test_the_effects_of_a_fraction_vary_as_their_contrasts_over_all_arms(tmp_path: Path) -> None:
    words = ("augment=on,off", "ema=on,off", "lrn=on,off", "seed=0,1,2")
    made = plan.make(
        command_of(OverridesParser.create().parse_overrides([f"store={tmp_path}", "steps=100", *words])),
        "fractional",
        lambda overrides: composed(["data=digits", "readout.last=1", *overrides]),
        resolution=3,
    )
    assert len(made.arms) == 4
    accuracies: dict[tuple[int, int], float] = {}
    generator = np.random.default_rng(0)
    for run in made.runs:
        raw, averaged = generator.random(2)
        evaluate([run], raw, averaged)
    for run in made.runs:
        row = run.trajectory.row(100)
        assert row is not None
        accuracies[run.arm, run.seed] = row[f"accuracy_{run.asked.readout.weights}"]
    found = effect_deviations(made)
    assert list(found) == [("augment",), ("ema",), ("lrn",)]
    for (name,), deviation in found.items():
        off = [number for number, arm in enumerate(made.arms) if dict(arm.levels)[name] == "off"]
        on = [number for number in range(4) if number not in off]
        contrasts = [
            100 * (sum(accuracies[arm, seed] for arm in off) - sum(accuracies[arm, seed] for arm in on)) / 2
            for seed in range(3)
        ]
        assert deviation == told(*contrasts)
    made.runs[-1].trajectory.drop_after(0)
    assert effect_deviations(made) == {}  # one arm lacks the third seed
