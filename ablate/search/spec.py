"""A search: what is the same for all of its trials, and how a trial becomes runs."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ablate import trainers
from ablate.config import own
from ablate.config.neutral import without_neutral
from ablate.designs import Factor
from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.planning import plan
from ablate.planning.command import Command
from ablate.planning.plan import Plan
from ablate.planning.run_result import trajectory_of
from ablate.planning.runs import Run
from ablate.readout import values
from ablate.search import space as spaces
from ablate.search.settings import SearchSettings
from ablate.search.storage import USUAL, redacted
from ablate.store import canonical_json, trials
from ablate.store.sweep import Fixed, Sweep
from ablate.store.trials import SEARCH, Dimension, Params
from ablate.trainers import Asked

Compose = Callable[[Sequence[str]], DictConfig]
DATA_EVAL_ON = "data.eval_on"
FILES = ("code", "data")  # of the content of training code of the user's own: digests by file
OF_EACH_RUN = ("seed", "eval_every")  # of a training's content, not of a search's


class FilesChanged(AblateError):
    """Files that are part of all trainings of a search are no longer as they were."""


@dataclass(frozen=True)
class Budget:
    """What one training of a trial may use. epochs: over the training images of the trials. examples: the same in images.

    All None where trainings end by themselves; then steps stand for examples.
    """

    epochs: float | None
    examples: int | None
    eval_epochs: float | None

    def resource(self, step: int, asked: Asked) -> int | None:
        """The examples that an evaluation stands for when trials of different batch sizes are compared.

        That is the budget at the last step, else the nearest multiple of those between two evaluations; None where that is 0,
        or the whole budget before the last step. It is off by at most half of them, which is much with few images and large
        batches alone. Where trainings end by themselves it is the step.
        """
        if self.examples is None or self.eval_epochs is None:
            return step or None
        if step >= asked.step:
            return self.examples
        between = self.eval_epochs * epoch(asked)
        found = round(round(step * examples(asked) / between) * between)
        return found if 0 < found < self.examples else None


@dataclass(frozen=True)
class SearchSpec:
    """A whole search. default: the setting of the config where nothing is searched. points: settings that are tried first."""

    study: str | None
    question: str | None
    config_dir: str | None
    settings: SearchSettings
    space: Mapping[str, Dimension]
    fixed: tuple[str, ...]  # overrides of every run, with those that say how the search goes
    images: tuple[str, ...]  # overrides that say which images a trial learns from and is judged on
    budget: Budget
    final_epochs: float | None  # over all training images, for which the winner is trained
    default: Params
    points: tuple[Params, ...]
    outside: tuple[str, ...]  # what stands for points that are not in the space, a line each
    asked: Asked  # of the default setting with the first seed, as a trial has it
    content: Mapping[str, Any]  # of its training
    store: str  # as sweep.json names it
    compose: Compose
    about: Mapping[str, Any] = field(default_factory=dict)  # what its user says of it; see `Sweep`

    @property
    def users(self) -> bool:
        """Whether it is over training code of the user's own."""
        return self.asked.spec.trainer in own.TRAINERS

    @property
    def arm_keys(self) -> tuple[str, ...]:
        """The searched keys that say what is trained; trials are pruned among those with the same values of them."""
        return trials.arm_keys(self.space)

    @property
    def definition(self) -> dict[str, Any]:
        """What all trials of a study have to share to be compared."""
        content = {
            "space": {key: _content(one) for key, one in self.space.items()},
            "objectives": list(self.settings.objectives),
            "examples of a trial": self.budget.examples,
            "epochs between evaluations": self.budget.eval_epochs,
            "seeds": list(self.settings.seeds),
            "images": {"judged on": self.asked.spec.evaluation_set, "count": self.images_judged},
            "weights read": self.asked.readout.weights if "ema" not in self.space else "searched",
            "training": without_neutral({key: value for key, value in self.content.items() if key not in OF_EACH_RUN}),
        }
        stored: dict[str, Any] = json.loads(json.dumps(content))  # as it comes back from a file
        return stored

    @property
    def name(self) -> str:
        """The search's folder: the name that was given, else one with a digest, so the same command is the same folder."""
        if self.settings.study_name is not None:
            return self.settings.study_name
        how = [self.settings.sampler, self.settings.pruner, self.settings.min_epochs]
        identity = canonical_json([self.definition, *(dict(each) if isinstance(each, Mapping) else each for each in how)])
        return f"{self.study or SEARCH}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"

    @property
    def images_judged(self) -> int | None:
        """How many images a trial is judged on; None where it is not judged on images."""
        return self.asked.sizes.get("evaluation_images")

    @property
    def least(self) -> int:
        """The examples before which no trial is pruned; 0 where that happens between seeds, or is not known yet."""
        if self.budget.examples is None:
            return 0
        least = round(self.settings.min_epochs * epoch(self.asked))
        return 0 if self.settings.by_seed else min(least, self.budget.examples)

    @property
    def trainings_a_trial(self) -> int:
        """How many trainings a trial is."""
        return len(self.settings.seeds)

    @property
    def alone(self) -> list[str]:
        """The fixed overrides that a run has on a command line of its own."""
        return spaces.alone(self.fixed)

    def overrides(self, params: Params, fixed: Sequence[str]) -> list[str]:
        """What a trial's runs have on the command line, but for evaluation grid and seed."""
        return [*fixed, *self.images, *self.for_(self.budget.epochs), *spaces.words(params, self.users)]

    def for_(self, epochs: float | None) -> list[str]:
        """The override that trains so long: in epochs, or in steps where the trainer knows no others; none where it decides."""
        if epochs is None:
            return []
        return [f"epochs={plain(epochs)}" if has_epochs(self.asked) else f"steps={round(epochs * epoch(self.asked))}"]

    def runs(self, trial: int, params: Params) -> list[Run]:
        """The runs of a trial, one a seed.

        Raises:
            FilesChanged: what all trials share is no longer there to be trained.
            AblateError: the setting cannot be trained.
        """
        words = self.overrides(params, self.alone)
        cfg = self.compose(self.overrides(params, self.fixed))
        grid = []
        if self.budget.eval_epochs is not None and has_epochs(self.asked):
            per_evaluation, batch_size = self.budget.eval_epochs * epoch(self.asked), OmegaConf.select(cfg, "batch_size")
            every = max(1, round(per_evaluation / batch_size)) if isinstance(batch_size, int) and batch_size > 0 else 1
            OmegaConf.update(cfg, "eval_every", every)
            grid = [f"eval_every={every}"]
        names = trainers.names_of(cfg, cfg.hydra)
        runs = []
        for place, seed in enumerate(self.settings.seeds):
            OmegaConf.update(cfg, "seed", seed)
            wanted = trainers.asked(cfg)
            trajectory, content = trajectory_of(wanted)
            self._check_files(content)
            given = (*words, *grid, f"seed={seed}")
            number = trial * len(self.settings.seeds) + place
            runs.append(Run(number, trial, seed, given, wanted, trajectory, content, names))
        return runs

    def _check_files(self, content: Mapping[str, Any]) -> None:
        """Refuse a training that runs or reads other files than the first one."""
        for kind in FILES if self.users and self.content else ():
            then, now = self.content.get(kind, {}), content.get(kind, {})
            changed = next((name for name in (*then, *now) if then.get(name) != now.get(name)), None)
            if changed is not None:
                raise FilesChanged(f"{changed} changed after planning, so no more trainings start. Rerun the command.")

    def objectives(self, run: Run, row: Mapping[str, Any], seconds: float) -> list[float]:
        """What one run scores at an evaluation, an objective each."""
        found = {**run.asked.sizes, **values([row], run.asked.readout.weights, run.asked.metric.name), "seconds": seconds}
        return [float(found[name]) for name in self.settings.objectives]

    def confirmation(self, best: Params, earlier: int = 0) -> Plan | None:
        """The sweep that measures a setting against the default one, with seeds that no trial used, on all training images and
        the test set; None where the setting is the default one, or nothing is to be measured.

        Args:
            earlier: how many other settings were measured so before, with seeds that are not used again.
        """
        factors = [
            Factor(key, (str(self.default[key]), str(best[key])))
            for key in self.space
            if not trials.same(self.default[key], best[key])
        ]
        if not factors or not self.settings.confirm_seeds:
            return None
        first = max(self.settings.seeds) + 1 + earlier * self.settings.confirm_seeds
        equal = {key: best[key] for key in self.space if trials.same(self.default[key], best[key])}
        words = spaces.words(equal, self.users)
        fixed = (*self.fixed, *words, *whole_set(self.asked), *self.for_(self.final_epochs))
        seeds = tuple(range(first, first + self.settings.confirm_seeds))
        made = self._together(factors, seeds, fixed)
        self._check_files(made.runs[0].content)
        shortest = min(one.step for _, one in made.firsts())
        if made.runs[0].asked.grid > shortest:
            made = self._together(factors, seeds, (*fixed, f"eval_every={shortest}"))
        return made

    def _together(self, factors: Sequence[Factor], seeds: tuple[int, ...], fixed: tuple[str, ...]) -> Plan:
        made = plan.make(Command(tuple(factors), seeds, fixed, self.users), "together", self.compose)
        return replace(made, confirms=True, about={"name": trials.CONFIRMS})

    @property
    def sweep(self) -> Sweep:
        """What `sweep.json` says of it, but for the time."""
        return Sweep(
            study=self.study,
            question=self.question or None,
            about=self.about,
            config_dir=self.config_dir or None,
            design=SEARCH,
            factors={key: one.choices for key, one in self.space.items()},
            baseline={key: str(value) for key, value in self.default.items()},
            arms=(),
            same_arms=(),
            seeds=self.settings.seeds,
            runs=(),
            store=self.store,
            fixed=Fixed(self.asked.metric.name, self.asked.spec.evaluation_set, (), (), self.asked.margin),
            metric=None if self.asked.metric.name == ACCURACY else asdict(self.asked.metric),
            metrics=self.asked.others,
            search=self._noted(),
            trainer=self.asked.other,
        )

    def _noted(self) -> dict[str, Any]:
        """What sweep.json says of the search alone."""
        asked = self.settings
        return {
            "study_name": self.name,
            "storage": USUAL if asked.storage is None else redacted(asked.storage),
            "space": {key: asdict(one) for key, one in self.space.items()},
            "arm_keys": list(self.arm_keys),
            "objectives": list(asked.objectives),
            "directions": list(asked.directions),
            "budget": asdict(self.budget),
            "train_images": self.asked.sizes.get("training_images"),
            "validation_images": self.images_judged,
            "n_trials": asked.n_trials,
            "timeout": asked.timeout,
            "sampler": dict(asked.sampler),
            "pruner": dict(asked.pruner),
            "min_epochs": asked.min_epochs,
            "sampler_seed": asked.sampler_seed,
            "confirm_seeds": asked.confirm_seeds,
            "confirm_epochs": asked.confirm_epochs,
            "final_epochs": self.final_epochs,
            "allow_test": asked.allow_test,
            "max_failure_rate": asked.max_failure_rate,
            "fixed_overrides": self.alone,
            "definition": self.definition,
        }


def plain(number: float) -> str:
    """A number as a word of a command: with as few digits as give exactly it."""
    return str(int(number)) if number == int(number) else repr(number)


def has_epochs(asked: Asked) -> bool:
    """Whether trainings learn from images, in epochs; else a search is in steps."""
    return "training_images" in asked.sizes


def examples(asked: Asked) -> int:
    """The training examples of a step; 1 where the trainer has none."""
    return int(asked.sizes.get("batch_size", 1))


def epoch(asked: Asked) -> int:
    """The training examples of an epoch; where the trainer has none, the steps between two evaluations."""
    return int(asked.sizes.get("training_images", asked.grid))


def whole_set(asked: Asked) -> list[str]:
    """Overrides with which a winner is measured: on all training images, and those of the test set."""
    if asked.spec.trainer in own.TRAINERS:
        return [f"{own.EVAL_ON_KEY}=test"]
    return ["data.validation=0", f"{DATA_EVAL_ON}=test"] if has_epochs(asked) else []


def _content(one: Dimension) -> dict[str, Any]:
    """A dimension as what it means, whatever way it was written."""
    return {key: value for key, value in asdict(one).items() if key != "written"}
