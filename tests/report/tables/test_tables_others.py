from dataclasses import replace

import pandas as pd
import pytest

from ablate.report.tables import (
    confounds,
    contrasts,
    crossings,
    environment,
    networks,
    noise,
    p_values,
    published,
    reach,
    shapley,
)

WHOLE = [[0.810, 0.813, 0.812], [0.811, 0.812, 0.814], [0.780, 0.781, 0.784], [0.700, 0.760, 0.640]]


def test_a_factorial_has_effects_and_shapley_values(study):
    analysis = study(WHOLE)
    effects, values = analysis.fill(contrasts.part), analysis.fill(shapley.part)
    assert effects is not None
    assert values is not None
    assert effects.text["effect"].tolist() == ["no augmentation", "no EMA", "augmentation × EMA"]
    assert effects.text["pp"].tolist() == ["−7.12", "−4.05", "−4.12"]
    assert list(effects.text.columns)[3] == "98.3% CI"  # of three effects
    assert list(values.text.columns)[3] == "97.5% CI"  # of two values
    assert values.text["pp"].tolist() == ["−7.12", "−4.05"]
    assert not {"verdict"} & {*effects.text.columns, *values.text.columns}
    ladder = study(WHOLE[:3], "augment=off,center,on", design="ladder")
    assert ladder.fill(contrasts.part) is ladder.fill(shapley.part) is None


def test_what_is_missing_stands_under_the_effects(study):
    analysis = study([WHOLE[0], WHOLE[1], ["missing", *WHOLE[2][1:]], WHOLE[3]])
    for table in (analysis.fill(contrasts.part), analysis.fill(shapley.part)):
        assert table is not None
        assert table.text["seeds"].tolist() == ["2"] * len(table.text)
        assert table.notes[2:] == (
            "Runs without a result: 1 not yet run (of 12).",
            "Fewer than the 3 planned seeds: all (2).",
        )
    whole = study(WHOLE).fill(contrasts.part)
    assert whole is not None
    assert len(whole.notes) == 2


def test_p_values_stand_apart(study):
    table = study(WHOLE).fill(p_values.part)
    assert table is not None
    assert table.text["p (sign flip)"].tolist() == ["0.75", "0.25", "0.25"]
    assert table.text["smallest possible"].tolist() == ["0.25"] * 3
    assert study([[0.8], [0.7], [0.71], [0.72]]).fill(p_values.part) is None


def test_published_numbers_say_whether_they_are_to_be_expected(study):
    assert study(WHOLE).fill(published.part) is None  # the digits are nobody's benchmark
    theirs = pd.DataFrame(
        {
            "arm": [0, 1, 2, 3, 3],
            "published": [81.4, 78.8, 75.0, 75.3, 60.0],
            "source": ["Somebody 2017"] * 5,
            "n": [3, 3, 1, 3, 3],
            "mean": [81.28, 90.0, 75.0, 76.45, 76.45],
            "low": [80.18, 89.0, float("nan"), 65.9, 65.9],
            "high": [82.38, 91.0, float("nan"), 87.0, 87.0],
            "told": ["inside", "outside", "no interval", "too wide", "outside"],
        }
    )
    table = published.part(theirs, {arm: f"arm {arm}" for arm in range(4)}, places=2)
    assert table is not None
    assert table.text["published run"].tolist() == theirs["told"].tolist()
    assert table.text["95% prediction interval"].tolist() == ["80.18 to 82.38", "89.00 to 91.00", "–", *["65.90 to 87.00"] * 2]


def test_networks_are_compared_one_pair_at_a_time(study):
    assert study(WHOLE).fill(networks.part) is None
    table = study(WHOLE, images=True).fill(networks.part)
    assert table is not None
    assert len(table.text) == 9  # three comparisons, three seeds
    assert "cannot show that the change matters" in table.notes[0]


def test_steps_to_an_accuracy_that_every_arm_has(study):
    analysis = study(WHOLE)
    table = analysis.fill(reach.part)
    assert table is not None
    assert "at or above 70% (the lowest final mean of any arm" in table.notes[0]
    assert table.text["seeds that reach it"].str.endswith(" of 3").all()
    lost = study([[0.8, 0.81, "diverged"], [0.8, 0.81, 0.82], ["failed"] * 3, [0.8, 0.81, 0.82]]).fill(reach.part)
    assert lost is not None
    assert lost.text["seeds that reach it"].str.endswith(" of 3").all()
    assert len(lost.text) == 4
    assert study([["failed"] * 3] * 4).fill(reach.part) is None
    assert study(WHOLE, metric="loss").fill(reach.part) is None


def test_the_noise_floor(study):
    table = study(WHOLE).fill(noise.part)
    assert table is not None
    runs, pairs = "a run ({} weights)", "a paired difference ({} weights)"
    read = [*map(runs.format, ("EMA", "raw")), *map(pairs.format, ("raw against EMA", "EMA"))]
    assert table.text.iloc[:, 0].tolist() == read
    alike = study(WHOLE[:2], "augment=on,off").fill(noise.part)
    assert alike is not None
    assert alike.text.iloc[:, 0].tolist() == ["a run", "a paired difference"]
    assert study([[0.8], [0.7], [0.71], [0.72]]).fill(noise.part) is None


def test_the_noise_floor_of_effects_is_that_of_arms_and_their_pairs(study):
    full = study(WHOLE)
    effects = study(WHOLE, "augment=on,off", "ema=on,off", design="fractional")
    assert effects.question.effects
    pd.testing.assert_frame_equal(effects.noise, full.noise)  # the same runs, of which differences to the baseline are judged
    table = effects.fill(noise.part)
    assert table is not None
    assert "the differences of all other arms from baseline" in table.notes[0]
    levels = ("lrn=native,on", "ema=on,off")
    same = study([WHOLE[0], WHOLE[1], WHOLE[0], WHOLE[1]], *levels, design="fractional")
    assert same.results.sweep.to_json()["same_arms"] == [[2, 0], [3, 1]]
    assert same.noise["sd"].iloc[-1] == pytest.approx((same.wide.loc[1] - same.wide.loc[0]).std())  # not a zero for what is one


def test_what_changes_besides(study):
    table = study(WHOLE).fill(confounds.part)
    assert table is not None
    first = table.text[table.text["arm"] == "no augmentation"]
    assert first.to_numpy().tolist() == [
        ["no augmentation", "input", "24×24", "32×32", "–"],
        ["no augmentation", "parameters", "1,068,298", "1,756,426", "+64%"],
        ["no augmentation", "FLOPs", "37,745,098", "66,983,370", "+77%"],
    ]
    assert study(WHOLE[:2], "ema=on,off").fill(confounds.part) is None


def test_where_it_was_trained(study):
    analysis = study(WHOLE)
    table = analysis.fill(environment.part)
    assert table is not None
    [row] = table.text.to_numpy().tolist()
    versions = "Python 3.11.7, TensorFlow 2.21.0, Keras 3.15.1, ablate 0.1.0"
    assert row == ["here, Some CPU", "1", versions, "0123456789", "6", "30 s"]


@pytest.mark.parametrize(("dirty", "commit"), [(True, "0123456789 and changes"), (None, "0123456789")])
def test_mixed_trainings_have_a_row_each(study, dirty, commit):
    analysis = study(WHOLE)
    trainings = analysis.results.trainings.copy()
    trainings.loc[0, ["host", "processor", "dirty"]] = ["there", "a GPU", dirty]
    mixed = replace(analysis, results=replace(analysis.results, trainings=trainings, notes=("different hosts",)))
    table = mixed.fill(environment.part)
    assert table is not None
    assert table.text["machine"].tolist() == ["there, Some CPU, a GPU", "here, Some CPU"]
    assert table.text["commit"][0] == commit
    assert table.text["trainings"].tolist() == ["1", "5"]
    assert table.notes == ("different hosts",)


def test_where_curves_cross_is_told_with_its_interval():
    found = pd.DataFrame({"arm": [1, 2], "against": 0, "rises": [True, False], "step": [1234.5, 900.0]})
    found = found.assign(low=pd.array([1000, None], "Int64"), high=pd.array([2000, None], "Int64"))
    table = crossings.part(found, {(1, 0): "no augmentation", (2, 0): "no LRN"})
    assert table is not None
    assert table.text.to_numpy().tolist() == [
        ["no augmentation", "ahead", "1,234", "1,000 to 2,000"],
        ["no LRN", "behind", "900", "not determined by these seeds"],
    ]
    assert crossings.part(found.iloc[:0], {}) is None
