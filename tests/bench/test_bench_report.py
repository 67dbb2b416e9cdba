"""Wall time of reading results and of a whole report: 1,000 runs with 100 evaluations each. Wants an idle machine."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ablate import results
from ablate.config import loading
from ablate.planning import plan, run_result
from ablate.planning.command import command_of
from ablate.report import writing
from ablate.store import Evaluated, Trajectory, evaluations, keep_evaluated, result_file, sweep_file

pytestmark = pytest.mark.bench

ARMS, SEEDS, EVALUATIONS, IMAGES = 50, 20, 100, 10_000
STEPS = range(10, 10 * EVALUATIONS + 10, 10)
RATES = ",".join(f"{0.1 + number / 100:.2f}" for number in range(ARMS))
WORDS = ("data=digits", f"lr={RATES}", f"seed=range(0,{SEEDS})", f"steps={STEPS[-1]}", "eval_every=10", "readout.last=1")
SEGMENT = {"host": "here", "device": "a processor", "processor": "a processor", "threads": 1, "python": "3.12.1"}
SEGMENT |= {"versions": {"ablate-tf": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1"}, "commit": "0" * 40, "dirty": False}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory) -> Path:
    """A sweep whose 1,000 trainings have every file that a report reads; predictions at the last step alone."""
    folder = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)  # writing is not what is measured
        return written(folder)


def written(folder: Path) -> Path:
    made = plan.make(command_of(OverridesParser.create().parse_overrides(list(WORDS))), "one_factor", loading.compose)
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, IMAGES)
    store, sweep = folder / "runs", folder / "sweep"
    kept = Evaluated(labels, tuple("0123456789"), "of them", "test")
    keep_evaluated(store, made.runs[0].content["data"]["digest"], kept)
    sweep_file.write(sweep, replace(made.sweep, store=str(store)))
    for run in made.runs:
        trajectory = Trajectory(store, run.trajectory.fingerprint)
        trajectory.write_config(run.content, run.names)
        trajectory.add_segment(SEGMENT)
        for step in STEPS:
            scores = generator.normal(0.8 - run.arm / 1000, 0.003, 2)
            row = {"step": step, "epoch": step / 11.2, "loss": generator.uniform(0.5, 2)}
            row |= {"accuracy_raw": scores[0], "accuracy_averaged": scores[1], "eval_loss_raw": 0.7, "eval_loss_averaged": 0.6}
            row |= {"lr": 0.1, "seconds": step / 7, "examples_per_second": 1234.5}
            if step < STEPS[-1]:
                evaluations.append(trajectory.path / "metrics.jsonl", row, "0" * 16)
        wrong = generator.uniform(size=IMAGES) > scores[1]
        classes = np.where(wrong, (labels + 1) % 10, labels)
        trajectory.add_evaluation(row, {"raw": classes, "averaged": classes})
        trajectory.keep(STEPS[-1])
        trajectory.set_status("done", STEPS[-1])
        result_file.write(sweep / str(run.number), run_result.read(replace(run.asked, store=store), trajectory))
    return sweep


def seconds(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def test_a_large_sweep_is_loaded(sweep, table):
    loaded = results.load(sweep)
    assert (len(loaded.runs), len(loaded.evaluations)) == (1_000, 100_000)
    assert loaded.labels is not None
    assert set(loaded.runs["status"]) == {"done"}
    table.under(8, "1,000 runs with 100 evaluations each: load the sweep", seconds(lambda: results.load(sweep)), "s")
    table.note("... the same read at another step", f"{seconds(lambda: loaded.at(500)):.2f} s")
    predictions = seconds(lambda: [loaded.predictions(number) for number in range(1_000)])
    table.note("... the predicted classes of all runs, 10,000 images", f"{predictions:.2f} s")


def test_a_large_sweep_is_reported(sweep, tmp_path, table):
    table.under(
        60, "... the whole report of it, 50 arms × 20 seeds", seconds(lambda: writing.make([str(sweep)], tmp_path)), "s"
    )
    table.under(3, "... its page", (tmp_path / "index.html").stat().st_size / 1e6, "MB")


def test_a_large_store_is_loaded(sweep, table):
    store = sweep.parent / "runs"
    assert len(results.load(store).runs) == 2_000
    table.under(8, "1,000 trainings with 100 evaluations each: load the store", seconds(lambda: results.load(store)), "s")
