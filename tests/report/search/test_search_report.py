import json
import re

import pandas as pd
import pytest

from ablate.commands import report
from ablate.errors import AblateError
from ablate.report import notebook
from ablate.report.figures import points
from ablate.report.search import figures as plots
from ablate.results.search import load

CSVS = {"trials.csv", "curves.csv", "history.csv", "importance.csv", "effort.csv", "spent.csv"}
FIGURES = ("history", "surface", "slices", "curves", "importance", "time")


def test_the_report_of_a_search_lies_in_its_folder(confirmed, capsys):
    folder = confirmed()
    assert report.run([str(folder)]) == 0
    out = folder / "report"
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    names = (*FIGURES, "confirmation_effects", "confirmation_accuracy")
    figures = {f"figures/{name}.{kind}" for name in names for kind in ("png", "svg")}
    assert there == {"index.html", "table.md", "methods.md", "checklist.md", "table.tex", *CSVS, *figures}
    page = (out / "index.html").read_text()
    assert all(f'href="{name}"' in page for name in there - {"index.html"})
    assert page.index("The search helped: ") < page.index("is optimistic") < page.index("The search space")
    assert "exploratory" not in page
    assert len(pd.read_csv(out / "history.csv")) == 25
    printed = capsys.readouterr().out
    assert "The best setting gains " in printed
    assert "ablate lr=0.061300000123 batch_size=64" in printed
    assert str(out / "index.html") in printed
    assert report.run([str(folder), "--explain", "--format", "csv", "--out", str(folder / "csv")]) == 0
    explained = capsys.readouterr().out
    assert "The search helped: " in explained
    again = "python -m ablate -m hydra/sweeper=optuna 'lr=tag(log, interval(0.01, 0.5))' batch_size=64,128,256 epochs=10 "
    assert "To repeat the search:" in explained
    assert "To repeat the search:" in page
    assert again in explained
    assert f"`{again}" in (out / "checklist.md").read_text()
    text = (out / "table.md").read_text()
    assert "| lr | tag(log, interval(0.01, 0.5)) |" in text
    assert "25 planned; 16 done, 7 pruned, 1 diverged, 1 failed" in text

    shown = notebook.Report(str(folder))
    assert "The search helped" in shown.answer().markdown
    assert [type(part).__name__ for part in shown.search().parts].count("Picture") == len(FIGURES)
    assert len(shown.comparisons()) == 1
    assert shown.table("verdicts").markdown.count("helps") >= 1
    with pytest.raises(AblateError, match="A search's report cannot be changed"):
        notebook.Report(str(folder), {"margin": 1.0}).answer()


def test_json_has_trials_and_no_nan(made, tmp_path, capsys):
    folder = made()
    assert report.run([str(folder), "--json", "--format", "csv", "--out", str(tmp_path / "out")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["trials"]) == 27
    assert told["best"] == {"lr": 0.061300000123, "batch_size": "64"}
    assert told["confirmation"] is None
    assert {path.name for path in (tmp_path / "out").iterdir()} == CSVS
    assert not (folder / "report").exists()


@pytest.mark.parametrize(
    "words", [["--baseline", "1"], ["--metric", "loss"], ["--at-step", "5"], ["--margin", "1"], ["--reach", "80"]]
)
def test_what_makes_no_sense_for_a_search_is_refused(made, words):
    with pytest.raises(AblateError, match=rf"{words[0]} does not apply to a search"):
        report.run([str(made()), *words])


def test_a_search_is_neither_compared_nor_joined(made):
    folder = str(made())
    with pytest.raises(AblateError, match="--compare does not apply to a search"):
        report.run(["--compare", folder, folder])
    with pytest.raises(AblateError, match="A search must be reported alone"):
        report.run([folder, str(made(name="another"))])


def test_the_study_of_a_search_names_it(made, monkeypatch, tmp_path, capsys):
    folder = made(study="search_lr_batch")
    monkeypatch.chdir(tmp_path)
    assert report.run(["search_lr_batch", "--format", "md"]) == 0
    assert (folder / "report" / "table.md").exists()
    made(name="another", study="search_lr_batch")
    with pytest.raises(AblateError, match="a search, 25 trials"):
        report.run(["search_lr_batch", "--format", "md"])


def test_a_search_without_a_score_has_a_report(made, capsys):
    folder = made([])
    assert report.run([str(folder)]) == 0
    assert "no trial is done" in (folder / "report" / "index.html").read_text()
    assert "has no confirmation" in notebook.Report(str(folder)).comparisons().markdown


def test_what_was_tuned_on_the_test_set_has_a_banner(made, capsys):
    folder = made(fixed={"evaluation_set": "test"}, allow_test=True, validation_images=0)
    report.run([str(folder), "--format", "html"])
    page = (folder / "report" / "index.html").read_text()
    assert re.search(r'class="banner".*?tuned on the test set.*?allow_test=true', page, re.DOTALL)


def test_figures_tell_their_trials(made, two_objectives):
    found = load(made())
    drawn = {name: figure for name, _, figure in plots.drawn(found)}
    assert tuple(drawn) == FIGURES
    for name in ("history", "surface", "slices"):
        texts = [text for _, _, text in points(drawn[name])]
        assert sum(text.startswith("trial 1,") for text in texts) == (2 if name == "slices" else 1), name
        assert len(texts) == (50 if name == "slices" else 25), name
    assert len(points(drawn["curves"])) == 24  # the last evaluation of each, but of the one that failed before any
    both = load(made(two_objectives[0], name="two", **two_objectives[1]))
    drawn = {name: figure for name, _, figure in plots.drawn(both)}
    assert "front" in drawn
    assert "history" not in drawn
    assert "surface" not in drawn
    assert len(points(drawn["front"])) == 9
