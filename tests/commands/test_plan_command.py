"""`ablate plan`: what it describes, and how it reads in a terminal and in a pipe."""

import io
import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from made_up import alike, evaluation
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from ablate import designs
from ablate.commands import plan as command
from ablate.config import loading
from ablate.designs import Factor, phrases
from ablate.planning import forecast, overview, plan, run_result, screen, sentences
from ablate.planning.command import command_of
from ablate.planning.plan import Plan
from ablate.planning.runs import Run
from ablate.planning.site import by_another, here
from ablate.trainers.networks import TRAINER


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Plan]:
    def made(*words: str, design: str = "factorial", study: str | None = None) -> Plan:
        given = [f"store={tmp_path / 'runs'}", "steps=20", "eval_every=10", *words]
        parsed = command_of(OverridesParser.create().parse_overrides(given))
        return plan.make(parsed, design, lambda overrides: loading.compose(["data=digits", *overrides]), study=study)

    return made


def described(made: Plan, launcher: str | None = None) -> dict[str, Any]:
    description = overview.describe(made, here(2, 1) if launcher is None else by_another(launcher), calibrate=False)
    assert json.loads(json.dumps(description)) == description
    return description


def shown(description: dict[str, Any], width: int | None = None) -> str:
    """What is printed into a terminal of a width, or a pipe."""
    stream = io.StringIO()
    sentences.show(description, Console(file=stream, width=width, force_terminal=width is not None, color_system=None))
    return stream.getvalue()


def finish(run: Run, status: str = "done", averaged: float = 0.5) -> None:
    """Write what the run's training leaves when it ends."""
    run.trajectory.path.mkdir(parents=True, exist_ok=True)
    if status == "done":
        scores = alike(0.5) | {"accuracy_averaged": averaged}
        row = evaluation(run.asked.step, **scores, seconds=100.0, examples_per_second=50.0)
        run.trajectory.add_evaluation(row, {"raw": np.arange(3), "averaged": np.arange(3)})
    run.trajectory.set_status(status, run.asked.step, None if status == "done" else "the loss became nan")


def test_it_counts_runs_and_trainings_and_what_is_left(make: Callable[..., Plan]) -> None:
    made = make("augment=on,off", "ema=on,off", "seed=0,1,2")
    finish(made.runs[0])
    finish(made.runs[2], status="diverged")
    description = described(made)
    totals = description["totals"]
    assert [totals[name] for name in ("arms", "seeds", "runs", "runs_done", "runs_diverged")] == [4, 3, 12, 2, 2]
    assert [totals[f"trainings{name}"] for name in ("", "_done", "_diverged", "_to_do")] == [6, 1, 1, 4]
    assert [totals[name] for name in ("steps_left", "seconds", "workers", "threads")] == [80, None, 2, 1]
    assert [run["state"] for run in description["runs"]] == ["done"] * 2 + ["diverged"] * 2 + ["to do"] * 8
    states = [(one["state"], one["steps_left"], one["steps_done"], one["runs"]) for one in description["trainings"]]
    assert states[0] == ("done", 0, 20, [0, 1])
    assert states[1] == ("diverged", 0, 20, [2, 3])
    assert states[2] == ("to do", 20, 0, [4, 5])
    assert [arm["trainings_to_do"] for arm in description["arms"]] == [2, 0, 2, 0]
    assert [arm["trainings_shared"] for arm in description["arms"]] == [0, 2, 0, 2]
    assert [arm["trainings_diverged"] for arm in description["arms"]] == [0, 0, 1, 1]
    assert sentences.head(description)[0] == (
        "factorial: 12 runs (4 arms × 3 seeds) from 6 trainings; 4 left to train (80 steps in total), 1 diverged"
    )
    assert "2, 1 diverged" in shown(description)
    assert description["runs"][5]["fingerprint"] == made.runs[5].trajectory.fingerprint
    assert description["runs"][5]["readout"] == {"weights": "raw", "step": 20}
    assert description["fixed"] == made.fixed.to_json()


def test_a_sweep_that_is_done_says_so(make: Callable[..., Plan]) -> None:
    made = make("ema=on,off", study="averages")
    finish(made.runs[0])
    lines = sentences.head(described(made))
    assert lines[0] == "averages (factorial): 2 runs (2 arms × 1 seed) from 1 training, all done already; nothing to train"
    assert not any(line.startswith(("about", "how long")) for line in lines)


def test_what_diverged_is_not_done(make: Callable[..., Plan]) -> None:
    made = make("lr=0.1,0.2,0.3,0.4")
    for run in made.runs[:3]:
        finish(run)
    finish(made.runs[3], status="diverged")
    lines = sentences.head(described(made))
    assert lines[0] == ("factorial: 4 runs (4 arms × 1 seed) from 4 trainings, 3 done already, 1 diverged; nothing to train")
    assert not any(line.startswith("how long") for line in lines)
    [row] = [line for line in shown(described(made)).splitlines() if line.startswith("lr 0.1 → 0.4")]
    assert "1 diverged" in row
    assert "done" not in row


def test_a_training_of_which_a_shorter_run_is_done_has_diverged_all_the_same(make: Callable[..., Plan]) -> None:
    made = make("steps=20,40")
    finish(made.runs[0])
    made.runs[1].trajectory.set_status("diverged", 30, "the loss became nan")
    description = described(made)
    assert [run["state"] for run in description["runs"]] == ["done", "diverged"]
    assert [(one["state"], one["steps_done"], one["steps_left"]) for one in description["trainings"]] == [("diverged", 30, 0)]
    assert "1 training, 1 diverged; nothing to train" in sentences.head(description)[0]


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_another_launchers_wall_time_is_not_forecast(make: Callable[..., Plan], launcher: str) -> None:
    made = make("lr=0.1,0.2", "threads=3", "steps=300")
    description = described(made, launcher)
    totals = description["totals"]
    assert [totals[name] for name in ("seconds", "training_seconds", "workers", "threads")] == [None, None, None, 3]
    assert sentences.head(description)[1] == (f"{forecast.TOO_SMALL}; how many run at once is up to hydra/launcher={launcher}")
    for run in make("lr=0.1,0.2", "seed=7").runs:
        finish(run)
        here = {"from_step": 0, "host": forecast.machine.host(), "threads": 3, "at_once": 1, "device": "x", "processor": "x"}
        run.trajectory.add_segment(here)
    description = described(made, launcher)
    totals, each = description["totals"], [one["seconds"] for one in description["trainings"]]
    assert totals["seconds"] is None
    assert totals["training_seconds"] == pytest.approx(sum(each))
    told = sentences.head(description)[1]
    assert told.startswith(f"about {math.ceil(sum(each) / 60)} min of training in all, if one at a time (measured in earlier")
    assert told.endswith(f"; how many run at once is up to hydra/launcher={launcher}")
    assert described(made)["totals"]["seconds"] is not None


def test_it_tells_what_a_switch_changes_besides_its_factor(make: Callable[..., Plan]) -> None:
    description = described(make("augment=on,off", "ema=on,off"))
    assert [arm["besides"] for arm in description["arms"]][1] == []
    [confound] = description["confounds"]  # of the arm with both switched, all is told by those of one
    assert confound["switched"] == [["augment", "on", "off"]]
    assert {one["what"]: (one["from"], one["to"]) for one in confound["besides"]} == {
        "input": ([24, 24, 3], [32, 32, 3]),
        "parameters": (1_068_298, 1_756_426),
        "operations": (37_745_098, 66_983_370),
    }
    assert not any("also changes" in line for line in sentences.head(description)), "the plan tells it"


@pytest.mark.parametrize(
    ("factor", "besides"),
    [
        ("batch_size=128,64", {"steps_per_epoch", "epochs"}),
        ("optimizer=sgd,adam", {"learning_rate"}),
        ("lr=0.1,0.2", set()),
        ("steps=10,20", set()),
        ("lrn=on,off", {"operations"}),
        ("data.validation=0,100", {"steps_per_epoch", "epochs"}),
        ("fc=two,one", {"parameters", "operations"}),
    ],
)
def test_the_factor_itself_is_no_confound(make: Callable[..., Plan], factor: str, besides: set[str]) -> None:
    assert {one["what"] for one in described(make(factor))["arms"][1]["besides"]} == besides


def test_a_rung_of_a_ladder_is_seen_from_the_rung_below(make: Callable[..., Plan]) -> None:
    description = described(make("augment=on,off", "lrn=on,off", design="ladder"))
    assert [arm["against"] for arm in description["arms"]] == [None, 0, 1]
    assert [confound["switched"] for confound in description["confounds"]] == [
        [["augment", "on", "off"]],
        [["lrn", "on", "off"]],
    ]


def test_a_rung_that_changes_nothing_is_seen_from_the_rung_below_as_well(make: Callable[..., Plan]) -> None:
    description = described(make("augment=on,off", "lrn=native,on", "ema=on,off", "seed=0,1", design="ladder"))
    arms = description["arms"]
    assert [arm["against"] for arm in arms] == [None, 0, 1, 2]
    assert [arm["switched"] for arm in arms[1:]] == [
        [["augment", "on", "off"]],
        [["lrn", "native", "on"]],
        [["ema", "on", "off"]],
    ]
    assert [bool(arm["besides"]) for arm in arms] == [False, True, False, False]
    assert [confound["switched"] for confound in description["confounds"]] == [[["augment", "on", "off"]]]


def test_a_fraction_shows_generators_aliases_and_average_changes(make: Callable[..., Plan]) -> None:
    words = ("augment=on,off", "ema=on,off", "lrn=on,off", "batch_size=128,64", "seed=0,1")
    description = described(make(*words, design="fractional"))
    assert [[confound["switched"][0][0] for confound in description["confounds"]]] == [["augment", "lrn", "batch_size"]]
    text = shown(description)
    assert "a fraction of resolution 4: batch_size = augment × ema × lrn" in text
    assert "augment × ema = lrn × batch_size" in text
    assert "what a factor changes besides itself, on average:\n" in text
    assert "7 effects judged" in text


def test_levels_that_change_nothing_are_told(make: Callable[..., Plan]) -> None:
    lines = sentences.head(described(make("lrn=native,on")))
    assert any(
        "LRN native → on: changes nothing here; it has the same training and readout as baseline" in line for line in lines
    )
    lines = sentences.head(described(make("model=nin0", "lr=0.1,0.2")))
    assert any(line.startswith("every arm: the weight decay is for hidden dense layers") for line in lines)
    lines = sentences.head(described(make("model=tuto,nin0")))
    assert any(line.startswith("model tuto → nin0: the weight decay is for hidden dense layers") for line in lines)


def test_it_says_what_the_seeds_can_show(make: Callable[..., Plan]) -> None:
    words = ("augment=on,off", "lrn=on,off")
    assert sentences.head(described(make(*words)))[-1] == "one seed gives no verdict: add seed=0,1,2,3,4"
    five = described(make(*words, "seed=0,1,2,3,4"))
    assert sentences.detectable(five)[-1] == (
        "5 seeds detect a true difference of 2.3 times its SD over seeds with 80% power; smaller ones are easily missed "
        "(3 differences judged, 5% error rate in all)"
    )
    assert five["seeds"]["judged"] == 3
    alone = described(make())
    assert (alone["seeds"]["judged"], alone["seeds"]["detectable"]) == (0, None)
    assert "verdict" not in "".join(sentences.head(alone))


def test_where_the_store_knows_a_deviation_it_says_points(make: Callable[..., Plan]) -> None:
    made = make("augment=on,off", "seed=0,1,2")
    for run in made.runs:
        finish(run, averaged=0.5 + 0.01 * run.seed * run.arm)
    description = described(made)
    [known] = description["seeds"]["deviations"]
    assert (known["arm"], known["against"], known["points"], known["seeds"]) == (1, 0, pytest.approx(1.0), 3)
    assert known["points_range"] == pytest.approx(
        [0.5207, 6.2847], abs=1e-3
    )  # of a standard deviation from three, as published
    assert sentences.detectable(description)[-1] == (
        "that is about: no augmentation 3.3 pp (1.7 to 20.5); rough, because that SD comes from 3 seeds in the store"
    )


def test_of_many_deviations_it_says_the_span(make: Callable[..., Plan]) -> None:
    made = make("lr=0.1,0.2,0.3,0.4,0.5", "seed=0,1,2")
    for run in made.runs:
        finish(run, averaged=0.5 + 0.01 * run.seed * run.arm)
    line = sentences.detectable(described(made))[-1]
    assert line.startswith(
        "that is about 6.5 to 26.2 pp for 4 differences; rough, because that SD comes from 3 seeds in the store"
    )
    assert line.endswith(": 0.5 to 6.3 times that is possible")


def test_a_fraction_says_points_of_its_effects(make: Callable[..., Plan]) -> None:
    words = ("augment=on,off", "ema=on,off", "seed=0,1,2")
    made = make(*words, "fc=two,one", design="fractional")
    for run in made.runs:
        finish(run, averaged=0.5 + 0.001 * (run.seed * (1 + run.arm % 3)) ** 2)
    description = described(made)
    assert ["fc"] in [each["effect"] for each in description["seeds"]["deviations"]]
    description["seeds"]["deviations"] = [
        each for each in description["seeds"]["deviations"] if each["effect"] in (["fc"], ["augment", "fc"])
    ]
    line = sentences.detectable(description)[-1]
    assert line.startswith("that is about: one hidden dense layer ")
    assert "; augmentation × hidden dense layers " in line


@pytest.mark.parametrize("seconds", [3, 54, 55, 3_500, 3_590, 12_000, 172_000, 180_000])
def test_hours_read_plainly_and_never_promise_less(make: Callable[..., Plan], seconds: int) -> None:
    description = described(make())
    description["totals"] |= dict.fromkeys(("seconds", "seconds_low", "seconds_high"), seconds)
    description["sources"] = ["measured"]
    words = sentences.head(description)[1].removeprefix("about ").partition(" with ")[0].split()
    units = {"s": 1, "min": 60, "h": 3600, "days": 86_400}
    told = sum(int(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assert 0.98 * seconds <= told <= max(10, 1.2 * seconds)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "10 s"), (60, "1 min"), (3_600, "1 h"), (3_900, "1 h 5 min"), (176_400, "2 days 1 h"), (2_678_400, "31 days")],
)
def test_no_part_of_a_duration_is_0(make: Callable[..., Plan], seconds: int, text: str) -> None:
    description = described(make())
    description["totals"] |= dict.fromkeys(("seconds", "seconds_low", "seconds_high"), seconds)
    assert sentences.head(description)[1].startswith(f"about {text} with ")


def test_it_reads_in_80_columns_and_whole_in_a_pipe(make: Callable[..., Plan]) -> None:
    description = described(make("augment=on,off", "ema=on,off", "optimizer=sgd,adam", "seed=0,1"))
    narrow, piped = shown(description, 80), shown(description)
    assert max(map(len, narrow.splitlines())) <= 80
    for text in (narrow, piped):
        assert "…" not in text
        for word in (
            "1,068,298",
            "37,745,098",
            "32×32",
            "steps left",
            "shared",
            "+64%",
            "learning rate",
            "what an arm changes",
        ):
            assert word in text
    for arm in description["arms"]:
        assert phrases.of_label(arm["label"]) in piped
    narrower = shown(description, 50)
    assert max(map(len, narrower.splitlines())) <= 50
    assert "1,068,298" in narrower


def test_brackets_in_a_level_are_no_markup(make: Callable[..., Plan]) -> None:
    assert "augment.contrast [0.5,1.5] → [1,1]" in shown(described(make("augment.contrast=[0.5,1.5],[1,1]")))


def test_a_thousand_runs_are_described_quickly(make: Callable[..., Plan]) -> None:
    base = make()
    factors = tuple(Factor(name, ("1", "2", "3", "4", "5")) for name in ("lr", "batch_size", "ema_decay"))
    arms, first, runs = designs.arms("factorial", factors), base.runs[0], []
    base_recipe = first.asked.spec.payload
    for seed in range(8):
        for number, arm in enumerate(arms):
            levels = {name: int(level) for name, level in arm.levels}
            changed = {
                "seed": seed,
                "batch_size": 32 * levels["batch_size"],
                "optimizer": base_recipe.optimizer.model_copy(update={"lr": levels["lr"] / 10}),
                "average": base_recipe.average.model_copy(update={"decay": levels["ema_decay"] / 10}),
            }
            asked = replace(first.asked, spec=TRAINER.spec(base_recipe.model_copy(update=changed)))
            trajectory, content = run_result.trajectory_of(asked)
            runs.append(Run(len(runs), number, seed, (), asked, trajectory, content, {}))
    made = replace(base, factors=factors, arms=tuple(arms), seeds=tuple(range(8)), runs=tuple(runs))
    started = time.process_time()
    description = described(made)
    text = shown(description)
    assert time.process_time() - started < 3
    assert "1,000 runs (125 arms × 8 seeds) from 1,000 trainings" in text
    assert len(sentences.head(description)) < 12


def ran(folder: Path, environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "ablate", "plan", *words, "data=digits", "steps=20"]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_the_program_prints_a_plan_and_writes_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    done = ran(tmp_path, environment, "augment=on,off", "ema=on,off", "--json", "seed=0,1")
    assert done.returncode == 0, done.stderr
    description = json.loads(done.stdout)
    assert [len(description[name]) for name in ("arms", "runs", "trainings")] == [4, 8, 4]
    assert list(tmp_path.iterdir()) == []


def test_the_program_takes_hydras_own_flags_and_tells_bad_words_in_one_line(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    conf = Path(__file__).parents[1] / "training" / "conf"
    done = ran(tmp_path, environment, "--config-dir", str(conf), "model=tiny,tuto")
    assert done.returncode == 0, done.stderr
    assert "model tiny → tuto" in done.stdout
    bad = ran(tmp_path, environment, "augment=on,flipp")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("ablate: ")
    assert len(bad.stderr.splitlines()) == 1


def test_help_has_two_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.run(["--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.count("\n  ablate plan ") == 2


def on_screen(description: dict[str, Any], width: int = 80) -> str:
    """The screen of a plan, in a terminal that is so wide."""
    console = Console(width=width, force_terminal=True, color_system=None, highlight=False, _environ={})
    with console.capture() as capture:
        screen.draw(description, console)
    text = "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
    assert max(map(len, text.splitlines())) <= width
    return text


PLANS = {
    "one_run": ((), "factorial"),
    "factorial": (("augment=on,off", "ema=on,off", "seed=0,1,2"), "factorial"),
    "one_factor": (("augment=on,off", "lrn=native,on,off", "fc=native,one", "seed=0,1,2,3,4"), "one_factor"),
    "ladder": (("augment=off,center,on", "ema=off,on", "seed=0,1"), "ladder"),
    "fractional": (("augment=on,off", "ema=on,off", "lrn=on,off", "weight_decay=scaled,off", "seed=0,1"), "fractional"),
    "other_optimizers": (("optimizer=sgd,adam", "batch_size=64,128", "seed=0,1,2"), "one_factor"),
}


@pytest.mark.parametrize("name", PLANS)
def test_what_a_plan_says(name: str, make: Callable[..., Plan], tmp_path: Path, read_by_users: SnapshotAssertion) -> None:
    """Every sentence of it, as its reader gets it, to be read and taken with `--snapshot-update`."""
    words, design = PLANS[name]
    description = described(make(*words, design=design))
    told = f"===== screen =====\n{on_screen(description)}\n===== --explain =====\n{shown(description, 120)}"
    assert re.sub(r"-[0-9a-f]{8}\b", "-DIGEST", told.replace(str(tmp_path), "FOLDER")) == read_by_users
