from itertools import product

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETDOWN, CARETUP
from scipy.stats import t

from ablate import stats
from ablate.report import figures
from ablate.report.figures.interaction import MOST_PAIRS, height

FACTORS = {"augment": ["on", "off"], "ema": ["on", "off"], "lr": ["0.1", "0.05", "0.02"]}


def sweep(factors=FACTORS, seeds: int = 3):
    """(wide, levels) of a factorial in which the first two factors depend on each other."""
    arms = list(product(*factors.values()))
    levels = pd.DataFrame(arms, columns=list(factors))
    numbers = levels.apply(lambda column: column.map({level: at for at, level in enumerate(factors[column.name])}))
    first, second = numbers.iloc[:, 0], numbers.iloc[:, 1]
    means = 80 - numbers.sum(axis="columns") - 2 * first * second
    wide = pd.DataFrame({seed: means + 0.1 * seed * (1 + numbers.iloc[:, -1]) for seed in range(seeds)}, dtype=float)
    return wide, levels


def drawn(factors=FACTORS, seeds: int = 3):
    means = stats.pair_means(*sweep(factors, seeds), factors)
    return figures.fit(figures.interaction(means, figures.blank()), height(means))


def test_means_are_over_all_arms_with_both_levels_and_intervals_over_seeds():
    wide, levels = sweep()
    means = stats.pair_means(wide, levels, FACTORS)
    assert len(means) == 4 + 6 + 6
    row = means[(means["first"] == "augment") & (means["second"] == "lr")].iloc[1]
    assert row[["first_level", "second_level"]].tolist() == ["on", "0.05"]
    values = wide[(levels["augment"] == "on") & (levels["lr"] == "0.05")].mean()
    low, high = t.interval(0.95, 2, values.mean(), values.sem())
    assert row[["n", "mean", "low", "high"]].tolist() == pytest.approx([3, values.mean(), low, high])


def test_a_seed_that_lacks_one_of_the_arms_does_not_count():
    wide, levels = sweep()
    wide.loc[0, 2] = np.nan
    means = stats.pair_means(wide, levels, FACTORS)
    assert means["n"].iloc[0] == 2
    assert set(means["n"].iloc[1:4]) == {3}


def test_a_factor_with_one_level_makes_no_pair():
    factors = {"augment": ["on", "off"], "ema": ["on"]}
    levels = pd.DataFrame({"augment": ["on", "off"], "ema": ["on", "on"]})
    assert stats.pair_means(pd.DataFrame({0: [1.0, 2.0]}), levels, factors).empty


def test_a_line_a_level_of_the_second_factor_named_at_its_end():
    means = stats.pair_means(*sweep(), FACTORS)
    figure = figures.interaction(means, figures.blank())
    assert len(figure.axes) == 3
    ax = figure.axes[0]
    assert ax.get_xlabel() == "augment"
    assert [text.get_text() for text in ax.get_xticklabels()] == ["on", "off"]
    assert [line.get_ydata().tolist() for line in ax.lines] == [
        pytest.approx(means["mean"].iloc[[0, 2]].tolist()),
        pytest.approx(means["mean"].iloc[[1, 3]].tolist()),
    ]
    assert sorted(text.get_text() for text in ax.texts) == ["ema: off", "ema: on"]
    assert len({(line.get_linestyle(), line.get_marker()) for line in figure.axes[1].lines}) == 3
    assert figure.get_suptitle() == "accuracy on the test set (%)"


def test_the_legend_says_what_a_bar_is():
    assert "95% interval over seeds" in drawn().get_supxlabel().replace("\n", " ")
    assert "one seed" in drawn(seeds=1).get_supxlabel()


def test_a_bar_that_leaves_its_panel_ends_in_an_arrow_and_the_legend_says_so():
    means = stats.pair_means(*sweep(), FACTORS)
    means.loc[0, ["low", "high"]] = [-300.0, 300.0]
    figure = figures.interaction(means, figures.blank())
    ax = figure.axes[0]
    ends = [line for line in ax.lines if line.get_marker() in (CARETUP, CARETDOWN)]
    assert [line.get_ydata()[0] for line in ends] == list(ax.get_ylim())
    assert "arrow: more lies beyond the edge" in figure.get_supxlabel()
    assert "arrow" not in drawn().get_supxlabel()


def test_of_many_pairs_the_least_parallel_are_drawn_and_the_rest_is_said():
    factors = {f"factor{number}": ["on", "off"] for number in range(6)}
    figure = drawn(factors)
    assert len(figure.axes) == MOST_PAIRS
    assert figure.axes[0].get_xlabel() == "factor0"
    assert figure.axes[0].get_title(loc="left") == "lines: factor1"
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["off", "on"]
    assert f"{MOST_PAIRS} of 15 pairs" in figure.get_supxlabel()


@pytest.mark.parametrize("factors", [FACTORS, {"batch_size": ["32", "64", "128", "256"], "lr": ["0.1", "0.05", "0.2", "0.02"]}])
def test_names_of_lines_do_not_overlap_and_stay_inside(factors):
    figure = drawn(factors)
    for ax in figure.axes:
        boxes = [text.get_window_extent() for text in ax.texts]
        for one in boxes:
            assert one.x1 <= figure.bbox.x1 + 1
            assert sum(one.overlaps(other) for other in boxes) == 1


@pytest.mark.parametrize(("factors", "share"), [(3, 0.6), (4, 0.3)])
def test_panels_take_most_of_the_width_that_they_have(factors, share):
    figure = drawn({f"factor{number}": ["on", "off"] for number in range(factors)})
    assert min(ax.get_window_extent().width for ax in figure.axes) > share * figure.bbox.width
