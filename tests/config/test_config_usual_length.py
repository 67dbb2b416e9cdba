"""A data set with a length of its own: where a command gives none it has that, and what was begun before is found again."""

from pathlib import Path

import pytest
from made_up import Sweeps

from ablate.commands import command_line
from ablate.config import usual_length
from ablate.config.syntax import key_of
from ablate.planning import earlier_length
from ablate.report import repeat
from ablate.store import sweep_file

WORDS = ("augment=on,off", "seed=0,1")


@pytest.mark.parametrize(
    ("words", "gets"),
    [
        (["data=digits", "augment=on,off"], ["steps=120", "eval_every=30"]),
        (["data=digits", "hydra/sweeper=optuna", "lr=0.1,0.2"], ["steps=120"]),
        (["data=digits", "steps=10,20"], []),
        (["data=digits", "epochs=2"], []),
        (["data=digits", "eval_every=1000"], []),
        (["data=digits", "study=lrn"], []),
        (["data=digits", "trainer=toy"], []),
        (["data=digits,arrays", "data.path=my.npz"], []),
        (["data=none"], []),
        (["augment=on,off"], []),
    ],
)
def test_a_command_gets_the_length_of_its_data_set_where_it_gives_none(words: list[str], gets: list[str]) -> None:
    assert usual_length.added(words) == gets


def test_a_sweep_of_an_earlier_default_is_named_and_continued_as_it_was(
    sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sweeps.multirun.parent)
    made = sweeps.planned(*WORDS)  # as an earlier version planned what gives no length
    folder = Path("multirun") / made.name
    sweep_file.write(folder, made.sweep)
    assert earlier_length.told(["data=digits", *WORDS]) == [
        f"{folder} was begun with steps=10000 eval_every=1000, the defaults before. Continue it with ablate -m {made.name}"
    ]
    assert earlier_length.told(["data=digits", "ema=on,off", "seed=0,1"]) == []
    words = command_line.of_sweep(command_line.read(["-m", made.name])).overrides
    assert usual_length.added(words) == []
    assert {"steps=10000", "eval_every=1000"} <= set(words)
    again = sweeps.planned(*(word for word in words if key_of(word) not in ("data", "store")))
    assert [run.trajectory.fingerprint for run in again.runs] == [run.trajectory.fingerprint for run in made.runs]


def test_a_sweep_that_gives_its_length_is_repeated_with_that_alone(sweeps: Sweeps) -> None:
    made = sweeps.planned(*WORDS, "steps=40")
    words = repeat.overrides(made.sweep, None)
    assert [word for word in words if key_of(word) in usual_length.LENGTH] == ["steps=40"]
    assert earlier_length.told(["data=digits", *WORDS]) == []
