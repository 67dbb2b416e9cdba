from dataclasses import replace

from ablate.report import tables
from ablate.report.tables import arms, costs
from ablate.results import load
from ablate.results.analysis import analyze
from ablate.results.question import ask

WHOLE = [[0.810, 0.813, 0.812], [0.811, 0.812, 0.814], [0.780, 0.781, 0.784], [0.700, 0.760, 0.640]]


def test_a_row_an_arm_with_the_digits_that_deviations_allow(study):
    text = study(WHOLE).fill(arms.part).text
    assert text["arm"][0] == "baseline"
    assert text["accuracy (%)"].tolist() == ["81.17", "81.23", "78.17", "70.00"]
    assert text["SD"].tolist() == ["0.15", "0.15", "0.21", "6.00"]
    assert text["worst seed"][3] == "64.00"
    assert text["95% CI"][0] == "80.79 to 81.55"
    assert text["parameters"].tolist()[:3] == ["1,068,298", "1,068,298", "1,756,426"]
    assert text["Pareto-optimal in"].tolist() == ["–", "FLOPs, parameters", "–", "–"]  # of time nothing is known
    assert "not done" not in text


def test_arms_of_one_seed_have_no_deviation(study):
    table = study([[0.8], [0.7], [0.71], [0.72]]).fill(arms.part)
    assert table.text["SD"].tolist() == table.text["95% CI"].tolist() == ["–"] * 4
    assert not any("standard deviation" in line for line in table.notes)


def test_what_is_not_done_is_counted_by_arm(study):
    values = [[0.8, 0.8], [0.7, "failed"], ["diverged", "failed"], ["missing"] * 2]
    text = study(values).fill(arms.part).text
    assert text["not done"].tolist() == ["–", "1 failed", "1 diverged, 1 failed", "2 not yet run"]
    assert text["accuracy (%)"][3] == "–"
    assert list(text.columns)[:3] == ["arm", "seeds", "not done"]  # in sight, where the window is narrow


def test_what_was_not_evaluated_at_a_step_is_not_said_to_be_trained_yet(sweeps):
    folder = sweeps.trained(sweeps.planned("steps=5,10", "eval_every=5", "seed=0,1"), 5, 10)
    results = load(folder)
    runs = results.runs.copy()
    runs.loc[runs["arm"] == 1, "status"] = "missing"
    analysis = analyze(*ask(replace(results, runs=runs)))
    asked = replace(analysis, question=replace(analysis.question, steps=(5, 5)))
    assert analysis.fill(arms.part).text["not done"].tolist() == ["–", "2 not yet run"]
    assert asked.fill(arms.part).text["not done"].tolist() == ["–", "2 not evaluated"]


def test_an_arm_alone_says_what_it_is_read_at(study):
    [table] = [table for table in tables.in_file(study([[0.8, 0.81, 0.82]], "lr=0.1")) if table.name == "arms"]
    assert table.notes[0] == "Accuracy on the test set at step 10 with EMA weights; nothing is compared."
    assert "Pareto-optimal in" not in table.text


def test_a_seed_that_diverged_is_the_worst(study):
    values = [[0.8, 0.81], [0.7, "diverged"], ["diverged"] * 2, [0.72, "failed"]]
    table = study(values).fill(arms.part)
    assert table.text["worst seed"].tolist() == ["80.00", "diverged", "diverged", "72.00"]
    assert table.values["worst seed"].isna().tolist() == [False, True, True, False]


def test_what_is_missing_stands_under_the_costs(study):
    missing = "Runs without a result: 1 not yet run (of 12)."
    table = study([WHOLE[0], WHOLE[1], ["missing", *WHOLE[2][1:]], WHOLE[3]]).fill(costs.part)
    assert table is not None
    assert table.notes[2:] == (missing, "Fewer than the 3 planned seeds: no augmentation (2).")
    whole = study(WHOLE).fill(costs.part)
    assert whole is not None
    assert len(whole.notes) == 2  # what costs are, and that arms took no turns


def test_costs_are_told_beside_what_they_bring(study):
    table = study(WHOLE).fill(costs.part)
    assert table is not None
    assert table.text["accuracy"].tolist() == ["+0.07", "−3.00", "−11.17"]
    assert table.text["parameters"].tolist() == ["same", "+688,128 (+64%)", "+688,128 (+64%)"]
    assert table.text["FLOPs"][1] == "+29,238,272 (+77%)"
    assert study(WHOLE[:2], "ema=on,off").fill(costs.part) is None  # averaging costs nothing


def test_a_loss_is_in_nats(study):
    text = study(WHOLE, metric="loss").fill(arms.part).text
    assert "loss (nats)" in text
