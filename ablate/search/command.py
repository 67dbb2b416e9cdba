"""From the command line of a search to its plan, and on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict

from ablate import trainers
from ablate.config import loading
from ablate.config.about import about_of
from ablate.config.cached_loader import reading_once
from ablate.config.execution import Settings
from ablate.config.overrides import parse_all
from ablate.config.own import is_own
from ablate.designs import USUAL
from ablate.errors import AblateError
from ablate.planning.command import check_study, of_study
from ablate.running import backends
from ablate.running.launching import Launching
from ablate.running.sweep import Finished
from ablate.search import overview, resolve, space
from ablate.search.settings import SearchSettings
from ablate.search.spec import SearchSpec
from ablate.store import trials


def run(
    context: HydraContext,
    launching: Launching | None,
    master: DictConfig,
    params: Any,
    arguments: Sequence[str],
    shown: str | None,
    config_dir: str | None,
    at_end: Callable[[Sequence[str], str | None], Finished],
) -> Path:
    """Search as the command line says; or, where `shown` is table or json, print the plan of it. The folder of the search.

    Args:
        launching: what trains; None where the config names a launcher that is none of ours.
        master: the config that the command line composes, with the node of `hydra/sweeper: optuna`.
        params: overrides of a named study, by key; the words of the command line, `arguments`, replace them.
        config_dir: a folder with configs of the user's own.
        at_end: from the formats and the style of a report to what writes it when the search has ended.

    Raises:
        AblateError: for what cannot be searched so.
    """
    if launching is None:
        launcher, ours = master.hydra.runtime.choices["hydra/launcher"], " or ".join(backends.names())
        raise AblateError(f"hydra/sweeper=optuna works only with hydra/launcher={ours}, not with hydra/launcher={launcher}.")
    if master.design != USUAL:
        raise AblateError(f"A search has no design, got design={master.design}. Leave it out.")
    if master.retune:
        raise AblateError("A search tunes the learning rate itself, got retune=true. Leave it out.")
    settings = Settings.of(master)
    made = _make(context, master, params, arguments, config_dir)
    if not settings.watch:
        _check_place(launching, made.settings)
    with open_dict(master):
        master.hydra.sweeper.name = made.name
    folder = Path(str(master.hydra.sweep.dir))
    if shown is not None:
        overview.show(overview.describe(made, launching), as_json=shown == "json")
        return folder
    from ablate.search.run import run as begin

    finished = at_end(made.asked.report.formats, made.asked.report.style)
    measure = launching.within(trials.CONFIRMATION)

    def redact(text: str) -> str:
        return loading.redacted(text, master)

    engines = partial(launching.engine, trainer=made.asked.trainer)
    begin(made, folder, settings, engines, measure, finished, redact, launching)
    return folder


def _check_place(launching: Launching, settings: SearchSettings) -> None:
    """Refuse a search that its back end cannot do."""
    if not launching.is_bounded:
        raise AblateError(
            f"workers=auto with hydra/launcher={launching.launcher} would start all trials before the first ends. Set "
            "workers=N, the number of trainings at once."
        )
    if settings.pruner["name"] != "none" and not launching.shared_files:
        raise AblateError(
            f"Pruning needs the evaluations of running trials, which hydra/launcher={launching.launcher} does not provide. "
            "Write hydra/sweeper/pruner=none."
        )


def _make(
    context: HydraContext, master: DictConfig, params: Any, arguments: Sequence[str], config_dir: str | None
) -> SearchSpec:
    loader = context.config_loader
    study = master.hydra.runtime.choices.get("study")
    params = {} if is_own(arguments) else params  # of such a study they are among the arguments
    command = space.parse(parse_all(of_study(params, arguments), loader))

    def compose(overrides: Sequence[str]) -> DictConfig:
        # Without its study a trial has another sweeper, which does not know the keys of this one.
        return loader.load_sweep_config(master, [*overrides, "sweeper=optuna"])

    aims = trials.OBJECTIVES
    if command.users:
        metric = trainers.metric_of(loading.plain(master)[0])
        aims = trials.aims(metric.name, metric.better)
    settings = SearchSettings.of(master.hydra.sweeper, command.seeds, aims)
    with reading_once(loader):
        if study is not None:
            given = [word for word in parse_all(arguments, loader) if not word.is_sweep_override()]
            without = compose([str(word.input_line) for word in given if word.key_or_group != "study"])
            check_study(study, master, without)
        made = resolve.make(command, settings, compose, study, master.question, config_dir)
    # Trials are composed later, when the loader no longer remembers what it read.
    return replace(made, compose=compose, about=about_of(master))
