"""Which ingredient of a training recipe earns its place, by how much, how sure are we, and what does it cost."""

TYPE_CHECKING = False  # nothing is imported before Python's path is without the current folder, not even typing
if TYPE_CHECKING:
    from ablate.api import sweep as sweep
    from ablate.errors import AblateError as AblateError
    from ablate.exchange import judge as judge
    from ablate.results import load as load
    from ablate.searching import interval as interval
    from ablate.searching import log_interval as log_interval
    from ablate.searching import optimize as optimize

__version__ = "0.2.0"

# What the package itself offers, imported when it is asked for.
_FROM = {
    "sweep": "ablate.api",
    **dict.fromkeys(("optimize", "interval", "log_interval"), "ablate.searching"),
    "judge": "ablate.exchange",
    "load": "ablate.results",
    "AblateError": "ablate.errors",
}


def __getattr__(name: str) -> object:
    """What the package offers, by name."""
    if name not in _FROM:
        raise AttributeError(f"module 'ablate' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_FROM[name]), name)
    return found


def __dir__() -> list[str]:
    return [*globals(), *_FROM]


def log(step: int, *, predictions: object = None, **values: float) -> None:
    """Tell of an evaluation, from a script that `ablate` runs; elsewhere this does nothing.

    Args:
        step: at which it is, larger than the one before.
        predictions: with `trainer.labels`, the predicted class of each test example, an array.
        values: numbers by name, the metric that runs are judged by among them, as in `log(100, accuracy=0.91)`.

    Raises:
        ValueError: predictions without trainer.labels.
    """
    import json
    import os

    path = os.environ.get("ABLATE_METRICS")
    if path:
        if predictions is not None:
            _save(step, predictions, os.environ.get("ABLATE_PREDICTIONS"))
        whole = int(step)
        row = {"step": whole if whole == step else float(step), **{name: float(value) for name, value in values.items()}}
        with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write(json.dumps(row) + "\n")


def _save(step: int, predictions: object, folder: "str | None") -> None:
    """Write the predictions of an evaluation, before its row."""
    if not folder:
        raise ValueError("predictions need the true classes: add trainer.labels=FILE.npy to the command")
    import numpy

    numpy.save(f"{folder}/{int(step)}.npy", numpy.asarray(predictions))
