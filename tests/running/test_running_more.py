"""Sweeps that are added to: what was fixed stays, looks are counted, and every command reads the folder as it has become."""

import itertools
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_up import composed

from ablate import __main__ as program
from ablate.errors import AblateError
from ablate.planning import growing
from ablate.planning.look_law import bound
from ablate.planning.runs import Run
from ablate.report import repeat
from ablate.results import load
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask
from ablate.running import more
from ablate.running.more import Wanted
from ablate.store import looks, sweep_file
from ablate.store.sweep import Sweep

WORDS = ("lr=0.1,0.2", "augment=on,off", "steps=20", "eval_every=10")
NAME = "one_factor"


def analyzed(folder: Path) -> Analysis:
    return analyze(*ask(load(folder)))


def content(folder: Path) -> Sweep:
    return sweep_file.read(folder).sweep


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ablate.config.loading.compose", lambda words, config_dir=None: composed(words))


Grown = Callable[..., Path]


@pytest.fixture
def grown(run, sweeps) -> Grown:
    """Adds to a sweep and trains what that needs, made up."""

    def grow(folder: Path, wanted: Wanted, *words: str, **how) -> Path:
        more.grow(folder, wanted)
        return run(*words, folder=folder, become=True, **how)

    return grow


def test_added_seeds_are_behind_what_was_fixed_and_a_further_look(run, grown):
    folder = run(*WORDS, "seed=0,1,2")
    before = content(folder)
    grown(folder, Wanted(seeds=2), *WORDS, "seed=0,1,2")
    after = content(folder)
    assert after.original == before
    assert (after.seeds, after.version, len(after.runs)) == ((0, 1, 2, 3, 4), 2, 15)
    assert after.runs[:9] == before.runs
    found = analyzed(folder)
    assert found.comparisons["n"].tolist() == [5, 5]
    assert found.question.levels == [1 - 0.05 / 8] * 2
    assert [len(each) for each in found.looks] == [2, 2]


def test_only_named_arms_and_their_partners_get_seeds(run, grown):
    folder = run(*WORDS, "seed=0,1,2")
    grown(folder, Wanted(seeds=2, only=("augment=off",)), *WORDS, "seed=0,1,2")
    assert [(run.arm, run.seed) for run in content(folder).runs[9:]] == [(0, 3), (2, 3), (0, 4), (2, 4)]
    found = analyzed(folder)
    assert found.comparisons["n"].tolist() == [3, 5]
    assert found.question.levels == [1 - 0.05 / 2, 1 - 0.05 / 8]
    assert not found.question.exploratory
    grown(folder, Wanted(seeds=2), *WORDS, "seed=0,1,2")
    found = analyzed(folder)
    assert found.comparisons["n"].tolist() == [5, 5]
    assert found.question.levels == [1 - 0.05 / 8, 1 - 0.05 / 8]


def test_a_plan_tells_of_the_look_that_is_new(run, grown, capsys):
    folder = run(*WORDS, "seed=0,1")
    grown(folder, Wanted(seeds=2, only=("augment=off",)), *WORDS, "seed=0,1")
    assert "look 2 at these comparisons (2 seeds, then 4)" in capsys.readouterr().err
    grown(folder, Wanted(seeds=1, only=("lr=0.2",)), *WORDS, "seed=0,1")
    assert "look 2 at these comparisons (2 seeds, then 3)" in capsys.readouterr().err


def test_a_comparison_is_not_pending_for_the_seeds_of_another(run, grown):
    folder = run(*WORDS, "seed=0,1,2")
    grown(folder, Wanted(seeds=2, only=("augment=off",)), *WORDS, "seed=0,1,2", of=lambda each: each.seed < 4)
    assert [str(each).startswith("pending") for each in analyzed(folder).comparisons["limit"]] == [False, True]


def below_100(run: Run) -> float:
    """Of any number of arms."""
    return 0.5 + (run.seed * 7 % 5 + run.arm * (1 + run.seed % 2)) / 100


def test_an_added_arm_has_a_first_look_and_the_seeds_of_its_partner(run, grown):
    folder = run(*WORDS, "seed=0,1,2", value=below_100)
    grown(folder, Wanted(arms=("batch_size=64", "augment=center")), *WORDS, "seed=0,1,2", value=below_100)
    after = content(folder)
    assert [arm.label for arm in after.arms] == [
        "baseline",
        "lr: 0.1 → 0.2",
        "augment: on → off",
        "batch_size: 128 → 64",
        "augment: on → center",
    ]
    assert after.factors == {"lr": ("0.1", "0.2"), "augment": ("on", "off", "center"), "batch_size": ("128", "64")}
    assert after.original.factors == {"lr": ("0.1", "0.2"), "augment": ("on", "off")}
    found = analyzed(folder)
    assert found.question.levels == [1 - 0.05 / 2] * 2 + [1 - 0.05 / 4] * 2
    assert found.question.pairs == ((1, 0), (2, 0), (3, 0), (4, 0))
    assert bound(found.looks) == pytest.approx(0.05 + 2 * 0.05 / 4)
    grown(folder, Wanted(seeds=1, only=("augment=center",)), *WORDS, "seed=0,1,2", value=below_100)
    assert bound(analyzed(folder).looks) == pytest.approx((2 - 0.5) * (0.05 + 2 * 0.05 / 4))


@pytest.mark.parametrize(
    ("design", "wanted", "label", "pair"),
    [
        ("ladder", Wanted(arms=("batch_size=64",)), "+ batch_size: 128 → 64", (3, 2)),
        ("together", Wanted(arms=("lr=0.3,augment=center",)), "lr: 0.1 → 0.3, augment: on → center", (2, 0)),
    ],
)
def test_designs_that_take_an_arm_compare_it_as_they_do(run, grown, design, wanted, label, pair):
    folder = run(*WORDS, "seed=0,1", design=design)
    grown(folder, wanted, *WORDS, "seed=0,1", design=design)
    after = content(folder)
    assert (after.arms[-1].label, after.fixed.differences[-1]) == (label, pair)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(2, only=("augment=offf",)), "Unknown arm 'augment=offf'. Choose from lr=0.2 augment=off. Did you mean"),
        (Wanted(2, only=("augment",)), "--only takes FACTOR=LEVEL, as in --only augment=off, got 'augment'."),
        (Wanted(arms=("augment=off",)), "--arms augment=off: the sweep has this arm already."),
        (Wanted(arms=("augment=on",)), "--arms augment=on: the sweep has this arm already."),
        (Wanted(arms=("augment=offf",)), "augment"),
        (Wanted(arms=("nothing=1",)), "nothing"),
        (Wanted(arms=("store=other",)), "store cannot be switched"),
        (Wanted(arms=("ema=off,augment=center",)), "design=one_factor switches one factor an arm"),
    ],
)
def test_what_cannot_be_added_is_refused_and_changes_nothing(run, wanted, message):
    folder = run(*WORDS, "seed=0,1")
    before, entered = (folder / "sweep.json").read_bytes(), Path("runs", looks.LOOKS).read_bytes()
    with pytest.raises(Exception, match=message.replace("(", r"\(").replace("?", r"\?")):
        more.grow(folder, wanted)
    assert (folder / "sweep.json").read_bytes() == before
    assert Path("runs", looks.LOOKS).read_bytes() == entered


def test_other_designs_answer_an_arm_with_the_larger_sweep(run):
    folder = run(*WORDS, "seed=0,1", design="factorial")
    with pytest.raises(AblateError, match=r"takes no single arm.*lr=0.1,0.2 augment=on,off batch_size=128,64 seed=0,1"):
        more.grow(folder, Wanted(arms=("batch_size=64",)))


def test_what_was_added_last_is_completed_before_anything_else_is_added(run, grown):
    folder = run(*WORDS, "seed=0,1")
    grown(folder, Wanted(seeds=1), *WORDS, "seed=0,1", of=lambda each: each.seed < 2)
    half = (folder / "sweep.json").read_bytes()
    more.grow(folder, Wanted(seeds=1))
    assert (folder / "sweep.json").read_bytes() == half
    with pytest.raises(AblateError, match=r"has not all been trained: ablate more .* --seeds 1 completes it"):
        more.grow(folder, Wanted(seeds=2))
    run(*WORDS, "seed=0,1", folder=folder, become=True)
    more.grow(folder, Wanted(seeds=1))
    assert content(folder).seeds == (0, 1, 2, 3)


def test_seeds_that_would_make_it_exploratory_are_refused(run):
    folder = run(*WORDS, "seed=0,1")
    run(*WORDS, "seed=0,1,2,3,4")
    with pytest.raises(AblateError, match="earlier looks at its comparisons also had 4"):
        more.grow(folder, Wanted(seeds=2))
    more.grow(folder, Wanted(seeds=3))


def test_commands_of_a_sweep_that_was_added_to_name_what_was_added(run, grown):
    folder = run(*WORDS, "seed=0,1")
    first = repeat.commands(content(folder), "multirun/one")
    grown(folder, Wanted(seeds=1, only=("augment=off",)), *WORDS, "seed=0,1")
    commands = repeat.commands(content(folder), "multirun/one")
    assert commands[0] == first[0]
    assert commands[1] == "python -m ablate more multirun/one --seeds 1 --only augment=off"


def test_the_plan_of_its_folder_is_that_of_its_command(run, grown, sweeps):
    folder = run(*WORDS, "seed=0,1")
    grown(folder, Wanted(seeds=1), *WORDS, "seed=0,1")
    made = sweeps.planned(*WORDS, "seed=0,1", design=NAME)
    from_command = growing.as_become(made, content(folder), composed)
    assert [run.noted for run in from_command.runs] == list(content(folder).runs)
    assert from_command.name == made.name


def test_an_earlier_version_refuses_the_file_of_a_sweep_that_was_added_to(run, grown):
    folder = run(*WORDS, "seed=0,1")
    more.grow(folder, Wanted(seeds=1))
    path = folder / "sweep.json"
    kept = json.loads(path.read_text())
    assert kept["version"] == 2
    for damaged in ({"version": 1}, {"seeds": [0, 1]}, {"added": []}, {"added": [kept["added"][0] | {"runs": 99}]}):
        path.write_text(json.dumps({key: value for key, value in (kept | damaged).items() if key != "check"}))
        with pytest.raises(AblateError):
            sweep_file.read(folder)


def test_packed_and_unpacked_it_is_the_same(run, grown, tmp_path):
    folder = run(*WORDS, "seed=0,1,2")
    grown(folder, Wanted(seeds=2, only=("augment=off",)), *WORDS, "seed=0,1,2")
    before = analyzed(folder).comparisons
    assert _status("runs", "pack", str(folder), "--out", "pack") == 0
    assert analyzed(Path("pack")).comparisons.equals(before)
    with pytest.raises(AblateError, match="is packed"):
        more.grow(Path("pack"), Wanted(seeds=1))
    assert _status("runs", "unpack", "pack", "--store", "other/runs", "--to", "other/multirun") == 0
    shutil.rmtree("runs")
    assert analyzed(Path("other", "multirun", folder.name)).comparisons.equals(before)
    assert _status("status", str(Path("other", "multirun", folder.name))) == 0


def _status(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        program.main(words)
    return end.value.code


def test_seeds_of_a_sweep_of_an_older_version_are_its_second_look(run, grown):
    folder = run(*WORDS, "seed=0,1,2")
    Path("runs", looks.LOOKS).unlink()
    sweep_file.write(folder, replace(content(folder), fixed_at=1_600_000_000))
    grown(folder, Wanted(seeds=2, only=("augment=off",)), *WORDS, "seed=0,1,2")
    found = analyzed(folder)
    assert found.question.levels == [1 - 0.05 / 2, 1 - 0.05 / 8]
    assert not found.question.exploratory


@pytest.mark.parametrize("same_second", [False, True])
def test_a_baseline_that_was_looked_at_does_not_predate_an_added_arm(run, grown, sweeps, monkeypatch, same_second):
    seconds = itertools.count(int(time.time()), 0 if same_second else 1)
    monkeypatch.setattr("ablate.planning.looks.time", SimpleNamespace(time=lambda: next(seconds)))
    folder = run(*WORDS, "seed=0,1,2")
    for each in sweeps.planned(*WORDS, "seed=0,1,2", design=NAME).trainings:
        each.trajectory.add_segment({"host": "here", "threads": 1, "time": "2020-01-01T00:00:00+00:00"})
    assert analyzed(folder).begun_earlier == 9
    path = Path("runs", looks.LOOKS)
    before = path.read_bytes()
    grown(folder, Wanted(arms=("batch_size=64",)), *WORDS, "seed=0,1,2")
    assert path.read_bytes().startswith(before)
    assert analyzed(folder).begun_earlier == 9, "those of the first look, and none more"


def test_other_processes_and_gc_know_what_was_added(run, grown, capsys):
    folder = run(*WORDS, "seed=0,1")
    grown(folder, Wanted(seeds=1), *WORDS, "seed=0,1")
    capsys.readouterr()
    assert _status("runs", "rm", "seed=2", "--yes") == 0
    assert f"is needed by {folder.relative_to(Path.cwd())}" in capsys.readouterr().out
    assert _status("status", str(folder)) == 0
    assert "9/9 trainings" in capsys.readouterr().out, "the results stay"
    run(*WORDS, "seed=0,1", folder=folder, become=True)
    assert analyzed(folder).comparisons["n"].tolist() == [3, 3]


def test_a_tuned_sweep_answers_with_the_larger_one(run, sweeps, monkeypatch):
    folder = run(*WORDS, "seed=0,1")
    tuned = {"rates": [0.5, 1.0], "seeds": [5, 6], "arms": [], "tuning": "x"}
    before = sweep_file.SweepFile(replace(content(folder), retune=tuned), sealed=True)
    monkeypatch.setattr("ablate.running.sweep.fixed", lambda _: before)
    with pytest.raises(AblateError, match=r"rates of this sweep were tuned.*retune=true.*seed=0,1,2,3,4"):
        more.grow(folder, Wanted(seeds=3))
