from dataclasses import replace

import pytest

from ablate.planning.overview import describe
from ablate.planning.site import here
from ablate.report import page
from ablate.results import load
from ablate.results.analysis import analyze
from ablate.results.question import ask

FACTORS = ("augment=on,off", "ema=on,off", "lr=0.1,0.05", "batch_size=64,32")


@pytest.fixture
def made(sweeps):
    """The plan of a fraction in which crops and batch sizes change more than themselves, and what the report knows of it."""
    plan = sweeps.planned(*FACTORS, "seed=0,1", "steps=10", design="fractional")
    return plan, analyze(*ask(load(sweeps.trained(plan, 5, 10))))


def part(analysis, name):
    return next(section for section in page.sections(analysis, (), [], []) if section.id == name)


def test_the_report_of_a_fraction_knows_the_confounds_that_its_plan_told(made):
    plan, analysis = made
    told = {
        (switch["switched"][0][0], change["what"]): change
        for switch in describe(plan, here(1, 1), calibrate=False)["confounds"]
        for change in switch["besides"]
    }
    found = analysis.average_confounds.set_index(["factor", "what"])
    assert set(found.index) == set(told) >= {("augment", "input"), ("augment", "operations"), ("batch_size", "steps_per_epoch")}
    for key, row in found.drop(index="input", level="what").iterrows():
        assert [row["before"], row["after"]] == pytest.approx([told[key]["from"], told[key]["to"]], abs=0.01)
    sizes = [found.loc[("augment", "input"), column] for column in ("before", "after")]
    assert sizes == ["×".join(f"{side:g}" for side in told["augment", "input"][side][:2]) for side in ("from", "to")]


def test_the_page_of_a_fraction_shows_them_and_says_that_costs_are_not_compared(made):
    _, analysis = made
    (table,) = part(analysis, "confounds").blocks
    assert list(table.text["factor"]) == ["no augmentation"] * 3 + ["batch size 64 → 32"] * 2
    assert list(table.text["by"])[-2:] == ["+100%", "−50%"]
    said = part(analysis, "costs").blocks[0].lines[0]
    assert said.startswith("Effects are judged here, not arms")


def test_what_is_not_known_of_an_arm_is_no_confound_and_is_not_denied(made):
    _, analysis = made
    runs = analysis.results.runs.copy()
    runs.loc[runs["arm"] == 3, ["input", "parameters", "operations", "steps_per_epoch", "batch_size"]] = None
    partly = replace(analysis, results=replace(analysis.results, runs=runs))
    assert partly.average_confounds.empty
    (lines,) = part(partly, "confounds").blocks
    assert lines.lines == ("Not known: 1 arm without a training.",)


def test_a_fraction_whose_factors_change_themselves_alone_says_so(sweeps):
    plan = sweeps.planned("ema=on,off", "lr=0.1,0.05", "seed=0,1", "steps=10", design="fractional")
    (lines,) = part(analyze(*ask(load(sweeps.trained(plan, 5, 10)))), "confounds").blocks
    assert lines.lines == ("None: no factor brings along another change, on average over the arms.",)


@pytest.mark.parametrize("factor", ["optimizer=sgd,adam", "batch_size=64,32", "data.validation=0,100", "augment=on,off"])
def test_the_report_tells_of_each_arm_what_the_plan_warned_of(sweeps, factor):
    plan = sweeps.planned(factor, "seed=0,1", "steps=10")
    warned = describe(plan, here(1, 1), calibrate=False)["arms"][1]["besides"]
    analysis = analyze(*ask(load(sweeps.trained(plan, 5, 10))))
    told = analysis.confounds.set_index("what")
    assert list(told.index) == [change["what"] for change in warned] != []
    for change in warned:
        if change["what"] != "input":
            row = told.loc[change["what"]]
            assert [row["before"], row["after"]] == pytest.approx([change["from"], change["to"]], abs=0.01)


def test_another_optimizer_brings_its_own_learning_rate_along(sweeps):
    plan = sweeps.planned("optimizer=sgd,adam", "seed=0,1", "steps=10")
    analysis = analyze(*ask(load(sweeps.trained(plan, 5, 10))))
    (table,) = part(analysis, "confounds").blocks
    assert table.text.to_numpy().tolist() == [["optimizer sgd → adam", "learning rate", "0.1", "0.001", "−99%"]]
    for run in plan.runs[::2]:  # those of the baseline
        run.trajectory.path.rename(sweeps.multirun / str(run.seed))
    assert analyze(*ask(load(sweeps.multirun / plan.name))).confounds.empty


def test_epochs_that_both_arms_were_given_are_no_confound_and_their_steps_are(sweeps):
    plan = sweeps.planned("batch_size=64,32", "seed=0,1", "epochs=2")
    analysis = analyze(*ask(load(sweeps.trained(plan, max(run.asked.step for run in plan.runs)))))
    assert set(analysis.confounds["what"]) == {"steps", "steps_per_epoch"}
