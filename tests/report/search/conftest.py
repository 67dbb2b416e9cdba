import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablate.store import trials as record
from ablate.store import trials_file, write_json
from ablate.store.sweep import SWEEP_VERSION
from ablate.store.trials import Dimension, Trial

TRAIN, EPOCHS = 45_000, 10
SPACE = {
    "lr": Dimension("float", "tag(log, interval(0.01, 0.5))", low=0.01, high=0.5, log=True),
    "batch_size": Dimension("categorical", "64,128,256", choices=("64", "128", "256")),
}
MODELS = {"model": Dimension("categorical", "tuto,alex2,squeeze1", choices=("tuto", "alex2", "squeeze1")), "lr": SPACE["lr"]}
COSTS = {"tuto": (37_745_098, 1_068_298), "alex2": (20_000_000, 400_000), "squeeze1": (9_000_000, 120_000)}
SEGMENT = {"host": "here", "device": "Some CPU", "processor": "Some CPU", "threads": 1, "python": "3.11.7", "dirty": False}
FIXED = ("precision=bfloat16", "data.cache=null")
BEST = {"lr": 0.061300000123, "batch_size": "64"}


def score(lr: float, batch_size: float) -> float:
    """A smooth accuracy, best where lr is 0.06 at 64 images."""
    return 0.80 - 0.05 * math.log10(lr / (0.06 * math.sqrt(batch_size / 64))) ** 2 - 0.004 * math.log2(batch_size / 64)


def trial(number: int, lr: float, batch_size: str, state: str = "done", **changes: Any) -> Trial:
    """A trial whose curve rises to its score; a pruned one ends after three epochs."""
    ends = score(lr, float(batch_size))
    epochs = {"pruned": 3, "diverged": 1, "failed": 0, "lapsed": 4, "surplus": 0}.get(state, EPOCHS)
    rises = [(1 - 0.5 * math.exp(-epoch / 2.5)) / (1 - 0.5 * math.exp(-EPOCHS / 2.5)) for epoch in range(1, EPOCHS + 1)]
    curve = tuple((epoch * TRAIN, ends * rises[epoch - 1]) for epoch in range(1, epochs + 1))
    made = Trial(
        number=number,
        state=state,  # type: ignore[arg-type]
        params={"lr": lr, "batch_size": batch_size},
        values=(ends,) if state == "done" else None,
        source="enqueued" if number == 0 else "sampled",
        curve=curve,
        examples=epochs * TRAIN,
        seconds=epochs * 60.0,
        planned=EPOCHS * TRAIN,
        came=epochs * TRAIN,
        began=1.7e9 + 100 * number,
        ended=1.7e9 + 100 * number + 60 * epochs,
        host="here",
        error={"diverged": "the training loss was nan", "failed": "MemoryError: too large"}.get(state),
    )
    return replace(made, **changes)


def trials() -> list[Trial]:
    """24 finished trials: the default, good and bad ones, one diverged, one failed; one lapsed with its retry, one surplus."""
    draw = np.random.default_rng(3)
    found = [trial(0, 0.1, "128"), trial(1, *BEST.values())]  # type: ignore[arg-type]
    for number in range(2, 22):
        lr, size = float(np.exp(draw.uniform(math.log(0.01), math.log(0.5)))), str(draw.choice(["64", "128", "256"]))
        found.append(trial(number, lr, size, "done" if score(lr, float(size)) > 0.785 else "pruned"))
    found += [trial(22, 0.48, "64", "diverged"), trial(23, 0.3, "256", "failed"), trial(24, 0.05, "128", "lapsed")]
    reused = {"source": "retried", "retry_of": 24, "reused_examples": 4 * TRAIN, "reused_seconds": 240.0}
    found.append(trial(25, 0.05, "128", examples=6 * TRAIN, seconds=360.0, **reused))  # type: ignore[arg-type]
    found[5] = replace(found[5], examples=found[5].examples - TRAIN, reused_examples=TRAIN, reused_seconds=60.0)
    return [*found, trial(26, 0.2, "64", "surplus", began=None, ended=None)]


def of_two_objectives() -> list[Trial]:
    """Trials of three models: accuracy against operations."""
    found = []
    for number, (model, lr) in enumerate((model, lr) for model in COSTS for lr in (0.03, 0.1, 0.3)):
        values = (score(lr, 128) - {"tuto": 0.0, "alex2": 0.01, "squeeze1": 0.06}[model], float(COSTS[model][0]))
        made = trial(number, lr, "128", params={"model": model, "lr": lr}, values=values)
        found.append(replace(made, curve=(*made.curve[:-1], (made.came, values[0]))))
    return found


def content(**changes: Any) -> dict[str, Any]:
    """The sweep.json of a search; changes are of its key `search`, or of `fixed` and `study`."""
    space = changes.pop("space", SPACE)
    fixed = {"metric": "accuracy", "evaluation_set": "validation", "margin": 0.5, "looks": 1, "differences": [], "effects": []}
    search = {
        "study_name": "search-1a2b3c4d",
        "storage": "journal",
        "space": {key: asdict(one) for key, one in space.items()},
        "arm_keys": [key for key in space if key == "model"],
        "objectives": ["accuracy"],
        "directions": ["maximize"],
        "budget": {"epochs": float(EPOCHS), "examples": EPOCHS * TRAIN, "eval_epochs": 1.0},
        "train_images": TRAIN,
        "validation_images": 5000,
        "n_trials": 25,
        "timeout": None,
        "sampler": {"name": "tpe", "multivariate": True},
        "pruner": {"name": "hyperband"},
        "min_epochs": 1.0,
        "sampler_seed": 0,
        "confirm_seeds": 3,
        "confirm_epochs": None,
        "final_epochs": 10.0,
        "allow_test": False,
        "max_failure_rate": 0.5,
        "fixed_overrides": list(FIXED),
    }
    defaults = {"lr": "0.1", "batch_size": "128", "model": "tuto"}
    return {
        "version": SWEEP_VERSION,
        "study": changes.pop("study", None),
        "design": record.SEARCH,
        "factors": {key: list(one.choices) for key, one in space.items()},
        "baseline": {key: defaults[key] for key in space},
        "seeds": [0],
        "store": "runs",
        "fixed": fixed | changes.pop("fixed", {}),
        "fixed_at": 1_700_000_000,
        "search": search | changes,
    }


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """The folder of a search with made-up trials; keywords as of `content`."""

    def make(found: Sequence[Trial] | None = None, name: str = "search-1a2b3c4d", **changes: Any) -> Path:
        folder = tmp_path / "multirun" / name
        write_json(folder / "sweep.json", content(**changes))
        trials_file.write(folder, trials() if found is None else found, [], [])
        return folder

    return make


@pytest.fixture
def confirmed(made, sweeps) -> Callable[..., Path]:
    """A search whose best setting was measured again; gains: in points over the default, one a fresh seed."""

    def make(gains: Sequence[float] = (1.2, 0.9, 1.4), **changes: Any) -> Path:
        folder = made(**changes)
        seeds = ",".join(str(1000 + number) for number in range(len(gains)))
        words = (f"lr=0.1,{BEST['lr']}", f"batch_size=128,{BEST['batch_size']}", "epochs=2", "eval_every=5", f"seed={seeds}")
        made_plan = sweeps.planned(*words, design="together")

        def measured(run, step):
            last, number = run.asked.step, run.seed - 1000
            reached = 0.78 + 0.002 * number + (gains[number] / 100 if run.arm else 0.0) - 0.2 * (1 - step / last)
            scores = {"accuracy_raw": reached, "accuracy_averaged": reached, "epoch": 2 * step / last}
            return scores, {"raw": np.arange(4), "averaged": np.arange(4)}

        def at(run):
            return sorted({5, run.asked.step // 2, run.asked.step})

        sweeps.trained(made_plan, folder=folder / record.CONFIRMATION, measured=measured, at=at, seen=None)
        return folder

    return make


@pytest.fixture
def two_objectives() -> tuple[list[Trial], dict[str, Any]]:
    """(trials of three models, the rest of such a search): accuracy against operations."""
    aims = {"objectives": ["accuracy", "operations"], "directions": ["maximize", "minimize"]}
    return of_two_objectives(), {"space": MODELS, "pruner": {"name": "none"}, "n_trials": 9, **aims}
