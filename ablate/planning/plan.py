"""Arms x seeds -> runs -> trajectories, fixed before anything trains."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ablate import designs
from ablate.config import keys, loading
from ablate.config.complaints import one_line
from ablate.config.overrides import texts
from ablate.config.recipe import Recipe
from ablate.designs import Arm, Factor
from ablate.errors import AblateError
from ablate.planning.run_result import trajectory_of
from ablate.store import SWEEP, Trajectory, sweep_names
from ablate.store.pack import store_of
from ablate.store.retune_file import Retune
from ablate.store.schema import plain_file
from ablate.store.sweep import Fixed, Sweep, SweepArm, SweepFraction, SweepReadout, SweepRun
from ablate.store.sweep_identity import Identity
from ablate.store.sweep_names import TUNING as TUNING

MOST_SEEDS = 2**31
QUOTED_WORD = re.compile(r"""(["'])([A-Za-z_][\w-]*)\1""")
_ENVIRONMENT = re.compile(r"\$\{oc\.env:[A-Za-z_]\w*(,[^{}$]*)?\}")  # what a store may be named by
SWEEP_WORDS = ("study", *keys.of_sweeps())  # without a meaning for a single run
STUDY_KEYS = keys.top("sweep")  # that a study sets besides its runs' overrides
NOT_FACTORS = ("study", *keys.no_factors(), "hydra")


@dataclass(frozen=True)
class Command:
    """What the command line of a sweep says, parsed.

    factors: in the order written. seeds: the replicate numbers. fixed: overrides that are the same for every run.
    """

    factors: tuple[Factor, ...]
    seeds: tuple[int, ...]
    fixed: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """One arm with one seed. overrides: what gives this run on the command line."""

    number: int
    arm: int
    seed: int
    overrides: tuple[str, ...]
    recipe: Recipe
    trajectory: Trajectory
    content: Mapping[str, Any]  # what the fingerprint hashes
    names: Mapping[str, str]  # the chosen level of each config group

    @property
    def readout(self) -> tuple[str, str, int]:
        """What the run is read off: fingerprint, weights and step."""
        return self.trajectory.fingerprint, self.recipe.readout.weights, self.recipe.steps

    @property
    def noted(self) -> SweepRun:
        """The run as sweep.json and the plan show it."""
        fingerprint, weights, step = self.readout
        readout = SweepReadout(weights, step)
        return SweepRun(self.number, self.arm, self.seed, self.overrides, fingerprint, readout, self.recipe.eval_every)


@dataclass(frozen=True)
class Training:
    """One trajectory that runs of a sweep stand on. runs: those of them that are looked at, shortest first."""

    runs: tuple[Run, ...]

    @property
    def trajectory(self) -> Trajectory:
        """The folder that is trained in."""
        return self.runs[0].trajectory

    @property
    def recipe(self) -> Recipe:
        """That of the longest run."""
        return self.runs[-1].recipe

    @property
    def begun(self) -> int:
        """The step of the newest checkpoint that the training would go on from; 0 where there is none."""
        found = next(self.trajectory.resumable(self.recipe.steps, self.recipe.eval_every), None)
        return 0 if found is None else int(found.stem)

    @property
    def left(self) -> int:
        """How many steps are left to do."""
        return self.recipe.steps - self.begun


def trainings(runs: Sequence[Run]) -> list[Training]:
    """The different trajectories that the runs stand on, in order of their first run."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.trajectory.fingerprint, []).append(run)
    return [Training(tuple(sorted(group, key=lambda run: run.recipe.steps))) for group in groups.values()]


@dataclass(frozen=True)
class Plan:
    """A whole sweep, resolved.

    study: its name, where it is a named one. resolution: that a fraction was asked to have. labels, pairs: of the arms, and
    (arm, the arm it is compared with) for all that are compared, where it is not the design that says so. retune: how the
    learning rates of arms were chosen, as sweep.json holds it, where they were.
    """

    study: str | None
    design: str
    resolution: int
    factors: tuple[Factor, ...]
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    runs: tuple[Run, ...]
    store: str  # its folder, or what the config says where that names a variable of the environment
    question: str | None = None  # that it is to answer, in a sentence
    config_dir: str | None = None  # with configs of the user's own, as seen from the current folder
    labels: tuple[str, ...] | None = None
    pairs: tuple[tuple[int, int], ...] | None = None
    retune: Retune | None = None

    @property
    def identity(self) -> Identity:
        """What makes it this sweep and no other."""
        factors = {factor.name: factor.levels for factor in self.factors}
        standing = tuple((run.arm, run.seed, *run.readout) for run in self.runs)
        levels = tuple(dict(arm.levels) for arm in self.arms)
        return Identity(self.study, self.design, self.resolution, factors, levels, self.seeds, standing)

    @property
    def name(self) -> str:
        """The sweep's folder."""
        return self.identity.name

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
        readouts = [run.readout for run in self.runs[: len(self.arms)]]
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

    def recipes(self) -> list[tuple[int, Recipe]]:
        """(arm, its recipe with the first seed) for each arm."""
        return [(run.arm, run.recipe) for run in self.runs[: len(self.arms)]]

    def same_arms(self) -> list[tuple[int, int]]:
        """(later arm, earlier arm) for arms that are one: the same training, read the same way."""
        first: dict[tuple[str, str, int], int] = {}
        pairs = []
        for run in self.runs[: len(self.arms)]:
            if run.readout in first:
                pairs.append((run.arm, first[run.readout]))
            first.setdefault(run.readout, run.arm)
        return pairs

    @property
    def fixed(self) -> Fixed:
        """What is judged."""
        recipes = [recipe for _, recipe in self.recipes()]
        return Fixed(
            metric="accuracy",
            evaluation_set=recipes[0].data["eval_on"],
            steps=tuple(recipe.steps for recipe in recipes),
            weights=tuple(recipe.readout.weights for recipe in recipes),
            margin=recipes[0].report.margin,
            differences=tuple(self.differences),
            effects=tuple(self.effects),
        )

    @property
    def sweep(self) -> Sweep:
        """What `sweep.json` says of it, but for the time."""
        return Sweep(
            study=self.study,
            question=self.question or None,
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
            diverged_loss=float(self.runs[0].recipe.diverged_loss),
        )


def parse(overrides: Sequence[Override]) -> Command:
    """Sort parsed overrides into factors, seeds and what stays fixed.

    Of a key that is given twice the last value counts, in the place of the first, so that the command line replaces what a
    study says without changing the order of its factors.

    Raises:
        AblateError: something is swept that cannot be a factor, or over what has no list of values.
    """
    last: dict[str, Override] = {}
    for override in overrides:
        key = override.key_or_group + (f"@{override.package}" if override.package else "")
        last[key] = override
    factors: list[Factor] = []
    seeds: tuple[int, ...] = (0,)
    fixed: list[str] = []
    for key, override in last.items():
        if not override.is_sweep_override() and key != "seed":
            fixed.append(str(override.input_line))
            continue
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise AblateError(
                f"{override.input_line} is an interval, which only a search takes. List values, as in {key}=0.05,0.1, or add "
                "hydra/sweeper=optuna."
            )
        if key == "seed":
            seeds = parse_seeds(texts(override))
        elif key.partition("/")[0].partition(".")[0] in NOT_FACTORS:
            raise AblateError(f"{key} cannot be swept: it is the same for all runs. Give one value, not {override.input_line}.")
        else:
            factors.append(Factor(key, tuple(map(_word, texts(override)))))
    return Command(tuple(factors), seeds, tuple(fixed))


def _word(level: str) -> str:
    """A level without quotes that change nothing, so that `'off'` and `off` are one sweep."""
    found = QUOTED_WORD.fullmatch(level)
    return found[2] if found and found[2].lower() not in ("null", "true", "false", "nan", "inf") else level


def of_study(params: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    """The overrides of a study with those of the command line behind them; `epochs` replaces its `steps`, and vice versa."""
    given = {word.lstrip("+").partition("=")[0] for word in words}
    replaced = {"steps"} if "epochs" in given else {"epochs"} if "steps" in given else set()
    return [*(f"{key}={value}" for key, value in params.items() if key not in replaced), *words]


def check_study(name: str, with_it: DictConfig, without: DictConfig) -> None:
    """Refuse a study that sets more than a sweep: its runs would not be what their overrides say.

    Args:
        with_it, without: the composed config with the study and without it.
    """
    ours, plain = (OmegaConf.to_container(cfg, resolve=False) for cfg in (with_it, without))
    assert isinstance(ours, dict)
    assert isinstance(plain, dict)
    differ = [key for key in ours if key not in ("hydra", *STUDY_KEYS) and ours[key] != plain.get(key)]
    if differ:
        raise AblateError(
            f"study={name} sets {differ[0]!s} outside of hydra.sweeper.params. Write it under params, as all else but "
            f"{', '.join(STUDY_KEYS)}."
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
) -> Plan:
    """A plan of arms that are given, the baseline first; see `make`.

    Args:
        added: overrides for each arm besides its levels; they and the levels replace what the command fixes of these keys.

    Raises:
        AblateError: names every bad arm.
    """
    given = [_given(command.fixed, arm, more) for arm, more in zip(arms, added, strict=True)]
    # Without the words that make a sweep of it, an arm's overrides give its run on a command line of its own.
    words = [tuple(word for word in each if _key(word) not in SWEEP_WORDS) for each in given]
    recipes: dict[tuple[int, int], Recipe] = {}  # by arm and seed
    names: list[Mapping[str, str]] = []  # by arm
    refused: dict[str, list[int]] = {}  # by reason, the arms
    written = ""
    for number in range(len(arms)):
        try:
            loading.check_overrides(words[number])
            cfg = compose([*given[number], f"seed={command.seeds[0]}"])
            names.append(loading.levels(cfg.hydra))
            plain = OmegaConf.to_yaml(OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"]))
            written = str(OmegaConf.to_container(cfg, resolve=False)["store"])  # type: ignore[index, call-overload]
            for seed in command.seeds:
                OmegaConf.update(cfg, "seed", seed)  # composing anew takes longer, and gives the same
                recipes[number, seed] = loading.resolve(cfg)
                if not re.search(r"\$\{[^{}]*seed", plain):
                    recipes |= {
                        (number, other): recipes[number, seed].model_copy(update={"seed": other}) for other in command.seeds
                    }
                    break
        except (AblateError, HydraException, OmegaConfBaseException) as error:
            refused.setdefault(one_line(error, words[number]), []).append(number)
    if len(refused) == 1 and len(next(iter(refused.values()))) == len(arms):
        raise AblateError(next(iter(refused)))
    if refused and all(_of_one_level(why, numbers, arms) for why, numbers in refused.items()):
        raise AblateError(" | ".join(refused))
    if refused:
        count = sum(map(len, refused.values()))
        told = [
            f"{arms[numbers[0]].label(arms[0])} ({' '.join(words[numbers[0]])})"
            f"{f' and {len(numbers) - 1} more' if len(numbers) > 1 else ''}: {why}"
            for why, numbers in refused.items()
        ]
        raise AblateError(f"{count} of {len(arms)} arms cannot be trained. " + " | ".join(told))
    sets = sorted({str(recipe.data["eval_on"]) for recipe in recipes.values()})
    if len(sets) > 1:
        raise AblateError(
            f"data.eval_on must be the same for all arms, got {','.join(sets)}: they are read on the same images."
        )
    stores = sorted({str(recipe.store) for recipe in recipes.values()})
    if len(stores) > 1:
        raise AblateError(f"store must be the same for all runs of a sweep, got {', '.join(stores)}.")
    runs: list[Run] = []
    for seed in command.seeds:  # all arms of a seed before the next seed, so that an unfinished sweep compares them
        for number in range(len(arms)):
            recipe = recipes[number, seed]
            trajectory, content = trajectory_of(recipe)
            overrides = (*words[number], f"seed={seed}")
            runs.append(Run(len(runs), number, seed, overrides, recipe, trajectory, content, names[number]))
    store = written if "oc.env" in written else stores[0]  # what comes from the environment stays there
    return Plan(study, design, resolution, command.factors, tuple(arms), command.seeds, tuple(runs), store)


def _of_one_level(why: str, numbers: Sequence[int], arms: Sequence[Arm]) -> bool:
    """Whether a reason is about the value of one key, which it begins with, and refuses all arms that have that value."""
    return any(
        why.startswith(f"{name} ")
        and [number for number, arm in enumerate(arms) if (name, level) in arm.levels] == list(numbers)
        for name, level in arms[numbers[0]].levels
    )


def _given(fixed: Sequence[str], arm: Arm, added: Sequence[str]) -> tuple[str, ...]:
    """The overrides of an arm, each key once: what is added replaces its levels, and both what is fixed."""
    more = {_key(word) for word in added}
    levels = [f"{name}={level}" for name, level in arm.levels if name not in more]
    more |= {name for name, _ in arm.levels}
    return (*(word for word in fixed if _key(word) not in more), *levels, *added)


def _key(word: str) -> str:
    """What an override sets."""
    return word.lstrip("+").partition("=")[0]


def parse_seeds(values: Sequence[str]) -> tuple[int, ...]:
    """Replicate numbers, as written.

    Raises:
        AblateError: they are not different whole numbers.
    """
    whole = all(map(_is_seed, values))
    if not values or not whole or len(set(values)) < len(values):
        raise AblateError(_no_seeds(values))
    return tuple(int(value) for value in values)


def _is_seed(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value.lstrip("0")) <= len(str(MOST_SEEDS)) and int(value) < MOST_SEEDS


def _no_seeds(values: Sequence[str]) -> str:
    """What to say of values that are no replicate numbers."""
    wrong = next((value for value in values if not _is_seed(value)), None)
    if wrong is not None:
        return (
            f"seed must be a whole number from 0 to {MOST_SEEDS - 1:,}, got {wrong[:40]}. For several seeds, write seed=0,1,2."
        )
    twice = next(value for value in values if values.count(value) > 1)
    return f"seed has {twice} more than once. Give different numbers, as in seed=0,1,2."


def sweep_folder(path: str | Path) -> Path:
    """The folder of a sweep that a user named, by its path, its name or its study, checked to be one.

    Raises:
        AblateError: there is no such sweep, several have that name, or what has its name is no file or cannot be read.
    """
    folder = sweep_names.one(path)
    if plain_file(folder / SWEEP):
        return folder
    if plain_file(folder / TUNING / SWEEP):
        raise AblateError(
            f"{folder} is still tuning learning rates and has no results yet. Name its tuning folder: {folder / TUNING}."
        )
    raise AblateError(sweep_names.unknown(path))


def find_store(sweep: Sweep, folder: Path) -> Path | None:
    """The store that has the trajectories of a sweep; None where none of them is found.

    A packed sweep has its own. Else sweep.json names it as the user did, seen from where the command ran: the current folder or
    one above the sweep's. Of several it is the one with the most trajectories of the sweep. Whoever wrote the file can so name
    any folder; nothing but trainings with the fingerprints of the sweep is read there, and nothing is written.
    """
    packed = store_of(folder)
    if packed is not None:
        return packed
    written = given = sweep.store
    if "${" in written and "${" not in _ENVIRONMENT.sub("", written):  # it may name variables of the environment, no more
        with suppress(OmegaConfBaseException):
            given = str(OmegaConf.create({"store": written})["store"])
    beside = [] if Path(given).is_absolute() else folder.resolve().parents
    wanted = sweep.fingerprints
    found = {base / given: sum(_is_folder(base / given / one) for one in wanted) for base in (Path(), *beside)}
    best = max(found, key=lambda place: found[place])
    return best if found[best] else None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # it cannot be looked at, or no system has such a name
        return False
