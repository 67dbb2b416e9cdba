"""From a list of layers to a Keras model.

Layers carry their role in the model as their name, since Keras's automatic names count up within a process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ablate.training import init as initial  # first, since importing ablate.training starts Keras on TensorFlow

# isort: split
import keras
import tensorflow as tf

from ablate.config.recipe import Init, Recipe
from ablate.models.spec import Conv, Dense, Dropout, Fire, Gap, Logits, Lrn, Model, Pool, named
from ablate.training import randomness
from ablate.training.check import check
from ablate.training.lrn import local_response_normalization
from ablate.training.state import settled

_step: ContextVar[tf.Tensor] = ContextVar("step")


@contextmanager
def at_step(step: tf.Tensor) -> Iterator[None]:
    """Within it a model that is called with training=True draws its dropout masks for `step`, an int32 scalar."""
    token = _step.set(step)
    try:
        yield
    finally:
        _step.reset(token)


@tf.custom_gradient
def _add_bias(x: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """`tf.nn.bias_add` whose gradient sums by a product with ones.

    TensorFlow fuses its own bias gradient into the convolution's filter gradient, which doubles the time of that on CPUs.
    """

    def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = tf.reshape(dy, [-1, dy.shape[-1]])
        ones = tf.ones([1, tf.shape(rows)[0]], rows.dtype)
        return dy, tf.reshape(tf.matmul(ones, rows), [-1])

    return tf.nn.bias_add(x, bias), gradient


class ConvOrDense(keras.layers.Layer):
    """A convolution (kernel > 0, stride 1, SAME) or a dense layer (kernel = 0), with bias, then ReLU unless told not to."""

    def __init__(
        self, kernel: int, units: int, relu: bool, role: str, first: bool, init: Init, seed: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size, self.units, self.relu, self.role, self.first = kernel, units, relu, role, first
        self.init, self.seed = init, seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Draw the initial weights, float32."""
        shape = (*[self.kernel_size] * (2 if self.kernel_size else 0), int(input_shape[-1]), self.units)

        def draw(shape: tuple[int, ...], dtype: Any = None) -> tf.Tensor:
            return initial.kernel(self.seed, self.name, shape, self.role, self.init)

        def fill(shape: tuple[int, ...], dtype: Any = None) -> tf.Tensor:
            return initial.bias(shape[0], self.role, self.first, self.init)

        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=draw)
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer=fill)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, in) -> (batch, height, width, units), or (batch, in) -> (batch, units)."""
        kernel, bias = tf.cast(self.kernel, x.dtype), tf.cast(self.bias, x.dtype)
        product = tf.nn.conv2d(x, kernel, 1, "SAME") if self.kernel_size else tf.matmul(x, kernel)
        outputs = _add_bias(product, bias)
        return tf.nn.relu(outputs) if self.relu else outputs


class LocalResponseNormalization(keras.layers.Layer):
    """LRN across channels; see `ablate.training.lrn`."""

    def __init__(self, layer: Lrn, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layer = layer

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Same shape out as in."""
        return local_response_normalization(x, self.layer.depth_radius, self.layer.bias, self.layer.alpha, self.layer.beta)


class StatelessDropout(keras.layers.Layer):
    """Dropout whose mask is a function of (seed, step, layer); Keras's own keeps a state variable."""

    def __init__(self, rate: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Same shape out as in; values that stay are scaled by 1 / (1 - rate)."""
        if not training or self.rate == 0:
            return x
        key = randomness.at(randomness.key(self.seed, f"dropout/{self.name}"), _step.get())
        draws = tf.random.stateless_uniform(tf.shape(x), key, alg="philox")
        return tf.where(draws >= self.rate, x / (1 - self.rate), tf.zeros_like(x))


def build(model: Model, input_shape: tuple[int, int, int], *, init: Init, seed: int, compute: str = "float32") -> keras.Model:
    """The Keras model of a list of layers, from standardized images to logits, with initial weights drawn.

    Args:
        model: the layers.
        input_shape: (height, width, channels) of the images.
        init: how the initial weights are drawn; they are functions of the seed and of each layer's role and shape.
        seed: the replicate number.
        compute: float32 or bfloat16, the type of activations and products; weights are float32 all the same.

    Returns:
        A model from float32 (batch, height, width, channels) to float32 logits (batch, classes).

    Raises:
        AblateError: what Keras built is not what the layers say.
    """
    policy = "float32" if compute == "float32" else f"mixed_{compute}"
    last = {"data_format": "channels_last"}
    layers = named(model)
    parametrized = [name for name, layer in layers if isinstance(layer, Conv | Dense | Logits | Fire)]

    def weighted(x: Any, name: str, kernel: int, units: int, relu: bool = True) -> Any:
        role = "conv" if kernel else "dense"
        if name == parametrized[-1]:
            role = "classifier"
        first = name == parametrized[0] and kernel > 0
        return ConvOrDense(kernel, units, relu, role, first, init, seed, name=name, dtype=policy)(x)

    x = inputs = keras.Input(input_shape, name="images", dtype="float32")
    for name, layer in layers:
        match layer:
            case Conv(kernel, filters):
                x = weighted(x, name, kernel, filters)
            case Pool(size, stride):
                x = keras.layers.MaxPooling2D(size, stride, padding="same", **last, name=name, dtype=policy)(x)
            case Lrn():
                x = LocalResponseNormalization(layer, name=name, dtype=policy)(x)
            case Dropout(rate):
                x = StatelessDropout(rate, seed, name=name, dtype=policy)(x)
            case Fire():
                (squeeze, first), (one, second), (three, third) = layer.inner()
                x = weighted(x, f"{name}_{squeeze}", first.kernel, first.filters)
                sides = [
                    weighted(x, f"{name}_{side}", conv.kernel, conv.filters) for side, conv in ((one, second), (three, third))
                ]
                x = keras.layers.Concatenate(name=f"{name}_concat", dtype=policy)(sides)
            case Gap():
                x = keras.layers.GlobalAveragePooling2D(**last, name=name, dtype="float32")(x)
            case Dense() | Logits():
                if len(x.shape) > 2:
                    x = keras.layers.Flatten(**last, name=f"{name}_flatten", dtype=policy)(x)
                units = layer.units if isinstance(layer, Dense) else layer.classes
                x = weighted(x, name, 0, units, relu=isinstance(layer, Dense))
    outputs = keras.layers.Activation(keras.activations.linear, name="logits", dtype="float32")(x)
    network = keras.Model(inputs, outputs, name="model")
    check(network, model, input_shape, compute)
    return network


@settled()
def built(recipe: Recipe) -> dict[str, Any]:
    """Builds the network of a recipe, and says what it is: `parameters`, types of `weights` and `compute`, and the versions.

    Raises:
        AblateError: it is not what the layers of the recipe say.
    """
    compute = recipe.precision.compute
    network = build(recipe.model, recipe.input_shape, init=recipe.init, seed=recipe.seed, compute=compute)
    types = sorted({str(weight.dtype) for weight in network.weights})
    return {
        "parameters": network.count_params(),
        "weights": ", ".join(types),
        "compute": compute,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
