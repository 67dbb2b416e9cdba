"""The runs of a sweep by name for TensorBoard: links, and what the table of HParams has."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ablate.designs import Arm
from ablate.planning.plan import Plan
from ablate.running import tensorboard

Ran = Callable[..., Path]

ARMS = ("baseline", "augment=off", "ema=off")
SWEEP = ("augment=on,off", "ema=on,off", "seed=0,1", "steps=20", "eval_every=10")


def links(folder: Path) -> dict[str, Path]:
    """What the link of each run leads to, by arm and seed."""
    found = (path for path in folder.glob("tensorboard/*/*/*") if path.is_symlink())
    return {link.parent.relative_to(folder / "tensorboard").as_posix(): link.resolve() for link in found}


def test_each_run_has_a_link_by_arm_and_seed(run: Ran, sweeps) -> None:
    folder = run(*SWEEP)
    found = links(folder)
    assert set(found) == {f"{arm}/{seed}" for arm in ARMS for seed in (0, 1)}
    for name, summaries in found.items():
        assert summaries.parent.parent == sweeps.store.resolve(), name
        assert summaries.name == "tensorboard"
    assert found["baseline/0"] == found["ema=off/0"], "they share a training"
    assert found["baseline/0"] != found["baseline/1"] != found["augment=off/1"]
    link = folder / "tensorboard" / "baseline" / "0" / tensorboard.TRAINING
    assert not link.readlink().is_absolute(), "sweep and store can be moved together"
    assert links(run(*SWEEP)) == found


@pytest.mark.slow
def test_without_summaries_there_are_no_links(run: Ran) -> None:
    assert not (run(*SWEEP, "tensorboard=off") / "tensorboard").exists()


@pytest.mark.slow
def test_without_the_package_there_are_links_alone(run: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    folder = run(*SWEEP)
    assert not list(folder.rglob("events*"))
    assert len(links(folder)) == 6


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_costs_the_names_alone(run: Ran, sweeps, capsys: pytest.CaptureFixture[str]) -> None:
    place = sweeps.multirun / "taken"
    place.mkdir(parents=True)
    (place / "tensorboard").write_text("a file")
    run(*SWEEP, folder=place)
    assert len(list(place.glob("*/result.json"))) == 6
    assert "TensorBoard will not find the runs by name: Cannot write" in capsys.readouterr().err


def test_arms_with_odd_levels_have_folders_of_their_own() -> None:
    levels = ("a", "0.2", "b/c", "b_c", "../d", "e" * 300, "e" * 301)
    plan = cast(Plan, SimpleNamespace(arms=[Arm((("x", level),)) for level in levels]))
    names = [tensorboard.arm_name(plan, number) for number in range(len(levels))]
    assert names[:5] == ["baseline", "x=0.2", "x=b_c (2)", "x=b_c", "x=.._d (4)"]
    assert len(set(names)) == len(levels)
    assert all("/" not in name and len(name) < 255 for name in names)


@pytest.mark.slow
def test_the_table_has_levels_seeds_and_what_is_judged(run: Ran) -> None:
    reader = pytest.importorskip(
        "tensorboard.backend.event_processing.plugin_event_accumulator", reason="needs the extra tensorboard"
    )
    from tensorboard.plugins.hparams import metadata

    folder = run(*SWEEP) / "tensorboard"

    def accumulated(place: Path):
        found = reader.EventAccumulator(str(place), size_guidance={"tensors": 0})
        found.Reload()
        return found

    content = accumulated(folder).SummaryMetadata(metadata.EXPERIMENT_TAG).plugin_data.content
    experiment = metadata.parse_experiment_plugin_data(content)
    assert {info.name for info in experiment.hparam_infos} == {"augment", "ema", "seed"}
    assert [info.name.tag for info in experiment.metric_infos] == ["judged/accuracy"]
    for arm, augment, ema in (("baseline", "on", "on"), ("augment=off", "off", "on"), ("ema=off", "on", "off")):
        one = accumulated(folder / arm / "1")
        content = one.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
        levels = metadata.parse_session_start_info_plugin_data(content).hparams
        assert (levels["augment"].string_value, levels["ema"].string_value) == (augment, ema)
        assert levels["seed"].string_value == "1"
        [judged] = one.Tensors("judged/accuracy")
        assert judged.step == one.Tensors("accuracy")[-1].step
        assert judged.tensor_proto.float_val == one.Tensors("accuracy")[-1].tensor_proto.float_val
