"""Arms x seeds -> runs -> trajectories, fixed before anything trains."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Self

from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ablate import designs
from ablate.config import loading
from ablate.config.error_messages import one_line
from ablate.config.syntax import key_of
from ablate.designs import Arm, Factor
from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.planning.command import SWEEP_WORDS, Command, arm_overrides
from ablate.planning.run_result import trajectory_of
from ablate.planning.runs import Run, Training, trainings
from ablate.readout import LAST, LAST_KEY
from ablate.store.retune_check import Retune
from ablate.store.sweep import GROWN_VERSION, SWEEP_VERSION, Fixed, Sweep, SweepFraction
from ablate.store.sweep_added import Added
from ablate.store.sweep_identity import Identity
from ablate.store.sweep_names import TUNING as TUNING
from ablate.store.sweep_runs import STEPS_A_TAIL, SweepArm
from ablate.trainers import BUILT_IN, Asked, asked, check_words, names_of


@dataclass(frozen=True)
class Plan:
    """A whole sweep, resolved.

    study: its name, where it is a named one.
    resolution: that a fraction was asked to have.
    store: its folder, or what the config says where that names a variable of the environment.
    question: that it is to answer, in a sentence.
    about: what its user says of it; see `Sweep`.
    config_dir: with configs of the user's own, as seen from the current folder.
    labels, pairs: of the arms, and (arm, the arm it is compared with), where it is not the design that says so.
    retune: how the learning rates of arms were chosen, as sweep.json holds it, where they were.
    confirms: whether it measures the winner of a search, its second arm, against the default setting.
    last: how many evaluations the command asks a run's value to be the mean of; None where it asks for no number.
    added: what came to it after it was fixed; see `growing`.
    """

    study: str | None
    design: str
    resolution: int
    factors: tuple[Factor, ...]
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    runs: tuple[Run, ...]
    store: str
    question: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    config_dir: str | None = None
    labels: tuple[str, ...] | None = None
    pairs: tuple[tuple[int, int], ...] | None = None
    retune: Retune | None = None
    confirms: bool = False
    last: int | None = None
    added: tuple[Added, ...] = ()

    @property
    def identity(self) -> Identity:
        """What makes it this sweep and no other."""
        return self.sweep.identity(self.resolution)

    @property
    def name(self) -> str:
        """The sweep's folder."""
        return self.identity.name

    @property
    def averaged(self) -> int:
        """How many evaluations the value of each run is the mean of."""
        return self.runs[0].asked.readout.last

    def read_over(self, last: int) -> Self:
        """The same with values that are means of so many evaluations.

        Raises:
            AblateError: an arm has too few steps for that.
        """
        for arm, one in self.firsts():
            if one.readout.grid is not None and last > 1 and one.step < STEPS_A_TAIL * last:
                raise AblateError(
                    f"{self.label(arm)}: steps must be at least {STEPS_A_TAIL * last:,}, since the sweep was fixed with "
                    f"readout.last={last}, got {one.step:,}."
                )
        return replace(self, runs=tuple(replace(run, asked=run.asked.averaged(last)) for run in self.runs))

    @property
    def trainings(self) -> list[Training]:
        """The different trajectories that the runs stand on."""
        return trainings(self.runs)

    @property
    def compared(self) -> list[tuple[int, int]]:
        """(arm, the arm it is compared with), whether or not the two are one."""
        return designs.differences(self.design, self.arms) if self.pairs is None else list(self.pairs)

    @property
    def differences(self) -> list[tuple[int, int]]:
        """(arm, the arm it is compared with) for the differences that are judged: of arms that are one, none and no second."""
        return list(dict.fromkeys(pair for pair in map(self.judged, self.compared) if pair is not None))

    def judged(self, pair: tuple[int, int]) -> tuple[int, int] | None:
        """The first of the compared pairs whose difference is that of this one; None where its two arms are one."""
        readouts = [run.readout for run in self.first_runs]
        wanted = readouts[pair[0]], readouts[pair[1]]
        if wanted[0] == wanted[1]:
            return None
        return next((one, other) for one, other in self.compared if (readouts[one], readouts[other]) == wanted)

    @property
    def effects(self) -> list[tuple[str, ...]]:
        """The effects that are judged instead of differences between arms: the factors of each."""
        return designs.effects(self.design, self.factors, self.resolution)

    @property
    def fraction(self) -> SweepFraction | None:
        """How the arms of a fractional design were chosen; None for the others."""
        made = designs.fraction(self.design, self.factors, self.resolution)
        return None if made is None else SweepFraction(made.resolution, made.generators, made.aliases)

    def label(self, arm: int) -> str:
        """What the design calls the arm, unless the plan does."""
        return self.labels[arm] if self.labels is not None else designs.label(self.design, self.arms, arm)

    @cached_property
    def first_runs(self) -> list[Run]:
        """The first run of each arm, in their order."""
        first = {run.arm: run for run in reversed(self.runs)}
        return [first[arm] for arm in range(len(self.arms))]

    def firsts(self) -> list[tuple[int, Asked]]:
        """(arm, what it asks for with the first seed) for each arm."""
        return [(run.arm, run.asked) for run in self.first_runs]

    def same_arms(self) -> list[tuple[int, int]]:
        """(later arm, earlier arm) for arms that are one: the same training, read the same way."""
        first: dict[tuple[str, str, int], int] = {}
        pairs = []
        for run in self.first_runs:
            if run.readout in first:
                pairs.append((run.arm, first[run.readout]))
            first.setdefault(run.readout, run.arm)
        return pairs

    @property
    def fixed(self) -> Fixed:
        """What is judged."""
        firsts = [asked for _, asked in self.firsts()]
        return Fixed(
            metric=firsts[0].metric.name,
            evaluation_set=firsts[0].spec.evaluation_set,
            steps=tuple(asked.step for asked in firsts),
            weights=tuple(asked.readout.weights for asked in firsts),
            margin=firsts[0].margin,
            differences=tuple(self.differences),
            effects=tuple(self.effects),
        )

    @property
    def sweep(self) -> Sweep:
        """What `sweep.json` says of it, but for the time."""
        return Sweep(
            study=self.study,
            question=self.question or None,
            about=self.about,
            config_dir=self.config_dir or None,
            design=self.design,
            fraction=self.fraction,
            factors={factor.name: factor.levels for factor in self.factors},
            baseline=dict(self.arms[0].levels),
            arms=tuple(SweepArm(number, self.label(number), dict(arm.levels)) for number, arm in enumerate(self.arms)),
            same_arms=tuple(self.same_arms()),
            seeds=self.seeds,
            runs=tuple(run.noted for run in self.runs),
            store=self.store,
            retune=self.retune,
            fixed=self.fixed,
            trainer=self.runs[0].asked.other,
            metric=None if self.runs[0].asked.metric.name == ACCURACY else asdict(self.runs[0].asked.metric),
            metrics=self.runs[0].asked.others,
            diverged_loss=self.runs[0].asked.readout.diverged_loss,
            last=self.last,
            added=self.added,
            version=GROWN_VERSION if self.added else SWEEP_VERSION,
        )


def make(
    command: Command,
    design: str,
    compose: Callable[[Sequence[str]], DictConfig],
    resolution: int = designs.RESOLUTION,
    study: str | None = None,
) -> Plan:
    """Resolve every arm, all of them checked before anything trains.

    Args:
        compose: from overrides to a config with its `hydra` node.
        resolution: the least that a fraction has to have.

    Raises:
        AblateError: names every bad arm.
    """
    arms = designs.arms(design, command.factors, resolution)
    return of_arms(command, arms, [()] * len(arms), design, compose, resolution, study)


def of_arms(
    command: Command,
    arms: Sequence[Arm],
    added: Sequence[Sequence[str]],
    design: str,
    compose: Callable[[Sequence[str]], DictConfig],
    resolution: int = designs.RESOLUTION,
    study: str | None = None,
    averaged: bool = True,
) -> Plan:
    """A plan of arms that are given, the baseline first; see `make`.

    Args:
        added: overrides for each arm besides its levels; they and the levels replace what the command fixes of these keys.
        averaged: whether a run's value is a mean over its tail: over as many evaluations as the arm with the fewest can have.

    Raises:
        AblateError: names every bad arm.
    """
    overridden = [arm_overrides(command, arm, more) for arm, more in zip(arms, added, strict=True)]
    # Without the words that make a sweep of it, an arm's overrides give its run on a command line of its own.
    words = [tuple(word for word in each if key_of(word) not in SWEEP_WORDS) for each in overridden]
    resolved: list[Resolved] = []
    refused: dict[str, list[int]] = {}  # by reason, the arms
    for number in range(len(arms)):
        try:
            loading.check_overrides(words[number])
            resolved.append(resolve(overridden[number], words[number], command.seeds, compose))
        except (AblateError, HydraException, OmegaConfBaseException) as error:
            refused.setdefault(one_line(error, words[number]), []).append(number)
    if refused:
        raise AblateError(_refusal(refused, arms, words))
    store = _check_alike(resolved)
    first = resolved[0].asked[command.seeds[0]]
    given = LAST_KEY in map(key_of, command.fixed)
    last = min(one.most_averaged(given) for arm in resolved for one in arm.asked.values()) if averaged else 1
    runs: list[Run] = []
    for seed in command.seeds:  # all arms of a seed before the next seed, so that an unfinished sweep compares them
        for number, arm in enumerate(resolved):
            asked_for = arm.asked[seed].averaged(last)
            trajectory, content = trajectory_of(asked_for)
            overrides = (*words[number], f"seed={seed}")
            runs.append(Run(len(runs), number, seed, overrides, asked_for, trajectory, content, arm.names))
    written = resolved[-1].store
    store = written if "oc.env" in written else store  # what comes from the environment stays there
    asked_last = first.last if averaged and (given or first.last != LAST) else None
    return Plan(study, design, resolution, command.factors, tuple(arms), command.seeds, tuple(runs), store, last=asked_last)


@dataclass(frozen=True)
class Resolved:
    """A composed arm: what it asks for with each seed, the level of each group, and the store, as the config names it."""

    asked: Mapping[int, Asked]
    names: Mapping[str, str]
    store: str


def resolve(
    given: Sequence[str], words: Sequence[str], seeds: Sequence[int], compose: Callable[[Sequence[str]], DictConfig]
) -> Resolved:
    """Compose an arm once, and set the seed on the result: composing anew takes longer, and gives the same.

    Args:
        words: those of the given ones that say what is trained.
    """
    cfg = compose([*given, f"seed={seeds[0]}"])
    check_words(words, cfg)
    names = names_of(cfg, cfg.hydra)
    plain = OmegaConf.to_container(OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"]), resolve=False)
    assert isinstance(plain, dict)
    found: dict[int, Asked] = {}
    for seed in seeds:
        OmegaConf.update(cfg, "seed", seed)
        found[seed] = asked(cfg)
        if found[seed].spec.trainer == BUILT_IN and not _follows_seed(plain):
            found = {other: found[seed].with_seed(other) for other in seeds}
            break
    return Resolved(found, names, str(plain["store"]))


def _follows_seed(value: Any) -> bool:
    """Whether something in a config is made of the seed, as `runs/${seed}` is."""
    if isinstance(value, Mapping):
        return any(map(_follows_seed, value.values()))
    if isinstance(value, list):
        return any(map(_follows_seed, value))
    return isinstance(value, str) and any("seed" in reference.partition("}")[0] for reference in value.split("${")[1:])


def _refusal(refused: Mapping[str, Sequence[int]], arms: Sequence[Arm], words: Sequence[Sequence[str]]) -> str:
    """What to say of arms that cannot be trained. refused: their numbers by reason. words: of each arm."""
    count = sum(map(len, refused.values()))
    if len(refused) == 1 and count == len(arms):
        return next(iter(refused))
    if all(_of_one_level(why, numbers, arms) for why, numbers in refused.items()):
        return " | ".join(refused)
    told = []
    for why, numbers in refused.items():
        more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
        told.append(f"{arms[numbers[0]].label(arms[0])} ({' '.join(words[numbers[0]])}){more}: {why}")
    return f"{count} of {len(arms)} arms cannot be trained. " + " | ".join(told)


def _check_alike(arms: Sequence[Resolved]) -> str:
    """Refuse arms that are read on different images or kept in different stores; the store.

    Raises:
        AblateError: names what differs.
    """
    found = [one for arm in arms for one in arm.asked.values()]
    sets = sorted({one.spec.evaluation_set for one in found})
    if len(sets) > 1:
        raise AblateError(
            f"data.eval_on must be the same for all arms, got {','.join(sets)}: they are read on the same images."
        )
    if len(who := sorted({one.spec.trainer for one in found})) > 1:
        raise AblateError(f"trainer must be the same for all runs of a sweep, got {','.join(who)}.")
    stores = sorted({str(one.store) for one in found})
    if len(stores) > 1:
        raise AblateError(f"store must be the same for all runs of a sweep, got {', '.join(stores)}.")
    return stores[0]


def _of_one_level(why: str, numbers: Sequence[int], arms: Sequence[Arm]) -> bool:
    """Whether a reason is about the value of one key, which it begins with, and refuses all arms that have that value."""
    return any(
        why.startswith(f"{name} ")
        and [number for number, arm in enumerate(arms) if (name, level) in arm.levels] == list(numbers)
        for name, level in arms[numbers[0]].levels
    )
