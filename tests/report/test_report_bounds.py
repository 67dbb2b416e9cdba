"""Intervals as readers see them: within what can be, and none that is too wide to say anything."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import numbers
from ablate.report import bounds, files
from ablate.report.figures.forest import part as judged
from ablate.report.figures.shapley import part as shapley
from ablate.report.tables import in_file
from ablate.results.question import METRICS

ACCURACY = METRICS["accuracy"]
ENDS = st.floats(-300, 300)
RESTLESS = [[0.90, 0.95, 0.99], [0.10, 0.95, 0.60], [0.901, 0.951, 0.992]]


@given(ends=st.tuples(ENDS, ENDS).map(sorted))
def test_no_difference_of_accuracies_is_shown_beyond_what_can_be(ends) -> None:
    low, high = ends
    row = bounds.readable(pd.DataFrame({"low": [low], "high": [high]}), ACCURACY).loc[0]
    if high - low > 2 * bounds.WIDE:
        assert (row["low"], row["high"]) == (-math.inf, math.inf)
        assert numbers.interval(row["low"], row["high"], 2) == "too few seeds"
    else:
        assert (row["low"], row["high"]) == (np.clip(low, -100, 100), np.clip(high, -100, 100))
    drawn = bounds.drawn(pd.DataFrame({"low": [low], "high": [high]}), ACCURACY)
    assert drawn.isna().to_numpy().all() == (high - low > 2 * bounds.WIDE)


def test_a_difference_of_losses_is_shown_as_it_is() -> None:
    frame = pd.DataFrame({"low": [-500.0], "high": [500.0]})
    pd.testing.assert_frame_equal(bounds.readable(frame, METRICS["loss"]), frame)


def test_a_missing_interval_stays_missing() -> None:
    frame = pd.DataFrame({"low": [math.nan], "high": [math.nan]})
    assert bounds.readable(frame, ACCURACY).isna().all(axis=None)


def test_a_comparison_of_too_few_seeds_says_so_and_its_file_keeps_the_numbers(study, tmp_path) -> None:
    found = study(RESTLESS, "lr=0.1,0.2,0.3", design="one_factor")
    assert bounds.readable(found.comparisons, ACCURACY)["high"].eq(math.inf).tolist() == [True, False]
    (table,) = [each for each in in_file(found) if each.name == "verdicts"]
    column = next(name for name in table.text if name.endswith("CI"))
    assert table.text[column].iloc[0] == "too few seeds"
    assert " to " in table.text[column].iloc[1]
    files.write(found, tmp_path, "multirun/it", ["csv", "md", "tex"])
    assert "too few seeds" in (tmp_path / "table.tex").read_text()
    kept = pd.read_csv(tmp_path / "effects.csv")
    assert kept["high"][0] - kept["low"][0] == pytest.approx(found.comparisons["high"][0] - found.comparisons["low"][0])
    assert kept["high"][0] - kept["low"][0] > 2 * bounds.WIDE


def test_a_figure_says_too_few_seeds_in_place_of_a_bar(study) -> None:
    ax = study(RESTLESS, "lr=0.1,0.2,0.3", design="one_factor").fill(judged).figure.axes[0]
    assert " ".join(text.get_text() for text in ax.texts).count("too few") == 1
    assert sum(line.get_linewidth() == 1.7 for line in ax.lines) == 1
    low, high = ax.get_xlim()
    assert -100 < low < high < 100


def test_a_shapley_value_without_a_bar_says_too_few_seeds(study) -> None:
    ax = study([*RESTLESS, RESTLESS[0]], "augment=on,off", "ema=on,off").fill(shapley).figure.axes[0]
    assert "too few seeds" in [text.get_text() for text in ax.texts]


def test_an_arms_interval_ends_where_accuracies_do(study) -> None:
    arms = study(RESTLESS, "lr=0.1,0.2,0.3", design="one_factor").arms
    assert arms["high"].max() == 100.0
    assert arms["low"].min() == 0.0
    assert arms["low"].lt(arms["mean"]).all()
