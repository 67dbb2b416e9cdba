"""Image files of any size as a network takes them: read, turned upright, cropped to shape, and resized.

Pillow reads them rather than `tf.image`: it tells the size and the number of frames from a header before anything is decoded,
reads WebP, and needs no TensorFlow, so that bad files are refused before a network is loaded.
"""

import glob
import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ablate.errors import AblateError, did_you_mean, shown
from ablate.system.safe_files import read_regular

FORMATS = ("PNG", "JPEG", "WEBP")
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
MOST_BYTES = 64 << 20  # of a file
MOST_PIXELS = 50_000_000  # of an image, once decoded
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, MemoryError, IndexError, TypeError)


def files(words: Sequence[str]) -> tuple[list[Path], list[str]]:
    """The image files that a user names, each once, and a message for each word that names none.

    They are files themselves, those below folders, and those that globs find.
    """
    found: dict[Path, None] = {}
    refused = []
    for word in words:
        try:
            found.update(dict.fromkeys(_files(word)))
        except AblateError as error:
            refused.append(str(error))
        except OSError as error:  # of its name or folder
            refused.append(f"There is no image {shown(word)}: {(error.strerror or str(error)).lower()}.")
    return list(found), refused


def _files(word: str) -> Iterator[Path]:
    path = Path(word)
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.suffix.lower() in ENDINGS and each.is_file())
        if not found:
            raise AblateError(f"There is no image in {word}. Images end with {', '.join(ENDINGS)}.")
        yield from found
    elif not path.exists() and glob.has_magic(word):
        matching = sorted(Path(each) for each in glob.glob(word, recursive=True))  # noqa: PTH207 absolute ones, too
        if not matching:
            raise AblateError(f"No file matches {shown(word)}.")
        yield from (each for each in matching if not each.is_dir())
    elif not path.exists() and not path.is_symlink():
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        raise AblateError(f"There is no image {shown(word)}.{did_you_mean(path.name, beside)}")
    else:
        yield path


def picture(path: Path, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """An image as one of a data set: its central part with the sides' ratio of `shape`, resized to it. Uint8, `shape`.

    An image of that size stays as it is, except that what is transparent lies on white, and that gray and color become what
    `shape` has. It is turned as its EXIF data say.

    Args:
        shape: (height, width, channels) of the data set.

    Raises:
        AblateError: it is no such image, or damaged, too large, or animated.
    """
    height, width, channels = shape
    try:
        content = io.BytesIO(read_regular(path.resolve(), MOST_BYTES))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, which change no pixel that is used
            with Image.open(content, formats=FORMATS) as image:
                _check(path, image)
                image.draft("RGB", (4 * width, 4 * height))  # a large JPEG is decoded smaller, which is faster
                upright = ImageOps.exif_transpose(image)
                fitted = _flat(upright, channels)
        if fitted.size != (width, height):
            fitted = ImageOps.fit(fitted, (width, height), Image.Resampling.BILINEAR)
    except UnidentifiedImageError:
        raise AblateError(f"{path} is not a {', '.join(FORMATS[:-1])}, or WebP image.") from None
    except Image.DecompressionBombError:
        raise AblateError(f"{path} is too large: an image must have at most {MOST_PIXELS:,} pixels.") from None
    except (FileNotFoundError, NotADirectoryError):
        raise AblateError(f"There is no image {shown(str(path))}.") from None
    except AblateError:
        raise
    except _DAMAGE as error:
        raise AblateError(f"{path} is damaged: {' '.join(str(error).split()).rstrip('.') or 'it ends too early'}.") from None
    pixels = np.asarray(fitted, np.uint8)
    return pixels.reshape(height, width, channels)


def _check(path: Path, image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        size = f"{image.width:,}×{image.height:,}"
        raise AblateError(f"{path} is too large: {size}. An image must have at most {MOST_PIXELS:,} pixels.")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # a camera's JPEG, whose first frame is the photo
        raise AblateError(f"{path} is animated ({frames:,} frames). Give a still image.")


def _flat(image: Image.Image, channels: int) -> Image.Image:
    """The image in gray or color, with 8 bits a channel; what is transparent lies on white."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, np.float64)
        image = Image.fromarray(np.clip(np.round(values / 257), 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("L" if channels == 1 else "RGB")
