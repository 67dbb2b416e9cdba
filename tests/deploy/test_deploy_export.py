"""Trained networks exported in each format: the same network, used by the code of its model card alone."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from program import printed_by

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
    with pytest.raises(exporting.AblateError, match=r"exists, and exports overwrite nothing. Choose another folder with --out"):
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

GREEDY = ("seed=0,1", "steps=6", "eval_every=3", "design=one_factor", "store=runs", "name=tiny")


@pytest.fixture(scope="session")
def trained(programs, tmp_path_factory):
    """A sweep over two networks: with LRN, fire and dense layers, and with the end of squeeze1; and one in bfloat16."""
    program = programs(tmp_path_factory.mktemp("trained"))
    program("-m", "model=tiny,tiny_gap", "hydra.sweep.dir=sweep", *GREEDY)
    program("-m", "precision=bfloat16,float32", "hydra.sweep.dir=short", "steps=6", "eval_every=3", "seed=0", "name=short")
    return program


def exported(program, *words: str) -> tuple[Path, dict]:
    """The folder that a command exports into, and what it says with --json."""
    out, _ = program.command("export", *program.base[:2], *words, "--json")
    found = json.loads(out)
    return program.folder / found["folder"], found


def run_card(program, folder: Path) -> list[int]:
    """The classes that the Python of a model card prints, for the 60 test images."""
    images = np.load(program.folder / "my.npz")["test_images"]
    np.save(folder / "images.npy", images)
    [code] = re.findall(r"```python\n(.*?)```", (folder / card.CARD).read_text(), re.DOTALL)
    (folder / "card.py").write_text(f'import sys\nsys.modules["ablate"] = None\n{code}')
    env = program.env | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, "card.py"], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in re.findall(r"\d+", done.stdout)]


def skip_without(name: str) -> None:
    for module in FORMATS.find(name).modules:
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["baseline", "model=tiny_gap"])
@pytest.mark.parametrize("name", NAMES)
def test_each_format_is_the_trained_network(name, arm, trained):
    skip_without(name)
    folder, about = exported(trained, f"sweep/{arm}/1", "--format", name, "--out", f"{name}-{arm}")
    found = about["compared"]
    assert found["images"] == 60
    assert found["largest_difference"] < LARGEST
    assert (found["wrong"], found["bfloat16_classes_differ"]) == (0, None)
    classes = run_card(trained, folder)
    labels = np.load(trained.folder / "my.npz")["test_labels"]
    assert np.mean(np.array(classes) == labels) == pytest.approx(about["accuracy"])
    kept = json.loads((folder / "export.json").read_text())
    assert {key: value for key, value in about.items() if key != "folder"} == {k: v for k, v in kept.items() if k in about}
    assert about["arm"]["n"] == 2
    assert about["arm"]["low"] <= about["arm"]["mean"] <= about["arm"]["high"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnx", "keras"])
def test_probabilities_of_raw_weights_with_preprocessing_outside(name, trained):
    skip_without(name)
    words = ("--softmax", "--weights", "raw", "--preprocessing", "outside", "--out", f"{name}-outside")
    folder, about = exported(trained, "sweep/baseline/0", "--format", name, *words)
    assert about["inputs"]["shape"] == [None, 12, 12, 3]
    assert (about["predictions"]["of"], about["training"]["weights"]) == ("probabilities", "raw")
    assert about["compared"]["largest_difference"] < LARGEST
    assert len(run_card(trained, folder)) == 60


@pytest.mark.slow
def test_a_training_in_bfloat16_is_exported_in_float32(trained):
    out, _ = trained.command("export", *trained.base[:2], "short/baseline/0", "--format", "keras", "--out", "short-keras")
    assert re.search(r"exported in float32: the classes of \d+ of 60 images differ from those of the training", out)
    assert "trained in bfloat16" in (trained.folder / "short-keras" / card.CARD).read_text()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of NumPy, on how Keras saves a file
def test_an_export_that_differs_leaves_nothing_behind(trained, monkeypatch, capsys):
    def wrong(model, path):
        model.set_weights([1.01 * weight for weight in model.get_weights()])
        keras.write(model, path)

    monkeypatch.setattr(keras, "FORMAT", Format(**{**vars(keras.FORMAT), "write": wrong}))
    monkeypatch.chdir(trained.folder)
    before = sorted(path.name for path in trained.folder.iterdir())
    said = printed_by(capsys, "export", *trained.base[:2], "sweep/baseline/0", "--format", "keras", "--out", "wrong", status=1)
    assert re.search(r"differs from the training's network over 60 test images: largest difference of logits .*", said)
    assert said.endswith("Nothing was written.\n")
    assert sorted(path.name for path in trained.folder.iterdir()) == before


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("model", ["tuto", "nin2", "squeeze1"])
def test_the_models_of_the_source_documents_on_all_test_images(model, tmp_path, programs):
    """Trained for one step: equality asks nothing of how good a network is."""
    if "ABLATE_DATA" not in os.environ:
        pytest.skip("CIFAR-10 is not here: ABLATE_DATA is not set")
    program = programs(tmp_path)
    program.base = []
    program("data=cifar10", f"model={model}", "steps=1", "eval_every=1", "hydra.run.dir=one", "progress=false")
    for name in NAMES:
        skip_without(name)
        _, about = exported(program, "one", "--format", name, "--out", name)
        print(model, name, about["compared"], about["bytes"])
        assert about["compared"]["images"] == 10_000
        assert about["compared"]["largest_difference"] <= LARGEST
        assert about["compared"]["wrong"] == 0
