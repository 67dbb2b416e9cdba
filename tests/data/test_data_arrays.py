import zipfile

import numpy as np
import pytest

from ablate import data
from ablate.errors import AblateError


def arrays(**changes):
    """24 training and 6 test images of 5 x 7 pixels, three classes; a change to None leaves an array out."""
    rng = np.random.default_rng(0)
    whole = {
        "train_images": rng.integers(0, 256, (24, 5, 7, 3), np.uint8),
        "train_labels": np.arange(24) % 3,
        "test_images": rng.integers(0, 256, (6, 5, 7, 3), np.uint8),
        "test_labels": np.arange(6, dtype=np.uint8) % 3,
        **changes,
    }
    return {name: array for name, array in whole.items() if array is not None}


@pytest.fixture
def save(tmp_path):
    def save(name="my.npz", **changes):
        np.savez(tmp_path / name, **arrays(**changes))
        return {"name": "arrays", "path": str(tmp_path / name)}

    return save


def refusal(config):
    messages = set()
    for function in (data.load, data.digest):
        with pytest.raises(AblateError) as caught:
            function(config)
        messages.add(str(caught.value))
    (message,) = messages
    assert "\n" not in message
    assert ", got " in message or "It has no" in message
    return message


def test_arrays_come_out_as_they_went_in(save):
    config = save(class_names=np.array(["ant", "bee", "cow"]))
    dataset = data.load(config)
    assert (dataset.train.images == arrays()["train_images"]).all()
    assert (dataset.evaluation.labels == arrays()["test_labels"]).all()
    assert (dataset.train.labels.dtype, dataset.evaluation.labels.dtype) == (np.int32, np.int32)
    assert dataset.class_names == ("ant", "bee", "cow")
    assert data.shape(config) == data.Shape(5, 7, 3, 3, 24, 6)
    assert data.digest(config) == dataset.digest


def test_grey_images_get_a_channel_and_classes_get_numbers(save):
    gray = {f"{part}_images": np.zeros((n, 96, 1), np.uint8) for part, n in (("train", 24), ("test", 6))}
    dataset = data.load(save(**gray))
    assert dataset.train.images.shape == (24, 96, 1, 1)
    assert data.shape(save(**gray)).channels == 1
    assert dataset.class_names == ("0", "1", "2")


def test_the_digest_is_of_the_arrays_alone(save):
    config = save()
    stored, compressed = data.digest(config), save("other.npz")
    np.savez_compressed(compressed["path"], **arrays())
    assert data.digest(compressed) == stored
    changed = arrays()["train_images"]
    changed[3, 1, 1, 1] ^= 1
    assert data.digest(save("changed.npz", train_images=changed)) != stored
    assert data.digest({**config, "validation": 3}) != stored
    columns = np.asfortranarray(arrays()["train_images"])
    assert data.digest(save("columns.npz", train_images=columns)) == stored


def test_validation_is_in_proportion(save):
    labels = np.repeat([0, 1, 2], [12, 8, 4])
    config = {**save(train_labels=labels), "validation": 6, "eval_on": "validation"}
    assert np.bincount(data.load(config).evaluation.labels).tolist() == [3, 2, 1]
    assert data.shape(config) == data.Shape(5, 7, 3, 3, 18, 6)
    assert "from 0 to 21 " in refusal({**config, "validation": 22})


def test_shape_reads_no_pixels(save, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (24, 5, 96, 3), np.uint8)
    config = save(train_images=images, test_images=images[:6])
    file = tmp_path / "my.npz"
    raw, pixels = file.read_bytes(), images.tobytes()
    file.write_bytes(raw.replace(pixels, bytes(len(pixels))))  # the checksum of that member no longer holds
    assert data.shape(config).train_images == 24
    assert "CRC" in refusal(config)


def test_a_path_is_needed_and_may_be_relative(save, tmp_path, monkeypatch):
    assert "Set data.path=my.npz" in refusal({"name": "arrays", "path": None})
    assert "which is not a file" in refusal({"name": "arrays", "path": "nowhere.npz"})
    save()
    monkeypatch.chdir(tmp_path)
    assert len(data.load({"name": "arrays", "path": "my.npz"}).train.labels) == 24


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 but no more"])
def test_a_file_that_is_no_npz_is_refused(content, tmp_path):
    (tmp_path / "my.npz").write_bytes(content)
    assert "an .npz file" in refusal({"name": "arrays", "path": str(tmp_path / "my.npz")})


def test_a_single_array_or_a_truncated_file_is_refused(save, tmp_path):
    np.save(tmp_path / "one.npy", np.zeros(3))
    assert "an .npz file" in refusal({"name": "arrays", "path": str(tmp_path / "one.npy")})
    config = save()
    raw = (tmp_path / "my.npz").read_bytes()
    (tmp_path / "my.npz").write_bytes(raw[: len(raw) // 2])
    assert "an .npz file" in refusal(config)


def images(*size, dtype=np.uint8):
    return np.zeros(size, dtype)


def test_keras_names_are_listed_with_how_to_rename_them(save, tmp_path):
    save()
    with np.load(tmp_path / "my.npz") as whole:
        ours = dict(whole)
    np.savez(tmp_path / "k.npz", x_train=ours["train_images"], y_train=ours["train_labels"], test_images=1, test_labels=2)
    message = refusal({"name": "arrays", "path": str(tmp_path / "k.npz")})
    assert "It has no train_images, train_labels, but test_images, test_labels, x_train, y_train. Rename" in message
    assert "train_images=f['x_train'], train_labels=f['y_train'], test_images=f['test_images']" in message
    np.savez(tmp_path / "k.npz", images=1, labels=2)
    assert "but images, labels. Add them with numpy.savez" in refusal({"name": "arrays", "path": str(tmp_path / "k.npz")})


def test_a_bomb_is_refused_before_it_is_unpacked(save, tmp_path):
    config = save()
    with zipfile.ZipFile(tmp_path / "my.npz", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other.npy", b"no array")  # what else is in the file is not looked at
    data.load(config)
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        with np.load(tmp_path / "my.npz") as whole:
            for name in ("train_labels", "test_images", "test_labels"):
                with archive.open(f"{name}.npy", "w") as file:
                    np.lib.format.write_array(file, whole[name])
        with archive.open("train_images.npy", "w") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (10**7, 16, 16)})
            file.write(bytes(1 << 20))
    assert "train_images declares 2,560,000,000 bytes and has 1,048,576" in refusal(
        {**config, "path": str(tmp_path / "bomb.npz")}
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"test_labels": None}, "no test_labels"),
        ({"train_labels": np.zeros(24, int)}, "two classes or more, got the label 0 alone"),
        ({"train_labels": np.full(24, 7)}, "got the label 7 alone"),
        ({"train_images": images(24, 5, 7, 3, dtype=np.float64)}, "Convert it: (255 * x).round().astype('uint8')"),
        (
            {"train_labels": np.array([object()] * 24)},
            "plain numbers in train_labels, got Python objects",
        ),
        ({"class_names": np.array(["a", "b", 3], object)}, "Python objects, which are never unpickled"),
        ({"train_images": images(24, 5, 7, 3, dtype=np.float32)}, "got float32 (24, 5, 7, 3)"),
        ({"train_images": images(24, 35)}, "got uint8 (24, 35)"),
        ({"train_images": images(24, 5, 7, 2)}, "got uint8 (24, 5, 7, 2)"),
        ({"test_images": images(0, 5, 7, 3), "test_labels": images(0)}, "got uint8 (0, 5, 7, 3)"),
        ({"train_images": images(24, 97, 7, 3)}, "to 96×96 pixels, got 97×7"),
        ({"train_images": images(24, 0, 7, 3)}, "got 0×7"),
        ({"test_images": images(6, 5, 7)}, "test_images of (5, 7, 3), as train_images, got (5, 7, 1)"),
        ({"train_labels": np.arange(23) % 3}, "shape (24,), one per image, got int64 (23,)"),
        ({"train_labels": (np.arange(24) % 3)[:, None]}, "got int64 (24, 1)"),
        ({"test_labels": np.zeros(6)}, "integer test_labels of shape (6,), one per image, got float64"),
        ({"test_labels": np.zeros(6, bool)}, "got bool (6,)"),
        ({"train_labels": np.arange(24) % 3 + 1}, "got labels 1 to 3 without class 0"),
        ({"train_labels": np.arange(24) % 3 * 2}, "got labels 0 to 4 without class 1"),
        ({"train_labels": np.arange(24) % 3 - 1}, "got labels -1 to 1"),
        ({"train_labels": (np.arange(24) % 3).astype(np.uint64) << np.uint64(62)}, "without class 1"),
        ({"test_labels": np.arange(6)}, "test_labels 0 to 2, as in train_labels, got labels 0 to 5"),
        ({"test_labels": -np.arange(6)}, "got labels -5 to 0"),
        ({"class_names": np.array(["a", "b"])}, "class_names: 3 strings, one per class, got <U1 (2,)"),
        ({"class_names": np.arange(3)}, "got int64 (3,)"),
    ],
)
def test_what_cannot_be_used_is_refused(changes, expected, save):
    message = refusal(save(**changes))
    assert "my.npz must have " in message
    assert expected in message
