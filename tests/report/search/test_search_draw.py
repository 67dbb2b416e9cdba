"""A search as Python users have it: what `load` gives, and its figures drawn one by one on axes of a reader's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from ablate.errors import AblateError
from ablate.report import draw
from ablate.results import SearchResults, load

DRAWN = (draw.history, draw.learning_curves, draw.slices, draw.surface, draw.importance, draw.time)


def test_what_load_gives_of_a_search_is_short_and_says_what_its_confirmation_found(confirmed: Callable[..., Path]) -> None:
    found = load(confirmed())
    assert isinstance(found, SearchResults)
    assert repr(found) == "<search over lr, batch_size: 25 of 25 trials finished, confirmation: helps>"


def test_figures_of_a_search_are_drawn_on_axes_of_a_reader_or_there_is_none(made: Callable[..., Path]) -> None:
    found = load(made())
    assert isinstance(found, SearchResults)
    shown = set()
    for draws in DRAWN:
        theirs, ax = plt.subplots(figsize=(5, 3), layout="constrained")
        picture = draws(found, ax)
        if isinstance(picture, draw.Shown):
            shown.add(draws)
            assert picture.figure is theirs
            assert picture.alt
            assert theirs.get_size_inches().tolist() == [5, 3]
        else:
            assert picture.markdown.startswith("This search has no figure")
        plt.close(theirs)
    assert {draw.history, draw.surface, draw.slices, draw.time} <= shown


def test_a_search_of_two_objectives_has_a_front(made: Callable[..., Path], two_objectives) -> None:  # type: ignore[no-untyped-def]
    trials, changes = two_objectives
    found = load(made(trials, **changes))
    assert isinstance(found, SearchResults)
    assert isinstance(draw.front(found, draw.axes()), draw.Shown)
    assert isinstance(draw.history(found, draw.axes()), draw.Nothing)


def test_a_figure_of_sweeps_is_none_of_a_search(made: Callable[..., Path]) -> None:
    with pytest.raises(AblateError, match=r"Unknown figure of a search 'forest'"):
        draw.figure(load(made()), "forest", draw.axes())
