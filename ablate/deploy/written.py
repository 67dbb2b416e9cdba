"""The files of an evaluation: classes and confusion matrix as CSV, the matrix as a figure, the images that are most wrong."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ablate import escaping
from ablate.deploy.evaluation import MOST_WRONG, Evaluated
from ablate.deploy.scores import most_wrong
from ablate.deploy.trained import STORED
from ablate.readout import WEIGHTS
from ablate.report import figures, output
from ablate.report.figures.save import single
from ablate.report.figures.style import bare, drawing, ink, small
from ablate.stats.outcomes import SHOWN, Outcome
from ablate.text import counted, percent

COLUMNS = 8  # of the contact sheet
MOST_CELLS = 20  # classes whose cells have room for their numbers
MOST_DRAWN = 50  # classes of a drawn matrix


def write(evaluated: Evaluated, folder: Path) -> list[Path]:
    """Write all files of an evaluation; their paths.

    Raises:
        AblateError: a file cannot be written.
    """
    found = evaluated.scores
    counts = found.confusion.sum(axis=1)
    classes = [
        (name, int(count), "" if count == 0 else repr(float(accuracy)))
        for name, count, accuracy in zip(evaluated.names, counts, found.class_accuracy, strict=True)
    ]
    confusion = [(name, *map(int, row)) for name, row in zip(evaluated.names, found.confusion, strict=True)]
    texts = {
        "evaluation.json": json.dumps(evaluated.to_json(), indent=1, allow_nan=False) + "\n",
        "classes.csv": _csv(("class", "images", "accuracy"), classes),
        "confusion.csv": _csv(("true", *evaluated.names), confusion),
    }
    paths = [output.write(folder / name, text.encode()) for name, text in texts.items()]
    if len(evaluated.names) <= MOST_DRAWN:
        paths += figures.save(_confusion(evaluated), folder / "confusion")
    worst = most_wrong(evaluated.losses, evaluated.classes == evaluated.split_images.labels, MOST_WRONG)
    if len(worst):
        paths += figures.save(_contact_sheet(evaluated, worst), folder / "most_wrong", kinds=("png",))
    return paths


def _csv(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([[escaping.visible(str(cell)) for cell in row] for row in (heading, *rows)])
    return stream.getvalue()


def _about(evaluated: Evaluated) -> str:
    """What was evaluated, in one line."""
    parts = [evaluated.label]
    parts += [f"step {evaluated.step:,}"] if evaluated.step is not None else []
    parts += [f"{WEIGHTS[STORED[evaluated.weights]]} weights"] if evaluated.weights is not None else []
    return " · ".join([*parts, counted(evaluated.scores.images, f"{evaluated.split} image")])


def _confusion(evaluated: Evaluated) -> Figure:
    """The confusion matrix: a row a true class, in it the share of its images that each class was predicted for."""
    found, names = evaluated.scores, [escaping.shortened(escaping.figure(name), 14) for name in evaluated.names]
    counts = found.confusion.sum(axis=1, keepdims=True)
    shares = found.confusion / np.maximum(counts, 1)
    wrong = np.array(found.confusion)
    np.fill_diagonal(wrong, 0)
    true, taken = np.unravel_index(int(wrong.argmax()), wrong.shape)
    with drawing():
        ax = single()
        colors = LinearSegmentedColormap.from_list("share", ["white", SHOWN[Outcome.HELPS].color])
        ax.pcolormesh(shares[::-1], cmap=colors, vmin=0, vmax=1.6, edgecolors="white", linewidth=0.8)
        places = np.arange(len(names)) + 0.5
        ax.set_xticks(places, names, rotation=45 if max(map(len, names)) > 3 else 0, ha="center")
        ax.set_yticks(places, names[::-1])
        ax.set_xlabel("predicted")
        ax.set_ylabel("true")
        ax.tick_params(length=0, labelsize=small(), labelcolor=ink())
        bare(ax, "left", "right", "top", "bottom")
        if len(names) <= MOST_CELLS:
            _cells(ax, found.confusion)
    finding = f"{percent(found.accuracy, 2)} of {counted(found.images, f'{evaluated.split} image')} classified correctly"
    if wrong[true, taken] and (wrong == wrong[true, taken]).sum() == 1:  # else none is the most frequent
        finding += f"; most often {names[true]} is mistaken for {names[taken]} ({wrong[true, taken]:,})"
    return figures.fit(ax, 0.28 * min(len(names), MOST_CELLS) + 0.8, finding, f"{_about(evaluated)}. Images by class.")


def _cells(ax: Axes, confusion: NDArray[np.int64]) -> None:
    for row, counts in enumerate(confusion[::-1]):
        for column, count in enumerate(counts):
            if count:
                ax.text(column + 0.5, row + 0.5, f"{count:,}", ha="center", va="center", fontsize=small(), color=ink())


def _contact_sheet(evaluated: Evaluated, worst: NDArray[np.intp]) -> Figure:
    """The images that are most wrong, the worst first, each with its true and its predicted class."""
    split = evaluated.split_images
    columns, rows = min(COLUMNS, len(worst)), -(-len(worst) // COLUMNS)
    with drawing():
        ax = single()
        for place, number in enumerate(worst):
            left, low = place % COLUMNS, rows - 1 - place // COLUMNS
            image = split.images[number]
            ax.imshow(
                image.repeat(3, axis=-1) if image.shape[-1] == 1 else image,
                extent=(left + 0.05, left + 0.95, low + 0.02, low + 0.72),
                interpolation="nearest",
                aspect="auto",
            )
            true, taken = (_short(evaluated.names[each]) for each in (split.labels[number], evaluated.classes[number]))
            sure = percent(float(evaluated.probabilities[number, evaluated.classes[number]]), 0)
            ax.text(left + 0.5, low + 0.75, f"{true} → {taken} {sure}", ha="center", va="bottom", fontsize=small(), color=ink())
        ax.set_xlim(0, columns)
        ax.set_ylim(0, rows)
        ax.set_axis_off()
    finding = f"The {counted(len(worst), 'image')} with the largest loss among those classified wrong"
    height = rows * figures.width() / columns / 0.7 * 0.9
    return figures.fit(ax, height, finding, f"{_about(evaluated)}. True → predicted class, with its probability.")


def _short(name: str) -> str:
    return escaping.shortened(escaping.figure(name), 10)
