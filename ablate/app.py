"""How Hydra is run, and its task: config in, one run's result out. It ensures the trajectory, then reads it."""

import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ablate import escaping, terminal
from ablate.config import loading, own, usual_length
from ablate.config.error_messages import one_line
from ablate.config.overrides import read as read_words
from ablate.config.syntax import key_of
from ablate.errors import FULL_ERROR, AblateError, Stopped
from ablate.messages import say
from ablate.planning import earlier_length, run_result
from ablate.readout import LAST_KEY, WEIGHTS, before, judged, tail
from ablate.running import ensuring, signals
from ablate.running.backend import Job
from ablate.running.progress import TrainingProgress
from ablate.running.signals import interruptible
from ablate.store import Trajectory, result_file, write_atomically
from ablate.trainers import Asked, asked, check_words, names_of


def compose_and_run(flags: Sequence[str], overrides: Sequence[str]) -> int:
    """Let Hydra compose and run a command line that is read and checked.

    Returns:
        0; a single run that failed or diverged raises, as a sweep does in which runs did.

    Raises:
        AblateError: what went wrong, in one line.
    """
    results: list[dict[str, Any]] = []
    if usual := usual_length.added(overrides):
        for line in earlier_length.told(overrides):
            say(line)
        overrides = [*overrides, *usual]

    def task(cfg: DictConfig) -> dict[str, Any]:
        result = run(cfg)
        if HydraConfig.get().mode == RunMode.RUN:
            results.append(result | {"folder": HydraConfig.get().runtime.output_dir})
        return result

    # Hydra prints tracebacks of its own unless it is told to raise; then errors come here like all others.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv = [sys.argv[0], *flags, *overrides]  # its parser wants the overrides in one piece
    hydra.main(version_base="1.3", config_path=str(own.configs(overrides)), config_name="config")(task)()
    for result in results:
        folder = Path(result["folder"])
        if result["status"] == "failed":
            if FULL_ERROR:
                print(escaping.terminal_lines((folder / run_result.TRACE).read_text("utf-8", "replace")), file=sys.stderr)
            raise AblateError(result["error"])
        if result["status"] == "diverged":
            raise AblateError(f"The run diverged: {result['error']}. Its result is in {folder / result_file.RESULT}.")
        weights = result["readout"]["weights"]
        of = f", {WEIGHTS.get(weights, weights)} weights" if weights else ""
        on = f"on the {result['evaluation_set']} set {_where(result)}{of}"
        if "metric" in result:
            terminal.tell(f"{result['metric']} {judged(result):.6g} {on}")
        else:
            terminal.tell(f"accuracy {100 * result['accuracy']:.2f}% {on}")
        terminal.tell(f"{folder / result_file.RESULT}")
    return 0


def sweep(words: Sequence[str]) -> Path:
    """Run a sweep for a Python program; its folder. See `compose_and_run`.

    Raises:
        AblateError: what went wrong, in one line. RunsFailed: some runs have no value.
    """
    read_words(words, None, sweep=True)
    composing = HydraConfig.instance().cfg
    with warnings.catch_warnings(), loading.hydra_of_its_own(), signals.raising():
        warnings.filterwarnings(
            "ignore", category=UserWarning, module=r"(omegaconf|hydra)\."
        )  # of what is refused in our words
        with initialize_config_dir(str(own.configs(words)), version_base="1.3"):
            program = GlobalHydra.instance().hydra
            assert program is not None
            try:
                return Path(program.multirun("config", run, list(words), with_log_configuration=False))
            except (HydraException, OmegaConfBaseException) as error:
                raise AblateError(one_line(error, words)) from None
            finally:
                HydraConfig.instance().cfg = composing


def _where(result: Mapping[str, Any]) -> str:
    readout, step = result["readout"], result["step"]
    last = readout.get("last", 1)
    if last == 1:
        return f"at step {step}"
    if "newest" in readout:
        return f"(mean of the newest {last} evaluations up to step {step:,})"
    return f"(mean of {last} evaluations, steps {tail(step, last)[0]:,} to {step:,})"


def run(cfg: DictConfig) -> dict[str, Any]:
    """One Hydra job: train what is missing of the run's trajectory, read it, write result.json into the job's folder.

    A run that fails has a result too, with status `failed`; only the trace is elsewhere, in traceback.txt beside it.
    """
    job = HydraConfig.get()
    folder = Path(job.runtime.output_dir)
    wanted, trajectory = None, None
    try:
        if job.mode == RunMode.RUN and job.runtime.choices.get("study") is not None:
            study = job.runtime.choices["study"]
            raise AblateError(f"study={study} is a sweep. Add -m: python -m ablate -m study={study}.")
        if job.mode == RunMode.RUN and cfg.retune is not False:
            raise AblateError("retune is for sweeps. Add -m, or leave it out.")
        if job.job.chdir:
            raise AblateError("hydra.job.chdir=true gives each run a store of its own. Leave it out: all runs share one.")
        loading.check_overrides(_words(job))
        check_words(_words(job), cfg)
        wanted = asked(cfg)
        wanted = wanted.averaged(wanted.most_averaged(given=LAST_KEY in map(key_of, _words(job))))
        trajectory, content = run_result.trajectory_of(wanted)
        result = _ensured(wanted, trajectory, content, names_of(cfg, job))
    except Exception as error:
        result = run_result.failure(loading.redacted(run_result.reason_of(error), cfg), wanted, trajectory)
        write_atomically(folder / run_result.TRACE, loading.redacted(traceback.format_exc(), cfg).encode())
    result_file.write(folder, result)
    return result


def _words(job: Any) -> list[str]:
    """The words of the command line as they were written: an interpolation among them is resolved where its key is."""
    words = OmegaConf.to_container(job.overrides.task, resolve=False)
    assert isinstance(words, list)
    return [str(word) for word in words]


def _ensured(wanted: Asked, trajectory: Trajectory, content: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    result = run_result.read(wanted, trajectory)
    if result is not None:
        say(f"{trajectory.path} is trained to step {result['step']} already; nothing to train")
        if trajectory.checkpoint(wanted.step).exists():
            trajectory.keep(wanted.step, wanted.readout.steps)
        wanted.trainer.keep(wanted.spec, content, wanted.store)
        return result
    for line in wanted.spec.notes:
        say(line)
    with _waiting_for(trajectory):
        if run_result.read(wanted, trajectory) is None:
            _train_here(wanted, trajectory, content, names)
    result = run_result.read(wanted, trajectory)
    if result is None:
        raise AblateError(f"{trajectory.path} ended {before(wanted.step)}.")
    return result


def _train_here(wanted: Asked, trajectory: Trajectory, content: Mapping[str, Any], names: Mapping[str, str]) -> None:
    wanted.trainer.check()
    job = Job(trajectory.fingerprint, wanted.store, wanted.spec, (wanted.readout,), content, names, wanted.threads)
    with interruptible("Stopping after this step… (Ctrl-C again stops at once)") as stop:
        with TrainingProgress(wanted, trajectory) as watcher:
            try:
                ensuring.ensure(job, wanted.readout, trajectory, watcher, stop)
            except Stopped as stopped:
                begins = wanted.spec.resume == "never"
                saved = "" if begins else f" at step {stopped}, saved in {trajectory.path}"
                say(f"Stopped{saved}. Rerun the same command to {'begin again' if begins else 'resume'}.")
                raise KeyboardInterrupt from None
        if stop():
            raise KeyboardInterrupt


@contextmanager
def _waiting_for(trajectory: Trajectory) -> Iterator[None]:
    """The trajectory's lock, waited for where another process has it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(trajectory.locked(timeout_s=0))
        except TimeoutError as error:
            say(f"{error}; waiting for it")
            stack.enter_context(trajectory.locked())
        yield
