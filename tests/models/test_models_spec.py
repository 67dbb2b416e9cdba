from pathlib import Path

import pytest
import yaml

from ablate.errors import AblateError
from ablate.models.spec import (
    Conv,
    Dense,
    Dropout,
    Fire,
    Gap,
    Logits,
    Lrn,
    Pool,
    named,
    parse,
    to_plain,
)

CONF = Path(__file__).parents[2] / "conf"
FILES = sorted((CONF / "model").glob("*.yaml"))


def read(name: str, classes: int = 10):
    return parse(yaml.safe_load((CONF / "model" / f"{name}.yaml").read_text())["layers"], classes)


def roles(name: str) -> list[str]:
    return [role for role, _ in named(read(name))]


def joined(name: str) -> str:
    return " ".join(roles(name))


def test_every_reference_model_has_a_file():
    expected = "alex0 alex1 alex2 alex3 alex4 convone cs231n nin0 nin1 nin2 squeeze0 squeeze1 tuto"
    assert " ".join(path.stem for path in FILES) == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_model_file_holds_nothing_but_layers_in_under_40_lines(path):
    text = path.read_text()
    assert list(yaml.safe_load(text)) == ["layers"]
    assert len(text.splitlines()) < 40
    assert text.startswith("#")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("classes", [2, 10, 100])
def test_model_files_fit_any_number_of_classes(path, classes):
    model = read(path.stem, classes)
    assert parse(to_plain(model), classes) == model


def test_tuto_is_the_published_network():
    lrn = Lrn(depth_radius=4, bias=1.0, alpha=0.001 / 9, beta=0.75)
    assert read("tuto") == (
        *(Conv(5, 64), Pool(3, 2), lrn, Conv(5, 64), lrn, Pool(3, 2)),
        *(Dense(384), Dense(192), Logits(10)),
    )


def test_nin_is_three_convolutions():
    assert read("nin0")[-5:] == (Pool(3, 2), Conv(5, 64), Conv(1, 64), Conv(1, 10), Gap())
    expanded = [{"conv": {"kernel": 5, "filters": 8}}, {"conv": {"kernel": 1, "filters": 6}}]
    expanded += [{"conv": {"kernel": 1, "filters": "classes"}}, {"gap": {}}]
    short = [{"nin": {"kernel": 5, "filters": [8, 6, "classes"]}}, {"gap": {}}]
    assert to_plain(parse(short, 4)) == to_plain(parse(expanded, 4))


def test_whole_and_decimal_numbers_are_one_content():
    def plain(bias):
        lrn = {"depth_radius": 4, "bias": bias, "alpha": 1, "beta": 0.75}
        return repr(to_plain(parse([{"lrn": lrn}, {"classifier": {}}], 10)))

    assert plain(1) == plain(1.0)


def test_the_number_of_classes_is_part_of_the_content():
    assert to_plain(read("tuto", 10)) != to_plain(read("tuto", 11))


def test_roles_count_within_a_kind():
    assert joined("tuto") == "conv1 pool1 lrn1 conv2 lrn2 pool2 fc1 fc2 classifier"
    assert joined("nin2") == ("conv1 conv2 conv3 pool1 dropout1 conv4 conv5 conv6 pool2 dropout2 conv7 conv8 classifier gap")
    assert joined("squeeze0") == "conv1 pool1 fire1 fire2 pool2 fire3 fire4 classifier gap"


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        ("alex2", {"conv1", "conv2", "fc1", "fc2", "classifier", "pool1", "pool2"}),
        ("alex3", {"conv1", "conv2", "fc1", "lrn1", "lrn2", "pool1", "pool2", "classifier"}),
    ],
)
def test_tuto_shares_roles_with_its_variants(other, shared):
    assert set(roles("tuto")) & set(roles(other)) == shared


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_roles_are_unique(path):
    assert len(set(roles(path.stem))) == len(roles(path.stem))


def test_a_gap_before_a_dense_classifier_leaves_the_convolution_its_number():
    model = (Conv(3, 10), Gap(), Logits(10))
    assert named(model) == [("conv1", Conv(3, 10)), ("gap", Gap()), ("classifier", Logits(10))]


END = {"classifier": {}}
CONV = {"conv": {"kernel": 3, "filters": 8}}


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("tuto", "layers must be a list, one layer an item, got 'tuto'."),
        (None, "layers must be a list, one layer an item, got null."),
        ({"conv": {}}, "layers must be a list"),
        ([], "A model must end with classifier.*has no layers"),
        (["gap"], "Layer 1 must be one word with its numbers.*got 'gap'"),
        ([CONV | END], "Layer 1 must be one word with its numbers.*got {conv:"),
        (
            [CONV, {"covn": {}}, END],
            "Unknown kind of layer 2 'covn'. Choose from conv, pool, lrn, fire, fc, dropout, classifier, gap, nin.",
        ),
        ([{"logits": {"classes": 10}}], "Unknown kind of layer 1 'logits'. Choose from conv"),
        ([{"gap": None}], r"Layer 1 \(gap\) must be `gap: {KEY: NUMBER}`, got null\."),
        (
            [{"conv": {"kernel": 3, "filter": 8}}, END],
            r"Layer 1 \(conv\): Unknown key 'filter'\. The keys are kernel, filters\. Did you mean 'filters'",
        ),
        ([{"conv": {"kernel": 3}}, END], r"filters is missing\. The keys are kernel, filters\."),
        ([{"conv": {}}, END], "kernel, filters is missing"),
        ([CONV, {"gap": {"size": 2}}], r"Layer 2 \(gap\): Unknown key 'size'\. The keys are none\."),
        ([{"conv": {"kernel": 0, "filters": 8}}, END], "kernel must be a whole number from 1 to 1,000,000, got 0."),
        ([{"conv": {"kernel": 3.0, "filters": 8}}, END], "kernel must be .*, got 3.0."),
        ([{"conv": {"kernel": 3, "filters": "all"}}, END], "filters must be .*, got 'all'."),
        ([{"fc": {"units": True}}, END], "units must be .*, got true."),
        ([{"fc": {"units": "classes"}}, END], "units must be .*, got 'classes'."),
        ([{"pool": {"size": 2, "stride": -1}}, END], "stride must be .*, got -1."),
        ([{"dropout": {"rate": 1.0}}, END], "rate must be above 0 and below 1, got 1.0."),
        ([{"dropout": {"rate": 0}}, END], "rate must be a number above 0, got 0."),
        ([{"dropout": {"rate": float("nan")}}, END], "rate must be a number above 0, got nan."),
        ([{"nin": {"kernel": 3, "filters": [8, 8]}}, END], "filters must be three numbers.*got .8,8."),
        ([{"nin": {"kernel": 3, "filters": [8, 0, 8]}}, END], "filters must be .*, got 0."),
        (
            [{"lrn": {"depth_radius": 4, "bias": 0, "alpha": 1.0, "beta": 0.75}}, END],
            "bias must be a number above 0, got 0.",
        ),
        (
            [{"lrn": {"depth_radius": 4, "bias": 1, "alpha": "0.001/9", "beta": 0.75}}, END],
            "alpha must be a number above 0, got '0.001/9'.",
        ),
        (
            [{"fc": {"units": 8}}, CONV, END],
            r"Layer 2 \(conv\) must come before layer 1 \(fc\), which flattens the map\. Move it up\.",
        ),
        ([CONV, {"gap": {}}, CONV, {"gap": {}}], r"Layer 3 \(conv\) must come before layer 2 \(gap\)"),
        ([END, END], r"Layer 1 of 2 \(classifier\) must be the last one"),
        ([CONV], "this one ends with conv"),
        ([{"fc": {"units": 10}}], "this one ends with fc"),
        (
            [CONV, {"pool": {"size": 2, "stride": 2}}, {"gap": {}}],
            "no convolution comes right before this one's gap",
        ),
        ([CONV, {"gap": {}}], "A model must have 10 outputs, one for each class, and this one has 8."),
        ([{"classifier": {"classes": 3}}], "must have 10 outputs.*this one has 3."),
    ],
)
def test_a_wrong_list_is_refused_by_name(layers, message):
    with pytest.raises(AblateError, match=message) as refusal:
        parse(layers, 10)
    assert "\n" not in str(refusal.value)


def test_no_classes_are_refused():
    with pytest.raises(AblateError, match="classes must be a whole number from 1"):
        parse([END], 0)


def test_constructors_hold_the_same_invariants():
    with pytest.raises(AblateError, match="squeeze must be"):
        Fire(0, 1, 1)
    with pytest.raises(AblateError, match="rate must be"):
        Dropout(1.5)
    assert Lrn(0, 1, 1, 1) == Lrn(0, 1.0, 1.0, 1.0)
