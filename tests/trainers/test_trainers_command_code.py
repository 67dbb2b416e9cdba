"""Which files are part of the training of a command: what it starts, and what folders hold."""

import pytest
from own_command import Program

CODE = {
    "python train.py -m model {seed}": "train.py, tricks.py",
    "python train.py -c cfg {seed}": "train.py, tricks.py",
    "python plain -m model {seed}": "plain",
    "python -m model {seed}": "model.py",
    "python -u -m model train.py {seed}": "model.py",
}


@pytest.mark.parametrize(
    "command", [pytest.param(one, marks=pytest.mark.slow if place else ()) for place, one in enumerate(CODE)]
)
def test_options_of_the_script_are_not_those_of_python(own: Program, command: str) -> None:
    own.write(model="x = 1\n")
    (own.folder / "plain").write_text("x = 1\n")
    assert f"part of each training: {CODE[command]}\n" in own("plan", "--", *command.split())
