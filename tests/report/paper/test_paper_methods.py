import re
from dataclasses import replace

import pandas as pd
import pytest

from ablate.report import paper, tables
from ablate.report.paper import recipe
from ablate.report.paper.methods import splits
from ablate.results import load
from ablate.results.analysis import analyze
from ablate.results.question import ask

WHOLE = [[0.810, 0.813, 0.812], [0.811, 0.812, 0.814], [0.780, 0.781, 0.784], [0.700, 0.760, 0.640]]

FIVE = [
    [0.810, 0.812, 0.811, 0.812, 0.811],
    [0.811, 0.812, 0.812, 0.812, 0.811],
    [0.780, 0.781, 0.782, 0.781, 0.780],
    [0.850, 0.851, 0.852, 0.851, 0.850],
]


def without_trainings(analysis):
    """The same where the store is gone."""
    results = analysis.results
    lost = dict.fromkeys(("trajectory", "eval_images", "batch_size", "input", "steps_per_epoch"), None)
    runs = results.runs.assign(**lost).astype(results.runs.dtypes)
    blank = results.trainings.assign(status="missing", device=None, seconds=float("nan")).astype(results.trainings.dtypes)
    return replace(analysis, results=replace(results, runs=runs, trainings=blank, evaluations=results.evaluations.iloc[:0]))


@pytest.mark.parametrize("told", ["test", "validation", "evaluation"])
def test_of_own_code_only_what_it_was_told_is_claimed_of_its_images(study, told):
    analysis = study(WHOLE)
    sweep = replace(analysis.results.sweep, trainer="command")
    question = replace(analysis.question, evaluation_set=told)
    lines = " ".join(splits(replace(analysis.results, sweep=sweep), question))
    assert ("images" in lines, "split" in lines) == (False, False)
    assert (f"used what the training was told is its {told} set." in lines) == (told != "evaluation")
    assert "**To fill in:** which data it was evaluated on." in lines


def test_the_method_is_that_of_the_sweep(study):
    text = paper.methods(study(WHOLE))
    for part in (
        "We compared 4 arms: every combination of levels.",
        "augment (on, off); ema (on, off)",
        "Each arm was run with 3 seeds (0, 1, 2).",
        "shared a training: 12 runs used 6 trainings.",
        "any of these verdicts is wrong is at most 5% (assuming no arm occasionally collapses).",
        "trained the baseline on 1,437 images of the handwritten digits of scikit-learn for 10 steps with a batch size of 128 "
        "(0.9 epochs)",
        "using plain SGD at a learning rate of 0.1, constant.",
        "Input: 24×24 pixels, random crops, random horizontal flips, brightness ± 63, contrast × 0.2 to 1.8",
        "Every evaluation used the 360 test images",
        "is made on the test set",
        "a t-interval for its mean over seeds at the 98.3% level (Bonferroni-adjusted for 3 comparisons)",
        "within ± 0.5 pp (its narrower 96.7% interval lay within the margin)",
        "We fixed the metric, step, margin and comparisons when the sweep was planned.",
        "Of 12 runs, 12 gave a result. The 6 trainings took 30 s in total (5.0 s on average, 5.0 s at most).",
        "They ran on Some CPU, 1 thread per training (Python 3.11.7, TensorFlow 2.21.0, Keras 3.15.1).",
    ):
        assert part in text
    assert "To fill in" not in text


def test_what_was_changed_after_training_is_no_plan(study):
    text = paper.methods(study(WHOLE, metric="loss"))
    assert "exploratory: metric loss instead of accuracy." in text
    assert "comparisons before training" not in text
    assert "no effect" not in text  # a loss has no margin
    assert "these verdicts is wrong" not in paper.methods(study(WHOLE, margin=1.0))


def test_held_out_images_are_not_called_test_images(study):
    text = paper.methods(study(WHOLE[:2], "ema=on,off", "data.validation=100", "data.eval_on=validation"))
    assert "Every evaluation used 100 images held out of the training set" in text
    assert "the test set was not used" in text


def test_what_no_file_tells_is_left_to_the_authors(study):
    lost = without_trainings(study(WHOLE))
    for text in (paper.methods(lost), paper.checklist(lost)):
        assert "**To fill in:**" in text
        assert "SGD" not in text
        assert "nan" not in text
    assert "Accuracy on the test set after 10 steps" in paper.caption(lost)


def test_failures_are_counted(study):
    values = [[0.8, "failed", 0.81], [0.79, 0.78, "diverged"], [0.7, 0.71, 0.72], ["missing"] * 3]
    analysis = study(values)
    text = paper.methods(analysis)
    assert "Each arm was planned with 3 seeds" in text
    assert "Of 12 runs, 7 gave a result, 3 had not been trained, 1 failed and 1 diverged." in text
    assert "Runs: 7 done, 3 not yet run, 1 failed, 1 diverged. Trainings: 6 done." in paper.checklist(analysis)


def test_the_checklist_answers_each_question(study):
    text = paper.checklist(study(WHOLE))
    questions = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(questions) == 8
    for part in (
        "We report means over 3 seeds with the standard deviation over seeds (not the standard error).",
        "The noise floor of a run (EMA weights) is",
        "normally distributed",
        "- learning rate: 0.1, constant\n",
        "- ema: on, off\n",
        "takes 5.0 s in every arm",
        "1,068,298 to 1,756,426 parameters",
        "Training took 30 s in total",
        "**To fill in:** how these were chosen",
    ):
        assert part in text


@pytest.mark.parametrize("values", [[[0.8]], [[0.8, 0.81]]])
def test_an_arm_alone_is_not_compared(study, values):
    analysis = study(values, "lr=0.1")
    assert "We trained one arm." in paper.methods(analysis)
    assert "We compared nothing." in paper.methods(analysis)
    assert "We compared nothing." in paper.checklist(analysis)


def test_one_seed_has_no_error_bars_and_no_test(study):
    analysis = study([[0.8], [0.7], [0.71], [0.72]])
    text = paper.checklist(analysis)
    assert "We report none: there is one seed, so there is no verdict." in text
    assert "None: we tested nothing." in text
    said = "For each of 3 comparisons, we computed the seed-paired difference. Because there was one seed, there is no interval"
    for told in (text, paper.methods(analysis)):
        assert said in told
        for absent in ("t-interval", "Bonferroni", "5%", "p-values", "help or hurt", "Verdicts hold for"):
            assert absent not in told
    caption = paper.caption(analysis)
    assert "Accuracy: one seed." in caption
    assert "One seed gives no verdict." in caption
    for absent in ("t-interval", "Bonferroni", "Verdict:", "deviation"):
        assert absent not in caption
    left = paper.methods(study([[0.8, "failed", "failed"], ["failed"] * 3], "ema=on,off"))
    assert "Because no comparison had two seeds with a result, there is no interval" in left


def test_one_comparison_shares_nothing(study):
    analysis = study(WHOLE[:2], "ema=on,off")
    text = paper.methods(analysis)
    assert "For the comparison, we computed the seed-paired difference and a t-interval for its mean over seeds at" in text
    for told in (text, paper.checklist(analysis), paper.caption(analysis), tables.markdown_file(analysis)):
        assert re.search(r"(at 95%\.|at the 95% level\.|95% t-interval over seeds\.)", told.replace("\\", ""))
        assert "for 1 comparison" not in told
        assert "1 comparison" not in told
        assert "Bonferroni" not in told


def test_a_training_that_goes_on_is_not_said_to_have_ended_badly(study):
    analysis = study([*WHOLE[:3], ["missing"] * 3])
    trainings = analysis.results.trainings.copy()
    trainings["status"] = ["running", "missing", "missing", "running", "missing", "done"]
    trainings.loc[trainings["status"] == "missing", "seconds"] = float("nan")
    runs = analysis.results.runs
    of_last = runs["arm"] == 3
    runs.loc[of_last, "fingerprint"] = trainings["fingerprint"].iloc[[0, 1, 2]].tolist()
    runs.loc[~of_last, "fingerprint"] = [trainings["fingerprint"].iloc[3 + number % 3] for number in range(9)]
    found = replace(analysis, results=replace(analysis.results, trainings=trainings, runs=runs))
    text = paper.checklist(found)
    assert "unfinished" not in text
    assert "9 done, 2 not yet run, 1 running." in text
    assert "Trainings: 2 running, 2 not yet run, 1 not found, 1 done." in text
    assert "2 had not been trained and 1 in training" in paper.methods(found)
    assert any("1 running" in table.text["not done"][3] for table in tables.in_file(found) if table.name == "arms")


def test_what_was_fixed_when_is_worded_alike_under_the_table(study):
    analysis = study(WHOLE)
    assert "comparisons when the sweep was planned" in paper.methods(analysis)
    assert "± 0.5 pp, fixed when the sweep was planned." in tables.markdown_file(analysis)
    assert "pp, fixed" not in tables.markdown_file(study(WHOLE, margin=1.0))


def test_names_are_not_taken_for_markdown(study):
    analysis = study(WHOLE)
    sweep = replace(analysis.results.sweep, factors={"<x>": ("*a*", "b"), "ema": ("on", "off")})
    named = replace(analysis, results=replace(analysis.results, sweep=sweep))
    assert r"(baseline level first): \<x> (\*a\*, b); ema (on, off)." in paper.methods(named)
    assert r"- \<x>: \*a\*, b" in paper.checklist(named)


@pytest.mark.parametrize(
    ("read", "content", "text"),
    [
        (recipe.optimizer, {"kind": "momentum", "lr": 0.01, "momentum": 0.9}, "SGD with momentum 0.9"),
        (recipe.optimizer, {"kind": "adam", "lr": 0.001, "beta_1": 0.9}, "Adam (beta_1 0.9)"),
        (recipe.schedule, {"kind": "staircase", "factor": 0.1, "every_epochs": 350.0}, "multiplied by 0.1 every 350 epochs"),
        (recipe.schedule, {"kind": "cosine", "final_fraction": 0.0}, "with cosine decay to 0 of that"),
        (recipe.weight_decay, {"kind": "none"}, "none"),
        (
            recipe.weight_decay,
            {"kind": "decoupled", "rate": 0.001, "per_weight": False, "layers": "all"},
            "decoupled weight decay on all layers at a rate of 0.001",
        ),
        (
            recipe.initial_weights,
            {"distribution": "truncated_normal", "stddev": {"conv": 0.05, "classifier": "inverse_fan_in"}},
            "truncated normal, SD 0.05 (conv), 1 / fan in (classifier)",
        ),
    ],
)
def test_a_recipe_is_told_in_words(read, content, text):
    assert read(content) == text


def test_every_level_of_the_program_can_be_told(study):
    told = set()
    for words in (
        ["optimizer=sgd,momentum,adam", "augment=off"],
        ["schedule=constant,tutorial,cosine"],
        ["weight_decay=scaled,tutorial,decoupled,off"],
        ["init=xavier,xavier_uniform,he,tutorial"],
    ):
        analysis = study([[0.8]] * (words[0].count(",") + 1), *words)
        for path in analysis.results.runs["trajectory"]:
            told.add(tuple(recipe.hyperparameters(analysis.results.trained[path].config).values()))
    assert len(told) == 3 + 3 + 4 + 4 - 2  # the defaults once
    assert pd.Series([len(each) for each in told]).eq(8).all()


def test_seconds_that_are_not_known_are_not_claimed(study):
    analysis = study(WHOLE)
    trainings = analysis.results.trainings.copy()
    trainings.loc[0, ["status", "seconds"]] = ["diverged", float("nan")]
    trainings.loc[1, "status"] = "failed"
    part = replace(analysis, results=replace(analysis.results, trainings=trainings))
    said = "counting 1 unfinished training up to the last evaluation, excluding 1 training with no recorded time"
    assert f"The 5 trainings took 25 s in total (5.0 s on average, 5.0 s at most), {said}" in paper.methods(part)
    assert said in paper.checklist(part)


def test_weights_and_steps_can_share_a_training(sweeps):
    sweep = sweeps.trained(sweeps.planned("steps=5,10", "eval_every=5", "seed=0,1,2"), 5, 10)
    text = paper.methods(analyze(*ask(load(sweep))))
    assert "only in the evaluated step or weights shared a training: 6 runs used 3 trainings." in text


@pytest.mark.parametrize(
    ("begun", "said"),
    [
        ([100.0] * 6, "comparisons before training. Verdicts"),
        (
            [99.0] * 2 + [100.0] * 4,
            "comparisons when the sweep was planned. 2 of 6 trainings predate this plan",
        ),
        ([float("nan")] + [100.0] * 5, "comparisons when the sweep was planned. Verdicts"),
    ],
)
def test_what_was_fixed_before_training_is_looked_up(study, begun, said):
    analysis = study(WHOLE)
    results = analysis.results
    trainings = results.trainings.assign(begun=begun)
    dated = replace(analysis, results=replace(results, sweep=replace(results.sweep, fixed_at=100), trainings=trainings))
    assert said in paper.methods(dated)


def test_seeds_that_failed_are_not_said_to_be_none(study):
    text = paper.checklist(study([[0.8, 0.81, 0.82], [0.8, "failed", "failed"]], "ema=on,off"))
    assert "there is one seed" not in text
    left = paper.checklist(study([[0.8, "failed", "failed"], ["failed"] * 3], "ema=on,off"))
    assert "We report none: no arm has two seeds with a result, so there is no verdict." in left


def test_what_a_diverged_seed_forbids_is_told_and_what_it_left_inconclusive_is_named(study):
    values = [[*row[:4], "diverged"] if arm == 0 else row for arm, row in enumerate(FIVE)]
    analysis = study(values)
    assert analysis.comparisons["limit"].tolist() == ["diverged", "diverged", ""]
    forbidden = "If a seed diverged, the comparisons it touches {} no favorable verdict."
    inconclusive = "no EMA; no augmentation."
    for text in (paper.methods(analysis), paper.checklist(analysis)):
        assert forbidden.format("got") in text
        assert f"Inconclusive for this reason: {inconclusive}" in text
    caption = paper.caption(analysis)
    assert forbidden.format("get") in caption
    assert f"Inconclusive because a seed diverged: {inconclusive}" in caption
    whole = study(FIVE)
    assert forbidden.format("got") in paper.methods(whole)
    assert "for this reason" not in paper.methods(whole)
    assert "diverged" not in paper.caption(whole)
    assert "no effect" not in paper.methods(study(FIVE, metric="loss"))
