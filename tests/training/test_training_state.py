"""Nothing outside the config changes what is trained: global state is set, put back, or refused, and the network is checked."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from ablate import data
from ablate.config.recipe import Recipe
from ablate.errors import AblateError
from ablate.training import device, state
from ablate.training.build import ConvOrDense, build
from ablate.training.network import Network

Make = Callable[..., Recipe]


def facts() -> list[Any]:
    """The global state, as far as it can be read."""
    return [
        keras.config.floatx(),
        keras.config.epsilon(),
        keras.config.image_data_format(),
        keras.config.dtype_policy().name,
        keras.config.is_flash_attention_enabled(),
        keras.distribution.distribution(),
        tf.config.functions_run_eagerly(),
        tf.config.optimizer.get_jit(),
        tf.config.optimizer.get_experimental_options(),
        tf.config.experimental.tensor_float_32_execution_enabled(),
        np.geterr(),
    ]


@pytest.fixture
def spoiled() -> Iterator[list[Any]]:
    """All of it set to something else."""
    with np.errstate(all="raise"), ExitStack() as stack:
        for setting in state._settings():
            stack.callback(state._set, setting, setting.read())
        keras.config.set_floatx("float64")
        keras.config.set_epsilon(0.1)
        keras.config.set_image_data_format("channels_first")
        keras.config.set_dtype_policy("mixed_float16")
        keras.config.disable_flash_attention()
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=["cpu:0"]))
        tf.config.run_functions_eagerly(True)
        tf.config.optimizer.set_jit("autoclustering")
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True, "remapping": False})
        tf.config.experimental.enable_tensor_float_32_execution(not facts()[-2])
        yield facts()


def test_what_was_set_before_reaches_nothing_and_is_there_again(spoiled: list[Any]) -> None:
    with state.settled():
        within = facts()
        assert within[:8] == ["float32", 1e-7, "channels_last", "float32", None, None, False, ""]
        assert not any(within[8].values())
        assert within[9] is False
        assert within[10] == {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
        keras.utils.clear_session()
    assert facts() == spoiled
    device.free_memory()
    assert facts() == spoiled
    with pytest.raises(ZeroDivisionError), state.settled():
        raise ZeroDivisionError
    assert facts() == spoiled


def test_the_network_is_the_same_whatever_is_set(tiny: Make, spoiled: list[Any]) -> None:
    """Also where nobody has set it right: every layer says what it needs."""
    recipe = tiny("precision=bfloat16")
    network = build(recipe.model, recipe.input_shape, init=recipe.init, seed=0, compute="bfloat16")
    with state.settled():
        expected = build(recipe.model, recipe.input_shape, init=recipe.init, seed=0, compute="bfloat16")
    for one, other in zip(network.layers, expected.layers, strict=True):
        assert (one.name, one.output.shape, one.output.dtype) == (other.name, other.output.shape, other.output.dtype)
        for mine, yours in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(mine.numpy(), yours.numpy())


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("MaxPooling2D", {"data_format": "channels_first"}, "the data format of pool1 is channels_first, not channels_last"),
        ("Flatten", {"data_format": "channels_first"}, "the data format of fc1_flatten is channels_first"),
        ("MaxPooling2D", {"padding": "valid"}, "the output shape of pool1 is"),
        ("MaxPooling2D", {"dtype": "float16"}, "the type of the computation of pool1 is float16, not float32"),
        ("Activation", {"dtype": "bfloat16"}, "the type of the computation of logits is bfloat16"),
        ("Flatten", {"name": "other"}, "it has a layer other"),
    ],
)
def test_a_network_that_is_not_the_list_is_refused(tiny: Make, name: str, arguments: dict[str, Any], message: str) -> None:
    recipe, made = tiny(), getattr(keras.layers, name)

    def other(*positional: Any, **given: Any) -> Any:
        return made(*positional, **{**given, **arguments})

    with mock.patch.object(keras.layers, name, other), pytest.raises(AblateError, match=message):
        build(recipe.model, recipe.input_shape, init=recipe.init, seed=0)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_inputs_and_weights_of_another_type_are_refused(tiny: Make, dtype: str) -> None:
    recipe, made, weight = tiny(), keras.Input, ConvOrDense.add_weight

    def images(*positional: Any, **given: Any) -> Any:
        return made(*positional, **{**given, "dtype": dtype})

    def weights(layer: ConvOrDense, **given: Any) -> Any:
        return weight(layer, **{**given, "dtype": dtype, "initializer": "ones"})

    for where, name, other, message in (
        (keras, "Input", images, "the type of the output of images"),
        (ConvOrDense, "add_weight", weights, "the type of the kernel of conv1"),
    ):
        with mock.patch.object(where, name, other), pytest.raises(AblateError, match=f"{message} is {dtype}, not float32"):
            build(recipe.model, recipe.input_shape, init=recipe.init, seed=0)


def test_what_cannot_be_undone_is_refused_by_name() -> None:
    with tf.Graph().as_default(), pytest.raises(AblateError, match="without eager execution"), state.settled():
        pass
    with tf.distribute.OneDeviceStrategy("/cpu:0").scope(), pytest.raises(AblateError, match="distribution strategy"):
        state.settled().__enter__()
    tf.debugging.enable_check_numerics()
    try:
        with pytest.raises(AblateError, match=r"tf\.debugging.*Start a new process"), state.settled():
            pass
    finally:
        tf.debugging.disable_check_numerics()
    with mock.patch.object(keras.config, "backend", return_value="jax"), pytest.raises(AblateError, match="Keras runs on jax"):
        state.settled().__enter__()
    with mock.patch.object(tf.Tensor, "astype", None, create=True), pytest.raises(AblateError, match="as NumPy does"):
        state.settled().__enter__()
    with state.settled():
        pass


def test_threads_are_those_that_tensorflow_has(monkeypatch: pytest.MonkeyPatch) -> None:
    assert device.configure(7) == 1  # of the first call in this process
    threading = tf.config.threading
    with mock.patch.object(threading, "get_intra_op_parallelism_threads", return_value=0):  # it was told none
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
        assert device.configure(7) == 3
        monkeypatch.delenv("TF_NUM_INTRAOP_THREADS")
        assert device.configure(7) == len(os.sched_getaffinity(0))


@pytest.mark.slow
def test_a_process_in_which_everything_was_set_trains_the_same_numbers(tiny: Make, spoiled: list[Any]) -> None:
    recipe = tiny()
    images = data.load(recipe.data)

    @state.settled()
    def numbers() -> list[bytes]:
        network = Network(recipe, images)
        losses = network.advance(0, 3)
        return [losses.tobytes(), *(variable.numpy().tobytes() for variable in network.variables().values())]

    found = numbers()
    for setting in state._settings():
        state._set(setting, setting.wanted)
    assert found == numbers()


@pytest.fixture(scope="module")
def train_in(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[int, str, list[Path]]]:
    """Trains ten steps in a process of its own, with a home and variables: its exit status, stderr, and training folder."""

    def run(settings: str | None = None, **variables: str) -> tuple[int, str, list[Path]]:
        folder = tmp_path_factory.mktemp("home")
        if settings is not None:
            (folder / ".keras").mkdir()
            (folder / ".keras" / "keras.json").write_text(settings)
        conf = Path(__file__).parent / "conf"
        words = ["-cd", str(conf), "data=arrays", f"data.path={images}", "model=tiny", "batch_size=16", "steps=10", "threads=1"]
        environment = {**os.environ, "HOME": str(folder), **variables}
        command = [sys.executable, "-m", "ablate", *words, "eval_every=10", "tensorboard=false"]
        done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
        return done.returncode, done.stderr, list((folder / "runs").glob("[0-9a-f]*"))

    return run


def weights_of(folders: list[Path]) -> dict[str, bytes]:
    [folder] = folders
    with np.load(folder / "checkpoints" / "10.npz") as arrays:
        return {name: arrays[name].tobytes() for name in arrays.files if name not in ("sha256", "progress/seconds")}


@pytest.mark.slow
def test_keras_json_and_variables_change_nothing(train_in: Callable[..., tuple[int, str, list[Path]]]) -> None:
    everything = '{"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.5, "backend": "jax"}'
    status, _, clean = train_in()
    assert status == 0
    status, stderr, found = train_in(
        everything, KERAS_BACKEND="jax", TF_DETERMINISTIC_OPS="1", TF_NUM_INTRAOP_THREADS="2", TF_NUM_INTEROP_THREADS="3"
    )
    assert status == 0, stderr
    assert weights_of(found) == weights_of(clean)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "variables", "message"),
    [
        ('{"floatx": "bfloat16"}', {}, "keras.json."),
        ('["floatx"]', {}, "keras.json."),
        (None, {"KERAS_MAX_EPOCHS": "many"}, "KERAS_MAX_EPOCHS=many"),
        (None, {"KERAS_NNX_ENABLED": "1"}, "KERAS_NNX_ENABLED=1"),
        (None, {"ONEDNN_DEFAULT_FPMATH_MODE": "BF16"}, "ONEDNN_DEFAULT_FPMATH_MODE=BF16 changes what is trained"),
    ],
)
def test_settings_that_stop_keras_or_change_the_training_are_named(
    settings: str | None, variables: dict[str, str], message: str, train_in: Callable[..., tuple[int, str, list[Path]]]
) -> None:
    status, stderr, _ = train_in(settings, **variables)
    assert status == 1
    assert message in stderr.splitlines()[-1]
    assert "Traceback" not in stderr
