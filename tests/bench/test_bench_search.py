"""What the search's sampler and pruner are worth: accuracy and examples beside those of random trials without pruning."""

import csv
import json
import os
import statistics
from pathlib import Path
from typing import Any

import pytest

from tests.bench.test_bench_sweeps import timed

pytestmark = pytest.mark.bench

SPACE = ("lr=tag(log,interval(1e-4,3))", "batch_size=int(tag(log,interval(32,512)))", "data=digits", "epochs=10")
TRIALS, REPEATS = 30, 5
KINDS = {
    "TPE and Hyperband": (),
    "random, not pruned": ("hydra/sweeper/sampler=random", "hydra/sweeper/pruner=none"),
}


def searched(folder: Path, environment: dict[str, str], seed: int, words: tuple[str, ...]) -> dict[str, Any]:
    """A search with a store of its own: its best validation accuracy in %, the examples it trained, and its seconds."""
    own = ("hydra/sweeper=optuna", f"hydra.sweeper.n_trials={TRIALS}", f"hydra.sweeper.sampler.seed={seed}", "workers=2")
    own = (*own, "hydra.sweeper.confirm_seeds=0", "hydra.sweeper.max_failure_rate=1", "report.formats=[]", "tensorboard=false")
    seconds = timed(["-m", "ablate", "-m", *own, *words, *SPACE], folder, environment)
    [path] = folder.glob("multirun/*/trials.json")
    trials = json.loads(path.read_text())["trials"]
    states = [trial["state"] for trial in trials]
    assert len(trials) == TRIALS
    return {
        "best": 100 * max(trial["values"][0] for trial in trials if trial["values"]),
        "examples": sum(trial["examples"] for trial in trials),
        "pruned": states.count("pruned"),
        "diverged": states.count("diverged"),
        "seconds": seconds,
    }


def test_half_the_examples_find_as_good_a_setting(tmp_path, environment, table):
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in KINDS}
    for seed in range(REPEATS):  # in turns, so that a machine that slows down slows both
        for name, words in KINDS.items():
            found[name].append(searched(tmp_path / f"{seed}-{name.split()[0]}", environment, seed, words))
    if os.environ.get("ABLATE_BENCH_CSV"):
        with Path(os.environ["ABLATE_BENCH_CSV"]).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["search", "sampler seed", *found["random, not pruned"][0]])
            writer.writerows([name, seed, *row.values()] for name, rows in found.items() for seed, row in enumerate(rows))
    means = {name: {key: statistics.fmean(row[key] for row in rows) for key in rows[0]} for name, rows in found.items()}
    for name, row in means.items():
        table.note(f"{TRIALS} trials on digits, {name}: best validation accuracy, mean of {REPEATS}", f"{row['best']:.2f}%")
        table.note(f"{TRIALS} trials on digits, {name}: examples, mean of {REPEATS}", f"{row['examples']:,.0f}")
    ours, rival = means.values()
    table.under(0.5, "random trials' best above that of TPE and Hyperband", rival["best"] - ours["best"], "points")
    table.under(0.6, "examples of TPE and Hyperband / of random trials", ours["examples"] / rival["examples"], "")
