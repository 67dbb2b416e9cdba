"""The report of a sweep whose arms have learning rates of their own: both effects, and how the rates were chosen."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from made_up import composed, in_store
from rich.console import Console

from ablate import escaping
from ablate.errors import AblateError
from ablate.planning import plan
from ablate.planning.command import command_of
from ablate.report import figures as plots
from ablate.report import files, headline, paper, screen, sentences, tables
from ablate.report.page import story
from ablate.report.repeat import commands, name
from ablate.results import load
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask
from ablate.results.retuned import Retuned
from ablate.running.retune import Retuning, Settings
from ablate.store import SWEEP

RATES = (0.5, 1.0, 2.0)
WORDS = ("augment=on,off", "ema=on,off")
# Validation accuracies by arm and rate: the best of the baseline is at 0.5, of augment=off at 2, of ema=off the shared one.
TUNED = ((0.80, 0.70, 0.60), (0.50, 0.60, 0.70), (0.30, 0.50, None))
# Test accuracies by arm and seed: three arms at the shared rate, then the baseline and augment=off at their own best.
MEASURED = ((0.70, 0.71, 0.72), (0.65, 0.665, 0.67), (0.60, 0.62, 0.61), (0.75, 0.755, 0.76), (0.74, 0.745, 0.76))
TOGETHER = "no augmentation, each at its best lr (0.2; baseline 0.05)"


def retuning(*given: str, rates: Sequence[float] = RATES, seeds: int = 2, design: str = "one_factor") -> Retuning:
    def compose(overrides: Sequence[str]):
        return composed(["data=digits", *overrides])

    command = command_of(OverridesParser.create().parse_overrides(list(given)))
    return Retuning(command, plan.make(command, design, compose), Settings(True, tuple(rates), seeds), compose)


@pytest.fixture
def retuned(sweeps) -> Callable[..., tuple[Analysis, Path]]:
    """A sweep with made-up validation and test accuracies, and its folder."""

    def made(
        tuned: Sequence[Sequence[float | None]] = TUNED, measured: Sequence[Sequence[float]] = MEASURED, **changes: object
    ) -> tuple[Analysis, Path]:
        of = retuning(*WORDS, "steps=10", "eval_every=5", "seed=0,1,2")
        order = [1.0, 0.5, 2.0]
        results = []
        for run in of.tuning.runs:
            value = tuned[run.arm // len(RATES)][RATES.index(order[run.arm % len(RATES)])]
            status = "diverged" if value is None else "done"
            results.append({"status": status, "accuracy": value if value is None else value + 0.001 * run.seed})
        measuring = in_store(of.measuring(of.choose(results)), sweeps.store)
        folder = sweeps.trained(measuring, 5, 10, folder=sweeps.multirun / of.name)
        found = load(folder)
        runs = found.runs.copy()
        runs["accuracy"] = [measured[arm][seed] for arm, seed in zip(runs["arm"], runs["seed"], strict=True)]
        return analyze(*ask(replace(found, runs=runs, labels=None), **changes)), folder

    return made


def test_both_effects_are_judged_as_one_family(retuned) -> None:
    analysis, _ = retuned()
    frame = analysis.comparisons.set_index("name")
    assert frame["rates"].to_dict() == {
        "no augmentation": "shared",
        "no EMA": "shared",
        TOGETHER: "own best",
        "no EMA, each at its best lr (0.1; baseline 0.05)": "own best",
    }
    assert frame["points"].round(6).tolist() == [-4.833333, -10.0, -0.666667, -14.5]
    assert analysis.question.level == pytest.approx(1 - 0.05 / 4)
    assert analysis.question.pairs == ((1, 0), (2, 0), (4, 3), (2, 3))
    assert analysis.names[4] == "no augmentation, at its best lr (0.2)"


def test_the_two_columns_of_the_table_are_the_numbers_of_effects_csv(retuned, tmp_path) -> None:
    analysis, folder = retuned()
    [both, *_] = tables.in_file(analysis)
    values, text = both.values, both.text  # noqa: PD011
    assert text["change"].tolist() == ["no augmentation", "no EMA"]
    points = analysis.comparisons["points"].tolist()
    assert values["effect at the shared lr"].tolist() == points[:2]
    assert values["effect at each arm's best lr"].tolist() == points[2:]
    assert values["best lr"].tolist() == [0.2, 0.1]
    assert values["baseline's best lr"].tolist() == [0.05, 0.05]
    files.write(analysis, tmp_path, str(folder), ["csv", "md"])
    effects = pd.read_csv(tmp_path / "effects.csv")
    assert effects["rates"].tolist() == ["shared", "shared", "own best", "own best"]
    np.testing.assert_allclose(effects["points"], points)
    markdown = (tmp_path / "table.md").read_text()
    for cell in text.to_numpy().ravel():
        assert escaping.markdown(cell) in markdown
    assert "conditional on the chosen rates" in markdown
    methods = (tmp_path / "methods.md").read_text()
    assert "no augmentation: −4.83 and −0.67; no EMA: −10.00 and −14.50" in methods.replace("\\", "")
    assert "held out of training" in methods
    tuning = pd.read_csv(tmp_path / "tuning.csv")
    assert tuning.loc[tuning["chosen"], "lr"].tolist() == [0.05, 0.2, 0.1]


def test_an_arm_whose_best_rate_is_the_shared_one_as_the_baselines_is_judged_once(retuned) -> None:
    at_one = ((0.5, 0.9, 0.5), (0.4, 0.5, 0.6), (0.3, 0.5, 0.4))
    analysis, _ = retuned(at_one, MEASURED[:4])
    assert analysis.question.pairs == ((1, 0), (2, 0), (3, 0))
    assert analysis.comparisons["rates"].tolist() == ["shared", "shared and own best", "own best"]
    [both, *_] = tables.in_file(analysis)
    values = both.values  # noqa: PD011
    assert values["effect at the shared lr"][1] == values["effect at each arm's best lr"][1]
    assert "a difference in both counts once" in both.notes[-1]


def test_what_is_said_of_the_rates(retuned) -> None:
    analysis, folder = retuned()
    of = analysis.retuned
    assert of.edges == [
        "Best rate at the edge of the grid, so a better one may lie beyond it: baseline (lowest); no augmentation (highest)."
    ]
    assert of.gone == ["Rates excluded because a seed did not finish: no EMA at 0.2 (2 diverged)."]
    assert "from 0.5, 1, 2 times the shared lr 0.1" in of.how
    assert "287 validation images" in of.how
    assert "2 seeds (3, 4) that the results here do not use" in of.how
    first, _, third, _ = analysis.fill(sentences.sentences)
    assert first.startswith("At the shared learning rate: ")
    assert third.startswith("Each at its best learning rate (0.2; baseline 0.05): ")
    assert any(line.startswith("learning rates: Best lr: ") for line in analysis.fill(story.plan))
    assert "each at its best learning rate" in analysis.fill(story.asked)[1]
    [train, _] = commands(analysis.results.sweep, str(folder))
    assert "retune=true 'retune_rates=[0.5,1,2]' retune_seeds=2" in train
    assert "lr=" not in train.replace("retune_", "")
    assert name(analysis.results.sweep) == folder.name
    assert "how the other hyperparameters were chosen" in paper.checklist(analysis)


@pytest.mark.parametrize(
    ("trainings", "seconds", "lines"),
    [
        (12, 59.2, ["Choosing the learning rates took another 12 trainings (59 s up to their last evaluations)."]),
        (1, 0.0, ["Choosing the learning rates took another training."]),
        (0, 0.0, []),
    ],
)
def test_what_the_tuning_took_is_told_as_far_as_it_is_known(trainings: int, seconds: float, lines: list[str]) -> None:
    assert Retuned({"trainings": trainings, "seconds": seconds}).took == lines


def test_figures_show_both_effects_and_the_curves(retuned) -> None:
    analysis, _ = retuned()
    figures = {name: figure for name, _, figure in plots.drawn(analysis)}
    told = [text for _, _, text in plots.points(figures["effects_by_rate"])]
    assert [text.partition(",")[0] for text in told] == ["no augmentation"] * 2 + ["no EMA"] * 2
    assert "−4.83 pp" in told[0]
    assert "−0.67 pp" in told[1]
    curve = [text for _, _, text in plots.points(figures["tuning"])]
    assert len(curve) == 8, "one that diverged has no value"
    assert curve[0] == "baseline, lr 0.05: 80.35% ± 0.07"
    tuning = analysis.retuned.tuning
    known = tuning[tuning["mean"].notna()].sort_values(["arm", "rate"])
    drawn = [place for line in figures["tuning"].axes[0].lines if len(line.get_xdata()) > 1 for place in line.get_xydata()]
    assert np.array(drawn).tolist() == known[["lr", "mean"]].to_numpy().tolist(), "each is drawn at its rate and its mean"


def test_the_page_has_all_of_it(retuned, tmp_path) -> None:
    analysis, folder = retuned()
    files.write(analysis, tmp_path, str(folder), ["html"])
    page = (tmp_path / files.PAGE).read_text()
    for text in (
        "Effects at the shared learning rate and at each arm",
        "What the tuning found",
        "is optimistic: for 3 equally good rates",
    ):
        assert text in page


def test_what_cannot_be_read_otherwise_is_refused(retuned) -> None:
    _, folder = retuned()
    with pytest.raises(AblateError, match="This sweep compares each arm at two learning rates, so its baseline is fixed"):
        ask(load(folder), baseline="1")
    other = folder.parent / "again"
    other.mkdir()
    (other / SWEEP).write_bytes((folder / SWEEP).read_bytes())
    with pytest.raises(AblateError, match=r"Sweeps with retune=true cannot be joined.*again"):
        load(folder, other)


def test_the_tuning_has_a_report_of_its_own(sweeps) -> None:
    made = in_store(retuning(*WORDS, "steps=10", "eval_every=5", "seed=0,1,2").tuning, sweeps.store)
    analysis = analyze(*ask(load(sweeps.trained(made, 5, 10))))
    assert analysis.question.evaluation_set == "validation"
    assert analysis.question.pairs == ()
    assert "where learning rates are chosen" in analysis.fill(headline.answer)
    assert "to choose the best" in paper.methods(analysis)
    assert commands(analysis.results.sweep, "x") == []
    assert pd.read_csv(io.StringIO(tables.csv(analysis.arms)))["lr"].round(3).unique().tolist() == [0.1, 0.05, 0.2]


def test_the_last_screen_has_both_rates(retuned, read_by_users) -> None:
    analysis, folder = retuned()
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True, color_system=None, highlight=False)
    screen.show(analysis, console, Path("multirun/tuned/report/index.html"))
    text = "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
    assert text.replace(str(folder), "FOLDER") == read_by_users
    assert max(map(len, text.splitlines())) <= 80
