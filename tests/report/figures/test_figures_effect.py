import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

from ablate.report import figures
from ablate.report.figures import effect
from ablate.stats.outcomes import SHOWN, Outcome

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
    """The panels, in a finished figure."""
    ax = figures.single()
    tall = effect.height(len(made[["arm", "against"]].drop_duplicates()), ax)
    panels = figures.effect_vs_step(made, NAMES, ax, margin, **said)
    figures.fit(panels[0], tall, "What was found", "What is drawn.")
    return panels


def curve(ax):
    """The line that says its values."""
    return next(line for line in ax.lines if ", step " in str(line.get_label()))


def bands(ax) -> list:
    return [artist for artist in ax.collections if isinstance(artist, PolyCollection)]


def test_a_panel_a_comparison_with_its_curve_and_band_and_its_last_value():
    first, second = drawn(frame())
    assert curve(second).get_xdata().tolist() == [1000, 2000, 3000]
    assert curve(second).get_ydata().tolist() == pytest.approx([-0.1, 0.0, 0.1])
    assert bands(second)[0].get_paths()[0].get_extents().intervaly.tolist() == pytest.approx([-0.5, 0.5])
    titles = [ax.get_title(loc="left") for ax in (first, second)]
    assert titles == ["factor1: on → off  +0.20", "factor2: on → off  +0.10"]
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylabel() == "accuracy, pp"


def test_a_band_has_the_color_of_the_verdict():
    first, second = drawn(frame(), outcomes={(1, 0): Outcome.HELPS})
    assert curve(first).get_color() == SHOWN[Outcome.HELPS].color
    assert curve(second).get_color() == "#15181c"


def test_bands_that_would_dwarf_the_curves_are_cut():
    made = frame()
    made.loc[made["step"] == 1000, "high"] = 30.0
    assert drawn(made)[0].get_ylim()[1] < 3


def test_bands_that_are_all_as_wide_are_what_there_is_to_see_and_none_is_cut():
    assert drawn(frame(half=30.0))[0].get_ylim()[1] > 30


def test_one_seed_has_a_curve_without_a_band():
    assert bands(drawn(frame(n=1, half=float("nan")))[0]) == []


@pytest.mark.parametrize("comparisons", [1, 2, 3, 19])
def test_panels_and_titles_do_not_overlap_and_are_mostly_data(comparisons):
    panels = drawn(frame(comparisons))
    figure = panels[0].figure
    assert len(figure.axes) == len(panels) == comparisons
    boxes = [ax.get_tightbbox() for ax in panels] + [text.get_window_extent() for text in figure.texts]
    for one in boxes:
        assert one.x0 >= 0
        assert one.x1 <= figure.bbox.x1 + 1
        assert sum(one.shrunk(0.99, 0.98).overlaps(other.shrunk(0.99, 0.98)) for other in boxes) == 1
    column = {round(ax.get_position().y0, 3): ax.get_position().height for ax in panels}
    assert sum(column.values()) > 0.6


def test_of_hundreds_of_comparisons_the_largest_are_drawn():
    titles = [ax.get_title(loc="left").partition("  ")[0] for ax in drawn(frame(98))]
    assert titles == [f"factor{arm}: on → off" for arm in range(59, 99)]


def test_steps_are_labeled_below_each_column():
    panels = drawn(frame(4))
    assert [ax.get_xlabel() for ax in panels] == ["", "step", "step", "step"]
    assert [bool(ax.xaxis.get_tick_params()["labelbottom"]) for ax in panels] == [False, True, True, True]


def test_a_pointer_is_told_some_values_of_a_long_curve_and_the_last():
    panels = drawn(frame(1, steps=range(100, 10001, 100)))
    texts = [text for _, _, text in figures.points(panels[0].figure)]
    assert len(texts) <= effect.TOLD
    assert texts[-1] == "factor1: on → off, step 10,000: +0.90 pp (+0.50 to +1.30)"


def test_the_head_says_what_was_found_and_what_is_drawn(study):
    found = study([[0.7, 0.71, 0.72], [0.8, 0.81, 0.83]], "lr=0.1,0.2", design="one_factor")
    finding, about = (" ".join(text.get_text().split()) for text in found.fill(effect.part).figure.texts)
    assert finding.startswith("lr 0.1 → 0.2: ")
    assert about == "Differences from the baseline, mean of 3 seeds. Gray: the margin, ± 0.5 pp."
