import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.transforms import Bbox

from ablate.report import figures
from ablate.report.figures import rows
from ablate.report.figures.classes import MOST_CLASSES, part

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
NAMES_OF_PAIRS = {(arm, 0): f"factor{arm}: on → off" for arm in range(130)}


def classes(comparisons: int = 2, count: int = 10, half: float = 0.55) -> pd.DataFrame:
    made = [
        (arm, 0, number, NAMES[number] if number < 10 else f"class {number}", 3, (-1) ** arm * (number - 4) / 10 * arm)
        for arm in range(1, comparisons + 1)
        for number in range(count)
    ]
    frame = pd.DataFrame(made, columns=["arm", "against", "class", "name", "n", "points"])
    return frame.assign(low=frame["points"] - half, high=frame["points"] + half)


def drawn(frame: pd.DataFrame):
    ax = figures.class_differences(frame, NAMES_OF_PAIRS, figures.single())
    figures.fit(ax, rows.height(ax), "What was found")
    return ax


def cells(ax) -> list:
    return [text for text in ax.texts if text.get_text()[0] in "+−0"]


def columns(ax) -> list[str]:
    return [text.get_text().strip() for text in ax.get_xticklabels()]


def seen(text) -> Bbox:
    """Where a text is seen: one that is raised ends with an empty line."""
    box = text.get_window_extent()
    return Bbox([[box.x0, (box.y0 + box.y1) / 2], [box.x1, box.y1]]) if text.get_text().endswith("\n") else box


def test_a_cell_a_comparison_and_class_holds_its_value_the_largest_first():
    frame = classes()
    ax = drawn(frame)
    assert [text.get_text() for text in cells(ax)][:4] == ["+1.0", "+0.8", "+0.6", "+0.4"]
    assert len(cells(ax)) == 20
    meshes = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    assert [np.asarray(mesh.get_array()).ravel().tolist() for mesh in meshes] == [
        pytest.approx(frame.loc[frame["arm"] == arm, "points"].tolist()[::-1]) for arm in (2, 1)
    ]
    assert meshes[0].norm.vmin == -meshes[0].norm.vmax == pytest.approx(-1.0)
    assert columns(ax) == list(NAMES[::-1])


def test_values_whose_pointwise_interval_excludes_0_are_bold_and_it_is_said():
    weights = [text.get_fontweight() for text in cells(drawn(classes()))]
    assert weights[:10] == ["bold"] * 3 + ["normal"] * 5 + ["bold"] * 2
    assert weights[10:] == ["normal"] * 10
    arms = pd.DataFrame({"arm": [0, 1, 2], "diverged": 0, "failed": 0, "missing": 0})
    figure = part(classes(), arms, {(1, 0): "no augmentation", (2, 0): "no EMA"}, "the baseline").figure
    finding, about = (" ".join(text.get_text().split()) for text in figure.texts)
    assert finding == "No EMA: the largest difference is in truck, +1.0 pp"
    assert about == (
        "Difference in accuracy within each class from the baseline, pp. Bold: pointwise 95% CI excludes 0, no verdict."
    )


def test_a_color_bar_has_three_ticks():
    [bar] = drawn(classes()).child_axes
    assert [text.get_text() for text in bar.get_yticklabels()] == ["−1", "0", "+1 pp"]


def test_of_many_classes_those_with_the_largest_differences_are_drawn_and_said():
    frame = classes(count=100)
    assert columns(drawn(frame)) == [f"class {number}" for number in range(99, 89, -1)]
    arms = pd.DataFrame({"arm": [0, 1, 2], "diverged": 0, "failed": 0, "missing": 0})
    about = part(frame, arms, {(1, 0): "no augmentation", (2, 0): "no EMA"}, "the baseline").figure.texts[1].get_text()
    assert f"The {MOST_CLASSES} of 100 classes with the largest differences." in " ".join(about.split())


@pytest.mark.parametrize("width", [3.25, 6.75])
@pytest.mark.parametrize("comparisons", [1, 3, 19])
def test_values_fit_into_their_cells_and_no_text_overlaps(comparisons, width, tmp_path):
    style = tmp_path / "one.mplstyle"
    style.write_text(f"figure.figsize: {width}, 4")
    frame = classes(comparisons)
    frame["points"] = frame["points"] - 30
    with figures.chosen(style):
        ax = drawn(frame.assign(low=-40.0, high=-20.0))
    room = ax.get_window_extent().width / len(columns(ax))
    boxes = [seen(text) for text in (*ax.texts, *ax.get_xticklabels())]
    for text in cells(ax):
        assert text.get_window_extent().width < room
        assert text.get_color() == "#15181c"
    for one in boxes:
        assert one.y0 >= 0
        assert sum(one.shrunk(0.98, 0.5).overlaps(other.shrunk(0.98, 0.5)) for other in boxes) == 1


def test_ink_can_be_read_on_the_darkest_cell():
    frame = classes(1)
    frame["points"] = np.linspace(-9, 9, 10)
    [mesh] = [artist for artist in drawn(frame).collections if isinstance(artist, QuadMesh)]
    linear = [((part + 0.055) / 1.055) ** 2.4 for part in mesh.cmap(1.0)[:3]]
    assert np.dot(linear, [0.2126, 0.7152, 0.0722]) > 0.35, "more than 4.5 to 1 with letters of ink"


def test_of_hundreds_of_comparisons_the_largest_are_drawn():
    ax = drawn(classes(120))
    written = [text.get_text() for text in ax.texts if text.get_text().startswith("factor")]
    assert written == [NAMES_OF_PAIRS[arm, 0] for arm in range(120, 120 - rows.MOST, -1)]
