"""Sweeps that were changed by hand or by a stranger: links in place of files, values without a checksum, stores elsewhere."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.commands import report
from ablate.errors import AblateError
from ablate.planning.folders import find_store, sweep_folder
from ablate.report import output
from ablate.results import load
from ablate.store import read_json
from ablate.store.checksums import CHECK
from ablate.store.sweep import Sweep


@pytest.fixture
def sweep(kept_sweep, tmp_path, monkeypatch) -> Path:
    """A sweep of one's own to change, in a folder as a user has it."""
    shutil.copytree(kept_sweep.parents[1], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "multirun" / kept_sweep.name


def rewrite(sweep, change) -> None:
    """Change sweep.json as a version without checksums would have written it."""
    content = read_json(sweep / "sweep.json")
    content.pop(CHECK, None)
    change(content)
    (sweep / "sweep.json").write_text(json.dumps(content))


def _other_seed(content):
    content["seeds"] = [0, 2]
    for run in content["runs"]:
        run["seed"] = {0: 0, 1: 2}[run["seed"]]
        run["overrides"] = [f"seed={run['seed']}" if word.startswith("seed=") else word for word in run["overrides"]]


def _swapped(content):
    first, second = content["runs"][0], content["runs"][2]
    first["fingerprint"], second["fingerprint"] = second["fingerprint"], first["fingerprint"]


def _other_levels(content):
    for arm in content["arms"]:
        arm["levels"]["ema"] = {"on": "off", "off": "on"}[arm["levels"]["ema"]]
    content["baseline"] = content["arms"][0]["levels"]
    content["factors"]["ema"] = ["off", "on"]


def _steps(content):
    content["fixed"]["step"] = [20] * 4
    for run in content["runs"]:
        run["readout"]["step"] = 20


CHANGED = {
    "runs[4].seed is 2, and its training has 1": _other_seed,
    "runs[0] and runs[4] are of one arm, and train differently": _swapped,
    "runs[0] has ema=off, and its command ema=on": _other_levels,
    "runs[0] has steps=20, and its command steps=30": _steps,
    "runs[0].eval_every is 5, and its training has 10": lambda content: [run.update(eval_every=5) for run in content["runs"]],
    "arms[1].label is 'augment: on → off', and its levels say 'ema: on → off'": lambda content: content["arms"][1].update(
        label="augment: on → off"
    ),
    "fixed.differences are not those of design=factorial": lambda content: content["fixed"].update(differences=[[1, 0]]),
    "arms are not those of design=one_factor": lambda content: content.update(design="one_factor"),
    "design shapes is none that this version knows": lambda content: content.update(design="shapes"),
    "fixed.evaluation_set is validation, and the trainings were read on test": lambda content: content["fixed"].update(
        evaluation_set="validation"
    ),
}


def test_what_has_no_checksum_is_said_and_held_against_what_else_tells_it(sweep):
    before = load(sweep)
    assert before.notes == ()
    original = (sweep / "sweep.json").read_bytes()
    rewrite(sweep, lambda content: None)
    [note] = load(sweep).notes
    assert "has no checksum, as earlier versions wrote it" in note
    for wanted, change in CHANGED.items():
        (sweep / "sweep.json").write_bytes(original)
        rewrite(sweep, change)
        notes = load(sweep).notes
        assert any(wanted in note for note in notes), (wanted, notes)


def test_a_sweep_file_that_does_not_fit_its_checksum_is_refused(sweep):
    text = (sweep / "sweep.json").read_text()
    (sweep / "sweep.json").write_text(text.replace('"margin": 0.5', '"margin": 5.0'))
    with pytest.raises(AblateError, match=r"sweep\.json: its checksum does not match"):
        load(sweep)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content["runs"][3].update(seed="abc"), r"runs\[3\]\.seed must be an integer .*, got 'abc'\."),
        (lambda content: content["runs"][3].update(fingerprint="../.."), r"runs\[3\]\.fingerprint must be a fingerprint of 16"),
        (lambda content: content["runs"][0].update(number=1), r"runs\[1\]\.number must be above 1, the number of"),
        (lambda content: content["runs"][0]["readout"].update(step=10**30), r"runs\[0\]\.readout\.step must be an integer"),
        (lambda content: content["runs"].pop(), r"runs must be 8 runs, one for each arm and seed"),
        (lambda content: content["arms"][1]["levels"].update(ema="up"), r"arms\[1\]\.levels\.ema must be one of on, off, got"),
        (lambda content: content["arms"][2].update(levels=content["arms"][0]["levels"]), r"arms\[2\]\.levels are those of arm"),
        (lambda content: content["arms"][1].update(label="x" * 20_000), r"arms\[1\]\.label must have at most 10,000 letters"),
        (lambda content: content["fixed"].update(margin=float("nan")), r"fixed\.margin must be a number above 0, got nan"),
        (lambda content: content["fixed"].update(margin=True), r"fixed\.margin must be a number above 0, got true"),
        (lambda content: content["fixed"].update(metric="speed"), r"fixed\.metric must be one of accuracy, loss, got 'speed'"),
        (lambda content: content["fixed"].update(effects=[["augment"]]), r"fixed\.differences must be an empty list beside"),
        (lambda content: content["factors"].update(number=["1"]), r"factors\.number has a name that no factor can have"),
        (lambda content: content.update(store="\0"), r"store must be a path"),
        (lambda content: content.update(design="store"), r"design must be the name of a design, got 'store'"),
        (lambda content: content.pop("fixed"), r"fixed is missing"),
        (lambda content: content.update(retune=None, seeds=[]), r"seeds must be a list of at least 1, got a list of 0"),
    ],
)  # fmt: skip
def test_a_value_that_a_sweep_cannot_have_is_refused_with_its_key(sweep, change, message):
    rewrite(sweep, change)
    with pytest.raises(AblateError, match=rf"^{sweep}/sweep\.json: ({message})"):
        load(sweep)


@pytest.mark.parametrize("name", ["sweep.json", "0", "0/result.json"])
def test_a_link_in_a_sweep_is_not_followed(sweep, tmp_path, name):
    place, other = sweep / name, tmp_path / "other"
    place.rename(other)
    place.symlink_to(other)
    if name == "sweep.json":
        with pytest.raises(AblateError, match=r"Cannot read .*sweep\.json: it is a link, which is not followed\."):
            sweep_folder(sweep)
        return
    [note] = load(sweep).notes
    assert "a link, which is not followed" in note


def test_what_is_no_file_in_the_place_of_one_is_told_at_once(sweep):
    (sweep / "0" / "result.json").unlink()
    os.mkfifo(sweep / "0" / "result.json")
    [note] = load(sweep).notes
    assert f"Cannot read {sweep / '0' / 'result.json'}: it is a pipe" in note
    (sweep / "sweep.json").unlink()
    os.mkfifo(sweep / "sweep.json")
    with pytest.raises(AblateError, match=r"Cannot read .*sweep\.json: it is a pipe"):
        report.run([str(sweep)])


def test_nothing_is_written_through_a_link_in_a_sweep(sweep, tmp_path, capsys):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("mine")
    (sweep / "report").symlink_to(site)
    with pytest.raises(AblateError, match=rf"Cannot write .*: {sweep / 'report'} is in the way \(it is a link"):
        report.run([str(sweep), "--format", "csv"])
    (sweep / "report").unlink()
    (sweep / "report").mkdir()
    (sweep / "report" / "figures").symlink_to(site)
    with pytest.raises(AblateError, match=rf"{sweep / 'report' / 'figures'} is in the way"):
        output.write(sweep / "report" / "figures" / "index.html", b"<html>")
    assert [path.name for path in site.iterdir()] == ["index.html"]
    assert (site / "index.html").read_text() == "mine"
    (tmp_path / "out").symlink_to(site)  # of the user's own
    assert output.write(tmp_path / "out" / "runs.csv", b"number").read_bytes() == b"number"


def test_a_store_is_named_as_one_beside_a_sweep(sweep):
    with pytest.raises(AblateError, match=r"^runs is a store, which must be reported by itself, got 2 names\."):
        report.run([str(sweep), "runs"])


@pytest.mark.parametrize("store", ["${oc.decode:runs}", "${oc.env:ABLATE_TEST}${oc.create:x}", "${a}", "/dev/zero", "x" * 4000])
def test_a_store_that_a_stranger_named_is_looked_for_and_nothing_more(sweep, monkeypatch, store):
    monkeypatch.setenv("ABLATE_TEST", "runs")
    named = Sweep.from_json(read_json(sweep / "sweep.json") | {"store": store})
    assert find_store(named, sweep) is None
    assert find_store(replace(named, store="${oc.env:ABLATE_TEST}"), sweep) == Path("runs")


def test_a_training_that_cannot_be_read_leaves_the_report_of_the_others(sweeps, tmp_path):
    sweep = sweeps.trained(sweeps.planned("steps=30", "eval_every=10", "ema=on,off", "seed=0,1"), 10, 20, 30)
    before = load(sweep)
    values = before.runs[["status", "accuracy", "loss"]]
    training = Path(before.runs["trajectory"][0])
    lost = before.runs["fingerprint"] == training.name
    for name in ("status.json", "config.yaml", "metrics.jsonl"):
        path = training / name
        path.rename(tmp_path / name)
        for kind, put in (("a link", lambda path: path.symlink_to(tmp_path / path.name)), ("a pipe", os.mkfifo)):
            put(path)
            found = load(sweep)
            assert found.runs[["status", "accuracy", "loss"]].equals(values)
            assert found.runs["trajectory"].isna().equals(lost)
            start = "1 training cannot be read, so curves are left out, and values are those of result.json: Cannot read "
            [note] = found.notes
            assert note.startswith(f"{start}{path}: it is {kind}")
            path.unlink()
        (tmp_path / name).rename(path)
    (training / "status.json").unlink()
    (training / "status.json").mkdir()
    for number in before.runs.loc[lost, "number"]:
        (sweep / str(number) / "result.json").unlink()
    assert load(sweep).runs["status"].eq("missing").equals(lost)
