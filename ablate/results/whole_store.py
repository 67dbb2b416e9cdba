"""A whole store as one study: every training in it, whatever it was trained for, and nothing judged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.config import keys
from ablate.config.neutral import OTHERS
from ablate.designs import STORE, Arm, levels_of
from ablate.errors import AblateError
from ablate.readout import DIVERGED_LOSS, EMA
from ablate.results import one_sweep
from ablate.results.contents import text_of
from ablate.results.frames import SweepParts
from ablate.results.trained import Trained
from ablate.results.true_classes import evaluated
from ablate.store import canonical_json
from ablate.store.catalog import contents
from ablate.store.selection import leaves
from ablate.store.sweep import Fixed, Sweep
from ablate.store.sweep_runs import SweepArm, SweepReadout, SweepRun
from ablate.trainers import BUILT_IN

_KEYS = keys.renamed()  # as the command line calls them
_UNKNOWN = "not noted"

Levels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Kind:
    """Trainings that differ in nothing but the seed. content: theirs without it. names: of the levels first asked for."""

    content: Mapping[str, Any]
    names: Mapping[str, str]
    trained: Sequence[Trained]


@dataclass(frozen=True)
class _Reading:
    """A run: a training read at a step with some weights."""

    kind: _Kind
    one: Trained
    step: int
    weights: str
    levels: Levels

    @property
    def seed(self) -> int:
        """The replicate number."""
        return int((self.one.config or {})["seed"])


def read(store: Path) -> SweepParts:
    """Every training of a store, read at each step that a run asked for, or at its newest, with raw and averaged weights.

    The factors are what differs between them. The baseline is the arm with most runs.

    Raises:
        AblateError: the store cannot be read, or there is no training in it.
    """
    everything = [Trained(one.path) for one in contents(store)[0]]
    ours = [one for one in everything if not _is_of_another(one)]
    trained = [one for one in ours if _is_sound(one)]
    left_out = len(ours) - len(trained)
    if not trained:
        why = " that is not damaged" if left_out else f" of trainer={BUILT_IN}" if everything else ""
        raise AblateError(f"{store} has no training{why}.")
    readings = _readings(trained)
    arms = _arms([reading.levels for reading in readings])
    numbers = {arm.levels: number for number, arm in enumerate(arms)}
    listed = [SweepArm(number, arm.label(arms[0]), dict(arm.levels)) for number, arm in enumerate(arms)]
    readings.sort(key=lambda reading: (reading.seed, numbers[reading.levels]))
    planned = [_planned(number, numbers[reading.levels], reading) for number, reading in enumerate(readings)]
    rows = [
        {
            **one_sweep.row(run, listed[run.arm], _result(run, reading)),
            "trajectory": str(reading.one.path),
            "sweep": None,
        }
        for run, reading in zip(planned, readings, strict=True)
    ]
    read_at = {numbers[reading.levels]: reading for reading in readings}
    sets = {each.evaluation_set for each in evaluated(trained)[0]}
    sweep = Sweep(
        study=None,
        design=STORE,
        factors=levels_of(arms),
        baseline=dict(arms[0].levels),
        arms=tuple(listed),
        same_arms=(),
        seeds=tuple(sorted({reading.seed for reading in readings})),
        runs=tuple(planned),
        store=str(store),
        fixed=Fixed(
            metric="accuracy",
            evaluation_set=sets.pop() if len(sets) == 1 else "evaluation",
            steps=tuple(read_at[number].step for number in range(len(arms))),
            weights=tuple(read_at[number].weights for number in range(len(arms))),
            margin=None,
        ),
        joined=(),
    )
    notes = []
    if left_out:
        notes.append(
            f"{left_out} of {len(everything)} trainings are left out because they are damaged or unreadable; run "
            "`ablate runs verify`"
        )
    if len(ours) < len(everything):
        notes.append(
            f"{len(everything) - len(ours)} of {len(everything)} trainings are left out: the report of a store covers only "
            f"trainer={BUILT_IN}"
        )
    return SweepParts(store.resolve().name, sweep, rows, {str(one.path): one for one in trained}, notes)


def _is_of_another(one: Trained) -> bool:
    """Whether a training is that of another trainer, whose keys and rows are its own."""
    try:
        return one.config is not None and OTHERS in one.config
    except AblateError:
        return False


def _is_sound(one: Trained) -> bool:
    """Whether all that is read of a training can be read, so that a damaged one does not end the report of the others."""
    try:
        config = one.config
        if config is None or one.unreadable is not None:
            return False
        _ = (one.status, one.segments, one.trajectory.final_steps(), one.names, config["eval_every"])
        keys = {"seconds", "examples_per_second"} | {f"{it}_{weights}" for it in ("accuracy", "eval_loss") for weights in EMA}
        return type(config["seed"]) is int and bool(config["data"]["digest"]) and all(keys <= row.keys() for row in one.rows)
    except (AblateError, KeyError, TypeError, ValueError, AttributeError):
        return False


def _readings(trained: Sequence[Trained]) -> list[_Reading]:
    """All runs, with the levels of what differs between them."""
    kinds = _kinds(trained)
    factors = _factors(kinds)
    steps = {id(one): _steps(one) for one in trained}
    several = len(set().union(*steps.values())) > 1

    def levels(kind: int, step: int, weights: str) -> Levels:
        at = (("steps", str(step)),) if several else ()
        return (*((name, values[kind]) for name, values in factors.items()), *at, ("ema", EMA[weights]))

    return [
        _Reading(kind, one, step, weights, levels(number, step, weights))
        for number, kind in enumerate(kinds)
        for one in kind.trained
        for step in sorted(steps[id(one)], reverse=True)
        for weights in EMA
    ]


def _kinds(trained: Sequence[Trained]) -> list[_Kind]:
    """The trainings by what they are without their seed, those with most seeds first."""
    groups: dict[str, list[Trained]] = {}
    for one in trained:
        assert one.config is not None
        groups.setdefault(canonical_json(_seedless(one.config)), []).append(one)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [_Kind(_seedless(group[0].config or {}), group[0].names, group) for _, group in ordered]


def _seedless(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key != "seed"}


def _factors(kinds: Sequence[_Kind]) -> dict[str, list[str]]:
    """The level of each kind, by factor: the levels first asked for that differ, and then what they do not tell apart."""
    groups = dict.fromkeys(name for kind in kinds for name in kind.names if name != "ema")
    named = {name: [kind.names.get(name, _UNKNOWN) for kind in kinds] for name in reversed(groups)}  # as config.yaml has them
    factors = {name: values for name, values in named.items() if len(set(values)) > 1}
    contents = [dict(leaves(kind.content)) for kind in kinds]
    found = dict.fromkeys(key for content in contents for key in content)
    for key in sorted(found, key=lambda key: ("." in key, key.endswith("digest"))):  # a digest tells a reader least
        values = [text_of(content[key]) if key in content else "none" for content in contents]
        together = list(zip(*factors.values(), strict=True)) or [()] * len(kinds)
        if len(set(zip(together, values, strict=True))) > len(set(together)):
            name = _KEYS.get(key, key)
            factors[name if name not in factors else f"{name} (content)"] = values
    return factors


def _steps(one: Trained) -> list[int]:
    """The steps to read a training at: those that runs asked for; without any, the newest that it was evaluated at."""
    newest = one.rows[-1]["step"] if one.rows else one.status["step"]
    return one.trajectory.final_steps() or [newest]


def _arms(levels: Sequence[Levels]) -> list[Arm]:
    """The arms: that with most runs first, then in the order of its levels."""
    counts = Counter(levels)
    baseline, _ = counts.most_common(1)[0]
    order = [
        list(dict.fromkeys([level, *(each[position][1] for each in counts)])) for position, (_, level) in enumerate(baseline)
    ]
    ranked = sorted(counts, key=lambda each: [known.index(level) for known, (_, level) in zip(order, each, strict=True)])
    return [Arm(each) for each in ranked]


def _planned(number: int, arm: int, reading: _Reading) -> SweepRun:
    """A run as sweep.json would have it. No command is known."""
    readout = SweepReadout(reading.weights, reading.step)
    return SweepRun(number, arm, reading.seed, (), reading.one.path.name, readout, reading.kind.content["eval_every"])


def _result(run: SweepRun, reading: _Reading) -> dict[str, Any]:
    """A run's result as result.json would have it; that of a missing run has only its costs.

    A store does not note the training loss above which a run has diverged, so that is the usual one.
    """
    one = reading.one
    derived = one_sweep.of_training(run, one, DIVERGED_LOSS)
    if derived is not None:
        return derived
    status = one.status
    if status["state"] == "failed":
        return {"status": status["state"], "step": status["step"], "error": status["error"], "costs": one.costs}
    return {"costs": one.costs}
