"""Trained networks exported in each format: the same network, used by the code of its model card alone."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from program import printed_by

from ablate import data
from ablate.deploy import card, compared, exporting
from ablate.deploy.compared import LARGEST, TIE, compare
from ablate.deploy.format import Format
from ablate.deploy.formats import FORMATS, keras

NAMES = ("frozen", "keras", "litert", "onnx", "saved_model")
LOGITS = st.lists(st.lists(st.floats(-8, 8), min_size=3, max_size=3), min_size=1, max_size=4)


# comparing


@given(LOGITS, st.floats(0, LARGEST * 0.99))
def test_noise_below_the_bar_is_the_same_network(logits, noise):
    own = np.array(logits, np.float64)
    found = compare(own, own + noise * np.array([1, -1, 1]), softmax=False)
    assert found.same
    assert found.wrong == 0
    assert found.differ <= found.ties


@given(LOGITS, st.integers(0, 2), st.floats(LARGEST * 1.01, 4))
def test_one_logit_beyond_the_bar_is_another_network(logits, column, by):
    own = np.array(logits, np.float64)
    other = own.copy()
    other[-1, column] += by
    assert not compare(own, other, softmax=False).same


@given(LOGITS)
def test_probabilities_are_compared_with_the_softmax_of_logits(logits):
    own = np.array(logits, np.float64)
    powers = np.exp(own)
    assert compare(own, powers / powers.sum(axis=1, keepdims=True), softmax=True).largest < 1e-9


def test_logits_that_probabilities_hide_are_compared_too():
    own = np.array([[20.0, 0.0, -1.0]])
    for by, same in ((LARGEST / 2, True), (1.0, False)):
        powers = np.exp(own + np.array([0, 0, by]))
        found = compare(own, powers / powers.sum(), softmax=True)
        assert found.same == same
        assert found.largest == pytest.approx(by, rel=1e-3)


def test_another_shape_and_nan_are_another_network():
    own = np.zeros((2, 3))
    assert not compare(own, np.zeros((2, 1, 3)), softmax=False).same
    assert not compare(own, np.full((2, 3), np.nan), softmax=False).same


def test_classes_may_differ_where_the_best_logits_are_nearly_equal():
    own = np.array([[1.0, 1.0 + TIE / 4, 0.0], [3.0, 1.0, 0.0]])
    found = compare(own, own + np.array([LARGEST * 0.9, 0, 0]), softmax=False)
    assert (found.differ, found.ties, found.wrong, found.same) == (1, 1, 0, True)
    assert "1 class differs, where the two best logits of it differ by at most 0.002" in compared.told(found, "logits")


# what is refused


@pytest.mark.slow
def test_formats_are_found_without_tensorflow():
    code = "import sys; from ablate.deploy.formats import FORMATS; [FORMATS.find(n) for n in FORMATS.names()]; "
    code += "import ablate.commands.export; print({'tensorflow', 'keras'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
    assert FORMATS.ours() == NAMES


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["no/baseline/0"], 2, "--format is missing. Choose from frozen, keras, litert, onnx, saved_model."),
        (["no/baseline/0", "--format", "onxx"], 1, "Unknown --format 'onxx'.*Did you mean 'onnx'?"),
        (["no-such-run", "--format", "onnx"], 1, "No run 'no-such-run'"),
        (["model.onnx", "--format", "keras"], 1, "model.onnx is a model file, and only trainings are exported"),
        (["x/0/0", "--format", "onnx", "--preprocessing", "both"], 2, "Unknown --preprocessing 'both'.*inside, outside"),
    ],
)
def test_what_cannot_be_exported_is_told_in_one_line(words, status, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("model.onnx").write_bytes(b"")
    printed = printed_by(capsys, "export", *words, status=status)
    assert len(printed.splitlines()) == 1
    assert re.search(said.replace("?", r"\?"), printed), printed
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_a_folder_that_exists_is_kept(tmp_path):
    with pytest.raises(exporting.AblateError, match=r"exists, and ablate export never overwrites. Choose another with --out"):
        exporting.check(keras.FORMAT, tmp_path)


def test_a_missing_package_is_named(tmp_path):
    form = Format("x", "an x", "x", keras.write, "", "", "", modules=("numpy", "no_such_package"))
    with pytest.raises(exporting.AblateError, match=r"--format x needs no_such_package.*pip install 'ablate-tf\[export\]'"):
        exporting.check(form, tmp_path / "new")


def test_a_format_of_another_package_is_one_more(install):
    source = (
        "from dataclasses import replace\nfrom ablate.deploy.formats.keras import FORMAT\nMINE = replace(FORMAT, name='mine')"
    )
    install("their-formats", {"theirs": source}, {"ablate.formats": {"mine": "theirs:MINE"}})
    assert FORMATS.names() == (*NAMES, "mine")
    assert FORMATS.find("mine").file == "model.keras"


# the real thing, small

KERAS_SAVES = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of NumPy, on Keras's own code


def run_card(folder: Path) -> list[int]:
    """The classes that the Python of a model card prints for the test images."""
    np.save(folder / "images.npy", data.load({"name": "digits"}).evaluation.images)
    [code] = re.findall(r"```python\n(.*?)```", (folder / card.CARD).read_text(), re.DOTALL)
    start = 'import sys\nimport numpy\nsys.modules["ablate"] = None\nnumpy.set_printoptions(threshold=1000)\n'
    (folder / "card.py").write_text(start + code)
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, "card.py"], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in re.findall(r"\d+", done.stdout)]


@pytest.mark.slow
@KERAS_SAVES
@pytest.mark.parametrize("name", NAMES)
def test_each_format_is_the_trained_network(name, exported, says, here):
    """With LRN, fire and dense layers; as its model card uses it, and as a RUN."""
    about = exported(name)
    found = about["compared"]
    assert found["images"] == 360
    assert found["largest_difference"] < LARGEST
    assert (found["differ_beyond_ties"], found["bfloat16_classes_differ"]) == (0, None)
    labels = data.load({"name": "digits"}).evaluation.labels
    accuracy = np.mean(np.array(run_card(here / f"tour-{name}")) == labels)
    assert accuracy == pytest.approx(about["accuracy"])
    assert about["arm"]["n"] == 2
    assert about["arm"]["low"] <= about["arm"]["mean"] <= about["arm"]["high"]
    kept = json.loads((here / f"tour-{name}" / "export.json").read_text())
    assert {**kept, "folder": f"tour-{name}"}.items() >= about.items()
    [evaluated] = says("evaluate", f"tour-{name}")
    assert evaluated["accuracy"] == pytest.approx(accuracy)


@pytest.mark.slow
@KERAS_SAVES
@pytest.mark.parametrize("name", NAMES)
def test_networks_that_end_with_a_gap(name, gap, says, skip_without):
    skip_without(name)
    [about] = says("export", "gap/precision=float32/0", "--format", name, "--out", f"gap-{name}")
    assert about["compared"]["largest_difference"] < LARGEST
    assert about["compared"]["differ_beyond_ties"] == 0


@pytest.mark.slow
@KERAS_SAVES
@pytest.mark.parametrize("name", ["onnx", "keras"])
def test_probabilities_of_raw_weights_with_preprocessing_outside(name, says, here, skip_without):
    skip_without(name)
    words = ("--softmax", "--weights", "raw", "--step", "10", "--preprocessing", "outside", "--out", f"outside-{name}")
    [about] = says("export", "tour/baseline/0", "--format", name, *words)
    assert about["inputs"]["shape"] == [None, 24, 24, 3]
    assert about["predictions"]["of"] == "probabilities"
    assert (about["training"]["weights"], about["training"]["step"]) == ("raw", 10)
    assert about["compared"]["largest_difference"] < LARGEST
    assert len(run_card(here / f"outside-{name}")) == 360
    assert (about["arm"]["weights"], about["arm"]["step"]) == ("ema", 20)
    said = (here / f"outside-{name}" / card.CARD).read_text()
    assert "the mean of 2 seeds with EMA weights at step 20, as in the report" in said
    assert "largest difference of log probabilities" in said
    assert [each["images"] for each in says("evaluate", f"outside-{name}", "--split", "validation")] == [100]


@pytest.mark.slow
@KERAS_SAVES
def test_a_training_in_bfloat16_is_exported_in_float32(gap, prints):
    said = prints("export", "gap/baseline/0", "--format", "keras", "--out", "bfloat16")
    assert re.search(r"exported in float32: the classes of \d+ of 360 images differ from those of the training", said)
    assert "trained in bfloat16" in (gap / "bfloat16" / card.CARD).read_text()
    accuracy = json.loads((gap / "bfloat16" / "export.json").read_text())["accuracy"]
    labels = data.load({"name": "digits"}).evaluation.labels
    assert accuracy == (np.array(run_card(gap / "bfloat16")) == labels).mean()


@pytest.mark.slow
@KERAS_SAVES
def test_an_export_that_differs_leaves_nothing_behind(prints, here, monkeypatch):
    def wrong(model, path):
        model.set_weights([1.01 * weight for weight in model.get_weights()])
        keras.write(model, path)

    monkeypatch.setattr(keras, "FORMAT", replace(keras.FORMAT, write=wrong))
    before = sorted(path.name for path in here.iterdir())
    said = prints("export", "tour/baseline/0", "--format", "keras", "--out", "wrong", status=1)
    assert re.search(r"differs from the training's network over 360 test images: largest difference of logits .*", said)
    assert said.endswith("Nothing was written.\n")
    assert sorted(path.name for path in here.iterdir()) == before


@pytest.mark.slow
@pytest.mark.exhaustive
@KERAS_SAVES
@pytest.mark.parametrize("model", ["tuto", "nin2", "squeeze1"])
def test_the_models_of_the_source_documents_on_all_test_images(model, one_thread, tmp_path, monkeypatch, capsys, skip_without):
    """Trained for one step: equality asks nothing of how good a network is."""
    if "ABLATE_DATA" not in os.environ:
        pytest.skip("CIFAR-10 is not here: ABLATE_DATA is not set")
    monkeypatch.chdir(tmp_path)
    printed_by(capsys, "data=cifar10", f"model={model}", "steps=1", "eval_every=1", "hydra.run.dir=one", "progress=false")
    for name in NAMES:
        skip_without(name)
        printed = printed_by(capsys, "export", "one", "--format", name, "--out", name, "--json").splitlines()
        [found] = [json.loads(line)["compared"] for line in printed if line.startswith("{")]
        assert found["images"] == 10_000
        assert found["largest_difference"] <= LARGEST
        assert found["differ_beyond_ties"] == 0
