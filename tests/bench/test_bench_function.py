"""What a training of a Python function takes beyond the function's own time. Wants an idle machine."""

import subprocess
import sys
from itertools import pairwise
from statistics import median

import pytest

pytestmark = pytest.mark.bench

SCRIPT = """
import sys, time
import ablate


def train(config, seed, log):
    began = time.time()
    for step in range(1, 11):
        time.sleep(0.01)
        log(step, accuracy=0.5 + 0.1 * config["on"])
    with open("times", "a") as file:
        file.write(f"{began} {time.time()}\\n")


ablate.sweep(train, {"on": [False, True]}, seeds=range(20), workers=int(sys.argv[1]), progress=False, formats=[])
"""
TEN_STEPS_S = 0.1  # of the function itself


@pytest.mark.parametrize(("workers", "where"), [(1, "in a warm worker"), (0, "in the process of the caller")])
def test_a_training_of_a_function(workers, where, tmp_path, environment, table):
    (tmp_path / "swept.py").write_text(SCRIPT)
    subprocess.run([sys.executable, "swept.py", str(workers)], cwd=tmp_path, env=environment, check=True, capture_output=True)
    times = [tuple(map(float, line.split())) for line in (tmp_path / "times").read_text().splitlines()]
    assert len(times) == 40
    between = median(after[0] - before[1] for before, after in pairwise(times))
    within = median(end - begin for begin, end in times) - TEN_STEPS_S
    table.note(f"ten evaluations of a function {where}, beyond its own time", f"{within:.3f} s")
    table.under(0.1, f"a training of a function {where}, beyond its own time", between + within, "s")
