import shutil
from dataclasses import replace

import numpy as np
import pytest

from ablate import data, results
from ablate.commands import runs as runs_command
from ablate.planning import run_result
from ablate.store import Evaluated, keep_evaluated, read_evaluated
from ablate.store.labels import labels_file
from ablate.trainers.networks import TRAINER


@pytest.fixture
def made(sweeps):
    return sweeps.planned("steps=30", "eval_every=10", "augment=on,off", "ema=on,off")


@pytest.fixture
def sweep(sweeps, made):
    return sweeps.trained(made, 10, 20, 30)


@pytest.mark.slow
def test_a_training_keeps_the_true_classes_and_the_same_command_adds_missing_ones(program, monkeypatch):
    words = ("-m", "ema=on,off", "steps=4", "eval_every=2")
    program(*words)
    [sweep] = (program.folder / "multirun").iterdir()
    monkeypatch.chdir(program.folder)
    first = results.load(sweep)
    assert first.labels.tolist() == (np.arange(200) % 4)[:60].tolist()
    assert first.class_names == ["0", "1", "2", "3"]
    correct = [np.mean(first.predictions(number) == first.labels) for number in (0, 1)]
    assert correct == pytest.approx(first.runs["accuracy"].tolist())

    shutil.rmtree(program.folder / "runs" / ".labels")
    without = results.load(sweep)
    assert (without.labels, without.class_names) == (None, [])
    [note] = [note for note in without.notes if "true classes" in note]
    assert note == (
        "The true classes of the evaluation images are missing from runs/, so intervals for new images and per-class "
        "differences are left out; rerun the sweep's command to add them"
    )
    program(*words)
    assert results.load(sweep).labels.tolist() == first.labels.tolist()
    shutil.rmtree(program.folder / "runs" / ".labels")
    program("steps=4", "eval_every=2")  # so does a run by itself
    assert results.load(sweep).labels.tolist() == first.labels.tolist()


def keep(run, **changed):
    """Keep the classes of a run whose recipe is changed."""
    payload = run.asked.spec.payload.model_copy(update=changed)
    TRAINER.keep(replace(run.asked.spec, payload=payload), run.content, run.asked.store)


def test_a_report_reads_them_from_files_alone(sweep):
    loaded = results.load(sweep)
    assert loaded.labels.tolist() == [0, 1, 2, 0]
    assert loaded.class_names[:3] == ["zero", "one", "two"]
    assert loaded.notes == ()


def test_other_data_have_another_file(made):
    recipe = made.runs[0].asked.spec.payload
    for settings in ({}, {"validation": 100}, {"validation": 100, "eval_on": "validation"}):
        other = recipe.model_copy(update={"data": {**recipe.data, **settings}})
        asked = replace(made.runs[0].asked, spec=TRAINER.spec(other))
        TRAINER.keep(asked.spec, run_result.trajectory_of(asked)[1], asked.store)
    kept = [
        read_evaluated(made.runs[0].asked.store, path.stem)
        for path in sorted((made.runs[0].asked.store / ".labels").glob("*.npz"))
    ]
    assert sorted((each.evaluation_set, len(each.labels)) for each in kept) == [
        ("test", 360),
        ("test", 360),
        ("validation", 100),
    ]
    assert len({each.images for each in kept}) == 2, "the test images are the same, whatever is held out"
    assert {each.class_names for each in kept} == {tuple("0123456789")}
    whole = data.load(recipe.data)
    assert read_evaluated(made.runs[0].asked.store, whole.digest).labels.tolist() == whole.evaluation.labels.tolist()


def of_two_sets(sweeps, images: str):
    """A sweep whose second arm was trained on other data than the first."""
    made = sweeps.planned("steps=10", "eval_every=10", "data.validation=0,100")
    sweep = sweeps.trained(made, 10)
    digest = made.runs[1].content["data"]["digest"]
    assert digest != made.runs[0].content["data"]["digest"]
    kept = read_evaluated(sweeps.store, digest)
    keep_evaluated(sweeps.store, digest, Evaluated(kept.labels, kept.class_names, images, "test"))
    return results.load(sweep)


def test_trainings_on_other_data_share_the_classes_of_the_same_evaluation_images(sweeps):
    loaded = of_two_sets(sweeps, "of four images")
    assert loaded.labels.tolist() == [0, 1, 2, 0]


def test_trainings_evaluated_on_other_images_have_no_classes_together(sweeps):
    loaded = of_two_sets(sweeps, "of four others")
    assert loaded.labels is None
    assert loaded.notes[0].startswith("The runs were not all evaluated on the same images")


@pytest.fixture
def kept_file(sweeps, made):
    return labels_file(sweeps.store, made.runs[0].content["data"]["digest"])


@pytest.mark.parametrize("damage", ["", "PK", "flipped"])
def test_a_damaged_file_counts_as_missing_is_found_by_verify_and_written_anew(sweeps, sweep, made, kept_file, capsys, damage):
    whole = kept_file.read_bytes()
    kept_file.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:] if damage == "flipped" else damage.encode())
    assert results.load(sweep).labels is None
    assert runs_command.run(["verify", "--store", str(sweeps.store)]) == 1
    [line] = [line for line in capsys.readouterr().out.splitlines() if str(kept_file) in line]
    assert "rerun the command of a sweep on these data to write it again" in line
    keep(made.runs[0])
    assert len(results.load(sweep).labels) == 360
    assert runs_command.run(["verify", "--store", str(sweeps.store)]) == 0


def test_what_is_there_is_not_read_from_the_data_again(sweep, made, kept_file):
    before = kept_file.stat().st_mtime_ns
    keep(made.runs[0], data={"name": "gone"})
    assert kept_file.stat().st_mtime_ns == before


def test_data_that_are_not_here_are_said_and_nothing_fails(sweep, made, kept_file, capsys):
    kept_file.unlink()
    keep(made.runs[0], data={"name": "gone"})
    assert "Reports will leave out what needs the true classes" in capsys.readouterr().err
    assert not kept_file.exists()


def test_a_store_that_cannot_be_written_is_said_and_nothing_fails(sweeps, sweep, made, kept_file, capsys):
    shutil.rmtree(kept_file.parent)
    kept_file.parent.write_text("in the way")  # as a root user, too, may not write below a file
    keep(made.runs[0])
    assert "Reports will leave out what needs the true classes" in capsys.readouterr().err


def test_the_list_of_a_store_and_gc_leave_them_alone(sweeps, sweep, kept_file, capsys):
    assert runs_command.run(["--store", str(sweeps.store)]) == 0
    assert ".labels" not in capsys.readouterr().out
    assert runs_command.run(["gc", "--yes", "--store", str(sweeps.store)]) == 0
    assert kept_file.exists()
    assert list(kept_file.parent.iterdir()) == [kept_file]
