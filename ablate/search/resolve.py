"""A search's command, resolved: every choice and every end of a range is checked before the first trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ablate import trainers
from ablate.config import loading, own
from ablate.config.syntax import key_of
from ablate.data.split import default_validation
from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.search import algorithms
from ablate.search import space as spaces
from ablate.search.settings import EXHAUSTIVE, SearchSettings
from ablate.search.spec import DATA_EVAL_ON, Budget, Compose, SearchSpec, epoch, examples, has_epochs, whole_set
from ablate.store import trials
from ablate.store.trials import Dimension, Params
from ablate.trainers import Asked


@dataclass(frozen=True)
class _Trainings:
    """What the trainings of a search are; see `SearchSpec`."""

    fixed: tuple[str, ...]
    images: tuple[str, ...]
    budget: Budget
    final_epochs: float | None
    default: Params
    asked: Asked


def make(
    command: spaces.Command,
    settings: SearchSettings,
    compose: Compose,
    study: str | None = None,
    question: str | None = None,
    config_dir: str | None = None,
) -> SearchSpec:
    """Resolve a search; every choice and every end of a range is checked before anything trains.

    Raises:
        AblateError: names every value that cannot be trained.
    """
    loading.check_overrides(command.fixed)
    cfg = compose(command.fixed)
    trainers.check_words(command.fixed, cfg)
    settings = _typed(settings) if command.users else settings
    found = (_of_users if command.users else _of_config)(command, settings, cfg, compose)
    settings, outside = _fitting(settings, command.space)
    points, told = _points(command.space, settings, found.default)
    written = str(OmegaConf.to_container(cfg, resolve=False)["store"])  # type: ignore[index, call-overload]
    search = SearchSpec(
        study=study,
        question=question,
        config_dir=config_dir,
        settings=settings,
        space=command.space,
        fixed=found.fixed,
        images=found.images,
        budget=found.budget,
        final_epochs=found.final_epochs,
        default=found.default,
        points=tuple(points),
        outside=(*outside, *told),
        asked=found.asked,
        content={},
        store=written if "oc.env" in written else str(found.asked.store),
        compose=compose,
    )
    algorithms.sampler(settings.sampler, search.space, len(settings.objectives))
    algorithms.pruner(settings.pruner, search.least, search.budget.examples or 0)
    _check(search)
    first = search.runs(0, search.default)[0]
    return replace(search, asked=first.asked, content=first.content)


def _of_config(command: spaces.Command, settings: SearchSettings, cfg: DictConfig, compose: Compose) -> _Trainings:
    """Trainings of a known length, whose default setting is that of the config."""
    if settings.default is not None:
        raise AblateError("hydra.sweeper.default has no effect: the default setting is that of the config. Leave it out.")
    fixed = (*spaces.kept(command.fixed), *_own_grid(command.fixed, trainers.of(cfg).name))
    default = spaces.default_point(command.space, cfg, loading.levels(cfg.hydra))
    default_run = trainers.asked(cfg)
    if default_run.metric.name != ACCURACY:
        raise AblateError(
            f"A search needs a trainer that is judged by accuracy, and trainer={default_run.spec.trainer} is judged by "
            f"{default_run.metric.name}. Sweep over values instead: KEY=VALUE,VALUE without hydra/sweeper=optuna."
        )
    images = _images(default_run, settings.allow_test, command.fixed)
    held_out = trainers.asked(compose([*command.fixed, *images]))
    whole = trainers.asked(compose([*command.fixed, *whole_set(default_run)]))
    given = OmegaConf.select(cfg, "epochs") if has_epochs(default_run) else None
    # Without epochs, the examples of the default setting's steps, whatever the batch size of a trial.
    epochs = given or default_run.step * examples(default_run) / epoch(held_out)
    final = settings.confirm_epochs or given or default_run.step * examples(default_run) / epoch(whole)
    budget = Budget(float(epochs), round(epochs * epoch(held_out)), settings.eval_epochs)
    return _Trainings(fixed, tuple(images), budget, float(final), default, held_out)


def _of_users(command: spaces.Command, settings: SearchSettings, cfg: DictConfig, compose: Compose) -> _Trainings:
    """Trainings of the user's own code, which end by themselves."""
    if any(key_of(word) == own.EVAL_ON_KEY for word in command.fixed):
        raise AblateError(
            f"{own.EVAL_ON_KEY} cannot be set in a search: it is validation in trials and test in the confirmation. Leave "
            "it out."
        )
    usual = {"min_epochs": 1.0, "eval_epochs": 1.0, "confirm_epochs": None, "allow_test": False}
    for key, value in usual.items():
        if getattr(settings, key) != value:
            raise AblateError(
                f"hydra.sweeper.{key} has no effect with trainer={trainers.of(cfg).name}, whose trainings end by themselves. "
                "Leave it out."
            )
    default = spaces.own_default(command.space, settings.default or {})
    images = (f"{own.EVAL_ON_KEY}=validation",)
    asked = trainers.asked(compose([*command.fixed, *spaces.words(default, users=True), *images]))
    return _Trainings(command.fixed, images, Budget(None, None, None), None, default, asked)


def _own_grid(fixed: Sequence[str], trainer: str) -> list[str]:
    """The word for the evaluation grid of a trainer that has no epochs; the built-in one is evaluated by epochs."""
    given = [word for word in fixed if key_of(word) == "eval_every"]
    if given and trainer == trainers.BUILT_IN:
        raise AblateError(
            f"{given[0]} has no effect in a search, whose trials are evaluated by epochs. Use hydra.sweeper.eval_epochs=NUMBER."
        )
    return given


def _images(asked: Asked, allow_test: bool, fixed: Sequence[str]) -> list[str]:
    """Overrides that hold out validation images; the test set only where it is allowed."""
    on_test = any(word.lstrip("+") == f"{DATA_EVAL_ON}=test" for word in fixed)
    if on_test and not allow_test:
        raise AblateError(
            f"A search must score on validation images, got {DATA_EVAL_ON}=test: scores on images used for choosing are "
            "biased. Leave it out, or add hydra.sweeper.allow_test=true; the report will say so."
        )
    if not has_epochs(asked):
        return []
    given = asked.spec.payload.data.get("validation", 0)
    if not given and not on_test and any(key_of(word) == "data.validation" for word in fixed):
        raise AblateError(
            "data.validation must be 1 or more in a search, which scores trials on held-out training images, "
            f"got {given}. Leave it out to hold out {max(1, default_validation(epoch(asked))):,} of them."
        )
    if on_test:
        return [f"data.validation={given}", f"{DATA_EVAL_ON}=test"]
    count = given or max(1, default_validation(epoch(asked)))
    return [f"data.validation={count}", f"{DATA_EVAL_ON}=validation"]


def _fitting(settings: SearchSettings, space: Mapping[str, Dimension]) -> tuple[SearchSettings, list[str]]:
    """The settings for a sampler that tries every point once, and what to say of it."""
    points = spaces.size(space)
    if settings.sampler["name"] not in EXHAUSTIVE or points is None:
        return settings, []
    if settings.sampler["name"] == "grid":
        settings = replace(settings, enqueue=())  # it would not know them, and try their points again
    if settings.n_trials < points and settings.sampler["name"] == "grid":
        return settings, [f"the search tries {settings.n_trials} of the grid's {points} settings"]
    if settings.n_trials <= points:
        return settings, []
    told = f"the space has {points} settings, so the search has {points} trials, not {settings.n_trials}"
    return replace(settings, n_trials=points), [told]


def _points(space: Mapping[str, Dimension], settings: SearchSettings, default: Params) -> tuple[list[Params], list[str]]:
    """The settings to try first, and what to say of those that lie outside of the space."""
    points: list[Params] = []
    outside = []
    for asked in settings.enqueue:
        unknown = [key for key in asked if key not in space]
        if unknown:
            raise AblateError(
                f"hydra.sweeper.enqueue must use searched keys ({', '.join(space)}), got {unknown[0]}={asked[unknown[0]]!r}."
            )
        point = trials.placed(default | {key: _word(value) for key, value in asked.items()}, space)
        if point is None and asked:
            whole = default | {key: _word(value) for key, value in asked.items()}
            key = next(key for key, one in space.items() if trials.placed({key: whole[key]}, {key: one}) is None)
            where = "" if key in asked else ", the default"
            raise AblateError(
                f"hydra.sweeper.enqueue must lie within {key}={space[key].written}, got {key}={whole[key]}{where}."
            )
        if point is None:
            words = " ".join(f"{key}={value}" for key, value in default.items())
            outside.append(f"the default setting ({words}) lies outside the search space, so it is not tried first")
        elif point not in points:
            points.append(point)
    return points, outside


def _typed(settings: SearchSettings) -> SearchSettings:
    """Settings whose points have words as typed: Hydra reads true and null as none."""
    words = {True: "true", False: "false", None: "null"}

    def typed(point: Mapping[str, Any]) -> dict[str, Any]:
        return {key: words[value] if value is None or isinstance(value, bool) else value for key, value in point.items()}

    default = None if settings.default is None else typed(settings.default)
    return replace(settings, enqueue=tuple(map(typed, settings.enqueue)), default=default)


def _word(value: Any) -> Any:
    """A value as the space has it: Hydra reads on and off as words, and true and false as none."""
    return str(value) if isinstance(value, bool) else value


def _check(search: SearchSpec) -> None:
    """Refuse values that cannot be trained, all of them at once."""
    refused: dict[str, None] = {}
    for point in spaces.corners(search.space, search.default):
        try:
            search.runs(0, point)
        except AblateError as error:
            changed = [f"{key}={value}" for key, value in point.items() if value != search.default[key]]
            refused[f"{' '.join(changed) or 'the default setting'}: {error}"] = None
    if refused:
        raise AblateError(f"{len(refused)} of the searched values cannot be trained. " + " | ".join(refused))
