from dataclasses import replace

from ablate.report import paper, tables
from ablate.results import load
from ablate.results.analysis import analyze
from ablate.results.question import ask


def joined(sweeps):
    """Two sweeps of which one compares the last arm of the other with another arm."""
    first = sweeps.trained(sweeps.planned("augment=on,off", "ema=on,off", "steps=10", "seed=0,1"), 5, 10)
    second = sweeps.trained(sweeps.planned("augment=off", "ema=on,off", "steps=10", "seed=0,1"), 5, 10)
    return analyze(*ask(load(str(first), str(second))))


def test_an_arm_that_is_compared_twice_has_its_partner_named(sweeps):
    analysis = joined(sweeps)
    for table in tables.in_file(analysis):
        if table.name in ("verdicts", "p_values"):
            partners = table.text[["change", "compared with"]].to_numpy().tolist()
            assert ["no augmentation, no EMA", "baseline"] in partners
            assert ["no EMA", "no augmentation"] in partners
    assert "each against the arm named beside it" in tables.markdown_file(analysis)


def test_costs_go_with_the_comparison_that_they_are_of(sweeps):
    [table] = [table for table in tables.in_file(joined(sweeps)) if table.name == "costs"]
    last = table.text.iloc[-1]
    assert last["compared with"] == "no augmentation"
    assert last["accuracy"] == "−10.00"
    assert last["parameters"] == "same"


def test_the_papers_table_has_a_row_a_comparison(sweeps):
    analysis = joined(sweeps)
    assert r"change & compared with & seeds & difference" in paper.table(analysis)
    assert "Difference: from the arm named beside it, paired by seed" in paper.caption(analysis)
    assert "We compared 4 arms: the arms of several sweeps combined." in paper.methods(analysis)


def test_a_store_has_no_evaluation_set_of_its_own(sweeps):
    sweeps.trained(sweeps.planned("augment=on,off", "steps=10", "seed=0,1"), 5, 10)
    analysis = analyze(*ask(load(str(sweeps.store))))
    text = paper.methods(analysis)
    assert "every training in a store" in text
    assert "We compared nothing." in text
    untold = replace(analysis, question=replace(analysis.question, evaluation_set="evaluation"))
    assert "**To fill in:** whether these are test images." in paper.methods(untold)
