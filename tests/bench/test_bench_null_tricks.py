"""How often a trick that does nothing gets a verdict that says it does something: forty of them, of a script that is a stub."""

import csv
import subprocess
import sys

import pytest

pytestmark = pytest.mark.bench

TRICKS, SEEDS, MOST = 40, 10, 5
SCRIPT = """
import os
import random

known = {name: value for name, value in os.environ.items() if name.startswith("ABLATE_TRICK") or name == "ABLATE_SEED"}
accuracy = 0.9 + random.Random(str(sorted(known.items()))).gauss(0, 0.005)
print(f'ablate: {{"step": 1, "accuracy": {accuracy}}}')
"""


def test_tricks_that_do_nothing(tmp_path, environment, table):
    (tmp_path / "stub.py").write_text(SCRIPT)
    tricks = [f"trick{number}=off,on" for number in range(TRICKS)]
    seeds = f"seed=range(0,{SEEDS})"
    words = ["design=one_factor", *tricks, seeds, "report.margin=0.5", "report.formats=[csv]", "trainer.env=true"]
    command = [sys.executable, "-m", "ablate", "-m", *words, "--", sys.executable, "stub.py"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    [file] = tmp_path.glob("multirun/*/report/effects.csv")
    with file.open(newline="") as stream:
        verdicts = [row["verdict"] for row in csv.DictReader(stream)]
    assert len(verdicts) == TRICKS
    told = [verdict for verdict in verdicts if verdict not in ("no effect", "inconclusive")]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in sorted(set(verdicts)))
    table.note(f"verdicts on {TRICKS} tricks that do nothing, {SEEDS} seeds", counts)
    table.under(MOST + 1, "of these not null", len(told), "")
