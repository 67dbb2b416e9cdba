"""What `ablate evaluate` shows: the accuracy first, then the other scores, the classes, and where the files are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from ablate import terminal
from ablate.deploy.evaluation import Evaluated
from ablate.deploy.trained import STORED
from ablate.readout import WEIGHTS
from ablate.text import capital, counted, percent

MOST_CLASSES = 20  # that the screen lists; classes.csv has all


def show(one: Evaluated, folder: Path, console: Console) -> None:
    """Print one evaluation."""
    terminal.say(console, headline(one))
    terminal.say(console, details(one))
    if one.more_correct is not None:
        terminal.say(console, recorded(one))
    console.print()
    counts, accuracies = one.scores.confusion.sum(axis=1), one.scores.class_accuracy
    order = np.argsort(np.nan_to_num(accuracies, nan=2.0), kind="stable")[:MOST_CLASSES]
    taken = [_taken(one, int(number)) for number in order]
    columns = [
        terminal.Column("class", tuple(one.names[number] for number in order), words=True, name=True),
        terminal.Column("images", tuple(f"{counts[number]:,}" for number in order)),
        terminal.Column("accuracy", tuple(_percent(accuracies[number]) for number in order)),
        terminal.Column("most often mistaken for", tuple(taken), words=True),
    ]
    terminal.draw(console, columns)
    if len(one.names) > len(order):
        terminal.say(console, f"the {len(order)} classes of {len(one.names):,} with the lowest accuracy; classes.csv has all")
    console.print()
    terminal.say(console, f"Files   {folder}/", whole=True)


def show_all(evaluations: Sequence[Evaluated], console: Console) -> None:
    """Print several evaluations as a table, in the order given."""
    columns = {
        "run": [one.word for one in evaluations],
        "weights": ["-" if one.weights is None else _weights(one) for one in evaluations],
        "step": ["-" if one.step is None else f"{one.step:,}" for one in evaluations],
        "images": [f"{one.scores.images:,} {one.split}" for one in evaluations],
        "accuracy": [percent(one.scores.accuracy, 2) for one in evaluations],
        "top-5": [percent(one.scores.top5, 2) for one in evaluations],
        "loss": [f"{one.scores.loss:.4g}" for one in evaluations],
        "calibration error": [_points(one) for one in evaluations],
        "images/s": [f"{one.images_per_second:,.0f}" for one in evaluations],
    }
    spare = {"images/s": 1, "calibration error": 2, "top-5": 3, "images": 4}
    terminal.draw(
        console,
        [
            terminal.Column(heading, tuple(cells), heading in ("run", "weights"), heading == "run", spare.get(heading, 0))
            for heading, cells in columns.items()
        ],
    )


def headline(one: Evaluated) -> str:
    """The accuracy, and of what."""
    parts = [f"step {one.step:,}"] if one.step is not None else []
    parts += [f"{_weights(one)} weights"] if one.weights is not None else []
    parts += [counted(one.scores.images, "image")]
    return f"{capital(one.shown_split)} accuracy {percent(one.scores.accuracy, 2)} ({', '.join(parts)}): {one.label}"


def details(one: Evaluated) -> str:
    """The other scores."""
    found = one.scores
    parts = [
        f"top-5 {percent(found.top5, 2)}",
        f"loss {found.loss:.4g}",
        f"expected calibration error {_points(one)}",
        f"{one.images_per_second:,.0f} images/s",
    ]
    return " · ".join(parts)


def line(one: Evaluated) -> str:
    """An evaluation among others of one training."""
    return f"step {one.step:,}: {one.shown_split} accuracy {percent(one.scores.accuracy, 2)}, {details(one)}"


def recorded(one: Evaluated) -> str:
    """How the accuracy compares with that noted during training, where that is."""
    assert one.recorded is not None
    assert one.more_correct is not None
    if not one.more_correct:
        return "The accuracy matches the evaluation during training exactly."
    by = f"{counted(abs(one.more_correct), 'image')} {'fewer' if one.more_correct > 0 else 'more'}"
    before = percent(one.recorded["accuracy"], 2)
    return f"During training it was {before}, {by} of {one.scores.images:,}; another device or version may be the reason."


def _weights(one: Evaluated) -> str:
    return WEIGHTS[STORED[one.weights or ""]]


def _points(one: Evaluated) -> str:
    error = one.scores.calibration_error
    return "-" if np.isnan(error) else f"{100 * error:.1f} pp"


def _percent(accuracy: float) -> str:
    return "-" if np.isnan(accuracy) else percent(float(accuracy))


def _taken(one: Evaluated, number: int) -> str:
    """The class that a class is most often mistaken for, and how often."""
    row = one.scores.confusion[number].copy()
    row[number] = 0
    return f"{one.names[int(row.argmax())]} ({row.max():,})" if row.max() else "-"
