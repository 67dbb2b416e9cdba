"""Sweeps over a Python function, from a script, a module or a notebook."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ablate import designs
from ablate.errors import AblateError, one_of, shown, unknown_key

if TYPE_CHECKING:
    from ablate.results import LoadedSweep

Amount = int | Literal["auto"]
INLINE = 0  # workers: this process
OF_METRIC = ("name", "better", "unit", "low", "high")


def sweep(
    train: Callable[..., Any],
    factors: Mapping[str, Iterable[Any]],
    *,
    seeds: Iterable[int] = (0,),
    design: str = "factorial",
    metric: str | Mapping[str, Any] | None = None,
    metrics: Sequence[Mapping[str, Any]] | None = None,
    config: Mapping[str, Any] | None = None,
    margin: float | None = None,
    last: int | None = None,
    resolution: int | None = None,
    labels: Any = None,
    version: str | None = None,
    name: str | None = None,
    question: str | None = None,
    workers: Amount = "auto",
    threads: Amount = "auto",
    retries: int = 2,
    fail_fast: bool = False,
    progress: bool = True,
    formats: Sequence[str] | None = None,
    store: str | Path | None = None,
    folder: str | Path | None = None,
) -> "LoadedSweep":
    """Train a function with each arm of a design and each seed, and judge what the factors change.

    What was trained before, by the same function with the same values and seed, is not trained again, and the same call again
    goes on where it was stopped. The report is written into the sweep's folder, as `python -m ablate -m` does.

    Args:
        train: `def train(config, seed, log)`: with the values of one arm, a seed that decides all that is random, and
            `log(step, accuracy=…)` for each evaluation. It may leave out `log`, and return its metrics once.
        factors: what is switched, with the levels of each; the first is that of the baseline. Levels are strings, numbers,
            True, False, None, or lists and dicts of these.
        seeds: replicate numbers.
        design: factorial, one_factor, ladder, together or fractional.
        metric: what runs are judged by: a name, or for an unknown one a dict of `name` with `better` ("higher"
            or "lower"), and where there are any `unit`, `low` and `high`. Accuracies are from 0 to 1, unless `high` is 100.
            None: accuracy, or the first of `metrics`.
        metrics: several, each such a dict, with a `margin` where there is one; `metric` names the one that is judged.
        config: more values, the same for all arms.
        margin: smaller differences do not matter: in percentage points, or the unit of the metric. None: none is known.
        last: a run's value is the mean of this many last evaluations; None for the last one alone.
        resolution: the least of a fractional design.
        labels: the true class of each test example, from 0: an array, or the path of a `.npy` file. Each evaluation then needs
            the predicted ones, as in `log(step, accuracy=…, predictions=array)`, and the report tells of classes and images.
        version: what stands for the function's content, where that is not to be looked at.
        name, question: of the sweep, which heads its report.
        workers: trainings at once, each in a process; 0: in this one, one after another.
        threads: of each. retries: of a training whose process died. fail_fast: stop at the first run that fails.
        progress: whether to print how it goes.
        formats: of the report; none of them for no report; None for all.
        store: the folder of the trainings; None for `runs`. folder: of the sweep; None for one in `multirun`.

    Returns:
        What it found: `verdicts`, `arms`, `runs`, `evaluations`. Runs that failed are told, and without a value.

    Raises:
        AblateError: something that is asked for cannot be; or no run has a value in the end.
    """
    is_inline = workers == INLINE and not isinstance(workers, bool)
    if design not in designs.names():
        raise AblateError(one_of("design", design, designs.names()))
    switched = {key: levels("factors", key, given) for key, given in mapping("factors", factors).items()}
    if not switched:
        raise AblateError('factors must map names to levels, as in factors={"ema": [False, True]}.')
    optional = {
        "metrics": None if metrics is None else list(metrics),
        "readout.last": last,
        "resolution": resolution,
        **options(margin, name, question, workers, threads, retries, fail_fast, progress, formats, store, folder),
    }
    words = [
        f"design={design}",
        *of_metric("accuracy" if metric is None and metrics is None else metric),
        *(f"{key}={','.join(map(typed, texts))}" for key, texts in switched.items()),
        *fixed(config, "factors", switched),
        f"seed={seeds_of(seeds)}",
        *(word(key, value) for key, value in optional.items() if value is not None),
    ]
    found: LoadedSweep = run(
        train,
        version,
        words,
        sends=not is_inline,
        has_some=lambda sweep: bool(sweep.runs["status"].eq("done").any()),
        labels=labels,
    )
    return found


def options(
    margin: float | None,
    name: str | None,
    question: str | None,
    workers: Amount,
    threads: Amount,
    retries: int,
    fail_fast: bool,
    progress: bool,
    formats: Sequence[str] | None,
    store: str | Path | None,
    folder: str | Path | None,
) -> dict[str, Any]:
    """The keys of the command line for what sweeps and searches have in common; None where it need not be said."""
    is_inline = workers == INLINE and not isinstance(workers, bool)
    return {
        "report.margin": margin,
        "report.formats": None if formats is None else list(formats),
        "name": name,
        "question": question,
        "store": store,
        "hydra.sweep.dir": folder,
        "hydra/launcher": "inline" if is_inline else None,
        "workers": None if is_inline or workers == "auto" else workers,
        "threads": None if threads == "auto" else threads,
        "retries": None if retries == 2 else retries,
        "fail_fast": fail_fast or None,
        "progress": None if progress is True else progress,
    }


def fixed(config: Any, others: str, switched: Collection[str]) -> list[str]:
    """The words for values that are the same for all trainings.

    Args:
        others: the parameter that has the other keys, `switched`.
    """
    texts = {key: text(f"config[{key!r}]", value) for key, value in mapping("config", config or {}).items()}
    for key in texts:
        if key in switched:
            raise AblateError(f"{key} is in {others} and in config. Leave one of them out.")
    return [f"{key}={typed(value)}" for key, value in texts.items()]


def run(
    train: Callable[..., Any],
    version: str | None,
    words: Sequence[str],
    sends: bool,
    has_some: Callable[[Any], bool],
    labels: Any = None,
    searches: bool = False,
) -> Any:
    """Run the sweep or search of a command line; what it found, also where some of it failed.

    Args:
        sends: whether the function has to be sent to other processes.
        has_some: whether what was found has a value.
        labels: the true classes of the test examples, where it logs predicted ones.
        searches: whether it is a search.
    """
    from ablate import app
    from ablate.config import own
    from ablate.messages import say
    from ablate.results import load
    from ablate.running.sweep import RunsFailed
    from ablate.trainers import predicted
    from ablate.trainers.function.task import Task, keep

    task = Task(train, version, None if labels is None else predicted.labels(labels, "labels"), searches)
    if sends:
        _ = task.pickled  # before anything is planned
    keep(task)
    written = str(labels) if isinstance(labels, str | Path) else "labels"
    given = {
        "function": task.name,
        "digest": task.key,
        "labels": None if labels is None else written,
        "version": version,
        "inline": None if sends else True,
    }
    trainer = [word(f"trainer.{key}", value) for key, value in given.items() if value is not None]
    told = own.for_hydra(["trainer=function", *trainer, *words])
    try:
        return load(app.sweep(told))
    except RunsFailed as error:
        found = None if error.folder is None else load(error.folder)
        if found is None or not has_some(found):
            raise
        say(str(error))
        return found


def mapping(name: str, given: Any) -> Mapping[str, Any]:
    """A mapping by the user's keys, none of them reserved."""
    from ablate.config import own

    if not isinstance(given, Mapping):
        raise AblateError(f"{name} must be a dict, got {shown(given)}.")
    for key in given:
        if not isinstance(key, str) or not key.isidentifier() or not key.isascii():
            raise AblateError(f"{name} has the key {shown(key)}. Keys are names, with letters, digits and _.")
        if not own.is_users(key):
            raise AblateError(f"{name} has the key {key}, which ablate uses itself. Choose another name, as in my_{key}.")
    return given


def levels(of: str, key: str, given: Any) -> list[str]:
    """The texts of listed values.

    Args:
        of: the parameter that has them, `factors` or `space`.
    """
    called = "level" if of == "factors" else "value"
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise AblateError(f"{of}[{key!r}] must be a list of {called}s, got {shown(given)}.")
    texts = [text(f"{of}[{key!r}]", one) for one in given]
    if len(texts) < 2:
        got = f"only {texts[0]}" if texts else "none"
        raise AblateError(f"{of}[{key!r}] needs two {called}s or more, got {got}. Fixed values belong in config.")
    for one in texts:
        if texts.count(one) > 1:
            raise AblateError(f"{of}[{key!r}] has the {called} {one} more than once.")
    return texts


def text(of: str, value: Any) -> str:
    """The text that a value is known by. of: what messages call it."""
    from ablate.trainers.function import values

    return values.text(value, of)


def plain(value: Any) -> Any:
    """A value, of a scalar of NumPy the one of Python that it is."""
    from ablate.trainers.function import values

    return values.plain(value)


def typed(text: str) -> str:
    """A text as it is typed behind a key."""
    from ablate.config import own

    return own.typed_text(text)


def word(key: str, value: Any) -> str:
    """A word of the command line that sets one of ablate's own keys."""
    from ablate.report.repeat import as_word

    return f"{key}={as_word(str(value) if isinstance(value, Path) else value)}"


def of_metric(metric: Any) -> list[str]:
    """The words that say what is judged; none where that is the usual one."""
    if metric is None:
        return []
    given = {"name": metric} if isinstance(metric, str) else metric
    if not isinstance(given, Mapping) or "name" not in given:
        raise AblateError(
            f'metric must be a name, or a dict such as {{"name": "bleu", "better": "higher"}}, got {shown(metric)}.'
        )
    for key in given:
        if key not in OF_METRIC:
            raise AblateError(unknown_key(str(key), OF_METRIC, "metric"))
    return [word(f"metric.{key}", value) for key, value in given.items() if value is not None]


def seeds_of(seeds: Any) -> str:
    """Seeds as the command line has them."""
    if isinstance(seeds, str | bytes) or not isinstance(seeds, Iterable):
        raise AblateError(f"seeds must be a list of whole numbers, as in range(5), got {shown(seeds)}.")
    given = list(seeds)
    for seed in given:
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise AblateError(f"seeds must be whole numbers, as in range(5), got {shown(seed)}.")
    if not given:
        raise AblateError("seeds is empty. Give some, as in range(5).")
    return ",".join(str(int(seed)) for seed in given)
