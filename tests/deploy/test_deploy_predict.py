"""Image files of any size become what a network takes; those that cannot are refused in one line, and the others go on."""

import io
import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablate.deploy import pictures
from ablate.errors import AblateError

SHAPE = (32, 32, 3)


def pattern(height: int, width: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def huge() -> bytes:
    """A PNG whose header says 100,000 by 100,000."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b""), b"IEND"]
    packed = [struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def test_an_image_of_the_size_of_the_data_stays_as_it_is(tmp_path):
    image = pattern(32, 32)
    image.save(tmp_path / "one.png")
    image.save(tmp_path / "one.webp", lossless=True)
    for name in ("one.png", "one.webp"):
        assert np.array_equal(pictures.picture(tmp_path / name, SHAPE), np.asarray(image))


@pytest.mark.parametrize("size", [(1, 1), (33, 900), (480, 640), (31, 31)])
@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_any_size_and_mode_is_taken(tmp_path, size, mode):
    gray = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    image = Image.fromarray(gray.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(gray).convert(mode)
    path = tmp_path / ("image.jpg" if mode == "CMYK" else "image.png")
    image.save(path)
    for shape in (SHAPE, (24, 24, 1)):
        found = pictures.picture(path, shape)
        assert (found.shape, found.dtype) == (shape, np.uint8)


def test_the_central_part_is_seen_upright_and_on_white(tmp_path):
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 10:30] = 200  # the central square
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    assert (pictures.picture(tmp_path / "wide.png", (20, 20, 3)) == 200).all()
    turned = Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2) * 60)
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    turned.save(tmp_path / "turned.png", exif=exif)
    assert pictures.picture(tmp_path / "turned.png", (2, 2, 1))[..., 0].tolist() == [[180, 120], [60, 0]]
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (pictures.picture(tmp_path / "clear.png", (8, 8, 3)) == 255).all()


def bad_files(folder: Path) -> dict[str, str]:
    """Bad image files, each with a part of what is said of it."""
    png, jpeg, webp = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pattern(40, 40).save(png, "PNG")
    pattern(40, 40).save(jpeg, "JPEG")
    pattern(40, 40).save(webp, "WEBP")
    gif, moving = io.BytesIO(), io.BytesIO()
    pattern(8, 8).save(gif, "GIF")
    pattern(8, 8).save(moving, "WEBP", save_all=True, append_images=[pattern(8, 8, 1)])
    apng = io.BytesIO()
    pattern(8, 8).save(apng, "PNG", save_all=True, append_images=[pattern(8, 8, 1)])
    contents = {
        "empty.png": (b"", "is not a PNG, JPEG, or WebP image."),
        "text.jpg": (b"no image", "is not a PNG, JPEG, or WebP image."),
        "gif.png": (gif.getvalue(), "is not a PNG, JPEG, or WebP image."),
        "moving.webp": (moving.getvalue(), "is animated (2 frames). Give a still image."),
        "moving.png": (apng.getvalue(), "is animated (2 frames). Give a still image."),
        "huge.png": (huge(), "is too large"),
        "cut.png": (png.getvalue()[:200], "is damaged"),
        "cut.jpg": (jpeg.getvalue()[:300], "is damaged"),
        "cut.webp": (webp.getvalue()[:60], ""),
        "flipped.png": (png.getvalue()[:300] + b"\x00" * 50 + png.getvalue()[350:], ""),
    }
    for name, (content, _) in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    return {name: said for name, (_, said) in contents.items()} | {"pipe.png": "pipe"}


def test_a_bad_image_gets_one_line(tmp_path):
    for name, said in bad_files(tmp_path).items():
        with pytest.raises(AblateError) as error:
            pictures.picture(tmp_path / name, SHAPE)
        assert said in str(error.value)
        assert "\n" not in str(error.value)


def test_files_folders_and_patterns_are_found_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "sub/b.JPG", "sub/deep/c.webp", "notes.txt"):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found, refused = pictures.files(["a.png", "sub", "sub/*.JPG"])
    assert [str(path) for path in found] == ["a.png", "sub/b.JPG", "sub/deep/c.webp"]
    assert refused == []


def test_a_word_that_names_no_image_gets_a_line_and_the_others_go_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.png").touch()
    Path("none").mkdir()
    found, refused = pictures.files(["b.png", "*.gif", "none", "a.png", "x" * 300])
    assert found == [Path("a.png")]
    assert refused[:2] == ["There is no image 'b.png'. Did you mean 'a.png'?", "No file matches '*.gif'."]
    assert refused[2].startswith("There is no image in none.")
    assert refused[3].endswith("file name too long.")


def test_a_photo_of_a_camera_with_a_preview_is_its_first_frame(tmp_path):
    photo, preview = Image.new("RGB", (64, 64), "red"), Image.new("RGB", (64, 64), "blue")
    photo.save(tmp_path / "photo.jpg", format="MPO", save_all=True, append_images=[preview])
    red, _, blue = pictures.picture(tmp_path / "photo.jpg", SHAPE)[16, 16]
    assert red > 200
    assert blue < 50


@pytest.mark.slow
def test_test_images_are_classified_as_in_evaluation(prints, says, here):
    from ablate.deploy import find

    found = find.find("tour/augment=off/0")
    images, folder = found.dataset().evaluation.images[:12], Path("pictures")
    folder.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number:02}.png")
    said = says("predict", "tour/augment=off/0", "pictures")
    stored = found.trajectory.predictions(20)["averaged"][:12]
    assert [int(each["class"]) for each in said] == stored.tolist()
    assert all(abs(sum(each["probabilities"].values()) - 1) < 1e-6 for each in said)
    assert all(next(iter(each["probabilities"])) == each["class"] for each in said)
    printed = prints("predict", "tour/augment=off/0", "pictures")
    assert printed.splitlines()[-1] == "12 images classified"
    table = prints("predict", "tour/augment=off/0", "pictures/0*.png", "--csv").splitlines()
    assert table[0] == "image,class,0,1,2,3,4,5,6,7,8,9"
    assert len(table) == 11


@pytest.mark.slow
def test_bad_images_are_refused_and_the_others_go_on(prints, here):
    folder = Path("mixed")
    folder.mkdir()
    bad = {name: said for name, said in bad_files(folder).items() if name != "pipe.png"}
    pattern(100, 60).save(folder / "good.png")
    printed = prints("predict", "tour/baseline/0", "mixed", "--json", status=1).splitlines()
    good = [json.loads(line)["image"] for line in printed if line.startswith("{")]
    assert good == ["mixed/good.png"]
    assert all(any(f"mixed/{name}" in line for line in printed) for name in bad)
    assert len(printed) == len(bad) + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "RUN is missing. Name one, as in lrn/augment=off/0."),
        (["tour/baseline/0"], 2, "IMAGE is missing. Name an image, a folder of images, or a pattern."),
        (["tour/baseline/0", "nothing.png"], 1, "There is no image 'nothing.png'."),
        (["tour/baseline/0", "nothing.png", "--json", "--csv"], 2, "--csv cannot be combined with --json."),
    ],
)
def test_what_cannot_be_classified_gets_one_line(prints, words, status, message):
    printed = prints("predict", *words, status=status)
    assert message in printed
    assert len(printed.splitlines()) == 1
