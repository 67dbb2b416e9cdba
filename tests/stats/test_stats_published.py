import functools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from made_up import composed

from ablate.config import loading
from ablate.config.recipe import Recipe
from ablate.results import Results
from ablate.results.published import EMA, GROUPS, published, recipe, shipped
from ablate.store import Trajectory, fingerprint

DIGEST = "0" * 64


@functools.cache
def resolved(*words: str) -> Recipe:
    return loading.resolve(composed(words))


def results_of(folder: Path, *arms: tuple[str, ...], status: str = "done", data: str = "cifar10", **changes: Any) -> Results:
    """Results of one seed an arm, with a trajectory on disk for each; `changes` are made to the data of its content."""
    rows = []
    for arm, words in enumerate(arms):
        made = resolved(*words)
        content = made.training(DIGEST)
        content["data"] |= changes
        trajectory = Trajectory(folder, fingerprint(content))
        trajectory.write_config(content, {"data": data})
        run = {"arm": arm, "status": status, "step": made.steps, "weights": made.readout.weights}
        rows.append(run | {"trajectory": str(trajectory.path)})
    return Results(pd.DataFrame(rows).astype({"step": "Int64", "trajectory": "str"}), pd.DataFrame(), {}, ())


def wide_of(*values: list[float]) -> pd.DataFrame:
    return pd.DataFrame(list(values)).rename_axis("arm")


def test_the_shipped_digests_are_those_that_the_levels_compose():
    """Where the training content has changed on purpose, the digests that this finds belong into the file."""
    frame = shipped()
    assert frame.columns.tolist() == [*GROUPS, "steps", "accuracy", "source", "recipe"]
    found = []
    for row in frame.to_dict("records"):
        made = resolved(*(f"{group}={row[group]}" for group in GROUPS))
        found.append(recipe(made.training(DIGEST), made.readout.weights, row["steps"]))
        assert EMA[made.readout.weights] == row["ema"]
    assert found == frame["recipe"].tolist()


def test_every_published_accuracy_is_of_one_arm_and_has_a_source():
    frame = shipped()
    assert len(frame) == 40
    assert not frame.duplicated(["recipe", "ema", "steps"]).any()
    assert frame["accuracy"].between(0.6, 0.9).all()
    assert (100 * frame["accuracy"]).round(1).tolist() == pytest.approx((100 * frame["accuracy"]).tolist())
    assert not frame.isna().any(axis=None)
    assert set(frame["source"].str.split(",").str[0]) == {"Corvoysier 2017", "github.com/dacorvo/tensorsandbox"}


def test_the_published_ladder_is_found_with_its_numbers(tmp_path):
    ladder = [("augment=off", "ema=off"), ("augment=center", "ema=off"), ("augment=on", "ema=off"), ("augment=on", "ema=on")]
    wide = wide_of([76.0, 77.5, 75.0], [77.0, 77.1, 77.2], [78.0, 79.5, 78.6], [81.1, 81.2, 81.3])
    frame = published(results_of(tmp_path, *ladder), wide)
    assert frame.columns.tolist() == [*("arm", "model", "published", "source", "n", "mean", "low", "high", "told", "precision")]
    assert frame["arm"].tolist() == [0, 2, 3]
    assert frame["model"].tolist() == ["tuto"] * 3
    assert frame["published"].tolist() == [75.3, 78.8, 81.4]
    assert frame["n"].tolist() == [3, 3, 3]
    assert frame["mean"].tolist() == pytest.approx([76.1666667, 78.7, 81.2])
    assert frame["told"].tolist() == ["too wide", "inside", "inside"]
    assert set(frame["precision"]) == {"float32"}
    assert frame["source"].str.startswith("Corvoysier 2017").all()


@pytest.mark.parametrize(
    ("words", "model", "value"),
    [
        (("lrn=off",), "alex2", 81.4),
        (("model=alex2",), "alex2", 81.4),
        (("fc=one",), "alex3", 81.2),
        (("model=nin0", "weight_decay=off"), "nin0", 70.9),  # it has no hidden dense layer to decay
        (("lrn=on", "fc=two"), "tuto", 81.4),
        (("precision=bfloat16",), "tuto", 81.4),
        (("seed=7", "eval_every=500", "threads=1"), "tuto", 81.4),
        (("steps=50000",), "tuto", 85.5),
        (("model=squeeze1", "steps=300000"), "squeeze1", 87.8),
        (("ema=off", "ema_decay=0.99"), "tuto", 78.8),  # raw weights do not know how they are averaged
        (("init=tutorial", "weight_decay=tutorial", "schedule=tutorial"), "tuto", 81.3),
        (("init=tutorial", "weight_decay=tutorial"), "tuto", 81.3),  # whose rate does not fall in so few steps
        (("schedule=tutorial",), "tuto", 81.4),
    ],
)
def test_an_arm_is_known_by_its_content_whatever_its_levels_are_called(tmp_path, words, model, value):
    frame = published(results_of(tmp_path, words), wide_of([80.0, 81.0]))
    assert frame[["model", "published"]].to_numpy().tolist() == [[model, value]]
    assert frame["precision"].tolist() == ["bfloat16" if "precision=bfloat16" in words else "float32"]


@pytest.mark.parametrize(
    "words",
    [
        ("lr=0.05",),
        ("batch_size=64",),
        ("optimizer=momentum",),
        ("schedule=cosine",),
        ("schedule=tutorial", "steps=300000"),  # where the rate has fallen
        ("init=he",),
        ("weight_decay=decoupled",),
        ("ema_decay=0.99",),
        ("augment=flip",),
        ("augment=off",),  # averaged
        ("steps=9000",),
        ("model=alex2", "fc=none"),
        ("data.validation=5000",),
    ],
)
def test_what_was_never_published_has_no_row(tmp_path, words):
    assert published(results_of(tmp_path, words), wide_of([80.0, 81.0])).empty


def test_other_data_is_not_taken_for_cifar10(tmp_path):
    wide = wide_of([80.0, 81.0])
    assert len(published(results_of(tmp_path / "same", ()), wide)) == 1
    assert published(results_of(tmp_path / "other", (), data="arrays"), wide).empty
    assert published(results_of(tmp_path / "fewer", (), eval_images=5000), wide).empty
    assert published(results_of(tmp_path / "less", (), train_images=40_000), wide).empty


def test_arms_without_a_finished_run_or_a_trajectory_are_left_out(tmp_path):
    wide = wide_of([80.0, 81.0])
    assert published(results_of(tmp_path, (), status="diverged"), wide).empty
    lost = results_of(tmp_path, ())
    lost.runs["trajectory"] = pd.Series([None], dtype="str")
    frame = published(lost, wide)
    assert frame.empty
    assert str(frame["told"].dtype) == "str"
    damaged = results_of(tmp_path, ())
    (Path(damaged.runs["trajectory"].iloc[0]) / "config.yaml").write_text("model: []")
    assert published(damaged, wide).empty


def test_the_interval_is_that_for_one_new_run_and_a_little_wider(tmp_path):
    values = [81.0, 80.5, 81.3, 80.9, 81.6]
    fitted = sm.OLS(values, np.ones(len(values))).fit().get_prediction([1.0])
    ((low, high),) = fitted.conf_int(obs=True, alpha=0.05)
    (row,) = published(results_of(tmp_path, ()), wide_of([*values, np.nan])).to_dict("records")
    assert row["n"] == 5
    assert row["mean"] == pytest.approx(np.mean(values))
    assert (row["low"], row["high"]) == pytest.approx((low - 0.05, high + 0.05))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([81.3, 81.5], "inside"),
        ([81.0, 82.0], "too wide"),
        ([60.0, 61.0], "outside"),
        ([80.0, 80.1, 80.05, 80.0], "outside"),
        ([83.0, 83.1, 83.05, 83.0], "outside"),
        ([81.4], "no interval"),
        ([81.4, 81.4], "no interval"),  # no scatter, no interval
        ([], "no interval"),
    ],
)
def test_it_says_whether_the_published_value_lies_inside(tmp_path, values, told):
    (row,) = published(results_of(tmp_path, ()), wide_of([*values, np.nan])).to_dict("records")
    assert row["told"] == told
    assert np.isnan(row["low"]) == np.isnan(row["high"]) == (told == "no interval")
