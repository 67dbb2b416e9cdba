from dataclasses import replace

import pytest

from ablate.report import footnotes, paper, sentences, tables
from ablate.report.tables import verdicts
from ablate.results.computed.judged import PENDING

WHOLE = [[0.810, 0.813, 0.812], [0.811, 0.812, 0.814], [0.780, 0.781, 0.784], [0.700, 0.760, 0.640]]
FOUR = ("augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one")


def test_a_row_a_comparison_with_the_level_in_the_heading(study):
    text = study(WHOLE).fill(verdicts.part).text
    assert list(text.columns) == ["change", "seeds", "difference", "98.3% CI", "verdict"]
    assert text["change"].tolist() == ["no EMA", "no augmentation", "no augmentation, no EMA"]
    assert text["difference"].tolist() == ["+0.07", "−3.00", "−11.17"]
    assert text["98.3% CI"][1] == "−3.88 to −2.12"
    assert text["verdict"].tolist()[:2] == ["inconclusive: about 4 seeds would settle it", "hurts"]


def test_the_equivalence_interval_is_shown_where_it_decided(study):
    small = [[0.810, 0.813, 0.812], [0.810, 0.814, 0.812], [0.780, 0.781, 0.784], [0.700, 0.760, 0.640]]
    text = study(small).fill(verdicts.part).text
    assert text["verdict"][0] == "no effect (within ± 0.5)"
    assert text["98.3% CI"][0] == "−0.22 to +0.29"
    assert text["96.7% equivalence CI"][0] == "−0.14 to +0.21"
    assert "96.7% equivalence CI" not in study(WHOLE).fill(verdicts.part).text


def test_the_lines_under_it_say_what_is_compared_and_the_rule(study):
    lines = study(WHOLE).fill(footnotes.verdict_notes)
    assert lines[0] == "Accuracy on the test set at step 10; differences in pp, paired by seed, each against baseline."
    text = "\n".join(lines)
    for part in (
        "Bonferroni-adjusted for 3 comparisons (98.3% each)",
        "any verdict here is wrong is at most 5%",
        "Equal steps, not equal compute",
    ):
        assert part in text
    for absent in ("Exploratory", "without a result", "so there is no verdict", "Fewer than", "Interim"):
        assert absent not in text


def test_a_ladder_stands_on_the_rung_below(study):
    analysis = study([[0.75, 0.76], [0.77, 0.775], [0.78, 0.79]], "augment=off,center,on", "ema=on", design="ladder")
    assert analysis.fill(verdicts.part).text["change"].tolist() == ["+ center crop", "+ full augmentation"]
    assert analysis.fill(footnotes.compared).endswith(
        "with EMA weights; differences in pp, paired by seed, each against the rung below."
    )


def test_what_is_not_there_is_counted(study):
    values = [[0.8, "failed", 0.81], [0.79, 0.78, "diverged"], ["missing"] * 3, [0.7, 0.71, 0.72]]
    lines = study(values).fill(footnotes.verdict_notes)
    assert "Runs without a result: 1 diverged, 1 failed, 3 not yet run (of 12)." in lines
    few = "no EMA (1); no augmentation (0); no augmentation, no EMA (2)"
    assert f"Fewer than the 3 planned seeds: {few}." in lines
    text = study(values).fill(verdicts.part).text
    assert text["seeds"].tolist() == ["1", "0", "2"]
    assert text["verdict"].tolist()[:2] == ["no verdict: one seed", f"no verdict: {PENDING}"]
    assert text["difference"][1] == text["98.3% CI"][0] == "–"


def test_one_seed_gives_no_verdict(study):
    analysis = study([[0.8], [0.7], [0.71], [0.72]])
    assert set(analysis.fill(verdicts.part).text["verdict"]) == {"no verdict: one seed"}
    assert "One seed gives no verdict." in analysis.fill(footnotes.verdict_notes)


@pytest.mark.parametrize("left", [[0.8, "failed", "failed"], ["failed"] * 3])
def test_seeds_that_failed_are_not_said_to_be_none(study, left):
    lines = study([[0.8, 0.81, 0.82], left], "ema=on,off").fill(footnotes.verdict_notes)
    assert "One seed gives no verdict." not in lines
    assert "No comparison has two complete seeds, so there is no verdict." in lines
    assert any(line.startswith("Fewer than the 3 planned seeds: ") for line in lines)


def test_what_was_changed_after_training_marks_the_table(study):
    analysis = study(WHOLE, baseline="1", margin=1.0)
    lines = analysis.fill(footnotes.verdict_notes)
    assert any(
        line.startswith("Exploratory: changed after training (margin 1 instead of 0.5; compared with augment: on, ema: off")
        for line in lines
    )
    assert analysis.fill(verdicts.part).text["change"][0] == "with EMA"


def test_effects_of_a_fraction_are_named_with_what_they_cannot_be_told_from(study):
    values = [[0.8 + 0.001 * seed + 0.00001 * (arm * seed % 7) for seed in range(3)] for arm in range(8)]
    [table, *_] = tables.in_file(study(values, *FOUR, design="fractional"))
    assert table.text["effect"].tolist()[3:5] == ["one hidden dense layer", "augmentation × EMA + LRN × hidden dense layers"]
    assert set(table.text["verdict"][:4]) == {"no effect (within ± 0.5)"}
    assert set(table.text["verdict"][4:]) == {"sum is 0 (within ± 0.5)"}
    text = "\n".join(table.notes)
    for part in (
        "all 8 arms",
        "Effects in one row are aliased",
        "8 of the 16",
        "resolution 4: fc = augment × ema × lrn (first",
    ):
        assert part in text


def test_a_whole_factorial_that_is_judged_by_its_effects_says_so(study):
    lines = study([[0.8, 0.81]] * 4, *FOUR[:2], design="fractional").fill(footnotes.verdict_notes)
    assert "The arms are all 4 combinations of levels: no fraction has the requested resolution." in lines
    assert not any("Effects in one row are aliased" in line for line in lines)


def test_arms_that_are_one_are_named(study):
    analysis = study([[0.8, 0.81], [0.8, 0.81], [0.7, 0.72]], "lrn=native,on,off", design="one_factor")
    line = "LRN native → on has the same training and readout as baseline, so the two are one arm."
    assert line in analysis.fill(footnotes.verdict_notes)


def test_new_images_have_a_column_where_predictions_are_known(study):
    analysis = study(WHOLE)
    frame = analysis.comparisons.assign(low_new=-4.0, high_new=0.5, dagger=True)
    seen = replace(analysis, given={"comparisons": frame})
    table = seen.fill(verdicts.part)
    assert table.text[verdicts.NEW_IMAGES].tolist() == ["−4.00 to +0.50"] * 3
    assert table.text["verdict"][1] == "hurts †"
    assert any("†" in line for line in seen.fill(footnotes.verdict_notes))
    assert not any("†" in line or "new images" in line for line in study(WHOLE).fill(footnotes.verdict_notes))
    assert [column.heading for column in table.columns if column.spare] == [verdicts.NEW_IMAGES]


@pytest.mark.parametrize("values", [WHOLE, [[0.8], [0.7], [0.71], [0.72]], [["missing"] * 2] * 4])
def test_values_stand_behind_their_cells(study, values):
    for table in tables.in_file(study(values)):
        assert len(table.values) in (0, len(table.text))
        assert set(table.values.columns) <= set(table.text.columns)
        assert (table.text.map(len) > 0).all(axis=None), table.name


def test_where_every_seed_diverged_it_says_so(study):
    values = [[0.8, 0.81], ["diverged"] * 2, ["diverged", "failed"], ["missing"] * 2]
    analysis = study(values)
    assert analysis.fill(verdicts.part).text["verdict"].tolist() == [
        "no verdict: every seed diverged",
        "no verdict: no seed is complete",
        f"no verdict: {PENDING}",
    ]
    assert analysis.fill(sentences.sentences)[0] == "No EMA: no verdict (every seed diverged)."
    lost = study([["diverged", 0.81], [0.8, "diverged"], [0.7, "diverged"], ["diverged", 0.7]])
    assert set(lost.fill(verdicts.part).text["verdict"]) == {"no verdict: every seed diverged", "no verdict: one seed"}
    effects = study([[0.8, 0.81]] * 3 + [["diverged"] * 2], *FOUR[:2], design="fractional")
    assert set(effects.fill(verdicts.part).text["verdict"]) == {"no verdict: every seed diverged"}


def test_a_look_that_was_not_planned_is_not_covered_by_the_five_percent(study):
    whole, interim = study(WHOLE), study([[*row[:2], "missing"] for row in WHOLE])
    guarantee = "The chance that any verdict here is wrong is at most 5%"
    assert any(line.startswith(guarantee) for line in whole.fill(footnotes.verdict_notes))
    lines = interim.fill(footnotes.verdict_notes)
    assert not any("at most 5%" in line for line in lines)
    assert any(line.startswith("Pending: 4 of 12 runs are missing.") for line in lines)
    assert "± 0.5 pp, fixed when the sweep was planned." in "\n".join(lines)
    assert "these verdicts is wrong" not in paper.methods(interim)
