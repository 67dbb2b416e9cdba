"""The two sweeps that retuning is made of: the tuning of every arm, and the measuring of what was chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from omegaconf import DictConfig

from ablate import designs
from ablate.config.recipe import Recipe
from ablate.data.split import default_validation
from ablate.designs import TUNING, Arm, Factor
from ablate.errors import AblateError
from ablate.planning import plan
from ablate.planning.command import MOST_SEEDS, Command
from ablate.planning.plan import Plan
from ablate.planning.runs import Training
from ablate.running.retune.choice import Choice, Tried, Tuned
from ablate.running.retune.settings import SHARED, Settings
from ablate.store.retune_check import Retune
from ablate.store.sweep_identity import retuned_name
from ablate.trainers import BUILT_IN

LR = "lr"
OF_LR = (LR, "optimizer.lr")  # the factors that are the learning rate


@dataclass(frozen=True)
class Retuning:
    """A sweep whose arms are retuned.

    shared: the sweep as it is without retuning, every arm at its own lr, on the test set. compose: from overrides to a config.

    Raises:
        AblateError: what is no one-factor design, switches the learning rate, or is not read on the test set after training on
            all training images.
    """

    command: Command
    shared: Plan
    settings: Settings
    compose: Callable[[Sequence[str]], DictConfig]

    def __post_init__(self) -> None:
        design, factors = self.shared.design, self.command.factors
        made = designs.find(design)
        if not (made.alone or (made.crossed and len(factors) == 1)):
            raise AblateError(
                "retune=true needs arms with one change each: design=one_factor, or design=factorial with one factor, got "
                f"design={design} with {len(factors)} factors."
            )
        if len(self.shared.arms) < 2:
            raise AblateError("retune=true needs arms to compare, as in augment=on,off, got one arm.")
        if swept := [factor.name for factor in factors if factor.name in OF_LR]:
            raise AblateError(
                f"retune=true cannot be combined with a list of values for {swept[0]}, got "
                f"{swept[0]}={','.join(self._levels(swept[0]))}. It tries retune_rates times each arm's lr."
            )
        if any(asked.spec.trainer != BUILT_IN for _, asked in self.shared.firsts()):
            raise AblateError(f"retune=true tunes the learning rate of trainer={BUILT_IN} alone. Leave it out.")
        for _, recipe in self.recipes:
            validation, eval_on = recipe.data["validation"], recipe.data["eval_on"]
            if validation or eval_on != "test":
                raise AblateError(
                    "retune=true needs data.eval_on=test data.validation=0, got "
                    f"data.eval_on={eval_on} data.validation={validation}. It holds out images for tuning by itself."
                )
            if default_validation(recipe.shape.train_images) < 1:
                raise AblateError(
                    f"retune=true needs at least 5 training images, to hold out one, got {recipe.shape.train_images}."
                )
        if max(self.seeds) >= MOST_SEEDS:
            raise AblateError(
                f"retune=true tunes with the {self.settings.seeds} seeds after the largest one, so seed must be smaller, "
                f"got seed={max(self.shared.seeds)}."
            )

    def _levels(self, name: str) -> tuple[str, ...]:
        return next(factor.levels for factor in self.command.factors if factor.name == name)

    @property
    def recipes(self) -> list[tuple[int, Recipe]]:
        """(arm, its recipe with the first seed) for each arm."""
        return [(number, asked.spec.payload) for number, asked in self.shared.firsts()]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the tuning: the numbers after the largest that is measured."""
        first = max(self.shared.seeds) + 1
        return tuple(range(first, first + self.settings.seeds))

    @cached_property
    def validation(self) -> tuple[int, ...]:
        """How many images are held out in the tuning, for each arm."""
        return tuple(default_validation(recipe.shape.train_images) for _, recipe in self.recipes)

    @property
    def _order(self) -> list[float]:
        """The rates as the tuning has them: the shared one first, since its baseline is that of the tuning."""
        return [SHARED, *(rate for rate in self.settings.rates if rate != SHARED)]

    @cached_property
    def tuning(self) -> Plan:
        """The sweep that chooses: every arm with every rate, read on held-out images at the step of the sweep."""
        arms, added = [], []
        for (number, recipe), count in zip(self.recipes, self.validation, strict=True):
            for rate in self._order:
                arms.append(Arm((*self.shared.arms[number].levels, (LR, _written(rate, recipe)))))
                added.append(
                    (
                        "data.eval_on=validation",
                        f"data.validation={count}",
                        f"steps={recipe.steps}",
                        "epochs=null",  # of fewer training images they would be fewer steps
                        "report.formats=[]",
                    )
                )
        command = replace(self.command, seeds=self.seeds)
        made = plan.of_arms(command, arms, added, TUNING, self.compose, study=self.shared.study, averaged=False)
        rates = dict.fromkeys(level for arm in arms for name, level in arm.levels if name == LR)
        factors = (*self.command.factors, Factor(LR, tuple(rates)))
        return replace(
            made,
            factors=factors,
            pairs=(),
            question=self.shared.question,
            about=self.shared.about,
            config_dir=self.shared.config_dir,
        )

    @cached_property
    def name(self) -> str:
        """The sweep's folder: a digest over what is measured at the shared rate and what is tuned."""
        return retuned_name(self.shared.study or self.shared.design, self.shared.name, self.tuning.name)

    def choose(self, results: Sequence[dict[str, Any]]) -> Choice:
        """The best rate of each arm, by the results of all runs of the tuning, in order.

        Raises:
            AblateError: an arm has none.
        """
        by_arm: dict[int, list[dict[str, Any]]] = {}
        for run, result in zip(self.tuning.runs, results, strict=True):
            by_arm.setdefault(run.arm, []).append(result)
        arms = []
        for number, recipe in self.recipes:
            tried = []
            for place, rate in enumerate(self._order):
                found = by_arm[number * len(self._order) + place]
                accuracies = tuple(result["accuracy"] if result["status"] == "done" else None for result in found)
                lr = float(_written(rate, recipe))
                tried.append(Tried(rate, lr, accuracies, tuple(result["status"] for result in found)))
            tried.sort(key=lambda one: one.rate)
            arms.append(Tuned(self.shared.label(number), dict(self.shared.arms[number].levels), tuple(tried)))
        seconds = [_seconds(training) for training in self.tuning.trainings]
        return Choice(self.tuning.name, self.seeds, self.validation, tuple(arms), len(seconds), sum(seconds))

    def measuring(self, choice: Choice) -> Plan:
        """The sweep that measures: the arms at the shared rate, and behind them those whose best rate is another."""
        best = [arm.best for arm in choice.arms]
        arms, labels = list(self.shared.arms), [arm.label for arm in choice.arms]
        added: list[tuple[str, ...]] = [()] * len(arms)
        own: list[int] = []  # the number of each arm at its own best rate
        for number, tried in enumerate(best):
            assert tried is not None
            own.append(number if tried.rate == SHARED else len(arms))
            if tried.rate != SHARED:
                arms.append(self.shared.arms[number])
                labels.append(f"{labels[number]}, at its best lr ({tried.lr:g})")
                added.append((f"{LR}={tried.lr!r}",))
        shared_pairs = self.shared.compared
        own_pairs = [(own[arm], own[other]) for arm, other in shared_pairs]
        made = plan.of_arms(self.command, arms, added, self.shared.design, self.compose, study=self.shared.study)
        made = replace(
            made,
            question=self.shared.question,
            about=self.shared.about,
            config_dir=self.shared.config_dir,
            labels=tuple(labels),
            pairs=tuple(dict.fromkeys([*shared_pairs, *own_pairs])),
        )
        effects = [
            {"arm": arm, "shared": _noted(made.judged((arm, other))), "own": _noted(made.judged(pair))}
            for (arm, other), pair in zip(shared_pairs, own_pairs, strict=True)
        ]
        return replace(made, retune=cast(Retune, {**choice.to_json(), "own": own, "effects": effects}))

    def most(self) -> Plan:
        """The most that measuring may come to: every arm at another rate than the shared one, as different as there are."""
        others = [rate for rate in self.settings.rates if rate != SHARED]
        arms = []
        among: dict[str, int] = {}  # how many arms before stand on the same training
        for run in self.shared.runs[: len(self.shared.arms)]:
            number, recipe, same = run.arm, run.asked.spec.payload, among.get(run.trajectory.fingerprint, 0)
            among[run.trajectory.fingerprint] = same + 1
            best = others[same % len(others)]
            tried = tuple(
                Tried(rate, float(_written(rate, recipe)), (float(rate == best),), ("done",)) for rate in self.settings.rates
            )
            arms.append(Tuned(self.shared.label(number), dict(self.shared.arms[number].levels), tried))
        return self.measuring(Choice(self.tuning.name, self.seeds, self.validation, tuple(arms)))


def _noted(pair: tuple[int, int] | None) -> list[int] | None:
    return None if pair is None else list(pair)


def _seconds(training: Training) -> float:
    """What a training took up to its last evaluation; of one that diverged, more is not known."""
    rows = training.trajectory.rows()
    return max((row.get("seconds", 0.0) for row in rows if row["step"] <= training.asked.step), default=0.0)


def _written(rate: float, recipe: Recipe) -> str:
    """A learning rate as an override has it: that of the arm where the rate is the shared one, else without binary noise."""
    return repr(float(recipe.optimizer.lr)) if rate == SHARED else repr(float(f"{rate * recipe.optimizer.lr:.12g}"))
