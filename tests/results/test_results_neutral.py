"""A key and a field of a layer that came later: what was trained before them is found, shown and compared as ever."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import made_up
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from pydantic import Field

from ablate import results
from ablate.commands.runs.common import entries_of
from ablate.config import keys, loading
from ablate.config import own as of_the_user
from ablate.config.keys import Key
from ablate.config.neutral import layer_fields, with_neutral, without_neutral
from ablate.config.own_configs import conf_dir
from ablate.config.recipe import Augment, Recipe
from ablate.models import layers, spec
from ablate.planning.run_result import trajectory_of
from ablate.planning.speeds import siblings
from ablate.report.paper import recipe as paper
from ablate.results.analysis import analyze
from ablate.results.published import recipe as published_digest
from ablate.results.question import ask
from ablate.results.trained import Trained
from ablate.search import space
from ablate.search.resolve import make
from ablate.search.settings import SearchSettings
from ablate.search.spec import SearchSpec
from ablate.search.study import differing
from ablate.store.selection import matching
from ablate.trainers import asked

SHORT = ("steps=30", "eval_every=10")
MINE = "layers:\n  - conv: {kernel: 3, filters: 4}\n  - pool: {size: 3, stride: 2%s}\n  - classifier: {}\n"
DOCILE = "crop: center\ncrop_fraction: 1.0\nflip: false\nbrightness: 0\ncontrast: [1.0, 1.0]\n"


class ToyAugment(Augment):
    cutout: Annotated[float, Field(ge=0)]


class ToyRecipe(Recipe):
    augment: ToyAugment

    def training(self, data_digest: str) -> dict[str, Any]:
        content = with_neutral(super().training(data_digest))
        content["input"]["cutout"] = self.augment.cutout
        return without_neutral(content)


@dataclass(frozen=True)
class ToyPool(layers.Pool):
    dilation: int = 1


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """From its call on the program has a key augment.cutout, neutral at 0.0, and a field dilation of a pool, neutral at 1."""

    def come() -> None:
        conf = tmp_path / "conf"
        shutil.copytree(conf_dir(), conf)
        with (conf / "config.yaml").open("a", encoding="utf-8") as file:
            file.write("\naugment:\n  cutout: 0.0\n")
        for module in (loading, of_the_user):
            monkeypatch.setattr(module, "conf_dir", lambda: conf)
        monkeypatch.setattr(loading, "Recipe", ToyRecipe)
        toy = Key("augment.cutout", "training", "of the side", content="input.cutout", neutral=0.0)
        monkeypatch.setattr(keys, "TABLE", (*keys.TABLE, toy))
        monkeypatch.setitem(layers.WORDS, ToyPool, "pool")
        monkeypatch.setitem(spec._TYPES, "pool", ToyPool)
        made_up.forget()

    yield come
    monkeypatch.undo()
    made_up.forget()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a user's own model and augmentation, written before."""
    folder = tmp_path / "my"
    for name, text in (("model/mine", MINE % ""), ("augment/docile", DOCILE)):
        (folder / name).parent.mkdir(parents=True)
        (folder / f"{name}.yaml").write_text(text)
    return folder


def trained(*words: str, own: Path | None = None) -> tuple[str, dict[str, Any]]:
    """(fingerprint, hashed content) of a command."""
    composed = loading.compose(["data=digits", *words], None if own is None else str(own))
    trajectory, content = trajectory_of(asked(composed))
    return trajectory.fingerprint, content


def test_fingerprints_stay_and_another_value_is_another_training(later):
    commands = ((), ("augment=off", "optimizer=adam"), ("model=squeeze0", "batch_size=64"))
    before = [trained(*words) for words in commands]
    later()
    assert layer_fields() == {"pool": {"dilation": 1}}
    assert [trained(*words) for words in commands] == before
    assert trained("augment.cutout=0.0") == trained("augment.cutout=0") == before[0]
    fingerprint, content = trained("augment.cutout=0.5")
    assert fingerprint != before[0][0]
    assert content["input"]["cutout"] == 0.5


def test_a_users_own_files_without_them_stay_valid(later, own):
    words = ("model=mine", "augment=docile")
    before = trained(*words, own=own)
    later()
    assert trained(*words, own=own) == before
    assert trained(*words, "augment.cutout=0.5", own=own)[0] != before[0]
    (own / "model" / "mine.yaml").write_text(MINE % ", dilation: 1")
    assert trained(*words, own=own) == before
    (own / "model" / "mine.yaml").write_text(MINE % ", dilation: 2")
    fingerprint, content = trained(*words, own=own)
    assert fingerprint != before[0]
    assert content["model"][1] == {"pool": {"size": 3, "stride": 2, "dilation": 2}}


@pytest.mark.parametrize("dilation", [1.0, True, 2])
def test_a_field_of_another_type_is_hashed(later, dilation):
    later()
    [layer] = without_neutral({"model": [{"pool": {"size": 3, "dilation": dilation}}]})["model"]
    assert repr(layer["pool"]["dilation"]) == repr(dilation)
    [layer] = without_neutral({"model": [{"pool": {"size": 3, "dilation": 1}}]})["model"]
    assert layer == {"pool": {"size": 3}}
    assert with_neutral({"model": [layer]})["model"] == [{"pool": {"size": 3, "dilation": 1}}]


def done(sweeps, *words: str) -> Path:
    return sweeps.trained(sweeps.planned(*SHORT, *words), 10, 20, 30)


def test_what_was_trained_before_is_found_and_shown_with_neutral_values(sweeps, later):
    old = done(sweeps, "ema=on,off", "seed=0,1")
    before = {path.name for path in sweeps.store.iterdir()}
    later()
    made = sweeps.planned(*SHORT, "augment.cutout=0.0,0.5", "seed=0,1")
    same, other = ({run.trajectory.fingerprint for run in made.runs if run.arm == arm} for arm in (0, 1))
    assert same <= before
    assert not other & before
    run = made.runs[0]
    stored = run.trajectory.config()
    assert stored is not None
    assert "cutout" not in stored["input"]
    config = Trained(run.trajectory.path).config
    assert config == with_neutral(stored)
    assert config["input"]["cutout"] == 0.0
    assert {one["dilation"] for layer in config["model"] for one in layer.values() if "stride" in one} == {1}
    assert siblings(config, sweeps.store, (0, 1)).keys() == siblings(stored, sweeps.store, (0, 1)).keys() == {0, 1}
    found = analyze(*ask(results.load(old)))
    content = paper.config(found.results, found.question)
    assert content is not None
    assert content["input"]["cutout"] == 0.0
    entries, _ = entries_of(sweeps.store)
    assert {one.config["input"]["cutout"] for one in entries} == {0.0}
    assert len(matching(entries, ["input.cutout=0.0"])) == 2


def test_an_old_training_and_a_new_one_at_the_neutral_value_are_one(sweeps, later):
    old = done(sweeps, "ema=on,off", "seed=0,1")
    others = done(sweeps, "lr=0.05,0.2", "seed=0,1")
    later()
    new = done(sweeps, "augment.cutout=0.0,0.5", "seed=0,1")
    joined = results.load(old, new)
    assert joined.sweep.to_json()["factors"] == {"ema": ["on", "off"], "augment.cutout": ["0.0", "0.5"]}
    assert [tuple(arm["levels"].values()) for arm in joined.sweep.to_json()["arms"]] == [
        ("on", "0.0"),
        ("off", "0.0"),
        ("on", "0.5"),
    ]
    assert len(joined.runs) == 6
    apart = results.load(others, new).sweep.to_json()["arms"]  # which the content of their trainings alone tells
    assert [tuple(arm["levels"].values()) for arm in apart] == [("0.05", "0.0"), ("0.2", "0.0"), ("0.1", "0.0"), ("0.1", "0.5")]
    shutil.rmtree(sweeps.multirun / others.name)
    assert results.load(sweeps.store).sweep.to_json()["factors"]["input.cutout"] == ["0.0", "0.5"]


def test_a_published_recipe_is_the_same_with_neutral_values_alone(later):
    _, content = trained()
    before = [published_digest(content, weights, 10_000) for weights in ("raw", "averaged")]
    later()
    for same in (content, with_neutral(content)):
        assert [published_digest(same, weights, 10_000) for weights in ("raw", "averaged")] == before
    _, other = trained("augment.cutout=0.5")
    assert published_digest(other, "raw", 10_000) != before[0]
    other = with_neutral(content)
    other["model"] = [
        {word: one | ({"dilation": 2} if word == "pool" else {})} for layer in other["model"] for word, one in layer.items()
    ]
    assert published_digest(other, "raw", 10_000) != before[0]


def search(*words: str) -> SearchSpec:
    """A search over the learning rate."""
    given = ["data=digits", "model=tuto", "epochs=1", "lr=0.05,0.1", *words]
    node = loading.compose(["sweeper=optuna"]).hydra.sweeper
    command = space.parse(OverridesParser.create().parse_overrides(given))
    return make(command, SearchSettings.of(node, None), lambda words: loading.compose([*words, "sweeper=optuna"]))


def test_a_search_is_the_same_and_tells_what_differs(later):
    before = search()
    later()
    assert search().definition == before.definition
    assert search().name == search("augment.cutout=0.0").name == before.name
    other = search("augment.cutout=0.5")
    assert other.name != before.name
    assert differing(before.definition, other.definition) == ["training.input.cutout: 0.0 there, 0.5 here"]
    changed = {**before.definition, "training": {**before.definition["training"], "batch_size": 128.0}}
    assert differing(before.definition, changed) == ["training.batch_size: 128 there, 128.0 here"]
