"""A user's own images from an .npz file, which is checked and never unpickled."""

import struct
import sys
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablate.data import cache
from ablate.data.dataset import Decoded, OwnKey, Shape, Source, Split
from ablate.errors import AblateError
from ablate.system import npz
from ablate.system.safe_files import open_regular

REQUIRED = ("train_images", "train_labels", "test_images", "test_labels")
KERASS = {"train_images": "x_train", "train_labels": "y_train", "test_images": "x_test", "test_labels": "y_test"}
MOST_LISTED = 8  # of the arrays in a file, in a message
BOMB_BYTES = 1 << 30  # what images may take in memory
BOMB_RATIO = 100  # and, where they take more, how often what they take in the file
LARGEST_SIDE = 96  # pixels; the size of STL-10, the largest that the models here are meant for

# What zipfile and NumPy raise on damaged, encrypted or lying files.
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    SyntaxError,
)

Header = tuple[tuple[int, ...], np.dtype[Any]]


def shape(config: Mapping[str, Any]) -> Shape:
    """With all training images and the test images, from the headers and the training labels."""
    path = _path(config)
    headers = _headers(path)
    height, width, channels = _check_headers(path, headers)
    classes = _classes(path, _array(path, "train_labels"))
    return Shape(height, width, channels, classes, headers["train_images"][0][0], headers["test_images"][0][0])


def identity(config: Mapping[str, Any]) -> list[object]:
    """What changes when the file does."""
    return cache.file_identity(_path(config))


def read(config: Mapping[str, Any]) -> Decoded:
    """The arrays.

    Errors: a missing or damaged file, a missing array, a wrong type, shape, size, label or number of names.
    """
    path = _path(config)
    headers = _headers(path)
    height, width, channels = _check_headers(path, headers)
    arrays = {name: _array(path, name) for name in REQUIRED}
    classes = _classes(path, arrays["train_labels"])
    test_labels = arrays["test_labels"]
    if int(test_labels.min()) < 0 or int(test_labels.max()) >= classes:
        raise _refusal(
            path,
            f"test_labels 0 to {classes - 1}, as in train_labels",
            _range(test_labels),
            "Correct the labels.",
        )
    train, test = (
        Split(
            np.ascontiguousarray(arrays[f"{part}_images"].reshape(-1, height, width, channels)),
            arrays[f"{part}_labels"].astype(np.int32),
        )
        for part in ("train", "test")
    )
    return Decoded(train, test, _class_names(path, headers, classes))


def _path(config: Mapping[str, Any]) -> Path:
    given = config.get("path")
    if not given:
        raise AblateError(f"data.path must be an .npz file with {', '.join(REQUIRED)}, got {given!r}. Set data.path=my.npz.")
    path = cache.expanded(given)
    try:
        found = path.is_file()
    except OSError as error:
        raise AblateError(f"data.path must be a readable file: {error}.") from error
    if not found:
        raise AblateError(f"data.path must be an .npz file, got {str(path)!r}, which is not a file. Correct data.path.")
    return path


@contextmanager
def _opened(path: Path, wanted: Collection[str]) -> Iterator[npz.Npz]:
    """The file, in which some arrays are looked at; a bomb, which a few bytes blow up to gigabytes, is refused."""
    try:
        with open_regular(path, sys.maxsize) as file, npz.opened(file, None, wanted) as arrays:
            if arrays.size_bytes > max(BOMB_BYTES, BOMB_RATIO * arrays.packed_bytes):
                raise ValueError(f"it unpacks to {arrays.size_bytes:,} bytes from {arrays.packed_bytes:,}, as no images do")
            yield arrays
    except (*UNREADABLE, KeyError) as error:
        raise _unreadable(path, error) from error


def _headers(path: Path) -> dict[str, Header]:
    """Shape and type of each array in the file, without reading the arrays."""
    with _opened(path, (*REQUIRED, "class_names")) as arrays:
        headers, others = {name: (header.shape, header.dtype) for name, header in arrays.headers.items()}, arrays.others
    missing = [name for name in REQUIRED if name not in headers]
    if missing:
        raise AblateError(f"{path} must have the arrays {', '.join(REQUIRED)}. {_instead(missing, [*headers, *others])}")
    return headers


def _instead(missing: Sequence[str], there: Sequence[str]) -> str:
    """What is there in place of arrays that are missing, and how to name it."""
    listed = ", ".join(sorted(there)[:MOST_LISTED]) + (", …" if len(there) > MOST_LISTED else "")
    received = f"It has no {', '.join(missing)}, but {listed}." if there else "It has no arrays."
    kerass = {name: KERASS[name] for name in missing if KERASS[name] in there}
    if len(kerass) < len(missing):
        return f"{received} Add them with numpy.savez." if len(missing) > 1 else f"{received} Add it with numpy.savez."
    renamed = ", ".join(f"{name}=f['{other}']" for name, other in kerass.items())
    kept = "".join(f", {name}=f['{name}']" for name in REQUIRED if name not in missing)
    return f"{received} Rename what Keras names so: f = numpy.load(file); numpy.savez('my.npz', {renamed}{kept})."


def _check_headers(path: Path, headers: Mapping[str, Header]) -> tuple[int, int, int]:
    """Height, width and channels that all images share, after every check that needs no pixels."""
    for name, (size, dtype) in headers.items():
        if dtype.hasobject:
            raise _refusal(
                path,
                f"plain numbers in {name}",
                "Python objects, which are never unpickled",
                "Save it as a numeric array.",
            )
        if name.endswith("_images"):
            _check_images(path, name, size, dtype)
    pixels = {part: _pixels(headers[f"{part}_images"][0]) for part in ("train", "test")}
    if pixels["train"] != pixels["test"]:
        raise _refusal(
            path,
            f"test_images of {pixels['train']}, as train_images",
            f"{pixels['test']}",
            "Bring them to one size.",
        )
    for part in ("train", "test"):
        size, dtype = headers[f"{part}_labels"]
        images = headers[f"{part}_images"][0][0]
        if dtype.kind not in "iu" or size != (images,):
            raise _refusal(
                path,
                f"integer {part}_labels of shape ({images},), one per image",
                f"{dtype} {size}",
                "Correct the labels.",
            )
    return pixels["train"]


def _check_images(path: Path, name: str, size: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    expected = f"uint8 {name} of shape (n, height, width), (n, height, width, 1) or (n, height, width, 3)"
    if dtype != np.uint8 or len(size) not in (3, 4) or size[3:] not in ((), (1,), (3,)) or size[0] == 0:
        whole = "Convert it: (255 * x).round().astype('uint8') if it goes from 0 to 1." if dtype.kind == "f" else "Convert it."
        raise _refusal(path, expected, f"{dtype} {size}", whole)
    if not all(1 <= side <= LARGEST_SIDE for side in size[1:3]):
        limit = f"{name} of 1×1 to {LARGEST_SIDE}×{LARGEST_SIDE} pixels"
        raise _refusal(path, limit, f"{size[1]}×{size[2]}", "Resize them.")


def _pixels(size: tuple[int, ...]) -> tuple[int, int, int]:
    return size[1], size[2], size[3] if len(size) == 4 else 1


def _array(path: Path, name: str) -> NDArray[Any]:
    with _opened(path, (name,)) as arrays:
        return arrays.read(name)


def _classes(path: Path, labels: NDArray[Any]) -> int:
    """How many classes there are, each of them with a training image."""
    found = np.unique(labels)
    if len(found) == 1:
        received = f"the label {found[0]} alone"
        raise _refusal(path, "train_labels of two classes or more", received, "With one class there is nothing to learn.")
    if int(found[0]) == 0 and int(found[-1]) == len(found) - 1:
        return len(found)
    gap = next(index for index, label in enumerate([*found.tolist(), None]) if label != index)
    raise _refusal(
        path,
        "train_labels with every class from 0 to the largest",
        f"{_range(labels)} without class {gap}",
        "Number the classes from 0 without gaps.",
    )


def _class_names(path: Path, headers: Mapping[str, Header], classes: int) -> tuple[str, ...]:
    if "class_names" not in headers:
        return tuple(str(label) for label in range(classes))
    size, dtype = headers["class_names"]
    if dtype.kind != "U" or size != (classes,):
        raise _refusal(
            path, f"class_names: {classes} strings, one per class", f"{dtype} {size}", "Correct them or leave them out."
        )
    return tuple(_array(path, "class_names").tolist())


def _range(labels: NDArray[Any]) -> str:
    return f"labels {labels.min()} to {labels.max()}"


def _refusal(path: Path, expected: str, received: str, advice: str) -> AblateError:
    return AblateError(f"{path} must have {expected}, got {received}. {advice}")


def _unreadable(path: Path, error: Exception) -> AblateError:
    return _refusal(
        path,
        "arrays, as an .npz file",
        f"a file that cannot be read as one ({' '.join(str(error).split())})",
        "Write it with numpy.savez.",
    )


SOURCE = Source(shape, identity, read, keys=(OwnKey("path"),), opened=True)
