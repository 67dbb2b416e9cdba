"""Looks that sweeps enter before they train: first ones, further ones, those that are exploratory, and of older versions."""

import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from made_up import Sweeps, evaluation

from ablate.config.execution import Settings
from ablate.errors import AblateError
from ablate.planning import overview
from ablate.planning.plan import Plan
from ablate.planning.sentences import head
from ablate.planning.site import here
from ablate.running import sweep
from ablate.running.backend import Outcome
from ablate.store import looks
from ablate.store.look_lines import Ledger

WORDS = ("ema=on,off", "lrn=on,off", "steps=20", "eval_every=10")
Run = Callable[..., Path]


@pytest.fixture
def sweeps(tmp_path) -> Sweeps:
    return Sweeps(tmp_path)


@pytest.fixture
def run(sweeps) -> Run:
    """Runs the command of a sweep, whose trainings are made up; `trains=False`: it is stopped before one of them ends."""

    def of(*words: str, design: str = "one_factor", trains: bool = True, confirms: bool = False) -> Path:
        made = replace(sweeps.planned(*words, design=design), confirms=confirms)

        def train(runs, ended, tick) -> None:
            for each in runs if trains else []:
                if not each.trajectory.rows():
                    each.trajectory.write_config(each.content, each.names)
                    each.trajectory.add_evaluation(evaluation(each.asked.step, each.seed), None)
                    each.trajectory.set_status("done", each.asked.step)
            for training in made.trainings if trains else []:
                ended(training, Outcome(training.trajectory.fingerprint, "ended"))

        folder = sweeps.multirun / made.name
        with suppress(sweep.RunsFailed):
            sweep.run(made, folder, Settings("auto", 1, 2, False, False, False), train, lambda _: None)
        return folder

    return of


def ledger(sweeps: Sweeps) -> Ledger:
    return looks.read(sweeps.store)


def told(made: Plan) -> list[str]:
    described = overview.describe(made, here("auto", 1), calibrate=False)
    return [line for line in head(described) if "look" in line]


def test_a_sweep_enters_its_looks_once_and_a_further_one_at_half_the_level(sweeps, run):
    first = run(*WORDS, "seed=0,1,2")
    [entry] = ledger(sweeps).entries
    assert (entry.sweep, entry.seeds, entry.judged, entry.margin, entry.last) == (first.name, (0, 1, 2), 2, 0.5, 1)
    assert [(row.earlier, row.level) for row in entry.comparisons] == [(0, 0.025)] * 2
    assert ledger(sweeps).ended == {entry.check}
    run(*WORDS, "seed=0,1,2")
    assert ledger(sweeps).entries == (entry,)
    run(*WORDS, "seed=0,1,2,3,4")
    again = ledger(sweeps).entries[1]
    assert [(row.earlier, row.level) for row in again.comparisons] == [(1, 0.00625)] * 2
    assert {row.key for row in again.comparisons} == {row.key for row in entry.comparisons}


def test_the_plan_says_before_training_what_a_list_would_be_and_writes_nothing(sweeps, run):
    assert told(sweeps.planned(*WORDS, "seed=0,1,2", design="one_factor")) == []
    assert not (sweeps.store / looks.LOOKS).exists()
    run(*WORDS, "seed=0,1,2")
    before = (sweeps.store / looks.LOOKS).read_bytes()
    assert told(sweeps.planned(*WORDS, "seed=0,1,2,3,4", design="one_factor")) == [
        "This is look 2 at these comparisons (3 seeds, then 5). "
        "The chance that any verdict of either look is wrong is at most 7.5%"
    ]
    assert told(sweeps.planned(*WORDS, "seed=2,3,4,5", design="one_factor")) == [
        "These seeds make the sweep exploratory: earlier looks at its comparisons had some of them, and also 0,1. "
        "The nearest list that is not exploratory: seed=3,4,5"
    ]
    assert (sweeps.store / looks.LOOKS).read_bytes() == before


def test_a_list_that_is_exploratory_enters_nothing(sweeps, run):
    run(*WORDS, "seed=0,1,2")
    run(*WORDS, "seed=1,2,3")
    assert len(ledger(sweeps).entries) == 1


def test_a_look_that_was_stopped_before_a_run_ended_is_withdrawn_by_another_list(sweeps, run):
    run(*WORDS, "seed=0,1,2", trains=False)
    run(*WORDS, "seed=2,3,4")
    found = ledger(sweeps)
    assert [(look.entry.seeds, look.row.earlier) for look in found.looks] == [((2, 3, 4), 0)] * 2
    assert len(found.withdrawn) == 2


def test_a_look_whose_trainings_were_removed_still_counts(sweeps, run):
    run(*WORDS, "seed=0,1,2")
    for path in sweeps.store.glob("[0-9a-f]*"):
        path.rename(sweeps.store.parent / f"gone-{path.name}")
    run(*WORDS, "seed=0,1,2,3")
    assert [row.earlier for row in ledger(sweeps).entries[1].comparisons] == [1, 1]


def test_an_arm_that_is_added_has_a_first_look_and_the_others_keep_theirs(sweeps, run):
    run(*WORDS, "seed=0,1,2")
    run("augment=on,off", *WORDS, "seed=0,1,2")
    added = ledger(sweeps).entries[1]
    assert (len(added.comparisons), added.judged) == (1, 3)
    assert added.comparisons[0].level == pytest.approx(0.05 / 3)


def test_effects_weigh_all_arms_of_their_design(sweeps, run):
    run(*WORDS, "augment=on,off", "seed=0,1", design="fractional")
    [entry] = ledger(sweeps).entries
    assert {row.arms for row in entry.comparisons} == {tuple(range(len(entry.readouts)))}
    assert len({row.key for row in entry.comparisons}) == entry.judged


def test_a_sweep_of_an_older_version_counts_as_one_look(sweeps, run):
    older = run(*WORDS, "seed=0,1,2")
    (sweeps.store / looks.LOOKS).unlink()
    assert "look 2" in told(sweeps.planned(*WORDS, "seed=0,1,2,3", design="one_factor"))[0]
    run(*WORDS, "seed=0,1,2,3")
    before, now = ledger(sweeps).entries
    assert (before.sweep, before.older, before.comparisons[0].level) == (older.name, True, 0.025)
    assert [row.earlier for row in now.comparisons] == [1, 1]
    run(*WORDS, "seed=1,2")
    run(*WORDS, "seed=0,1,2,3,4")
    assert [row.earlier for row in ledger(sweeps).entries[-1].comparisons] == [2, 2]
    assert len(ledger(sweeps).entries) == 3


def test_all_winners_of_searches_over_one_default_are_counted(sweeps, run):
    run("lr=0.1,0.2", "steps=20", "eval_every=10", "seed=1,2,3", confirms=True)
    run("lr=0.1,0.3", "steps=20", "eval_every=10", "seed=2,3", confirms=True)
    run("lr=0.1,0.3", "steps=20", "eval_every=10", "seed=2,3,4")
    first, second, no_winner = (entry.comparisons[0] for entry in ledger(sweeps).entries)
    assert (first.earlier, second.earlier, second.level) == (0, 1, 0.0125)
    assert first.family == second.family
    assert (no_winner.family, no_winner.earlier) == (None, 1)


def test_in_a_store_that_is_not_ones_own_only_a_new_look_is_not_counted(sweeps, run, monkeypatch, capsys):
    run(*WORDS, "seed=0,1")

    def refused(store):
        raise AblateError(f"Cannot write {store}.") from PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(looks, "entering", refused)
    run(*WORDS, "seed=0,1")
    assert "not counted" not in capsys.readouterr().err
    run(*WORDS, "seed=0,1,2")
    assert f"Cannot write {sweeps.store}. This look is not counted, so the report is exploratory." in capsys.readouterr().err


def test_a_sweep_that_compares_nothing_enters_nothing(sweeps, run):
    run("ema=on", "steps=20", "eval_every=10", "seed=0,1")
    assert not (sweeps.store / looks.LOOKS).exists()
