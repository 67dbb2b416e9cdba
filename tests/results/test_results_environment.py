import pytest

from ablate import results


@pytest.fixture
def made(sweeps):
    return sweeps.planned("steps=30", "eval_every=10", "augment=on,off", "ema=on,off")


@pytest.fixture
def sweep(sweeps, made):
    return sweeps.trained(made, 10, 20, 30)


def goes_on(trajectory, **other):
    """Add a segment like the one before it but for what is given."""
    trajectory.add_segment(trajectory.segments()[-1] | other)


def test_a_row_a_training_with_where_and_with_what_it_was_done(sweep, made):
    trainings = results.load(sweep).trainings
    assert " ".join(trainings.columns) == (
        "fingerprint status step seconds runs segments begun "
        "threads device host processor python tensorflow keras ablate packages commit dirty"
    )
    assert trainings["fingerprint"].tolist() == [made.runs[0].trajectory.fingerprint, made.runs[2].trajectory.fingerprint]
    assert trainings["runs"].tolist() == [2, 2]
    first = trainings.drop(columns=["begun", "packages"]).iloc[0].to_dict()
    assert first == {
        "fingerprint": made.runs[0].trajectory.fingerprint,
        "status": "done",
        "step": 30,
        "seconds": 15.0,
        "runs": 2,
        "segments": 1,
        "threads": 1,
        "device": "Some CPU",
        "host": "here",
        "processor": "Some CPU",
        "python": "3.11.7",
        "tensorflow": "2.21.0",
        "keras": "3.15.1",
        "ablate": "0.1.0",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "dirty": False,
    }
    assert trainings["packages"].isna().all()
    assert {str(trainings[name].dtype) for name in ("step", "segments", "threads")} == {"Int64"}
    assert str(trainings["dirty"].dtype) == "boolean"
    assert results.load(sweep).notes == ()


def test_a_training_was_done_where_the_step_that_is_read_was(sweep, made):
    trajectory = made.runs[0].trajectory
    goes_on(trajectory, from_step=20, to_step=30, host="there")
    goes_on(trajectory, from_step=0, to_step=15, host="yonder")  # a shorter run off the grid, trained anew
    assert results.load(sweep).trainings["host"].tolist() == ["there", "here"]


def test_what_is_not_there_or_not_known_is_missing(sweep, made):
    gone, unknown = made.runs[0].trajectory, made.runs[2].trajectory
    gone.path.rename(gone.path.with_name("gone"))
    (unknown.path / "env.json").unlink()
    trainings = results.load(sweep).trainings
    assert trainings["status"].tolist() == ["missing", "done"]
    assert trainings["step"].isna().tolist() == [True, False]
    assert trainings.loc[:, "segments":].isna().all(axis=None)


def test_a_training_that_was_stopped_says_so_and_one_that_lost_its_status_too(sweep, made):
    made.runs[0].trajectory.set_status("running", 20)
    (made.runs[2].trajectory.path / "status.json").write_text("{")
    trainings = results.load(sweep).trainings
    assert trainings["status"].tolist() == ["stopped", "damaged"]
    assert trainings["step"].tolist() == [20, 30]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"threads": 2}, "different numbers of threads (1, 2), so the last bits"),
        ({"device": "Some GPU"}, "different devices (Some CPU, Some GPU), so the last bits"),
        ({"host": "there"}, "different hosts (here, there), so their seconds"),
        ({"commit": "f" * 40}, "different commits (0123456789, ffffffffff), so their code may differ"),
        ({"versions": {"ablate-tf": "0.1.0", "tensorflow": "2.20.0", "keras": "3.15.1"}}, "TensorFlow (2.20.0, 2.21.0)"),
        ({"versions": {"ablate-tf": "0.1.0", "tensorflow": "2.21.0", "keras": "3.14.0"}}, "Keras (3.14.0, 3.15.1)"),
        (
            {"versions": {"ablate-tf": "0.2.0", "tensorflow": "2.21.0", "keras": "3.15.1"}},
            "ablate (0.1.0, 0.2.0), so their code",
        ),
        ({"python": "3.13.1"}, "different versions of Python (3.11.7, 3.13.1), so the last bits"),
        ({"dirty": True}, "1 of 2 trainings used uncommitted changes"),
    ],
)
def test_what_trainings_do_not_share_is_said_once(sweep, made, other, told):
    goes_on(made.runs[2].trajectory, **other)
    [note] = results.load(sweep).notes
    assert told in note


def test_versions_of_what_own_code_imports_are_told_and_their_mixture_is_said(sweep, made):
    for run, numpy in ((0, "2.3.1"), (2, "2.4.0")):
        goes_on(made.runs[run].trajectory, versions={"ablate-tf": "0.1.0", "torch": "2.9.0", "numpy": numpy})
    loaded = results.load(sweep)
    assert loaded.trainings["packages"].tolist() == ["numpy 2.3.1, torch 2.9.0", "numpy 2.4.0, torch 2.9.0"]
    assert (
        "Trainings used different versions of numpy (2.3.1, 2.4.0), so the last bits of their numbers may differ"
        in loaded.notes
    )


def test_a_processor_is_said_as_the_device_where_it_is_that(sweep, made):
    goes_on(made.runs[2].trajectory, device="Other CPU", processor="Other CPU")
    [note] = results.load(sweep).notes
    assert "different devices (Other CPU, Some CPU)" in note
    goes_on(made.runs[2].trajectory, device="Some GPU")
    assert [("devices" in note, "processors" in note) for note in results.load(sweep).notes] == [(True, False), (False, True)]


def test_the_facts_are_those_of_the_newest_segment(sweep, made):
    goes_on(made.runs[2].trajectory, host="there", threads=2)
    trainings = results.load(sweep).trainings
    assert trainings["segments"].tolist() == [1, 2]
    assert trainings["host"].tolist() == ["here", "there"]
    assert trainings["threads"].tolist() == [1, 2]


def test_a_version_that_an_older_program_did_not_write_is_no_mixture(sweep, made):
    goes_on(made.runs[2].trajectory, versions=None, commit=None, dirty=None)
    loaded = results.load(sweep)
    assert loaded.notes == ()
    assert loaded.trainings["tensorflow"].isna().tolist() == [False, True]
    assert loaded.trainings["dirty"].isna().tolist() == [False, True]


def test_a_training_tells_when_it_was_begun_whatever_came_later(sweep, made):
    for number, hour in ((0, 4), (2, 5)):
        path = made.runs[number].trajectory.path / "env.json"
        path.unlink()
        for minute in (19, 40):
            made.runs[number].trajectory.add_segment({"time": f"2026-11-22T{hour:02}:{minute}:41+0100"})
    assert results.load(sweep).trainings["begun"].tolist() == [1795317581, 1795321181]


def test_seconds_count_up_to_what_the_sweep_reads(sweeps, made):
    sweep = sweeps.trained(made, 10, 20, 30, 1000)
    loaded = results.load(sweep)
    assert loaded.trainings["seconds"].tolist() == [15.0, 15.0]
    assert loaded.trainings["step"].tolist() == [1000, 1000]
    assert loaded.at(10).trainings["seconds"].tolist() == [15.0, 15.0], "trained all the same"
    assert loaded.at(1000).trainings["seconds"].tolist() == [500.0, 500.0]
