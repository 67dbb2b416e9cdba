import shutil

from matplotlib.text import Text

from ablate.report import figures as plots
from ablate.results import load
from ablate.results.analysis import analyze
from ablate.results.question import ask
from ablate.store import result_file


def said(figure) -> list[str]:
    """All that is written in a figure."""
    return [text.get_text() for text in figure.findobj(Text)]


def analysis(folder):
    return analyze(*ask(load(folder)))


def test_a_factorial_has_every_figure_that_there_is_data_for(sweeps, tmp_path):
    made = sweeps.planned("augment=on,off", "ema=on,off", "seed=0,1,2", "steps=20", "eval_every=10")
    found = analysis(sweeps.trained(made, 10, 20))
    figures = {name: title for name, title, _ in plots.drawn(found)}
    assert list(figures) == ["effects", "accuracy", "effects_over_training", "costs", "interactions", "shapley", "classes"]
    assert figures["effects_over_training"] == "Differences from the baseline over training"
    paths = [path for name, _, figure in plots.drawn(found) for path in plots.save(figure, tmp_path / name, ("svg",))]
    assert [path.name for path in paths] == [f"{name}.svg" for name in figures]
    assert all(path.read_text().count("<svg") == 1 for path in paths)


def test_the_same_analysis_gives_the_same_files(sweeps):
    made = sweeps.planned("augment=on,off", "seed=0,1", "steps=20", "eval_every=10")
    found = analysis(sweeps.trained(made, 10, 20))
    once, again = ([(name, plots.svg(figure)) for name, _, figure in plots.drawn(found)] for _ in range(2))
    assert once == again


def test_one_run_has_its_curve_alone(sweeps):
    found = analysis(sweeps.trained(sweeps.planned("steps=20", "eval_every=10"), 10, 20))
    assert [name for name, _, _ in plots.drawn(found)] == ["accuracy"]


def test_a_sweep_that_has_not_begun_says_so(sweeps):
    made = sweeps.planned("augment=on,off", "seed=0,1", "steps=20")
    folder = sweeps.multirun / made.name
    sweeps.trained(made, 10)  # no row at the runs' own step, so no run has a result
    figures = list(plots.drawn(analysis(folder)))
    assert [name for name, _, _ in figures] == ["effects"]  # and no empty axes
    assert "No verdict" in plots.svg(figures[0].figure)


def test_a_fraction_is_drawn_by_its_effects(sweeps):
    words = ["augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one"]
    made = sweeps.planned(*words, "seed=0,1", "steps=20", "eval_every=10", design="fractional")
    found = analysis(sweeps.trained(made, 10, 20))
    figures = {name: figure for name, _, figure in plots.drawn(found)}
    assert "effects_over_training" not in figures
    assert "effect, pp" in figures["effects"].axes[0].get_xlabel()


def test_a_ladder_even_of_one_rung_is_drawn_against_the_rung_below(sweeps):
    made = sweeps.planned("augment=off,on", "seed=0,1", "steps=20", "eval_every=10", design="ladder")
    figures = {name: (title, figure) for name, title, figure in plots.drawn(analysis(sweeps.trained(made, 10, 20)))}
    assert figures["effects_over_training"][0] == "Differences from the rung below over training"
    assert "difference from the rung below" in figures["effects"][1].axes[0].get_xlabel()


def test_arms_that_a_figure_does_not_draw_are_named_with_what_became_of_them(sweeps):
    made = sweeps.planned("fc=two,one,none", "ema=on,off", "seed=0,1", "steps=20", "eval_every=10", design="one_factor")
    folder = sweeps.trained(made, 10, 20)
    for run in made.runs:
        if run.arm == 1:
            shutil.rmtree(run.trajectory.path)
            (folder / str(run.number) / result_file.RESULT).unlink()
    figures = {name: figure for name, _, figure in plots.drawn(analysis(folder))}
    for name in ("accuracy", "effects_over_training", "costs", "classes"):
        assert "Not drawn: one hidden dense layer (2 not finished)" in "".join(said(figures[name])).replace("\n", " "), name


def test_where_arms_are_compared_with_different_ones_each_row_names_its_partner(sweeps):
    words = ("seed=0,1", "steps=20", "eval_every=10")
    out = sweeps.planned("augment=on,off", "ema=on,off", *words, design="one_factor")
    back = sweeps.planned("augment=off,on", "ema=off,on", *words, design="one_factor")
    found = analyze(*ask(load(sweeps.trained(out, 10, 20), sweeps.trained(back, 10, 20))))
    figures = {name: (title, figure) for name, title, figure in plots.drawn(found)}
    assert figures["classes"][0] == "Differences by class"
    partner = "(against no augmentation, no EMA)"
    for name in ("effects", "effects_over_training", "classes"):
        texts = " ".join(said(figures[name][1])).replace("\n", " ")
        assert "no augmentation (against baseline)" in texts, name
        assert texts.count(partner) >= 2, name
        assert "rung" not in texts


def test_read_by_the_loss_the_axes_say_so(sweeps):
    made = sweeps.planned("augment=on,off", "ema=on,off", "seed=0,1", "steps=20", "eval_every=10")
    found = analyze(*ask(load(sweeps.trained(made, 10, 20)), metric="loss"))
    drawn = {name: figure for name, _, figure in plots.drawn(found)}
    assert "loss" in drawn["accuracy"].axes[0].get_ylabel()
