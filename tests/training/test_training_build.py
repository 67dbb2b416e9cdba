from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import composed

from ablate.config import loading
from ablate.config.recipe import Recipe
from ablate.models.costs import totals
from ablate.training.build import build

MODELS = sorted(path.stem for path in (loading.conf_dir() / "model").glob("*.yaml"))


def recipe(*overrides: str) -> Recipe:
    return loading.resolve(composed(["threads=1", *overrides]))


def weights(recipe: Recipe) -> dict[str, np.ndarray]:
    model = build(recipe.model, recipe.input_shape, init=recipe.init, seed=recipe.seed)
    return {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("augment", ["on", "off"])
def test_parameters_equal_kerass_count(model: str, augment: str) -> None:
    made = recipe(f"model={model}", f"augment={augment}")
    network = build(made.model, made.input_shape, init=made.init, seed=0)
    assert network.count_params() == totals(made.model, made.input_shape)[0]
    assert network.output_shape == (None, 10)


@settings(max_examples=8)
@given(
    one=st.sampled_from(["tuto", "alex0", "alex2", "alex3", "squeeze0", "squeeze1"]),
    other=st.sampled_from(["tuto", "alex4", "nin0", "alex2", "squeeze1"]),
)
def test_shared_roles_and_shapes_have_the_same_initial_weights(one: str, other: str) -> None:
    first, second = weights(recipe(f"model={one}")), weights(recipe(f"model={other}"))
    for name in first.keys() & second.keys():
        if first[name].shape == second[name].shape:
            np.testing.assert_array_equal(first[name], second[name])


def test_what_tuto_shares() -> None:
    tuto, alex3, bare = weights(recipe()), weights(recipe("fc=one")), weights(recipe("augment=off"))
    assert set(alex3) == {f"{layer}/{part}" for layer in ("conv1", "conv2", "fc1", "classifier") for part in ("kernel", "bias")}
    np.testing.assert_array_equal(tuto["fc1/kernel"], alex3["fc1/kernel"])
    np.testing.assert_array_equal(tuto["conv2/kernel"], bare["conv2/kernel"])
    assert tuto["fc1/kernel"].shape != bare["fc1/kernel"].shape


def test_seeds_and_layers_differ() -> None:
    zero, one = weights(recipe()), weights(recipe("seed=1"))
    assert not np.array_equal(zero["conv1/kernel"], one["conv1/kernel"])
    squeeze = weights(recipe("model=squeeze0"))
    assert squeeze["fire1_squeeze/kernel"].shape == (1, 1, 64, 16)
    assert not np.array_equal(squeeze["fire3_expand1/kernel"], squeeze["fire4_expand1/kernel"])


@pytest.mark.parametrize(
    ("init", "role", "stddev"),
    [
        ("xavier", "fc1", (2 / (2304 + 384)) ** 0.5),
        ("xavier", "conv2", (2 / (1600 + 1600)) ** 0.5),
        ("xavier_uniform", "fc1", (2 / (2304 + 384)) ** 0.5),
        ("he", "conv2", (2 / 1600) ** 0.5),
        ("he", "fc1", (2 / 2304) ** 0.5),
        ("tutorial", "conv2", 0.05 * 0.87962566),
        ("tutorial", "fc1", 0.04 * 0.87962566),
        ("tutorial", "classifier", 1 / 192 * 0.87962566),
    ],
)
def test_standard_deviation(init: str, role: str, stddev: float) -> None:
    kernel = weights(recipe(f"init={init}"))[f"{role}/kernel"]
    assert kernel.std() == pytest.approx(stddev, rel=0.05 if role == "classifier" else 0.01)
    assert abs(kernel.mean()) < 4 * stddev / kernel.size**0.5
    largest = 3**0.5 if init == "xavier_uniform" else 2 / 0.87962566
    assert np.abs(kernel).max() <= largest * stddev * 1.0001


def test_the_tutorials_biases() -> None:
    found = {name: set(value.tolist()) for name, value in weights(recipe("init=tutorial")).items() if "bias" in name}
    tenth = {float(np.float32(0.1))}
    assert found == {
        "conv1/bias": {0.0},
        "conv2/bias": tenth,
        "fc1/bias": tenth,
        "fc2/bias": tenth,
        "classifier/bias": {0.0},
    }


def test_bfloat16_keeps_float32_weights_and_logits() -> None:
    made = recipe("model=squeeze0", "precision=bfloat16")
    network = build(made.model, made.input_shape, init=made.init, seed=0, compute="bfloat16")
    assert {weight.dtype for weight in network.weights} == {"float32"}
    assert network.get_layer("conv1").compute_dtype == "bfloat16"
    assert network.output.dtype == "float32"


def test_a_model_is_a_file_with_layers_and_nothing_else() -> None:
    for model in MODELS:
        lines = (Path(loading.conf_dir()) / "model" / f"{model}.yaml").read_text().splitlines()
        assert len(lines) < 40
        assert [line for line in lines if line and line[0] not in " #"] == ["layers:"]
