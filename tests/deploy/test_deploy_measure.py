"""`ablate measure`: what it says is of the networks that were named, each in a fresh process."""

import json
from pathlib import Path

import pytest

from ablate.deploy import find
from ablate.deploy.measured import measure
from ablate.deploy.subject import Subject, sizes_of
from ablate.errors import AblateError

QUICK = ("--batch", "1", "--threads", "1", "--rounds", "1")


def test_sizes_are_plain_and_zipped():
    assert sizes_of([b"0" * 1000, b"1"])[0] == 1001
    assert sizes_of([b"0" * 1000])[1] < 100


@pytest.mark.slow
def test_each_arm_of_a_sweep_is_measured(says):
    found = says("measure", "tour", "--batch", "1,8", "--threads", "1", "--rounds", "2")
    assert [one["run"].rpartition("/")[0].rpartition("/")[2] for one in found] == ["baseline", "augment=off"]
    for one in found:
        row = find.find(one["run"]).trajectory.row(20)
        assert (one["step"], one["weights"], one["accuracy"]) == (20, "ema", row["accuracy_averaged"])
        assert one["bytes"] == 4 * one["parameters"] > one["zipped"] > 0
        assert one["format"] == "tensorflow"
        assert [(times["batch"], times["threads"]) for times in one["times"]] == [(1, 1), (8, 1)]
        for times in one["times"]:
            assert 0 < times["median_ms"] <= times["p95_ms"]
            assert times["calls"] >= 6
            assert times["load_seconds"] > 0 < times["memory_bytes"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of NumPy, where Keras saves
def test_each_exported_format_is_measured_beside_its_training(exported, says):
    names = ("keras", "litert", "onnx", "saved_model")
    words = ["tour/augment=off/1", *(exported(name)["folder"] for name in names)]
    found = says("measure", *words, *QUICK)
    assert [(one["run"], one["format"]) for one in found] == list(zip(words, ("tensorflow", *names), strict=True))
    accuracy = exported("keras")["accuracy"]
    for one in found:
        assert one["fingerprint"] == exported("keras")["training"]["fingerprint"]
        assert (one["step"], one["weights"], one["accuracy"]) == (20, "ema", accuracy)
        [times] = one["times"]
        assert (times["batch"], times["threads"]) == (1, 1)
        assert 0 < times["median_ms"] <= times["p95_ms"]
    for one, name in zip(found[1:], names, strict=True):
        assert one["bytes"] == exported(name)["bytes"] > one["zipped"] > 0
        assert one["parameters"] is None


@pytest.mark.slow
def test_a_model_file_is_measured_beside_a_run(prints, here: Path):
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        inputs = tf.compat.v1.placeholder(tf.float32, (None, 32, 32, 3), name="inputs")
        tf.identity(tf.reshape(inputs, (-1, 3072))[:, :10], name="predictions")
    (here / "small.pb").write_bytes(graph.as_graph_def().SerializeToString())
    printed = prints("measure", "tour/baseline/0", "small.pb", "data=digits", *QUICK)
    assert "frozen" in printed
    assert f"{100 * find.find('tour/baseline/0').recorded(20, 'ema')['accuracy']:.2f}%" in printed
    assert f"{(here / 'small.pb').stat().st_size:,}" in printed
    assert "median time of a call" in printed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tour/baselin/0"], "Did you mean 'baseline'?"),
        (["tour/baseline/0", "--batch", "0"], "--batch must be a whole number from 1, got '0'."),
        (["tour/baseline/0", "--threads", "one"], "--threads must be a whole number from 1, got 'one'."),
        (["tour/baseline/0", "--step", "7"], "no checkpoint at step 7"),
    ],
)
def test_what_cannot_be_measured_is_one_line(prints, words, told):
    printed = prints("measure", *words, status=2 if {"--batch", "--threads"} & {*words} else 1)
    assert told in printed
    assert len(printed.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_file_that_cannot_be_loaded_is_one_line(prints, here: Path):
    (here / "bad.pb").write_bytes(b"no graph")
    printed = prints("measure", "bad.pb", "data=digits", *QUICK, status=1)
    assert "bad.pb" in printed
    assert len(printed.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_process_that_dies_is_one_line(monkeypatch: pytest.MonkeyPatch):
    from ablate.deploy import measured
    from ablate.deploy.model_files import ModelFile

    monkeypatch.setattr(measured, "_serve", json.loads)  # which takes other arguments
    subject = Subject(ModelFile("gone.pb", Path("gone.pb"), "frozen"))
    with pytest.raises(AblateError, match="the process that measured it died"):
        measure([subject], [1], [1], 1)
