"""A search's command, resolved: every choice and every end of a range is checked before the first trial."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from omegaconf import OmegaConf

from ablate import trainers
from ablate.config import loading, own
from ablate.config.syntax import key_of
from ablate.data.split import default_validation
from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.search import algorithms
from ablate.search import space as spaces
from ablate.search.settings import EXHAUSTIVE, SearchSettings
from ablate.search.spec import EVAL_ON, Budget, Compose, SearchSpec, epoch, examples, has_epochs, whole_set
from ablate.store import trials
from ablate.store.trials import Dimension, Params
from ablate.trainers import Asked


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
    if (name := trainers.of(cfg).name) in own.TRAINERS:
        raise AblateError(
            f"A search needs trainings of a known number of steps, and those of trainer={name} end by themselves. Sweep over "
            "values instead: KEY=VALUE,VALUE without hydra/sweeper=optuna."
        )
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
    written = str(OmegaConf.to_container(cfg, resolve=False)["store"])  # type: ignore[index, call-overload]
    settings, outside = _fitting(settings, command.space)
    points, told = _points(command.space, settings, default)
    search = SearchSpec(
        study=study,
        question=question,
        config_dir=config_dir,
        settings=settings,
        space=command.space,
        fixed=fixed,
        images=tuple(images),
        budget=budget,
        final_epochs=float(final),
        default=default,
        points=tuple(points),
        outside=(*outside, *told),
        asked=held_out,
        content={},
        store=written if "oc.env" in written else str(default_run.store),
        compose=compose,
    )
    algorithms.sampler(settings.sampler, search.space, len(settings.objectives))
    algorithms.pruner(settings.pruner, search.least, budget.examples)
    _check(search)
    first = search.runs(0, default)[0]
    return replace(search, asked=first.asked, content=first.content)


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
    on_test = any(word.lstrip("+") == f"{EVAL_ON}=test" for word in fixed)
    if on_test and not allow_test:
        raise AblateError(
            f"A search must score on validation images, got {EVAL_ON}=test: scores on images used for choosing are biased. "
            "Leave it out, or add hydra.sweeper.allow_test=true; the report will say so."
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
        return [f"data.validation={given}", f"{EVAL_ON}=test"]
    count = given or max(1, default_validation(epoch(asked)))
    return [f"data.validation={count}", f"{EVAL_ON}=validation"]


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
