import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from made_up import Sweeps, in_store

from ablate import results
from ablate.commands import report
from ablate.config import loading
from ablate.errors import AblateError
from ablate.planning import plan
from ablate.planning.command import command_of
from ablate.report import files, writing
from ablate.results.analysis import analyze
from ablate.results.question import ask
from ablate.store import Evaluated
from ablate.store.sweep_names import TUNING

CSVS = (
    "runs",
    "evaluations",
    "seeds",
    "arms",
    "effects",
    "contrasts",
    "shapley",
    "over_training",
    "classes",
    "networks",
    "noise",
    "stability",
)
COMPARED = ("compare.html", "compare.csv", "compare.md", "figures/compare.png", "figures/compare.svg")
TEXTS = ("table.md", "methods.md", "checklist.md", "table.tex", "table_one_column.tex", "caption.tex", "macros.tex")
FIGURES = ("effects", "accuracy", "effects_over_training", "costs", "interactions", "shapley", "classes")
DIGITS = tuple("0123456789")
LIGHT = ("--format", "csv,md")


def planned(design: str, *words: str, **more) -> plan.Plan:
    words = ("data=digits", "steps=20", "eval_every=10", *words, "seed=0,1")
    return plan.make(command_of(OverridesParser.create().parse_overrides(list(words))), design, loading.compose, **more)


@pytest.fixture(scope="module")
def made() -> plan.Plan:
    return planned("factorial", "augment=on,off", "ema=on,off")


@pytest.fixture
def sweep(made, tmp_path) -> Path:
    return filled(made, tmp_path)


def filled(made: plan.Plan, tmp_path: Path) -> Path:
    """A sweep of four arms and two seeds whose last training is missing, and so two runs."""
    last = made.runs[-1].trajectory.fingerprint

    def measured(run, step):
        part = step / 100 + run.seed / 1000 + (run.arm > 1) / 10
        scores = {f"accuracy_{name}": part + gain for name, gain in (("raw", 0.5), ("averaged", 0.6))}
        others = {"eval_loss_raw": 1.0, "eval_loss_averaged": 0.9, "seconds": 1.0, "examples_per_second": 500.0}
        return scores | others, {"raw": np.arange(4), "averaged": np.arange(4) // 2}

    return Sweeps(tmp_path).trained(
        in_store(made, tmp_path / made.store),
        *(10, 20),
        measured=measured,
        seen=Evaluated(np.arange(4), DIGITS, "made up", "test"),
        skip=lambda run: run.trajectory.fingerprint == last,
    )


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_it_writes_one_page_and_all_that_lies_beside_it(sweep, capsys):
    paths = writing.write(sweep)
    out = sweep / "report"
    assert paths[0] == out / "index.html"
    assert {str(path.relative_to(out)) for path in paths} == everything(out)
    figures = {f"figures/{name}.{kind}" for name in FIGURES for kind in ("png", "svg")}
    assert everything(out) == {"index.html", *TEXTS, *(f"{name}.csv" for name in CSVS), *figures}
    assert all(path.stat().st_size for path in paths)
    page = (out / "index.html").read_text()
    assert all(f'href="{name}"' in page for name in everything(out) - {"index.html"})
    assert str(sweep) not in (out / "table.md").read_text()


def test_the_files_hold_the_frames(sweep, capsys):
    report.run([str(sweep), *LIGHT])
    analysis, out = analyze(*ask(results.load(sweep))), sweep / "report"
    runs = pd.read_csv(out / "runs.csv")
    assert list(runs.columns) == [name for name in analysis.results.runs.columns if name != "trajectory"]
    assert runs["status"].tolist() == ["done"] * 6 + ["missing"] * 2
    assert runs["accuracy"].tolist()[:6] == pytest.approx(analysis.results.runs["accuracy"].tolist()[:6])
    assert len(pd.read_csv(out / "evaluations.csv")) == len(analysis.results.evaluations) == 12
    effects = pd.read_csv(out / "effects.csv")
    for column in ("points", "low", "high", "low95", "high95", "p", "p_signflip", "p_smallest", "low_new", "high_new"):
        assert effects[column].tolist() == pytest.approx(analysis.comparisons[column].tolist(), nan_ok=True)
    assert effects["verdict"].tolist() == analysis.comparisons["verdict"].tolist()
    assert pd.read_csv(out / "arms.csv")["mean"].tolist() == pytest.approx(analysis.arms["mean"].tolist())
    seeds = pd.read_csv(out / "seeds.csv")
    assert set(seeds["metric"]) == {"accuracy"}
    assert set(effects["unit"]) == {"pp"}
    assert seeds["seed_1"].isna().tolist() == [False, False, True, True]


def test_it_prints_the_verdicts_whole_into_a_pipe_and_where_all_lies(sweep, capsys):
    assert report.run([str(sweep), *LIGHT]) == 0
    printed = capsys.readouterr().out
    for shown in ("no augmentation, no EMA", "2 not yet run", "verdict", "−10"):
        assert shown in printed
    assert "…" not in printed
    lines = printed.splitlines()
    [where] = [line for line in lines if line.startswith("Report  ")]
    assert Path(where.removeprefix("Report  ")).resolve() == sweep / "report"
    assert lines[-2:][0] == "Next    complete 2 runs:"
    assert lines[-1] == f"  ablate -m {sweep}"


def test_the_rule_the_arms_and_the_files_are_behind_explain(sweep, capsys):
    assert report.run([str(sweep), *LIGHT, "--explain"]) == 0
    printed = capsys.readouterr().out
    for shown in ("baseline", "98.3% CI", "Verdicts use only these."):
        assert shown in printed
    [files] = [line for line in printed.splitlines() if f" files in {sweep / 'report'}: " in line]
    assert set(files.partition("report: ")[2].split(", ")) == everything(sweep / "report")
    assert printed.splitlines()[-2] == "Next    complete 2 runs:"


@pytest.mark.parametrize("words", [[], ["--json"], ["--baseline", "1"]])
def test_of_a_sweep_that_still_tunes_learning_rates_it_names_the_tuning(sweep, tmp_path, words):
    folder = tmp_path / "multirun" / "tuned"
    folder.mkdir()
    sweep.rename(folder / TUNING)
    with pytest.raises(
        AblateError,
        match=rf"is still tuning learning rates and has no results yet\. Name its tuning folder: {folder / TUNING}\.$",
    ):
        report.run([str(folder), *words])
    assert not (folder / "report").exists()


def test_it_writes_only_the_formats_asked_for(sweep, tmp_path, capsys):
    out = tmp_path / "paper"
    assert report.run([str(sweep), "--out", str(out), "--format", "tex, svg"]) == 0
    assert everything(out) == {
        "table.tex",
        "table_one_column.tex",
        "caption.tex",
        "macros.tex",
        *(f"figures/{name}.svg" for name in FIGURES),
    }
    assert not (sweep / "report").exists()


def test_what_differs_from_the_plan_is_marked_in_all_of_it(sweep, tmp_path, capsys):
    report.run([str(sweep), "--at-step", "10", "--margin", "3", "--out", str(tmp_path), "--format", "html,csv,md,tex"])
    printed = capsys.readouterr().out
    for text in (printed, *((tmp_path / name).read_text() for name in ("index.html", "table.md", "methods.md", "caption.tex"))):
        words = " ".join(text.split()).lower()
        assert "exploratory" in words
        assert "changed after training" in words
        assert "evaluated at step 10 instead of 20" in words
    assert set(pd.read_csv(tmp_path / "runs.csv")["step"].dropna()) == {10}
    report.run([str(sweep), "--format", "html,md"])
    for text in (capsys.readouterr().out, (sweep / "report" / "index.html").read_text()):
        assert "exploratory" not in text.lower().replace(",exploratory", ""), (
            "but for a column of the files that the page holds"
        )


@pytest.mark.slow
def test_figures_that_would_make_the_page_too_large_lie_beside_it(sweep, tmp_path, monkeypatch, capsys):
    report.run([str(sweep), "--format", "html,png", "--out", str(tmp_path / "whole")])
    monkeypatch.setattr(files, "INLINED", 40_000)
    report.run([str(sweep), "--format", "html,png", "--out", str(tmp_path / "short")])
    whole, short = ((tmp_path / name / "index.html").read_text() for name in ("whole", "short"))
    assert "Too large for this page" not in whole
    assert "Too large for this page: " in short
    left_out = [name for name in FIGURES if f"(figures/{name}.png)" in short]
    assert left_out
    assert short.count("<svg") == whole.count("<svg") - len(left_out)


def test_it_says_where_it_looked_for_trajectories_that_are_gone(sweep, made, tmp_path, capsys):
    (tmp_path / made.store).rename(tmp_path / "elsewhere")
    report.run([str(sweep), *LIGHT])
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("No trajectory of this sweep")]
    assert "runs" in line
    assert str(tmp_path) in line
    assert str(tmp_path) not in (sweep / "report" / "table.md").read_text()
    assert len(pd.read_csv(sweep / "report" / "evaluations.csv")) == 0


def test_a_sweep_of_which_nothing_ran_is_reported(sweep, capsys):
    for path in sweep.glob("*/result.json"):
        path.unlink()
    shutil.rmtree(sweep.parents[1] / "runs")
    writing.write(sweep)
    assert "8 not yet run" in (sweep / "report" / "table.md").read_text()


def test_a_fraction_is_reported_by_its_effects(tmp_path, capsys):
    sweep = filled(planned("fractional", "augment=on,off", "ema=on,off", "lrn=on,off", resolution=3), tmp_path)
    report.run([str(sweep), "--format", "html,csv,md,tex", "--explain"])
    effects = pd.read_csv(sweep / "report" / "effects.csv")
    assert effects["name"].tolist() == ["no augmentation", "no EMA", "no LRN"]
    assert effects["points"].tolist() == pytest.approx([10, -10, 0])
    assert effects["n"].tolist() == [1, 1, 1]  # of the other seed a run is missing
    printed, table = capsys.readouterr().out, (sweep / "report" / "table.md").read_text()
    for text in (printed, table):
        assert "− EMA × LRN" in text
        assert "lrn = augmentation × EMA" in text or "lrn = " in text
        assert "vs baseline" not in text


def test_as_json_it_is_one_object_of_the_same_numbers(sweep, capsys):
    assert report.run([str(sweep), "--json", *LIGHT]) == 0
    printed, told = capsys.readouterr()
    found = json.loads(printed, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert told == ""
    assert found["name"] == sweep.name
    assert found["exploratory"] == []
    assert all(Path(path).is_file() for path in found["files"])
    analysis = analyze(*ask(results.load(sweep)))
    assert [arm["mean"] for arm in found["arms"]] == pytest.approx(analysis.arms["mean"].tolist())
    assert [arm["against"] for arm in found["arms"]] == [None, 0, 0, 0]
    assert found["arms"][3]["sd"] is None  # of one seed
    assert type(found["arms"][0]["parameters"]) is int
    assert [row["verdict"] for row in found["effects"]] == analysis.comparisons["verdict"].tolist()
    assert found["level"] == pytest.approx(1 - 0.05 / 3)
    assert any("helps, hurts: " in note for note in found["notes"])


def test_as_json_it_says_where_it_looked_for_trajectories_that_are_gone(sweep, made, tmp_path, capsys):
    (tmp_path / made.store).rename(tmp_path / "elsewhere")
    report.run([str(sweep), "--json", *LIGHT])
    assert any(note.startswith("No trajectory of this sweep") for note in json.loads(capsys.readouterr().out)["notes"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "There is no sweep in multirun/ yet."),
        (["FOLDER"], "is no sweep: it has no sweep.json"),
        (["SWEEP", "--format", "pdf"], "Unknown --format 'pdf'. Choose from html, csv"),
        (["SWEEP", "--baseline", "best"], "number or name of an arm"),
        (["SWEEP", "--metric", "speed"], "accuracy, loss"),
        (["SWEEP", "--at-step", "15"], "Evaluated steps: 10, 20"),
        (["SWEEP", "--margin", "nan"], "greater than 0"),
    ],
)
def test_what_cannot_be_reported_is_refused_and_nothing_is_written(sweep, tmp_path, words, said):
    places = {"SWEEP": str(sweep), "FOLDER": str(tmp_path)}
    with pytest.raises(AblateError, match=said):
        report.run([places.get(word, word) for word in words])
    assert not (sweep / "report").exists()


@pytest.mark.parametrize("words", [["--nothing"], ["--compare", "a"], ["a", "--at-step", "soon"]])
def test_wrong_usage_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as end:
        report.run(words)
    assert end.value.code == 2
    assert "ablate report" in capsys.readouterr().err


@pytest.fixture
def both(tmp_path) -> list[str]:
    """The same factors switched off one at a time, and on."""
    first = planned("one_factor", "augment=on,off", "ema=on,off")
    second = planned("one_factor", "augment=off,on", "ema=off,on")
    return [str(filled(made, tmp_path)) for made in (first, second)]


def test_two_sweeps_are_compared_change_by_change(both, tmp_path, capsys):
    assert report.run(["--compare", *both, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    frame = pd.read_csv(tmp_path / "out" / "compare.csv")
    assert frame["change"].tolist() == ["with augmentation", "with EMA"]
    for shown in ("with augmentation", "97.5% CI", "differs: ", str(tmp_path / "out" / "compare.md")):
        assert shown in printed
    table = (tmp_path / "out" / "compare.md").read_text()
    assert "with EMA" in table
    assert str(tmp_path) not in table


def test_compared_as_json(both, capsys):
    assert report.run(["--compare", *both, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["change"] for row in found["changes"]] == ["with augmentation", "with EMA"]
    assert found["files"] == [str(Path(both[0]) / "report" / name) for name in COMPARED]


def test_a_comparison_says_what_is_read_otherwise(both, capsys):
    report.run(["--compare", *both, "--at-step", "10", "--margin", "40"])
    printed = capsys.readouterr().out
    assert "same effect: the narrower 95% equivalence CI (two one-sided tests) lies within ± 40 pp." in printed
    assert printed.count("is exploratory: evaluated at step 10 instead of 20") == 2


def test_sweeps_read_at_different_steps_are_compared_with_a_warning(both, tmp_path, capsys):
    other = planned("one_factor", "augment=off,on", "ema=off,on", "steps=10")
    report.run(["--compare", both[0], str(filled(other, tmp_path))])
    assert "The first is evaluated at step 20, the second at 10" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--baseline", "1"], ["--format", "csv"], ["--notebook"], ["SWEEP"]])
def test_what_a_comparison_cannot_do_is_refused(both, words):
    with pytest.raises(AblateError, match=r"--compare cannot be combined with .* Give them in two commands"):
        report.run([*(both[0] if word == "SWEEP" else word for word in words), "--compare", *both])


def test_a_sweep_is_not_compared_with_itself(both):
    with pytest.raises(AblateError, match=r"have the same runs\. Name two different sweeps"):
        report.run(["--compare", both[0], both[0]])


def test_a_store_needs_a_folder_to_write_into(sweep, tmp_path, made, capsys):
    store = str(tmp_path / made.store)
    with pytest.raises(AblateError, match="--out DIR is required for the report of a store"):
        report.run([store])
    assert report.run([store, "--out", str(tmp_path / "out"), *LIGHT]) == 0
    assert "a store, where nothing was fixed before training" in capsys.readouterr().out


def test_sweeps_joined_need_a_folder_to_write_into(both):
    with pytest.raises(AblateError, match="--out DIR is required for a report of several sweeps"):
        report.run(both)


def test_sweeps_that_switch_nothing_alike_are_not_compared(both, tmp_path):
    other = str(filled(planned("one_factor", "lr=0.1,0.05"), tmp_path))
    with pytest.raises(AblateError, match="must share a change of one factor"):
        report.run(["--compare", both[0], other])


def probed(*words: str) -> tuple[list[str], float]:
    """The heavy packages that the command imports, and its seconds."""
    program = (
        "import json, sys\n"
        "from ablate.commands import report\n"
        "try:\n    report.run(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'matplotlib', 'hydra'} & set(sys.modules)\n"
        "print(json.dumps([sorted(heavy), 'matplotlib.pyplot' in sys.modules]))"
    )
    started = time.perf_counter()
    ended = subprocess.run([sys.executable, "-c", program, *words], check=True, capture_output=True, text=True)
    heavy, pyplot = json.loads(ended.stdout.splitlines()[-1])
    assert not pyplot
    return heavy, time.perf_counter() - started


def test_help_imports_nothing_heavy():
    heavy, seconds = probed("--help")
    assert heavy == []
    assert seconds < 1.5


def test_reporting_needs_no_tensorflow(sweep):
    heavy, _ = probed(str(sweep), *LIGHT)
    assert heavy == ["hydra", "matplotlib", "pandas"]
