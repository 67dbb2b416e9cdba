"""An archive as a pack: the same bytes for the same files, and nothing taken out of one that no pack has."""

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from ablate.errors import AblateError
from ablate.store.checksums import DAMAGE
from ablate.store.files import reading
from ablate.store.pack_manifest import PACK, allowed, check_size

ARCHIVES = (".tar.gz", ".tgz", ".tar.zst")
LONGEST_NAME = 4096  # bytes of an entry's name in an archive


def is_archive(path: Path) -> bool:
    """Whether a path is named as an archive is."""
    return path.name.endswith(ARCHIVES)


def _name_of(archive: Path) -> str:
    """The name of an archive without its ending."""
    return next(archive.name.removesuffix(ending) for ending in ARCHIVES if archive.name.endswith(ending))


def archived(out: Path, files: Mapping[str, bytes]) -> bytes:
    """The archive of files, in one folder with its name: the same bytes for the same files, whenever and by whom."""
    name = _name_of(out)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in sorted(files):
            entry = tarfile.TarInfo(f"{name}/{member}")
            entry.size, entry.mode = len(files[member]), 0o644
            archive.addfile(entry, io.BytesIO(files[member]))
    if out.name.endswith(".zst"):
        return zstandard.ZstdCompressor(level=19).compress(buffer.getvalue())
    return gzip.compress(buffer.getvalue(), mtime=0)


def content(source: Path) -> dict[str, bytes]:
    """The files in an archive, by name.

    Raises:
        AblateError: it is none, is damaged, or holds what no pack has.
    """
    if not is_archive(source):
        raise AblateError(f"{source} is no packed sweep. One is a folder, or a file that ends with {', '.join(ARCHIVES)}.")
    found: dict[str, bytes] = {}
    total = 0
    try:
        with (
            reading(source),
            source.open("rb") as file,
            _decompressed(source, file) as stream,
            tarfile.open(fileobj=stream, mode="r|", tarinfo=_ShortNames) as archive,
        ):
            for number, member in enumerate(archive, start=1):
                archive.members.clear()  # type: ignore[attr-defined]  # which it would keep for a second look
                total += member.size
                check_size(number, total, str(source))
                name = _member(source, member)
                if name is None:
                    continue
                taken = archive.extractfile(member)
                if name in found or taken is None:
                    raise AblateError(f"{source}: {name} is in it twice.")
                found[name] = taken.read()
    except (tarfile.TarError, zstandard.ZstdError, EOFError, *DAMAGE) as error:
        raise AblateError(f"{source} is damaged or not an archive. Get the pack again.") from error
    return found


class _ShortNames(tarfile.TarInfo):
    """An entry of an archive whose long names and attributes are no larger than a name can be."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        headers = (
            tarfile.GNUTYPE_LONGNAME,
            tarfile.GNUTYPE_LONGLINK,
            tarfile.XHDTYPE,
            tarfile.XGLTYPE,
            tarfile.SOLARIS_XHDTYPE,
        )
        if self.type == tarfile.GNUTYPE_SPARSE or (self.type in headers and self.size > LONGEST_NAME):
            raise tarfile.ReadError("a sparse file, or a name that is too long")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]


def _member(source: Path, member: tarfile.TarInfo) -> str | None:
    """The name of a file within its pack; None for a folder."""
    _, _, name = member.name.partition("/")  # the one folder that all is in
    if member.isdir():
        return None
    shown = member.name[:200].encode("unicode_escape").decode()
    if not member.isreg() or (name != PACK and not allowed(name)):
        raise AblateError(f"{source}: {shown} does not belong in a packed sweep. Nothing was unpacked.")
    return name


@contextmanager
def _decompressed(source: Path, file: IO[bytes]) -> Iterator[IO[bytes]]:
    if source.name.endswith(".zst"):
        with zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(file) as stream:
            yield stream
    else:
        with gzip.open(file) as stream:
            yield stream  # type: ignore[misc]
