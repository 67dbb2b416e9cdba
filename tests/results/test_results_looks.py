"""Reports of looks: at which level rows are judged, what is said of all verdicts together, and what is exploratory."""

from dataclasses import replace
from pathlib import Path

import pytest

from ablate import stats
from ablate.report import footnotes, writing
from ablate.results import load
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask
from ablate.store import looks, sweep_file

WORDS = ("ema=on,off", "augment=on,off", "steps=20", "eval_every=10")


def analyzed(folder: Path, **changes) -> Analysis:
    return analyze(*ask(load(folder), **changes))


def said(analysis: Analysis) -> str:
    return "\n".join(analysis.fill(footnotes.verdict_notes))


def test_a_first_look_is_reported_as_ever(run):
    found = analyzed(run(*WORDS, "seed=0,1,2"))
    assert found.question.levels == [0.975] * 2
    assert found.comparisons["level"].tolist() == [0.975] * 2
    assert stats.GUARANTEE in said(found)
    assert "You looked" not in said(found)


def test_a_second_look_has_a_quarter_of_the_level_and_says_what_holds_of_both(run):
    first = run(*WORDS, "seed=0,1,2")
    found = analyzed(run(*WORDS, "seed=0,1,2,3,4"))
    assert found.comparisons["level"].tolist() == [1 - 0.05 / 8] * 2
    assert "You looked twice (3 seeds, then 5). The chance that any verdict of either look is wrong is at most 7.5%" in said(
        found
    )
    assert "99.38%, Bonferroni-adjusted; at each further look the level is stricter and intervals are wider" in said(found)
    assert "You looked" not in said(analyzed(first))


def test_rows_of_one_report_have_their_own_levels(run):
    run("ema=on,off", *WORDS[2:], "seed=0,1,2")
    found = analyzed(run(*WORDS, "seed=0,1,2,3"))
    by_name = dict(zip(found.comparisons["name"], found.comparisons["level"], strict=True))
    assert by_name == {"no EMA": 1 - 0.05 / 8, "no augmentation": 1 - 0.05 / 2}
    assert "97.5% to 99.38%" in said(found)
    assert "2 sweeps in this store have used this test set." in said(found)
    assert "at most 11.25%" in said(found)


def test_seeds_that_leave_out_some_that_were_looked_at_make_a_report_exploratory(run):
    run(*WORDS, "seed=0,1,2")
    found = analyzed(run(*WORDS, "seed=1,2,3"))
    assert found.question.exploratory
    assert (
        "Exploratory: this list of seeds was not registered as a look before training, so no verdict here is confirmatory."
        in said(found)
    )
    assert "chance that any" not in said(found)
    assert stats.GUARANTEE not in said(found)


@pytest.mark.parametrize("change", [{"metric": "loss"}, {"margin": 1.0}, {"baseline": "1"}])
def test_what_is_changed_after_training_is_no_look(run, change):
    run(*WORDS, "seed=0,1,2")
    found = analyzed(run(*WORDS, "seed=0,1,2,3,4"), **change)
    assert found.question.looked == ()
    assert "You looked" not in said(found)


def test_a_comparison_is_pending_until_all_of_its_runs_have_ended(run):
    found = analyzed(run(*WORDS, "seed=0,1,2", of=lambda each: each.seed < 2 or each.arm < 2))
    assert dict(zip(found.comparisons["name"], found.comparisons["limit"], strict=True)) == {
        "no EMA": "alike",
        "no augmentation": "pending until all of its runs have ended",
    }
    assert found.comparisons["verdict"].tolist()[1] == "no verdict"
    assert "Pending: 1 of 9 runs is missing." in said(found)


def test_trainings_that_were_begun_before_a_look_take_the_place_of_the_promise(run, sweeps):
    folder = run(*WORDS, "seed=0,1,2")
    made = sweeps.planned(*WORDS, "seed=0,1,2", design="one_factor")
    for each in made.trainings[:2]:
        each.trajectory.add_segment({"host": "here", "threads": 1, "time": "2020-01-01T00:00:00+00:00"})
    found = analyzed(folder)
    assert found.begun_earlier == 2
    assert "2 of 6 trainings predate this plan; if you had seen their results" in said(found)
    assert stats.GUARANTEE not in said(found)
    again = run(*WORDS, "seed=0,1,2,3,4")
    assert "predate" not in said(analyzed(again))


def test_a_sweep_of_an_older_version_is_one_look(run, sweeps):
    folder = run(*WORDS, "seed=0,1,2")
    (sweeps.store / looks.LOOKS).unlink()
    found = analyzed(folder)
    assert (found.question.looked, found.question.exploratory) == ((), False)
    assert stats.GUARANTEE in said(found)
    file = sweep_file.read(folder)
    sweep_file.write(folder, replace(file.sweep, fixed_at=1_600_000_000))
    run("lrn=on,off", *WORDS[2:], "seed=0,1,2")
    assert not analyzed(folder).question.exploratory


def test_a_line_that_is_damaged_is_named_and_its_look_is_none(run, sweeps):
    folder = run(*WORDS, "seed=0,1,2")
    path = sweeps.store / looks.LOOKS
    path.write_bytes(path.read_bytes().replace(b'"seeds":[0,1,2]', b'"seeds":[0,1,3]'))
    found = analyzed(folder)
    assert any("looks.jsonl: line 2 damaged" in note for note in found.results.notes)
    assert found.question.exploratory


def test_a_pack_has_the_looks_that_its_report_tells_of(run, sweeps, tmp_path, monkeypatch):
    from ablate.commands import runs

    monkeypatch.chdir(tmp_path)
    run(*WORDS, "seed=0,1,2")
    folder = run(*WORDS, "seed=0,1,2,3,4")
    assert runs.run(["pack", str(folder), "--out", "pack"]) == 0
    assert "You looked twice (3 seeds, then 5)." in said(analyzed(tmp_path / "pack"))
    assert runs.run(["unpack", "pack", "--store", "other/runs", "--to", "other/multirun"]) == 0
    assert "You looked twice (3 seeds, then 5)." in said(analyzed(tmp_path / "other" / "multirun" / folder.name))
    assert looks.read(tmp_path / "other" / "runs").looks == looks.read(sweeps.store).looks


def test_the_files_say_what_is_exploratory_and_the_level_of_a_second_look(run, tmp_path):
    run(*WORDS, "seed=0,1,2")
    exploratory, second = run(*WORDS, "seed=1,2,3"), run(*WORDS, "seed=0,1,2,3,4")
    formats = ("html", "md", "csv", "latex")
    writing.make([str(exploratory)], tmp_path / "exploratory", formats)
    told = {path.name: path.read_text() for path in (tmp_path / "exploratory").iterdir() if path.is_file()}
    why = "this list of seeds was not registered as a look before training"
    assert {name for name in ("index.html", "table.md", "methods.md") if why in told.get(name, why)} == {
        "index.html",
        "table.md",
        "methods.md",
    }
    assert "changed after training (" not in told["index.html"]
    report = writing.make([str(second)], tmp_path / "second", formats)
    assert report.to_json()["level"] == pytest.approx(1 - 0.05 / 8)
    page = (tmp_path / "second" / "index.html").read_text()
    assert "You looked twice (3 seeds, then 5)." in page
    assert "so each at a level of 99.38%" in page


def test_a_pack_without_looks_counts_as_one_where_it_is_unpacked(run, sweeps, tmp_path, monkeypatch):
    from ablate.commands import runs

    monkeypatch.chdir(tmp_path)
    folder = run(*WORDS, "seed=0,1,2")
    (sweeps.store / looks.LOOKS).unlink()
    assert runs.run(["pack", str(folder), "--out", "pack"]) == 0
    for path in (folder, *sweeps.store.glob("[0-9a-f]*")):
        path.rename(tmp_path / f"gone-{path.name}")
    run("lrn=on,off", *WORDS[2:], "seed=7,8")
    assert runs.run(["unpack", "pack"]) == 0
    entries = looks.read(sweeps.store).entries
    assert [(entry.older, entry.judged) for entry in entries[-1:]] == [(True, 2)]
    found = analyzed(folder)
    assert not found.question.exploratory
    assert stats.GUARANTEE in said(found)
