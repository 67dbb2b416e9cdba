import gzip
import os
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest

from ablate import data
from ablate.data import archive
from ablate.errors import AblateError

REAL = os.environ.get("ABLATE_DATA")


def refusal(config):
    with pytest.raises(AblateError) as caught:
        data.load(config)
    message = str(caught.value)
    assert "\n" not in message
    assert ", got " in message or "data=cifar10 reads" in message
    return message


def test_a_record_is_a_label_and_three_planes(tiny_config, tiny_files):
    dataset = data.load(tiny_config)
    assert dataset.train.images.shape == (100, 32, 32, 3)
    assert dataset.train.labels.dtype == np.int32
    assert dataset.class_names == tuple("abcdefghij")
    for split, index, record in [
        (dataset.train, 47, tiny_files["data_batch_3.bin"][7 * 3073 : 8 * 3073]),
        (dataset.evaluation, 19, tiny_files["test_batch.bin"][19 * 3073 :]),
    ]:
        assert split.labels[index] == record[0]
        for row, column, channel in [(0, 0, 0), (0, 31, 1), (31, 0, 2), (5, 9, 1)]:
            assert split.images[index, row, column, channel] == record[1 + channel * 1024 + row * 32 + column]


def test_shape_reads_nothing_and_is_that_of_the_arrays(tiny_config):
    assert data.shape({"name": "cifar10", "archive": "/nowhere"}) == data.Shape(32, 32, 3, 10, 50_000, 10_000)
    config = {**tiny_config, "validation": 30, "eval_on": "validation"}
    shape, dataset = data.shape(config), data.load(config)
    assert (shape.train_images, shape.eval_images) == (
        len(dataset.train.labels),
        len(dataset.evaluation.labels),
    )
    assert (np.bincount(dataset.evaluation.labels) == 3).all()


def test_the_same_pixels_have_the_same_digest_wherever_they_come_from(tiny_config, tiny_folder, tiny_tar, monkeypatch):
    digests = {data.load({**tiny_config, "archive": str(path)}).digest for path in (tiny_folder, tiny_tar)}
    for path in (tiny_folder.parent, tiny_tar.parent):
        monkeypatch.setenv("ABLATE_DATA", str(path))
        digests.add(data.load({**tiny_config, "archive": None}).digest)
    monkeypatch.chdir(tiny_tar.parent)
    digests.add(data.load({**tiny_config, "archive": archive.ARCHIVE}).digest)
    assert len(digests) == 1


def test_ten_known_names_where_the_copy_has_none(tiny_config, tiny_folder):
    (tiny_folder / archive.NAMES_FILE).unlink()
    assert data.load(tiny_config).class_names[:2] == ("airplane", "automobile")


def test_a_missing_file_is_named(tiny_config, tiny_folder):
    (tiny_folder / "data_batch_4.bin").unlink()
    assert f"{tiny_folder} must have 6 files, data_batch_1.bin to test_batch.bin, got 5; missing: data_batch_4.bin" in refusal(
        tiny_config
    )


def test_a_truncated_file_is_named_with_both_sizes(tiny_config, tiny_folder):
    file = tiny_folder / "data_batch_2.bin"
    file.write_bytes(file.read_bytes()[:-1])
    message = refusal(tiny_config)
    assert f"{file} must have 61,460 bytes (20 × 3,073), " in message
    assert "got 61,459 bytes, no multiple of 3,073" in message


def test_another_number_of_records_is_refused(tiny_config):
    assert "got 61,460 bytes, 20 records" in refusal({**tiny_config, "records_per_file": 10_000})


@pytest.mark.parametrize("records", [0, -1, 2.5, "20", True, None])
def test_a_bad_number_of_records_is_refused(tiny_config, records):
    assert f"got {records!r}" in refusal({**tiny_config, "records_per_file": records})


def test_a_label_above_nine_is_refused_with_its_record(tiny_config, tiny_folder):
    file = tiny_folder / "test_batch.bin"
    rows = bytearray(file.read_bytes())
    rows[3 * 3073] = 10
    file.write_bytes(rows)
    assert f"{file} must have labels 0 to 9, got 10 in record 3" in refusal(tiny_config)


def test_a_names_file_that_is_none_is_refused(tiny_config, tiny_folder):
    (tiny_folder / archive.NAMES_FILE).write_text("cat dog")
    assert "must have ten class names, got" in refusal(tiny_config)
    (tiny_folder / archive.NAMES_FILE).write_text("x" * 20_000)
    assert "got 20,000 bytes" in refusal(tiny_config)


def test_a_place_without_the_files_is_refused_with_its_setting(tiny_config, tmp_path, monkeypatch):
    assert "data.archive must be cifar-10-binary.tar.gz, a folder with it" in refusal({**tiny_config, "archive": "nowhere"})
    monkeypatch.setenv("ABLATE_DATA", str(tmp_path))
    message = refusal({**tiny_config, "archive": None})
    assert "$ABLATE_DATA must be" in message
    assert "a folder without them" in message


def test_an_archive_that_is_none_is_refused(tiny_config, tmp_path):
    file = tmp_path / "cifar.tar.gz"
    file.write_text("<html>Not found</html>")
    message = refusal({**tiny_config, "archive": str(file)})
    assert f"{file} must be a complete .tar.gz of CIFAR-10, got 22 bytes" in message


def test_a_truncated_or_damaged_archive_is_refused(tiny_config, tiny_tar):
    whole = tiny_tar.read_bytes()
    config = {**tiny_config, "archive": str(tiny_tar)}
    for share in (0.1, 0.5, 0.9, 0.999):
        tiny_tar.write_bytes(whole[: int(len(whole) * share)])
        assert str(tiny_tar) in refusal(config)
    tiny_tar.write_bytes(whole[:-8] + bytes(4) + whole[-4:])  # the checksum of the gzip format
    assert "CRC" in refusal(config)


def test_a_file_missing_from_an_archive_is_named(tiny_config, tiny_files, make_tar, tmp_path):
    del tiny_files["test_batch.bin"]
    tar = make_tar(tmp_path / "c.tar.gz", tiny_files)
    assert "missing: test_batch.bin" in refusal({**tiny_config, "archive": str(tar)})


def test_no_path_escapes_from_an_archive(tiny_config, tiny_files, make_tar, tmp_path, cache_folder):
    """A hostile name is no CIFAR-10 file: its bytes are not read, and nothing is ever unpacked to disk."""
    escape = tiny_files.pop("data_batch_1.bin")
    hostile = {f"../../{archive.FOLDER}/data_batch_1.bin": escape, str(tmp_path / "evil"): b"evil"}
    tar = make_tar(tmp_path / "in" / "c.tar.gz", {**tiny_files, **hostile})
    assert "missing: data_batch_1.bin" in refusal({**tiny_config, "archive": str(tar)})
    written = {file.name for file in tmp_path.rglob("*") if file.is_file() and archive.FOLDER not in str(file)}
    assert {name for name in written if not name.endswith(".lock")} == {"c.tar.gz"}


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["cifar-100-python/train", "cifar-100-python/meta"], "CIFAR-100 as Python pickles, which are never loaded"),
        (["cifar-100-binary/train.bin", "cifar-100-binary/test.bin"], "CIFAR-100, in its binary version"),
        (["./cifar-10-batches-py/data_batch_1", "./cifar-10-batches-py/batches.meta"], "CIFAR-10 as Python pickles"),
        (["cifar-10-batches-mat/data_batch_1.mat"], "CIFAR-10 in MATLAB's format"),
    ],
)
def test_another_version_is_named_as_what_it_is(names, what, tiny_config, make_tar, tmp_path):
    tar = make_tar(tmp_path / "in" / "c.tar.gz", dict.fromkeys(names, b"\x80\x04."))
    unpacked = tmp_path / names[0].removeprefix("./")
    unpacked.parent.mkdir()
    unpacked.write_bytes(b"\x80\x04.")
    for place in (tar, unpacked.parent):
        message = refusal({**tiny_config, "archive": str(place)})
        assert f"{place} is {what}" in message
        assert "binary version, cifar-10-binary.tar.gz" in message


def test_an_archive_that_unpacks_without_end_is_refused(tiny_config, tiny_files, make_tar, tmp_path, monkeypatch):
    """Whether before what is wanted, in a header that is read whole, or behind the end."""
    monkeypatch.setattr(archive, "BESIDES_BYTES", 100_000)
    huge = tarfile.TarInfo("x" * 300_000)  # its name takes a header of its own
    for content in ({"other": bytes(10**6), **tiny_files}, {huge.name: huge, **tiny_files}):
        tar = make_tar(tmp_path / "c.tar.gz", content)
        assert "it unpacks to far more than CIFAR-10" in refusal({**tiny_config, "archive": str(tar)})
    tar = make_tar(tmp_path / "c.tar.gz", tiny_files)
    with tar.open("ab") as file:
        file.write(gzip.compress(bytes(3 * 10**6)))
    assert "it unpacks to far more than CIFAR-10" in refusal({**tiny_config, "archive": str(tar)})


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_in_an_archive_is_refused(kind, tiny_config, tiny_files, make_tar, tmp_path):
    link = tarfile.TarInfo("data_batch_1.bin")
    link.type, link.linkname = kind, "/etc/passwd"
    tar = make_tar(tmp_path / "c.tar.gz", {**tiny_files, "data_batch_1.bin": link})
    assert "got a link" in refusal({**tiny_config, "archive": str(tar)})


@pytest.mark.skipif(not REAL, reason="ABLATE_DATA names no copy of CIFAR-10")
def test_the_real_cifar10():
    with tempfile.TemporaryDirectory() as folder:
        config = {
            "name": "cifar10",
            "archive": str(Path(REAL).resolve()),
            "cache": folder,
            "validation": 5_000,
        }
        dataset = data.load({**config, "eval_on": "validation"})
        assert (np.bincount(dataset.evaluation.labels) == 500).all()
        dataset = data.load(config)
    assert dataset.train.images.shape == (45_000, 32, 32, 3)
    assert (np.bincount(dataset.evaluation.labels) == 1_000).all()
    # The first test image is the well-known cat, and these means of the channels are known everywhere.
    assert dataset.class_names[dataset.evaluation.labels[0]] == "cat"
    means = dataset.train.images.mean(axis=(0, 1, 2)) / 255
    assert means == pytest.approx([0.491, 0.482, 0.447], abs=0.003)
