"""What the first screen of a page says of sweeps of all kinds."""

import re
from dataclasses import replace

from ablate.report import page
from ablate.report.page.verdicts import verdicts
from ablate.results.computed.judged import PENDING
from ablate.stats import Outcome

FIVE = [0.71, 0.72, 0.70, 0.73, 0.71]
NOISE = (0.001, -0.001, 0.002, 0.0, -0.002)


def moved(by: float) -> list[float]:
    return [value + by + extra for value, extra in zip(FIVE, NOISE, strict=True)]


def face(found) -> page.Face:
    return page.of_sweep(found, ["ablate -m x"], "it", {}, "multirun/it")


def sentence(found) -> str:
    return "".join(part.text for part in face(found).headline)


def test_a_row_has_name_override_value_verdict_and_cost(study):
    found = study([FIVE, moved(0.03), moved(-0.04)], "augment=on,off", "ema=on,off", design="one_factor")
    first = face(found).verdicts
    assert [(row.name, row.override, row.kind, row.value) for row in first.rows] == [
        ("no augmentation", "augment=off", "helps", "+3.00"),
        ("no EMA", "ema=off", "hurts", "−4.00"),
    ]
    assert first.rows[0].cost == "+77% FLOPs, +64% parameters"
    assert first.rows[1].cost == "no extra cost"
    assert first.reference.value == "71.40%"
    assert first.rows[0].relative == "−10.5%"
    assert [chip.text for chip in face(found).chips] == ["1 helps", "1 hurts"]


def test_pieces_of_the_headline_lead_to_rows_that_are_there(study):
    found = face(study([FIVE, moved(0.03), moved(-0.04)], "augment=on,off", "ema=on,off", design="one_factor"))
    links = [part.link for part in found.headline if part.link]
    assert len(links) == 2
    assert set(links) <= {row.id for row in found.verdicts.rows}


def test_several_values_together_have_the_verb_of_several(study):
    found = study([FIVE, moved(0.03)], "lr=0.1,0.2", "batch_size=128,64", design="together")
    assert sentence(found) == "lr 0.1 → 0.2 and batch size 128 → 64 together gain 3.0 percentage points."
    found = study([FIVE, moved(0.03)], "augment=on,off", "ema=on,off", design="together")
    assert sentence(found) == "Dropping augmentation and EMA together gains 3.0 percentage points."


def test_where_every_seed_gives_the_same_the_headline_says_that(study):
    assert sentence(study([FIVE, FIVE], "augment=on,off", design="one_factor")) == (
        "Inconclusive: both arms gave the same accuracy in every seed, so there is no SD to judge by."
    )
    higher = [value + 0.01 for value in FIVE]
    assert sentence(study([FIVE, higher], "augment=on,off", design="one_factor")) == (
        "Inconclusive: every seed gave the same difference, so there is no SD to judge by."
    )


def test_where_less_is_better_it_is_drawn_on_the_right(study):
    found = study([FIVE, moved(0.03)], "augment=on,off", design="one_factor", metric="loss")
    table = found.fill(verdicts)
    assert not table.relative
    more, less = (float(re.search(rf'x="([\d.]+)%"[^>]*>{re.escape(sign)}1.0<', table.axis)[1]) for sign in "+−")
    assert more < less
    assert "± " not in table.axis


def test_a_ladder_is_compared_with_the_rung_below_in_the_order_of_its_rungs(study):
    table = study([FIVE, moved(0.03), moved(-0.04)], "augment=off,center,on", design="ladder").fill(verdicts)
    assert table.title == "Two changes, each against the rung below"
    assert [row.number for row in table.rows] == [0, 1]
    assert table.reference is None
    assert table.sorts[0] == "plan"


def test_effects_have_no_cost_and_interactions_neither_help_nor_hurt(study):
    values = [moved(by) for by in (0, 0.01, 0.02, 0.0, 0.03, 0.02, 0.01, 0.0)]
    values = [[value + 0.0004 * seed * arm for seed, value in enumerate(row)] for arm, row in enumerate(values)]
    words = ("augment=on,off", "ema=on,off", "lrn=on,off", "weight_decay=scaled,off")
    table = study(values, *words, design="fractional").fill(verdicts)
    assert not table.costly
    assert table.reference is None
    crossed = [row for row in table.rows if "×" in row.name]
    assert crossed
    assert {row.kind for row in crossed} <= {"ink", "none", "open"}


def test_one_seed_shows_its_difference_and_no_interval(study):
    found = face(study([[0.7], [0.8]], "augment=on,off", design="one_factor"))
    (row,) = found.verdicts.rows
    assert (row.kind, row.interval, row.word) == ("quiet", "one seed", "no verdict")
    assert found.details[0].over is None or "CI" not in found.details[0].over[2]


def test_one_arm_says_why_nothing_is_compared(study):
    found = face(study([FIVE], "augment=on"))
    assert found.verdicts is None
    assert "".join(part.text for part in found.headline) == "Nothing was compared: there is one arm."


def test_diverged_and_failed_runs_are_banners(study):
    values = [FIVE, [*FIVE[:3], "failed", "missing"], ["diverged"] * 5, moved(0.02)]
    found = face(study(values, "augment=on,off", "ema=on,off"))
    assert [banner.what for banner in found.banners] == ["5 runs diverged:", "1 run failed:"]
    assert found.bar.state == "19/20 runs"


def test_what_is_inconclusive_has_a_next_step(study):
    noisy = [[value + 0.01 * (-1) ** seed + 0.004 for seed, value in enumerate(FIVE)], FIVE]
    found = face(study(noisy, "augment=on,off", design="one_factor"))
    assert [row.kind for row in found.verdicts.rows] == ["open"]
    assert found.card is not None
    settled = face(study([FIVE, moved(0.03)], "augment=on,off", design="one_factor"))
    assert settled.card is None


def test_a_pending_comparison_shows_its_seeds_alone(study):
    made = study([FIVE, moved(0.03)], "augment=on,off", design="one_factor")
    frame = made.comparisons.assign(verdict=str(Outcome.NO_VERDICT), limit=PENDING)
    found = replace(made, given={"comparisons": frame})
    table = found.fill(verdicts)
    assert [(row.kind, row.word, row.interval) for row in table.rows] == [("pending", "pending", "")]
    assert 'class="ci"' not in table.rows[0].lane
    assert face(found).card is None
    assert "gains" not in sentence(found)


def test_several_sweeps_name_what_each_arm_is_compared_with(study):
    found = study([FIVE, moved(0.03), moved(-0.04)], "augment=on,off", "ema=on,off", design="one_factor")
    pairs = replace(found.question, pairs=((1, 0), (2, 1)))
    table = replace(found, question=pairs).fill(verdicts)
    assert table.title == "Two comparisons between arms"
    assert [row.against for row in table.rows] == ["baseline", "no augmentation"]
