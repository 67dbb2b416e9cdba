"""The layers that a model is made of, and the structure that every model has.

A model is a tuple of frozen dataclasses in which every number is concrete. Two models are the same network
exactly when the tuples are equal.

A field that is added from now on has a default: its neutral value, with which a layer computes, bit for bit, what it
does without the field. It is frozen, and left out of what is hashed (see `ablate.config.neutral`), so that no training
has another fingerprint, and may be missing in users' models.
"""

import sys
from dataclasses import dataclass
from typing import Any

from ablate.errors import AblateError, shown

MOST = 1_000_000  # of what a layer counts: filters, units, pixels


@dataclass(frozen=True)
class Conv:
    """Convolution, stride 1, SAME padding, bias, ReLU: (h, w, c) -> (h, w, filters).

    Examples:
        Each of 4 filters has 3 · 3 · 3 weights and a bias.

        >>> from ablate.models import Conv, Logits, layer_costs
        >>> row = layer_costs((Conv(kernel=3, filters=4), Logits(classes=10)), (8, 8, 3))[0]
        >>> row.output_shape, row.parameters
        ((8, 8, 4), 112)
    """

    kernel: int  # side of the square window, pixels, at least 1
    filters: int  # output channels, at least 1

    def __post_init__(self) -> None:
        _require_whole(self, least=1)


@dataclass(frozen=True)
class Pool:
    """Max pooling, SAME padding: (h, w, c) -> (ceil(h / stride), ceil(w / stride), c).

    Examples:
        >>> from ablate.models import Logits, Pool, layer_costs
        >>> layer_costs((Pool(size=3, stride=2), Logits(classes=10)), (9, 9, 3))[0].output_shape
        (5, 5, 3)
    """

    size: int  # side of the square window, pixels, at least 1
    stride: int  # pixels, at least 1

    def __post_init__(self) -> None:
        _require_whole(self, least=1)


@dataclass(frozen=True)
class Lrn:
    """Local response normalization across channels, shape unchanged.

    x / (bias + alpha * sum of x^2 over the channels at most depth_radius away) ** beta

    Reference: Krizhevsky et al. 2012, section 3.3; the parameters mean what they mean in `tf.nn.lrn`.

    Examples:
        It costs 4 + 2 · 4 · 4 operations for each of 12 values.

        >>> from ablate.models import Logits, Lrn, layer_costs
        >>> lrn = Lrn(depth_radius=4, bias=1.0, alpha=0.001 / 9, beta=0.75)
        >>> layer_costs((lrn, Logits(classes=10)), (2, 2, 3))[0].operations
        432
    """

    depth_radius: int  # channels on each side, at least 0
    bias: float  # above 0, so that the quotient exists for black input
    alpha: float  # above 0
    beta: float  # above 0

    def __post_init__(self) -> None:
        _require_whole(self, "depth_radius", least=0)
        for name in ("bias", "alpha", "beta"):
            # `bias: 1` and `bias: 1.0` are one network, so they must be one number in its canonical form.
            object.__setattr__(self, name, _positive(name, getattr(self, name)))


@dataclass(frozen=True)
class Dense:
    """A hidden dense layer with bias and ReLU: (h, w, c) or (n,) -> (units,).

    Examples:
        Each of 5 units has 2 · 2 · 3 weights and a bias.

        >>> from ablate.models import Dense, Logits, layer_costs
        >>> row = layer_costs((Dense(units=5), Logits(classes=10)), (2, 2, 3))[0]
        >>> row.output_shape, row.parameters
        ((5,), 65)
    """

    units: int  # at least 1

    def __post_init__(self) -> None:
        _require_whole(self, least=1)


@dataclass(frozen=True)
class Logits:
    """The dense classifier, with bias and no ReLU: (h, w, c) or (n,) -> (classes,).

    Examples:
        >>> from ablate.models import Logits, layer_costs
        >>> layer_costs((Logits(classes=10),), (2, 2, 3))[0].parameters  # (12 + 1) · 10
        130
    """

    classes: int  # at least 1

    def __post_init__(self) -> None:
        _require_whole(self, least=1)


@dataclass(frozen=True)
class Dropout:
    """Sets a share of the values to 0 in training and scales the others up by 1 / (1 - rate).

    Examples:
        >>> from ablate.models import Dropout
        >>> Dropout(rate=1)
        Traceback (most recent call last):
            ...
        ablate.errors.AblateError: rate must be above 0 and below 1, got 1.
    """

    rate: float  # the share that is dropped, above 0 and below 1

    def __post_init__(self) -> None:
        rate = _positive("rate", self.rate)
        if rate >= 1:
            raise AblateError(f"rate must be above 0 and below 1, got {shown(self.rate)}.")
        object.__setattr__(self, "rate", rate)


@dataclass(frozen=True)
class Fire:
    """A 1x1 convolution, then a 1x1 and a 3x3 one side by side on it: (h, w, c) -> (h, w, expand1 + expand3).

    The three inner convolutions are as `Conv`. Reference: Iandola et al. 2016, SqueezeNet, section 3.2.

    Examples:
        >>> from ablate.models import Fire, Logits, layer_costs
        >>> rows = layer_costs((Fire(squeeze=2, expand1=4, expand3=4), Logits(classes=10)), (8, 8, 3))
        >>> for row in rows[:4]:
        ...     print(row.name, row.output_shape)
        fire1/squeeze (8, 8, 2)
        fire1/expand1 (8, 8, 4)
        fire1/expand3 (8, 8, 4)
        fire1 (8, 8, 8)
    """

    squeeze: int  # filters of the first 1x1 convolution, at least 1
    expand1: int  # filters of the second 1x1 convolution, at least 1
    expand3: int  # filters of the 3x3 convolution, at least 1

    def __post_init__(self) -> None:
        _require_whole(self, least=1)

    def inner(self) -> tuple[tuple[str, Conv], tuple[str, Conv], tuple[str, Conv]]:
        """The inner convolutions by role; the last two read the first and are concatenated in this order."""
        return (
            ("squeeze", Conv(1, self.squeeze)),
            ("expand1", Conv(1, self.expand1)),
            ("expand3", Conv(3, self.expand3)),
        )


@dataclass(frozen=True)
class Gap:
    """The average over the whole remaining map: (h, w, c) -> (c,).

    Examples:
        >>> from ablate.models import Gap, Logits, layer_costs
        >>> layer_costs((Gap(), Logits(classes=10)), (8, 8, 3))[0].output_shape
        (3,)
    """


Layer = Conv | Pool | Lrn | Dense | Logits | Dropout | Fire | Gap
Model = tuple[Layer, ...]

# The word for each layer in YAML, in canonical content and in role names.
WORDS: dict[type[Layer], str] = {
    Conv: "conv",
    Pool: "pool",
    Lrn: "lrn",
    Fire: "fire",
    Dense: "fc",
    Dropout: "dropout",
    Logits: "classifier",
    Gap: "gap",
}


def check_structure(model: Model, classes: int) -> None:
    """Refuses what no network can be built from.

    A model ends with the dense classifier, or with a convolution to the classes and the global average; the
    classifier is nowhere else; and no layer that needs a map comes after one that flattens it.

    Raises:
        AblateError: names the layer by its position, counted from 1.
    """
    ending = "A model must end with classifier, or with a convolution of `filters: classes` and gap"
    if not model:
        raise AblateError(f"{ending}, and this one has no layers.")
    flattener = ""
    for position, layer in enumerate(model, start=1):
        word = WORDS[type(layer)]
        if flattener and isinstance(layer, Conv | Pool | Lrn | Fire | Gap):
            raise AblateError(f"Layer {position} ({word}) must come before {flattener}, which flattens the map. Move it up.")
        if isinstance(layer, Logits) and position < len(model):
            raise AblateError(f"Layer {position} of {len(model)} (classifier) must be the last one. Use fc for a hidden layer.")
        if isinstance(layer, Dense | Gap):
            flattener = f"layer {position} ({word})"
    match model:
        case (*_, Logits(classes=outputs)):
            pass
        case (*_, Conv(filters=outputs), Gap()):
            pass
        case (*_, Gap()):
            raise AblateError(f"{ending}, and no convolution comes right before this one's gap.")
        case _:
            raise AblateError(f"{ending}, and this one ends with {WORDS[type(model[-1])]}.")
    if outputs != classes:
        raise AblateError(f"A model must have {classes} outputs, one for each class, and this one has {outputs}.")


def require_whole(name: str, value: object, least: int) -> int:
    """The value if it is an int of at least `least`; True and 3.0 are not.

    Raises:
        AblateError: otherwise.
    """
    if type(value) is not int or not least <= value <= MOST:
        raise AblateError(f"{name} must be a whole number from {least} to {MOST:,}, got {shown(value)}.")
    return value


def _require_whole(layer: Any, *names: str, least: int) -> None:
    for name in names or layer.__dataclass_fields__:
        require_whole(name, getattr(layer, name), least)


def _positive(name: str, value: object) -> float:
    # The comparison refuses NaN, infinity and whole numbers too large for a float as well.
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= sys.float_info.max:
        return float(value)
    raise AblateError(f"{name} must be a number above 0, got {shown(value)}.")
