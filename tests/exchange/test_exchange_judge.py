"""Tables of others' runs: judged like a sweep, to the last digit."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import ablate
from ablate.__main__ import main
from ablate.errors import AblateError
from ablate.exchange import judge
from ablate.planning.plan import Run
from ablate.report import paper
from ablate.results import load
from ablate.stats import family_level

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
BASELINE = {"augment": "on", "ema": "on"}
PROBE = "import sys, ablate.exchange, ablate.commands.from_table; print('tensorflow' in sys.modules)"


@pytest.fixture
def program(tmp_path, monkeypatch, capsys):
    """Runs `ablate report --from` on a table, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *words: str, name: str = "results.csv") -> str:
        Path(name).write_text(text)
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(["report", "--from", name, *words])
        told = capsys.readouterr()
        assert end.value.code == 0, told.err
        return told.out

    return run


def frame(off: dict[int, float], on: dict[int, float]) -> pd.DataFrame:
    """The accuracies of two arms by seed."""
    rows = [(level, seed, value) for level, own in (("off", off), ("on", on)) for seed, value in own.items()]
    return pd.DataFrame(rows, columns=["trick", "seed", "accuracy"])


def evaluated(steps: list[int], level: str, seed: int) -> pd.DataFrame:
    """The evaluations of a run."""
    values = [0.5 + step / 1000 + 0.05 * (level == "on") + (3 * seed + step) % 5 / 500 for step in steps]
    return pd.DataFrame({"trick": level, "seed": seed, "step": steps, "accuracy": values})


def test_the_runs_of_a_record_give_its_report_to_the_last_bit(tmp_path):
    own = load(EXPERIMENTS / "digits-augment-ema")
    own.runs[["augment", "ema", "seed", "accuracy"]].to_csv(tmp_path / "runs.csv", index=False)
    found = judge(tmp_path / "runs.csv", ["augment", "ema"], baseline=BASELINE, margin=own.sweep.fixed.margin)
    for name, without in (("comparisons", ["name", "override"]), ("contrasts", ["factors"]), ("shapley", [])):
        theirs, ours = getattr(own.analysis, name), getattr(found.analysis, name)
        known = [column for column in theirs if theirs[column].dtype.kind != "O" and column not in without]
        known = [column for column in known if not column.endswith("_new") and column not in IMAGES]
        pd.testing.assert_frame_equal(ours[known], theirs[known], check_exact=True)
    assert found.verdicts["verdict"].tolist() == own.verdicts["verdict"].tolist()


IMAGES = ("images", "sd_seed", "sd_img", "dagger")  # what a table knows nothing of


@pytest.mark.parametrize(
    ("record", "baseline"),
    [
        ("augment-ema", "augment=on,ema=on"),
        ("digits-augment-ema", "augment=on,ema=on"),
        ("lrn", "lrn=on"),
        ("aa-learning-rate", "lr=0.1"),
    ],
)
def test_the_csv_of_a_record_gives_its_effects_to_the_last_digit(program, record, baseline):
    factors = ",".join(word.partition("=")[0] for word in baseline.split(","))
    words = ("--factors", factors, "--baseline", baseline, "--margin", "0.5", "--format", "csv")
    program((EXPERIMENTS / record / "runs.csv").read_text(), *words)
    numbers = ["n", "points", "sd", "low", "high", "level", "low95", "high95", "p", "p_signflip"]
    ours, theirs = (pd.read_csv(at / "effects.csv", dtype=str) for at in (Path("results-report"), EXPERIMENTS / record))
    pd.testing.assert_frame_equal(ours[numbers], theirs[numbers])


def test_arms_that_share_no_seed_are_compared_by_welch():
    off, on = {0: 0.80, 1: 0.82, 2: 0.81}, {7: 0.85, 8: 0.84, 9: 0.88, 10: 0.86}
    found = judge(frame(off, on), ["trick"], baseline={"trick": "off"})
    interval = scipy.stats.ttest_ind(list(on.values()), list(off.values()), equal_var=False).confidence_interval(
        family_level(1)
    )
    row = found.verdicts.iloc[0]
    assert row[["low", "high"]].tolist() == pytest.approx([100 * interval.low, 100 * interval.high])
    assert found.analysis.unpaired == [True]
    assert "Each arm was run with 3 to 4 seeds (not the same in every arm)." in paper.methods(found.analysis)


def test_arms_that_share_some_seeds_are_paired_over_these():
    shared = {0: 0.80, 1: 0.82, 2: 0.81}
    on = {seed: value + 0.02 + seed / 1000 for seed, value in shared.items()}
    found = judge(frame(shared | {3: 0.5}, on | {4: 0.99}), ["trick"], baseline={"trick": "off"})
    alone = judge(frame(shared, on), ["trick"], baseline={"trick": "off"})
    pd.testing.assert_frame_equal(found.verdicts, alone.verdicts)
    assert found.analysis.unpaired == [False]
    assert found.notes == ("Seeds missing from an arm of a comparison are left out (with trick: 3 of 4 seeds)",)


def test_a_complete_crossing_is_judged_by_its_effects():
    rows = [
        (a, b, seed, 0.7 + 0.04 * (a == "y") + 0.01 * ((3 * seed + (b == "v")) % 4))
        for a in "xy"
        for b in "uv"
        for seed in range(4)
    ]
    found = judge(pd.DataFrame(rows, columns=["a", "b", "seed", "accuracy"]), ["a", "b"])
    assert found.sweep.fixed.effects == (("a",), ("b",), ("a", "b"))
    assert found.verdicts["points"].iloc[0] == pytest.approx(4)
    assert found.sweep.design == "factorial"


def test_a_crossing_whose_arms_share_no_seeds_is_judged_too():
    rows = [
        (a, b, 10 * ("xy".index(a) * 2 + "uv".index(b)) + seed, 0.7 + 0.04 * (a == "y") + 0.01 * seed)
        for a in "xy"
        for b in "uv"
        for seed in range(4)
    ]
    found = judge(pd.DataFrame(rows, columns=["a", "b", "seed", "accuracy"]), ["a", "b"])
    assert found.analysis.unpaired == [True] * 3
    assert found.verdicts["points"].tolist() == pytest.approx([4, 0, 0])


@pytest.mark.parametrize(
    ("arms", "words", "design", "pairs"),
    [
        (["a,u", "b,u", "a,v"], {"baseline": {"f": "a", "g": "u"}}, "one_factor", [(1, 0), (2, 0)]),
        (["a,u", "b,u", "b,v"], {"baseline": {"f": "a", "g": "u"}, "design": "ladder"}, "ladder", [(1, 0), (2, 1)]),
        (["a,u", "b,v"], {"baseline": {"f": "a", "g": "u"}}, "together", [(1, 0)]),
        (["b,u", "a,u", "b,v", "a,v"], {"baseline": {"f": "a", "g": "u"}}, "factorial", [(1, 0), (2, 0), (3, 0)]),
        (["a,u", "b,u", "c,v"], {"baseline": {"f": "a", "g": "u"}}, "table", [(1, 0), (2, 0)]),
    ],
)
def test_arms_are_compared_as_their_design_does(arms, words, design, pairs):
    rows = [(*arm.split(","), seed, 0.5 + number / 10 + seed / 100) for number, arm in enumerate(arms) for seed in range(2)]
    found = judge(pd.DataFrame(rows, columns=["f", "g", "seed", "accuracy"]), ["f", "g"], **words)
    assert (found.sweep.design, list(found.sweep.fixed.differences)) == (design, pairs)
    assert found.sweep.arms[0].label == "baseline"


def test_many_factors_are_not_crossed_to_see_what_they_are():
    names = [f"f{number}" for number in range(40)]
    arms = [["on"] * 40] + [["off" if at == number else "on" for at in range(40)] for number in range(40)]
    rows = [[*arm, seed, 0.5 + number / 100 + seed / 1000] for number, arm in enumerate(arms) for seed in range(2)]
    frame = pd.DataFrame(rows, columns=[*names, "seed", "accuracy"])
    assert judge(frame, names, baseline=dict.fromkeys(names, "on")).sweep.design == "one_factor"
    assert judge(frame.iloc[:-2], names[:-1], baseline=dict.fromkeys(names[:-1], "on")).sweep.design == "one_factor"
    for words in ({}, {"design": "factorial", "baseline": dict.fromkeys(names, "on")}):
        with pytest.raises(AblateError, match="and 1,099,511,627,732 more"):
            judge(frame, names, **words)


def test_a_fraction_is_found_and_judged_by_its_effects():
    levels = [(x, y, "on" if (x == "on") == (y == "on") else "off") for x in ("off", "on") for y in ("off", "on")]
    levels = [(x, y, {"on": "off", "off": "on"}[z]) for x, y, z in levels]
    rows = [(*each, seed, 0.5 + 0.1 * (each[0] == "on") + seed / 100) for each in levels for seed in range(2)]
    found = judge(pd.DataFrame(rows, columns=["x", "y", "z", "seed", "accuracy"]), ["x", "y", "z"], design="fractional")
    assert found.sweep.fraction.resolution == 3
    assert found.verdicts["points"].tolist() == pytest.approx([10, 0, 0], abs=1e-9)


def test_evaluations_are_read_at_the_last_step_that_all_have():
    steps = [100, 200, 300]
    rows = pd.concat([evaluated(steps, level, seed) for level in ("off", "on") for seed in range(3)])
    found = judge(rows.sample(frac=1, random_state=0), ["trick"], step="step", baseline={"trick": "off"})
    assert set(found.runs["step"]) == {300}
    assert len(found.evaluations) == 18
    earlier = judge(rows, ["trick"], step="step", at_step=200, baseline={"trick": "off"})
    last = judge(rows[rows["step"] == 200], ["trick"], baseline={"trick": "off"})
    assert earlier.verdicts["points"].tolist() == last.verdicts["points"].tolist()
    assert found.at(200).runs["accuracy"].tolist() != found.runs["accuracy"].tolist()


def test_percents_are_shares_and_margins_are_points_either_way():
    off, on = {0: 0.5, 1: 0.5625}, {0: 0.625, 1: 0.75}
    shares = judge(frame(off, on), ["trick"], baseline={"trick": "off"}, margin=1)
    table = frame(off, on).assign(accuracy=lambda rows: 100 * rows["accuracy"])
    pd.testing.assert_frame_equal(
        judge(table, ["trick"], baseline={"trick": "off"}, margin=1, high=100).verdicts, shares.verdicts
    )


def test_a_lower_loss_helps_and_a_run_that_diverged_gets_no_favor():
    losses = pd.DataFrame({"lr": ["a", "b"] * 3, "seed": [0, 0, 1, 1, 2, 2], "val_loss": [2.0, 1.0, 2.1, 1.1, 2.3, 1.15]})
    assert judge(losses, ["lr"], "val_loss", baseline={"lr": "a"}).verdicts["verdict"].tolist() == ["helps"]
    more = pd.concat([losses, pd.DataFrame({"lr": ["a", "b"], "seed": 3, "val_loss": [2.2, np.inf]})])
    found = judge(more, ["lr"], "val_loss", baseline={"lr": "a"})
    assert found.verdicts["verdict"].tolist() == ["inconclusive"]
    assert found.runs["status"].tolist().count("diverged") == 1


def test_nothing_was_planned_here_and_no_error_is_promised(program):
    text = frame({0: 0.80, 1: 0.82}, {0: 0.85, 1: 0.86}).to_csv(index=False)
    out = program(text, "--factors", "trick", "--baseline", "trick=off", "--explain", "--format", "md,html")
    assert "Exploratory: these runs were not planned here, so no verdict here is confirmatory." in out
    assert "Without a margin, no verdict is no effect." in out
    page, methods, tables = (Path("results-report", name).read_text() for name in ("index.html", "methods.md", "table.md"))
    assert not any("at most 5%" in text for text in (out, page, methods, tables))
    assert "before training" not in methods
    assert "To repeat it" not in page, "the words of its report are in no file"


def test_the_same_table_in_other_forms_is_the_same(program, tmp_path):
    table = frame({0: 0.80, 1: 0.82}, {0: 0.85, 1: 0.86})
    words = ("--factors", "trick", "--baseline", "trick=off", "--json", "--format", "csv")
    told = [
        json.loads(program(text, *words, name=name))["effects"]
        for name, text in (
            ("r.csv", table.to_csv(index=False)),
            ("r.tsv", table.to_csv(index=False, sep="\t")),
            ("r.jsonl", table.to_json(orient="records", lines=True)),
            ("bom.csv", "\ufeff" + table.to_csv(index=False, lineterminator="\r\n")),
        )
    ]
    assert told == told[:1] * 4


def test_parquet_is_read_where_pyarrow_is(tmp_path):
    pytest.importorskip("pyarrow", reason="Parquet needs the extra ablate-tf[parquet]")
    frame({0: 0.80, 1: 0.82}, {0: 0.85, 1: 0.86}).to_parquet(tmp_path / "r.parquet")
    assert judge(tmp_path / "r.parquet", ["trick"], baseline={"trick": "off"}).verdicts["n"].tolist() == [2]


def test_the_package_itself_judges_and_imports_no_tensorflow():
    assert ablate.judge is judge
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "words"),
    [
        ("factorial", ["augment=on,off", "lr=0.1,0.05,0.2"]),
        ("one_factor", ["augment=on,off", "lr=0.1,0.05,0.2"]),
        ("ladder", ["augment=off,on", "lr=0.1,0.05", "ema=off,on"]),
        ("together", ["augment=on,off", "lr=0.1,0.05"]),
        ("fractional", ["augment=on,off", "lr=0.1,0.05", "fc=two,one", "batch_size=8,16"]),
    ],
)
def test_the_runs_of_a_sweep_of_each_design_give_its_report(sweeps, tmp_path, design, words):
    def measured(run: Run, step: int) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        accuracy = 0.5 + (7 * run.arm + 3 * run.seed) % 11 / 100
        return dict.fromkeys(("accuracy_raw", "accuracy_averaged"), accuracy), {}

    made = sweeps.planned(*words, "seed=0,1,2", "steps=20", "eval_every=10", design=design)
    own = load(sweeps.trained(made, 10, 20, measured=measured, seen=None))
    own.runs.to_csv(tmp_path / "runs.csv", index=False)
    baseline = {} if design == "fractional" else {"baseline": dict(own.sweep.baseline)}
    found = judge(tmp_path / "runs.csv", own.factors, design=design, margin=own.sweep.fixed.margin, **baseline)
    columns = ["name", "against_label", "aliases", "n", "points", "sd", "low", "high", "level", "p", "verdict", "seeds_needed"]
    pd.testing.assert_frame_equal(found.analysis.comparisons[columns], own.analysis.comparisons[columns], check_exact=True)
    assert found.arms["label"].tolist() == own.arms["label"].tolist()
