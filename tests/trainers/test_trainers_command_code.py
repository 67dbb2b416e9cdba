"""Which files are part of the training of a command: what it starts, and what folders hold."""

from pathlib import Path

import pytest
from own_command import COMMAND, QUICK, Program

from ablate.trainers.command import code

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


def test_a_folder_has_what_links_lead_to_and_nothing_hidden_nor_results(own: Program) -> None:
    for folder in ("runs", "multirun", "outputs", ".git", "data/.cache", "../linked/deep", "data/__pycache__"):
        (own.folder / folder).mkdir(parents=True)
        (own.folder / folder / "file").write_text(folder)
    (own.folder / "data" / "there").symlink_to(own.folder.parent / "linked")
    (own.folder / "data" / "again").symlink_to(own.folder)
    _, data = code.of(["python", "train.py"], own.folder, own.folder, Path("runs"), [], ["."])
    assert [name for name, _ in data] == [f"{own.folder.parent}/linked/deep/file", "train.py", "tricks.py"]
    _, data = code.of(["python", "train.py"], own.folder, own.folder, Path("runs"), [], ["outputs"])
    assert [name for name, _ in data] == ["outputs/file"], "what is named itself counts"


@pytest.mark.slow
def test_a_sweep_over_a_whole_folder_does_not_take_its_own_results_for_changes(own: Program) -> None:
    (own.folder / "results").mkdir()
    own("hydra.run.dir=results/alone", "trick=off", "lr=0.1", "trainer.code=[.]", "trainer.data=[.]", *COMMAND)
    for seeds in ("0", "0,1"):
        own(
            "-m",
            f"hydra.sweep.dir=results/{len(seeds)}",
            f"seed={seeds}",
            "trick=off",
            "lr=0.1",
            "trainer.code=[.]",
            "trainer.data=[.]",
            *QUICK,
            *COMMAND,
        )
    assert len(own.trainings) == 2


def test_files_that_a_command_names_and_that_are_no_part_of_it_are_told(own: Program) -> None:
    (own.folder / "c.json").write_text("{}")
    words = ("--", "python", "train.py", "--config=c.json", "{seed}")
    told = "c.json is named by the command and is not part of the training; add trainer.data=[c.json]"
    assert told in own("plan", *words)
    assert "named by" not in own("plan", "trainer.data=[c.json]", *words)
