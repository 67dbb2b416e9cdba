import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh

from ablate.report import figures
from ablate.report.figures import rows
from ablate.report.figures.classes import MOST_CLASSES

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
    figures.fit(ax, rows.height(ax))
    return ax


def cells(ax) -> list:
    return [text for text in ax.texts if text.get_text()[0] in "+−0"]


def test_a_cell_a_comparison_and_class_holds_its_value():
    frame = classes()
    ax = drawn(frame)
    assert [text.get_text() for text in cells(ax)][:4] == ["+0.4", "+0.3", "+0.2", "+0.1"]
    assert len(cells(ax)) == 20
    meshes = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    assert [np.asarray(mesh.get_array()).ravel().tolist() for mesh in meshes] == [
        pytest.approx(frame.loc[frame["arm"] == arm, "points"].tolist()) for arm in (1, 2)
    ]
    assert meshes[0].norm.vmin == -meshes[0].norm.vmax == pytest.approx(-1.0)
    assert tuple(text.get_text() for text in ax.get_xticklabels()) == NAMES


def test_values_whose_pointwise_interval_excludes_0_are_bold_and_the_legend_says_so():
    ax = drawn(classes())
    weights = [text.get_fontweight() for text in cells(ax)]
    assert weights[:10] == ["normal"] * 10
    assert weights[10:] == ["bold"] * 2 + ["normal"] * 5 + ["bold"] * 3
    title = ax.get_legend().get_title().get_text().replace("\n", " ")
    assert "(points)" in title
    assert "bold: the pointwise 95% interval over seeds excludes 0, no verdict" in title


def test_of_many_classes_those_with_the_largest_differences_are_drawn_and_said():
    ax = drawn(classes(count=100))
    assert [text.get_text() for text in ax.get_xticklabels()] == [f"class {number}" for number in range(90, 100)]
    assert f"{MOST_CLASSES} of 100 classes" in ax.get_legend().get_title().get_text()


@pytest.mark.parametrize("comparisons", [1, 3, 19])
def test_values_fit_into_their_cells_and_no_text_overlaps(comparisons):
    frame = classes(comparisons)
    frame["points"] = frame["points"] - 30
    ax = drawn(frame.assign(low=-40.0, high=-20.0))
    width = ax.get_window_extent().width / 10
    boxes = [text.get_window_extent() for text in (*ax.texts, *ax.get_xticklabels())]
    for text in cells(ax):
        assert text.get_window_extent().width < width
    for one in boxes:
        assert one.y0 >= 0
        assert sum(one.overlaps(other) for other in boxes) == 1


def test_letters_stand_out_from_their_cell():
    frame = classes(1)
    frame["points"] = np.linspace(-9, 9, 10)
    assert [text.get_color() for text in cells(drawn(frame))] == ["black"] * 9 + ["white"]


def test_of_hundreds_of_comparisons_the_largest_are_drawn_and_the_rest_is_said():
    ax = drawn(classes(120))
    written = [text.get_text() for text in ax.texts if text.get_text().startswith("factor")]
    assert written == [NAMES_OF_PAIRS[arm, 0] for arm in range(120 - rows.MOST + 1, 121)]
    said = ax.get_legend().get_title().get_text().replace("\n", " ")
    assert f"{rows.MOST} of 120 comparisons, the largest; all are in the files beside it" in said
