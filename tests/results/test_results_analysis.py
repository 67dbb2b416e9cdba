"""The whole way, from files on disk to what a report says, against numbers computed otherwise."""

import itertools
import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import SEGMENT, Sweeps
from scipy import stats as scipy_stats
from statsmodels.stats.weightstats import DescrStatsW

from ablate import stats
from ablate.designs import phrases
from ablate.errors import AblateError
from ablate.planning import plan
from ablate.report import caveats, files, footnotes, naming, paper, tables
from ablate.report.page import story
from ablate.results import load
from ablate.results.analysis import analyze
from ablate.results.computed.judged import PENDING
from ablate.results.question import ask
from ablate.store import SWEEP, Evaluated, result_file, sweep_file, write_json

IMAGES = 400
LABELS = np.arange(IMAGES) % 10
NAMES = tuple("abcdefghij")


def rights(levels: dict[str, str], weights: str, seed: int, step: int) -> np.ndarray:
    """Which images a made-up network classifies rightly: some for the training, the seed and the weights, some by chance."""
    training = ",".join(f"{factor}={level}" for factor, level in levels.items() if factor != "ema")
    generator = np.random.default_rng([seed, step, zlib.crc32(training.encode()), weights == "averaged"])
    share = 0.5 + 0.1 * (levels.get("augment") == "on") + 0.05 * (weights == "averaged") + 0.01 * seed
    return generator.random(IMAGES) < share


def fill(sweeps: Sweeps, made: plan.Plan, steps=(10, 20), skip=lambda run: False) -> Path:
    """Trajectories and results of a sweep over augment and ema, and perhaps more."""

    def measured(run, step):
        found = {w: rights(dict(made.arms[run.arm].levels), w, run.seed, step) for w in ("raw", "averaged")}
        scores = {f"accuracy_{w}": float(right.mean()) for w, right in found.items()}
        scores |= {f"eval_loss_{w}": 2 - float(right.mean()) for w, right in found.items()}
        return scores, {w: np.where(right, LABELS, (LABELS + 1) % 10) for w, right in found.items()}

    return sweeps.trained(made, *steps, measured=measured, seen=Evaluated(LABELS, NAMES, "made up", "test"), skip=skip)


@pytest.fixture
def factorial(sweeps) -> Path:
    made = sweeps.planned("augment=on,off", "ema=on,off", "seed=0,1,2,3", "steps=20", "eval_every=10")
    return fill(sweeps, made)


def analyzed(folder: Path, **changes):
    return analyze(*ask(load(folder), **changes))


def test_the_verdict_table_is_what_the_predictions_say(factorial):
    found = analyzed(factorial)
    # the same numbers from the made-up networks themselves
    arms = [{"augment": a, "ema": e} for a, e in itertools.product(("on", "off"), repeat=2)]
    correct = {
        (arm, seed): rights(levels, "averaged" if levels["ema"] == "on" else "raw", seed, 20)
        for arm, levels in enumerate(arms)
        for seed in range(4)
    }
    assert found.comparisons["name"].tolist() == ["no EMA", "no augmentation", "no augmentation, no EMA"]
    for row, arm in enumerate((1, 2, 3)):
        differences = [100 * (correct[arm, seed].mean() - correct[0, seed].mean()) for seed in range(4)]
        one = found.comparisons.iloc[row]
        assert found.samples.iloc[row].tolist() == pytest.approx(differences)
        assert one["points"] == pytest.approx(np.mean(differences))
        low, high = DescrStatsW(differences).tconfint_mean(alpha=0.05 / 3)
        assert (one["low"], one["high"]) == pytest.approx((low, high))
        assert one["p"] == pytest.approx(scipy_stats.ttest_1samp(differences, 0).pvalue)
        excluded = low > 0 or high < 0
        assert (one["verdict"] in ("helps", "hurts")) == excluded
        # the second estimand, written out
        d = np.stack([correct[arm, seed].astype(float) - correct[0, seed] for seed in range(4)])
        r, c, g = d.mean(axis=1), d.mean(axis=0), d.mean()
        square = ((d - r[:, None] - c[None, :] + g) ** 2).sum() / (3 * (IMAGES - 1))
        v_img = max(0.0, c.var(ddof=1) / IMAGES - square / (4 * IMAGES))
        level = 1 - 0.05 / 3
        t, z = scipy_stats.t.ppf((1 + level) / 2, 3), scipy_stats.norm.ppf((1 + level) / 2)
        half = 100 * np.sqrt(t**2 * r.var(ddof=1) / 4 + z**2 * v_img)
        assert (one["low_new"], one["high_new"]) == pytest.approx((100 * g - half, 100 * g + half))


def test_the_arms_have_their_costs_and_their_differences(factorial):
    arms = analyzed(factorial).arms.set_index("arm")
    assert arms["mean"].to_dict() == pytest.approx(load(factorial).runs.groupby("arm")["accuracy"].mean().mul(100).to_dict())
    assert arms.loc[2, "parameters_difference"] == arms.loc[2, "parameters"] - arms.loc[0, "parameters"] > 0
    assert arms.loc[0, "bytes"] == 4 * arms.loc[0, "parameters"]
    assert arms["against"].isna().tolist() == [True, False, False, False]
    best = arms["mean"].idxmax()
    assert arms.loc[best, ["front_operations", "front_parameters"]].all()


@pytest.mark.parametrize(
    ("hours", "host", "expected"),
    [({"on": 0, "off": 1}, "here", True), ({"on": 0, "off": 20}, "here", False), ({"on": 0, "off": 1}, "there", False)],
)
def test_time_is_a_cost_where_arms_were_trained_in_turns_on_one_machine(sweeps, hours, host, expected):
    made = sweeps.planned("augment=on,off", "ema=on,off", "seed=0,1,2", "steps=20", "eval_every=10")
    folder = fill(sweeps, made)
    for run in made.runs:
        level = dict(made.arms[run.arm].levels)["augment"]
        time = f"2026-01-{1 + (2 * run.seed + hours[level]) // 24:02}T{(2 * run.seed + hours[level]) % 24:02}:00:00+0000"
        segment = SEGMENT | {"time": time, "host": host if level == "off" else "here"}
        (sweeps.store / run.trajectory.fingerprint / "env.json").unlink(missing_ok=True)
        run.trajectory.add_segment(segment)
    found = analyzed(folder)
    assert found.in_turns is expected
    assert found.arms["front_seconds"].any() == expected
    (arms,) = [table for table in tables.every(found) if table.name == "arms"]
    assert any("not interleaved" in note for note in arms.notes) != expected


def test_what_an_arm_brings_along_is_named(factorial):
    confounds = analyzed(factorial).confounds
    assert set(confounds["arm"]) == {2, 3}
    first = confounds[confounds["arm"] == 2].set_index("what")
    assert (first.loc["input", "before"], first.loc["input", "after"]) == ("24×24", "32×32")
    assert first.loc["parameters", "by"] > 0


def test_missing_runs_leave_the_pairs_that_both_have(sweeps):
    made = sweeps.planned("augment=on,off", "ema=on,off", "seed=0,1,2", "steps=20", "eval_every=10")
    folder = fill(sweeps, made, skip=lambda run: run.seed == 1 and run.arm < 2)
    found = analyzed(folder)
    assert found.comparisons["n"].tolist() == [2, 2, 2]
    assert found.arms["missing"].tolist() == [1, 1, 0, 0]
    assert found.compute["runs"] == {"done": 10, "missing": 2}


def test_one_seed_gives_no_verdict(sweeps):
    made = sweeps.planned("augment=on,off", "ema=on,off", "steps=20", "eval_every=10")
    found = analyzed(fill(sweeps, made))
    assert set(found.comparisons["verdict"]) == {"no verdict"}
    assert not found.comparisons["dagger"].any()


def test_a_fraction_is_judged_by_its_effects(sweeps):
    words = ("augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one", "seed=0,1,2", "steps=20", "eval_every=10")
    made = sweeps.planned(*words, design="fractional")
    found = analyzed(fill(sweeps, made))
    assert len(found.comparisons) == len(made.effects) == found.question.judged
    assert found.comparisons["arm"].isna().all()
    assert found.comparisons["low_new"].notna().all()
    row = next(number for number, effect in enumerate(made.effects) if effect == ("augment",))
    wide, levels = found.wide, found.levels["augment"]
    expected = wide[levels == "off"].mean() - wide[levels == "on"].mean()
    assert found.samples.iloc[row].tolist() == pytest.approx(expected.tolist())
    assert found.comparisons["points_new"].tolist() == pytest.approx(found.comparisons["points"].tolist())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"at_step": 20, "metric": "accuracy", "margin": 0.5}, []),
        ({"at_step": 10}, ["evaluated at step 10 instead of 20"]),
        ({"margin": 2.0}, ["margin 2 instead of 0.5"]),
        ({"metric": "loss"}, ["metric loss instead of accuracy"]),
        ({"baseline": "3"}, ["compared with augment: off, ema: off instead of as planned"]),
        ({"baseline": "augment=on ema=on"}, []),
    ],
)
def test_what_differs_from_the_plan_makes_a_report_exploratory(factorial, changes, said):
    question = analyzed(factorial, **changes).question
    assert list(question.changes) == said
    assert question.exploratory == bool(said)


def test_another_step_is_read_off_the_same_trajectories(factorial):
    found = analyzed(factorial, at_step=10)
    expected = 100 * rights({"augment": "on", "ema": "on"}, "averaged", 2, 10).mean()
    assert found.wide.loc[0, 2] == pytest.approx(expected)
    assert set(found.results.evaluations["step"]) == {10}
    assert found.comparisons["points_new"].tolist() == pytest.approx(found.comparisons["points"].tolist())


def test_another_baseline_has_every_other_arm_compared_with_it(factorial):
    found = analyzed(factorial, baseline="no augmentation")
    assert found.question.pairs == ((0, 2), (1, 2), (3, 2))
    assert found.comparisons["points"].iloc[0] == pytest.approx(-analyzed(factorial).comparisons["points"].iloc[1])
    assert found.comparisons["name"].tolist() == ["with augmentation", "with augmentation, no EMA", "no EMA"]
    assert found.arms["label"].tolist()[2] == "baseline"
    assert set(found.results.evaluations["label"]) == set(found.results.runs["label"]) == set(found.arms["label"])


@pytest.mark.parametrize(("baseline", "rungs", "name"), [(None, True, "+ EMA"), ("0", False, "with augmentation, with EMA")])
def test_a_ladder_that_is_compared_otherwise_has_no_rungs(sweeps, baseline, rungs, name):
    made = sweeps.planned("augment=off,on", "ema=off,on", "seed=0,1,2", "steps=20", "eval_every=10", design="ladder")
    found = analyzed(fill(sweeps, made), baseline=baseline)
    assert (found.partner, found.comparisons["name"].tolist()[-1]) == ("the rung below" if rungs else None, name)
    assert any("rung below" in line for line in found.fill(footnotes.verdict_notes)) == rungs
    assert found.question.exploratory != rungs


@pytest.mark.parametrize(("arm", "verdicts_"), [(1, ["inconclusive", "hurts"]), (0, ["helps", "inconclusive"])])
def test_what_is_left_of_an_arm_that_diverged_is_not_said_to_do_well(sweeps, arm, verdicts_):
    """Neither is the other said to do worse than what is left of it."""
    made = sweeps.planned("lr=0.1,0.2,0.3", "seed=0,1,2,3", "steps=20", "eval_every=10", design="one_factor")
    results = load(fill(sweeps, made))
    values = {0: 0.70, 1: 0.701, 2: 0.60}
    runs = results.runs.assign(accuracy=results.runs["arm"].map(values) + results.runs["seed"] * results.runs["arm"] / 1e4)
    gone = (runs["arm"] == arm) & (runs["seed"] == 3)
    runs.loc[gone, ["status", "accuracy"]] = ["diverged", np.nan]
    found = analyze(*ask(replace(results, runs=runs)))
    assert found.comparisons["verdict"].tolist() == verdicts_
    assert found.comparisons["limit"].tolist() == ["" if told != "inconclusive" else "diverged" for told in verdicts_]


def test_new_images_are_not_told_from_fewer_seeds_than_the_verdict(sweeps):
    made = sweeps.planned("augment=on,off", "seed=0,1,2,3", "steps=20", "eval_every=10")
    folder = fill(sweeps, made)
    assert analyzed(folder).comparisons["low_new"].notna().all()
    made.runs[0].trajectory.predictions_file(20).write_bytes(b"damaged")
    found = analyzed(folder).comparisons
    assert found["n"].tolist() == [4]
    assert found["low_new"].isna().all()
    assert not found["dagger"].any()


def test_of_the_loss_less_is_better_and_there_is_no_margin(factorial):
    loss, accuracy = analyzed(factorial, metric="loss"), analyzed(factorial)
    assert loss.comparisons["points"].tolist() == pytest.approx((-accuracy.comparisons["points"] / 100).tolist())
    assert loss.comparisons["verdict"].tolist() == accuracy.comparisons["verdict"].replace("no effect", "inconclusive").tolist()
    assert loss.question.margin is None
    assert loss.comparisons["low_new"].isna().all()
    assert loss.published.empty


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"baseline": "7"}, r"number or name of an arm \(0: baseline"),
        ({"metric": "speed"}, "accuracy, loss"),
        ({"at_step": 15}, "10, 20"),
        ({"margin": 0.0}, "greater than 0"),
    ],
)
def test_what_there_is_not_is_refused(factorial, changes, said):
    with pytest.raises(AblateError, match=said):
        analyzed(factorial, **changes)


def test_an_effect_has_no_baseline(sweeps):
    words = ("augment=on,off", "ema=on,off", "lrn=on,off", "steps=20", "eval_every=10")
    made = sweeps.planned(*words, design="fractional")
    with pytest.raises(AblateError, match="judged by effects"):
        analyzed(fill(sweeps, made), baseline="1")


def test_arms_that_are_one_are_compared_once_with_another_baseline(sweeps):
    words = ("lrn=native,on,off", "seed=0,1", "steps=20", "eval_every=10")
    made = sweeps.planned(*words)
    assert made.same_arms() == [(1, 0)]
    sweep_file.write(sweeps.multirun / "it", made.sweep)
    _, question = ask(load(sweeps.multirun / "it"), baseline="2")
    assert question.pairs == ((0, 2),)


def test_joined_sweeps_are_exploratory(sweeps):
    folders = []
    for seeds in ("seed=0,1", "seed=2,3"):
        made = sweeps.planned("augment=on,off", "ema=on,off", seeds, "steps=20", "eval_every=10")
        folders.append(fill(sweeps, made))
    found = analyze(*ask(load(*folders)))
    assert found.comparisons["n"].tolist() == [4, 4, 4]
    [change] = found.question.changes
    assert change.startswith("sweeps joined: ")


def test_frames_are_whole_where_nothing_was_trained(sweeps):
    made = sweeps.planned("augment=on,off", "ema=on,off", "seed=0,1", "steps=20", "eval_every=10")
    sweep_file.write(sweeps.multirun / "it", made.sweep)
    found = analyzed(sweeps.multirun / "it")
    assert set(found.comparisons["verdict"]) == {"no verdict"}
    assert found.arms["missing"].tolist() == [2, 2, 2, 2]
    for frame in (found.contrasts, found.shapley, found.over_training, found.classes, found.networks, found.published):
        assert isinstance(frame, pd.DataFrame)
    assert found.reach.empty or found.reach["reached"].eq(0).all()


def test_what_a_diverged_seed_says_of_its_step_is_no_confound(sweeps):
    made = sweeps.planned("augment=on,center", "seed=0,1,2", "steps=20", "eval_every=10")
    folder = fill(sweeps, made)
    made.runs[1].trajectory.drop_after(5)
    made.runs[1].trajectory.set_status("diverged", 7, "the loss became nan at step 7")
    found = analyzed(folder)
    assert found.results.runs.loc[1, "step"] == 7
    assert "step" not in set(found.confounds["what"])


def test_a_training_without_an_evaluation_has_no_time_and_is_counted(sweeps):
    made = sweeps.planned("augment=on,off", "seed=0,1", "steps=20", "eval_every=10")
    lost = made.runs[1].trajectory
    folder = fill(sweeps, made)
    lost.drop_after(0)
    lost.set_status("diverged", 7, "the loss became nan at step 7")
    compute = analyzed(folder).compute
    assert (compute["timed"], compute["untimed"], compute["seconds"]) == (3, 1, 30.0)


def test_trainings_from_before_the_plan_are_counted_where_it_is_dated(sweeps):
    made = sweeps.planned("augment=on,off", "seed=0,1", "steps=20", "eval_every=10")
    folder = fill(sweeps, made)
    assert analyzed(folder).begun_earlier is None
    sweep_file.write(folder, replace(made.sweep, fixed_at=1795317581))
    assert analyzed(folder).begun_earlier is None, "no training says when it was begun"
    for run, second in zip(made.runs, (40, 41, 42, 43), strict=True):
        (run.trajectory.path / "env.json").unlink()
        run.trajectory.add_segment({"time": f"2026-11-22T04:19:{second}+0100"})
    found = analyzed(folder)
    assert found.begun_earlier == 1
    assert caveats.earlier(found.results, found.question, found.begun_earlier).startswith(
        "1 of 4 trainings predates this plan; "
    )
    sweep_file.write(folder, replace(made.sweep, fixed_at=1795317580))
    assert analyzed(folder).begun_earlier == 0
    assert caveats.earlier(found.results, found.question, 0) == ""
    assert not found.question.exploratory


def test_a_sweep_that_is_not_finished_has_no_verdict_yet(sweeps):
    made = sweeps.planned("augment=on,off", "seed=0,1,2", "steps=20", "eval_every=10")
    folder = fill(sweeps, made, skip=lambda run: run.seed == 2)
    found = analyzed(folder)
    said = "Pending: 2 of 6 runs are missing. A comparison gets its verdict once all of its runs have ended."
    assert found.fill(caveats.interim) == said
    assert found.comparisons[["verdict", "limit"]].to_numpy().tolist() == [["no verdict", PENDING]]
    assert analyzed(fill(sweeps, made)).fill(caveats.interim) == ""


def test_arms_of_joined_sweeps_may_have_different_numbers_of_seeds(sweeps):
    folders = []
    for words in (("augment=on,off", "seed=0,1,2"), ("augment=on,center", "seed=0,1")):
        made = sweeps.planned(*words, "steps=20", "eval_every=10", design="one_factor")
        folders.append(fill(sweeps, made))
    assert naming.seeds_an_arm(load(folders[0])) == "3 seeds"
    found = analyze(*ask(load(*folders)))
    assert naming.seeds_an_arm(found.results) == "2 to 3 seeds"
    assert "Each arm was run with 2 to 3 seeds (0, 1, 2)." in paper.methods(found)
    assert "3 arms with 2 to 3 seeds each = 8 runs" in found.fill(story.plan)[0]


def test_comparisons_of_joined_sweeps_are_no_ladder(sweeps):
    folders = []
    for words in (("augment=on,off", "ema=on"), ("augment=on,off", "ema=off"), ("augment=on", "ema=off,on")):
        made = sweeps.planned(*words, "seed=0,1", "steps=20", "eval_every=10", design="one_factor")
        folders.append(fill(sweeps, made))
    text = " ".join(analyze(*ask(load(*folders))).fill(story.asked))
    assert "rung" not in text
    assert "as each of the sweeps planned it" in text


def test_arms_compared_with_different_ones_are_named_by_what_they_change(sweeps):
    folders = []
    for words in (("augment=on,off", "ema=on,off"), ("augment=off,on", "ema=off,on")):
        made = sweeps.planned(*words, "seed=0,1", "steps=20", "eval_every=10", design="one_factor")
        folders.append(fill(sweeps, made))
    found = analyze(*ask(load(*folders)))
    levels = found.levels
    for row in found.comparisons.itertuples():
        before, after = levels.loc[row.against], levels.loc[row.arm]
        assert row.name == phrases.of_changes([(f, before[f], after[f]) for f in levels if before[f] != after[f]])
    assert len(found.comparisons) == 4


def test_what_does_not_fit_together_is_said(sweeps):
    made = sweeps.planned("augment=on,off", "seed=0,1,2,3", "steps=20", "eval_every=10")
    folder = fill(sweeps, made)
    assert not load(folder).notes
    assert not analyzed(folder).fill(caveats.doubts)
    first, second = (run.trajectory for run in made.runs[:2])
    first.predictions_file(20).unlink()
    (second.path / "metrics.jsonl").write_text("garbage\n")
    result = folder / "2" / result_file.RESULT
    result.write_text(result.read_text().replace('"accuracy": ', '"accuracy": 1'))
    found = analyzed(folder)
    assert any("The evaluations of 1 of 8 finished runs are damaged or missing" in note for note in found.results.notes)
    assert any("result.json: accuracy must be a number from 0 to 1, got 1" in note for note in found.results.notes)
    assert found.results.runs["accuracy"].max() <= 1
    assert any("The predictions of 1 of 8 finished runs are damaged or missing" in line for line in found.fill(caveats.doubts))
    assert set(found.fill(caveats.doubts)) <= set(found.fill(footnotes.verdict_notes))


def test_a_network_that_knows_one_class_is_named(sweeps, monkeypatch):
    made = sweeps.planned("augment=on,off", "seed=0,1", "steps=20", "eval_every=10")
    monkeypatch.setitem(globals(), "LABELS", np.zeros(IMAGES, dtype=int))
    monkeypatch.setitem(globals(), "rights", lambda levels, *_: np.full(IMAGES, levels["augment"] == "on"))
    [line] = analyzed(fill(sweeps, made)).fill(caveats.doubts)
    assert line.startswith("These networks predict the same class for every image, so they learned nothing: ")
    assert "no augmentation, seed 1" in line


def test_a_seed_that_one_arm_lost_does_not_cost_the_noise_floor_a_degree_of_freedom():
    values = np.random.default_rng(0).normal(80, 1, (4, 5))
    whole = pd.DataFrame(values)
    lost = whole.copy()
    lost.loc[0, 1] = lost.loc[3, 2] = np.nan
    samples = pd.DataFrame(values[1:] - values[0])
    assert stats.noise(lost, samples)["n"].tolist() == [5, 5]
    assert stats.noise(lost, samples)["freedom"][0] >= 4


@pytest.mark.parametrize("changes", [{}, {"margin": 2.0}])
def test_files_that_travel_alone_tell_what_was_changed_after_training(factorial, changes):
    found = dict(files.frames(analyzed(factorial, **changes)))
    marked = {name: set(frame["exploratory"]) for name, frame in found.items() if "exploratory" in frame}
    assert marked == {name: {bool(changes)} for name in ("arms", "effects", "contrasts")}
    assert {f"{name}.csv" for name in marked} == {name for name, told in files.MEANINGS.items() if "exploratory" in told}


@pytest.mark.parametrize("key", ["factors", "margin"])
def test_a_plan_that_is_not_whole_is_refused(factorial, key):
    content = json.loads((factorial / SWEEP).read_text())
    content.pop(key, None)
    content["fixed"].pop(key, None)
    write_json(factorial / SWEEP, content)
    with pytest.raises(AblateError, match=rf"sweep\.json: (fixed\.)?{key} is missing\."):
        load(factorial)
