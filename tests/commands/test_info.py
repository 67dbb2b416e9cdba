import json
import subprocess
import sys

import pytest

from ablate.commands import info
from ablate.errors import AblateError
from ablate.models.spec import Conv, Fire, Gap


def printed(capsys, *arguments: str) -> str:
    assert info.run(arguments) == 0
    return capsys.readouterr().out


def as_json(capsys, *arguments: str):
    return json.loads(printed(capsys, "--json", *arguments))


def test_describe_is_plain_content_whose_rows_sum_to_its_totals():
    description = info.describe((Conv(3, 8), Fire(2, 3, 4), Conv(1, 5), Gap()), (12, 10, 1))
    assert json.loads(json.dumps(description)) == description
    assert description["input"] == [12, 10, 1]
    assert " ".join(layer["name"] for layer in description["layers"]) == (
        "conv1 fire1/squeeze fire1/expand1 fire1/expand3 fire1 classifier gap"
    )
    for total in ("parameters", "operations"):
        assert description[total] == sum(layer[total] for layer in description["layers"])


@pytest.mark.parametrize(
    ("overrides", "size", "parameters", "operations"),
    [
        (["model=alex4", "augment=on"], 24, 1493674, 35196874),
        (["model=alex4", "augment=off"], 32, 2525866, 62453194),
        (["model=tuto", "lrn=off", "augment=on"], 24, 1068298, 37081546),
        (["model=tuto", "fc=one", "augment=off"], 32, 1684426, 66839178),
        (["model=nin2", "augment=center"], 24, 966986, 251362872),
        (["model=squeeze1", "augment=off"], 32, 146570, 40597376),
    ],
)
def test_json_has_the_published_counts(capsys, overrides, size, parameters, operations):
    description = as_json(capsys, *overrides, "data=cifar10")
    assert description["model"] == overrides[0].removeprefix("model=")
    assert description["input"] == [size, size, 3]
    assert (description["parameters"], description["operations"]) == (parameters, operations)
    assert set(description["layers"][0]) == {"name", "kind", "output_shape", "parameters", "operations"}


def test_options_and_overrides_come_in_any_order(capsys):
    assert info.run(["model=nin0", "--json", "augment=off"]) == 0
    between = json.loads(capsys.readouterr().out)
    assert between == as_json(capsys, "model=nin0", "augment=off")


def test_the_table_shows_layers_shapes_and_totals(capsys):
    text = printed(capsys, "model=squeeze0", "augment=off", "data=cifar10")
    for shown in ("32×32×3", "fire1/expand3", "16×16×128", "classifier", "122,986", "28,514,176"):
        assert shown in text


def test_build_says_that_what_tensorflow_builds_is_the_list(capsys, monkeypatch, one_thread):
    words = ["--build", "model=squeeze1", "augment=off", "data=cifar10", "precision=bfloat16"]
    built = as_json(capsys, *words)["built"]
    assert (built["parameters"], built["weights"], built["compute"]) == (146570, "float32", "bfloat16")
    assert "146,570 parameters and every layer as listed, float32 weights, bfloat16 activations" in printed(capsys, *words)
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_auto_jit=2")
    with pytest.raises(AblateError, match="TF_XLA_FLAGS"):
        info.run(words)


def test_without_overrides_the_default_recipe_is_shown(capsys):
    assert "classifier" in printed(capsys)


def test_a_level_out_of_reach_is_refused_with_the_reason():
    with pytest.raises(AblateError, match="lrn=on"):
        info.run(["model=alex2", "lrn=on"])


def test_wrong_usage_ends_with_2(capsys):
    with pytest.raises(SystemExit) as end:
        info.run(["--jsn"])
    assert end.value.code == 2
    assert "ablate info" in capsys.readouterr().err


def test_help_has_three_examples(capsys):
    with pytest.raises(SystemExit) as end:
        info.run(["--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.count("\n  ablate info ") == 3


def test_tensorflow_stays_out():
    program = (
        "import sys; from ablate.commands import info; info.run(['--json', 'model=tuto']); "
        "sys.exit(any(name.split('.')[0] in ('tensorflow', 'keras') for name in sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
