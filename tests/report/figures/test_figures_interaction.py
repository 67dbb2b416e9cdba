from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.text import Text
from scipy.stats import t

from ablate import stats
from ablate.report import figures
from ablate.report.figures.interaction import MOST_PAIRS, height, part
from ablate.results.question import METRICS

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
    """The panels, in a finished figure."""
    means, ax = stats.pair_means(*sweep(factors, seeds), factors), figures.single()
    tall = height(means, ax)
    panels = figures.interaction(means, ax)
    figures.fit(panels[0], tall, "What was found", "What is drawn.")
    return panels


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
    factors = {"augment": ["on", "off"], "ema": ["on", "off"]}
    means = stats.pair_means(*sweep(factors), factors)
    [ax] = figures.interaction(means, figures.single())
    assert ax.get_xlabel() == "augment"
    assert [text.get_text() for text in ax.get_xticklabels()] == ["on", "off"]
    lines = [line.get_ydata().tolist() for line in ax.lines if len(line.get_xdata()) == 2]
    assert lines == [
        pytest.approx(means["mean"].iloc[[0, 2]].tolist()),
        pytest.approx(means["mean"].iloc[[1, 3]].tolist()),
    ]
    assert sorted(text.get_text() for text in ax.texts) == ["ema: off", "ema: on"]
    assert ax.get_ylabel() == "accuracy on the\ntest set, %"
    three = figures.interaction(stats.pair_means(*sweep(), FACTORS), figures.single())
    assert len(three) == 3
    assert len({(line.get_linestyle(), line.get_marker()) for line in three[1].lines}) >= 3


def test_a_bar_that_leaves_its_panel_ends_in_an_arrow():
    means = stats.pair_means(*sweep(), FACTORS)
    means.loc[0, ["low", "high"]] = [-300.0, 300.0]
    ax = figures.interaction(means, figures.single())[0]
    ends = [line for line in ax.lines if line.get_marker() in (CARETUP, CARETDOWN)]
    assert [line.get_ydata()[0] for line in ends] == list(ax.get_ylim())
    low, high = ax.get_ylim()
    assert 0 <= low < high <= 100


def test_of_many_pairs_the_least_parallel_are_drawn_and_the_rest_is_said():
    factors = {f"factor{number}": ["on", "off"] for number in range(6)}
    panels = drawn(factors)
    assert len(panels) == MOST_PAIRS
    assert panels[0].get_xlabel() == "factor0"
    assert panels[0].get_title(loc="left") == "lines: factor1"
    assert sorted(text.get_text() for text in panels[0].texts) == ["off", "on"]
    question = SimpleNamespace(evaluation_set="test", metric=METRICS["accuracy"])
    finding, about = part(question, stats.pair_means(*sweep(factors), factors), 2).figure.texts
    assert finding.get_text() == "Factor0 and factor1 deviate most from additivity, by 0.5 pp"
    said = " ".join(about.get_text().split())
    assert said.startswith("Mean over the arms with both levels; bar: 95% CI over seeds.")
    assert f"The {MOST_PAIRS} of 15 pairs whose lines are least parallel." in said


@pytest.mark.parametrize("factors", [FACTORS, {"batch_size": ["32", "64", "128", "256"], "lr": ["0.1", "0.05", "0.2", "0.02"]}])
def test_names_of_lines_do_not_overlap_and_stay_inside(factors):
    for ax in drawn(factors):
        boxes = [Text.get_window_extent(text) for text in ax.texts]
        for one in boxes:
            assert one.x1 <= ax.figure.bbox.x1 + 1
            assert sum(one.shrunk(0.98, 0.8).overlaps(other.shrunk(0.98, 0.8)) for other in boxes) == 1


@pytest.mark.parametrize(("factors", "share"), [(2, 0.5), (3, 0.15)])
def test_panels_take_most_of_the_width_that_they_have(factors, share):
    panels = drawn({f"factor{number}": ["on", "off"] for number in range(factors)})
    assert min(ax.get_window_extent().width for ax in panels) > share * panels[0].figure.bbox.width
