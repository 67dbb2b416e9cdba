"""One process at work on a search: it takes trials, has them trained, tells the study, and ends what is not worth going on."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial

from ablate import machine, readout, store
from ablate.errors import AblateError
from ablate.messages import say
from ablate.planning import run_result
from ablate.planning.runs import Run, Training, trainings
from ablate.running.backend import Outcome
from ablate.running.engine import Engine
from ablate.search import algorithms, optuna_private
from ablate.search.export_trials import BEGUN, export_trials
from ablate.search.settings import EXHAUSTIVE
from ablate.search.spec import FilesChanged, SearchSpec
from ablate.search.trial import ActiveTrial, reached
from ablate.search.trial_queue import RECORD, RETRY, TrialQueue, counted, state_of
from ablate.store import result_file, write_atomically
from ablate.store.state import State
from ablate.store.trials import Params, is_learned, label

RENEW_S = 20.0  # between two signs of life
PUBLISH_S = 1.0  # between two writings of trials.json
LOOK_S = 2.0  # between two looks for a trial where all are taken
TURN_S = 0.5  # of trials of which all is there already, after which the engine looks at the others and at signals
TRIALS_TO_JUDGE = 10  # before which the rate of failures says nothing


class SearchLoop:
    """One process at work on a search: it takes trials, has them trained, tells the study, and prunes."""

    def __init__(self, search: SearchSpec, study: optuna.Study, folder: Path, redact: Callable[[str], str]) -> None:
        settings = search.settings
        self.search, self.study, self.folder, self.redact = search, study, folder, redact
        self.space = {key: algorithms.distribution(one) for key, one in search.space.items()}
        self.trial_queue = TrialQueue(study, self.space, settings.n_trials, once=settings.sampler["name"] in EXHAUSTIVE)
        self.by_seed = settings.by_seed
        self.least, self.whole = search.least, search.budget.examples
        is_early = self.whole is None and not self.by_seed
        self.pruner = None if is_early else algorithms.pruner(settings.pruner, self.least, self.whole or 0)
        self.at_work: dict[int, ActiveTrial] = {}
        self.queue: list[tuple[ActiveTrial, Training]] = []
        self.engine: Engine | None = None
        self.too_many: str | None = None
        self.deadline: float | None = None  # from when the first trial is asked for
        self._look_at = self._renew_at = self._publish_at = 0.0
        self._stale = True
        self._learn_length()
        self._judge_failures()

    # supply

    @property
    def over(self) -> bool:
        """Whether no trial is left: all are finished, wherever, or the time is up."""
        if self.queue or self.at_work:
            return False
        return self.too_many is not None or self.late or self.trial_queue.finished() >= self.search.settings.n_trials

    def next(self) -> Training | None:
        """A training of a trial at work, or of a new one."""
        until = time.monotonic() + TURN_S
        while True:
            found = self._queued()
            if found is not None:
                return found
            if self.late or self.too_many is not None or time.monotonic() < self._look_at:
                return None
            trial = self.trial_queue.take()
            if trial is None:
                self._look_at = time.monotonic() + LOOK_S
                return None
            self._begin(trial)
            if not self.queue and time.monotonic() >= until:
                return None

    @property
    def late(self) -> bool:
        """Whether the time is up, after which no trial begins. It runs from the first look on."""
        timeout = self.search.settings.timeout
        if timeout is None:
            return False
        if self.deadline is None:
            self.deadline = time.monotonic() + timeout
        return time.monotonic() > self.deadline

    def _queued(self) -> Training | None:
        for place, (one, training) in enumerate(self.queue):
            started = [run.number for run in one.runs if run.number in one.going and run not in training.runs]
            waiting = {each.runs[0].number for other, each in self.queue if other is one}
            if self.by_seed and set(started) - waiting:
                continue  # the next seed of a trial only after the one before, which may end it
            del self.queue[place]
            return training
        return None

    def _begin(self, trial: optuna.Trial) -> None:
        """Have what is missing of a trial trained; what is there is read."""
        params: Params = {key: trial.params[key] for key in self.search.space}
        try:
            runs = self.search.runs(trial.number, params)
        except FilesChanged:
            raise
        except AblateError as error:
            told = self.redact(str(error))
            say(f"{label(trial.number, params)}: failed: {told}")
            self.trial_queue.end(trial.number, State.FAILED, record={"error": told})
            self._judge_failures()
            self._changed()
            return
        before = self._before(trial, runs)
        self._learn_length()
        begun_already = {run.trajectory.fingerprint for other in self.at_work.values() for run in other.runs}
        shared = begun_already & {run.trajectory.fingerprint for run in runs}
        one = ActiveTrial(self.search, trial, params, runs, before, shared=shared, whole=self.whole or 0)
        begun = {"runs": [run.noted.to_json() for run in runs], "before": {name: list(at) for name, at in before.items()}}
        at_first = one.record()
        reused = {key: at_first[key] for key in ("reused_examples", "reused_seconds", "planned")}
        if not self.trial_queue.note(trial, BEGUN, begun | reused | {"host": machine.host()}):
            return  # another process took it over
        self.at_work[trial.number] = one
        one.going = {run.number for run in runs}
        self._register()
        for run in runs:
            for name in (result_file.RESULT, run_result.TRACE):  # what an earlier try left
                (self.folder / str(run.number) / name).unlink(missing_ok=True)
        for training in trainings(runs):
            if all(run_result.read(run.asked, run.trajectory) is not None for run in training.runs):
                self._take(one, training, None)
            else:
                self.queue.append((one, training))
        self._look(one)
        self._settle(one)
        self._changed()

    def _before(self, trial: optuna.Trial, runs: Sequence[Run]) -> dict[str, tuple[int, float]]:
        """How far the trainings were; of a trial that goes on for a lapsed one, when that one began."""
        lapsed = trial.user_attrs.get(RETRY)
        for other in self.trial_queue.trials() if lapsed is not None else ():
            if other.number == lapsed and BEGUN in other.user_attrs:
                return {name: (int(step), float(s)) for name, (step, s) in other.user_attrs[BEGUN]["before"].items()}
        return {run.trajectory.fingerprint: self._kept(run) for run in runs}

    def _kept(self, run: Run) -> tuple[int, float]:
        """How far a training is that will not begin again."""
        begins = run.asked.spec.resume == "never" and run_result.read(run.asked, run.trajectory) is None
        return (0, 0.0) if begins else reached(run)

    def _learn_length(self) -> None:
        """Where trainings end by themselves, make the pruner once one is done, which shows where they are evaluated and end."""
        if self.whole is not None:
            return
        records = (trial.user_attrs.get(RECORD) for trial in counted(self.trial_queue.trials()) if state_of(trial) == "done")
        curve = next((record["curve"] for record in records if record and record["curve"]), None)
        if curve is not None:
            self.least, self.whole = (0 if self.by_seed else int(curve[0][0])), int(curve[-1][0])
            self.pruner = algorithms.pruner(self.search.settings.pruner, self.least, self.whole)

    # what comes back

    def ended(self, training: Training, outcome: Outcome) -> bool:
        """Take in what became of a training; whether all is well."""
        per_trial = len(self.search.settings.seeds)
        one = self.at_work.get(training.runs[0].number // per_trial)
        if one is None:  # another process has the trial now
            return True
        self._look(one)
        self._take(one, training, outcome)
        well = all(end["status"] == "done" for end in one.ends.values())
        self._settle(one)
        return well

    def _take(self, one: ActiveTrial, training: Training, outcome: Outcome | None) -> None:
        for run in training.runs:
            one.going.discard(run.number)
            result = run_result.read(run.asked, run.trajectory)
            if result is not None:
                if run.trajectory.checkpoint(run.asked.step).exists():
                    run.trajectory.keep(run.asked.step, run.asked.readout.steps)
                one.ends[run.number] = result
            elif outcome is not None and outcome.state != "stopped":
                error = self.redact(outcome.error or f"its training ended {readout.before(run.asked.step)}")
                log = f"{error}\nWhat its process printed is in {outcome.log}\n" if outcome.log else error
                write_atomically(self.folder / str(run.number) / run_result.TRACE, (self.redact(outcome.trace) or log).encode())
                one.ends[run.number] = run_result.failure(error, run.asked, run.trajectory)
        if self.by_seed and self.pruner is not None and one.pruned_at is None:
            for place, value in one.by_seed():
                self._report(one, place, value)
        if one.over:
            self._give_up(one)

    def _look(self, one: ActiveTrial) -> None:
        """Tell the study of new evaluations of a trial, and end it where the pruner says so."""
        if not one.changed():
            return
        self._stale = True
        for run in one.runs:
            if run.number in one.going and run_result.exploded(run.asked.readout, run.trajectory) is not None:
                one.exploded(run)
        learned = is_learned(self.search.settings.objectives[0])
        for examples, value in one.news() if learned else ():
            if self.by_seed or len(self.search.settings.objectives) > 1 or one.over:
                continue
            self._report(one, examples, value)
        if one.over:
            self._give_up(one)

    def _report(self, one: ActiveTrial, step: int, value: float) -> None:
        """Tell the study of a value, at examples of the budget or a seed's place; end the trial where the pruner says so."""
        if step in one.reported or one.over:
            return
        one.reported.add(step)
        try:
            one.trial.report(value, step)
            if self.pruner is None or step < self.least:
                return
            study = algorithms.Beside(self.study, self._beside(one))
            prune = self.pruner.prune(study, optuna_private.stored(self.study, one.trial))
        except UpdateFinishedTrialError:
            self.trial_queue.mine.pop(one.number, None)
            self._lose(one.number)
            return
        if prune and not self._is_last(one, step):
            one.pruned_at = len(one.reported) if self.by_seed else step

    def _is_last(self, one: ActiveTrial, step: int) -> bool:
        """Whether nothing of a trial is left to be saved at a step, or after a seed."""
        if self.by_seed:
            return len(one.reported) == len(self.search.settings.seeds)
        return step == self.whole or (self.search.budget.examples is None and one.is_whole)

    def _beside(self, one: ActiveTrial) -> Callable[[FrozenTrial], bool]:
        """The trials that a trial is compared with: those of its arm, each of them once."""
        kept = {trial.number for trial in counted(self.trial_queue.trials())}
        keys = self.search.arm_keys
        arm = [one.params[key] for key in keys]
        return lambda trial: trial.number in kept and [trial.params.get(key) for key in keys] == arm

    def _give_up(self, one: ActiveTrial) -> None:
        """End what is at work for a trial that is over."""
        for item in [item for item in self.queue if item[0] is one]:
            self.queue.remove(item)
            one.going -= {run.number for run in item[1].runs}
        if self.engine is None:
            return
        needed = {run.trajectory.fingerprint for other in self.at_work.values() if not other.over for run in other.runs}
        for run in one.runs:
            if run.number in one.going and run.trajectory.fingerprint not in needed:
                self.engine.give_up(run.trajectory.fingerprint)

    def _settle(self, one: ActiveTrial) -> None:
        """Tell the study of a trial of which nothing is at work any more."""
        if one.going or one.number not in self.at_work:
            return
        self._leave(one)
        state = one.state
        values = one.values() if state == "done" else None
        if values is not None and not all(map(math.isfinite, values)):
            state, values, one.error = State.DIVERGED, None, "what it is judged by is not a finite number"
        for run in one.runs:
            result = {"arm": {key: str(value) for key, value in one.params.items()}} | one.result(run)
            result_file.write(self.folder / str(run.number), result)
            if result["status"] == "done":
                run.asked.trainer.keep(run.asked.spec, run.content, run.asked.store)
        content = one.record() | {"began": one.began, "ended": time.time()}
        self.trial_queue.end(one.number, state, values, content)
        self._judge_failures()
        self._changed()

    def _judge_failures(self) -> None:
        states = [state_of(trial) for trial in counted(self.trial_queue.trials()) if trial.state.is_finished()]
        bad = sum(state in ("failed", "diverged") for state in states)
        rate = self.search.settings.max_failure_rate
        if len(states) >= TRIALS_TO_JUDGE and bad > rate * len(states):
            self.too_many = (
                f"{bad} of {len(states)} trials failed or diverged, more than hydra.sweeper.max_failure_rate={rate:g}. Narrow "
                "what is searched over, or raise the rate."
            )
            if self.engine is not None:
                self.engine.stop()

    # meanwhile

    def tick(self) -> None:
        """Look at what is at work; renew the leases and write trials.json every so often."""
        now = time.monotonic()
        if now >= self._renew_at:
            self._renew_at = now + RENEW_S
            self.trial_queue.renew()
            for number in self.trial_queue.lost():
                self._lose(number)
        for one in list(self.at_work.values()):
            self._look(one)
            self._settle(one)
        if self._stale and now >= self._publish_at:
            self.publish()

    def _leave(self, one: ActiveTrial) -> None:
        """Have no more to do with a trial; what it paid for is paid by the next one at work that shares it."""
        del self.at_work[one.number]
        for run in one.runs:
            name = run.trajectory.fingerprint
            heir = next((other for other in self.at_work.values() if name in other.shared), None)
            if name not in one.shared and heir is not None:
                heir.inherit(run)

    def _lose(self, number: int) -> None:
        one = self.at_work.get(number)
        if one is not None:
            self._leave(one)
            say(f"{label(number, one.params)}: another process took it over after this one fell silent")
            one.error = "taken over by another process"
            self._give_up(one)

    def _register(self) -> None:
        """Note in the store which trajectories the search needs: those of trials that were not ended early."""
        needs: dict[str, list[int]] = {}
        for trial in self.trial_queue.trials():
            if state_of(trial) in ("waiting", "running", "done") and BEGUN in trial.user_attrs:
                for run in trial.user_attrs[BEGUN]["runs"]:
                    needs.setdefault(run["fingerprint"], []).append(run["readout"]["step"])
        store.register_sweep(self.search.asked.store, self.folder, needs)

    def _changed(self) -> None:
        self._stale = True
        self.publish()

    def publish(self) -> None:
        """Write trials.json."""
        self._stale = False
        self._publish_at = time.monotonic() + PUBLISH_S
        export_trials(self.search, self.folder, self.trial_queue.trials(), self.at_work)
