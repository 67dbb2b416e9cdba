import pandas as pd
import pytest

from ablate.report import sentences
from ablate.results.question import METRICS, Question
from ablate.stats import Outcome

ROW = {
    "n": 3,
    "points": -3.1,
    "low": -3.9,
    "high": -2.3,
    "verdict": "hurts",
    "under_margin": False,
    "limit": "",
    "level": 0.983,
    "seeds_needed": pd.NA,
    "equivalence_low": -3.7,
    "equivalence_high": -2.5,
    "equivalence_level": 0.9,
    "low_new": float("nan"),
    "high_new": float("nan"),
    "equivalence_low_new": float("nan"),
    "equivalence_high_new": float("nan"),
    "dagger": False,
    "aliases": "",
}
HELPS = ROW | {"points": 2.7, "low": 2.1, "high": 3.3, "verdict": "helps"}
NONE = ROW | {
    "points": 0.04,
    "low": -0.5,
    "high": 0.6,
    "equivalence_low": -0.2,
    "equivalence_high": 0.3,
    "verdict": "no effect",
}
INCONCLUSIVE = ROW | {"points": -0.4, "low": -1.9, "high": 1.1, "verdict": "inconclusive", "seeds_needed": 23}
ONE = ROW | {"n": 1, "low": float("nan"), "high": float("nan"), "verdict": "no verdict", "limit": "one seed"}
REMOVED = [("augment", "on", "off")]


def question(metric: str = "accuracy", margin: float | None = 0.5) -> Question:
    return Question(METRICS[metric], "test", (10,), ("raw",), margin, ((1, 0),), (), 1, 0)


def said(row: dict[str, object], changes: list[tuple[str, str, str]], **more: object) -> str:
    return sentences.sentence(row, changes, question(**more), 1)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (HELPS, "helps"),
        (HELPS | {"under_margin": True}, "helps (by less than 0.5)"),
        (ROW, "hurts"),
        (ROW | {"dagger": True}, "hurts †"),
        (NONE, "no effect (within ± 0.5)"),
        (INCONCLUSIVE, "inconclusive: about 23 seeds would settle it"),
        (INCONCLUSIVE | {"seeds_needed": pd.NA}, "inconclusive: more than 1,000 seeds would be needed"),
        (INCONCLUSIVE | {"limit": "images"}, "inconclusive: about 23 seeds would settle it; for new images, no number would"),
        (INCONCLUSIVE | {"limit": "diverged"}, "inconclusive: a seed diverged"),
        (INCONCLUSIVE | {"limit": "alike"}, "inconclusive: every seed gave the same difference"),
        (ONE, "no verdict: one seed"),
        (ONE | {"n": 0, "limit": ""}, "no verdict: no seed is complete"),
        (ONE | {"n": 0, "limit": "every seed diverged"}, "no verdict: every seed diverged"),
    ],
)
def test_each_verdict_has_its_words(row, text):
    assert sentences.verdict(row, 0.5) == text


def test_an_interaction_does_not_help():
    told = [sentences.verdict(row, 0.5, interaction=True) for row in (HELPS, ROW, NONE, INCONCLUSIVE)]
    assert told[:3] == ["interact", "interact", "add up (within ± 0.5)"]
    assert told[3] == "inconclusive: about 23 seeds would settle it"


def test_a_short_verdict_leaves_the_reasons_to_the_caption():
    rows = (HELPS | {"under_margin": True}, NONE | {"dagger": True}, INCONCLUSIVE, ONE)
    assert [sentences.short(row, 0.5) for row in rows] == [
        "helps (by less than 0.5)",
        "no effect †",
        "inconclusive",
        "no verdict",
    ]
    assert sentences.short(NONE, 0.5, interaction=True) == "add up"


def test_what_is_taken_away_is_read_as_taken_away():
    assert said(ROW, REMOVED) == "no augmentation hurts: −3.1 pp (98.3% adjusted CI −3.9 to −2.3)."
    assert said(HELPS, REMOVED) == "no augmentation helps: +2.7 pp (98.3% adjusted CI +2.1 to +3.3)."
    assert said(NONE, [("lrn", "native", "off")]) == (
        "no effect of LRN: 0.0 pp (90% equivalence CI −0.2 to +0.3), within the ± 0.5 pp margin."
    )
    assert said(ROW, [("fc", "two", "none")]).startswith("no hidden dense layers hurt: −3.1 pp")


def test_what_is_added_is_read_as_added():
    added = [("ema", "off", "on")]
    assert said(HELPS, added) == "with EMA helps: +2.7 pp (98.3% adjusted CI +2.1 to +3.3)."
    assert said(ROW, added).startswith("with EMA hurts: ")
    assert said(NONE, added).startswith("no effect of EMA: 0.0 pp (90% equivalence CI")


def test_other_levels_stand_in_place_of_each_other():
    assert said(ROW, [("fc", "two", "one")]).startswith("one hidden dense layer hurts: −3.1 pp")
    assert said(HELPS, [("lr", "0.1", "0.05")]) == ("lr 0.1 → 0.05 helps: +2.7 pp (98.3% adjusted CI +2.1 to +3.3).")
    assert said(NONE, [("augment", "off", "center")]).startswith("no effect of center crop: ")
    assert said(INCONCLUSIVE, [("fc", "two", "one")]).startswith("one hidden dense layer: inconclusive with 3 seeds")


def test_a_factor_of_ones_own_has_its_name():
    assert said(ROW, [("mixup", "on", "off")]).startswith("no mixup hurts: ")
    assert said(HELPS, [("mixup", "False", "True")]).startswith("with mixup helps: ")


def test_several_factors_are_read_together():
    both = [*REMOVED, ("ema", "on", "off")]
    assert said(ROW, both) == ("no augmentation and no EMA together hurt: −3.1 pp (98.3% adjusted CI −3.9 to −2.3).")
    assert said(HELPS, [*REMOVED, ("lr", "0.1", "0.05")]) == (
        "no augmentation and lr 0.1 → 0.05 together help: +2.7 pp (98.3% adjusted CI +2.1 to +3.3)."
    )


def test_three_names_stand_one_after_another_with_commas():
    three = [*REMOVED, ("ema", "on", "off"), ("weight_decay", "scaled", "off")]
    assert said(NONE, three).startswith("no augmentation, no EMA and no weight decay together have no effect: ")
    assert said(INCONCLUSIVE, [("augment", "on", "center"), ("init", "xavier", "he")]).startswith(
        "center crop only and initialization xavier → he together: inconclusive with 3 seeds"
    )


def test_what_is_inconclusive_is_left_open():
    assert said(INCONCLUSIVE, REMOVED) == (
        "no augmentation: inconclusive with 3 seeds, −0.4 pp (98.3% adjusted CI −1.9 to +1.1). About 23 seeds would settle it "
        "if the true difference is this one (80% power)."
    )
    assert said(INCONCLUSIVE | {"limit": "images"}, REMOVED).endswith("(80% power); for new images, no number would.")
    assert said(ONE, REMOVED) == ("no augmentation: −3.1 pp with one seed, which gives no verdict.")
    none = ONE | {"n": 0, "points": float("nan"), "limit": ""}
    assert said(none, REMOVED) == "no augmentation: no verdict (no seed is complete)."
    gone = none | {"limit": "every seed diverged"}
    assert said(gone, REMOVED) == "no augmentation: no verdict (every seed diverged)."
    alike = INCONCLUSIVE | {"limit": "alike", "points": 0.0}
    assert said(alike, REMOVED) == (
        "no augmentation: inconclusive, because all 3 seeds give the same difference (accuracy is the same), so there is no SD "
        "to judge it by."
    )
    assert "because a seed diverged" in said(HELPS | {"verdict": "inconclusive", "limit": "diverged"}, REMOVED)


def test_a_small_effect_is_said_to_be_small():
    small = ROW | {"points": -0.2, "low": -0.3, "high": -0.1, "under_margin": True}
    assert said(small, REMOVED).endswith("(98.3% adjusted CI −0.3 to −0.1), smaller than the ± 0.5 pp margin.")


def test_new_images_are_told_where_they_would_change_it():
    row = ROW | {"dagger": True, "low_new": -6.3, "high_new": 0.1, "verdict_new": "inconclusive"}
    assert said(row, REMOVED).endswith(" For new images too: inconclusive (CI −6.3 to +0.1).")


def test_less_of_a_loss_is_better():
    row = HELPS | {"points": -0.2, "low": -0.3, "high": -0.1}
    assert said(row, [("ema", "off", "on")], metric="loss", margin=None) == (
        "with EMA helps: −0.2 nats (98.3% adjusted CI −0.3 to −0.1)."
    )


def test_of_interactions_that_are_aliased_only_their_sum_is_said_to_be_small(study):
    four = ("augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one")
    values = [[0.8 + 0.001 * seed + 0.00001 * (arm * seed % 7) for seed in range(3)] for arm in range(8)]
    analysis = study(values, *four, design="fractional")
    last = analysis.fill(sentences.sentences)[4]
    assert last == (
        "The sum of augmentation × EMA + LRN × hidden dense layers is 0: 0.00 pp (98.6% equivalence CI −0.01 to 0.00), within "
        "the ± 0.5 pp margin."
    )
    row = analysis.comparisons.to_dict("records")[4]
    assert sentences.verdict(row, 0.5, interaction=True) == "sum is 0 (within ± 0.5)"
    assert sentences.short(row, 0.5, interaction=True) == "sum is 0"
    there = [[value + 0.1 * (arm in (0, 1, 6, 7)) for value in row] for arm, row in enumerate(values)]
    told = " ".join(study(there, *four, design="fractional").fill(sentences.sentences)[4:])
    assert "not 0" in told
    assert "interact" not in told
    assert "add up" not in told


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize(("effect", "aliases"), [(None, ""), (("a", "b"), ""), (("a", "b"), "+ c × d")])
def test_each_outcome_has_words_of_its_own_and_an_unknown_one_fails(outcome, effect, aliases):
    row = INCONCLUSIVE | {"verdict": str(outcome), "aliases": aliases}

    def told(row: dict[str, object]) -> str:
        of_effect = {"effect": effect, "factors": {"a": ("1", "2"), "b": ("1", "2")}, "question": question(), "places": 1}
        return said(row, REMOVED) if effect is None else sentences._of_effect(row, **of_effect)

    assert (told(row) == told(row | {"verdict": "inconclusive"})) == (outcome == Outcome.INCONCLUSIVE)
    assert str(outcome) in told(row) or effect is not None
    with pytest.raises(ValueError, match="neither"):
        told(row | {"verdict": "neither"})
    with pytest.raises(ValueError, match="neither"):
        sentences.verdict(row | {"verdict": "neither"}, 0.5, effect is not None)
