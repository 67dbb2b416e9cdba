"""What more seeds would do for inconclusive comparisons, and the next step that a report advises."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from ablate import stats
from ablate.planning import added
from ablate.planning.plan import Run
from ablate.report import next_step
from ablate.results import load
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask
from ablate.stats import Inconclusive, chances_of_a_verdict
from ablate.store import looks

WORDS = ("lr=0.1,0.2", "augment=on,off", "steps=20", "eval_every=10")
DIFFERENCES = (0.7, 0.2, 1.1, 0.5, 0.9, 0.1, 1.4)  # pp, by seed


def unsettled(run: Run) -> float:
    """The last arm is better by about 0.7 pp, which three seeds cannot tell; all others are plainly worse."""
    return 0.8 + (0.0, -0.2 - run.seed / 1000, DIFFERENCES[run.seed % 7] / 100)[run.arm]


def analyzed(folder) -> Analysis:
    return analyze(*ask(load(folder)))


def advised(analysis: Analysis, folder: str = "multirun/one") -> next_step.NextStep | None:
    return analysis.fill(next_step.next_step, folder=folder)


def test_an_inconclusive_comparison_has_a_row_with_the_chance_at_a_second_look(run):
    found = analyzed(run(*WORDS, "seed=0,1,2", value=unsettled))
    assert found.settling["row"].tolist() == [1]
    row, one = found.settling.to_dict("records")[0], found.comparisons.loc[1]
    further = Inconclusive(3, one["points"], one["sd"], 1 - 0.05 / 8, found.question.margin)
    assert found.chances["chance"].tolist() == chances_of_a_verdict(further).tolist()
    assert found.chances["seeds"].tolist() == [3 + more for more in stats.ADDED]
    assert row["seeds"] == 3 + row["more"]
    assert row["chance"] >= 0.8 > found.chances.loc[found.chances["seeds"] < row["seeds"], "chance"].max()
    assert row["seconds"] == row["more"] * 2 * 10  # a training of two arms took 10 s each
    step = advised(found)
    assert step.row == 1
    assert step.command == f"ablate more one --seeds {row['more']} --only augment=off"
    assert step.sentence.startswith(f"{row['more']} more seeds would settle augmentation ({100 * row['chance']:.0f}% likely, ")


def test_trainings_that_are_there_are_not_counted(run):
    folder = run(*WORDS, "seed=0,1,2", value=unsettled)
    before = analyzed(folder).settling.iloc[0]
    run("lr=0.1", *WORDS[2:], "seed=3,4", value=unsettled)  # two of the baseline's, on its own
    assert analyzed(folder).settling.iloc[0]["seconds"] == before["seconds"] - 2 * 10


def test_where_all_have_verdicts_frames_are_empty_and_nothing_is_advised(run):
    found = analyzed(run(WORDS[0], *WORDS[2:], "seed=0,1,2", value=unsettled))
    assert found.comparisons["verdict"].tolist() == ["hurts"]
    assert (len(found.settling), len(found.chances), advised(found)) == (0, 0, None)
    assert list(found.settling) == ["row", "more", "seeds", "chance", "seconds"]
    assert list(found.chances) == ["row", "seeds", "chance"]


def test_one_seed_is_advised_four_more(run):
    found = analyzed(run(*WORDS, "seed=0", value=unsettled))
    assert len(found.settling) == 0
    assert advised(found, "elsewhere/one") == (
        "One seed gives no verdict; 4 more would",
        "ablate more elsewhere/one --seeds 4",
        None,
    )


def test_seeds_that_are_alike_are_in_nobodys_reach(run):
    found = analyzed(run("augment=on,off", *WORDS[2:], "seed=0,1,2", value=lambda run: 0.8))
    assert found.settling["more"].isna().all()
    assert np.isnan(found.settling["chance"].iloc[0])
    assert np.isnan(found.settling["seconds"].iloc[0])
    assert advised(found).command == ""
    assert advised(found).sentence == "Even 100 more seeds would probably not settle augmentation"


def test_a_sweep_without_looks_had_one(run, sweeps):
    folder = run(*WORDS, "seed=0,1,2", value=unsettled)
    before = analyzed(folder).chances
    (sweeps.store / looks.LOOKS).unlink()
    assert analyzed(folder).chances.equals(before)


@pytest.mark.parametrize(("more", "expected"), [(1, (0, 1, 2, 3)), (3, (0, 1, 2, 3, 4, 5))])
def test_the_next_seeds_are_those_that_a_part_of_the_arms_has_then_new_ones(sweeps, more, expected):
    sweep = sweeps.planned(*WORDS, "seed=0,1,2,3", design="one_factor").sweep
    partly = dataclasses.replace(sweep, runs=tuple(run for run in sweep.runs if run.seed < 3 or run.arm < 1))
    assert added.next_seeds(partly, [0, 1], more) == expected
    assert added.missing(partly, {0, 1}, expected)[0] == (1, 3)


def test_a_pack_is_unpacked_before_seeds_are_added() -> None:
    record = Path(__file__).parents[2] / "experiments" / "digits-augment-ema"
    if not record.is_dir():
        pytest.skip("reads experiments/, which a source distribution lacks")
    step = advised(analyze(*ask(load(record))), str(record))
    assert step is not None
    assert step.command == f"ablate runs unpack {record / 'pack'}"
