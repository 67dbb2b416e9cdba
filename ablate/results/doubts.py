"""What a sweep.json without a checksum says that something else tells otherwise: its commands, its design, its trainings."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ablate import designs
from ablate.config.neutral import same
from ablate.errors import AblateError
from ablate.readout import EMA
from ablate.results.trained import Trained
from ablate.results.true_classes import evaluated
from ablate.store import SWEEP
from ablate.store.checksums import CHECK
from ablate.store.files import read_json
from ablate.store.retune_check import RETUNE
from ablate.store.sweep import Sweep
from ablate.store.sweep_runs import SweepRun

_NUMBERS = {"steps": "step", "eval_every": "eval_every"}  # a key of the command, and what follows from it


def doubts(sweep: Sweep, folder: Path, trained: Mapping[str, Trained]) -> list[str]:
    """A line on what does not fit, with the first of each kind; none where all does.

    Args:
        trained: the trainings that are at hand, by fingerprint.
    """
    found: dict[str, str] = {}
    for kind, line in (*_commands(sweep), *_design(sweep), *_trainings(sweep, trained), *_tuning(sweep, folder)):
        found.setdefault(kind, line)
    return [f"{folder / SWEEP}: {line}; the file may have been changed" for line in found.values()]


def _commands(sweep: Sweep) -> Iterator[tuple[str, str]]:
    """What the command of each run says, beside what is noted of it."""
    retuned = sweep.retune is not None
    for number, run in enumerate(sweep.runs):
        said, levels = run.words, sweep.arms[run.arm].levels
        wanted = [*levels.items(), ("seed", str(run.seed))]
        wanted += [(key, _number(run, at)) for key, at in _NUMBERS.items() if said.get(key, "").isdecimal()]
        if said.get("ema") in EMA.values():
            wanted.append(("ema", EMA[run.readout.weights]))
        for key, value in wanted:
            if key in said and said[key] != value and not (retuned and key == "lr"):
                yield key, f"runs[{number}] has {key}={value}, and its command {key}={said[key]}"


def _number(run: SweepRun, at: str) -> str:
    return str(run.readout.step if at == "step" else run.eval_every)


def _design(whole: Sweep) -> Iterator[tuple[str, str]]:
    """What follows from the design: its arms, what they are called, and what is judged; of what was fixed, not of additions."""
    sweep = whole.original
    design = sweep.design
    if sweep.retune is not None or designs.known(design) is None:
        if designs.known(design) is None and design != designs.TUNING:
            yield "design", f"design {design} is none that this version knows, so what follows from it is left out"
        return
    try:
        factors = sweep.switched
        noted = None if sweep.fraction is None else sweep.fraction.resolution
        resolution = max(noted or designs.RESOLUTION, designs.LEAST_RESOLUTION)
        planned = designs.arms(design, factors, resolution)
        effects = designs.effects(design, factors, resolution)
    except AblateError:
        yield "arms", f"factors are none that design={design} can have"
        return
    if [dict(arm.levels) for arm in planned] != [arm.levels for arm in sweep.arms]:
        yield "arms", f"arms are not those of design={design}"
        return
    for number, arm in enumerate(sweep.arms):
        if arm.label != (wanted := designs.label(design, planned, number)):
            yield "label", f"arms[{number}].label is {arm.label!r}, and its levels say {wanted!r}"
    first = {run.arm: run.standing[2:] for run in reversed(sweep.runs)}
    judged: dict[tuple[Any, Any], tuple[int, int]] = {}
    for one, other in designs.differences(design, planned):
        if first[one] != first[other]:
            judged.setdefault((first[one], first[other]), (one, other))
    if sweep.fixed.differences != tuple(judged.values()):
        yield "differences", f"fixed.differences are not those of design={design}"
    if sweep.fixed.effects != tuple(effects):
        yield "effects", f"fixed.effects are not those of design={design}"


def _trainings(sweep: Sweep, trained: Mapping[str, Trained]) -> Iterator[tuple[str, str]]:
    """What the trainings say of the runs that stand on them: their seeds, that an arm trains one thing, on which images."""
    contents: dict[int, tuple[int, dict[str, Any]]] = {}
    for number, run in enumerate(sweep.runs):
        one = trained.get(run.fingerprint)
        if one is None or one.config is None:
            continue
        for key, value in (("seed", run.seed), ("eval_every", run.eval_every)):
            if one.config.get(key, value) != value:
                yield f"training {key}", f"runs[{number}].{key} is {value}, and its training has {one.config[key]}"
        content = {key: value for key, value in one.config.items() if key != "seed"}
        before, known = contents.setdefault(run.arm, (number, content))
        if not same(known, content):
            yield "content", f"runs[{before}] and runs[{number}] are of one arm, and train differently"
    sets = {each.evaluation_set for each in evaluated(list(trained.values()))[0]}
    if sets and sets != {sweep.fixed.evaluation_set}:
        said = ", ".join(sorted(sets))
        yield "set", f"fixed.evaluation_set is {sweep.fixed.evaluation_set}, and the trainings were read on {said}"


def _tuning(sweep: Sweep, folder: Path) -> Iterator[tuple[str, str]]:
    """What retune.json says of the choice of learning rates."""
    beside = read_json(folder / RETUNE)
    if sweep.retune is not None and isinstance(beside, dict):
        chosen = {key: value for key, value in sweep.retune.items() if key not in ("own", "effects")}
        differ = [key for key, value in beside.items() if key not in (CHECK, "note") and chosen.get(key) != value]
        if differ:
            yield "retune", f"retune.{differ[0]} is not what {RETUNE} beside it has"
