"""Models as data: layer lists, the levels that change them, what they cost, and the networks built from them."""

from ablate.models.costs import LayerCost, layer_costs, totals
from ablate.models.layers import Conv, Dense, Dropout, Fire, Gap, Layer, Logits, Lrn, Model, Pool
from ablate.models.levels import FC_LEVELS, LRN_LEVELS, apply_levels
from ablate.models.spec import named, parse, to_plain

__all__ = [
    "FC_LEVELS",
    "LRN_LEVELS",
    "Conv",
    "Dense",
    "Dropout",
    "Fire",
    "Gap",
    "Layer",
    "LayerCost",
    "Logits",
    "Lrn",
    "Model",
    "Pool",
    "apply_levels",
    "layer_costs",
    "named",
    "parse",
    "to_plain",
    "totals",
]
