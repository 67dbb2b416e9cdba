"""Searches over a command of one's own: trials, pruning, confirmation, and what they refuse."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from own_command import Program

from ablate import results
from ablate.report.search import repeat
from ablate.search.settings import _objectives as objectives_of
from ablate.search.study import another
from ablate.store.trials import aims, same_set

SCRIPT = """
import math, os, signal, subprocess, sys, time
from ablate import log

lr, wd, seed, eval_on, out, slow = (*sys.argv[1:], "0")[:6]
with open(os.path.join(out, "eval_on"), "w") as stream:
    stream.write(eval_on)
quality = 0.9 - abs(math.log10(float(lr)) + 1) / 5 - 0.1 * (wd == "1e-4")
for epoch in range(1, 6):
    log(epoch, accuracy=quality * epoch / 5 + 0.001 * int(seed), loss=1 - quality * epoch / 5)
    if float(slow) and quality < 0.5:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open("bad", "w").close()
        time.sleep(600)
    time.sleep(float(slow))
"""
SPACE = ("hydra/sweeper=optuna", "lr=tag(log,interval(1e-4,1))", "wd=0,1e-4")
COMMAND = ("--", "python", "search.py", "{lr}", "{wd}", "{seed}", "{eval_on}", "{dir}")
FEW = ("hydra.sweeper.n_trials=4", "hydra.sweeper.confirm_seeds=2", "progress=false", "workers=2")


@pytest.fixture
def searched(own: Program) -> Program:
    own.write(search=SCRIPT)
    return own


def trials_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "trials.json").read_text())["trials"]
    return found


def sets(own: Program) -> list[str]:
    return [(one.path / "work" / "eval_on").read_text() for one in own.trainings]


@pytest.mark.slow
def test_a_search_tries_confirms_on_the_test_set_and_is_found_again(searched: Program) -> None:
    words = (*SPACE, *FEW, "report.formats=[md,csv,html]", *COMMAND)
    told = searched("plan", *words)
    assert "each trial trains to its own end, and is scored by its last accuracy on the validation set" in told
    assert "against the default (lr=0.01, wd=0), and evaluated on the test set" in told
    assert "part of each training: search.py" in told
    assert same_set("evaluation", "command") not in told
    told = searched("-m", *words)
    trials = trials_of(searched.sweep)
    assert trials[0]["params"] == {"lr": 0.01, "wd": "0"}, "the default setting first"
    assert {trial["state"] for trial in trials} <= {"done", "pruned"}
    assert "confirming the best setting against the default on the test set, with fresh seeds 1, 2" in told
    assert sorted(sets(searched)) == ["test"] * 4 + ["validation"] * 4
    found = results.load(searched.sweep)
    assert isinstance(found, results.SearchResults)
    best = found.setting(found.best or 0)
    assert found.confirmation is not None
    assert found.confirmation.comparisons["points"].gt(10).all()
    assert found.curves["examples"].max() == 5
    page = (searched.sweep / "report" / "index.html").read_text()
    assert "tuned settings" in (searched.sweep / "confirmation" / "report" / "index.html").read_text()
    assert "steps trained" in page
    assert (
        f"lr={best['lr']} wd={best['wd']} progress=false -- python search.py"
        in repeat.commands(found, "x")["train the best setting"]
    )
    tables = (searched.sweep / "report" / "table.md").read_text()
    assert "to its own end" in tables
    assert "trained steps" in tables
    before = [(one.path / "metrics.jsonl").stat().st_mtime_ns for one in searched.trainings]
    assert "4 already finished" in searched("-m", searched.sweep.name)
    assert [(one.path / "metrics.jsonl").stat().st_mtime_ns for one in searched.trainings] == before
    assert "4/4 trials" in searched("status")


@pytest.mark.slow
def test_a_pruned_command_ends_with_all_that_it_started(searched: Program) -> None:
    points = "hydra.sweeper.enqueue=[{lr:0.1},{lr:1e-4}]"
    median = ("hydra/sweeper/pruner=median", "hydra.sweeper.pruner.n_startup_trials=1", "hydra.sweeper.n_trials=2")
    words = (*SPACE, *median, points, "hydra.sweeper.confirm_seeds=0", "workers=1", "progress=false", "report.formats=[]")
    began = time.monotonic()
    searched("-m", *words, *COMMAND, "0.01")
    assert time.monotonic() - began < 60
    first, second = trials_of(searched.sweep)
    assert (first["state"], second["state"], second["came"]) == ("done", "pruned", 1)
    assert second["planned"] == 5
    assert (searched.folder / "bad").exists()
    left = [one for one in psutil.process_iter(["cmdline"]) if "import time; time.sleep(600)" in (one.info["cmdline"] or [])]
    assert not left


@pytest.mark.slow
def test_every_output_says_where_settings_are_chosen_on_what_confirms_them(searched: Program) -> None:
    words = (*SPACE, "metric=loss", *FEW, "hydra/sweeper/sampler=random", "report.formats=[md]", *COMMAND[:6], "x", "{dir}")
    said = same_set("evaluation", "command")
    assert said is not None
    assert said in searched("plan", *words)
    assert said in json.loads(searched("plan", "--json", *words))["notes"]
    assert said.capitalize() in searched("-m", *words).replace("The command", "the command")
    assert said in searched("status")
    assert said.capitalize() in searched("report", "--format", "md")
    assert said.capitalize() in (searched.sweep / "report" / "table.md").read_text()
    assert said.capitalize() in (searched.sweep / "confirmation" / "report" / "table.md").read_text()
    assert said.capitalize() in searched("report", f"{searched.sweep}/confirmation")
    found = results.load(searched.sweep)
    assert isinstance(found, results.SearchResults)
    assert found.objective.better == -1
    column = found.objective.column
    assert found.setting(found.best or 0)["lr"] == found.done.sort_values(column)["lr"].iloc[0], "less is better"


@pytest.mark.slow
def test_a_script_that_reads_the_variable_is_told_the_set(searched: Program) -> None:
    searched.write(reads="import os\nprint(os.environ['ABLATE_EVAL_ON'])\n")
    told = searched("plan", *SPACE, "trainer.env=true", "--", "python", "reads.py")
    assert "is scored by its last accuracy on the validation set" in told
    assert "on the same data" not in told


def test_error_is_an_objective_by_the_name_that_its_user_gives_it() -> None:
    assert objectives_of(["error", "seconds"], None, aims("error_rate", "lower")) == ("error_rate", "seconds")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({"code": {"t.py": "a"}}, {"code": {"t.py": "b"}}, "t.py has changed since that search began. Choose a new hydra."),
        ({"code": {"t.py": "a"}}, {"code": {"t.py": "b"}, "metric": "f1"}, "It is another, which differs in "),
        ({"function": "a"}, {"function": "b"}, "The function has changed since that search began. Choose a new folder."),
    ],
)
def test_files_that_changed_since_a_search_began_are_named(before: dict[str, Any], now: dict[str, Any], told: str) -> None:
    said = another({"training": before}, {"training": now}, "It is another")
    assert said is not None
    assert said.startswith(told)
    assert another({"training": now}, {"training": now}, "It is another") is None


WRONG = {
    "lr=interval(0.1,1) -- python search.py {seed} {lrr}": "{lrr} in the command has no value. Give lrr=VALUE",
    "lr=interval(0.1,1) -- python search.py {seed}": "lr does not reach the command. Write {lr} where its value belongs",
    "lr=interval(0.1,1) -- python search.py {lr}": "seed does not reach the command",
    "lr=0.1": "A search needs a key to search over, as in 'lr=tag(log,interval(0.01,0.5))', got lr=0.1.",
    "-- python search.py {seed}": "A search needs a key to search over",
    "lr=0.1,0.1": "lr lists 0.1 more than once",
    "lr=choice(0.1)": "lr has only one value, so there is nothing to search",
    "lr=interval(1,0.1)": "An interval must go from a smaller to a larger number",
    "lr=tag(log,interval(0,1))": "A logarithmic interval must begin above 0",
    "lr=tag(lin,interval(0.1,1))": "The only tag is log",
    "lr=tag(log,0.1,1)": "Cannot read lr=tag(log,0.1,1). Write tag(log,interval(LOW,HIGH)).",
    "lr=intervall(0.1,1)": "A search needs a key to search over",
    "accuracy=0.1,0.2 -- python search.py {accuracy} {seed}": "accuracy cannot be a factor",
    "metric=bleu lr=0.1,0.2": "bleu is not a known metric. Say metric.better=higher",
    "design=one_factor lr=0.1,0.2": "A search has no design, got design=one_factor.",
    "retune=true lr=0.1,0.2": "A search tunes the learning rate itself, got retune=true.",
    "trainer.eval_on=test lr=0.1,0.2": "trainer.eval_on cannot be set in a search",
    "lr=0.1,0.2 trainer.eval_on=train": "trainer.eval_on",
    "hydra/sweeper/sampler=tpee lr=0.1,0.2": "Did you mean",
    "hydra/sweeper/sampler=grid lr=interval(0.1,1)": "needs listed values or a range for every key",
    "hydra/sweeper/pruner=hyperbandd lr=0.1,0.2": "Did you mean",
    "hydra/sweeper/pruner=wilcoxon lr=0.1,0.2": "needs more seeds",
    "hydra.sweeper.n_trials=0 lr=0.1,0.2": "hydra.sweeper.n_trials must be a whole number from 1",
    "hydra.sweeper.n_trial=3 lr=0.1,0.2": "hydra.sweeper.n_trial",
    "hydra.sweeper.objectives=[loss] lr=0.1,0.2": "hydra.sweeper.objectives",
    "hydra.sweeper.objectives=[operations] lr=0.1,0.2": "hydra.sweeper.objectives",
    "hydra.sweeper.direction=minimize lr=0.1,0.2": "hydra.sweeper.direction must be maximize",
    "hydra.sweeper.min_epochs=3 lr=0.1,0.2": "hydra.sweeper.min_epochs has no effect with trainer=command",
    "hydra.sweeper.allow_test=true lr=0.1,0.2": "hydra.sweeper.allow_test has no effect",
    "hydra.sweeper.default={wd:1} lr=0.1,0.2": "hydra.sweeper.default must use searched keys (lr), got wd=1.",
    "hydra.sweeper.default={lr:abc} lr=interval(0.1,1)": "The default of lr must be a number, since interval(0.1,1) is a range",
    "hydra.sweeper.default=3 lr=0.1,0.2": "hydra.sweeper.default must be a setting, as in {lr:0.1}, got 3.",
    "hydra.sweeper.enqueue=[{wd:1}] lr=0.1,0.2": "hydra.sweeper.enqueue must use searched keys (lr)",
    "hydra.sweeper.enqueue=[{lr:5}] lr=interval(0.1,1)": "hydra.sweeper.enqueue must lie within",
    "hydra.sweeper.seeds=[1] seed=0,1 lr=0.1,0.2": "both set the seeds of a trial",
}
QUICKLY = list(WRONG)[:3]  # of them in the quick tests, too


@pytest.mark.parametrize("words", QUICKLY)
def test_searches_that_cannot_be_are_refused_in_a_line(searched: Program, words: str) -> None:
    refused(searched, words)


@pytest.mark.slow
@pytest.mark.parametrize("words", [words for words in WRONG if words not in QUICKLY])
def test_all_searches_that_cannot_be_are_refused_in_a_line(searched: Program, words: str) -> None:
    refused(searched, words)


def refused(own: Program, words: str) -> None:
    behind = () if "--" in words else ("--", "python", "search.py", "{lr}", "{seed}")
    told = own("plan", "hydra/sweeper=optuna", *words.split(), *behind, status=1)
    assert WRONG[words] in told
    assert told.count("\n") == 1, told
    assert not (own.folder / "multirun").exists()


@pytest.mark.slow
def test_a_metric_that_no_row_has_fails_every_trial(searched: Program) -> None:
    words = (*SPACE, "metric=f1", "hydra.sweeper.n_trials=2", *FEW[2:], "report.formats=[]", *COMMAND)
    told = searched("-m", *words, status=1)
    assert "No trial has a score (2 failed). Correct what is trained, and search again." in told
    assert "A row has no f1, only accuracy, loss." in told
    assert "no best setting: no trial finished its training" in told
    assert {trial["state"] for trial in trials_of(searched.sweep)} == {"failed"}


@pytest.mark.slow
def test_no_trial_begins_once_a_file_has_changed(searched: Program) -> None:
    searched.write(change=SCRIPT + "\nopen('change.py', 'a').write('x = 1\\n')\n")
    command = ("--", "python", "change.py", *COMMAND[3:])
    told = searched("-m", *SPACE, *FEW[:3], "workers=1", "report.formats=[]", *command, status=1)
    assert "change.py changed after planning, so no more trainings start. Rerun the command." in told
    assert [trial["state"] for trial in trials_of(searched.sweep)].count("done") == 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_search_that_is_stopped_goes_on_where_it_was(searched: Program, number: int) -> None:
    words = ("-m", *SPACE, *FEW, "report.formats=[]", *COMMAND, "0.1")
    running = searched.start(*words)
    until = time.monotonic() + 120
    while time.monotonic() < until and not any(
        trial["state"] == "done" for path in searched.folder.glob("multirun/*/trials.json") for trial in trials_of(path.parent)
    ):
        time.sleep(0.05)
    commands = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(number)
    running.wait(60)
    _, alive = psutil.wait_procs(commands, timeout=20)
    assert not alive, "the commands end with the program"
    searched(*words)
    trials = trials_of(searched.sweep)
    ended = [trial for trial in trials if trial["state"] in ("done", "pruned")]
    assert len(ended) == 4
    assert {trial["state"] for trial in trials} <= {"done", "pruned", "lapsed"}
    done = [(one["examples"] + one["reused_examples"], one["came"]) for one in ended if one["state"] == "done"]
    assert all(trained == came == 5 for trained, came in done), done
    assert (searched.sweep / "confirmation" / "sweep.json").exists()
