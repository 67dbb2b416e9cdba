from importlib import resources

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.patches import Rectangle

from ablate.report import figures
from ablate.report.figures import rows
from ablate.stats.outcomes import SHOWN, Outcome

LEVEL = 1 - 0.05 / 3
NAMES = ["no augmentation", "no LRN", "model tuto → alex4, weight decay scaled → decoupled, one hidden dense layer"]
TEXTS = ["hurts", "no effect beyond ± 0.5", "inconclusive: about 23 seeds would tell †"]


def comparisons(count: int = 3, **columns) -> pd.DataFrame:
    points = np.resize([-3.0, 0.1, 1.0], count)
    frame = {
        "name": np.resize(NAMES, count),
        "aliases": "",
        "points": points,
        "low": points - np.resize([0.5, 0.2, 2.0], count),
        "high": points + np.resize([0.5, 0.2, 2.0], count),
        "low_new": points - np.resize([0.7, 0.4, 2.2], count),
        "high_new": points + np.resize([0.7, 0.4, 2.2], count),
        "verdict": np.resize(["hurts", "no effect", "inconclusive"], count),
    }
    return pd.DataFrame(frame | columns)


def samples(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({seed: frame["points"] + shift for seed, shift in ((0, -0.3), (1, 0.0), (2, 0.3))})


def forest(frame: pd.DataFrame, margin=0.5, texts=None, seeds=None):
    texts = list(np.resize(TEXTS, len(frame))) if texts is None else texts
    seeds = samples(frame) if seeds is None else seeds
    ax = figures.forest(frame, seeds, texts, figures.single(), [LEVEL], "difference (points)", margin)
    figures.fit(ax, rows.height(ax))
    return ax


def intervals(ax, for_new_images: bool = False) -> list:
    """The family intervals, each at the height of its mean; or those for new images, which are at none."""
    heights = {line.get_ydata()[0] for line in dots(ax, "vsDx")}
    across = [line for line in ax.lines if len(line.get_ydata()) == 2 and np.ptp(line.get_ydata()) == 0]
    return [line for line in across if (line.get_ydata()[0] in heights) != for_new_images]


def dots(ax, markers: str) -> list:
    return [line for line in ax.lines if line.get_marker() in tuple(markers) and line.get_clip_on()]


def arrows(ax) -> list[int]:
    return [line.get_marker() for line in ax.lines if line.get_marker() in (CARETLEFT, CARETRIGHT)]


def legend(ax) -> str:
    return "\n".join(text.get_text() for text in (ax.get_legend().get_title(), *ax.get_legend().get_texts()))


def test_a_row_has_mean_family_interval_seeds_and_verdict():
    frame = comparisons()
    ax = forest(frame)
    thick = intervals(ax)
    assert [line.get_xdata() for line in thick] == [
        pytest.approx(ends) for ends in zip(frame["low"], frame["high"], strict=True)
    ]
    means = dots(ax, "vsD")
    assert [line.get_marker() for line in means] == ["v", "s", "D"]
    assert [line.get_xdata()[0] for line in means] == pytest.approx(frame["points"].tolist())
    assert [line.get_ydata()[0] for line in means] == [line.get_ydata()[0] for line in thick]
    seeds = dots(ax, "o")
    assert [line.get_xdata().tolist() for line in seeds] == [pytest.approx(row) for row in samples(frame).to_numpy().tolist()]
    written = [text.get_text() for text in ax.texts]
    assert set(TEXTS) <= set(written)
    assert "98.3% family intervals, 3 differences judged" in (ax.get_title(loc="left"), ax.get_title())


def test_the_interval_for_new_images_is_a_thin_line_and_named():
    frame = comparisons()
    ax = forest(frame)
    thin = intervals(ax, for_new_images=True)
    assert [line.get_xdata()[0] for line in thin] == pytest.approx(frame["low_new"].tolist())
    clear = [abs(one.get_ydata()[0] - other.get_ydata()[0]) for one, other in zip(thin, intervals(ax), strict=True)]
    assert min(clear) * 72 * rows.LINE > (2.2 + 0.9) / 2  # points
    assert "new images" in legend(ax)
    unknown = forest(comparisons(low_new=np.nan, high_new=np.nan), texts=["hurts"] * 3)
    assert intervals(unknown, for_new_images=True) == []
    assert "new images" not in legend(unknown)


def test_the_margin_is_shaded_in_every_row():
    ax = forest(comparisons())
    shades = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [(patch.get_x(), patch.get_width()) for patch in shades] == [(-0.5, 1.0)] * 3
    assert "the margin, ± 0.5 points" in legend(ax)
    assert "margin" not in legend(forest(comparisons(), margin=None))


def test_one_seed_has_no_interval_and_no_legend_of_one():
    nothing = dict.fromkeys(("low", "high", "low_new", "high_new"), np.nan)
    frame = comparisons(verdict="no verdict", **nothing)
    ax = forest(frame, texts=["no verdict: one seed"] * 3, seeds=frame[["points"]].set_axis([0], axis="columns"))
    assert intervals(ax) == []
    assert len(dots(ax, "x")) == 3
    assert "interval" not in legend(ax)


def test_a_row_without_any_value_keeps_its_place():
    missing = comparisons(1, points=np.nan, low=np.nan, high=np.nan, low_new=np.nan, high_new=np.nan, verdict="no verdict")
    ax = forest(missing, texts=["no verdict: no seed yet"])
    assert NAMES[0] in [text.get_text() for text in ax.texts]


def test_an_interval_that_would_dwarf_the_others_ends_in_an_arrow_which_is_said():
    frame = comparisons()
    frame.loc[2, ["low", "high", "low_new", "high_new"]] = [-90, 92, np.nan, np.nan]
    ax = forest(frame)
    assert arrows(ax) == [CARETLEFT, CARETRIGHT]
    assert "arrow: more lies beyond the edge" in legend(ax)
    assert ax.get_xlim()[1] < 20
    assert "arrow" not in legend(forest(comparisons()))


def test_one_noisy_comparison_does_not_hide_the_others():
    frame = comparisons(9)
    frame.loc[8, ["points", "low", "high", "low_new", "high_new"]] = [-1.0, -30, 28, -31, 29]
    seeds = samples(frame)
    seeds.loc[8] = [-15.0, -1.0, 13.0]
    ax = forest(frame, seeds=seeds)
    low, high = ax.get_xlim()
    assert high - low < 12
    assert (frame["points"].between(low, high)).all()
    assert sorted(arrows(ax)) == sorted([CARETLEFT, CARETRIGHT] * 3)  # of both intervals, and of a seed on either side


def test_the_legend_names_the_mark_of_no_verdict_where_there_is_one():
    assert "× no verdict" not in legend(forest(comparisons()))
    assert "◇ inconclusive  × no verdict" in legend(forest(comparisons(verdict=["hurts", "no verdict", "inconclusive"])))
    assert legend(forest(comparisons(verdict="no verdict"))).startswith("× no verdict\n")


def test_a_dagger_is_explained_where_there_is_one():
    assert "†" in legend(forest(comparisons()))
    assert "†" not in legend(forest(comparisons(), texts=["hurts", "inconclusive", "inconclusive"]))


@pytest.mark.parametrize("count", [1, 3, 24])
def test_names_and_verdicts_do_not_overlap_and_stay_inside(count):
    ax = forest(comparisons(count))
    boxes = [text.get_window_extent() for text in ax.texts]
    for one in boxes:
        assert one.x0 >= -1
        assert one.x1 <= ax.figure.bbox.x1 + 1
        assert sum(one.overlaps(other) for other in boxes) == 1


def test_aliases_stand_below_the_name_of_an_effect():
    ax = forest(comparisons(1, aliases="+ b x c − d x e"), texts=["hurts"])
    assert [text.get_text() for text in ax.texts] == [NAMES[0], "+ b x c − d x e", "hurts"]


def test_a_pointer_is_told_means_with_their_interval_and_seeds():
    texts = [text for _, _, text in figures.points(forest(comparisons(1), texts=["hurts"]).figure)]
    assert texts == [
        "no augmentation: −3.00 points (−3.50 to −2.50)",
        "seed 0: −3.30 points",
        "seed 1: −3.00 points",
        "seed 2: −2.70 points",
    ]


@pytest.mark.parametrize(("tone", "verdict"), [("helps", "helps"), ("hurts", "hurts"), ("none", "no effect")])
def test_a_verdict_has_one_color_in_the_figure_and_on_the_page(tone, verdict):
    css = (resources.files("ablate.report.page") / "page.css").read_text(encoding="utf-8")
    assert f"tr.tone-{tone} > th:first-child {{ border-left-color: {SHOWN[Outcome(verdict)].color.lower()}; }}" in css


def test_of_hundreds_of_rows_the_largest_are_drawn_and_the_rest_is_said():
    frame = comparisons(128)
    frame["points"] = np.where(np.arange(128) % 4 == 1, 3.0, 0.1)
    frame["name"] = [f"factor{row}: on → off" for row in range(128)]
    ax = forest(frame, texts=[f"verdict {row}" for row in range(128)])
    written = [text.get_text() for text in ax.texts if text.get_text().startswith("verdict")]
    far = [f"verdict {row}" for row in range(128) if row % 4 == 1]
    assert len(written) == rows.MOST
    assert set(far) < set(written)
    assert written == sorted(written, key=lambda text: int(text.split()[1]))
    assert "128 differences judged" in ax.get_title(loc="left")
    assert f"{rows.MOST} of 128 differences, the largest; all are in the files beside it" in legend(ax).replace("\n", " ")


def test_the_legend_names_the_interval_that_decides_no_effect():
    said = "no effect: the 96.7% interval, not drawn, lies in the shaded margin"
    assert said in legend(forest(comparisons())).replace("\n", " ")
    assert "it decides helps and hurts" in legend(forest(comparisons()))
    assert said not in legend(forest(comparisons(verdict="inconclusive")))
