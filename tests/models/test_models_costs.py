import csv
from pathlib import Path

import pytest
import yaml

from ablate.models.costs import LayerCost, layer_costs, totals
from ablate.models.spec import Conv, Dense, Dropout, Fire, Gap, Logits, Lrn, Pool, apply_levels, parse

MODEL_FOLDER = Path(__file__).parents[2] / "conf" / "model"
# Counted by the code behind the published accuracies (github.com/dacorvo/tensorsandbox, cifar10/info.py).
with (Path(__file__).parent / "model_costs.csv").open(newline="") as lines:
    PUBLISHED = list(csv.DictReader(lines))


def read(name: str, classes: int = 10):
    return parse(yaml.safe_load((MODEL_FOLDER / f"{name}.yaml").read_text())["layers"], classes)


def test_there_are_22_published_rows():
    assert len(PUBLISHED) == 22


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row['model']}-{row['input_size']}")
def test_totals_equal_the_published_counts_to_the_unit(row):
    side = int(row["input_size"])
    assert totals(read(row["model"]), (side, side, 3)) == (int(row["parameters"]), int(row["operations"]))


@pytest.mark.parametrize(("level", "model"), [(("off", "native"), "alex2"), (("native", "one"), "alex3")])
def test_levels_cost_what_the_models_that_they_equal_cost(level, model):
    assert totals(apply_levels(read("tuto"), *level, 10), (24, 24, 3)) == totals(read(model), (24, 24, 3))


def test_every_kind_of_layer_on_a_gray_image_that_is_not_square():
    lrn = Lrn(depth_radius=2, bias=1.0, alpha=0.1, beta=0.5)
    model = (Conv(3, 4), Pool(3, 2), lrn, Fire(2, 3, 5), Dropout(0.5), Dense(6), Logits(7))
    convs = [
        LayerCost("fire1/squeeze", "conv", (3, 4, 2), (4 + 1) * 2, (1 + 2 * 4 + 2) * 2 * 12),
        LayerCost("fire1/expand1", "conv", (3, 4, 3), (2 + 1) * 3, (1 + 2 * 2 + 2) * 3 * 12),
        LayerCost("fire1/expand3", "conv", (3, 4, 5), (2 * 9 + 1) * 5, (1 + 2 * 2 * 9 + 2) * 5 * 12),
    ]
    assert layer_costs(model, (5, 8, 1)) == [
        LayerCost("conv1", "conv", (5, 8, 4), (9 + 1) * 4, (1 + 2 * 9 + 2) * 4 * 40),
        LayerCost("pool1", "pool", (3, 4, 4), 0, 0),
        LayerCost("lrn1", "lrn", (3, 4, 4), 0, (4 + 2 * 2 * 2) * 48),
        *convs,
        LayerCost("fire1", "fire", (3, 4, 8), 0, 0),
        LayerCost("dropout1", "dropout", (3, 4, 8), 0, 0),
        LayerCost("fc1", "fc", (6,), (96 + 1) * 6, (2 * 96 + 1) * 6 + 2 * 6),
        LayerCost("classifier", "classifier", (7,), (6 + 1) * 7, (2 * 6 + 1) * 7),
    ]


def test_a_gap_costs_nothing_and_leaves_the_channels():
    *_, conv, gap = layer_costs((Conv(1, 10), Gap()), (6, 4, 3))
    assert (conv.name, conv.kind) == ("classifier", "conv")
    assert gap == LayerCost("gap", "gap", (10,), 0, 0)


def test_the_smallest_image_is_counted():
    assert layer_costs(read("alex1"), (1, 1, 1))[-1].output_shape == (10,)


def test_one_more_class_costs_one_more_row_of_the_classifier():
    ten, eleven = (totals(read("tuto", classes), (24, 24, 3))[0] for classes in (10, 11))
    assert eleven - ten == 192 + 1
