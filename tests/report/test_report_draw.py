"""Figures drawn one by one, on axes of ours and of a reader's own, and what they are in a notebook."""

import base64
import re
import warnings

import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from ablate.errors import AblateError
from ablate.report import draw
from ablate.results import load

OF_SEARCHES = ("front", "history", "importance", "learning_curves", "slices", "surface", "time")
OWN = [name for name in draw.__all__ if name[0].islower() and name not in ("axes", "figure", *OF_SEARCHES)]
PANELS = ("interactions", "effects_over_training")


@pytest.fixture(scope="module")
def found(kept_sweep):
    return load(kept_sweep)


@pytest.mark.parametrize("name", OWN)
def test_each_figure_is_drawn_on_axes_of_a_reader_or_there_is_none(found, name):
    theirs, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    try:
        shown = getattr(draw, name)(found, ax)
        if isinstance(shown, draw.Nothing):
            assert shown.markdown.startswith("This sweep has no figure")
            assert shown._repr_mimebundle_()[1] == {draw.NOTHING: True}
            return
        assert shown.figure is theirs
        assert theirs.get_size_inches().tolist() == [5, 3]
        assert theirs.axes == [ax] or name in PANELS
        assert all(isinstance(each, Axes) and each.has_data() for each in theirs.axes)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            theirs.canvas.draw()
    finally:
        plt.close(theirs)


def test_most_figures_of_a_factorial_are_there(found):
    there = {name for name in OWN if isinstance(getattr(draw, name)(found, draw.axes()), draw.Shown)}
    assert there == {"effects", "accuracy", "costs", "classes", "effects_over_training", "interactions", "shapley"}


def test_a_notebook_shows_a_figure_at_full_width_with_what_it_says(found):
    shown = draw.effects(found, draw.axes())
    html = shown._repr_html_()
    [(alt, data)] = re.findall(r'^<img alt="([^"]+)" style="width: 100%" src="data:image/svg\+xml;base64,([^"]+)">$', html)
    finding = " ".join(shown.figure.texts[0].get_text().split())
    assert alt.startswith(finding)
    assert "Circles: seeds." in alt
    assert base64.b64decode(data).decode().count("<svg") == 1


def test_a_figure_of_another_name_or_cost_is_refused(found):
    with pytest.raises(AblateError, match=r"Did you mean 'costs'"):
        draw.figure(found, "cost", draw.axes())
    with pytest.raises(AblateError, match="Unknown cost 'money'"):
        draw.costs(found, draw.axes(), cost="money")
    plain = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(AblateError, match="several panels"):
        draw.interactions(found, plain)
    plt.close("all")


def test_a_loaded_sweep_is_short_and_has_its_verdicts_and_arms(found):
    assert repr(found) == "<factorial over augment, ema: 4 arms, 8 of 8 runs done, 24 evaluations>"
    html = found._repr_html_()
    assert html.startswith("<p>&lt;factorial over augment, ema")
    assert html.count("<tr>") + html.count("<tr ") == 4
    assert found.verdicts.columns.tolist()[:3] == ["name", "override", "against_label"]
    assert len(found.verdicts) == 3
    assert found.arms["label"].tolist()[0] == "baseline"
    at_20 = found.evaluations[found.evaluations["step"] == 20]
    assert set(at_20["loss"]) == {2020, 3020}, "on the evaluation set, by raw and by EMA weights"
    assert set(at_20["train_loss"]) == {1020}
