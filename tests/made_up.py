"""Sweeps and stores whose trainings are made up: the one place that knows what an evaluation's row holds today."""

import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig

from ablate.config import cached_loader, loading
from ablate.planning import plan, run_result
from ablate.planning.command import command_of
from ablate.planning.plan import Plan, Run
from ablate.store import Evaluated, Trajectory, keep_evaluated, result_file, sweep_file

LABELS = np.array([0, 1, 2, 0])
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SEGMENT = {
    "host": "here",
    "device": "Some CPU",
    "processor": "Some CPU",
    "threads": 1,
    "python": "3.11.7",
    "versions": {"ablate-tf": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1"},
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "dirty": False,
}

OWN_STORE = "store=/"
KEPT = ExitStack()  # as long as the process runs
FOUR_IMAGES = Evaluated(LABELS, NAMES, "of four images", "test")
Measured = Callable[[Run, int], tuple[Mapping[str, float], Mapping[str, np.ndarray]]]


def evaluation(step: int, seed: int = 0, **scores: Any) -> dict[str, Any]:
    """A row of metrics.jsonl in which every number tells where it comes from, but for those that are given."""
    row = {
        "step": step,
        "epoch": step / 10,
        "loss": 1000 + step,
        "accuracy_raw": min(1.0, 0.5 + step / 1000 + seed / 100),
        "accuracy_averaged": min(1.0, 0.6 + step / 1000 + seed / 100),
        "eval_loss_raw": 2000 + step,
        "eval_loss_averaged": 3000 + step,
        "lr": 0.1,
        "seconds": step / 2,
        "examples_per_second": 100.0 + seed,
    }
    assert scores.keys() <= {*row, "recent_examples_per_second"}, "no column of an evaluation"
    return row | scores


def alike(value: float) -> dict[str, float]:
    """One value for the loss and for every score of both readouts."""
    return dict.fromkeys(("loss", "accuracy_raw", "accuracy_averaged", "eval_loss_raw", "eval_loss_averaged"), value)


def as_it_comes(run: Run, step: int) -> tuple[Mapping[str, float], Mapping[str, np.ndarray]]:
    """Classes that change with the step, each readout's in another image, and scores that tell of step and seed."""
    return {}, {"raw": LABELS + np.array([step, 0, 0, 0]), "averaged": LABELS + np.array([0, step, 0, 0])}


@functools.cache
def _loader() -> Any:
    """Hydra's loader of our own configs, which reads each file once a process."""
    hydra = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(version_base="1.3", config_dir=str(loading.conf_dir())):
            loader = GlobalHydra.instance().config_loader()
    finally:
        GlobalHydra.instance().hydra = hydra
    KEPT.enter_context(cached_loader.reading_once(loader))
    return loader


def forget() -> None:
    """Read the configs anew, as where a test has others."""
    KEPT.close()
    _loader.cache_clear()
    _composed.cache_clear()


@functools.cache
def _composed(overrides: tuple[str, ...]) -> DictConfig:
    return _loader().load_configuration("config", list(overrides), RunMode.RUN, from_shell=False)


def composed(overrides: Sequence[str]) -> DictConfig:
    """What `loading.compose` gives, composed once a process for all tests: Hydra takes a tenth of a second each time.

    Each caller has a copy of its own, in the current folder. A store by its whole path is set on it: each test has another.
    """
    cfg = copy.deepcopy(_composed(tuple(word for word in overrides if not word.startswith(OWN_STORE))))
    for word in overrides:
        if word.startswith(OWN_STORE):
            cfg.store = word.removeprefix("store=")
    cfg.hydra.runtime.cwd = str(Path.cwd())
    return cfg


@functools.cache
def _resolved(design: str, words: tuple[str, ...], study: str | None) -> Plan:
    command = command_of(OverridesParser.create().parse_overrides(["data=digits", *words]))
    return plan.make(command, design, composed, study=study)


def in_store(made: Plan, store: Path) -> Plan:
    """A plan on a store."""
    runs = [
        replace(run, asked=replace(run.asked, store=store), trajectory=Trajectory(store, run.trajectory.fingerprint))
        for run in made.runs
    ]
    return replace(made, runs=tuple(runs), store=str(store))


class Sweeps:
    """Sweeps whose trainings are made up, in a folder with `runs` and `multirun` as a user has it."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "runs"
        self.multirun = folder / "multirun"

    def planned(self, *words: str, design: str = "factorial", study: str | None = None, store: Path | None = None) -> Plan:
        """A plan on a store."""
        return in_store(_resolved(design, words, study), store or self.store)

    def trained(
        self,
        made: Plan,
        *steps: int,
        folder: Path | None = None,
        measured: Measured = as_it_comes,
        at: Callable[[Run], Sequence[int]] | None = None,
        seen: Evaluated | None = FOUR_IMAGES,
        skip: Callable[[Run], bool] = lambda run: False,
    ) -> Path:
        """The sweep's folder, with rows at these steps in every trajectory and the results that are read off them.

        Args:
            measured: of a run at a step what its row has besides (see `evaluation`), and the predicted classes by readout.
            at: the steps of a run, in place of `steps`.
            seen: the images that all of them are evaluated on; None where the store does not have them.
            skip: the runs without a training and a result.
        """
        folder = folder or self.multirun / made.name
        sweep_file.write(folder, made.sweep)
        for run in (run for run in made.runs if not skip(run)):
            evaluated = steps if at is None else at(run)
            if not run.trajectory.rows():
                run.trajectory.write_config(run.content, run.names)
                run.trajectory.add_segment(SEGMENT)
                for step in evaluated:
                    scores, classes = measured(run, step)
                    run.trajectory.add_evaluation(evaluation(step, run.seed, **scores), classes)
                run.trajectory.keep(max(evaluated))
                run.trajectory.set_status("done", max(evaluated))
            if seen is not None:
                keep_evaluated(run.asked.store, run.content["data"]["digest"], seen)
            if (result := run_result.read(run.asked, run.trajectory)) is not None:
                result_file.write(folder / str(run.number), result)
        return folder
