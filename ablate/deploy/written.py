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
from ablate.store import writing
from ablate.text import counted, percent

SUMMARY = "evaluation.json"
FILES = frozenset({SUMMARY, "classes.csv", "confusion.csv", "confusion.png", "confusion.svg", "most_wrong.png"})
COLUMNS = 8  # of the contact sheet
SIDE, LABEL = 0.9, 0.45  # of the contact sheet: how wide an image is, and how high its label, in columns
MOST_CELLS = 20  # classes whose cells have room for their numbers
MOST_DRAWN = 50  # classes of a drawn matrix


def write(evaluated: Evaluated, folder: Path) -> list[Path]:
    """Write all files of an evaluation; their paths, `evaluation.json` last. What is left of an earlier one is deleted.

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
        "classes.csv": _csv(("class", "images", "accuracy"), classes),
        "confusion.csv": _csv(("true", *evaluated.names), confusion),
    }
    paths = [output.write(folder / name, text.encode()) for name, text in texts.items()]
    if len(evaluated.names) <= MOST_DRAWN:
        paths += figures.save(_confusion(evaluated), folder / "confusion")
    worst = most_wrong(evaluated.losses, evaluated.classes == evaluated.split_images.labels, MOST_WRONG)
    if len(worst):
        paths += figures.save(_contact_sheet(evaluated, worst), folder / "most_wrong", kinds=("png",))
    for name in FILES - {path.name for path in paths}:
        with writing(folder / name):
            (folder / name).unlink(missing_ok=True)
    summary = json.dumps(evaluated.to_json(), indent=1, allow_nan=False) + "\n"
    return [*paths, output.write(folder / SUMMARY, summary.encode())]


def _csv(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([[escaping.cell(str(cell)) for cell in row] for row in (heading, *rows)])
    return stream.getvalue()


def _about(evaluated: Evaluated) -> str:
    """What was evaluated, in one line."""
    parts = [evaluated.label]
    parts += [f"step {evaluated.step:,}"] if evaluated.step is not None else []
    parts += [f"{WEIGHTS[STORED[evaluated.weights]]} weights"] if evaluated.weights is not None else []
    return " · ".join([*parts, counted(evaluated.scores.images, f"{evaluated.shown_split} image")])


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
        turned: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(places, names, **(turned if max(map(len, names)) > 3 else {}))
        ax.set_yticks(places, names[::-1])
        ax.set_xlabel("predicted")
        ax.set_ylabel("true")
        ax.tick_params(length=0, labelsize=small(), labelcolor=ink())
        bare(ax, "left", "right", "top", "bottom")
        if len(names) <= MOST_CELLS:
            _cells(ax, found.confusion)
    finding = f"{percent(found.accuracy, 2)} of {counted(found.images, f'{evaluated.shown_split} image')} classified correctly"
    if wrong[true, taken] and (wrong == wrong[true, taken]).sum() == 1:  # else none is the most frequent
        finding += f"; most often {names[true]} is mistaken for {names[taken]} ({wrong[true, taken]:,})"
    return figures.fit(
        ax, 0.28 * min(len(names), MOST_CELLS) + 0.8, finding, f"{_about(evaluated)}. Color: share of the row's images."
    )


def _cells(ax: Axes, confusion: NDArray[np.int64]) -> None:
    for row, counts in enumerate(confusion[::-1]):
        for column, count in enumerate(counts):
            if count:
                ax.text(column + 0.5, row + 0.5, f"{count:,}", ha="center", va="center", fontsize=small(), color=ink())


def _contact_sheet(evaluated: Evaluated, worst: NDArray[np.intp]) -> Figure:
    """The images that are most wrong, the worst first, each with its true and its predicted class."""
    split = evaluated.split_images
    rows = -(-len(worst) // COLUMNS)
    height, width = split.images.shape[1:3]
    high = SIDE * height / width  # of an image, where a column is 1 wide
    step = high + LABEL
    with drawing():
        ax = single()
        for place, number in enumerate(worst):
            left, low = place % COLUMNS, (rows - 1 - place // COLUMNS) * step
            image = split.images[number]
            ax.imshow(
                image.repeat(3, axis=-1) if image.shape[-1] == 1 else image,
                extent=(left + (1 - SIDE) / 2, left + (1 + SIDE) / 2, low, low + high),
                interpolation="nearest",
                aspect="auto",
            )
            true, taken = (_short(evaluated.names[each]) for each in (split.labels[number], evaluated.classes[number]))
            sure = percent(float(evaluated.probabilities[number, evaluated.classes[number]]), 0)
            ax.text(
                left + 0.5,
                low + high + 0.03,
                f"{true} →\n{taken} {sure}",
                ha="center",
                va="bottom",
                fontsize=small(),
                color=ink(),
            )
        ax.set_xlim(0, COLUMNS)
        ax.set_ylim(0, rows * step)
        ax.set_axis_off()
    which = "image" if len(worst) == 1 else f"{len(worst):,} images"
    finding = f"The {which} with the largest loss among those classified wrong"
    about = f"{_about(evaluated)}. True → predicted class, with its probability."
    figure = figures.fit(ax, rows * step * figures.width() / COLUMNS, finding, about)
    ax.set_aspect("equal", anchor="NW")  # now that it has its room
    return figure


def _short(name: str) -> str:
    return escaping.shortened(escaping.figure(name), 10)
