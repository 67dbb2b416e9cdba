"""Two sweeps side by side."""

import pytest

from ablate.report import compared as side_by_side
from ablate.report import figures
from ablate.report.tables import interplay
from ablate.results.compare import Comparison

FULL, BARE = ("augment=on,off", "ema=on,off"), ("augment=off,on", "ema=off,on")
WHOLE = [[0.810, 0.813, 0.812, 0.811, 0.812], [0.781, 0.784, 0.784, 0.782, 0.782], [0.80, 0.801, 0.803, 0.80, 0.802]]
OTHER = [[0.710, 0.713, 0.712, 0.711, 0.712], [0.741, 0.742, 0.743, 0.742, 0.741], [0.50, 0.503, 0.50, 0.501, 0.50]]


@pytest.fixture
def compared(study):
    """The comparison of a sweep that switches factors off with one that switches them on."""

    def made(full: list[list[float | str]], bare: list[list[float | str]], sources=("full", "bare")) -> Comparison:
        return Comparison(study(full, *FULL, design="one_factor"), study(bare, *BARE, design="one_factor"), sources)

    return made


def with_one(values: list[list[float]], arm: int, status: str) -> list[list[float | str]]:
    return [[*row[:-1], status] if number == arm else [*row] for number, row in enumerate(values)]


def test_each_change_is_judged_by_the_difference_of_its_two_effects(compared):
    comparison = compared(WHOLE, OTHER)
    assert comparison.frame["verdict"].tolist() == ["same effect", "differs"]
    assert interplay.table(comparison).text["verdict"].tolist() == ["same effect", "differs"]
    assert not comparison.frame["diverged"].any()


def test_figure_and_page_show_both_effects_of_each_change_and_say_what_differs(compared):
    comparison = compared(WHOLE, OTHER)
    drawn = side_by_side.figure(comparison)
    [ax] = drawn.figure.axes
    frame = comparison.frame
    dots = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [dot.get_xdata()[0] for dot in dots[::2]] == pytest.approx(frame["first"].tolist())
    assert [dot.get_xdata()[0] for dot in dots[1::2]] == pytest.approx(frame["second"].tolist())
    assert {"same effect", "differs", *frame["change"]} <= {text.get_text() for text in ax.texts}
    one, other = frame["change"][1], frame["change"][0]
    said = f"{one}: different effects in the two sweeps; {other}: the same effect in both"
    assert side_by_side.finding(comparison).lower() == said.lower()
    assert ax.get_window_extent().height >= 0.66 * drawn.figure.bbox.height
    page = side_by_side.html(comparison, drawn, figures.svg(drawn.figure), [("compare.csv", "each change")])
    assert page.count("<svg") >= 1
    assert side_by_side.finding(comparison) in page


@pytest.mark.parametrize(
    ("sweep", "arm", "inconclusive"), [(0, 0, [True, True]), (0, 1, [True, False]), (1, 2, [False, True]), (1, 0, [True, True])]
)
def test_a_diverged_seed_of_any_of_the_four_arms_leaves_it_inconclusive(compared, sweep, arm, inconclusive):
    pair = [WHOLE, OTHER]
    pair[sweep] = with_one(pair[sweep], arm, "diverged")
    comparison = compared(*pair)
    table = interplay.table(comparison)
    others = ["same effect", "differs"]
    told = ["inconclusive: a seed diverged" if gone else other for gone, other in zip(inconclusive, others, strict=True)]
    assert table.text["verdict"].tolist() == told
    assert comparison.frame["diverged"].tolist() == inconclusive
    assert any("any change with a diverged seed in one of its four arms" in note for note in table.notes)


def test_a_failed_seed_is_only_one_seed_less(compared):
    comparison = compared(with_one(WHOLE, 1, "failed"), OTHER)
    assert interplay.table(comparison).text[["seeds", "verdict"]].to_numpy().tolist() == [
        ["4", "same effect"],
        ["5", "differs"],
    ]


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (("multirun/full", "multirun/bare"), ("full", "bare")),
        (("/a/full/sweep", "/a/bare/sweep"), ("full/sweep", "bare/sweep")),
        (("/one/x/sweep", "/other/x/sweep"), ("one/x/sweep", "other/x/sweep")),
        (("sweep", "/a/sweep"), ("sweep", "a/sweep")),
        (("seed_ladder", "add_one_in"), ("seed_ladder", "add_one_in")),
    ],
)
def test_sweeps_are_called_by_the_shortest_ends_of_their_paths_that_differ(compared, sources, names):
    comparison = compared(WHOLE, OTHER, sources)
    assert comparison.names == names
    assert interplay.table(comparison).notes[0].startswith(f"First: {names[0]}. Second: {names[1]}. ")
