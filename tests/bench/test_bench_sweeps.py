"""Wall time of whole sweeps, side by side with what they are compared with: ratios. Wants an idle machine."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench

HERE = Path(__file__).parent
SIX_FACTORS = ("augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one", "init=xavier,tutorial", "weight_decay=scaled,off")
SHORT, LONG, WHOLE = 20, 300, 10_000  # steps: measured, measured, extrapolated to


def timed(words: Sequence[str], folder: Path, environment: dict[str, str]) -> float:
    """Seconds that a program takes, which has to end well."""
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    assert done.returncode == 0, done.stderr
    return seconds


def test_two_workers(tmp_path, environment, table):
    words = ["-m", "ablate", "-m", "design=one_factor", *SIX_FACTORS, "seed=0,1", "data=digits", "steps=300", "threads=1"]
    timed([*words[:-2], "steps=1", "threads=1", "workers=1"], tmp_path / "warm-up", environment)
    one = timed([*words, "workers=1"], tmp_path / "one", environment)
    two = timed([*words, "workers=2"], tmp_path / "two", environment)
    for name, seconds in (("1 worker", one), ("2 workers", two)):
        table.note(f"12 trainings on digits, 300 steps, {name}", f"{seconds:.0f} s")
    table.at_least(1.6, "12 trainings on digits, 2 workers / 1 worker", one / two, "x")


def extrapolated(short: float, long: float) -> float:
    """Seconds for the whole from those for two lengths."""
    return short + (long - short) / (LONG - SHORT) * (WHOLE - SHORT)


@pytest.fixture(scope="module")
def rival(tmp_path_factory):
    """Seconds for twelve runs of Keras fit, one after another; each of the four arms measured once, for three seeds."""
    if not os.environ.get("ABLATE_DATA"):
        pytest.skip("ABLATE_DATA does not name a copy of CIFAR-10")
    folder, total = tmp_path_factory.mktemp("keras"), 0.0
    for augment, ema in itertools.product(("on", "off"), repeat=2):
        words = [str(HERE / "keras_fit.py"), "--threads", "2", "--augment", augment, "--ema", ema, "--steps"]
        short, long = (timed([*words, str(steps)], folder, dict(os.environ)) for steps in (SHORT, LONG))
        total += 3 * extrapolated(short, long)
    return total


@pytest.mark.parametrize(("precision", "bar"), [("float32", 3), ("bfloat16", 4.5)])
def test_a_sweep_against_keras_fit_for_each_run(precision, bar, rival, tmp_path, environment, table):
    words = ["-m", "ablate", "-m", "augment=on,off", "ema=on,off", "seed=0,1,2", f"precision={precision}", "eval_every=10000"]
    short, long = (timed([*words, f"steps={steps}", f"store=runs-{steps}"], tmp_path, environment) for steps in (SHORT, LONG))
    ours = extrapolated(short, long)
    how = f"12 runs of {WHOLE:,} steps, extrapolated from {SHORT} and {LONG}"
    table.note(f"{how}: Keras fit", f"{rival / 60:.0f} min")
    table.note(f"{how}: sweep in {precision}", f"{ours / 60:.0f} min")
    table.at_least(bar, f"12 runs of CIFAR-10 on 6 trainings, {precision} / Keras fit one after another", rival / ours, "x")


def test_the_same_sweep_again(tmp_path, environment, table):
    """200 finished runs of 25 arms, trained by a stub that stores what a training would."""
    subprocess.run(
        [sys.executable, str(HERE / "stub_sweep.py")], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    [sweep] = (tmp_path / "multirun").iterdir()
    assert len(json.loads((sweep / "sweep.json").read_text())["runs"]) == 200
    words = json.loads((tmp_path / "words.json").read_text())
    table.under(20, "the same sweep of 200 finished runs again", timed(["-m", "ablate", *words], tmp_path, environment), "s")
    table.under(2, "`ablate status` of it", timed(["-m", "ablate", "status", str(sweep)], tmp_path, environment), "s")


def test_the_plan_of_a_large_sweep(tmp_path, environment, table):
    factors = ["augment=on,off,center,flip,crop", "lr=0.1,0.05,0.2,0.3,0.02", "batch_size=32,64,128,256,512", "seed=range(0,8)"]
    words = ["-m", "ablate", "plan", "data=digits", *factors, "threads=1"]
    timed([*words[:3], "data=digits", "threads=1"], tmp_path, environment)  # the calibration is kept
    table.under(15, "the plan of 125 arms × 8 seeds", timed([*words, "--json"], tmp_path, environment), "s")
