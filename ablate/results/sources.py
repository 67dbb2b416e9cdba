"""What a user can name for a report: the folder of a sweep, a study, a store, or several sweeps."""

from collections.abc import Sequence
from pathlib import Path

from ablate.config.syntax import key_of
from ablate.errors import AblateError
from ablate.planning.command import NOT_FACTORS
from ablate.planning.folders import sweep_folder
from ablate.readout import END
from ablate.results import joined, one_sweep, whole_store
from ablate.results.frames import Results, build
from ablate.store import SWEEP, canonical_json, sweep_file, sweep_names
from ablate.store.catalog import contents
from ablate.store.sweep import Sweep
from ablate.store.trials import CONFIRMATION, is_search


def load(*sources: str | Path) -> Results:
    """Read what sweeps found, from files alone.

    Args:
        sources: one or more of: the folder of a sweep; the name of a study, whose sweeps in multirun/ are joined where they
            differ in their seeds alone; or, by itself, a store, of which every training is a row.

    Raises:
        AblateError: a source is none of these, names several sweeps that differ, is damaged or of another version, or sweeps
            cannot be joined.

    Examples:
        The mean accuracy of each arm over its seeds, in %; run in a checkout, whose experiments/ has sweeps to read.

        >>> from ablate.results import load
        >>> found = load("experiments/digits-augment-ema")
        >>> found.runs.groupby("label")["accuracy"].mean().mul(100).round(2)
        label
        baseline                   97.11
        no EMA                     93.78
        no augmentation            98.50
        no augmentation, no EMA    99.00
        Name: accuracy, dtype: float64
    """
    found: dict[Path, None] = {}
    for source in sources:
        if is_store(Path(source)):
            if len(sources) > 1:
                raise AblateError(
                    f"{source} is a store, which must be reported by itself, got {len(sources)} names. Name only the store."
                )
            return build(whole_store.read(Path(source)))
        found |= dict.fromkeys(folders(source))
    if not found:
        raise AblateError("Name a sweep, a study or a store.")
    for folder in found:
        if is_search(folder):
            raise AblateError(
                f"{folder} is a search, not a sweep. Name it alone, or its confirmation, the sweep in {CONFIRMATION}/."
            )
    folders_once = list({folder.resolve(): folder for folder in found}.values())
    parts = [one_sweep.read(folder) for folder in folders_once]
    return build(parts[0] if len(parts) == 1 else joined.join(parts))


def search_of(source: str | Path) -> Path | None:
    """The folder of the search that a user names; None for a sweep, a store, and several of them."""
    if is_store(Path(source)):
        return None
    found = folders(source)
    return found[0] if len(found) == 1 and is_search(found[0]) else None


def is_store(path: Path) -> bool:
    """Whether a folder holds trajectories and is no sweep."""
    return path.is_dir() and not (path / SWEEP).exists() and bool(contents(path)[0])


def folders(source: str | Path) -> list[Path]:
    """The folders of sweeps that a user names: one itself, or the sweeps of a study that differ in their seeds alone.

    Raises:
        AblateError: there is none, or the sweeps of the study differ in more.
    """
    if (Path(source) / SWEEP).exists():
        return [Path(source)]
    found = [] if sweep_names.is_sweep(Path(source)) else sweep_names.of_study(str(source))
    if not found:
        return [sweep_folder(source)]
    for folder in sweep_names.known():
        if folder not in found and folder.name.startswith(f"{Path(source).name}-"):
            sweep_file.read(folder)  # refused where it is damaged, since it may be one more of the study
    sweeps = {folder: one_sweep.content_of(folder) for folder in found}
    searches = [folder for folder, sweep in sweeps.items() if sweep.is_search]  # which are never joined
    if len(sweeps) > 1 and (searches or len({_but_for_seeds(sweep) for sweep in sweeps.values()}) > 1):
        listed = "; ".join(f"{folder} ({_shown(sweep)})" for folder, sweep in sweeps.items())
        raise AblateError(
            f"The sweeps of a study must differ only in their seeds, got {source}, with {listed}. Name the folder of one, or "
            "the folders to join."
        )
    return list(sweeps)


def _but_for_seeds(sweep: Sweep) -> str:
    """What sweeps have to share to be joined without being asked."""
    fixed = [getattr(sweep.fixed, key) for key in ("metric", "evaluation_set", "margin", "steps", "weights")]
    words = {run.arm: sorted(_lasting(run.overrides)) for run in sweep.runs}
    arms = [dict(arm.levels) for arm in sweep.arms]
    return canonical_json([sweep.design, dict(sweep.factors), arms, fixed, sweep.averaged, list(words.items())])


def _lasting(overrides: Sequence[str]) -> list[str]:
    """The overrides that say more than the seed and how a training is executed."""
    return [word for word in overrides if key_of(word).partition(".")[0] not in NOT_FACTORS]


def _shown(sweep: Sweep) -> str:
    if sweep.is_search:
        return f"a search, {sweep.searched['n_trials']} trials"
    seeds = ", ".join(map(str, sweep.seeds))
    steps = ", ".join(f"{step:,}" for step in sorted(set(sweep.fixed.steps)))
    read = "" if END in sweep.fixed.steps else f"steps {steps}, "
    return f"{len(sweep.arms)} arms, {read}seeds {seeds}"
