import functools
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from made_up import evaluation
from rich.console import Console

from ablate.commands import status
from ablate.config import loading
from ablate.errors import AblateError
from ablate.monitor import drawing
from ablate.monitor.live import Screen
from ablate.monitor.snapshot import RUNNING, snapshot
from ablate.planning import plan, run_result
from ablate.planning.command import command_of
from ablate.store import SWEEP, Trajectory, result_file, sign_of_life, sweep_file, trials_file, write_json
from ablate.store import trials as record
from ablate.store.state import State
from ablate.store.sweep import Sweep
from ablate.store.sweep_names import TUNING

# Runs the command and tells, as the last line, its exit status and which heavy packages it has imported.
PROBE = """
import json, sys
from ablate.commands import status
code = status.run(sys.argv[1:])
print(json.dumps([code, sorted({"tensorflow", "keras", "pandas", "matplotlib"} & set(sys.modules))]))
"""


@pytest.fixture(scope="module")
def made() -> plan.Plan:
    words = ["data=digits", "steps=20", "eval_every=10", "augment=on,off", "ema=on,off", "seed=0,1"]
    return plan.make(command_of(OverridesParser.create().parse_overrides(words)), "factorial", loading.compose)


@pytest.fixture
def sweep(made: plan.Plan, tmp_path: Path) -> Path:
    """A sweep of four trainings, the first of them done, that nobody works on."""
    folder = tmp_path / "multirun" / made.name
    sweep_file.write(folder, replace(made.sweep, store=str(tmp_path / "runs")))
    done(made, folder, 0, 1)
    return folder


def trajectory(made: plan.Plan, folder: Path, number: int) -> Trajectory:
    return Trajectory(folder.parents[1] / "runs", made.runs[number].trajectory.fingerprint)


def done(made: plan.Plan, folder: Path, *numbers: int) -> None:
    """The runs' trajectories have their evaluations, and the runs their results."""
    for number in numbers:
        trained = trajectory(made, folder, number)
        scores = {"accuracy_raw": 0.7125, "accuracy_averaged": 0.75, "eval_loss_raw": 1.0, "eval_loss_averaged": 0.9}
        speeds = dict.fromkeys(("examples_per_second", "recent_examples_per_second"), 500.0)
        row = evaluation(20, **scores, **speeds, loss=1.5, seconds=2.0)
        if not trained.rows():
            trained.add_evaluation(row, {"raw": np.arange(4), "averaged": np.arange(4)})
        result_file.write(folder / str(number), run_result.read(made.runs[number].asked, trained))


def failed(made: plan.Plan, folder: Path, *numbers: int) -> None:
    """The runs have results that say so."""
    for number in numbers:
        result = run_result.failure("OSError: no space left", made.runs[number].asked, trajectory(made, folder, number))
        result_file.write(folder / str(number), result)
        (folder / str(number) / run_result.TRACE).write_text("Traceback …")


def here(**content: Any) -> dict[str, Any]:
    return sign_of_life() | content


def who() -> str:
    return f"process {os.getpid()} on {sign_of_life()['host']}"


def diverged(made: plan.Plan, folder: Path, *numbers: int) -> None:
    """The runs' trajectories diverged, and the runs have results that say so."""
    for number in numbers:
        trajectory(made, folder, number).set_status("diverged", 7, "the loss became nan at step 7")
        result_file.write(folder / str(number), run_result.read(made.runs[number].asked, trajectory(made, folder, number)))


def test_it_shows_arms_by_seeds_and_the_next_command(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run([str(sweep)]) == 0
    out, err = capsys.readouterr()
    first, blank, heading, _, *lines = out.splitlines()
    assert (first, blank) == ("factorial · stopped · 1/4 trainings", "")
    assert heading.split() == ["arm", "seed", "0", "1", "shared", "with"]
    assert [" ".join(line.split()) for line in lines[:4]] == [
        "baseline ✓ ·",
        "no EMA ✓ · baseline",
        "no augmentation · ·",
        "no augmentation, no EMA · · no augmentation",
    ]
    assert lines[4:] == ["", "· 3 trainings waiting", f"Next    ablate -m {sweep}   resumes it"]
    assert err == ""


def test_how_far_each_is_and_what_failed(made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_json(sweep / RUNNING, here(started=time.time() - 120))
    failed(made, sweep, 2, 3)
    trajectory(made, sweep, 4).set_live(here(step=5, target=20, loss=2.0, examples_per_second=100.0, steps_per_second=1.0))
    assert status.run([str(sweep)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "factorial · running · 1/4 trainings · 26 s left"
    assert [line.split()[-2:] for line in lines[4:8:2]] == [["✓", "25%"], ["✗", "·"]]
    assert lines[9:] == [
        f"✗ no augmentation, seed 0: failed: OSError: no space left ({sweep}/2/traceback.txt)",
        "· 1 training waiting",
        f"Next    ablate status {sweep} --follow",
    ]
    status.run([str(sweep), "--all"])
    lines = capsys.readouterr().out.splitlines()
    [line] = [line for line in lines if "baseline" in line and "seed 1" in line]
    assert "███░░░░░░░░░   5/20" in line


def test_a_sweep_that_is_done_says_no_more(made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done(made, sweep, *range(8))
    assert status.run([str(sweep)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-1]) == ("factorial · complete · 4/4 trainings", f"Next    ablate report {sweep}")


def test_a_failed_training_can_be_tried_again(made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done(made, sweep, *range(6))
    failed(made, sweep, 6, 7)
    assert status.run([str(sweep)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-1]) == ("factorial · ended · 3/4 trainings", f"Next    ablate -m {sweep}   retries what failed")


def test_what_diverged_is_not_said_to_be_tried_again(made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done(made, sweep, *range(4))
    diverged(made, sweep, 4, 5, 6, 7)
    assert status.run([str(sweep), "--follow"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "No process works on this sweep. Diverged runs are not retried."
    failed(made, sweep, 2, 3)
    (trajectory(made, sweep, 2).path / "metrics.jsonl").unlink()
    status.run([str(sweep), "--follow"])
    ends = "No process works on this sweep. Rerun its command to retry what failed. Diverged runs are not retried."
    assert capsys.readouterr().err.splitlines()[-1] == ends
    shutil.rmtree(sweep / "2")
    shutil.rmtree(sweep / "3")
    status.run([str(sweep), "--follow"])
    ends = "No process works on this sweep. Rerun its command to resume. Diverged runs are not retried."
    assert capsys.readouterr().err.splitlines()[-1] == ends


def test_without_its_store_it_says_what_it_cannot_know(
    made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sweep.parents[1] / "runs").rename(sweep.parents[1] / "elsewhere")
    assert status.run([str(sweep)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-2:] for line in lines[4:8:2]] == [["✓", "?"], ["?", "?"]]
    [note] = [line for line in lines if line.startswith("no trajectory of this sweep was found")]
    assert note.endswith(f"looked for {sweep.parents[1]}/runs")
    sweep_file.write(sweep, replace(kept(sweep), store="runs"))
    status.run([str(sweep)])
    lines = capsys.readouterr().out.splitlines()
    [note] = [line for line in lines if line.startswith("no trajectory of this sweep was found")]
    assert note.endswith(f"looked for runs from the current folder and from every folder above {sweep}")
    assert lines[0] == "factorial · stopped · 1/4 trainings"
    assert status.run([str(sweep), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["notes"] == [note]
    assert (content["totals"]["trainings"]["waiting"], content["totals"]["trainings"]["unknown"]) == (0, 3)


def test_a_sweep_that_plans_or_reports_is_worked_on(made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_json(sweep / RUNNING, here(started=time.time()))
    status.run([str(sweep)])
    assert capsys.readouterr().out.startswith("factorial · running · 1/4 trainings\n")
    done(made, sweep, *range(8))
    status.run([str(sweep)])
    assert capsys.readouterr().out.startswith("factorial · writing its report · 4/4 trainings\n")


def test_json_has_all_of_it(made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed(made, sweep, 2, 3)
    assert status.run([str(sweep), "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    counted = {
        "all": 8,
        "running": 0,
        "stopped": 0,
        "waiting": 4,
        "unknown": 0,
        "failed": 2,
        "diverged": 0,
        "pruned": 0,
        "done": 2,
    }
    assert content["totals"]["runs"] == counted
    assert content["totals"]["steps_done"] == 20
    first = content["trainings"][0]
    assert (first["state"], first["accuracy"], first["step"], first["target"]) == ("done", 0.75, 20, 20)
    assert first["runs"] == [{"number": 0, "state": "done"}, {"number": 1, "state": "done"}]
    assert content["trainings"][1]["trace"] == str(sweep / "2" / "traceback.txt")
    assert (content["holder"], content["seconds_left"], content["notes"]) == (None, None, [])


def test_json_and_follow_are_not_for_one_another(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        status.run([str(sweep), "--json", "--follow"])
    assert end.value.code == 2
    assert "ablate status: --follow cannot be combined with --json." in capsys.readouterr().err


def test_a_folder_that_is_no_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AblateError, match="is no sweep: it has no"):
        status.run([str(tmp_path)])
    (tmp_path / SWEEP).write_text("{")
    with pytest.raises(AblateError, match=r"sweep\.json: not valid JSON at line 1, column 2\."):
        status.run([str(tmp_path), "--follow"])


@pytest.fixture
def tuning(made: plan.Plan, sweep: Path) -> Path:
    """The folder of a sweep that still tunes learning rates; one training of the tuning diverged."""
    folder = sweep.parent / "tuned"
    folder.mkdir()
    diverged(made, sweep, 2, 3)
    sweep.rename(folder / TUNING)
    return folder


@pytest.mark.parametrize("how", [[], ["--follow"], ["--json"]])
def test_of_a_sweep_that_still_tunes_it_shows_the_tuning_and_says_so(
    tuning: Path, capsys: pytest.CaptureFixture[str], how: list[str]
) -> None:
    assert status.run([str(tuning), *how]) == 1
    out, err = capsys.readouterr()
    place = f"{tuning / TUNING}"
    first, *others = err.splitlines()
    assert first == (f"{tuning} is still tuning learning rates; this is the tuning, {place}")
    if how == ["--json"]:
        assert json.loads(out)["folder"] == place
    else:
        assert any("1/4 trainings" in line for line in [*out.splitlines(), *others])


def test_once_there_is_something_measured_it_shows_that(
    made: plan.Plan, tuning: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep_file.write(tuning, replace(made.sweep, store=str(tuning.parents[1] / "runs")))
    status.run([str(tuning), "--json"])
    out, err = capsys.readouterr()
    assert (json.loads(out)["folder"], err) == (str(tuning), "")


def searched(made: plan.Plan, folder: Path, trials: int, *states: State) -> None:
    """Make a search of the sweep, with trials that ended like this, of so many that there are to be."""
    sweep = replace(made.sweep, store=kept(folder).store)
    space = {key: record.Dimension("categorical", ",".join(levels), levels) for key, levels in sweep.factors.items()}
    asked = {
        **{
            "n_trials": trials,
            "directions": ["maximize"],
            "objectives": ["accuracy"],
            "study_name": "ours",
            "storage": "journal",
        },
        **{"space": {key: asdict(one) for key, one in space.items()}, "confirm_seeds": 0, "fixed_overrides": []},
        **{
            "budget": {"epochs": 1.0, "examples": 10, "eval_epochs": 1.0},
            "sampler": {"name": "tpe"},
            "pruner": {"name": "none"},
        },
    }
    first = sweep.arms[0]
    runs = [replace(run, arm=number, trial=number) for number, run in enumerate(sweep.runs[: 2 * len(states) : 2])]
    values = {"done": (0.5,)}
    seeds = len(sweep.seeds)
    ended = [record.Trial(number, state, first.levels, values.get(state), seeds=seeds) for number, state in enumerate(states)]
    arms = [replace(first, number=number, label=record.label(number, first.levels)) for number in range(len(states))]
    trials_file.write(folder, ended, arms, runs)
    sweep_file.write(folder, replace(sweep, design=record.SEARCH, search=asked))


@pytest.mark.parametrize("bad", ["diverged", "failed"])
def test_what_a_finished_search_lost_is_a_result_of_it(
    made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str], bad: State
) -> None:
    {"diverged": diverged, "failed": failed}[bad](made, sweep, 2)
    searched(made, sweep, 2, "done", bad)
    assert status.run([str(sweep)]) == 0
    assert capsys.readouterr().out.startswith("search · complete · 2/2 trials\n")
    assert status.run([str(sweep), "--json"]) == status.run([str(sweep), "--follow"]) == 0
    searched(made, sweep, 3, "done", bad)
    assert status.run([str(sweep)]) == 1, "one trial is missing"


def test_following_a_sweep_that_nobody_works_on_ends(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run([str(sweep), "--follow"]) == 0
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "1/4 trainings, 3 waiting",
        "No process works on this sweep. Rerun its command to resume.",
    ]


@pytest.mark.parametrize("lost", ["deleted", "moved"])
def test_following_ends_where_the_sweep_is_lost(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lost: str
) -> None:
    monkeypatch.setattr("ablate.monitor.live.READ_EVERY_S", 0.0)
    monkeypatch.setattr("ablate.monitor.live.READ_SHARE", 1e9)
    write_json(sweep / RUNNING, here(started=time.time()))

    def lose(seconds: float) -> None:
        if sweep.exists():
            sweep.rename(tmp_path / "elsewhere")
        if lost == "deleted":
            shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)

    monkeypatch.setattr("ablate.commands.status.time.sleep", lose)
    with pytest.raises(AblateError, match=r"was deleted or moved while it was followed\.$"):
        status.run([str(sweep), "--follow"])


def test_following_lasts_until_all_is_done(
    made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "FOLLOW_EVERY_S", 0.05)
    monkeypatch.setattr("ablate.monitor.live.READ_EVERY_S", 0.0)
    write_json(sweep / RUNNING, here(started=time.time()))

    def work() -> None:
        trajectory(made, sweep, 2).set_live(here(step=5))
        time.sleep(0.3)
        trajectory(made, sweep, 2).clear_live()
        done(made, sweep, *range(2, 8))
        time.sleep(0.3)
        reported.append(time.monotonic())
        (sweep / RUNNING).unlink()

    reported: list[float] = []
    worker = threading.Thread(target=work)
    worker.start()
    assert status.run([str(sweep), "--follow"]) == 0
    assert reported, "it stays while the report is written"
    worker.join()
    lines = capsys.readouterr().err.splitlines()
    assert any("seed 0: done, accuracy 75.0%" in line for line in lines)
    assert lines[-1].startswith("4/4 trainings")


@pytest.mark.parametrize("terminal", [True, False])
def test_following_tells_failures_once_at_its_end(
    made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(status, "Screen", functools.partial(Screen, terminal=terminal))
    failed(made, sweep, 2, 3)
    (sweep / "4").mkdir()
    (sweep / "4" / result_file.RESULT).write_text("{")
    assert status.run([str(sweep), "--follow"]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    note = f"damaged or of another run, so left aside: Cannot read {sweep}/4/result.json: not valid JSON at line 1, column 2."
    told = f"no augmentation, seed 0: failed: OSError: no space left ({sweep}/2/traceback.txt)"
    total = "1/4 trainings, 2 waiting, 1 failed"
    assert [re.sub(r"^\d\d:\d\d  ", "", line) for line in lines] == [
        *([note, total, told] if terminal else [note, told, total]),
        "No process works on this sweep. Rerun its command to resume and retry what failed.",
    ]


def test_following_ends_with_the_process_that_works(
    sweep: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "FOLLOW_EVERY_S", 0.05)
    monkeypatch.setattr("ablate.monitor.live.READ_EVERY_S", 0.0)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        write_json(sweep / RUNNING, here(pid=process.pid, process=None, started=time.time()))
        assert process.stdin is not None
        threading.Timer(0.3, process.communicate).start()
        started = time.monotonic()
        assert status.run([str(sweep), "--follow"]) == 0
        assert time.monotonic() - started > 0.2
    assert "No process works on this sweep." in capsys.readouterr().err


def kept(sweep: Path) -> Sweep:
    """What its sweep.json holds."""
    file = sweep_file.read(sweep)
    assert file is not None
    return file.sweep


def many(made: plan.Plan, sweep: Path, count: int) -> None:
    """The sweep with so many finished runs, each on a training of its own."""
    one = kept(sweep)
    result = json.loads((sweep / "0" / result_file.RESULT).read_text())
    runs = [replace(one.runs[0], number=number, seed=number, fingerprint=f"{number:016x}") for number in range(count)]
    for run in runs:
        folder = sweep / str(run.number)
        folder.mkdir(exist_ok=True)
        result_file.write(folder, result | {"fingerprint": run.fingerprint})
    fixed = replace(one.fixed, steps=one.fixed.steps[:1], weights=("averaged",), differences=())
    of_one = replace(one, arms=one.arms[:1], same_arms=(), seeds=tuple(range(count)), fixed=fixed)
    sweep_file.write(sweep, replace(of_one, runs=tuple(runs)))


def test_many_that_are_done_are_a_mark_each(made: plan.Plan, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many(made, sweep, 30)
    assert status.run([str(sweep)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("factorial · complete · 30/30 trainings\n")
    assert out.count("✓") == 30
    assert "shared with" not in out
    assert status.run([str(sweep), "--all"]) == 0
    assert capsys.readouterr().out.count(" 20/20 ") == 30


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_list_of_all_trainings_cuts_no_name(sweep: Path, width: int) -> None:
    name = "no augmentation, no LRN, no weight decay"
    trainings = [replace(training, label=name) for training in snapshot(sweep).trainings]
    rows = [row.plain for row in drawing.listed(trainings, width)]
    assert max(len(line) for row in rows for line in row.splitlines()) <= width
    assert " ".join(" ".join(rows).split()).count(name) == len(trainings)
    assert all(row.cell_len <= width for row in drawing.table(trainings, width))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("every", [False, True])
def test_the_table_fits_the_terminal(made: plan.Plan, sweep: Path, width: int, every: bool) -> None:
    failed(made, sweep, 2, 3)
    console = Console(width=width, force_terminal=True, color_system=None, highlight=False, _environ={})
    with console.capture() as capture:
        status.show(snapshot(sweep), console, every=every)
    text = capture.get()
    assert max(len(line) for line in text.splitlines() if not line.startswith("Next")) <= width
    assert ("20/20" if every else "✓") in text
    assert "OSError: no space left" in " ".join(text.split())


def test_two_hundred_finished_runs_are_shown_in_two_seconds_without_tensorflow(
    made: plan.Plan, sweep: Path, environment: dict[str, str]
) -> None:
    many(made, sweep, 200)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", PROBE, str(sweep), "--all"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    *lines, imported = shown.stdout.splitlines()
    assert json.loads(imported) == [0, []]
    assert "factorial · complete · 200/200 trainings" in lines
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime  # what other programs do does not count
    assert seconds < 2, f"{seconds:.1f} s"
