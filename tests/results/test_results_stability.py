"""Unstable runs, from evaluations on disk to what a report says of them."""

import io
from pathlib import Path

import numpy as np
import pytest
from made_up import LABELS
from rich.console import Console

from ablate.report import caveats, files, footnotes, paper, tables
from ablate.report.figures.accuracy import part as over_training
from ablate.report.figures.forest import part as judged
from ablate.results import load
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask

STEPS = tuple(range(10, 90, 10))
FELL = (1, 2)  # the arm and the seed of the run that falls at its last step


def fill(sweeps, fall: float = 0.10, steps=STEPS, words=()) -> Path:
    """Two arms that are alike, five seeds; one run falls at its end."""
    made = sweeps.planned("lr=0.1,0.1001", "seed=range(0,5)", "steps=80", "eval_every=10", "readout.last=1", *words)

    def measured(run, step):
        jitter = 0.002 * (-1) ** (step // 10) + 0.0004 * run.seed * run.arm
        gone = fall if (run.arm, run.seed) == FELL and step == 80 else 0.0
        return {f"accuracy_{weights}": 0.8 + jitter - gone for weights in ("raw", "averaged")}, {"averaged": LABELS}

    return sweeps.trained(made, *steps, measured=measured)


def analyzed(folder: Path, **changes) -> Analysis:
    return analyze(*ask(load(folder), **changes))


@pytest.fixture
def fallen(sweeps) -> Analysis:
    return analyzed(fill(sweeps))


def screen(analysis: Analysis) -> str:
    stream = io.StringIO()
    tables.show(analysis, Console(file=stream, width=200, color_system=None))
    return " ".join(stream.getvalue().split())


def test_a_run_that_falls_at_its_end_is_unstable(fallen):
    frame = fallen.stability
    assert len(frame) == 10
    assert frame["judged"].all()
    assert set(frame["evaluations"]) == {7}
    assert frame.loc[frame["unstable"], ["arm", "seed"]].to_numpy().tolist() == [list(FELL)]
    row = frame[frame["unstable"]].iloc[0]
    assert row["value"] == pytest.approx(100 * (0.8 + 0.002 + 0.0008 - 0.10))
    assert row["best"] == pytest.approx(100 * (0.8 + 0.0004 + 0.0008))
    assert row["fall"] == pytest.approx(row["best"] - row["value"])
    assert row["bar"] == 3.0
    seeds = fallen.unstable_seeds
    assert seeds.columns.tolist() == fallen.samples.columns.tolist()
    assert seeds.to_numpy().tolist() == [[seed == FELL[1] for seed in range(5)]]
    assert fallen.arms[["unstable", "unstable_of"]].to_numpy().tolist() == [[0, 5], [1, 5]]
    assert fallen.arms["unstable_to"].round(2).tolist() == [0.45, 0.66]


def test_an_unstable_run_of_either_side_bars_no_effect(sweeps):
    """A fall so small that the interval still lies within the margin."""
    folder = fill(sweeps, fall=0.034)
    wide = analyzed(folder, margin=30)
    assert wide.comparisons[["verdict", "limit"]].to_numpy().tolist() == [["inconclusive", "unstable"]]
    assert "inconclusive: a run is unstable" in screen(wide)
    assert analyzed(fill(sweeps, fall=0.02, words=["lr=0.1,0.1002"]), margin=30).comparisons["verdict"].tolist() == [
        "no effect"
    ]


def test_the_sentence_about_5_percent_appears_only_where_it_holds(sweeps, fallen):
    sound = analyzed(fill(sweeps, fall=0.0, words=["lr=0.1,0.1002"]))
    (why,) = {caveats.no_bound(fallen.unstable_seeds)}
    bound = "wrong is at most 5%"
    for notes in (fallen.fill(footnotes.verdict_notes), [paper.methods(fallen)]):
        assert why in " ".join(notes)
        assert bound not in " ".join(notes)
    assert bound in " ".join(sound.fill(footnotes.verdict_notes))
    assert caveats.no_bound(sound.unstable_seeds) == ""


def test_unstable_runs_are_shown_and_counted(fallen, tmp_path):
    text = screen(fallen)
    assert "Unstable runs: 1 of 10. With 0 of 5, the true rate may be up to 45%; with 1 of 5, up to 66%" in text
    assert "lr 0.1 → 0.1001, seed 2 (80.1% → 70.3%)" in text
    (table,) = [each for each in tables.every(fallen) if each.name == "unstable"]
    assert table.text["seed"].tolist() == ["2"]
    assert "1 of 10 runs was." in paper.methods(fallen)
    files.write(fallen, tmp_path, "multirun/it", ["csv"])
    assert (tmp_path / "stability.csv").exists()


def test_the_figures_mark_unstable_runs(fallen):
    figure = fallen.fill(over_training).figure
    curves = figure.axes[0]
    assert "Thin line to ▽: an unstable run, which counts." in " ".join(figure.texts[1].get_text().split())
    assert sum(line.get_marker() == "v" and line.get_markerfacecolor() == "white" for line in curves.lines) == 1
    figure = fallen.fill(judged).figure
    assert "Circles: seeds, filled where a run is unstable." in " ".join(figure.texts[1].get_text().split())
    seeds = [line for line in figure.axes[0].lines if line.get_marker() == "o" and line.get_markerfacecolor() != "none"]
    assert [len(line.get_xdata()) for line in seeds] == [1]


def test_what_was_evaluated_too_seldom_is_not_checked_which_is_said(sweeps):
    found = analyzed(fill(sweeps, steps=STEPS[-5:]))
    assert not found.stability[["judged", "unstable"]].any(axis=None)
    assert found.stability["bar"].isna().all()
    (line,) = found.fill(caveats.unstable)
    assert line.startswith("Unstable runs: not checked")
    assert line in found.fill(footnotes.verdict_notes)
    assert "unstable" not in {column.heading for table in tables.every(found) for column in table.columns}


def test_another_metric_than_accuracy_is_not_checked(sweeps):
    found = analyzed(fill(sweeps), metric="loss")
    assert found.stability.empty
    assert not found.unstable_seeds.any(axis=None)
    assert found.fill(caveats.unstable) == []


def test_a_run_is_judged_by_what_came_before_the_step_that_is_read(sweeps):
    found = analyzed(fill(sweeps), at_step=70)
    assert set(found.stability["evaluations"]) == {6}
    assert not found.stability["unstable"].any()


def test_an_effect_has_the_unstable_runs_of_all_its_arms(sweeps):
    made = sweeps.planned(
        "augment=on,off", "ema=on,off", "seed=0,1,2", "steps=80", "eval_every=10", "readout.last=1", design="fractional"
    )

    def measured(run, step):
        gone = 0.2 if run.seed == 1 and run.arm < 2 and step == 80 else 0.0
        accuracy = 0.8 - gone + 0.001 * run.seed
        return {f"accuracy_{weights}": accuracy for weights in ("raw", "averaged")}, {"averaged": LABELS, "raw": LABELS}

    found = analyzed(sweeps.trained(made, *STEPS, measured=measured))
    assert found.question.effects
    assert np.array_equal(found.unstable_seeds.to_numpy(), [[False, True, False]] * len(found.comparisons))
