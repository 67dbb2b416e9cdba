"""What the test images say: other images, single networks, classes."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar

from ablate.stats import classes, crossed, networks, new_images, student

IMAGES = 200


@pytest.fixture
def correct() -> dict[int, dict[int, np.ndarray]]:
    """Three arms with seeds 0 to 3, of which arm 2 lacks one."""
    generator = np.random.default_rng(0)
    easy = generator.normal(size=IMAGES)
    likes = generator.normal(size=(3, IMAGES))  # what an arm can do with an image, whatever the seed
    found = {
        arm: {seed: easy + likes[arm] + generator.normal(0.2 * arm, 1, IMAGES) > 0 for seed in range(4)} for arm in range(3)
    }
    del found[2][1]
    return found


def weigh(*rows: dict[int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=range(3)).fillna(0.0)


def test_a_pair_is_the_crossed_analysis_of_its_differences_in_points(correct) -> None:
    found = new_images(correct, weigh({1: 1, 0: -1}, {2: 1, 1: -1}), 0.99)
    for place, (arm, other, seeds) in enumerate([(1, 0, [0, 1, 2, 3]), (2, 1, [0, 2, 3])]):
        d = np.stack([correct[arm][seed].astype(int) - correct[other][seed] for seed in seeds])
        g, of_seeds, of_images, low, high = crossed(d, 0.99)
        expected = [len(seeds), IMAGES, 100 * g, 100 * of_seeds**0.5, 100 * of_images**0.5, 100 * low, 100 * high]
        expected += [100 * bound for bound in crossed(d, 0.98)[-2:]]
        assert found.loc[place].tolist() == pytest.approx(expected)


def test_an_effect_over_several_arms_is_one_table_too(correct) -> None:
    found = new_images(correct, weigh({0: 0.5, 1: 0.5, 2: -1}), 0.95).loc[0]
    d = np.stack([(correct[0][seed] + 0.0 + correct[1][seed]) / 2 - correct[2][seed] for seed in (0, 2, 3)])
    g, _, _, low, high = crossed(d, 0.95)
    assert found[["n", "points_new", "low_new", "high_new"]].tolist() == pytest.approx([3, 100 * g, 100 * low, 100 * high])


def test_the_interval_for_new_images_is_wider_than_that_of_the_seeds(correct) -> None:
    found = new_images(correct, weigh({1: 1, 0: -1}), 0.95).loc[0]
    points = [100 * (correct[1][seed].mean() - correct[0][seed].mean()) for seed in range(4)]
    mean, low, high = student(points, 0.95)
    assert found["points_new"] == pytest.approx(mean)
    assert found["sd_seed"] == pytest.approx(scipy_stats.sem(points))
    assert found["sd_img"] > 0
    assert found["low_new"] < low < high < found["high_new"]


def test_one_seed_has_a_mean_only_and_none_has_nothing(correct) -> None:
    one = {arm: {0: seeds[0]} for arm, seeds in correct.items()}
    found = new_images(one, weigh({1: 1, 0: -1}), 0.95).loc[0]
    assert found["n"] == 1
    assert found["points_new"] == pytest.approx(100 * (one[1][0].mean() - one[0][0].mean()))
    assert found[["sd_seed", "sd_img", "low_new", "high_new"]].isna().all()
    nothing = new_images({}, weigh({1: 1, 0: -1}, {2: 1, 0: -1}), 0.95)
    assert nothing["n"].tolist() == [0, 0]
    assert nothing.drop(columns="n").isna().all(axis=None)
    assert nothing.dtypes.to_dict() == new_images(correct, weigh({1: 1, 0: -1}), 0.95).dtypes.to_dict()


def test_networks_are_compared_by_the_exact_test_of_mcnemar(correct) -> None:
    found = networks(correct, [(1, 0), (2, 0)])
    assert found["seed"].tolist() == [0, 1, 2, 3, 0, 2, 3]
    for row in found.itertuples():
        first, second = correct[row.arm][row.seed], correct[row.against][row.seed]
        table = [[np.sum(first & second), np.sum(first & ~second)], [np.sum(~first & second), np.sum(~first & ~second)]]
        assert (row.only_arm, row.only_against) == (table[0][1], table[1][0])
        assert row.p == pytest.approx(mcnemar(table, exact=True).pvalue)
        assert row.p == pytest.approx(scipy_stats.binomtest(row.only_arm, row.only_arm + row.only_against).pvalue)


def test_networks_that_err_alike_do_not_differ() -> None:
    right = np.array([True, False, True])
    assert networks({0: {0: right}, 1: {0: right}}, [(1, 0)]).loc[0, ["only_arm", "only_against", "p"]].tolist() == [0, 0, 1]
    balanced = networks({0: {0: right}, 1: {0: right[[1, 0, 2]]}}, [(1, 0)]).loc[0]
    assert balanced[["only_arm", "only_against", "p"]].tolist() == [1, 1, 1]


def test_classes_are_differences_of_accuracy_within_each_paired_by_seed(correct) -> None:
    labels = np.arange(IMAGES) % 5
    found = classes(correct, labels, list("abcdef"), [(1, 0), (2, 1)])
    assert found["name"].tolist() == list("abcde") * 2  # no image of f
    assert found["n"].tolist() == [4] * 5 + [3] * 5
    for row in found.itertuples():
        of_class = labels == row[3]
        seeds = [seed for seed in correct[row.against] if seed in correct[row.arm]]
        arm, other = ([correct[each][seed][of_class].mean() for seed in seeds] for each in (row.arm, row.against))
        test = scipy_stats.ttest_rel(arm, other)
        expected = [np.mean(arm) - np.mean(other), *test.confidence_interval(0.95)]
        assert [row.points, row.low, row.high] == pytest.approx([100 * each for each in expected])


def test_classes_weighted_by_their_images_add_up_to_the_whole_difference(correct) -> None:
    labels = np.random.default_rng(1).choice(4, IMAGES, p=[0.5, 0.3, 0.15, 0.05])
    found = classes(correct, labels, list("abcd"), [(1, 0)])
    whole = np.average(found["points"], weights=np.bincount(labels))
    assert whole == pytest.approx(new_images(correct, weigh({1: 1, 0: -1}), 0.95).loc[0, "points_new"])


def test_without_predictions_there_are_no_networks_and_no_classes(correct) -> None:
    no_labels = np.zeros(0, dtype=np.int64)
    assert networks({}, [(1, 0)]).empty
    assert classes({}, no_labels, [], [(1, 0)]).empty
    labels = np.arange(IMAGES) % 5
    full = classes(correct, labels, list("abcde"), [(1, 0)])
    assert classes({}, no_labels, [], [(1, 0)]).dtypes.to_dict() == full.dtypes.to_dict()
    assert classes({0: correct[0]}, labels, list("abcde"), [(1, 0)]).empty
