"""What the folder of a search tells, as tidy frames: one row a trial, and one a trial and evaluation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ablate.errors import AblateError
from ablate.plan import find_store, sweep_folder
from ablate.results import environment
from ablate.results.analysis import Analysis, analyse
from ablate.results.frames import Results, arm_name
from ablate.results.question import ask
from ablate.results.search.importance import importance
from ablate.results.search.objectives import LEARNED, Objective, objective
from ablate.results.sources import load as load_sweep
from ablate.results.trained import Trained
from ablate.search import record
from ablate.search.record import CONFIRMATION, FINISHED, SEARCH, Dimension, Trial
from ablate.store import SWEEP, pack, read_json
from ablate.store.sweep_file import SWEEP_VERSION, relabelled

Setting = dict[str, float | int | str]
KEYS = ("search", "factors", "baseline", "seeds", "fixed", "store")  # without which a sweep.json is no search's
SEARCH_KEYS = (
    "space",
    "objectives",
    "directions",
    "budget",
    "n_trials",
    "sampler",
    "pruner",
    "confirm_seeds",
    "fixed_overrides",
)
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

    folder: of the search. sweep: the content of sweep.json.
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
    sweep: dict[str, Any]
    trials: pd.DataFrame
    curves: pd.DataFrame
    confirmation: Analysis | None = None
    trainings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(environment.TRAINING_TYPES)))
    notes: tuple[str, ...] = ()

    @property
    def search(self) -> Mapping[str, Any]:
        """What sweep.json holds of the search alone."""
        content: Mapping[str, Any] = self.sweep["search"]
        return content

    @property
    def title(self) -> str:
        """The name of the study or, without one, what was searched over."""
        return str(self.sweep.get("study") or f"search: {', '.join(self.space)}")

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
        return next((each for each in self.objectives if each.name in LEARNED), None)

    @property
    def evaluation_set(self) -> str:
        """What trials were judged on."""
        return str(self.sweep["fixed"]["evaluation_set"])

    @property
    def data(self) -> str:
        """The data set, as `data` on the command line."""
        given = [word.partition("=")[2] for word in self.search["fixed_overrides"] if word.startswith("data=")]
        return given[-1] if given else USUAL_DATA

    @property
    def tuned_on_test(self) -> bool:
        """Whether the search looked at the test set."""
        return self.evaluation_set == "test"

    @property
    def earlier(self) -> list[str]:
        """The folders of confirmations of settings that were the best before more trials were added, in order."""
        found = (path.parent.name for path in self.folder.glob(f"{CONFIRMATION}-*/{SWEEP}"))
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
        return {key: as_number(self.sweep["baseline"][key]) for key in self.space}

    def setting(self, number: int) -> Setting:
        """The searched keys of a trial."""
        [row] = self.trials.loc[self.trials["number"] == number, list(self.space)].to_dict("records")
        return {str(key): value for key, value in row.items()}

    @property
    def counts(self) -> dict[str, int]:
        """How many trials there are of each state, in order of `record.STATES`."""
        found = self.trials["state"].value_counts()
        return {state: int(found[state]) for state in record.STATES if state in found}

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
    content = _content(place)
    rows = record.read(place)
    keys, aims = space_of(content["search"]), objectives_of(content)
    trainings, notes = _trainings(record.with_trials(content, place), place)
    confirmed = place / CONFIRMATION
    return SearchResults(
        place,
        content,
        trials_frame(rows, keys, aims, content["baseline"]),
        curves_frame(rows, aims, content["search"].get("train_images")),
        analyse(*ask(_short_labels(load_sweep(confirmed)))) if (confirmed / SWEEP).exists() else None,
        trainings,
        (*pack.changed(place), *notes),
    )


def _short_labels(results: Results) -> Results:
    """Results whose arms are named with few digits of a number that was drawn; their levels stay exact."""
    arms = [
        relabelled(arm, _LONG.sub(lambda found: record.shown(float(found[0])), arm["label"])) for arm in results.sweep["arms"]
    ]
    names = {int(arm["number"]): arm_name(arm) for arm in arms}
    runs, evaluations = (
        frame.assign(label=frame["arm"].map(names).astype("str")) for frame in (results.runs, results.evaluations)
    )
    return replace(results, runs=runs, evaluations=evaluations, sweep={**results.sweep, "arms": arms})


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
        row |= {"planned_examples": trial.planned, "came_examples": trial.came}
        row |= {"last_value": trial.curve[-1][1] if trial.curve else None}
        row |= {"default": all(same(trial.params.get(key), default[key]) for key in space)}
        rows.append({**row, **{key: trial.params.get(key) for key in space}, **(found if trial.state == "done" else {})})
    return pd.DataFrame(rows, columns=order).astype(types)


def curves_frame(trials: Sequence[Trial], objectives: Sequence[Objective], train_images: int | None) -> pd.DataFrame:
    """One row a trial and evaluation; see `SearchResults.curves`."""
    learned = next((one.column for one in objectives if one.name in LEARNED), "value")
    types = {"number": "int64", "state": "str", "examples": "int64", "epochs": "float64", learned: "float64"}
    rows = [
        (trial.number, trial.state, examples, examples / train_images if train_images else None, value)
        for trial in sorted(trials, key=lambda trial: trial.number)
        for examples, value in trial.curve
    ]
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def space_of(search: Mapping[str, Any]) -> dict[str, Dimension]:
    """The searched keys of what sweep.json holds under `search`."""
    return {key: Dimension(**{**one, "choices": tuple(one.get("choices", ()))}) for key, one in search["space"].items()}


def objectives_of(content: Mapping[str, Any]) -> list[Objective]:
    """The objectives of a sweep.json."""
    search = content["search"]
    pairs = zip(search["objectives"], search["directions"], strict=True)
    return [objective(name, direction, str(content["fixed"]["evaluation_set"])) for name, direction in pairs]


def as_number(word: Any) -> float | int | str:
    """A word as the number that it is, or itself."""
    for kind in (int, float):
        try:
            return kind(str(word))
        except ValueError:
            continue
    return str(word)


def same(one: Any, other: Any) -> bool:
    """Whether two values of a key are one: as numbers where they are, else as words."""
    return as_number(one) == as_number(other)


def _content(folder: Path) -> dict[str, Any]:
    content = read_json(folder / SWEEP)
    if not isinstance(content, dict) or content.get("version") != SWEEP_VERSION:
        received = f"version {content.get('version')!r}" if isinstance(content, dict) else "a damaged file"
        raise AblateError(f"Expected a search of version {SWEEP_VERSION} in {folder / SWEEP}. Received: {received}.")
    if content.get("design") != SEARCH:
        raise AblateError(
            f"Expected the folder of a search. Received: {folder}, with design={content.get('design')}. "
            "`ablate.results.load` reads it."
        )
    missing = [key for key in KEYS if key not in content] or [key for key in SEARCH_KEYS if key not in content["search"]]
    if missing:
        raise AblateError(f"Expected a whole {SWEEP} in {folder}. Received: one without {missing[0]!r}. Restore it.")
    return content


def _trainings(content: Mapping[str, Any], folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """The trainings that trials stand on, and what of their surroundings they do not share."""
    store = find_store(content, folder) if content["runs"] else None
    paths = [None if store is None else str(store / run["fingerprint"]) for run in content["runs"]]
    trained = {path: Trained(Path(path)) for path in paths if path is not None and Path(path).is_dir()}
    there = [path if path in trained else None for path in paths]
    runs = pd.DataFrame({"trajectory": there, "fingerprint": [run["fingerprint"] for run in content["runs"]]}, dtype="str")
    last = [run["readout"]["step"] for run in content["runs"]]
    return environment.trainings(runs, trained, last), environment.mixed(list(trained.values()))
