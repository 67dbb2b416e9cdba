import re
from dataclasses import replace

import pytest

from ablate.report import headline, page

TWO = {"augment": ["on", "off"], "ema": ["on", "off"]}
NAME = '<b onclick="x">&\'"'


def titles(html: str) -> list[str]:
    return re.findall(r'<h3 id="([^"]*)-title">', html)


def section(found, name: str, **given) -> page.Section:
    parts = page.sections(found, (), **{"commands": ["python -m ablate"], "files": [("runs.csv", "runs")], **given})
    return next(part for part in parts if part.id == name)


def lines(part: page.Section) -> str:
    return " ".join(line for block in part.blocks if isinstance(block, page.Lines) for line in block.lines)


def named(part: page.Section) -> list[str]:
    return [block.caption for block in part.blocks if isinstance(block, page.Table)]


def test_the_parts_of_a_report_stand_in_the_order_in_which_they_are_read(make_study, make_report):
    html = make_report(make_study(TWO))
    assert titles(html) == [
        "arms",
        "costs",
        "verdicts",
        "confounds",
        "noise",
        "networks",
        "effects",
        "classes",
        "figures",
        "repeat",
        "environment",
        "compute",
        "files",
        "question",
        "plan",
        "method",
        "checklist",
    ]


def test_names_of_levels_stay_text_in_tables_figures_and_sentences(make_study, make_report):
    html = make_report(make_study({"augment": ["on", NAME], NAME: ["on", "off"]}))
    assert "<b" not in html.replace("<body", "").replace("<button", "")
    assert "&lt;b onclick=" in html
    assert re.search(r"<text[^>]*>[^<]*&lt;b onclick=", html)  # in a figure


def test_what_was_changed_after_training_stands_above_all_and_as_planned_below(make_study, make_report):
    planned = make_study(TWO)
    changed = replace(planned, question=replace(planned.question, changes=("margin 1 instead of 0.5",), margin=1.0))
    html = make_report(changed)
    assert html.index("margin 1 instead of 0.5") < html.index("<h2")
    assert "a margin of ± 0.5 pp" in lines(section(changed, "plan"))


def test_a_failure_is_a_banner_on_top_and_a_table_with_the_reason(make_study, make_report):
    assert "failures" not in titles(make_report(make_study(TWO)))
    html = make_report(make_study(TWO, troubled=2))
    banner = html[html.index('class="banner"') : html.index("<h1>")]
    assert "2 runs failed:" in banner
    assert "seed 2" in banner
    (table,) = section(make_study(TWO, troubled=2), "failures").blocks
    assert table.caption == "Runs without a result: 2 failed (of 12)"
    assert list(table.text["seed"]) == ["2", "2"]
    assert table.text["reason"].str.startswith("ValueError: ").all()


def test_runs_to_come_are_not_said_to_have_failed(make_study):
    made = make_study(TWO)
    runs, trainings = made.results.runs.copy(), made.results.trainings.copy()
    runs.loc[9:, "status"] = "missing"
    trainings.loc[9:, "status"] = ["running", "missing", "missing"]
    found = replace(made, results=replace(made.results, runs=runs, trainings=trainings))
    (table,) = section(found, "failures").blocks
    assert table.caption == "Runs without a result: 2 not yet run, 1 running (of 12)"
    assert list(table.text["status"]) == ["running", "not yet run", "not yet run"]
    assert list(section(found, "arms").blocks[-1].text["status"]) == ["done"] * 9 + ["running", *["not yet run"] * 2]
    took = lines(section(found, "compute"))
    assert "12 runs (9 done, 2 not yet run, 1 running) used 12 trainings (9 done, 2 not yet run, 1 running)." in took
    assert "missing" not in took


def test_the_verdict_stands_right_after_the_change(make_study):
    table = section(make_study(TWO), "verdicts").blocks[0]
    assert list(table.text.columns)[:3] == ["change", "verdict", "seeds"]


def test_mixed_hosts_are_set_apart_above_the_environment(make_study):
    flagged, table = section(make_study(TWO), "environment").blocks
    assert flagged.warns
    assert flagged.lines == ("mixed hosts",)
    assert table.notes == ()


def test_single_networks_are_folded_and_called_no_verdict(make_study):
    part = section(make_study(TWO), "networks")
    assert "never" in part.lead
    (table,) = part.blocks
    assert table.folded
    assert len(table.text) == 3 * 3


def test_every_run_is_in_the_folded_table_of_runs(make_study):
    runs = section(make_study(TWO, troubled=1), "arms").blocks[-1]
    assert runs.folded
    assert runs.caption == "All 12 runs"
    assert list(runs.text["status"]).count("failed") == 1
    assert list(runs.exact["accuracy (%)"].isna()) == [False] * 11 + [True]


def test_the_plan_says_what_was_fixed(make_study):
    text = lines(section(make_study(TWO), "plan"))
    assert "factorial, 4 arms with 3 seeds each = 12 runs from 12 trainings" in text
    assert "fixed when the sweep was planned: accuracy on the test set" in text
    assert "factor augment: on, off" in text
    assert "3 differences judged, so each at a level of 98.3%" in text


def test_a_store_fixed_nothing_and_compares_nothing(make_study):
    made = make_study({"augment": ["on", "off"]})
    sweep = made.results.sweep
    sweep = replace(sweep, design="store", fixed=replace(sweep.fixed, differences=(), margin=None))
    found = replace(made, results=replace(made.results, sweep=sweep), question=replace(made.question, pairs=(), margin=None))
    assert found.fill(headline.answer).startswith("Nothing was compared: a store has no plan")
    assert "one arm" not in lines(section(found, "verdicts"))
    text = lines(section(found, "plan"))
    assert "nothing was fixed before training" in text
    assert "level of" not in text


def test_an_unfinished_sweep_is_called_pending_in_the_plan(make_study):
    made = make_study(TWO)
    assert "Pending" not in lines(section(made, "plan"))
    runs = made.results.runs.copy()
    runs.loc[11, "status"] = "missing"
    found = replace(made, results=replace(made.results, runs=runs))
    said = "Pending: 1 of 12 runs is missing. A comparison gets its verdict once all of its runs have ended."
    assert said in lines(section(found, "plan"))


def test_a_sum_of_interactions_is_not_said_to_be_one(make_study):
    found = make_study(TWO)
    frame = found.comparisons.assign(aliases=["", "", "+ lrn x fc"], verdict="no effect")
    effects = (("augment",), ("ema",), ("augment", "ema"))
    found_out = replace(found, question=replace(found.question, effects=effects), given={"comparisons": frame})
    verdicts = section(found_out, "verdicts").blocks[0]
    assert verdicts.text["verdict"].tolist()[-1] == "sum is 0 (within ± 0.5) †"


def test_a_ladder_is_compared_with_the_rung_below(make_study):
    assert "the rung below" in lines(section(make_study(TWO, design="ladder"), "question"))
    assert "every other arm is compared with baseline" in lines(section(make_study(TWO), "question")).lower()


def test_one_arm_is_compared_with_nothing_and_still_has_a_page(make_study, make_report):
    found = make_study({"augment": ["on"]})
    assert found.fill(headline.answer) == "Nothing was compared: there is one arm."
    assert "verdicts" in titles(make_report(found))


def test_where_no_two_arms_are_compared_none_is_said_to_cost_or_bring_along_nothing(make_study):
    alone, compared = make_study({"augment": ["on"]}), make_study(TWO)
    assert lines(section(alone, "confounds")) == "No arm is compared with another one."
    assert "in the table of arms" in lines(section(alone, "costs"))
    assert named(section(compared, "costs")) == ["What each change costs"]


def test_one_seed_has_a_page_without_a_verdict(make_study, make_report):
    found = make_study(TWO, seeds=1)
    assert found.fill(headline.answer) == "No verdict: one seed cannot tell a change from luck."
    assert "noise" not in titles(make_report(found))


def test_the_answer_names_few_of_many_changes(make_study):
    found = make_study({"lr": ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"]})
    verdicts = ["helps"] * 5 + ["inconclusive"] * 2
    told = replace(found, given={"comparisons": found.comparisons.assign(verdict=verdicts, limit="")})
    said = told.fill(headline.answer)
    assert " and 2 more do so too. " in said
    assert said.endswith(" Inconclusive: lr 0.1 → 0.7, lr 0.1 → 0.8.")


def test_many_sentences_are_folded_and_few_are_not(make_study):
    few, many = TWO, {"lr": ["0.1", "0.2", "0.3", "0.4"], "width": ["1", "2", "3"]}
    folded = [section(make_study(factors), "verdicts").blocks[1].folded for factors in (few, many)]
    assert folded == ["", "The same in 11 sentences"]


def test_rows_of_verdicts_carry_their_tone(make_study):
    found = make_study(TWO)
    table = section(found, "verdicts").blocks[0]
    wanted = {"helps": "helps", "hurts": "hurts", "no effect": "none", "inconclusive": "inconclusive"}
    assert table.tones == tuple(wanted[verdict] for verdict in found.comparisons["verdict"])


def test_figures_carry_their_values(make_study, make_report):
    html = make_report(make_study(TWO))
    accuracy = next(svg for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL) if "Accuracy over training" in svg[:400])
    assert accuracy.count("<circle") == 4 * 4  # arms and evaluations
    assert "no EMA, step 4,000: " in accuracy


@pytest.mark.slow
def test_a_study_of_a_thousand_runs_fits_into_three_megabytes(make_study, make_report):
    ten = [str(level) for level in range(10)]
    html = make_report(make_study({"lr": ten, "width": ten[:5]}, seeds=20, evaluations=100, troubled=3))
    assert html.count("<svg") >= 6
    assert len(html.encode()) < 3_000_000


def test_the_script_of_a_page_is_small(make_study, make_report):
    html = make_report(make_study(TWO))
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(script.encode()) < 30_000
