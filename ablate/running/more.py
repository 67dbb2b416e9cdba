"""A sweep is added to in its folder: what comes is fixed there, and its looks are entered, before anything of it is trained."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from ablate import designs
from ablate.config import loading, own
from ablate.config.syntax import key_of
from ablate.designs import TUNING, Arm, Factor
from ablate.errors import AblateError, did_you_mean, shown
from ablate.messages import say
from ablate.planning import added, growing
from ablate.planning import looks as planned
from ablate.planning.command import NOT_FACTORS, level_word, parse_seeds
from ablate.planning.folders import find_store
from ablate.planning.growing import Compose
from ablate.planning.plan import Plan
from ablate.report import repeat
from ablate.running import lock, looks, sweep
from ablate.store import packed, result_file, sweep_file
from ablate.store.state import State
from ablate.store.sweep import Sweep
from ablate.store.trials import CONFIRMATION
from ablate.text import counted

TAKES_ARMS = ("one_factor", "ladder", "together")  # designs that another arm leaves as they were
MOST_SEEDS = 1000
ENDED = (State.DONE, State.DIVERGED)


@dataclass(frozen=True)
class Wanted:
    """What is to be added. seeds: how many; 0 for none. only: the arms that get them, all where empty. arms: new ones.

    An arm is given by what it changes of the one that it is compared with: `augment=off`, several words with spaces or commas
    between them.
    """

    seeds: int = 0
    only: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """As the command line has it."""
        seeds = ("--seeds", str(self.seeds)) if self.seeds else ()
        return (*seeds, *_given("--only", self.only), *_given("--arms", self.arms))


def grow(folder: Path, wanted: Wanted, progress: bool = True) -> Sweep:
    """Add to a sweep, unless just that was added and has not all ended; what the sweep is then. Nothing is trained.

    Args:
        progress: whether to show how another process goes that works on the sweep.

    Raises:
        AblateError: the sweep takes no such addition, or cannot be read or written.
    """
    _check_folder(folder)
    with lock.holding(folder, progress):
        file = sweep.fixed(folder)
        if file is None:
            raise AblateError(f"{folder} was deleted or moved.")
        before = file.sweep
        if not file.sealed:
            raise AblateError(f"{folder}: sweep.json has no checksum. Rerun the sweep's command, which adds one.")
        _check_kind(before, folder, wanted.seeds or 1)
        if before.added and _left(before, folder):
            newest = before.added[-1]
            if newest.words == wanted.words:
                say(f"Resuming what was added before ({' '.join(newest.words)})")
                return before
            raise AblateError(
                f"What was added last has not all been trained: ablate more {folder} {' '.join(newest.words)} completes it."
            )
        compose = _composing(before)
        plan = growing.of_sweep(before, compose)
        grown = _with_arms(plan, before, wanted, compose) if wanted.arms else _with_seeds(plan, before, wanted, compose)
        _check_looks(grown, before)
        looks.enter(grown, folder, before.fixed.margin)
        after = growing.noted(grown, before)
        sweep_file.write(folder, after)
        say(_told(before, after))
        return after


def _check_folder(folder: Path) -> None:
    """Refuse what cannot be trained in its place."""
    if packed.store_of(folder) is not None:
        raise AblateError(f"{folder} is packed. Unpack it first: ablate runs unpack {folder}.")
    file = sweep.fixed(folder)
    if file is None:
        return
    found = find_store(file.sweep, folder)
    written = Path(file.sweep.store)
    if found is not None and "${" not in file.sweep.store and found.resolve() != written.resolve():
        home = found.resolve().parents[len(written.parts) - 1] if not written.is_absolute() else found.resolve().parent
        raise AblateError(f"The sweep was started in another folder. Go there first: cd {home}.")


def _check_kind(one: Sweep, folder: Path, seeds: int) -> None:
    """Refuse what is no sweep over arms, and those whose arms were tuned, with what to do instead."""
    if one.is_search or one.design == TUNING or folder.name.startswith(CONFIRMATION):
        raise AblateError(f"{folder} is no sweep that compares arms of a design, so nothing can be added to it.")
    if one.trainer == repeat.FUNCTION:
        larger = repeat.again(added.larger(one, seeds), None)
        raise AblateError(f"ablate more cannot extend a sweep of a Python function. Call it with more seeds instead: {larger}")
    if one.retune is not None:
        larger = repeat.again(added.larger(one, seeds), None)
        raise AblateError(
            f"The learning rates of this sweep were tuned, so nothing can be added. Train the larger sweep: {larger}"
        )


def _left(one: Sweep, folder: Path) -> bool:
    """Whether runs of the newest addition have no result, or failed."""
    newest = one.runs[one.added[-1].runs :]
    found = (result_file.read(folder / str(run.number), run.fingerprint, run.readout).result for run in newest)
    return any(result is None or result["status"] not in ENDED for result in found)


def _composing(one: Sweep) -> Compose:
    """Composes what the overrides of its runs say, in its store."""

    def compose(words: Sequence[str]) -> DictConfig:
        return loading.compose([*words, *repeat.own_store(one, [key_of(word) for word in words])], one.config_dir)

    return compose


def _with_seeds(plan: Plan, one: Sweep, wanted: Wanted, compose: Compose) -> Plan:
    """The plan with more seeds."""
    arms = _named(one, wanted.only) if wanted.only else {arm.number for arm in one.arms}
    seeds = added.next_seeds(one, arms, wanted.seeds)
    parse_seeds([str(seed) for seed in seeds])
    missing = added.missing(one, arms, seeds)
    runs = growing.runs_of(plan, missing, _words(one), compose, one.averaged)
    return growing.with_runs(plan, wanted.words, plan.factors, plan.arms, runs)


def _with_arms(plan: Plan, one: Sweep, wanted: Wanted, compose: Compose) -> Plan:
    """The plan with more arms, each with all seeds of the arm that it is compared with."""
    factors = {factor.name: factor.levels for factor in plan.factors}
    arms, words = list(plan.arms), _words(one)
    for given in wanted.arms:
        change = _change(given, "--arms")
        factors = _extended(factors, change, _baseline(plan, change, words, compose))
        if one.design not in TAKES_ARMS:
            larger = repeat.again(replace(one, factors=factors, added=()), None)
            raise AblateError(f"design={one.design} takes no single arm. Train the larger sweep: {larger}")
        _check_change(one.design, factors, change, given)
        like = len(arms) - 1 if one.design == "ladder" else 0
        arms = [Arm(tuple((name, dict(arm.levels).get(name, levels[0])) for name, levels in factors.items())) for arm in arms]
        new = Arm(tuple((name, change.get(name, level)) for name, level in arms[like].levels))
        if new in arms:
            raise AblateError(f"--arms {given}: the sweep has this arm already.")
        arms.append(new)
        words.append(_changed(words[like], change))
    pairs = dict(designs.differences(one.design, arms))
    missing: list[tuple[int, int]] = []
    for arm in range(len(plan.arms), len(arms)):
        like = pairs[arm]
        missing += [(arm, seed) for seed in (one.seeds_of([like]) if like < len(plan.arms) else [each for _, each in missing])]
    missing = list(dict.fromkeys(missing))
    runs = growing.runs_of(plan, missing, words, compose, one.averaged)
    made = [Factor(name, levels) for name, levels in factors.items()]
    return growing.with_runs(plan, wanted.words, made, arms, runs)


def _words(one: Sweep) -> list[list[str]]:
    """What the commands of each arm's runs say, but for the seed."""
    return [growing.words_of([run for run in one.runs if run.arm == arm.number]) for arm in one.arms]


def _named(one: Sweep, only: Collection[str]) -> set[int]:
    """The arms that are named by what they change, and those that they are compared with."""
    if one.fixed.effects:
        raise AblateError(f"Effects of design={one.design} weigh all arms, so all need the same seeds. Leave out --only.")
    changes = {(arm, other): _changes(one, arm, other) for arm, other in one.fixed.differences}
    found: set[int] = set()
    for given in only:
        wanted = _change(given, "--only")
        pairs = [pair for pair, change in changes.items() if change == wanted]
        if not pairs:
            known = [",".join(f"{name}={level}" for name, level in change.items()) for change in changes.values()]
            near = did_you_mean(given, known)
            raise AblateError(f"Unknown arm {shown(given)}. Choose from {' '.join(known)}.{near}")
        found |= {arm for pair in pairs for arm in pair}
    return found


def _changes(one: Sweep, arm: int, other: int) -> dict[str, str]:
    return {name: after for name, _, after in one.arms[arm].switched.changes(one.arms[other].switched)}


def _change(given: str, option: str) -> dict[str, str]:
    """The levels that a word names: `augment=off`, or `augment=off,ema=off`."""
    parts = [part.partition("=") for part in given.replace(",", " ").split()]
    if not parts or any(not (name and is_ and level) for name, is_, level in parts):
        raise AblateError(f"{option} takes FACTOR=LEVEL, as in {option} augment=off, got {shown(given)}.")
    return {name: level for name, _, level in parts}


def _baseline(plan: Plan, change: Mapping[str, str], words: Sequence[Sequence[str]], compose: Compose) -> dict[str, str]:
    """The levels that the baseline has of factors that the sweep does not switch so far."""
    new = [name for name in change if name not in {factor.name for factor in plan.factors}]
    if not new:
        return {}
    for name in new:
        if name.partition("/")[0].partition(".")[0] in NOT_FACTORS:
            raise AblateError(f"{name} cannot be switched: it is the same for all runs.")
    loading.check_overrides([f"{name}={change[name]}" for name in new])
    names, cfg = plan.first_runs[0].names, compose(words[0])
    found = {name: names.get(name) or OmegaConf.select(cfg, name) for name in new}
    for name, level in found.items():
        if level is None:
            raise AblateError(f"The baseline has no {name}, so no arm can change it.")
    written = own.text_of if own.is_own(words[0]) else repeat.as_word
    return {name: level if name in names else written(level) for name, level in found.items()}


def _extended(
    factors: Mapping[str, tuple[str, ...]], change: Mapping[str, str], first: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The levels of all factors with those of a new arm."""
    begun = dict(factors) | {name: (level,) for name, level in first.items()}
    return {name: tuple(dict.fromkeys([*levels, change.get(name, levels[0])])) for name, levels in begun.items()}


def _check_change(design: str, factors: Mapping[str, tuple[str, ...]], change: Mapping[str, str], given: str) -> None:
    """Refuse an arm that is none of its design."""
    if design == "together" and set(change) != set(factors):
        raise AblateError(f"design=together switches all factors at once. Give a level of each: {', '.join(factors)}.")
    if design != "together" and len(change) > 1:
        raise AblateError(f"design={design} switches one factor an arm, got {shown(given)}.")


def _changed(words: Sequence[str], change: Mapping[str, str]) -> list[str]:
    """Overrides with other levels of some keys."""
    kept = [word for word in words if key_of(word) not in change]
    users = own.is_own(words)
    return [*kept, *(level_word(name, level, users) for name, level in change.items())]


def _check_looks(plan: Plan, one: Sweep) -> None:
    """Refuse seeds that would make the sweep exploratory."""
    decision, _ = planned.foreseen(plan)
    if decision is not None and decision.exploratory:
        lacking = ",".join(map(str, decision.missing))
        raise AblateError(
            f"With these seeds the sweep would be exploratory: earlier looks at its comparisons also had {lacking}. Add as "
            f"many as it takes to have them, too; it has {','.join(map(str, one.seeds))}."
        )


def _told(before: Sweep, after: Sweep) -> str:
    """What was added."""
    runs, arms = after.runs[len(before.runs) :], after.arms[len(before.arms) :]
    seeds = list(dict.fromkeys(run.seed for run in runs))
    what = f"{counted(len(arms), 'arm')} ({'; '.join(arm.label for arm in arms)}) with " if arms else ""
    return f"Added: {what}{counted(len(seeds), 'seed')} ({', '.join(map(str, seeds))}), {counted(len(runs), 'run')}"


def _given(option: str, words: Sequence[str]) -> list[str]:
    return [each for word in words for each in (option, word)]
