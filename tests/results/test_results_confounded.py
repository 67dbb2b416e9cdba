from dataclasses import replace

import pytest

from ablate.planning.overview import describe
from ablate.report import page
from ablate.results import confounded, load
from ablate.results.analysis import analyse
from ablate.results.question import ask

FACTORS = ("augment=on,off", "ema=on,off", "lr=0.1,0.05", "batch_size=64,32")


@pytest.fixture
def made(sweeps):
    """The plan of a fraction in which crops and batch sizes change more than themselves, and what the report knows of it."""
    plan = sweeps.planned(*FACTORS, "seed=0,1", "steps=10", design="fractional")
    return plan, analyse(*ask(load(sweeps.trained(plan, 5, 10))))


def part(analysis, name):
    return next(section for section in page.sections(analysis, (), [], []) if section.id == name)


def test_the_report_of_a_fraction_knows_the_confounds_that_its_plan_told(made):
    plan, analysis = made
    told = {
        (switch["switched"][0][0], change["what"]): change
        for switch in describe(plan, 1, 1, calibrate=False)["confounds"]
        for change in switch["besides"]
        if change["what"] not in ("epochs", "learning_rate")  # the first follows from steps per epoch, the second is the factor
    }
    found = confounded.on_average(analysis).set_index(["factor", "what"])
    assert set(found.index) == set(told) >= {("augment", "input"), ("augment", "operations"), ("batch_size", "steps_per_epoch")}
    for key, row in found.drop(index="input", level="what").iterrows():
        assert [row["before"], row["after"]] == pytest.approx([told[key]["from"], told[key]["to"]], abs=0.01)
    sizes = [found.loc[("augment", "input"), column] for column in ("before", "after")]
    assert sizes == [" x ".join(f"{side:g}" for side in told["augment", "input"][side][:2]) for side in ("from", "to")]


def test_the_page_of_a_fraction_shows_them_and_says_that_costs_are_not_compared(made):
    _, analysis = made
    (table,) = part(analysis, "confounds").blocks
    assert list(table.text["factor"]) == ["augment: on → off"] * 3 + ["batch_size: 64 → 32"]
    assert list(table.text["by"])[-1] == "+100 %"
    said = part(analysis, "costs").blocks[0].lines[0]
    assert said.startswith("Effects are judged here, not arms")


def test_what_is_not_known_of_an_arm_is_no_confound_and_is_not_denied(made):
    _, analysis = made
    runs = analysis.results.runs.copy()
    runs.loc[runs["arm"] == 3, ["input", "parameters", "operations", "steps_per_epoch", "batch_size"]] = None
    partly = replace(analysis, results=replace(analysis.results, runs=runs))
    assert confounded.on_average(partly).empty
    (lines,) = part(partly, "confounds").blocks
    assert lines.lines == ("Not known: 1 arm without a training.",)


def test_a_fraction_whose_factors_change_themselves_alone_says_so(sweeps):
    plan = sweeps.planned("ema=on,off", "lr=0.1,0.05", "seed=0,1", "steps=10", design="fractional")
    (lines,) = part(analyse(*ask(load(sweeps.trained(plan, 5, 10)))), "confounds").blocks
    assert lines.lines == ("None: no factor brings along another change, on average over the arms.",)
