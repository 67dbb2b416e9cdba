"""A trained network exported: written in a format, compared with the training's own network, and put in its place whole."""

import math
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate import data
from ablate.deploy import card, compared
from ablate.deploy.compared import Comparison
from ablate.deploy.format import Format
from ablate.deploy.model_files import EXPORT, size_of
from ablate.deploy.trained import Trained
from ablate.errors import AblateError
from ablate.metrics import ACCURACY
from ablate.store import sweep_names
from ablate.store.checksums import write_sealed
from ablate.store.files import make_folder, sync_folder, write_atomically, writing
from ablate.system.provenance import version_of

VERSION = 1  # of export.json
INSIDE, OUTSIDE = "inside", "outside"  # the model, of its preprocessing
LOGITS, PROBABILITIES = "logits", "probabilities"
BFLOAT16 = "bfloat16"


@dataclass(frozen=True)
class Options:
    """How a network is exported. step: of the checkpoint. weights: raw or ema."""

    form: Format
    step: int
    weights: str
    preprocessing: str
    softmax: bool


def check(form: Format, folder: Path) -> None:
    """Refuse what cannot be exported, before anything is loaded.

    Raises:
        AblateError: the folder is there, or a package is missing.
    """
    if folder.exists() or folder.is_symlink():
        raise AblateError(f"{folder} exists, and ablate export never overwrites. Choose another with --out, or delete it.")
    missing = [module for module in form.modules if find_spec(module) is None]
    if missing:
        raise AblateError(
            f"--format {form.name} needs {', '.join(missing)}. Install what it needs: pip install 'ablate-tf[export]'."
        )


def export(trained: Trained, folder: Path, options: Options) -> dict[str, Any]:
    """Export a network into a folder, with its model card and `export.json`; what that holds.

    Nothing is left where it fails, and nobody sees the folder before all is in it and was compared.

    Raises:
        AblateError: there is no such checkpoint, the format has no place for the network, or the export differs from it.
    """
    from ablate.deploy.runtime.portable import portable
    from ablate.deploy.runtime.restored import Restored, prepare

    form = options.form
    images = trained.images("test").images
    prepare()
    network = Restored(trained, options.step, options.weights, compute="float32")
    model = portable(
        network.model,
        trained.model,
        trained.image_shape,
        preprocessing=options.preprocessing == INSIDE,
        softmax=options.softmax,
    )
    with _whole(folder) as place:
        _write(form, model, place)
        about = _about(trained, network.step, options, place)
        logits = network(images)
        predictions = compared.predictions_of(place, form, card.prepare(about), images)
        comparison = compared.compare(logits, predictions, options.softmax)
        if not comparison.same:
            found = compared.told(comparison, card.compared_by(about))
            raise AblateError(
                f"The export as {form.name} differs from the training's network over {comparison.images:,} test images: "
                f"{found} (at most {compared.LARGEST:g} is allowed). Nothing was written."
            )
        about["accuracy"] = _accuracy(trained, predictions, about, form, place)
        about["compared"] = _compared(comparison, _bfloat16_differ(trained, network.step, options, images, predictions))
        write_atomically(place / card.CARD, card.text(about, form).encode())
        write_sealed(place / EXPORT, about)
    return about


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder beside another, which takes its place at the end, or is deleted where that does not come."""
    place = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    with writing(folder):
        make_folder(place)
    try:
        yield place
        with writing(folder):
            place.rename(folder)
            sync_folder(folder.parent)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _write(form: Format, model: Any, place: Path) -> None:
    """Write the model; what a converter raises is told in one line."""
    try:
        with writing(place / form.file):
            form.write(model, place / form.file)
    except AblateError:
        raise
    except Exception as error:  # whatever a converter raises
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise AblateError(f"This network cannot be exported as {form.name}: {lines[0].rstrip('.')}.") from error


def _about(trained: Trained, step: int, options: Options, place: Path) -> dict[str, Any]:
    """What `export.json` holds, but for the accuracy and the comparison."""
    content, dataset = trained.content, trained.dataset()
    whole, part = trained.image_shape, trained.input_shape
    source = data.SETS.find(trained.data["name"])
    return {
        "version": VERSION,
        "format": options.form.name,
        "file": options.form.file,
        **size_of(place / options.form.file),
        "images": {"shape": list(whole), "dtype": "uint8"},
        "inputs": {
            "name": "inputs",
            "shape": [None, *(whole if options.preprocessing == INSIDE else part)],
            "dtype": "float32",
        },
        "predictions": {
            "name": "predictions",
            "shape": [None, len(dataset.class_names)],
            "dtype": "float32",
            "of": _of(options),
        },
        "preprocessing": options.preprocessing,
        "size": list(part[:2]),
        "softmax": options.softmax,
        "classes": list(dataset.class_names),
        "training": {
            "fingerprint": trained.trajectory.fingerprint,
            "model": trained.trajectory.names().get("model"),
            "step": step,
            "seed": content["seed"],
            "weights": options.weights,
            "precision": content["precision"],
            "sweep": None if trained.sweep is None else sweep_names.shortest(trained.sweep),
            "arm": trained.arm,
        },
        "split": trained.split,
        "evaluated": content["data"]["eval_images"],
        "arm": _of_arm(trained),
        "data": {
            "name": trained.data["name"],
            "title": source.title or "images of the user's own",
            "license": source.license or "not known: ask its authors",
            "validation": trained.data["validation"],
            "eval_on": trained.data["eval_on"],
            "digest": content["data"]["digest"],
        },
        "versions": {
            name: version_of(name) for name in ("ablate-tf", "tensorflow", "keras", "numpy", *_packages(options.form))
        },
    }


def _of(options: Options) -> str:
    return PROBABILITIES if options.softmax else LOGITS


def _packages(form: Format) -> tuple[str, ...]:
    return tuple(module.replace("_", "-") for module in form.modules)


def _accuracy(trained: Trained, predictions: NDArray[np.float32], about: Mapping[str, Any], form: Format, place: Path) -> float:
    """The accuracy of the exported model on what the training was evaluated on. predictions: of the test images."""
    own = trained.images()
    if trained.split != "test":
        predictions = compared.predictions_of(place, form, card.prepare(about), own.images)
    return float((predictions.argmax(axis=1) == own.labels).mean())


def _of_arm(trained: Trained) -> dict[str, Any] | None:
    """The mean accuracy of the run's arm, a fraction, with its 95% interval; None where its sweep is not judged by it."""
    if trained.sweep is None:
        return None
    from ablate.results import LoadedSweep, load

    found = load(trained.sweep)
    if not isinstance(found, LoadedSweep) or found.analysis.question.metric.name != ACCURACY:
        return None
    arms = found.arms[found.arms["label"] == trained.arm]
    if len(arms) != 1 or not arms["n"].item():
        return None
    low, high = (_fraction(arms[end].item()) for end in ("low", "high"))
    return {
        "n": int(arms["n"].item()),
        "mean": arms["mean"].item() / 100,
        "low": low,
        "high": high,
        "weights": trained.weights,
        "step": trained.step,
    }


def _fraction(percentage: float) -> float | None:
    return percentage / 100 if math.isfinite(percentage) else None


def _compared(comparison: Comparison, bfloat16_differ: int | None) -> dict[str, Any]:
    return {
        "split": "test",
        "images": comparison.images,
        "largest_difference": comparison.largest,
        "classes_differ": comparison.differ,
        "ties": comparison.ties,
        "differ_beyond_ties": comparison.wrong,
        "bfloat16_classes_differ": bfloat16_differ,
    }


def _bfloat16_differ(
    trained: Trained, step: int, options: Options, images: NDArray[np.uint8], predictions: NDArray[np.float32]
) -> int | None:
    """Of how many images the classes differ from those of a training in bfloat16; None of other trainings."""
    from ablate.deploy.runtime.restored import Restored

    if trained.content["precision"] != BFLOAT16:
        return None
    own = Restored(trained, step, options.weights)(images)
    return int((own.argmax(axis=1) != predictions.argmax(axis=1)).sum())


def shown(about: Mapping[str, Any], folder: Path) -> list[str]:
    """What the terminal says of an export, a line each."""
    training = about["training"]
    found = compared.told(card.of_json(about["compared"]), card.compared_by(about))
    images = about["compared"]["images"]
    lines = [
        f"Exported   {folder / about['file']} ({about['bytes']:,} bytes): {card.of_weights(training)} weights of step "
        f"{training['step']:,}, preprocessing {about['preprocessing']}, {about['predictions']['of']}",
        f"Compared   in a fresh process with the training's network, over all {images:,} test images: {found}",
    ]
    if differ := card.bfloat16(about):
        lines.append(f"bfloat16   exported in float32: {differ} from those of the training")
    return [*lines, f"Model card {folder / card.CARD}"]
