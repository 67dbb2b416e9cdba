import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from ablate.data import archive, cache

RECORDS = 20  # images in each tiny file


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """A cache of its own for each test, and no local copy from the environment."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ABLATE_CACHE", str(folder))
    monkeypatch.delenv("ABLATE_DATA", raising=False)
    monkeypatch.setattr(cache, "_digests", {})
    cache.warn_not_kept.cache_clear()
    return folder


@pytest.fixture
def tiny_files():
    """Name to bytes: six files of 20 records, every class twice, pixels random but fixed."""
    rng = np.random.default_rng(0)
    files = {archive.NAMES_FILE: "\n".join([*"abcdefghij", "", ""]).encode()}
    for name in archive.IMAGE_FILES:
        rows = rng.integers(0, 256, (RECORDS, archive.RECORD_BYTES), np.uint8)
        rows[:, 0] = rng.permutation(RECORDS) % 10
        files[name] = rows.tobytes()
    return files


@pytest.fixture
def tiny_folder(tmp_path, tiny_files):
    folder = tmp_path / "copy" / archive.FOLDER
    folder.mkdir(parents=True)
    for name, data in tiny_files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def tiny_tar(tmp_path, tiny_files):
    return write_tar(
        tmp_path / "tar" / archive.ARCHIVE,
        {f"{archive.FOLDER}/{name}": data for name, data in tiny_files.items()},
    )


@pytest.fixture
def make_tar():
    return write_tar


@pytest.fixture
def tiny_config(tiny_folder):
    return {"name": "cifar10", "archive": str(tiny_folder), "records_per_file": RECORDS}


def write_tar(path: Path, members) -> Path:
    """A .tar.gz of `members`: name to bytes, or to a TarInfo that has no content, such as a link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path
