import logging
import os
import shutil
import stat
import time
from pathlib import Path

import numpy as np
import pytest

from ablate import data
from ablate.data import cache, cifar10
from ablate.errors import AblateError

PARTS = ["train_images.npy", "train_labels.npy", "test_images.npy", "test_labels.npy", "kept.json"]


@pytest.fixture
def decodings(monkeypatch):
    """The paths that were decoded, as they are."""
    paths = []
    decode = cifar10.decode
    monkeypatch.setattr(cifar10, "decode", lambda path, records: paths.append(path) or decode(path, records))
    return paths


def slot(folder):
    return next(path for path in (folder / "cifar10").iterdir() if path.is_dir())


def forget(monkeypatch):
    """As a new process would."""
    monkeypatch.setattr(cache, "_digests", {})


def test_a_second_load_decodes_nothing_and_is_the_same(tiny_config, decodings, cache_folder):
    first, second = data.load(tiny_config), data.load(tiny_config)
    assert len(decodings) == 1
    assert (first.train.images == second.train.images).all()
    assert (first.evaluation.labels == second.evaluation.labels).all()
    assert (first.digest, first.class_names) == (second.digest, second.class_names)
    assert sorted(path.name for path in slot(cache_folder).iterdir()) == sorted(PARTS)
    assert not list(cache_folder.rglob("*.partial"))


def test_a_digest_once_known_needs_no_arrays(tiny_config, decodings, cache_folder, monkeypatch):
    config = {**tiny_config, "validation": 10}
    expected = data.digest(config)
    shutil.rmtree(slot(cache_folder))
    forget(monkeypatch)
    assert data.digest(config) == expected
    assert len(decodings) == 1
    assert expected == data.load(config).digest != data.digest(tiny_config)


def test_a_changed_source_is_decoded_again(tiny_config, tiny_folder, decodings, cache_folder):
    before = data.load(tiny_config)
    file = tiny_folder / "data_batch_1.bin"
    stat = file.stat()
    time.sleep(0.02)  # a file system counts its times in steps of some milliseconds
    rows = bytearray(file.read_bytes())
    rows[100] ^= 255
    file.write_bytes(rows)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as a copy that keeps times
    after = data.load(tiny_config)
    assert len(decodings) == 2
    assert after.digest != before.digest
    assert (after.train.images != before.train.images).sum() == 1
    assert len([path for path in (cache_folder / "cifar10").iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("damage", ["truncated", "garbage", "flipped", "missing"])
def test_a_damaged_cache_is_noticed_and_mended(part, damage, tiny_config, decodings, cache_folder, monkeypatch):
    expected = data.load(tiny_config)
    file = slot(cache_folder) / part
    whole = file.read_bytes()
    damaged = {
        "truncated": whole[: len(whole) // 2],
        "garbage": b"garbage",
        "flipped": whole[:-5] + b"\xff" + whole[-4:],
    }
    file.unlink()
    if damage != "missing":
        file.write_bytes(damaged[damage])
    forget(monkeypatch)
    for _ in range(2):
        again = data.load(tiny_config)
        assert (again.train.images == expected.train.images).all()
        assert again.digest == expected.digest
    assert len(decodings) == 2


def test_a_damaged_digest_is_found_again(tiny_config, cache_folder, monkeypatch):
    expected = data.digest(tiny_config)
    for file in (cache_folder / "digests").iterdir():
        file.write_text(expected[:20])
    forget(monkeypatch)
    assert data.digest(tiny_config) == expected


def test_a_killed_writer_leaves_nothing_in_the_way(tiny_config, cache_folder):
    data.load(tiny_config)
    kept = slot(cache_folder)
    kept.rename(f"{kept}.partial")
    (kept.with_name(f"{kept.name}.partial") / "kept.json").unlink()
    data.load(tiny_config)
    assert sorted(path.name for path in kept.iterdir()) == sorted(PARTS)


def test_a_folder_that_cannot_be_written_costs_one_warning(tiny_config, tmp_path, decodings, caplog, monkeypatch):
    expected = data.load(tiny_config)
    (tmp_path / "file").write_text("in the way")
    config = {**tiny_config, "cache": str(tmp_path / "file" / "cache")}
    forget(monkeypatch)
    with caplog.at_level(logging.WARNING):
        digests = [data.digest(config), data.load(config).digest, data.digest(config)]
    assert digests == [expected.digest] * 3
    assert len(decodings) == 3  # the digest is decoded for once, and remembered by the process
    assert len(caplog.records) == 1
    assert "\n" not in caplog.text.strip()
    assert "Set data.cache or $ABLATE_CACHE" in caplog.text


def test_a_full_disk_is_a_warning(tiny_config, cache_folder, monkeypatch, caplog):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert len(data.load(tiny_config).train.labels) == 100
    assert "No space left on device" in caplog.text
    assert not [path for path in (cache_folder / "cifar10").iterdir() if path.is_dir()]


def test_the_folder_is_that_of_the_config_then_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cache.folder({"cache": "here"}) == tmp_path / "here"
    assert cache.folder({"cache": None}) == tmp_path / "cache"
    monkeypatch.delenv("ABLATE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.folder({}) == tmp_path / ".cache" / "ablate"


def test_a_pipe_in_the_cache_is_not_waited_for(tiny_config, tiny_folder, cache_folder, monkeypatch):
    first = data.load(tiny_config).digest
    places = [*(cache_folder / "digests").iterdir(), *(cache_folder / "cifar10").glob("*/kept.json")]
    places += [*(cache_folder / "cifar10").glob("*.lock")]
    assert len(places) == 3
    for place in places:
        assert stat.S_IMODE(place.stat().st_mode) == 0o644
        place.unlink()
        os.mkfifo(place)
        monkeypatch.setattr(cache, "_digests", {})
        assert data.digest(tiny_config) == first
        assert data.load(tiny_config).digest == first


def test_a_cache_that_is_a_pipe_or_a_link_keeps_nothing_or_keeps_there(tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_digests", {})
    os.mkfifo(tmp_path / "pipe")
    first = data.load({**tiny_config, "cache": str(tmp_path / "pipe")}).digest
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert data.load({**tiny_config, "cache": str(tmp_path / "link")}).digest == first
    assert (tmp_path / "there" / "digests").is_dir()


def test_without_a_home_folder_it_is_said_what_to_set(monkeypatch):
    def nobody(self):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", nobody)
    monkeypatch.delenv("ABLATE_CACHE")
    with pytest.raises(AblateError, match=r"Cannot find ~/\.cache/ablate: HOME is not set .* Set ABLATE_CACHE or data\.cache"):
        cache.folder({})
