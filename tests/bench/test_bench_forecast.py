"""What plans say that sweeps take, held against what they take: six plans of digits, one after another in one store.

Each is told within 30%, or as a range that holds it, with a high end of at most three times its low one. Wants an idle machine.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench

ALL = ("data=digits", "design=one_factor", "eval_every=30", "readout.last=1")
SHORT = (*ALL, "augment=on", "steps=60", "seed=90", "workers=1")  # what the store holds before
PLANS = {
    "after a training of seconds, measured": ("augment=on,off", "steps=600", "seed=0", "workers=1"),
    "more seeds of the same": ("augment=on,off", "steps=600", "seed=1", "workers=1"),
    "another learning rate": ("lr=0.1,0.05", "steps=600", "seed=2", "workers=1"),
    "another model": ("model=tuto,nin0", "steps=450", "seed=3", "workers=1"),
    "two at once": ("augment=on,off", "steps=600", "seed=4,5", "workers=2", "threads=1"),
    "trainings of seconds": ("augment=on,off", "steps=60", "seed=6,7,8,9", "workers=1"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory, module_environment) -> Path:
    folder = tmp_path_factory.mktemp("forecast")
    ran(["-m", *SHORT], folder, module_environment)
    return folder


@pytest.fixture(scope="module")
def module_environment(tmp_path_factory) -> dict[str, str]:
    return dict(os.environ) | {"ABLATE_CACHE": str(tmp_path_factory.mktemp("speeds"))}


def ran(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What the program prints, which has to end well."""
    command = [sys.executable, "-m", "ablate", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_tells_how_long_its_sweep_takes(name, place, module_environment, table):
    words = [*ALL, *PLANS[name]]
    totals = json.loads(ran(["plan", "--json", *words], place, module_environment))["totals"]
    low, high = totals["seconds_low"], totals["seconds_high"]
    assert high <= 3 * low
    begun = time.perf_counter()
    ran(["-m", *words, "progress=false"], place, module_environment)
    took = time.perf_counter() - begun
    if high <= 1.3 * totals["seconds"]:
        low, high = 0.7 * totals["seconds"], 1.3 * totals["seconds"]
    table.note(f"{name}: told {totals['seconds']:.0f} s ({low:.0f} to {high:.0f} s)", f"{took:.0f} s")
    assert low <= took <= high
