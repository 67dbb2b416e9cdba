"""Each example of docs/examples that is a command, run as it says at its head, with two seeds."""

import importlib.util
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from own_command import Program

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def words_of(file: Path) -> list[str]:
    """The words of the first command in a file, behind `ablate`."""
    text = file.read_text().replace("\\\n#", "\\\n")
    found = re.search(r"^#? ?ablate ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert found is not None
    return shlex.split(found[1].replace("\\\n", " "))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain.py", "plain.sh", pytest.param("sklearn_digits.py", marks=pytest.mark.exhaustive)])
def test_an_example_is_what_its_command_says(own: Program, name: str) -> None:
    shutil.copy(EXAMPLES / name, own.folder)
    words = [re.sub(r"^seed=.*", "seed=0,1", word) for word in words_of(EXAMPLES / name)]
    own(*words[: words.index("--")], "report.formats=[csv]", "progress=false", "workers=2", *words[words.index("--") :])
    results = [json.loads(path.read_text()) for path in own.sweep.glob("*/result.json")]
    assert [result["status"] for result in results] == ["done"] * 6
    assert len({result[result.get("metric", "accuracy")] for result in results}) > 1


@pytest.mark.slow
def test_the_trick_of_the_first_example_helps(own: Program) -> None:
    shutil.copy(EXAMPLES / "plain.py", own.folder)
    words = words_of(EXAMPLES / "plain.py")
    own(*words[: words.index("--")], "report.formats=[csv]", "progress=false", *words[words.index("--") :])
    told = (own.sweep / "report" / "effects.csv").read_text()
    assert "helps" in next(line for line in told.splitlines() if "average" in line)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_example_of_keras_is_read_from_what_it_writes(own: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    shutil.copy(EXAMPLES / "keras_digits.py", own.folder)
    words = [re.sub(r"^seed=.*", "seed=0", word) for word in words_of(EXAMPLES / "keras_digits.py")]
    own(*words[: words.index("--")], "report.formats=[]", "progress=false", *words[words.index("--") :])
    assert [[row["step"] for row in one.rows()] for one in own.trainings] == [[0, 1, 2, 3, 4]] * 2


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "needs"), [("torch_digits.py", "torch"), ("hf_digits.py", "transformers")])
def test_an_example_of_pytorch_is_what_its_command_says(own: Program, name: str, needs: str) -> None:
    if importlib.util.find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed; pip install {needs}")
    shutil.copy(EXAMPLES / name, own.folder)
    words = [re.sub(r"^seed=.*", "seed=0", word) for word in words_of(EXAMPLES / name)]
    own(*words[: words.index("--")], "report.formats=[]", "progress=false", "workers=1", *words[words.index("--") :])
    assert all(len(one.rows()) > 1 for one in own.trainings)
    assert all(needs in one.segments()[0]["versions"] for one in own.trainings)


TELLS = re.compile(r"ablate|^log\(|^    log\(|save_state|CSVLogger|callbacks=")


@pytest.mark.parametrize("file", [path.name for path in sorted(EXAMPLES.glob("*.*")) if path.suffix in (".py", ".sh")])
def test_an_example_is_at_most_five_lines_longer_than_without_ablate(file: str) -> None:
    lines = re.sub(r'^""".*?"""', "", (EXAMPLES / file).read_text(), flags=re.DOTALL | re.MULTILINE).splitlines()
    ours = [line for line in lines if TELLS.search(line) and not line.lstrip().startswith("#")]
    assert 0 < len(ours) <= 5, ours
