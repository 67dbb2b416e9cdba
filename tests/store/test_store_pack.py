"""Sweeps as one folder or archive: packed, read in place, and unpacked, on what an earlier version wrote."""

import gzip
import io
import json
import re
import shutil
import tarfile
from pathlib import Path

import pandas as pd
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablate.commands import report, runs, status
from ablate.designs import phrases
from ablate.errors import AblateError
from ablate.results import load
from ablate.results.search import load as load_search
from ablate.store import pack_manifest, unpack

ARCHIVE = Path(__file__).parents[1] / "compat" / "written_by_0.1.0.tar.xz"
FACTORIAL, RETUNED, SEARCH = "factorial-a9f7e5d3", "one_factor-00635ac5", "search-d5a798ac"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with `runs` and `multirun`, and packs of three sweeps in `packs`."""
    folder = tmp_path_factory.mktemp("packs")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in (FACTORIAL, RETUNED, SEARCH):
            assert runs.run(["pack", f"multirun/{name}", "--out", f"packs/{name}"]) == 0
        assert runs.run(["pack", f"multirun/{FACTORIAL}", "--out", "packs/one.tar.gz"]) == 0
        assert runs.run(["pack", f"multirun/{FACTORIAL}", "--out", "packs/one.tar.zst"]) == 0
    return folder


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty current folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def _frames(source: Path) -> list[pd.DataFrame]:
    if SEARCH in str(source):
        search = load_search(source)
        assert search.confirmation is not None
        return [
            search.trials,
            search.curves,
            search.confirmation.comparisons,
            search.trainings.drop(columns="trajectory", errors="ignore"),
        ]
    found = load(source)
    return [frame.drop(columns="trajectory", errors="ignore") for frame in (found.runs, found.evaluations, found.trainings)]


@pytest.mark.parametrize("name", [FACTORIAL, RETUNED, SEARCH])
def test_a_pack_is_read_in_place_as_the_sweep_that_it_was_made_of(place, elsewhere, name, monkeypatch, capsys):
    shutil.copytree(place / "packs" / name, elsewhere / name)
    packed = _frames(elsewhere / name)
    assert status.run([name]) in (0, 1)  # 1 where a seed diverged
    assert "not found" not in capsys.readouterr().out
    monkeypatch.chdir(place)
    for here, there in zip(packed, _frames(Path("multirun", name)), strict=True):
        pd.testing.assert_frame_equal(here, there)


def test_a_pack_has_no_checkpoint_and_only_the_predictions_that_runs_are_read_off(place):
    names = {path.relative_to(place / "packs" / FACTORIAL).as_posix() for path in (place / "packs" / FACTORIAL).rglob("*")}
    assert not [name for name in names if "checkpoints" in name or "tensorboard" in name]
    assert {Path(name).name for name in names if "/predictions/" in name} == {"60.npz"}
    assert len([name for name in names if name.endswith("metrics.jsonl")]) == 6


def test_an_archive_holds_the_same_bytes_whenever_it_is_packed(place, elsewhere, monkeypatch):
    monkeypatch.chdir(place)
    assert runs.run(["pack", f"multirun/{FACTORIAL}", "--out", str(elsewhere / "one.tar.gz")]) == 0
    assert (elsewhere / "one.tar.gz").read_bytes() == (place / "packs" / "one.tar.gz").read_bytes()


@pytest.mark.parametrize("source", ["one.tar.gz", "one.tar.zst", FACTORIAL])
def test_unpacking_gives_the_sweep_and_its_trainings_and_again_adds_nothing(place, elsewhere, source, capsys, monkeypatch):
    assert runs.run(["unpack", str(place / "packs" / source), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["added"]) == 6
    assert told["there"] == []
    assert runs.run(["verify"]) == 0
    capsys.readouterr()
    assert runs.run(["unpack", str(place / "packs" / source)]) == 0
    assert "0 trainings added to runs, 6 there already" in capsys.readouterr().out
    assert runs.run(["gc", "--yes"]) == 0
    unpacked = _frames(Path(told["sweep"]))
    monkeypatch.chdir(place)
    for here, there in zip(unpacked, _frames(Path("multirun", FACTORIAL)), strict=True):
        pd.testing.assert_frame_equal(here, there)


def test_a_report_of_a_pack_lies_in_the_pack(place, elsewhere, capsys):
    shutil.copytree(place / "packs" / FACTORIAL, elsewhere / "mine")
    assert report.run(["mine", "--format", "csv"]) == 0
    then = pd.read_csv(place / "expected" / FACTORIAL / "effects.csv").drop(
        columns=["seeds_from", "seeds_to"]
    )  # one number now
    for column in ("name", "against_label"):  # arms are named by what they change now
        then[column] = [phrases.of_label(re.sub(r"^baseline \(.*\)$", "baseline", text)) for text in then[column]]
    then = then.replace({"unclear": "inconclusive", "points": "pp"})
    now = pd.read_csv(elsewhere / "mine" / "report" / "effects.csv")
    pd.testing.assert_frame_equal(now[then.columns], then)


@pytest.mark.parametrize("folder", ["my sweep", "lr=0.1,seed=0", ".hidden", "größe"])
def test_whatever_the_folder_is_called_its_pack_can_be_read(place, elsewhere, folder, monkeypatch, capsys):
    shutil.copytree(place / "multirun" / RETUNED, place / "multirun" / folder, dirs_exist_ok=True)
    monkeypatch.chdir(place)
    assert runs.run(["pack", f"multirun/{folder}", "--out", str(elsewhere / "one.tar.gz")]) == 0
    monkeypatch.chdir(elsewhere)
    shutil.rmtree(place / "multirun" / folder)
    assert runs.run(["unpack", "one.tar.gz", "--store", "other/store", "--to", "sweeps"]) == 0
    [sweep] = Path("sweeps").iterdir()
    found = load(sweep)
    assert found.runs["trajectory"].str.startswith("other/store/").all()
    assert not [note for note in found.notes if "No trajectory" in note]
    assert runs.run(["unpack", "one.tar.gz", "--store", "other/store", "--to", "sweeps"]) == 0


def test_nothing_is_unpacked_through_a_link(place, elsewhere):
    (elsewhere / "away").mkdir()
    sweep = elsewhere / "multirun" / FACTORIAL
    sweep.mkdir(parents=True)
    (sweep / "0").symlink_to(elsewhere / "away")
    with pytest.raises(AblateError, match="it is a link"):
        runs.run(["unpack", str(place / "packs" / "one.tar.gz")])
    assert not list((elsewhere / "away").iterdir())
    assert not Path("runs").exists()


def test_millions_of_folders_in_an_archive_are_refused(elsewhere, monkeypatch):
    monkeypatch.setattr(pack_manifest, "MOST_FILES", 100)
    members = [(_member(f"x/{number}", tarfile.DIRTYPE), b"") for number in range(200)]
    (elsewhere / "x.tar.gz").write_bytes(_archive(*members))
    with pytest.raises(AblateError, match="more than 100 files"):
        unpack.unpack(Path("x.tar.gz"), Path("runs"), Path("multirun"))


@pytest.mark.parametrize("name", [FACTORIAL, SEARCH])
def test_a_record_is_drawn_again_by_the_name_of_its_folder(place, elsewhere, name, capsys):
    shutil.copytree(place / "packs" / name, elsewhere / "experiments" / "mine" / "pack")
    assert report.run(["experiments/mine", "--format", "md"]) == 0
    assert "experiments/mine/pack/report" in capsys.readouterr().out
    assert status.run(["experiments/mine"]) in (0, 1)


@pytest.mark.parametrize("name", [FACTORIAL, SEARCH])
def test_a_report_names_what_was_changed_in_a_pack(place, elsewhere, name):
    shutil.copytree(place / "packs" / name, elsewhere / name)
    read = load_search if name == SEARCH else load
    assert not [note for note in read(name).notes if "packed" in note]
    config = sorted(elsewhere.glob(f"{name}/runs/*/env.json"))[0]
    config.write_text(config.read_text().replace("Intel", "Other"))
    [note] = [note for note in read(name).notes if "packed" in note]
    assert str(config) in note


def test_nothing_is_packed_over(place, elsewhere, monkeypatch):
    monkeypatch.chdir(place)
    (elsewhere / "mine.tar.gz").write_text("my notes")
    with pytest.raises(AblateError, match="is not overwritten"):
        runs.run(["pack", f"multirun/{FACTORIAL}", "--out", str(elsewhere / "mine.tar.gz")])
    assert (elsewhere / "mine.tar.gz").read_text() == "my notes"


def test_nothing_is_unpacked_over_another_training_or_sweep(place, elsewhere):
    source = place / "packs" / "one.tar.gz"
    unpack.unpack(source, Path("runs"), Path("multirun"))
    rows = sorted(Path("runs").glob("*/metrics.jsonl"))[0]
    lines = rows.read_bytes().splitlines(keepends=True)
    rows.write_bytes(b"".join(lines[:-1]))
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(AblateError, match=rf"{rows.parent} already holds a different or shorter training"):
        unpack.unpack(source, Path("runs"), Path("multirun"))
    sweep = Path("others") / FACTORIAL
    sweep.mkdir(parents=True)
    (sweep / "sweep.json").write_text("{}")
    with pytest.raises(AblateError, match=f"{sweep} exists and is not the sweep"):
        unpack.unpack(source, Path("other"), Path("others"))
    assert {path: path.read_bytes() for path in before} == before
    assert (sweep / "sweep.json").read_text() == "{}"
    assert not Path("other").exists()


def _archive(*members: tuple[tarfile.TarInfo, bytes], kind: str = "gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member, content in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content))
    data = buffer.getvalue()
    return gzip.compress(data) if kind == "gz" else zstandard.compress(data)


def _member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


HOSTILE = {
    "a link": _member("x/runs/0123456789abcdef", tarfile.SYMTYPE, "/etc"),
    "a hard link": _member("x/sweep.json", tarfile.LNKTYPE, "/etc/passwd"),
    "a pipe": _member("x/sweep.json", tarfile.FIFOTYPE),
    "a device": _member("x/sweep.json", tarfile.CHRTYPE),
    "a name that leads out": _member("x/../../sweep.json"),
    "an absolute name": _member("/etc/sweep.json"),
    "a module": _member("x/yaml.py"),
    "a training that leads out": _member("x/runs/../../../home/config.yaml"),
    "a checkpoint": _member("x/runs/0123456789abcdef/checkpoints/1.npz"),
    "a name with an escape": _member("x/\x1b[31m.json"),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_an_archive_with_anything_else_in_it_is_refused_in_one_line(elsewhere, what, kind):
    source = elsewhere / f"x.tar.{kind}"
    source.write_bytes(_archive((HOSTILE[what], b"{}"), kind=kind))
    with pytest.raises(AblateError) as error:
        unpack.unpack(source, Path("runs"), Path("multirun"))
    assert str(source) in str(error.value)
    assert str(error.value).isprintable()
    assert [path.name for path in elsewhere.iterdir()] == [source.name]


def test_an_archive_that_says_it_holds_100_gb_is_refused_before_that_is_read(elsewhere):
    member = _member("x/runs/0123456789abcdef/metrics.jsonl")
    member.size = 100 * 2**30
    header = member.tobuf(tarfile.GNU_FORMAT)
    (elsewhere / "x.tar.gz").write_bytes(gzip.compress(header + bytes(2**20)))
    with pytest.raises(AblateError, match="no packed sweep has"):
        unpack.unpack(Path("x.tar.gz"), Path("runs"), Path("multirun"))


def test_a_name_of_gigabytes_is_refused_before_it_is_read(elsewhere):
    member = _member("x/long", tarfile.GNUTYPE_LONGNAME)
    member.size = 100 * 2**30
    (elsewhere / "x.tar.gz").write_bytes(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(2**20)))
    with pytest.raises(AblateError, match="damaged or not an archive"):
        unpack.unpack(Path("x.tar.gz"), Path("runs"), Path("multirun"))


def test_a_link_in_a_packed_folder_is_refused(place, elsewhere):
    shutil.copytree(place / "packs" / FACTORIAL, elsewhere / "mine")
    rows = next(elsewhere.glob("mine/runs/*/metrics.jsonl"))
    rows.rename(elsewhere / "rows")
    rows.symlink_to(elsewhere / "rows")
    with pytest.raises(AblateError, match=r"metrics\.jsonl is a link"):
        unpack.unpack(Path("mine"), Path("runs"), Path("multirun"))
    assert not Path("runs").exists()


@given(place_in=st.floats(0, 1, exclude_max=True), flipped=st.integers(1, 255), kind=st.sampled_from(["gz", "zst"]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_of_an_archive_goes_unnoticed(place, tmp_path, place_in, flipped, kind):
    """It is refused, or the byte says nothing, as the name of an operating system does, and all files are as they were."""
    content = bytearray((place / "packs" / f"one.tar.{kind}").read_bytes())
    content[int(place_in * len(content))] ^= flipped
    source = tmp_path / f"x.tar.{kind}"
    source.write_bytes(bytes(content))
    files, refused = {}, ""
    try:
        _, files = unpack.read(source)
    except AblateError as error:
        refused = str(error)
    assert str(source) in refused or files == unpack.read(place / "packs" / f"one.tar.{kind}")[1]


@pytest.mark.parametrize("given", ["nothing-there", "runs.tar.gz", "notes.txt", "empty"])
def test_what_is_no_pack_is_named(elsewhere, given):
    (elsewhere / "empty").mkdir()
    (elsewhere / "notes.txt").write_text("my notes")
    (elsewhere / "runs.tar.gz").write_text("no archive")
    with pytest.raises(AblateError, match=given):
        runs.run(["unpack", given])
