"""RUN: every way to name one, and one clear line for what names none."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ablate import data
from ablate.deploy import find
from ablate.deploy.model_files import KERAS, SAVED_MODEL, ModelFile, size_of
from ablate.deploy.trained import Trained
from ablate.errors import AblateError
from ablate.store import Trajectory, sign_of_life, sweep_file


def fingerprint(arm: int = 1, seed: int = 0) -> str:
    [folder] = Path("multirun").iterdir()
    file = sweep_file.read(folder)
    assert file is not None
    return next(run.fingerprint for run in file.sweep.runs if (run.arm, run.seed) == (arm, seed))


def trained(word: str, *overrides: str) -> Trained:
    found = find.find(word, overrides)
    assert isinstance(found, Trained)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "word",
    [
        "tour/augment=off/0",
        "augment=off/0",
        "tour/no augmentation/0",
        "{folder}/augment=off/0",
        "{folder}/1",
        "tour/augment=off/00",
    ],
)
def test_a_run_is_named_by_arm_and_seed_or_its_folder(here, word):
    [folder] = Path("multirun").iterdir()
    found = trained(word.format(folder=folder))
    assert (found.trajectory.fingerprint, found.weights, found.step) == (fingerprint(), "ema", 20)
    assert (found.arm, found.seed, found.label) == ("no augmentation", 0, "no augmentation, seed 0 of tour")
    assert found.content["input"]["size"] == [32, 32, 3]


@pytest.mark.slow
def test_a_training_is_named_by_its_fingerprint(here):
    whole = fingerprint()
    for word in (whole, whole[:6], whole[:6].upper(), f"runs/{whole}", f"runs/{whole}/"):
        found = trained(word)
        assert (found.trajectory.fingerprint, found.weights, found.step) == (whole, "ema", None)
        assert found.checkpoint().stem == "20"
        assert found.split == "test"
        assert found.data["validation"] == 100


@pytest.mark.slow
def test_the_splits_of_a_training_are_its_own(here):
    found = trained("tour/baseline/1")
    assert [len(found.images(split).labels) for split in ("train", "validation", "test", None)] == [1337, 100, 360, 360]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("", "RUN has no value"),
        ("tuor/augment=off/0", "No sweep 'tuor'. Did you mean 'tour'"),
        ("tour/", "'tour/' is a sweep. Name one of its runs by arm and seed, as in tour/baseline/0."),
        ("x" * 300, "the name is too long, or its folder cannot be read."),
        (f"tour/{'x' * 300}/0", "Choose from baseline, augment=off."),
        (f"tour/{'x' * 300}/y", "No run 'tour/xxx"),
        ("tour", "'tour' is a sweep. Name one of its runs by arm and seed, as in tour/baseline/0."),
        ("tour/augment=of/0", "Choose from baseline, augment=off. Did you mean 'augment=off'?"),
        ("tour/augment=off/7", "no augmentation in multirun/{name} has no seed 7. Choose from 0, 1."),
        ("tour/augment=off", "names an arm but no seed. Add one: tour/augment=off/0."),
        ("multirun", "multirun is not a run: it has no result.json."),
        ("ffffffffffff", "No run 'ffffffffffff'. Name a run's folder, SWEEP/ARM/SEED"),
        ("modle.keras", "There is no model file 'modle.keras'. Did you mean 'model.keras'?"),
        ("notes.txt", "notes.txt is not a model file. Its name must end with .keras, .pb, .tflite, .onnx."),
        ("empty", "empty is not a run: it has no result.json."),
        ("half", "half/export.json does not name a model."),
        ("gone", "gone has no 'model.keras', the model that its export.json names."),
    ],
)
def test_what_names_no_run_gets_one_line(here, word, message):
    Path("model.keras").touch()
    Path("notes.txt").write_text("no model")
    for name, content in (("empty", None), ("half", "{}"), ("gone", '{"file": "model.keras", "format": "keras"}')):
        Path(name).mkdir(exist_ok=True)
        if content is not None:
            Path(name, "export.json").write_text(content)
    [folder] = Path("multirun").iterdir()
    with pytest.raises(AblateError) as error:
        find.find(word)
    assert message.format(name=folder.name) in str(error.value)
    assert "\n" not in str(error.value)


def test_model_files_are_known_by_their_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model.KERAS").touch()
    Path("saved").mkdir()
    Path("saved", "saved_model.pb").touch()
    for word, kind, path in (("model.KERAS", KERAS, "model.KERAS"), ("saved", SAVED_MODEL, "saved")):
        found = find.find(word, ["data=digits"])
        assert isinstance(found, ModelFile)
        assert (found.kind, found.path, found.image_shape, found.split) == (kind, Path(path), (32, 32, 3), "test")
    with pytest.raises(AblateError, match="saved does not say what its images are"):
        _ = find.find("saved").data  # type: ignore[union-attr]


def exported(folder: Path, **about: Any) -> ModelFile:
    """What stands for an exported folder: its training had the digits with 100 of them held out."""
    folder.mkdir()
    (folder / "model.keras").write_bytes(b"weights")
    trained_on = {"name": "digits", "validation": 100, "eval_on": "validation"}
    content = {"file": "model.keras", "format": "keras", "data": trained_on | {"digest": data.digest(trained_on)}}
    content |= size_of(folder / "model.keras") | {"classes": list("0123456789")} | about
    (folder / "export.json").write_text(json.dumps(content))
    found = find.find(str(folder))
    assert isinstance(found, ModelFile)
    return found


@pytest.mark.slow
def test_an_exported_folder_has_the_images_and_classes_of_its_training(tmp_path, capsys):
    one = exported(tmp_path / "one")
    assert (one.split, len(one.dataset().evaluation.labels), len(one.dataset("test").evaluation.labels)) == (
        "validation",
        100,
        360,
    )
    given = replace(one, data_words=("data=digits",))
    assert (given.split, capsys.readouterr().err) == ("validation", "")
    fewer = replace(one, data_words=("data=digits", "data.validation=50"))
    assert fewer.split == "test"
    assert "data=digits data.validation=50 does not have the images that" in capsys.readouterr().err
    other = exported(tmp_path / "other", data={"name": "digits", "digest": "0" * 64})
    with pytest.raises(AblateError, match=r"data=digits does not have the images that .* Give its data set: data=NAME\."):
        other.dataset()
    with pytest.raises(AblateError, match=r"has the classes '0, 1, 2, 3, 4, 5, 6, 7, 8, 9', but .* has 'cat, dog'"):
        exported(tmp_path / "cats", classes=["cat", "dog"]).dataset()


def test_an_exported_file_that_has_changed_since_is_refused(tmp_path):
    exported(tmp_path / "one")
    (tmp_path / "one" / "model.keras").write_bytes(b"others")
    with pytest.raises(AblateError, match=r"model\.keras has changed since it was exported"):
        find.find(str(tmp_path / "one"))
    found = find.find(str(tmp_path / "one" / "model.keras"))
    assert isinstance(found, ModelFile)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data=digts"], "Did you mean 'digits'?"),
        (["lr=0.1"], "'lr=0.1' has no effect here: only the data set can be given, as in data=digits."),
        (["data.validation=1", "data=digits", "data=digits"], "data is given twice"),
    ],
)
def test_a_data_set_that_is_none_gets_one_line(here, overrides, message):
    with pytest.raises(AblateError) as error:
        _ = trained("tour/baseline/0", *overrides).data
    assert message in str(error.value)


@pytest.mark.slow
def test_a_run_that_waits_in_a_sweep_that_trains_has_not_started_yet(here, tmp_path):
    found, other = trained("tour/augment=off/1"), trained("tour/baseline/0").trajectory
    waiting = replace(found, trajectory=Trajectory(tmp_path, found.trajectory.fingerprint))
    with pytest.raises(AblateError, match=r"is missing\. Rerun its command\."):
        waiting.refuse_others()
    Trajectory(tmp_path, other.fingerprint).set_live({"step": 3, **sign_of_life()})
    with pytest.raises(AblateError, match=r"seed 1 of tour has not started yet: its sweep is still training\."):
        waiting.refuse_others()


@pytest.mark.slow
def test_a_checkpoint_that_is_not_there_names_those_that_are(here):
    found = trained("tour/baseline/0")
    assert found.steps() == [10, 20]
    with pytest.raises(AblateError) as error:
        found.checkpoint(12)
    said = "baseline, seed 0 of tour has no checkpoint at step 12. Choose from 10, 20, as in --step 10."
    assert str(error.value) == said
