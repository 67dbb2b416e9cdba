from importlib import resources

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.patches import Rectangle

from ablate.report import figures
from ablate.report.figures import bars, rows
from ablate.report.figures.forest import part
from ablate.stats.outcomes import SHOWN, Outcome

NAMES = ["no augmentation", "no LRN", "model tuto → alex4, weight decay scaled → decoupled, one hidden dense layer"]


def comparisons(count: int = 3, **columns) -> pd.DataFrame:
    points = np.resize([-3.0, 0.1, 1.0], count)
    frame = {
        "name": np.resize(NAMES, count),
        "aliases": "",
        "points": points,
        "low": points - np.resize([0.5, 0.2, 2.0], count),
        "high": points + np.resize([0.5, 0.2, 2.0], count),
        "verdict": np.resize(["hurts", "no effect", "inconclusive"], count),
    }
    return pd.DataFrame(frame | columns)


def samples(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({seed: frame["points"] + shift for seed, shift in ((0, -0.3), (1, 0.0), (2, 0.3))})


def forest(frame: pd.DataFrame, margin=0.5, seeds=None, **said):
    ax = figures.forest(frame, samples(frame) if seeds is None else seeds, figures.single(), margin, **said)
    figures.fit(ax, rows.height(ax), "What was found", "What is drawn.")
    return ax


def dots(ax, markers: str) -> list:
    return [line for line in ax.lines if line.get_marker() in tuple(markers)]


def intervals(ax) -> list:
    """The adjusted intervals, each at the height of its mean."""
    heights = {line.get_ydata()[0] for line in dots(ax, "^vsDx")}
    across = [line for line in ax.lines if len(line.get_ydata()) == 2 and np.ptp(line.get_ydata()) == 0]
    return [line for line in across if line.get_ydata()[0] in heights]


def arrows(ax) -> list[int]:
    return [line.get_marker() for line in ax.lines if line.get_marker() in (CARETLEFT, CARETRIGHT)]


def written(ax) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in ax.texts]


def test_a_row_has_name_interval_seeds_value_and_verdict_the_largest_first():
    frame = comparisons()
    ax = forest(frame)
    order = [2, 1, 0]
    lines = intervals(ax)
    assert [line.get_xdata() for line in lines] == [pytest.approx((frame["low"][row], frame["high"][row])) for row in order]
    means = dots(ax, "^vsDx")
    assert [line.get_marker() for line in means] == ["D", "s", "v"]
    assert [line.get_xdata()[0] for line in means] == pytest.approx([frame["points"][row] for row in order])
    assert [line.get_ydata()[0] for line in means] == [line.get_ydata()[0] for line in lines]
    assert means[0].get_ydata()[0] < means[1].get_ydata()[0], "from the top down"
    seeds = dots(ax, "o")
    assert [line.get_xdata().tolist() for line in seeds] == [pytest.approx(samples(frame).loc[row].tolist()) for row in order]
    assert written(ax)[:3] == [NAMES[row] for row in order]
    assert {"+1.00", "+0.10", "−3.00", "−3.50 to −2.50", "hurts", "no effect", "inconclusive"} <= set(written(ax))
    assert ax.get_legend() is None


def test_a_ladder_keeps_its_order():
    assert written(forest(comparisons(), ordered=True))[:3] == NAMES


def test_names_are_left_of_the_axes_and_values_and_verdicts_right_of_them():
    ax = forest(comparisons())
    axes = ax.get_window_extent()
    for text in ax.texts:
        box, word = text.get_window_extent(), text.get_text().replace("\n", " ")
        if word in NAMES:
            assert box.x1 < axes.x0
        elif not word.startswith("±"):
            assert box.x0 > axes.x1


def test_a_narrow_figure_goes_without_the_numbers_of_intervals(tmp_path):
    style = tmp_path / "one.mplstyle"
    style.write_text("figure.figsize: 3.25, 4\nfont.size: 7.5")
    with figures.chosen(style):
        ax = forest(comparisons())
    assert not any(" to " in text for text in written(ax))
    assert {"+1.00", "inconclusive"} <= set(written(ax))


def test_the_margin_is_one_band_through_all_rows_and_0_one_line():
    ax = forest(comparisons())
    [band] = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert (band.get_x(), band.get_width()) == (-0.5, 1.0)
    assert (band.get_y(), band.get_height()) == (0, 1), "of the axes"
    [zero] = [line for line in ax.lines if list(line.get_xdata()) == [0, 0]]
    assert list(zero.get_ydata()) == [0, 1]
    assert "± 0.5 pp" in written(ax)
    assert not any(text.startswith("±") for text in written(forest(comparisons(), margin=None)))


def test_one_seed_has_no_interval():
    frame = comparisons(verdict="no verdict", low=np.nan, high=np.nan)
    ax = forest(frame, seeds=frame[["points"]].set_axis([0], axis="columns"))
    assert intervals(ax) == []
    assert len(dots(ax, "x")) == 3


def test_a_row_without_any_value_keeps_its_place():
    ax = forest(comparisons(1, points=np.nan, low=np.nan, high=np.nan, verdict="no verdict"))
    assert {NAMES[0], "no verdict"} <= set(written(ax))


def test_an_interval_that_would_dwarf_the_others_ends_in_an_arrow_which_is_said():
    frame = comparisons()
    frame.loc[2, ["low", "high"]] = [-90, 92]
    ax = forest(frame)
    assert arrows(ax) == [CARETLEFT, CARETRIGHT]
    assert ax.get_xlim()[1] < 20
    assert bars.cut(ax) == ["Arrow: goes on beyond the axis."]
    assert bars.cut(forest(comparisons())) == []


def test_one_noisy_comparison_does_not_hide_the_others():
    frame = comparisons(9)
    frame.loc[8, ["points", "low", "high"]] = [-1.0, -30, 28]
    seeds = samples(frame)
    seeds.loc[8] = [-15.0, -1.0, 13.0]
    ax = forest(frame, seeds=seeds)
    low, high = ax.get_xlim()
    assert high - low < 12
    assert (frame["points"].between(low, high)).all()
    assert sorted(arrows(ax)) == sorted([CARETLEFT, CARETRIGHT] * 2)  # of the interval, and of a seed on either side


def test_a_seed_with_an_unstable_run_is_filled():
    frame = comparisons()
    fell = samples(frame) > 1.2
    ax = forest(frame, unstable_seeds=fell)
    filled = [line for line in dots(ax, "o") if line.get_markerfacecolor() != "none"]
    assert [line.get_xdata().tolist() for line in filled] == [pytest.approx([1.3])]


def test_a_verdict_that_new_images_would_not_give_has_a_dagger():
    ax = forest(comparisons(dagger=[True, False, False]))
    assert {"hurts †", "no effect", "inconclusive"} <= set(written(ax))


@pytest.mark.parametrize("width", [3.25, 6.75])
@pytest.mark.parametrize("count", [1, 3, 24])
def test_texts_do_not_overlap_and_stay_inside_a_figure_that_is_mostly_data(count, width, tmp_path):
    style = tmp_path / "one.mplstyle"
    style.write_text(f"figure.figsize: {width}, 4\nfont.size: 7.5")
    with figures.chosen(style):
        ax = forest(comparisons(count))
    boxes = [text.get_window_extent() for text in (*ax.texts, *ax.figure.texts)]
    slack = ax.figure.dpi / 72
    for one in boxes:
        assert one.x0 >= -slack
        assert one.x1 <= ax.figure.bbox.x1 + slack
        assert sum(one.overlaps(other) for other in boxes) == 1
    assert ax.get_window_extent().height >= 0.66 * ax.figure.bbox.height


def test_aliases_stand_below_the_name_of_an_effect():
    ax = forest(comparisons(1, aliases="+ b x c − d x e"))
    assert written(ax)[:2] == [NAMES[0], "+ b x c − d x e"]
    name, alias = (text.get_window_extent() for text in ax.texts[:2])
    assert alias.y1 <= name.y0 + 2


def test_a_pointer_is_told_means_with_their_interval_and_seeds():
    texts = [text for _, _, text in figures.points(forest(comparisons(1)).figure)]
    assert texts == [
        "no augmentation: −3.00 pp (−3.50 to −2.50)",
        "seed 0: −3.30 pp",
        "seed 1: −3.00 pp",
        "seed 2: −2.70 pp",
    ]


@pytest.mark.parametrize(("tone", "verdict"), [("helps", "helps"), ("hurts", "hurts"), ("none", "no effect")])
def test_a_verdict_has_one_color_in_the_figure_and_on_the_page(tone, verdict):
    css = (resources.files("ablate.report.page") / "page.css").read_text(encoding="utf-8")
    light = css.partition("}")[0]
    assert f"--{tone}: {SHOWN[Outcome(verdict)].color.lower()};" in light


def test_of_hundreds_of_rows_the_largest_are_drawn_and_the_rest_is_said():
    frame = comparisons(128)
    frame["points"] = np.where(np.arange(128) % 4 == 1, 3.0, 0.1)
    frame["name"] = [f"lr 0.1 → {row}" for row in range(128)]
    names = [text for text in written(forest(frame)) if text.startswith("lr")]
    assert len(names) == rows.MOST
    assert {f"lr 0.1 → {row}" for row in range(128) if row % 4 == 1} < set(names)
    assert rows.told(128, "difference") == [f"The {rows.MOST} largest of 128 differences."]


def test_the_title_says_what_was_found_and_the_line_below_it_what_is_drawn(study):
    values = [[0.7, 0.71, 0.72, 0.7], [0.8, 0.811, 0.82, 0.801], [0.701, 0.71, 0.721, 0.7]]
    found = study(values, "lr=0.1,0.2,0.3", design="one_factor")
    figure = found.fill(part).figure
    finding, about = (" ".join(text.get_text().split()) for text in figure.texts)
    assert finding == "lr 0.1 → 0.2 gains 10.1 percentage points; lr 0.1 → 0.3 has no effect"
    assert about.startswith("Accuracy on the test set. Line: adjusted 97.5% CI, decides helps and hurts.")
    assert "The 95% CI, not drawn, decides no effect." in about
    assert about.endswith("Circles: seeds. Baseline: 70.75%.")
