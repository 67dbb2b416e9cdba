"""The levels of the factors `lrn` and `fc`, as functions from one model to another.

A level is a state, not an action: it says what the network has. Where the model has it already, the model
comes back as it was.
"""

from ablate.errors import AblateError, one_of
from ablate.models.layers import Conv, Dense, Dropout, Gap, Logits, Lrn, Model, check_structure

LRN_LEVELS = ("native", "on", "off")
FC_LEVELS = ("native", "two", "one", "none", "gap")

_HIDDEN = {"two": 2, "one": 1, "none": 0}


def apply_levels(model: Model, lrn: str, fc: str, classes: int) -> Model:
    """The model with the given levels; the order of the two does not matter.

    Args:
        model: a model as `parse` returns it.
        lrn: `native` as the model is, `on` with its lrn layers, `off` without any.
        fc: `native` as the model is; `two`, `one`, `none` for so many hidden dense layers, of which the last
            ones go; `gap` for a 1x1 convolution to the classes and the global average in place of all
            dense layers.
        classes: outputs of the model.

    Raises:
        AblateError: for an unknown level, and for one that the model cannot reach.

    Examples:
        >>> from ablate.models import apply_levels, named, parse
        >>> model = parse([{"fc": {"units": 5}}, {"fc": {"units": 4}}, {"classifier": {}}], classes=10)
        >>> [role for role, layer in named(apply_levels(model, lrn="native", fc="one", classes=10))]
        ['fc1', 'classifier']
    """
    model = _apply_fc(_apply_lrn(model, lrn), fc, classes)
    check_structure(model, classes)
    return model


def _apply_lrn(model: Model, level: str) -> Model:
    if level not in LRN_LEVELS:
        raise AblateError(one_of("lrn level", level, LRN_LEVELS))
    if level == "off":
        return tuple(layer for layer in model if not isinstance(layer, Lrn))
    if level == "on" and not any(isinstance(layer, Lrn) for layer in model):
        raise AblateError(
            "lrn=on needs a model with LRN layers, which shows where they go; this model has none. "
            "Use lrn=native, or a model that has them."
        )
    return model


def _apply_fc(model: Model, level: str, classes: int) -> Model:
    if level not in FC_LEVELS:
        raise AblateError(one_of("fc level", level, FC_LEVELS))
    if level == "native":
        return model
    dense = [index for index, layer in enumerate(model) if isinstance(layer, Dense)]
    if level == "gap":
        return _with_gap(model, dense, classes)
    wanted = _HIDDEN[level]
    if wanted > len(dense):
        raise AblateError(
            f"fc={level} needs a model with at least {wanted} hidden dense layer{'' if wanted == 1 else 's'}, got one with "
            f"{len(dense)}. Use fc=native, or a model that has more."
        )
    return _without(model, dense[wanted:])


def _without(model: Model, dense: list[int]) -> Model:
    """Removes the dense layers at the given places, each with the dropout right behind it.

    That dropout acts on the outputs of the layer that goes. Left behind, it would join the one before it
    to a higher rate, and the level would change two things.
    """
    kept = []
    removing = False
    for index, layer in enumerate(model):
        removing = index in dense or (removing and isinstance(layer, Dropout))
        if not removing:
            kept.append(layer)
    return tuple(kept)


def _with_gap(model: Model, dense: list[int], classes: int) -> Model:
    if not isinstance(model[-1], Logits):
        return model
    # A model may average over its map before its dense layers; the convolution needs that map.
    body = tuple(layer for layer in _without(model, dense)[:-1] if not isinstance(layer, Gap))
    return (*body, Conv(kernel=1, filters=classes), Gap())
