import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from made_up import evaluation

from ablate import results
from ablate.errors import AblateError
from ablate.planning import run_result
from ablate.store import result_file, sweep_file

SHORT = ("steps=30", "eval_every=10")


def pairs(loaded) -> list[tuple[str, str]]:
    """The differences that are judged, by the names of the arms."""
    labels = {arm["number"]: arm["label"] for arm in loaded.sweep.to_json()["arms"]}
    return [(labels[arm], labels[other]) for arm, other in loaded.sweep.to_json()["fixed"]["differences"]]


def done(sweeps, *words, **more):
    return sweeps.trained(sweeps.planned(*SHORT, *words, **more), 10, 20, 30)


def test_sweeps_that_differ_in_their_seeds_alone_are_one_with_all_seeds(sweeps):
    first = done(sweeps, "augment=on,off", "ema=on,off", "seed=0,1")
    second = done(sweeps, "augment=on,off", "ema=on,off", "seed=3,2")
    joined, alone = results.load(first, str(second)), results.load(first)
    assert joined.sweep.joined == (first.name, second.name)
    assert joined.sweep.seeds == (0, 1, 2, 3)
    assert joined.runs["seed"].tolist() == [seed for seed in range(4) for _ in range(4)]
    assert joined.runs["number"].tolist() == list(range(16))
    assert joined.runs["arm"].tolist() == [0, 1, 2, 3] * 4
    assert joined.runs["sweep"].tolist() == [first.name] * 8 + [second.name] * 8
    assert joined.runs["accuracy"].tolist()[:8] == alone.runs["accuracy"].tolist()
    assert len(joined.trainings) == 8
    assert len(joined.evaluations) == 16 * 3
    for key in ("version", "design", "factors", "baseline", "arms", "same_arms", "fixed"):
        assert getattr(joined.sweep, key) == getattr(alone.sweep, key), key
    assert alone.sweep.to_json().keys() == joined.sweep.to_json().keys() | {"diverged_loss"}
    assert [run.number for run in joined.sweep.runs] == list(range(16))
    assert joined.predictions(12).tolist() == [0, 31, 2, 0]
    assert joined.labels is not None
    assert joined.notes == ()


def test_a_run_that_is_in_both_is_one_and_that_with_a_result_counts(sweeps):
    made = sweeps.planned(*SHORT, "augment=on,off", "seed=0,1", store=sweeps.store.with_name("another"))
    first = sweeps.trained(made, 10, 20, 30)
    second = done(sweeps, "augment=on,off", "seed=1,2")
    shutil.rmtree(made.runs[2].trajectory.path)  # of seed 1
    (first / "2" / result_file.RESULT).unlink()
    joined = results.load(first, second)
    assert joined.runs[["seed", "arm", "status"]].to_numpy().tolist() == [
        [seed, arm, "done"] for seed in range(3) for arm in range(2)
    ]
    assert joined.runs["sweep"].tolist() == [first.name, first.name, second.name, first.name, second.name, second.name]


def test_the_same_sweep_twice_is_itself(sweeps, monkeypatch):
    sweep = done(sweeps, "ema=on,off")
    monkeypatch.chdir(sweep.parent)
    assert results.load(sweep, sweep.name).sweep.joined is None


def test_a_factor_that_a_sweep_does_not_switch_has_the_level_that_its_runs_have(sweeps):
    one = done(sweeps, "augment=on,off", "seed=0,1")
    two = done(sweeps, "ema=on,off", "augment=off", "seed=0,1")
    three = done(sweeps, "batch_size=128,64", "seed=0,1")
    joined = results.load(one, two, three)
    assert joined.sweep.to_json()["factors"] == {"augment": ["on", "off"], "ema": ["on", "off"], "batch_size": ["128", "64"]}
    assert [tuple(arm["levels"].values()) for arm in joined.sweep.to_json()["arms"]] == [
        ("on", "on", "128"),
        ("off", "on", "128"),
        ("off", "off", "128"),
        ("on", "on", "64"),
    ]
    assert joined.sweep.design == "joined"
    assert len(joined.runs) == 8, "arms that are in two sweeps are there once"
    assert pairs(joined) == [
        ("augment: on → off", "baseline"),
        ("augment: on → off, ema: on → off", "augment: on → off"),
        ("batch_size: 128 → 64", "baseline"),
    ]
    assert joined.sweep.to_json()["fixed"]["readout"] == ["averaged", "averaged", "raw", "averaged"]
    assert joined.runs["batch_size"].tolist()[:4] == ["128", "128", "128", "64"]


def test_one_factor_sweeps_with_one_baseline_stay_one_factor(sweeps):
    one = done(sweeps, "augment=on,off", design="one_factor")
    two = done(sweeps, "ema=on,off", design="one_factor")
    assert results.load(one, two).sweep.design == "one_factor"
    other = done(sweeps, "ema=on,off", "augment=off", design="one_factor")
    assert results.load(one, other).sweep.design == "joined"


def test_a_level_that_names_the_same_training_is_the_same_level(sweeps):
    one = done(sweeps, "lrn=on,off")  # tuto has it: `on` trains as `native`, the default
    two = done(sweeps, "ema=on,off", "seed=1")
    joined = results.load(one, two)
    assert joined.sweep.to_json()["factors"] == {"lrn": ["on", "off"], "ema": ["on", "off"]}
    assert [tuple(arm["levels"].values()) for arm in joined.sweep.to_json()["arms"]] == [
        ("on", "on"),
        ("off", "on"),
        ("on", "off"),
    ]


def test_a_number_that_is_written_differently_is_the_same_level(sweeps):
    one = done(sweeps, "lr=0.1,0.05")
    two = done(sweeps, "ema=on,off", "lr=0.050", "seed=1")
    shutil.rmtree(sweeps.store)
    assert results.load(one, two).sweep.to_json()["factors"]["lr"] == ["0.1", "0.05"]
    usual = done(sweeps, "ema=on,off", "seed=5")  # its rate stands in its trainings alone
    assert results.load(one, usual).sweep.to_json()["factors"]["lr"] == ["0.1", "0.05"]


def test_a_key_of_a_section_is_found_in_the_trainings(sweeps):
    one = done(sweeps, "augment.flip=true,false")
    two = done(sweeps, "lr=0.05,0.2")
    joined = results.load(one, two).sweep.to_json()
    yes, no = joined["factors"]["augment.flip"]
    assert (yes.lower(), no.lower()) == ("true", "false")
    assert [tuple(arm["levels"].values()) for arm in joined["arms"]] == [(yes, "0.1"), (no, "0.1"), (yes, "0.05"), (yes, "0.2")]


def test_how_often_it_is_evaluated_can_be_a_factor(sweeps):
    one, other = (done(sweeps, "eval_every=10,30", f"seed={seed}") for seed in (0, 1))
    joined = results.load(one, other)
    assert joined.sweep.to_json()["same_arms"] == []
    assert joined.sweep.to_json()["fixed"]["differences"] == [[1, 0]]


def test_a_comparison_that_is_judged_both_ways_counts_once(sweeps):
    one, other = done(sweeps, "ema=on,off"), done(sweeps, "ema=off,on", "seed=1")
    joined = results.load(one, other)
    assert joined.sweep.design == "factorial"
    assert joined.sweep.to_json()["fixed"]["differences"] == [[1, 0]]


def test_arms_that_are_one_are_not_judged_twice(sweeps):
    one = done(sweeps, "lrn=native,on,off")
    two = done(sweeps, "lrn=on,off")
    joined = results.load(one, two)
    assert joined.sweep.to_json()["same_arms"] == [[1, 0]]
    assert pairs(joined) == [("lrn: native → off", "baseline")]


def test_a_ladder_joined_with_more_seeds_of_it_stays_one(sweeps):
    one, two = (done(sweeps, "augment=on,off", "ema=on,off", f"seed={seed}", design="ladder") for seed in (0, 1))
    joined = results.load(one, two)
    assert joined.sweep.design == "ladder"
    assert [arm["label"] for arm in joined.sweep.to_json()["arms"]][1:] == ["+ augment: on → off", "+ ema: on → off"]
    assert joined.sweep.to_json()["fixed"]["differences"] == [[1, 0], [2, 1]]


FRACTION = ("augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one")


def test_a_fraction_is_joined_with_more_seeds_of_it_alone(sweeps):
    one, two = (done(sweeps, *FRACTION, f"seed={seed}", design="fractional") for seed in (0, 1))
    joined = results.load(one, two)
    assert (joined.sweep.design, joined.sweep.to_json()["fraction"]) == (
        "fractional",
        results.load(one).sweep.to_json()["fraction"],
    )
    assert joined.sweep.to_json()["fixed"]["effects"] == results.load(one).sweep.to_json()["fixed"]["effects"]
    assert joined.sweep.to_json()["fixed"]["differences"] == []
    with pytest.raises(AblateError, match="fractional"):
        results.load(one, done(sweeps, "augment=on,off"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lr=0.05",), r"augment=on in .*, with optimizer\.lr 0\.1 and 0\.05\. Report"),
        (("lr=0.05", "seed=4"), r"optimizer\.lr 0\.1 and 0\.05"),
        (("steps=20",), r"read at step 30 \(averaged\) and 20 \(averaged\)"),
        (("ema=off",), r"read at step 30 \(averaged\) and 30 \(raw\)"),
        (("report.margin=1.0", "seed=1"), r"the same margin before training, got 0\.5 in .*, 1\.0 in"),
        (("data.validation=100", "data.eval_on=validation"), r"the same evaluation set before training, got test in"),
    ],
)
def test_arms_with_the_same_levels_that_are_not_one_are_refused(sweeps, words, message):
    one, other = done(sweeps, "augment=on,off"), done(sweeps, "augment=on,off", *words)
    with pytest.raises(AblateError, match=message):
        results.load(one, other)


def test_without_trajectories_arms_are_compared_by_their_commands(sweeps):
    one, other = done(sweeps, "augment=on,off"), done(sweeps, "augment=on,off", "lr=0.05", "threads=1", "seed=1")
    shutil.rmtree(sweeps.store)
    with pytest.raises(AblateError, match=r"with lr=0\.05\. Report"):
        results.load(one, other)
    alike = done(sweeps, "augment=on,off", "threads=1", "seed=1")
    shutil.rmtree(sweeps.store)
    joined = results.load(one, alike)
    assert joined.runs["status"].tolist() == ["done"] * 4
    assert [note.partition(":")[0] for note in joined.notes] == [one.name, alike.name]
    unknown = done(sweeps, "ema=on,off")
    shutil.rmtree(sweeps.store)
    with pytest.raises(AblateError, match=f"which augment the arms of {unknown.name} have"):
        results.load(one, unknown)


def test_how_often_it_is_evaluated_makes_no_other_arm(sweeps):
    one = done(sweeps, "augment=on,off")
    other = sweeps.trained(sweeps.planned("steps=30", "eval_every=30", "augment=on,off", "seed=1"), 30)
    assert (
        results.load(one, other).evaluations.groupby("number")["step"].apply(list).tolist() == [[10, 20, 30]] * 2 + [[30]] * 2
    )


def test_a_trajectory_that_two_sweeps_name_differently_is_one(sweeps, monkeypatch):
    one, two = done(sweeps, "augment=on,off"), done(sweeps, "ema=on,off")
    sweep_file.write(two, replace(sweeps.planned(*SHORT, "ema=on,off").sweep, store="runs"))
    monkeypatch.chdir(sweeps.store.parent)
    joined = results.load(one, two)
    assert len(joined.trainings) == 2
    assert joined.trainings["runs"].sum() == len(joined.runs) == 3


def test_a_failed_run_stays_a_row(sweeps):
    made = sweeps.planned(*SHORT, "augment=on,off")
    one, two = done(sweeps, "augment=on,off"), done(sweeps, "augment=on,off", "seed=1")
    made.runs[1].trajectory.drop_after(10)
    result_file.write(one / "1", run_result.failure("MemoryError", made.runs[1].asked, made.runs[1].trajectory))
    (two / "0" / result_file.RESULT).unlink()
    shutil.rmtree(sweeps.planned(*SHORT, "augment=on,off", "seed=1").runs[0].trajectory.path)
    joined = results.load(one, two)
    assert joined.runs["status"].tolist() == ["done", "failed", "missing", "done"]
    assert joined.runs["error"][1] == "MemoryError"


# a study by its name


@pytest.fixture
def here(sweeps, monkeypatch):
    monkeypatch.chdir(sweeps.store.parent)
    return sweeps


def test_a_study_is_found_by_its_name(here):
    sweep = done(here, "ema=on,off", study="mine")
    done(here, "ema=on,off", study="other")
    done(here, "ema=on,off")
    loaded = results.load("mine")
    assert set(loaded.runs["sweep"]) == {sweep.name}
    assert loaded.sweep.joined is None


def test_sweeps_of_a_study_that_differ_in_their_seeds_are_joined(here):
    for words in (("seed=0,1",), ("seed=range(2,5)", "threads=1")):
        done(here, "ema=on,off", *words, study="mine")
    joined = results.load("mine")
    assert joined.sweep.seeds == (0, 1, 2, 3, 4)
    assert joined.sweep.study == "mine"


def test_a_damaged_sweep_of_a_study_is_not_left_out_without_a_word(here):
    for seed in (0, 1):
        done(here, "ema=on,off", f"seed={seed}", study="mine")
    one = sorted(here.multirun.glob("mine-*"))[0]
    (one / "sweep.json").write_text("{")
    with pytest.raises(AblateError, match=rf"Cannot read multirun/{one.name}/sweep\.json: not valid JSON"):
        results.load("mine")


def test_sweeps_of_a_study_that_differ_in_more_are_listed(here):
    one = done(here, "ema=on,off", "seed=0,1", study="mine")
    two = here.trained(here.planned("steps=20", "eval_every=10", "ema=on,off", study="mine"), 10, 20)
    with pytest.raises(AblateError, match="must differ only in their seeds") as refused:
        results.load("mine")
    for part in (f"multirun/{one.name} (2 arms, steps 30, seeds 0, 1)", f"multirun/{two.name} (2 arms, steps 20, seeds 0)"):
        assert part in str(refused.value)


@pytest.mark.parametrize("name", ["no_such_study", "multirun", "."])
def test_what_is_no_source_is_refused(here, name):
    done(here, "ema=on,off")
    (here.multirun / "odd").mkdir()
    (here.multirun / "odd" / "sweep.json").write_text(json.dumps(["no sweep"]))
    with pytest.raises(AblateError, match=f"No sweep .*{name}|{name} is no sweep"):
        results.load(name)


def test_nothing_named_is_refused():
    with pytest.raises(AblateError, match="Name a sweep, a study or a store"):
        results.load()


def ended(made, sweep, number, status):
    """Let a run of a sweep have ended otherwise."""
    run = made.runs[number]
    run.trajectory.drop_after(10)
    run.trajectory.set_status(status, 7, "it did")
    result_file.write(
        sweep / str(number),
        run_result.read(run.asked, run.trajectory) or run_result.failure("it did", run.asked, run.trajectory),
    )


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("status", "counted", "note"),
    [
        ("diverged", "diverged", "1 run diverged in one sweep, done in another: counted as diverged"),
        ("failed", "done", "1 run done in one sweep, failed in another: counted as done"),
    ],
)
def test_a_run_that_ended_in_two_ways_is_said_and_a_divergence_counts(sweeps, status, counted, note, turned):
    made = sweeps.planned(*SHORT, "augment=on,off", "seed=0,1", store=sweeps.store.with_name("another"))
    first = sweeps.trained(made, 10, 20, 30)
    second = done(sweeps, "augment=on,off", "seed=1,2")
    ended(made, first, 3, status)
    joined = results.load(*((second, first) if turned else (first, second)))
    assert joined.runs.set_index(["seed", "arm"])["status"].drop((1, 1)).eq("done").all()
    assert joined.runs.set_index(["seed", "arm"]).loc[(1, 1), "status"] == counted
    assert joined.notes == (note,)


@pytest.mark.parametrize("turned", [False, True])
def test_a_run_that_has_other_numbers_in_another_sweep_is_said(sweeps, turned):
    made = sweeps.planned(*SHORT, "augment=on,off", "seed=0,1", store=sweeps.store.with_name("another"))
    parts = [sweeps.trained(made, 10, 20, 30), done(sweeps, "augment=on,off", "seed=1,2")]
    assert results.load(*parts).notes == ()
    made.runs[3].trajectory.drop_after(20)
    changed = evaluation(30, 1) | {"eval_loss_averaged": 7.0}
    made.runs[3].trajectory.add_evaluation(changed, {"raw": np.zeros(4, int), "averaged": np.zeros(4, int)})
    result_file.write(parts[0] / "3", run_result.read(made.runs[3].asked, made.runs[3].trajectory))
    first, other = f"run 3 of {parts[0].name}", f"run 1 of {parts[1].name}"
    if turned:
        parts, (first, other) = parts[::-1], (other, first)
    joined = results.load(*parts)
    assert joined.runs.set_index(["seed", "arm"]).loc[(1, 1), "loss"] == (3030 if turned else 7)
    assert joined.notes == (
        f"Runs with the same arm and seed have different accuracies or losses, and the first named counts: {first} and {other}",
    )
