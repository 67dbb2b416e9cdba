"""Arms x seeds -> runs -> trajectories, fixed before anything trains."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from ablate import config, designs
from ablate.app import trajectory_of
from ablate.designs import Arm, Factor
from ablate.errors import AblateError
from ablate.recipe import Recipe
from ablate.store import Trajectory, canonical_json

SWEEP = "sweep.json"
SWEEP_VERSION = 1  # of the format of sweep.json
MOST_SEEDS = 2**31
NOT_FACTORS = (
    *("design", "resolution", "study", "report", "store", "threads", "workers", "retries", "fail_fast", "watch"),
    *("progress", "tensorboard", "hydra"),
)


@dataclass(frozen=True)
class Command:
    """What the command line of a sweep says, parsed.

    factors: in the order written. seeds: the replicate numbers. fixed: overrides that are the same for every run.
    """

    factors: tuple[Factor, ...]
    seeds: tuple[int, ...]
    fixed: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """One arm with one seed. overrides: what gives this run on the command line."""

    number: int
    arm: int
    seed: int
    overrides: tuple[str, ...]
    recipe: Recipe
    trajectory: Trajectory
    content: Mapping[str, Any]  # what the fingerprint hashes
    names: Mapping[str, str]  # the chosen level of each config group

    @property
    def readout(self) -> tuple[str, str, int]:
        """What the run is read off: fingerprint, weights and step."""
        return self.trajectory.fingerprint, self.recipe.readout.weights, self.recipe.steps


@dataclass(frozen=True)
class Training:
    """One trajectory that runs of a sweep stand on. runs: those of them that are looked at, shortest first."""

    runs: tuple[Run, ...]

    @property
    def trajectory(self) -> Trajectory:
        """The folder that is trained in."""
        return self.runs[0].trajectory

    @property
    def recipe(self) -> Recipe:
        """That of the longest run."""
        return self.runs[-1].recipe

    @property
    def begun(self) -> int:
        """The step of the newest checkpoint that the training would go on from; 0 where there is none."""
        steps = (int(path.stem) for path in self.trajectory.checkpoints())
        return next((step for step in steps if step <= self.recipe.steps), 0)

    @property
    def left(self) -> int:
        """How many steps are left to do."""
        return self.recipe.steps - self.begun


def trainings(runs: Sequence[Run]) -> list[Training]:
    """The different trajectories that the runs stand on, in order of their first run."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.trajectory.fingerprint, []).append(run)
    return [Training(tuple(sorted(group, key=lambda run: run.recipe.steps))) for group in groups.values()]


@dataclass(frozen=True)
class Plan:
    """A whole sweep, resolved. study: its name, where it is a named one."""

    study: str | None
    design: str
    factors: tuple[Factor, ...]
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    runs: tuple[Run, ...]
    store: str  # as the config says it, before interpolation

    @property
    def name(self) -> str:
        """The name of the sweep's folder: design and a digest over arms and seeds, so the same command is the same folder."""
        identity = {
            "factors": [[factor.name, list(factor.levels)] for factor in self.factors],
            "runs": [
                [run.arm, run.seed, run.trajectory.fingerprint, run.recipe.readout.weights, run.recipe.steps]
                for run in self.runs
            ],
        }
        return f"{self.design}-{hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:8]}"

    @property
    def trainings(self) -> int:
        """How many different trajectories the runs stand on."""
        return len({run.trajectory.fingerprint for run in self.runs})

    def label(self, arm: int) -> str:
        """The arm as its change from the baseline."""
        return self.arms[arm].label(self.arms[0])

    def recipes(self) -> list[tuple[int, Recipe]]:
        """(arm, its recipe with the first seed) for each arm."""
        return [(run.arm, run.recipe) for run in self.runs[: len(self.arms)]]

    def same_arms(self) -> list[tuple[int, int]]:
        """(later arm, earlier arm) for arms that are one: the same training, read the same way."""
        first: dict[tuple[str, str, int], int] = {}
        pairs = []
        for run in self.runs[: len(self.arms)]:
            key = (run.trajectory.fingerprint, run.recipe.readout.weights, run.recipe.steps)
            if key in first:
                pairs.append((run.arm, first[key]))
            first.setdefault(key, run.arm)
        return pairs

    def to_json(self) -> dict[str, Any]:
        """`sweep.json`: what is fixed before training."""
        first = self.runs[0].recipe
        return {
            "version": SWEEP_VERSION,
            "design": self.design,
            "factors": {factor.name: list(factor.levels) for factor in self.factors},
            "baseline": dict(self.arms[0].levels),
            "arms": [
                {"number": number, "label": self.label(number), "levels": dict(arm.levels)}
                for number, arm in enumerate(self.arms)
            ],
            "seeds": list(self.seeds),
            "runs": [
                {
                    "number": run.number,
                    "arm": run.arm,
                    "seed": run.seed,
                    "overrides": list(run.overrides),
                    "fingerprint": run.trajectory.fingerprint,
                    "readout": {"weights": run.recipe.readout.weights, "step": run.recipe.steps},
                    "eval_every": run.recipe.eval_every,
                }
                for run in self.runs
            ],
            "store": self.store,
            "fixed": {
                "metric": "accuracy",
                "evaluation_set": first.data["eval_on"],
                "step": [run.recipe.steps for run in self.runs if run.seed == self.seeds[0]],
                "readout": [run.recipe.readout.weights for run in self.runs if run.seed == self.seeds[0]],
                "margin": first.report.margin,
                "differences": [[number, 0 if self.design != "ladder" else number - 1] for number in range(1, len(self.arms))],
                "looks": 1,
            },
        }


def parse(overrides: Sequence[Override]) -> Command:
    """Sort parsed overrides into factors, seeds and what stays fixed; a key given twice counts once, where it last stood.

    Raises:
        AblateError: something is swept that cannot be a factor, or over what has no list of values.
    """
    factors: dict[str, Factor] = {}
    seeds: tuple[int, ...] = (0,)
    fixed: dict[str, str] = {}
    for override in overrides:
        key = override.key_or_group + (f"@{override.package}" if override.package else "")
        factors.pop(key, None)
        fixed.pop(key, None)
        if not override.is_sweep_override() and key != "seed":
            fixed[key] = str(override.input_line)
            continue
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise AblateError(
                f"Expected a list of values, as in {key}=0.05,0.1. Received: {override.input_line}. "
                "Intervals are for searches over a range, which this sweep is not."
            )
        if key == "seed":
            values = override.sweep_string_iterator() if override.is_sweep_override() else [override.value()]
            seeds = _seeds([str(value) for value in values])
        elif key.partition("/")[0].partition(".")[0] in NOT_FACTORS:
            raise AblateError(f"Expected one value: {key} cannot be swept. Received: {override.input_line}.")
        else:
            factors[key] = Factor(key, tuple(str(value) for value in override.sweep_string_iterator()))
    return Command(tuple(factors.values()), seeds, tuple(fixed.values()))


def make(command: Command, design: str, compose: Callable[[Sequence[str]], DictConfig]) -> Plan:
    """Resolve every arm, all of them checked before anything trains.

    Args:
        compose: from overrides to a config.

    Raises:
        AblateError: names every bad arm.
    """
    arms = designs.arms(design, command.factors)
    words = [(*command.fixed, *(f"{name}={level}" for name, level in arm.levels)) for arm in arms]
    recipes: dict[tuple[int, int], Recipe] = {}  # by arm and seed
    refused: list[str] = []
    store = ""
    for number, arm in enumerate(arms):
        try:
            config.check_overrides(words[number])
            cfg = compose([*words[number], f"seed={command.seeds[0]}"])
            plain = OmegaConf.to_yaml(OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"]))
            store = str(OmegaConf.to_container(cfg, resolve=False)["store"])  # type: ignore[index, call-overload]
            for seed in command.seeds:
                OmegaConf.update(cfg, "seed", seed)  # composing anew takes longer, and gives the same
                recipes[number, seed] = config.resolve(cfg)
                if "${seed}" not in plain:
                    recipes |= {
                        (number, other): recipes[number, seed].model_copy(update={"seed": other}) for other in command.seeds
                    }
                    break
        except AblateError as error:
            refused.append(f"{arm.label(arms[0])} ({' '.join(words[number])}): {error}")
    if len(refused) == len(arms) == 1:
        raise AblateError(refused[0].partition("): ")[2])
    if refused:
        raise AblateError(f"{len(refused)} of {len(arms)} arms cannot be trained. " + " | ".join(refused))
    sets = sorted({str(recipe.data["eval_on"]) for recipe in recipes.values()})
    if len(sets) > 1:
        raise AblateError(f"Expected all arms to be read on the same images. Received: data.eval_on={','.join(sets)}.")
    runs: list[Run] = []
    for seed in command.seeds:  # all arms of a seed before the next seed, so that an unfinished sweep compares them
        for number in range(len(arms)):
            trajectory, _ = trajectory_of(recipes[number, seed])
            overrides = (*words[number], f"seed={seed}")
            runs.append(Run(len(runs), number, seed, overrides, recipes[number, seed], trajectory))
    return Plan(design, command.factors, tuple(arms), command.seeds, tuple(runs), store)


def _seeds(values: Sequence[str]) -> tuple[int, ...]:
    whole = all(value.isdecimal() and int(value) < MOST_SEEDS for value in values)
    if not whole or len(set(values)) < len(values):
        raise AblateError(
            f"Expected different whole numbers from 0 to 2,147,483,647, as in seed=0,1,2. Received: seed={','.join(values)}."
        )
    return tuple(int(value) for value in values)


def sweep_folder(path: str | Path) -> Path:
    """The folder of a sweep that a user named, checked to be one.

    Raises:
        AblateError: there is no sweep.json in it.
    """
    folder = Path(path)
    if not (folder / SWEEP).is_file():
        raise AblateError(f"Expected the folder of a sweep, with a {SWEEP} in it, as in multirun/. Received: {path}.")
    return folder
