import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

from ablate.report import figures
from ablate.report.figures import effect

NAMES = {(arm, other): f"factor{arm}: on → off" for arm in range(1, 99) for other in (0, arm - 1)}


def frame(comparisons: int = 2, steps=(1000, 2000, 3000), n: int = 3, half: float = 0.4, ladder: bool = False) -> pd.DataFrame:
    rows = [
        (arm, arm - 1 if ladder else 0, step, n, -arm / 10 + step / 10000, half)
        for arm in range(1, comparisons + 1)
        for step in steps
    ]
    made = pd.DataFrame(rows, columns=["arm", "against", "step", "n", "points", "half"])
    return made.assign(low=made["points"] - made["half"], high=made["points"] + made["half"])


def drawn(made: pd.DataFrame, margin=0.5, **said):
    figure = figures.effect_vs_step(made, NAMES, figures.blank(), margin, **said)
    return figures.fit(figure, effect.height(len(made[["arm", "against"]].drop_duplicates())))


def curve(ax):
    """The line that says its values."""
    return next(line for line in ax.lines if ", step " in str(line.get_label()))


def bands(ax) -> list:
    return [artist for artist in ax.collections if isinstance(artist, PolyCollection)]


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_panel_a_comparison_with_its_curve_and_band():
    figure = drawn(frame())
    first, second = figure.axes
    assert curve(second).get_xdata().tolist() == [1000, 2000, 3000]
    assert curve(second).get_ydata().tolist() == pytest.approx([-0.1, 0.0, 0.1])
    assert bands(second)[0].get_paths()[0].get_extents().intervaly.tolist() == pytest.approx([-0.5, 0.5])
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["no factor1", "no factor2"]
    assert first.get_ylim() == second.get_ylim()
    assert "accuracy, difference from the baseline (points)" in figure.get_suptitle()


def test_the_legend_says_that_a_band_is_no_verdict_and_what_is_shaded():
    texts = legend(drawn(frame()))
    assert texts == ["mean of 3 seeds, paired by seed", "95% band, pointwise: no verdict", "the margin, ± 0.5 points"]
    assert not any("margin" in text for text in legend(drawn(frame(), margin=None)))


def test_bands_that_would_dwarf_the_curves_are_cut_and_the_legend_says_so():
    made = frame()
    made.loc[made["step"] == 1000, "high"] = 30.0
    figure = drawn(made)
    assert figure.axes[0].get_ylim()[1] < 3
    assert any("cut" in text for text in legend(figure))


def test_bands_that_are_all_as_wide_are_what_there_is_to_see_and_none_is_cut():
    figure = drawn(frame(half=30.0))
    assert figure.axes[0].get_ylim()[1] > 30
    assert not any("cut" in text for text in legend(figure))


def test_one_seed_has_a_curve_without_a_band():
    figure = drawn(frame(n=1, half=float("nan")))
    assert bands(figure.axes[0]) == []
    assert legend(figure)[0] == "mean of 1 seed, paired by seed"
    assert not any("band" in text for text in legend(figure))


def test_it_says_what_arms_are_compared_with_and_which_are_not_drawn():
    figure = drawn(frame(3, ladder=True), versus="the rung below", left_out=["lr 0.1 → 1e+30 (3 diverged)"])
    assert "difference from the rung below" in figure.get_suptitle()
    assert figure.legends[0].get_title().get_text() == "not drawn: lr 0.1 → 1e+30 (3 diverged)"


@pytest.mark.parametrize("comparisons", [1, 2, 3, 19])
def test_panels_titles_and_legend_do_not_overlap(comparisons):
    figure = drawn(frame(comparisons))
    assert len(figure.axes) == comparisons
    boxes = [ax.get_tightbbox() for ax in figure.axes] + [figure.legends[0].get_window_extent()]
    for one in boxes:
        assert one.x0 >= 0
        assert one.x1 <= figure.bbox.x1 + 1
        assert sum(one.overlaps(other) for other in boxes) == 1


def test_of_hundreds_of_comparisons_the_largest_are_drawn_and_the_rest_is_said():
    figure = drawn(frame(98))
    assert [ax.get_title(loc="left") for ax in figure.axes] == [f"factor{arm}: on → off" for arm in range(59, 99)]
    assert figure.legends[0].get_title().get_text() == "40 of 98 differences, the largest; all are in the files beside it"


def test_steps_are_labeled_below_each_column():
    figure = drawn(frame(3))
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "step", "step"]
    assert [bool(ax.xaxis.get_tick_params()["labelbottom"]) for ax in figure.axes] == [False, True, True]


def test_a_pointer_is_told_some_values_of_a_long_curve_and_the_last():
    figure = drawn(frame(1, steps=range(100, 10001, 100)))
    texts = [text for _, _, text in figures.points(figure)]
    assert len(texts) <= effect.TOLD
    assert texts[-1] == "no factor1, step 10,000: +0.90 points (+0.50 to +1.30)"
