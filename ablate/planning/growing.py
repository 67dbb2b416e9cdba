"""A sweep that is added to: seeds of its arms, or arms, behind what was fixed, which stays as it was."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from ablate import designs
from ablate.config import loading
from ablate.config.error_messages import one_line
from ablate.config.syntax import key_of
from ablate.designs import Arm, Factor
from ablate.errors import AblateError
from ablate.planning.plan import Plan, Resolved, resolve
from ablate.planning.run_result import trajectory_of
from ablate.planning.runs import Run
from ablate.store.sweep import GROWN_VERSION, Sweep
from ablate.store.sweep_added import Added
from ablate.store.sweep_runs import SweepRun

Compose = Callable[[Sequence[str]], DictConfig]


def as_become(plan: Plan, sweep: Sweep, compose: Compose) -> Plan:
    """The plan of a sweep's command with what was added to the sweep since.

    Args:
        sweep: as its folder has it; one that is not that of the plan changes nothing.
        compose: from overrides to a config with its `hydra` node.

    Raises:
        AblateError: what was added is not what its overrides train now.
    """
    if not sweep.added or not plan.identity.is_that_of(sweep.identity(plan.resolution)):
        return plan
    more = _composed(sweep, sweep.runs[len(plan.runs) :], plan.averaged, compose)
    return _grown(plan, sweep, more)


def of_sweep(sweep: Sweep, compose: Compose) -> Plan:
    """The plan of all that a sweep is so far, composed from the overrides of its runs.

    Raises:
        AblateError: a run is not what its overrides train now.
    """
    noted = None if sweep.fraction is None else sweep.fraction.resolution
    resolution = max(noted or designs.RESOLUTION, designs.LEAST_RESOLUTION)
    runs = _composed(sweep, sweep.runs, sweep.averaged, compose)
    whole = Plan(sweep.study, sweep.design, resolution, (), (), (), (), sweep.store, last=sweep.last)
    return _grown(replace(whole, question=sweep.question, about=sweep.about, config_dir=sweep.config_dir), sweep, runs)


def with_runs(plan: Plan, words: Sequence[str], factors: Sequence[Factor], arms: Sequence[Arm], runs: Sequence[Run]) -> Plan:
    """A plan with one more addition.

    Args:
        words: that asked for it.
        factors, arms: those of the whole sweep then.
        runs: those that are added, numbered on.
    """
    before = {factor.name: factor.levels for factor in plan.factors}
    addition = Added(tuple(words), len(plan.runs), len(plan.arms), plan.seeds, before, int(time.time()))
    seeds = tuple(dict.fromkeys([*plan.seeds, *(run.seed for run in runs)]))
    grown = replace(
        plan, factors=tuple(factors), arms=tuple(arms), seeds=seeds, runs=(*plan.runs, *runs), added=(*plan.added, addition)
    )
    return grown.read_over(grown.averaged)


def noted(plan: Plan, sweep: Sweep) -> Sweep:
    """What sweep.json says of a plan that was added to: what it said before, and behind that what is new.

    Args:
        sweep: as its folder has it.
    """
    new = plan.sweep
    levels = [replace(arm, levels=new.arms[arm.number].levels) for arm in sweep.arms]
    judged = replace(
        sweep.fixed,
        steps=new.fixed.steps,
        weights=new.fixed.weights,
        differences=new.fixed.differences,
        effects=new.fixed.effects,
    )
    return replace(
        sweep,
        factors=new.factors,
        baseline=new.baseline,
        arms=(*levels, *new.arms[len(levels) :]),
        same_arms=new.same_arms,
        seeds=new.seeds,
        runs=(*sweep.runs, *new.runs[len(sweep.runs) :]),
        fixed=judged,
        added=new.added,
        version=GROWN_VERSION,
    )


def runs_of(
    plan: Plan, missing: Sequence[tuple[int, int]], words: Sequence[Sequence[str]], compose: Compose, averaged: int
) -> list[Run]:
    """Runs to be added to a plan, numbered on.

    Args:
        missing: (arm, seed) of each. words: the overrides of each arm, without the seed.

    Raises:
        AblateError: an arm cannot be trained.
    """
    arms = dict.fromkeys(arm for arm, _ in missing)
    made = {arm: _resolved(words[arm], [seed for one, seed in missing if one == arm], compose) for arm in arms}
    first = len(plan.runs)
    return [
        _run(number, arm, seed, (*words[arm], f"seed={seed}"), made[arm], averaged)
        for number, (arm, seed) in enumerate(missing, first)
    ]


def words_of(runs: Sequence[Run] | Sequence[SweepRun]) -> list[str]:
    """What the command of each of an arm's runs says, but for the seed."""
    return [word for word in runs[0].overrides if key_of(word) != "seed"]


def _grown(plan: Plan, sweep: Sweep, runs: Sequence[Run]) -> Plan:
    arms = tuple(arm.switched for arm in sweep.arms)
    return replace(
        plan,
        factors=tuple(sweep.switched),
        arms=arms,
        seeds=sweep.seeds,
        runs=(*plan.runs, *runs),
        added=sweep.added,
    )


def _composed(sweep: Sweep, noted: Sequence[SweepRun], averaged: int, compose: Compose) -> list[Run]:
    """Runs that a sweep has, composed: each arm once, whatever its seeds."""
    by_words: dict[tuple[str, ...], list[SweepRun]] = {}
    for run in noted:
        by_words.setdefault(tuple(words_of([run])), []).append(run)
    found: dict[int, Run] = {}
    for words, alike in by_words.items():
        made = _resolved(words, [run.seed for run in alike], compose)
        for run in alike:
            found[run.number] = _run(run.number, run.arm, run.seed, run.overrides, made, averaged)
            if found[run.number].trajectory.fingerprint != run.fingerprint:
                raise AblateError(
                    f"Run {run.number} of this sweep ({sweep.arms[run.arm].label}, seed {run.seed}) is no longer what its "
                    "overrides train: the configs or the data have changed since. Restore them, or start a new sweep."
                )
    return [found[run.number] for run in noted]


def _run(number: int, arm: int, seed: int, overrides: Sequence[str], made: Resolved, averaged: int) -> Run:
    asked = made.asked[seed].averaged(averaged)
    trajectory, content = trajectory_of(asked)
    return Run(number, arm, seed, tuple(overrides), asked, trajectory, content, made.names)


def _resolved(words: Sequence[str], seeds: Collection[int], compose: Compose) -> Resolved:
    try:
        loading.check_overrides(words)
        return resolve(words, words, list(seeds), compose)
    except (HydraException, OmegaConfBaseException) as error:
        raise AblateError(one_line(error, words)) from error
