"""What earlier versions wrote is read, completed and reported by this one, with the same numbers.

Each `written_by_VERSION.tar.xz` holds a store, seven sweeps and a search (see write.sh), and what their reports said then.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd
import pytest

from ablate.commands import report
from ablate.designs import phrases
from ablate.store import SWEEP

HERE = Path(__file__).parent
VERSIONS = ("0.1.0", "0.2.0")
SWEEPS = (
    *("factorial-a9f7e5d3", "factorial-83c2562d", "one_factor-2f0e83ec", "one_factor-00635ac5"),
    *("rungs-e2fc3529", "fractional-d1904422", "search-d5a798ac"),
)
INTERRUPTED = "factorial-339fcfb1"  # at step 600 of 1,500

# What was corrected on purpose since: the columns whose numbers then were wrong, and why.
_RECENT = "the speed since the last evaluation, which is now batch size x steps / seconds of training"
_RANGE = "a range of seeds, for the rule of that time; seeds_needed is one number, for today's"
CORRECTED: dict[str, str] = {
    **dict.fromkeys((f"examples_per_second{of}" for of in ("", "_against", "_difference")), _RECENT),
    **dict.fromkeys(("seeds_from", "seeds_to"), _RANGE),
    "front_seconds": "arms whose trainings did not take turns were compared by the hours of the day, too",
}
# The files whose rows are others since, and why; where rows are as then, so are the numbers.
REGROUPED = {
    "noise.csv": "runs of raw and of EMA weights, and their differences, were pooled; now each readout has its own row"
}
# The columns whose words are others since: arms are named by what they change, verdicts and units by the field's words.
REWORDED = ("label", "against_label", "name", "change", "effect", "aliases", "verdict", "verdict_new", "input", "unit", "what")
WORDS = {
    "unclear": "inconclusive",
    "points": "pp",
    "not trained, since the trial diverged or failed": "not trained, because the trial diverged or failed",
}
# The columns that have another name since, by file: in all frames `loss` is that of the evaluation set.
RENAMED = {"evaluations.csv": {"loss": "train_loss", "eval_loss": "loss"}}
BOUNDED = ["low", "high"]  # of an arm's accuracy: cut at 0 and 100% since, beyond which none lies

ESCAPED = r"^'(?=[=+\-@])"  # text that a spreadsheet would run has an apostrophe before it since


# CI completes what the newest version wrote; what all wrote is read in the fast tests.
@pytest.fixture(scope="module", params=[pytest.param(VERSIONS[0], marks=pytest.mark.exhaustive), *VERSIONS[1:]])
def written(request, tmp_path_factory):
    """The folder in which the commands were given then."""
    folder = tmp_path_factory.mktemp("written")
    with tarfile.open(HERE / f"written_by_{request.param}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def _reworded(then: str) -> str:
    """What a text of that time is called now."""
    if re.fullmatch(r"\d+ x \d+", then):
        return then.replace(" x ", "×")
    if " x " in then:  # an interaction, perhaps after a sign
        sign, names = ("+ ", then[2:]) if then.startswith("+ ") else ("", then)
        return sign + " × ".join(phrases.ingredient(name).name for name in names.split(" x "))
    return WORDS.get(then) or phrases.of_label(re.sub(r"^baseline \(.*\)$", "baseline", then))


def _same(expected: Path, found: Path) -> None:
    """All numbers of all CSV files then are the same now, all words but for REWORDED, too; more columns may have come since."""
    names = sorted(path.name for path in expected.iterdir())
    assert names
    assert set(names) <= {path.name for path in found.iterdir()}
    for name in names:
        then, now = pd.read_csv(expected / name).rename(columns=RENAMED.get(name, {})), pd.read_csv(found / name)
        columns = [column for column in then.columns if column not in CORRECTED]
        assert set(columns) <= set(now.columns), name
        plain = {column: ESCAPED for column in columns if now[column].dtype == "str"}
        then, now = then.replace(plain, "", regex=True), now.replace(plain, "", regex=True)
        for column in {*REWORDED} & {*plain}:
            then[column] = then[column].map(_reworded, na_action="ignore")
        if name == "arms.csv":
            then[BOUNDED] = then[BOUNDED].clip(0, 100)
        if name in REGROUPED and len(now) > len(then):
            assert (
                now["what"]
                .str.fullmatch(r"a (run|paired difference) \((raw|EMA|raw against EMA|EMA against raw) weights\)")
                .all()
            )
            continue
        pd.testing.assert_frame_equal(now[columns], then[columns], check_dtype=False, rtol=1e-9, atol=1e-12, obj=name)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_a_sweep_of_an_earlier_version_is_reported_with_the_same_numbers(written, sweep, monkeypatch, capsys):
    monkeypatch.chdir(written)
    out = written / "now" / sweep
    assert report.run([str(Path("multirun", sweep)), "--out", str(out), "--format", "csv"]) == 0
    _same(written / "expected" / sweep, out)
    if (out / "evaluations.csv").exists():
        sizes = pd.read_csv(out / "runs.csv").set_index("number")["batch_size"]
        rows = pd.read_csv(out / "evaluations.csv")
        mean = rows["step"] * rows["number"].map(sizes) / rows["seconds"]
        pd.testing.assert_series_equal(rows["examples_per_second"], mean, check_names=False, rtol=1e-4)


def _ablate(folder: Path, *words: str, status: int = 0) -> str:
    """What `python -m ablate` prints in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "ablate", *words], cwd=folder, env=os.environ.copy(), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def completed(written):
    """A copy in which the commands of all sweeps were given again."""
    folder = written / "again"
    folder.mkdir()
    for name in ("my", "runs", "multirun"):
        shutil.copytree(written / name, folder / name)
    base = ["-m", "-cd", "my", "data=digits", "model=tiny", "threads=1", "workers=2", "progress=false", "report.formats=[csv]"]
    last = ["steps=1500", "eval_every=100", "lr=0.03", "augment=center", "ema=off,on", "seed=0,1"]
    said = {INTERRUPTED: _ablate(folder, *base, *last)}
    first = ["steps=60", "eval_every=20", "lr=0.05", "augment=off,center", "ema=off,on", "seed=0,1,2"]
    said["factorial-a9f7e5d3"] = _ablate(folder, *base, *first)
    diverged = ["steps=20", "eval_every=10", "lr=0.1,100000", "seed=0,1,2"]
    said["factorial-83c2562d"] = _ablate(folder, *base, *diverged, status=1)
    ladder = ["study=rungs", "lr=0.05", "steps=60", "eval_every=20", "seed=0,1,2"]
    said["rungs-e2fc3529"] = _ablate(folder, *base, *ladder)
    return folder, said


@pytest.mark.slow
def test_an_interrupted_sweep_of_an_earlier_version_is_completed(completed, written):
    """Its numbers are those of the version that began it, where the processor computes as the one did that it began on.

    Elsewhere the last bits differ and grow: an image or two of 360 is another, which 1.5 points allow for.
    """
    folder, said = completed
    fingerprints = {run["fingerprint"] for run in json.loads((written / "multirun" / INTERRUPTED / SWEEP).read_text())["runs"]}
    checkpoints = [(written / "runs" / name / "checkpoints").glob("*.npz") for name in fingerprints]
    left = sum(1500 - max(int(path.stem) for path in paths) for paths in checkpoints)
    assert f"2 left to train ({left:,} steps in total)" in said[INTERRUPTED]
    then = pd.read_csv(written / "expected" / INTERRUPTED / "runs.csv")
    now = pd.read_csv(folder / "multirun" / INTERRUPTED / "report" / "runs.csv")
    assert list(now["status"]) == ["done"] * 4
    assert list(now["fingerprint"]) == list(then["fingerprint"])
    assert (now["accuracy"] - then["accuracy"]).abs().max() < 0.015
    assert (now["loss"] - then["loss"]).abs().max() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("sweep", ["factorial-a9f7e5d3", "factorial-83c2562d", "rungs-e2fc3529"])
def test_the_command_of_an_earlier_version_finds_its_folder_and_trains_nothing(completed, written, sweep):
    folder, said = completed
    assert str(Path("multirun", sweep)) in said[sweep]
    if sweep != "factorial-83c2562d":  # of 20 steps, whose last evaluation is all there is room for
        assert "this sweep keeps readout.last=1, fixed before training" in said[sweep]
    assert sorted(path.name for path in (folder / "multirun").iterdir()) == sorted([*SWEEPS, INTERRUPTED])
    before = json.loads((written / "multirun" / sweep / SWEEP).read_text())
    for fingerprint in {run["fingerprint"] for run in before["runs"]}:
        rows = [base / "runs" / fingerprint / "metrics.jsonl" for base in (written, folder)]  # one that diverged early has none
        assert [path.exists() and path.read_bytes() for path in rows] == 2 * [rows[0].exists() and rows[0].read_bytes()]
    _same(written / "expected" / sweep, folder / "multirun" / sweep / "report")


@pytest.mark.slow
def test_a_search_of_an_earlier_version_goes_on(completed):
    """With one trial more; the five that are there stay."""
    folder, _ = completed
    trials = folder / "multirun" / "search-d5a798ac" / "trials.json"
    before = json.loads(trials.read_text())["trials"]
    words = ["-m", "-cd", "my", "data=digits", "model=tiny", "threads=1", "workers=2", "progress=false", "hydra/sweeper=optuna"]
    words += ["lr=tag(log,interval(0.01,0.5))", "batch_size=64,128", "epochs=1", "report.formats=[csv]"]
    _ablate(folder, *words, "hydra.sweeper.n_trials=6", "hydra.sweeper.confirm_seeds=0")
    after = json.loads(trials.read_text())["trials"]
    assert len(after) == 6
    for then, now in zip(before, after, strict=False):
        assert [now[key] for key in ("state", "params", "values")] == [then[key] for key in ("state", "params", "values")]
