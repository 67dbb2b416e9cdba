"""What a config asks for: a training, how it is read, and what is the same whoever trains."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ablate.config import keys, loading, own
from ablate.config.neutral import OTHERS as SECTION  # of the config: the name of the trainer, and its own keys
from ablate.config.recipe import AnyReport
from ablate.config.syntax import key_of
from ablate.errors import AblateError, one_of, shown
from ablate.metrics import ACCURACY, in_frames
from ablate.readout import LAST, Readout, affordable
from ablate.store.sweep_check import EVALUATION_SETS, NO_SET, WEIGHTS
from ablate.trainer import Metric, Spec, Trainer
from ablate.trainers import evaluations, registry


@dataclass(frozen=True)
class Asked:
    """All that a config asks for of one run, checked.

    spec: the training. readout: how the run is read off it. store: the folder of the trainings. report: what is fixed for it.
    threads: of one that is trained alone. progress: whether to show how it goes. last: how many evaluations the value of a run
    that is judged is to be the mean of, if it can; that of its `readout` is 1 until it is `averaged`.
    """

    spec: Spec
    readout: Readout
    store: Path
    report: AnyReport
    threads: int
    progress: bool
    last: int = LAST

    def averaged(self, last: int) -> "Asked":
        """The same with a value that is the mean of so many evaluations."""
        return replace(self, readout=replace(self.readout, last=last))

    def most_averaged(self, given: bool) -> int:
        """How many evaluations its value can be the mean of: `last`, or as many as `readout.affordable` says.

        Args:
            given: whether the command gives the number; a trainer that evaluates where it wants is read at the end otherwise.
        """
        if self.readout.grid is None:
            return self.last if given or self.last != LAST else 1
        return affordable(self.last, self.step, self.sizes.get("batch_size"), self.sizes.get("evaluation_images"))

    def with_seed(self, seed: int) -> "Asked":
        """The same with another seed."""
        return replace(self, spec=replace(self.spec, seed=seed))

    @property
    def trainer(self) -> Trainer:
        """Who trains it."""
        return registry.find(self.spec.trainer)

    @property
    def other(self) -> str | None:
        """Who trains it, where that is not the built-in trainer."""
        return None if self.spec.trainer == registry.BUILT_IN else self.spec.trainer

    @property
    def metric(self) -> Metric:
        """What it is judged by."""
        return self.spec.metrics[0]

    @property
    def margin(self) -> float | None:
        """Smaller differences do not matter: in percentage points, or the unit of the metric; None where none is fixed."""
        usual = self.metric.name != ACCURACY and self.spec.trainer not in own.TRAINERS
        own_margin = self.spec.margins[0] if self.spec.margins else None
        return None if usual else own_margin or self.report.margin  # the usual one of the built-in config is of accuracy

    @property
    def others(self) -> tuple[dict[str, Any], ...]:
        """What it can be judged by besides, of training code of the user's own: metrics with their margins."""
        if self.spec.trainer not in own.TRAINERS:
            return ()
        pairs = zip(self.spec.metrics[1:], self.spec.margins[1:], strict=True)
        return tuple(asdict(metric) | {"margin": margin} for metric, margin in pairs)

    @property
    def step(self) -> int:
        """The step at which the run is read."""
        return self.readout.step

    @property
    def grid(self) -> int:
        """Steps between two evaluations; where the trainer decides, all up to the run's."""
        return self.spec.grid or self.step

    @property
    def sizes(self) -> Mapping[str, Any]:
        """What is known of the training's size beforehand; see `Work`."""
        return self.spec.work.sizes


def of(config: Mapping[str, Any]) -> Trainer:
    """Who trains what a config asks for: the one that its section `trainer` names, else the built-in one.

    Raises:
        AblateError: there is no such trainer.
    """
    section = config.get(SECTION)
    if section is None:
        return registry.find(registry.BUILT_IN)
    if not isinstance(section, Mapping) or not isinstance(section.get("name"), str):
        raise AblateError(f"{SECTION} must be a section with a trainer's `name`, got {shown(section)}. Use {SECTION}=NAME.")
    return registry.find(section["name"])


def metric_of(config: Mapping[str, Any]) -> Metric:
    """What training code of the user's own is judged by.

    Raises:
        AblateError: the section `metric` says something that cannot be.
    """
    return in_frames(evaluations.metrics_of(config)[0].metric)


def content_of(asked: Asked) -> dict[str, Any]:
    """What the fingerprint of a training hashes: all that changes what is trained, with the trainer where it is another's."""
    spec, content = asked.spec, asked.trainer.content(asked.spec)
    if asked.other is None:
        return content
    return {SECTION: spec.trainer, **content, "seed": spec.seed, **({} if spec.prefixes else {"steps": asked.step})}


def check_words(words: Sequence[str], config: Mapping[str, Any]) -> None:
    """Refuse overrides of keys that a config has, and its trainer does not read.

    Raises:
        AblateError: names the first of them.
    """
    trainer = of(config)
    if trainer.name in own.TRAINERS:
        return  # all other keys are the user's
    for word in words:
        key = key_of(word)
        if key.partition(".")[0] in _unread(trainer):
            raise AblateError(f"{key} has no effect with {SECTION}={trainer.name}. Leave it out.")


def names_of(config: Mapping[str, Any], hydra: Any) -> dict[str, str]:
    """The chosen level of each config group that the trainer of a config reads; see `loading.levels`."""
    unread = _unread(of(config))
    return {group: level for group, level in loading.levels(hydra).items() if group not in unread}


def _unread(trainer: Trainer) -> set[str]:
    """The keys of every config that a trainer does not read."""
    return {*keys.top("training"), *keys.top("readout")} - {*trainer.keys, "seed"}


def asked(cfg: DictConfig) -> Asked:
    """What a composed config asks for.

    Raises:
        AblateError: one line that names the key, what was expected and what was received.
    """
    config, chosen = loading.plain(cfg)
    trainer = of(config)
    spec, readout = trainer.read(config, chosen)
    for kind, given, known in (
        ("readout", spec.readouts, WEIGHTS),
        ("evaluation set", [spec.evaluation_set], (*EVALUATION_SETS, NO_SET)),
    ):
        for one in given:
            if one not in known:
                raise AblateError(one_of(f"{kind} of trainer={trainer.name}", one, known))
    spec = replace(spec, metrics=spec.metrics or trainer.metrics)
    readout = replace(readout, metric=spec.metrics[0].name)
    common = loading.common(config, chosen)
    return Asked(
        spec,
        replace(readout, grid=spec.grid),
        common.store,
        common.report,
        common.threads,
        common.progress,
        common.readout.last,
    )
