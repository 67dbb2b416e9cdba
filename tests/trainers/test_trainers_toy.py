"""A trainer of another package, a function of seed and step, through all that there is; TensorFlow cannot be imported."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from program import printed_by

from ablate.report import repeat
from ablate.store import Trajectory, sweep_file
from ablate.trainers import TRAINERS

Install = Callable[..., Path]

MODULE = """
import json
import time
from dataclasses import replace

from ablate.errors import Diverged, Stopped
from ablate.readout import Readout
from ablate.trainer import Metric, Spec, Work


class Toy:
    name = "toy"
    metrics = (Metric("accuracy", "%", low=0.0, high=1.0),)
    keys = ("steps", "eval_every", "seed")
    sign = 1

    def read(self, config, chosen):
        own = config["trainer"]
        payload = {"trick": str(own["trick"]), "rate": float(own["rate"]), "slow": own["slow"], "gives": own["gives"]}
        return Spec(self.name, config["seed"], Work(), grid=config["eval_every"], resume="own", payload=payload), Readout(
            "", config["steps"]
        )

    def content(self, spec):
        return {"trick": spec.payload["trick"], "rate": spec.payload["rate"]}

    def check(self):
        pass

    def keep(self, spec, content, store):
        pass

    def prepare(self, spec, content, folder, resources):
        return resources.threads

    def train(self, spec, folder, to, resources, report):
        state = folder / "state.json"
        step = json.loads(state.read_text()) if state.exists() else 0
        due = report.began(step)
        while True:
            if step == due or (spec.grid is None and step and step % 7 == 0):
                gain = 0.1 * (spec.payload["trick"] == "on") + 0.05 * spec.payload["rate"]
                noise = (7 * spec.seed + step) % 5 / 1000
                accuracy = 0.5 + gain + noise + 0.2 * step / (step + 100)
                report.row(step, {spec.payload["gives"]: self.sign * accuracy})
            if step == to:
                return
            if spec.payload["rate"] > 100:
                raise Diverged(step, f"a rate of {spec.payload['rate']:g} leads nowhere")
            if report.stop():
                state.write_text(json.dumps(step))
                report.saved(step)
                raise Stopped(step)
            due = report.next_due(step)
            step += 1
            time.sleep(spec.payload["slow"])
            report.alive(step)


TOY = Toy()


class Other(Toy):
    name = "other"
    metrics = (Metric("perplexity", "", "lower", low=0.0),)


OTHER = Other()


class Minus(Toy):
    # values below zero, at steps of its own choice

    name = "minus"
    metrics = (Metric("reward"),)
    sign = -1

    def read(self, config, chosen):
        spec, readout = super().read(config, chosen)
        return replace(spec, grid=None), readout


MINUS = Minus()


class Odd(Toy):
    name = "odd"

    def read(self, config, chosen):
        spec, readout = super().read(config, chosen)
        return replace(spec, **{config["trainer"]["label"]: config["trainer"]["gives"]}), readout


ODD = Odd()
"""
CONFIG = """
name: toy
trick: "off"
rate: 1.0
slow: 0.0
label: a
gives: accuracy
"""
BLOCKED = 'raise ImportError("it is blocked")\n'


class Program:
    """Runs `python -m ablate` with the toy in its config folder, here or in a process of its own."""

    def __init__(self, folder: Path, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.site, self.capsys = folder, site, capsys

    def __call__(self, *words: str, status: int = 0) -> str:
        """What it prints."""
        return printed_by(self.capsys, *words, status=status)

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start it in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "ablate", *words],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.site)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def trainings(self) -> list[Trajectory]:
        """All that the store has."""
        return [Trajectory(self.folder / "runs", path.name) for path in sorted((self.folder / "runs").glob("[0-9a-f]*"))]

    def results(self) -> list[dict[str, Any]]:
        """Of the runs of the only sweep, in order."""
        [sweep] = (self.folder / "multirun").iterdir()
        files = sorted(sweep.glob("*/result.json"), key=lambda path: int(path.parent.name))
        return [json.loads(file.read_text()) for file in files]


@pytest.fixture
def toy(tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    site = install(
        "toy",
        {"toy_trainer": MODULE, "tensorflow": BLOCKED, "keras": BLOCKED},
        {
            TRAINERS.group: {
                "toy": "toy_trainer:TOY",
                "other": "toy_trainer:OTHER",
                "odd": "toy_trainer:ODD",
                "minus": "toy_trainer:MINUS",
            }
        },
    )
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "my" / "trainer").mkdir(parents=True)
    (tmp_path / "my" / "trainer" / "toy.yaml").write_text(CONFIG)
    (tmp_path / "my" / "trainer" / "other.yaml").write_text(CONFIG.replace("toy", "other").replace("accuracy", "perplexity"))
    (tmp_path / "my" / "trainer" / "minus.yaml").write_text(CONFIG.replace("toy", "minus").replace("accuracy", "reward"))
    (tmp_path / "my" / "trainer" / "odd.yaml").write_text(CONFIG.replace("toy", "odd"))
    monkeypatch.chdir(tmp_path)
    return Program(tmp_path, site, capsys)


OWN = ("-cd", "my", "trainer=toy", "steps=40", "eval_every=10")
SWEEP = (*OWN, "workers=2", "progress=false", "report.formats=[csv,md]")
CROSSED = (*SWEEP, "trainer.trick=off,on", "seed=0,1,2")


def test_plan_sweep_again_status_and_report(toy: Program) -> None:
    told = toy("plan", *CROSSED, "--explain")
    assert "6 runs (2 arms × 3 seeds) from 6 trainings" in told
    assert not re.search("parameters|operations|input|epoch", told), "the toy does not know them"
    toy("-m", *CROSSED)
    results = toy.results()
    assert [result["status"] for result in results] == ["done"] * 6
    assert {result["costs"]["parameters"] for result in results} == {None}
    rows = toy.trainings[0].rows()
    assert [row["step"] for row in rows] == [10, 20, 30, 39, 40], "the last two are what a value is the mean of"
    assert set(rows[0]) == {"step", "accuracy", "seconds"}
    before = [one.segments() for one in toy.trainings]
    again = toy("-m", *CROSSED)
    assert "6 runs (2 arms × 3 seeds) from 6 trainings, all done" in again
    assert [one.segments() for one in toy.trainings] == before, "nothing is trained again"
    assert "6/6 trainings" in toy("status", "factorial")
    report = toy("report", "factorial", "--format", "md,csv,html,tex,png", "--explain")
    assert "With trainer.trick: inconclusive, because all 3 seeds give the same difference (+10.00 pp)" in report
    assert not re.search(r"parameters|operations|FLOPs|examples/s|damaged|weights|images", report)
    assert "missing" not in toy("runs", "verify")
    assert "6 trainings in 1 sweep" in toy("runs", "list")


def test_a_plan_tells_how_long_it_will_take_from_earlier_trainings(toy: Program) -> None:
    toy("-m", *SWEEP, "trainer.slow=0.01", "seed=0,1")
    plan = ("plan", *SWEEP, "trainer.slow=0.01", "seed=5,6")
    assert "measured in earlier trainings of the same kind on this machine" in toy(*plan, "--explain")
    assert re.search(r"2 of 2 trainings to do, \d.* with 2 workers of 1 thread each\.", " ".join(toy(*plan).split()))


def test_arms_that_train_alike_share_their_trainings(toy: Program) -> None:
    plan = ("plan", *SWEEP, "trainer.label=a,b", "seed=0,1")
    assert "4 runs (2 arms × 2 seeds) from 2 trainings" in toy(*plan, "--explain")
    screen = toy(*plan)
    assert re.search(r"trainer\.label a → b +– +shares trainings", screen)
    assert "2 of 2 trainings to do" in screen
    toy("-m", *SWEEP, "trainer.label=a,b", "seed=0,1")
    assert len(toy.trainings) == 2
    assert len(toy.results()) == 4
    [sweep] = (toy.folder / "multirun").iterdir()
    content = json.loads((sweep / "sweep.json").read_text())
    assert (content["same_arms"], content["trainer"]) == ([[1, 0]], "toy")


def begun(toy: Program) -> "subprocess.Popen[bytes]":
    """A slow sweep, in a process of its own, that has an evaluation."""
    running = toy.start("-m", *SWEEP, "trainer.slow=0.1", "seed=0,1")
    until = time.monotonic() + 120
    while time.monotonic() < until and not any((one.path / "metrics.jsonl").exists() for one in toy.trainings):
        time.sleep(0.1)
    return running


@pytest.mark.slow
def test_a_sweep_whose_processes_are_all_killed_ends_as_one_that_never_was(toy: Program) -> None:
    running = begun(toy)
    for one in (*psutil.Process(running.pid).children(recursive=True), running):
        one.send_signal(signal.SIGKILL)
    running.wait(60)
    assert 0 < sum(len(one.rows()) for one in toy.trainings) < 10
    toy("-m", *SWEEP, "trainer.slow=0.0", "seed=0,1")
    for one, seed in zip(sorted(toy.trainings, key=lambda one: one.config()["seed"]), (0, 1), strict=True):  # type: ignore[index]
        noise = [(7 * seed + step) % 5 / 1000 + 0.2 * step / (step + 100) for step in (10, 20, 30, 39, 40)]
        assert [row["accuracy"] for row in one.rows()] == pytest.approx([0.55 + each for each in noise])
    assert "0 damaged" in toy("runs", "verify")


def test_a_sweep_that_was_interrupted_goes_on_where_it_was(toy: Program) -> None:
    running = begun(toy)
    running.send_signal(signal.SIGINT)
    assert running.wait(120) == 130
    begun_at = {one.fingerprint: len(one.rows()) for one in toy.trainings}
    assert 0 < sum(begun_at.values()) < 10
    toy("-m", *SWEEP, "trainer.slow=0.0", "seed=0,1")
    for one in toy.trainings:
        assert [row["step"] for row in one.rows()] == [10, 20, 30, 39, 40]
        if begun_at[one.fingerprint]:
            assert one.segments()[-1]["from_step"] >= 10, "it went on from its own state"


ONE_FACTOR = (*SWEEP, "design=one_factor", "trainer.trick=off,on", "trainer.slow=0.05")
QUIET = ("--set", "workers=2", "progress=false", "report.formats=[csv,md]")


def of_sweep(toy: Program) -> dict[str, Any]:
    """What the only sweep is, but for when."""
    [sweep] = (toy.folder / "multirun").iterdir()
    content = json.loads((sweep / "sweep.json").read_text())
    added = [{key: value for key, value in each.items() if key != "added_at"} for each in content.get("added", ())]
    return {key: value for key, value in content.items() if key not in ("check", "fixed_at")} | {"added": added}


@pytest.mark.slow
def test_seeds_and_arms_are_added_and_the_commands_give_the_same_again(toy: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    toy("-m", *ONE_FACTOR, "seed=0,1")
    told = toy("more", "one_factor", "--seeds", "2", "--only", "trainer.trick=on", *QUIET)
    assert "Added: 2 seeds (2, 3), 4 runs" in told
    assert "This is look 2 at these comparisons (2 seeds, then 4)." in told
    told = toy("more", "one_factor", "--arms", "trainer.rate=2", *QUIET)
    assert "Added: 1 arm (trainer.rate: 1.0 → 2) with 4 seeds (0, 1, 2, 3), 4 runs" in told
    assert [result["status"] for result in toy.results()] == ["done"] * 12
    plan = ("plan", *ONE_FACTOR, "seed=0,1")
    assert "12 runs (3 arms × 4 seeds) from 12 trainings, all done" in toy(*plan, "--explain")
    assert "Nothing to train: 12 trainings are done already." in toy(*plan)
    assert "12 runs (3 arms × 4 seeds) from 12 trainings, all done" in toy("-m", *ONE_FACTOR, "seed=0,1")
    assert "complete · 12/12 trainings" in toy("status", "one_factor")
    assert "0 damaged" in toy("runs", "verify")
    before = of_sweep(toy)
    [name] = (path.name for path in (toy.folder / "multirun").iterdir())
    commands = repeat.commands(sweep_file.read(toy.folder / "multirun" / name).sweep, f"multirun/{name}")
    assert len(commands) == 4
    other = toy.folder / "elsewhere"
    shutil.copytree(toy.folder / "my", other / "my")
    monkeypatch.chdir(other)
    again = Program(other, toy.site, toy.capsys)
    for command in commands[:-1]:
        words = shlex.split(command.removeprefix("python -m ablate "))
        again(*words, *(QUIET if words[0] == "more" else ("workers=2", "report.formats=[csv,md]")))
    assert of_sweep(again) == before


@pytest.mark.slow
@pytest.mark.exhaustive
def test_an_addition_that_was_killed_is_completed_by_either_command(toy: Program) -> None:
    toy("-m", *ONE_FACTOR, "seed=0,1")
    for completing in (("more", "one_factor", "--seeds", "2", *QUIET), ("-m", *ONE_FACTOR, "seed=0,1")):
        before = sum(len(one.rows()) for one in toy.trainings)
        running = toy.start("more", "one_factor", "--seeds", "2", *QUIET)
        until = time.monotonic() + 120
        while time.monotonic() < until and sum(len(one.rows()) for one in toy.trainings) <= before:
            time.sleep(0.05)
        for one in (*psutil.Process(running.pid).children(recursive=True), running):
            one.send_signal(signal.SIGKILL)
        running.wait(60)
        toy(*completing)
        assert {result["status"] for result in toy.results()} == {"done"}
        assert "0 damaged" in toy("runs", "verify")
    assert [run["seed"] for run in of_sweep(toy)["runs"]] == [seed for seed in range(6) for _ in range(2)]


def test_a_run_alone_and_one_that_diverges(toy: Program) -> None:
    told = toy(*OWN, "seed=3", "hydra.run.dir=out")
    assert "accuracy 60.71% on the evaluation set (mean of 2 evaluations, steps 39 to 40)\n" in told
    assert "accuracy 60.81% on the evaluation set at step 40\n" in toy(*OWN, "seed=3", "hydra.run.dir=out", "readout.last=1")
    assert "already; nothing to train" in toy(*OWN, "seed=3", "hydra.run.dir=out")
    assert "must give accuracy at every evaluation, got f1." in toy(*OWN, "trainer.gives=f1", "seed=4", status=1)
    told = toy(*OWN, "trainer.rate=10", "hydra.run.dir=out", status=1)
    assert "ablate: accuracy of trainer=toy must be at least 0 and at most 1, got 1.0" in told
    assert "The run diverged: a rate of 200 leads nowhere" in toy(*OWN, "trainer.rate=200", "hydra.run.dir=out", status=1)


def test_what_no_report_could_read_is_refused_before_anything_trains(toy: Program) -> None:
    assert "trainer must be the same for all runs of a sweep, got other,toy." in toy(
        "-cd", "my", "-m", "trainer=toy,other", "steps=40", "eval_every=10", status=1
    )
    words = ("-cd", "my", "trainer=odd", "steps=40", "eval_every=10")
    told = toy(*words, "trainer.label=readouts", "trainer.gives=[student]", status=1)
    assert "Unknown readout of trainer=odd 'student'. Choose from raw, averaged." in told
    told = toy(*words, "trainer.label=evaluation_set", "trainer.gives=tests", status=1)
    assert "Unknown evaluation set of trainer=odd 'tests'. Choose from test, validation, evaluation." in told
    assert not (toy.folder / "runs").exists()


def test_another_metric_is_judged_as_it_is(toy: Program) -> None:
    words = (
        "-cd",
        "my",
        "trainer=other",
        "steps=40",
        "eval_every=10",
        "workers=2",
        "progress=false",
        "report.formats=[csv,md]",
    )
    toy("-m", *words, "trainer.trick=off,on", "seed=0,1,2")
    told = toy("report", "factorial", "--format", "csv", "--explain")
    assert "With trainer.trick: inconclusive, because all 3 seeds give the same difference (+0.1000 units)" in told
    assert not re.search("accuracy|pp\\b", told.split("arm  ")[1].split("t-intervals")[0])
    results = toy.results()
    assert [set(result) & {"perplexity", "accuracy", "metric"} for result in results] == [{"perplexity", "metric"}] * 6
    assert "perplexity 0.608" in toy(*words[:5], "hydra.run.dir=out")
    refused = toy("-m", *words, "hydra/sweeper=optuna", "trainer.rate=interval(0.1,2.0)", status=1)
    assert "A search needs a trainer that is judged by accuracy, and trainer=other is judged by perplexity." in refused


def test_values_below_zero_at_steps_of_its_own_are_shown_as_they_are(toy: Program) -> None:
    words = ("-cd", "my", "trainer=minus", "steps=40", "workers=2", "progress=false", "report.formats=[csv]")
    toy("-m", *words, "trainer.trick=off,on", "seed=0,1")
    told = toy("report", "factorial", "--format", "csv", "--explain")
    assert "With trainer.trick: inconclusive, because all 2 seeds give the same difference (−0.1000 units)" in told
    [sweep] = (toy.folder / "multirun").iterdir()
    lines = (sweep / "report" / "evaluations.csv").read_text().splitlines()
    assert len(lines) == 1 + 4 * 6, "those at 7, 14, 21, 28, 35 and 40 of each run"
    assert re.search(r"40/40.*[-−]0\.\d{3}", toy("status", "factorial", "--all"))
    three = (*words, "trainer.trick=off,on", "seed=0,1", "readout.last=3")
    assert "the reward of a run is the mean of its last 3 evaluations\n" in toy("plan", *three, "--explain")
    more = toy("-m", *three)
    assert "all done already" in more, "it has them: where the trainer decides, they are its newest"
    told = toy("report", "--format", "csv", "--explain").lower()  # of the newest sweep
    assert "reward on the evaluation set (mean of 3 evaluations, the newest up to step 40)" in told
    few = toy("-m", *words, "trainer.trick=off,on", "seed=7", "readout.last=9", status=1)
    assert "readout.last=9 needs that many evaluations, but trainer=minus gave fewer up to step 40." in few


def test_a_store_is_reported_without_what_others_have_trained(toy: Program) -> None:
    toy("-m", *SWEEP, "seed=0,1")
    told = toy("report", "runs", "--out", "all", status=1)
    assert "runs has no training of trainer=networks." in told


def test_a_search_in_steps(toy: Program) -> None:
    words = (*SWEEP, "hydra/sweeper=optuna", "trainer.rate=interval(0.1,2.0)", "hydra.sweeper.n_trials=4")
    words = (*words, "hydra.sweeper.confirm_seeds=2")
    assert "each trial trains for 40 steps" in toy("plan", *words)
    told = toy("-m", *words)
    [folder] = (toy.folder / "multirun").iterdir()
    told += toy("report", str(folder), "--format", "csv", "--explain")
    assert "holds for the budget of 40 steps" in told
    assert not re.search("epoch|images|batch", told)
    trials = json.loads((folder / "trials.json").read_text())["trials"]
    assert len(trials) == 4
    assert json.loads((folder / "confirmation" / "sweep.json").read_text())["trainer"] == "toy"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("lr=0.1",), "lr has no effect with trainer=toy. Leave it out."),
        (("-m", "augment=on,off"), "augment has no effect with trainer=toy. Leave it out."),
        (("-m", "epochs=3"), "epochs has no effect with trainer=toy. Leave it out."),
        (
            ("-m", "trainer.trick=on,off", "retune=true"),
            "retune=true tunes the learning rate of trainer=networks alone. Leave it out.",
        ),
        (
            ("trainer.name=toyy",),
            "Unknown trainer 'toyy'. Choose from command, function, networks, minus, odd, other, toy. Did you mean 'toy'?",
        ),
        (("threads=0",), "threads must be at least 1, got 0."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_the_toy_does_not_take_is_refused_in_one_line(toy: Program, words: tuple[str, ...], told: str) -> None:
    printed = toy("-cd", "my", "trainer=toy", *words, status=1)
    assert printed.strip().splitlines()[-1] == f"ablate: {told}"
