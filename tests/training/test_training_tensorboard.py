"""What TensorBoard shows of a training, and that a training that is watched has the same numbers."""

import math
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from ablate import data
from ablate.config.recipe import Recipe
from ablate.errors import AblateError
from ablate.store import Trajectory
from ablate.training.inside import BINS
from ablate.training.network import Network

Make = Callable[..., Recipe]
Train = Callable[..., Trajectory]

LEVELS = ("off", "scalars", "full")
TIMES = ("seconds", "examples_per_second", "recent_examples_per_second")


@pytest.fixture(scope="module")
def watched(tiny: Make, train: Train, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trajectory]:
    """The same training with each level, in a store of its own."""
    store = tmp_path_factory.mktemp("watched")
    words = ("steps=20", "tensorboard_every=5")
    return {level: train(tiny(f"tensorboard={level}", *words), store / level) for level in LEVELS}


def events(trajectory: Trajectory) -> list[Any]:
    paths = sorted(map(str, (trajectory.path / "tensorboard").iterdir()))
    return [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(paths)]


def values(trajectory: Trajectory) -> dict[str, dict[int, Any]]:
    """By tag and step."""
    found: dict[str, dict[int, Any]] = defaultdict(dict)
    for event in events(trajectory):
        for value in event.summary.value:
            found[value.tag][event.step] = getattr(value, value.WhichOneof("value"))
    return found


def facts(trajectory: Trajectory) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    rows = [{name: value for name, value in row.items() if name not in TIMES} for row in trajectory.rows()]
    with np.load(trajectory.checkpoints()[0]) as state:
        kept = {name: state[name].tobytes() for name in state.files if name not in ("sha256", "progress/seconds")}
    return rows, kept


@pytest.mark.slow
def test_a_watched_training_has_the_same_numbers(watched: dict[str, Trajectory]) -> None:
    off, scalars, full = (facts(watched[level]) for level in LEVELS)
    assert off == scalars == full
    assert len({trajectory.fingerprint for trajectory in watched.values()}) == 1
    assert not (watched["off"].path / "tensorboard").exists()


@pytest.mark.slow
def test_scalars_of_every_so_many_steps(watched: dict[str, Trajectory], tiny: Make) -> None:
    found = values(watched["scalars"])
    parts = ("total", "cross_entropy", "weight_decay")
    stepped = {f"{group}/{part}" for group in ("loss", "loss_average") for part in parts}
    stepped |= {"learning_rate", "speed/examples_per_second", "speed/seconds_per_step"}
    evaluated = {f"{what}/{weights}" for what in ("accuracy", "evaluation_loss") for weights in ("raw", "EMA")}
    assert set(found) == stepped | evaluated
    assert all(set(found[tag]) == {5, 10, 15, 20} for tag in stepped)
    recipe = tiny("steps=20")
    network = Network(recipe, data.load(recipe.data))
    losses, penalties = network.advance_watched(0, 20)
    average = losses[0]
    for step, loss in enumerate(losses, 1):
        average = 0.9 * average + 0.1 * loss
        if step % 5 == 0:
            assert found["loss/cross_entropy"][step] == loss
            assert found["loss/weight_decay"][step] == penalties[step - 1] > 0
            assert found["loss/total"][step] == pytest.approx(loss + penalties[step - 1])
            assert found["loss_average/cross_entropy"][step] == pytest.approx(average, rel=1e-5)
    for row in watched["scalars"].rows():
        step = row["step"]
        assert found["accuracy/raw"][step] == pytest.approx(row["accuracy_raw"])
        assert found["accuracy/EMA"][step] == pytest.approx(row["accuracy_averaged"])
        assert found["evaluation_loss/EMA"][step] == pytest.approx(row["eval_loss_averaged"])
        assert found["learning_rate"][step] == pytest.approx(row["lr"])


@pytest.mark.slow
def test_weight_decay_is_half_the_squared_weights_times_their_rates(tiny: Make) -> None:
    recipe = tiny()
    network = Network(recipe, data.load(recipe.data))
    expected = sum(
        rate * np.square(weight.numpy()).sum() / 2 for weight, rate in zip(network.weights, network.decay_rates, strict=True)
    )
    assert network.advance_watched(0, 1)[1][0] == pytest.approx(expected, rel=1e-5)
    decoupled = tiny("weight_decay=decoupled")
    assert Network(decoupled, data.load(decoupled.data)).advance_watched(0, 1)[1][0] == 0


@pytest.mark.slow
def test_the_graph_names_every_layer(watched: dict[str, Trajectory], tiny: Make) -> None:
    [graph] = [event.graph_def for event in events(watched["scalars"]) if event.graph_def]
    nodes = tf.compat.v1.GraphDef.FromString(graph).node
    names = {node.name for node in nodes}
    network = Network(tiny(), data.load(tiny().data))
    for layer in network.layers:
        assert any(name.startswith(f"model/{layer.name}/") for name in names), layer.name
    assert len(names) == len(nodes)
    assert {re.sub(r"^\^|:\d+$", "", name) for node in nodes for name in node.input} <= names


@pytest.mark.slow
def test_full_shows_what_is_inside(watched: dict[str, Trajectory], tiny: Make) -> None:
    found = values(watched["full"])
    recipe = tiny()
    network = Network(recipe, data.load(recipe.data))
    for kind in ("weights", "gradients"):
        assert {tag for tag in found if tag.startswith(f"{kind}/")} == {f"{kind}/{name}" for name in network.names}
    for name, weight in zip(network.names, network.weights, strict=True):
        histogram = found[f"weights/{name}"][0]  # the initial weights
        assert histogram.num == sum(histogram.bucket) == math.prod(weight.shape)
        assert len(histogram.bucket) == len(histogram.bucket_limit) == BINS
        assert histogram.min == weight.numpy().min()
        assert histogram.sum == pytest.approx(weight.numpy().sum(), rel=1e-3, abs=1e-3)
        assert histogram.sum_squares == pytest.approx(np.square(weight.numpy()).sum(), rel=1e-4)
    for layer in network.layers:
        shares = found[f"sparsity/{layer.name}"]
        assert set(shares) == {0, 5, 10, 15, 20}
        assert set(found[f"activations/{layer.name}"]) == set(shares)
        assert all(0 <= share < 1 for share in shares.values())
    hidden = [layer.name for layer in network.layers if layer.relu]
    assert all(found[f"sparsity/{name}"][0] > 0 for name in hidden)
    seen, _ = network.batch(tf.constant(0))
    for number in range(4):
        image = found[f"images/{number}"][0]
        pixels = tf.io.decode_png(image.encoded_image_string).numpy()
        assert pixels.shape == (image.height, image.width, image.colorspace) == recipe.input_shape
        expected = seen[number].numpy()
        expected = (expected - expected.min()) / (expected.max() - expected.min()) * 255
        np.testing.assert_allclose(pixels, expected, atol=0.51)


@pytest.mark.slow
def test_gradients_are_those_of_the_next_update(watched: dict[str, Trajectory], tiny: Make) -> None:
    recipe = tiny()  # plain gradient descent: a step changes a weight by its gradient times lr
    network = Network(recipe, data.load(recipe.data))
    before = [weight.numpy() for weight in network.weights]
    network.advance(0, 1)
    found = values(watched["full"])
    for name, old, new in zip(network.names, before, network.weights, strict=True):
        gradient = (old - new.numpy()) / recipe.optimizer.lr
        assert found[f"gradients/{name}"][0].min == pytest.approx(gradient.min(), rel=1e-2, abs=1e-4), name
        assert found[f"gradients/{name}"][0].max == pytest.approx(gradient.max(), rel=1e-2, abs=1e-4), name


@pytest.mark.slow
def test_tensorboards_own_reader_reads_it(watched: dict[str, Trajectory]) -> None:
    reader = pytest.importorskip(
        "tensorboard.backend.event_processing.plugin_event_accumulator", reason="needs the extra tensorboard"
    )
    accumulated = reader.EventAccumulator(str(watched["full"].path / "tensorboard"), size_guidance={"tensors": 0})
    accumulated.Reload()
    tags = accumulated.Tags()
    assert tags["graph"]
    kinds = {tag: accumulated.SummaryMetadata(tag).plugin_data.plugin_name for tag in tags["tensors"]}
    assert kinds["loss/total"] == kinds["sparsity/conv1"] == kinds["accuracy/EMA"] == "scalars"
    assert kinds["activations/conv1"] == kinds["gradients/conv1/kernel"] == "histograms"
    assert kinds["images/0"] == "images"
    steps = [event.step for event in accumulated.Tensors("loss/total")]
    assert steps == [5, 10, 15, 20]


def test_what_tensorboard_can_be(tiny: Make) -> None:
    said = {"true": "scalars", "false": "off", "full": "full", "off": "off"}
    assert {word: tiny(f"tensorboard={word}").tensorboard for word in said} == said
    message = r"Unknown tensorboard 'fulll'\. Choose from off, scalars, full\. Did you mean 'full'\?"
    with pytest.raises(AblateError, match=message):
        tiny("tensorboard=fulll")
    with pytest.raises(AblateError, match="tensorboard_every must be at least 1, got 0"):
        tiny("tensorboard_every=0")


@pytest.mark.slow
def test_a_training_that_resumes_is_watched_on(tiny: Make, train: Train, tmp_path: Path) -> None:
    words = ("tensorboard=full", "tensorboard_every=4", "steps=20")
    train(tiny(*words), tmp_path, stop_at=7)
    trajectory = train(tiny(*words), tmp_path)
    found = values(trajectory)
    assert set(found["loss/total"]) == {4, 8, 12, 16, 20}
    assert set(found["images/0"]) == {0, 4, 8, 12, 16, 20}
