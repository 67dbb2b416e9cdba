"""Keras's, TensorFlow's and NumPy's global state, as ablate needs it while it builds and trains, and as it was afterwards."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import config as framework

from ablate.errors import AblateError

_FRESH = "Start a new process (in a notebook, restart the kernel) and run ablate in it first."


@dataclass(frozen=True)
class _Setting:
    """One setting of a library. read and write: its value; wanted: the value that ablate trains with."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], None]
    wanted: Any


@contextmanager
def settled() -> Iterator[None]:
    """Within it nothing that was set in this process before reaches a network or its numbers; it also decorates functions.

    Each setting is set, and is as it was afterwards, whatever happens within: `keras.utils.clear_session` forgets some.

    Raises:
        AblateError: this process is in a state that cannot be undone.
    """
    _refuse()
    settings = _settings()
    before = [setting.read() for setting in settings]
    try:
        with ExitStack() as stack:
            stack.enter_context(np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"))  # NumPy's defaults
            stack.enter_context(tf.device(None))
            for setting in settings:
                _set(setting, setting.wanted)
                if setting.read() != setting.wanted:
                    raise AblateError(f"{setting.name} is {setting.read()!r} in this process and cannot be changed. {_FRESH}")
            yield
    finally:
        for setting, value in zip(settings, before, strict=True):
            _set(setting, value)


def _set(setting: _Setting, value: Any) -> None:
    if setting.read() != value:
        setting.write(value)


def _settings() -> tuple[_Setting, ...]:
    config, optimizer = keras.config, tf.config.optimizer
    on_gpu = bool(tf.config.get_visible_devices("GPU"))
    return (
        _Setting("Keras's floatx", config.floatx, config.set_floatx, "float32"),
        _Setting("Keras's epsilon", config.epsilon, config.set_epsilon, 1e-7),
        _Setting("Keras's image_data_format", config.image_data_format, config.set_image_data_format, "channels_last"),
        _Setting("Keras's dtype policy", config.dtype_policy, config.set_dtype_policy, keras.DTypePolicy("float32")),
        _Setting("Keras's flash attention", config.is_flash_attention_enabled, _set_flash_attention, None),
        _Setting("Keras's distribution", keras.distribution.distribution, keras.distribution.set_distribution, None),
        _Setting("eager tf.functions", tf.config.functions_run_eagerly, tf.config.run_functions_eagerly, False),
        _Setting("TensorFlow's just-in-time compiler", optimizer.get_jit, optimizer.set_jit, ""),
        _Setting("TensorFlow's graph optimizer", _graph_options, _set_graph_options, {}),
        _Setting(
            "TensorFloat-32",  # float32 means float32
            tf.config.experimental.tensor_float_32_execution_enabled,
            tf.config.experimental.enable_tensor_float_32_execution,
            False,
        ),
        _Setting(
            "TensorFlow's determinism",  # a GPU gives the same bits for the same command only with it, a CPU always
            framework.is_op_determinism_enabled,
            lambda on: framework.enable_op_determinism() if on else framework.disable_op_determinism(),
            on_gpu,
        ),
    )


def _set_flash_attention(value: bool | None) -> None:
    if value is False:
        keras.config.disable_flash_attention()
    else:
        keras.config.enable_flash_attention()


def _graph_options() -> dict[str, Any]:
    """The options of the graph optimizer that were set; what is not set is as TensorFlow decides."""
    options = tf.config.optimizer.get_experimental_options()
    return {name: value for name, value in options.items() if value or not name.startswith("disable_")}


def _set_graph_options(options: dict[str, Any]) -> None:
    tf.config.optimizer.set_experimental_options(dict.fromkeys(_graph_options()) | options)


def _refuse() -> None:
    """Refuse what was done to this process and cannot be undone."""
    reasons = {
        f"Keras runs on {keras.config.backend()} in this process": keras.config.backend() != "tensorflow",
        "TensorFlow runs without eager execution in this process": not tf.executing_eagerly(),
        "TensorFlow converts types as NumPy does in this process (experimental_enable_numpy_behavior)": hasattr(
            tf.Tensor, "astype"
        ),
        "TensorFlow checks or dumps each operation in this process (tf.debugging)": bool(context.context().op_callbacks),
        "A distribution strategy of TensorFlow is active": tf.distribute.has_strategy(),
    }
    for reason, true in reasons.items():
        if true:
            raise AblateError(f"{reason}, so ablate cannot train in it. {_FRESH}")
