"""Running a search in its folder: trials, then the winner measured on new seeds, then a report."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from ablate import store
from ablate.config.execution import Settings
from ablate.errors import AblateError
from ablate.messages import say
from ablate.metrics import PERCENT
from ablate.monitor.live import Screen
from ablate.planning.plan import Plan
from ablate.planning.runs import Training
from ablate.planning.sentences import starting
from ablate.planning.site import Site, here
from ablate.running import lock, sweep
from ablate.running.backend import Outcome
from ablate.running.engine import Engine
from ablate.running.progress import Heartbeat
from ablate.search import storage
from ablate.search.loop import RENEW_S, SearchLoop
from ablate.search.overview import describe, head
from ablate.search.spec import SearchSpec
from ablate.search.study import another, study_of
from ablate.search.trial_queue import counted, state_of
from ablate.store import SWEEP, alive, held, sign_of_life, sweep_file, trials, writing
from ablate.store.sweep import Sweep
from ablate.store.trials import shown

CONFIRMING = "confirming"  # of a study: who measures the winner, and where
TICK_S = 0.1  # between two looks at what is at work, so that a pruned training ends soon

Engines = Callable[[int, Callable[[Training, Outcome], bool], Callable[[], None]], AbstractContextManager[Engine]]


class SearchStopped(sweep.RunsFailed):
    """A search ended before all of its trials were tried, or without a score."""


def run(
    search: SearchSpec,
    folder: Path,
    settings: Settings,
    engines: Engines,
    train: sweep.Train,
    finished: sweep.Finished,
    redact: Callable[[str], str] = str,
    site: Site | None = None,
) -> None:
    """Search, go on with what was begun, or read what is done.

    Args:
        engines: makes an engine for so many trainings at once; see `SearchLoop` for what it calls back.
        train: trains the runs of a plan, as `ablate.running.sweep.run` takes it.
        finished: is told the folder of the search, and of what measures the winner, when it has ended; see `sweep.run`.
        redact: takes secrets out of a text that will be stored.
        site: where the engines and `train` have trainings done; None for this machine.

    Raises:
        SearchStopped: too many trials failed, or those that did left none with a score.
        AblateError: the folder or the study is that of another search, or the storage fails.
    """
    url = search.settings.storage
    place = site or here(settings.workers, settings.threads)

    def clean(text: str) -> str:
        return storage.without(redact(text), url)

    _check(search, folder)
    if settings.watch:
        lock.watch(folder, settings.progress)
        return
    storage.check(url, folder)
    with lock.holding(folder, settings.progress):
        try:
            study = study_of(search, folder)
            search = _enough(search, study)
            _fix(search, folder)
            searching = SearchLoop(search, study, folder, clean)
            described = describe(search, place, searching.trial_queue)
            sweep.say_first([f"{folder}", *head(described)], search.sweep, settings)
            if described["trials_done"] < described["trials"]:
                workers, built_in = described["workers"], search.sweep.trainer is None
                sweep.say_first(starting(workers, built_in, place.launcher), search.sweep, settings)
            _try(searching, settings, engines)
            confirmation = _turn(searching, folder)
        except (SQLAlchemyError, StorageInternalError) as error:
            told = storage.reason(error.__cause__ or error, url)
            raise AblateError(
                f"The storage of the search does not answer: {told}. Rerun the command to resume the search."
            ) from None
        except KeyError as error:
            if "exist" not in str(error):  # what Optuna says of a study that is not there
                raise
            raise AblateError(
                f"The study {search.name} was deleted from its storage. Rerun the command to start the search again."
            ) from None
        failed = _confirm(study, confirmation, folder, settings, train, finished, clean, place)
        finished(folder)
    if searching.too_many is not None:
        raise SearchStopped(f"The search stopped: {searching.too_many}")
    if searching.engine is not None and searching.engine.stopping:
        raise SearchStopped("The search stopped at the first trial that failed or diverged, as fail_fast=true asks.")
    _check_scores(study)
    if failed is not None:
        raise failed


def _check_scores(study: optuna.Study) -> None:
    """Refuse to end well where trials were tried, and failed or diverged, and none has a score."""
    states = Counter(str(state_of(trial)) for trial in counted(study.get_trials(deepcopy=False)))
    bad = [f"{states[state]} {state}" for state in ("failed", "diverged") if states[state]]
    if bad and not states["done"]:
        raise SearchStopped(f"No trial has a score ({', '.join(bad)}). Correct what is trained, and search again.")


def _try(searching: SearchLoop, settings: Settings, engines: Engines) -> None:
    search, queue = searching.search, searching.trial_queue
    for line in search.outside:
        say(line)
    if storage.is_sqlite(search.settings.storage) and settings.workers != 1:
        say(
            "SQLite supports one process at a time (with its workers); to run several processes on one study, "
            "use a journal or PostgreSQL"
        )
    queue.enqueue(search.points)
    searching.publish()
    left = search.settings.n_trials - queue.finished()
    if left <= 0:
        return
    with Screen(searching.folder, shown=settings.progress) as screen:

        def tick() -> None:
            held.check(searching.folder)
            searching.tick()
            screen.refresh()

        try:
            with engines(left * search.trainings_a_trial, searching.ended, tick) as engine:
                searching.engine = engine
                engine.tick_s = TICK_S
                engine.run([], supply=searching)
        except BaseException:
            with suppress(SQLAlchemyError, StorageInternalError, AblateError, KeyError):  # the first error is the one to tell
                _leave(searching)
            raise
        _leave(searching)


def _leave(searching: SearchLoop) -> None:
    """Let others have what this process did not finish, and tell what there is."""
    try:
        searching.trial_queue.release()
    finally:
        searching.publish()


def _check(search: SearchSpec, folder: Path) -> None:
    """Refuse the folder of something else."""
    content = sweep.fixed(folder)
    if content is None:
        return
    found = content.sweep
    if not found.is_search:
        raise AblateError(f"{folder} holds another sweep. Choose a new folder, or that of the same search.")
    told = another(found.searched["definition"], search.definition, f"{folder} holds another search")
    if told is not None:
        raise AblateError(told)


def _fix(search: SearchSpec, folder: Path) -> None:
    """Write sweep.json; how many trials there are to be, and how they are chosen, may change later."""
    wanted, content = search.sweep, sweep.fixed(folder)
    if content is None:
        sweep_file.write(folder, replace(wanted, fixed_at=int(time.time())))
        return
    found = content.sweep
    about = {**found.about, **wanted.about}
    whole = replace(wanted, fixed=found.fixed, fixed_at=found.fixed_at, about=about)
    if not content.sealed or not sweep_file.same(whole, found):
        sweep_file.write(folder, whole)


def best(search: SearchSpec, study: optuna.Study) -> optuna.trial.FrozenTrial | None:
    """The done trial with the best first objective, of equal ones the first; None where none is done."""
    done = [trial for trial in counted(study.get_trials(deepcopy=False)) if state_of(trial) == "done" and trial.values]
    sign = 1 if search.settings.directions[0] == "maximize" else -1
    return max(done, key=lambda trial: (sign * trial.values[0], -trial.number), default=None)


def _enough(search: SearchSpec, study: optuna.Study) -> SearchSpec:
    """The search with as many trials as are finished, where fewer were asked for than that."""
    finished = sum(trial.state.is_finished() for trial in counted(study.get_trials(deepcopy=False)))
    if finished <= search.settings.n_trials:
        return search
    say(f"{finished} trials are already finished, so the search has {finished}, not {search.settings.n_trials}")
    return replace(search, settings=replace(search.settings, n_trials=finished))


def _turn(searching: SearchLoop, folder: Path) -> Plan | None:
    """The sweep that measures the winner, where it is this process's turn to; None where there is nothing to measure."""
    search, study = searching.search, searching.study
    found = best(search, study)
    if found is None:
        say("no best setting: no trial finished its training")
        return None
    say(_told(search, found))
    if searching.trial_queue.finished() < search.settings.n_trials and not searching.late:
        if searching.too_many is None:
            say("the best setting is confirmed once all trials are finished; rerun the command to resume")
        return None
    if not search.settings.confirm_seeds:
        return None
    made = _measuring(search, found.params, folder)
    if made is None:
        say("the default setting scored best, so there is nothing to confirm")
        return None
    here, told = str(folder.resolve()), study.user_attrs.get(CONFIRMING)
    turn = told if isinstance(told, dict) else {}
    if turn.get("folder", here) != here and alive(turn):
        say(f"another process confirms the best setting, in {turn['folder']} on {turn.get('host')}")
        return None
    if turn.get("done", here) != here and turn.get("runs") == _prints(made.sweep):
        say(f"the best setting was confirmed in {turn['done']}; see its report")
        return None
    study.set_user_attr(CONFIRMING, sign_of_life() | {"folder": here})
    return made


def _measuring(search: SearchSpec, params: Mapping[str, Any], folder: Path) -> Plan | None:
    """The sweep that measures a setting: what was measured of others before is put aside, and its seeds are not used again."""
    place = folder / trials.CONFIRMATION
    content = sweep.fixed(place)
    found = None if content is None else content.sweep
    aside = _aside(folder)
    earlier = max((number for number, path in aside.items() if (path / SWEEP).exists()), default=0)
    made = search.confirmation(dict(params), earlier)
    if made is None or found is None or _prints(found) == _prints(made.sweep):
        return made
    number = max(aside, default=0) + 1
    moved = folder / f"{trials.CONFIRMATION}-{number}"
    with writing(place):
        place.rename(moved)
    store.register_sweep(made.runs[0].asked.store, moved, found.needs)
    say(f"more trials found a better setting; the earlier confirmation moved to {moved}, and the report mentions it")
    return search.confirmation(dict(params), number)


def _aside(folder: Path) -> dict[int, Path]:
    """What was put aside, by the number in its name, which tells the seeds that were used; some may have been deleted."""
    start = f"{trials.CONFIRMATION}-"
    numbers = ((path.name.removeprefix(start), path) for path in folder.glob(f"{start}*"))
    return {int(number): path for number, path in numbers if number.isascii() and number.isdigit()}


def _prints(made: Sweep) -> list[str]:
    """The trainings that the runs of a sweep use, in order."""
    return [run.fingerprint for run in made.runs]


def _told(search: SearchSpec, trial: optuna.trial.FrozenTrial) -> str:
    setting = ", ".join(f"{key}={shown(value)}" for key, value in trial.params.items())
    name, value = search.settings.objectives[0], trial.values[0]
    metric = search.asked.metric
    score = f"{100 * value:.2f}%" if (name, metric.unit) == (metric.name, PERCENT) else f"{value:.4g}"
    judged = search.images_judged
    images = "" if judged is None else f" on {judged:,} {search.asked.spec.evaluation_set} images"
    caution = "optimistic, as the best of many; not a result"
    return f"best trial: {trial.number} ({setting}), {name} {score}{images} ({caution})"


def _confirm(
    study: optuna.Study,
    made: Plan | None,
    folder: Path,
    settings: Settings,
    train: sweep.Train,
    finished: sweep.Finished,
    redact: Callable[[str], str],
    site: Site,
) -> sweep.RunsFailed | None:
    """Measure the winner against the default setting; others are told that this process does, and then that it did."""
    if made is None:
        return None
    here = str(folder.resolve())

    def tell(content: Mapping[str, Any]) -> None:
        with suppress(SQLAlchemyError, StorageInternalError):  # only so that nobody else does the same
            study.set_user_attr(CONFIRMING, dict(content))

    seeds = ", ".join(map(str, made.seeds))
    on_test = " on the test set" if made.runs[0].asked.spec.evaluation_set == "test" else ""
    say(f"confirming the best setting against the default{on_test}, with fresh seeds {seeds}")
    with Heartbeat(RENEW_S, lambda: tell(sign_of_life() | {"folder": here})):
        try:
            sweep.run(made, folder / trials.CONFIRMATION, settings, train, finished, redact, site)
        except sweep.RunsFailed as failed:
            return failed
    tell({"done": here, "runs": _prints(made.sweep)})
    return None
