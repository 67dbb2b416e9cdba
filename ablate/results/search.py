"""What the folder of a search tells, as tidy frames: one row a trial, and one a trial and evaluation."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ablate import readout
from ablate.config import own
from ablate.errors import AblateError
from ablate.planning.folders import find_store, sweep_folder
from ablate.results import environment
from ablate.results.analysis import Analysis, Made, analyze, filled
from ablate.results.frames import Results
from ablate.results.one_sweep import unreadable_lines
from ablate.results.question import ask
from ablate.results.scored import scored
from ablate.results.sources import load as load_sweep
from ablate.results.trained import Trained
from ablate.stats.importance import importance
from ablate.stats.objectives import Objective, objective
from ablate.stats.searches import ranked
from ablate.store import SWEEP, packed, sweep_file, trials_file
from ablate.store import trials as record
from ablate.store.schema import real_folder
from ablate.store.state import FINISHED, OF_TRIALS
from ablate.store.sweep import Sweep
from ablate.store.sweep_file import SweepFile
from ablate.store.trials import CONFIRMATION, Dimension, Trial, same, space_of
from ablate.store.trials_file import TRIALS, Trials
from ablate.text import counted

# Of a search, by name, what its figures are drawn from.
FRAMES = (
    *("trials", "curves", "confirmation", "space", "importances", "counts", "done", "best"),
    *("objectives", "objective", "learned", "amount"),
)
Setting = dict[str, float | int | str]
USUAL_DATA = "cifar10"  # of conf/config.yaml
_LONG = re.compile(r"\d+\.\d{5,}(?:e[+-]?\d+)?")  # a number with more digits than a reader wants
_TRIAL_TYPES = {
    "number": "int64",
    "state": "str",
    "source": "str",
    "default": "bool",
    "last_value": "float64",
    "examples": "int64",
    "seconds": "float64",
    "reused_examples": "int64",
    "reused_seconds": "float64",
    "planned_examples": "int64",
    "came_examples": "int64",
    "began": "float64",
    "ended": "float64",
    "retry_of": "Int64",
    "host": "str",
    "error": "str",
}


@dataclass(frozen=True, eq=False)
class SearchResults:
    """What a search found so far.

    folder: of the search. sweep: as sweep.json has it, without the trials.
    trials: one row a trial, in order of number, whatever became of it. A column a searched key; a column an objective (accuracy
    a fraction), missing unless the trial is done; `default`: whether it is the default setting; `last_value`: what its newest
    evaluation gave, over its seeds; `examples`, `seconds`: trained by it, all seeds together; `reused_examples`: what was
    trained already when it began; `planned_examples`: of its whole training; `came_examples`: a seed, where it ended;
    `retry_of`: the lapsed trial that it goes on for.
    curves: one row a trial and evaluation: number, state, examples (a seed), epochs, and the objective that is learned.
    confirmation: of the best setting against the default one, where that was begun.
    trainings: as in `ablate.results.Results`, of the trials. notes: what a reader should be told about the files, a line each.
    """

    folder: Path
    sweep: Sweep
    trials: pd.DataFrame
    curves: pd.DataFrame
    confirmation: Analysis | None = None
    trainings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(environment.TRAINING_TYPES)))
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        found = [] if self.confirmation is None else self.confirmation.comparisons["verdict"].tolist()
        confirmed = f", confirmation: {found[0]}" if found else ""
        trials = f"{len(self.finished):,} of {counted(int(self.search['n_trials']), 'trial')} finished"
        return f"<search over {', '.join(self.space)}: {trials}{confirmed}>"

    @property
    def search(self) -> Mapping[str, Any]:
        """What sweep.json holds of the search alone."""
        return self.sweep.searched

    @property
    def title(self) -> str:
        """The name of the study or, without one, what was searched over."""
        named = self.sweep.about.get("name") or self.sweep.study
        return str(named) if named else f"search: {', '.join(self.space)}"

    @cached_property
    def space(self) -> dict[str, Dimension]:
        """What was searched over, by key."""
        return space_of(self.search)

    @cached_property
    def objectives(self) -> list[Objective]:
        """What it aimed at: one, or two."""
        return objectives_of(self.sweep)

    @property
    def objective(self) -> Objective:
        """The first objective; that of a search with one."""
        return self.objectives[0]

    @property
    def learned(self) -> Objective | None:
        """The objective that curves are of."""
        return next((each for each in self.objectives if each.is_learned), None)

    @property
    def evaluation_set(self) -> str:
        """What trials were judged on."""
        return self.sweep.fixed.evaluation_set

    @property
    def data(self) -> str:
        """The data set, as `data` on the command line; empty where training code of the user's own has its own."""
        if self.sweep.trainer in own.TRAINERS:
            return ""
        given = [word.partition("=")[2] for word in self.search["fixed_overrides"] if word.startswith("data=")]
        return given[-1] if given else USUAL_DATA

    @property
    def amount(self) -> str:
        """What the length of a training is counted in: examples, or steps of the user's own code."""
        return "steps" if self.sweep.trainer in own.TRAINERS else "examples"

    @property
    def tuned_on_test(self) -> bool:
        """Whether the search looked at the test set."""
        return self.evaluation_set == "test"

    @property
    def earlier(self) -> list[str]:
        """The folders of confirmations of settings that were the best before more trials were added, in order."""
        paths = self.folder.glob(f"{CONFIRMATION}-*/{SWEEP}")
        found = (path.parent.name for path in paths if not path.parent.is_symlink())  # a link leads elsewhere
        return sorted(found, key=lambda name: int(name.rpartition("-")[2]) if name.rpartition("-")[2].isdecimal() else 0)

    @property
    def finished(self) -> pd.DataFrame:
        """The trials that count: done, pruned, diverged and failed ones."""
        return self.trials[self.trials["state"].isin(FINISHED)]

    @property
    def done(self) -> pd.DataFrame:
        """The trials that have a value."""
        return self.trials[self.trials["state"] == "done"]

    @cached_property
    def importances(self) -> tuple[pd.DataFrame, list[str]]:
        """How much each searched key matters, and what a reader should be told; see `importance`."""
        return importance(self.trials, self.space, self.objectives)

    @property
    def default(self) -> Setting:
        """The default setting, of the searched keys."""
        return {key: as_number(self.sweep.baseline[key]) for key in self.space}

    def setting(self, number: int) -> Setting:
        """The searched keys of a trial."""
        [row] = self.trials.loc[self.trials["number"] == number, list(self.space)].to_dict("records")
        return {str(key): value for key, value in row.items()}

    @property
    def best(self) -> int | None:
        """The number of the trial with the best score, of two objectives in the first; None without one that is done."""
        return None if self.done.empty else int(ranked(self.trials, self.objective)["number"].iloc[0])

    def fill(self, function: Callable[..., Made], **said: Any) -> Made:
        """What a function makes of what its parameters are named after; see `Analysis.fill` and FRAMES."""
        return filled(function, FRAMES, lambda name: getattr(self, name), said)

    @property
    def counts(self) -> dict[str, int]:
        """How many trials there are of each state, in order of `state.OF_TRIALS`."""
        found = self.trials["state"].value_counts()
        return {state: int(found[state]) for state in OF_TRIALS if state in found}

    @property
    def ended(self) -> dict[str, int]:
        """How many finished trials there are of each state."""
        return {state: count for state, count in self.counts.items() if state in FINISHED}


def load(folder: str | Path) -> SearchResults:
    """Read what a search found, from files alone.

    Raises:
        AblateError: the folder is no search's, or a file in it is damaged or of another version.
    """
    place = sweep_folder(Path(folder))
    file = _content(place)
    sweep = file.sweep
    found = trials_file.read(place, sweep)
    keys, aims = space_of(sweep.searched), objectives_of(sweep)
    trained, unreadable = _trained(found, sweep, place)
    rows, rescored = scored(found, trained, aims, readout.judged_by(sweep))
    trainings, notes = _trainings(found, trained)
    confirmed = real_folder(place / CONFIRMATION)
    sealed = {SWEEP: file.sealed, TRIALS: found.sealed}
    unsealed = [f"{name} has no checksum, as earlier versions wrote it" for name, is_sealed in sealed.items() if not is_sealed]
    return SearchResults(
        place,
        sweep,
        trials_frame(rows, keys, aims, sweep.baseline),
        curves_frame(rows, aims, sweep.searched.get("train_images")),
        analyze(*ask(_short_labels(load_sweep(confirmed)))) if (confirmed / SWEEP).exists() else None,
        trainings,
        (*packed.changed(place), *unsealed, *unreadable, *rescored, *notes),
    )


def _short_labels(results: Results) -> Results:
    """Results whose arms are named with few digits of a number that was drawn; their levels stay exact."""
    return results.relabeled([_LONG.sub(lambda found: record.shown(float(found[0])), arm.label) for arm in results.sweep.arms])


def trials_frame(
    trials: Sequence[Trial], space: Mapping[str, Dimension], objectives: Sequence[Objective], default: Mapping[str, Any]
) -> pd.DataFrame:
    """One row a trial; see `SearchResults.trials`."""
    values = [one.column for one in objectives]
    kinds = {"categorical": "str", "float": "float64", "int": "Int64"}
    types = _TRIAL_TYPES | {key: kinds[one.kind] for key, one in space.items()} | dict.fromkeys(values, "float64")
    order = ["number", "state", "source", *space, *values, *list(_TRIAL_TYPES)[3:]]
    rows = []
    for trial in sorted(trials, key=lambda trial: trial.number):
        scores = trial.values or ()  # noqa: PD011
        found = dict(zip(values, scores, strict=bool(scores)))
        row = {key: getattr(trial, key) for key in _TRIAL_TYPES if hasattr(trial, key)}
        row |= {"state": str(trial.state), "planned_examples": trial.planned, "came_examples": trial.came}
        row |= {"last_value": trial.curve[-1][1] if trial.curve else None}
        row |= {"default": all(same(trial.params.get(key), default[key]) for key in space)}
        rows.append({**row, **{key: trial.params.get(key) for key in space}, **(found if trial.state == "done" else {})})
    return pd.DataFrame(rows, columns=order).astype(types)


def curves_frame(trials: Sequence[Trial], objectives: Sequence[Objective], train_images: int | None) -> pd.DataFrame:
    """One row a trial and evaluation; see `SearchResults.curves`."""
    learned = next((one.column for one in objectives if one.is_learned), "value")
    types = {"number": "int64", "state": "str", "examples": "int64", "epochs": "float64", learned: "float64"}
    rows = [
        (trial.number, trial.state, examples, examples / train_images if train_images else None, value)
        for trial in sorted(trials, key=lambda trial: trial.number)
        for examples, value in trial.curve
    ]
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def objectives_of(sweep: Sweep) -> list[Objective]:
    """The objectives of a search."""
    pairs = zip(sweep.searched["objectives"], sweep.searched["directions"], strict=True)
    own = sweep.metric or {}
    units = {own.get("name"): own.get("unit")}
    return [objective(name, direction, sweep.fixed.evaluation_set, units.get(name)) for name, direction in pairs]


def as_number(word: Any) -> float | int | str:
    """A word as the number that it is, or itself."""
    for kind in (int, float):
        try:
            return kind(str(word))
        except ValueError:
            continue
    return str(word)


def _content(folder: Path) -> SweepFile:
    file = sweep_file.read(folder)
    if file is None or not file.sweep.is_search:
        design = "no sweep" if file is None else f"design={file.sweep.design}"
        raise AblateError(f"{folder} must be the folder of a search, got {design}. `ablate.results.load` reads sweeps.")
    return file


def _trained(found: Trials, sweep: Sweep, folder: Path) -> tuple[dict[str, Trained], list[str]]:
    """(the trainings of trials that are at hand, by fingerprint; a note on those that cannot be read)."""
    store = find_store(found.within(sweep), folder) if found.runs else None
    paths = {} if store is None else {run.fingerprint: store / run.fingerprint for run in found.runs}
    there = {fingerprint: Trained(path) for fingerprint, path in paths.items() if path.is_dir()}
    reasons = [one.unreadable for one in there.values() if one.unreadable is not None]
    readable = {fingerprint: one for fingerprint, one in there.items() if one.unreadable is None}
    return readable, unreadable_lines(reasons, TRIALS)


def _trainings(found: Trials, trained: Mapping[str, Trained]) -> tuple[pd.DataFrame, list[str]]:
    """The trainings that trials stand on, and what of their surroundings they do not share."""
    by_path = {str(one.path): one for one in trained.values()}
    there = [str(trained[run.fingerprint].path) if run.fingerprint in trained else None for run in found.runs]
    runs = pd.DataFrame({"trajectory": there, "fingerprint": [run.fingerprint for run in found.runs]}, dtype="str")
    last = [run.readout.step for run in found.runs]
    return environment.trainings(runs, by_path, last), environment.mixed(list(by_path.values()))
