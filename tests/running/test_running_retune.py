"""Sweeps with `retune=true`: what is tuned and measured, how a rate is chosen, and that nothing of it looks at the test set."""

import io
import json
import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import alike, composed, evaluation
from omegaconf import DictConfig
from rich.console import Console

from ablate.data.split import default_validation
from ablate.errors import AblateError
from ablate.planning import overview, plan
from ablate.planning.command import command_of
from ablate.planning.sentences import detectable, head_of_retuning, show
from ablate.planning.site import by_another, here
from ablate.report.writing import at_end
from ablate.running.retune import FILE, Choice, Retuning, Settings, Tried, Tuned, describe
from ablate.running.retune.choice import NOTE, kept
from ablate.store import sweep_file

RATES = (0.5, 1.0, 2.0)


def retuning(*words: str, design: str = "one_factor", rates: Sequence[float] = RATES, seeds: int = 2) -> Retuning:
    def compose(overrides: Sequence[str]) -> DictConfig:
        return composed(["data=digits", *overrides])

    command = command_of(OverridesParser.create().parse_overrides(list(words)))
    return Retuning(command, plan.make(command, design, compose), Settings(True, tuple(rates), seeds), compose)


def results(of: Retuning, best: dict[int, float]) -> list[dict[str, Any]]:
    """Made-up results of the tuning, in which the rate of each arm that is named is the best."""
    order = [1.0, *(rate for rate in of.settings.rates if rate != 1)]
    found = []
    for run in of.tuning.runs:
        arm, place = divmod(run.arm, len(order))
        found.append({"status": "done", "accuracy": 0.9 if order[place] == best[arm] else 0.5})
    return found


# the choice


def tuned(tried: dict[float, Sequence[float | None]]) -> Tuned:
    ones = [
        Tried(rate, 0.1 * rate, tuple(values), tuple("done" if value is not None else "diverged" for value in values))
        for rate, values in sorted(tried.items())
    ]
    return Tuned("an arm", {}, tuple(ones))


@given(
    st.dictionaries(
        st.sampled_from([0.125, 0.25, 0.5, 2.0, 3.0, 4.0, 8.0]),
        st.lists(st.none() | st.integers(0, 6), min_size=3, max_size=3),
        min_size=1,
    ),
    st.lists(st.none() | st.integers(0, 6), min_size=3, max_size=3),
)
def test_the_best_mean_wins_and_then_the_rate_nearest_to_the_shared_one(
    others: dict[float, list[int | None]], shared: list[int | None]
) -> None:
    right = others | {1.0: shared}  # images of 7 that are classified rightly
    arm = tuned({rate: [None if one is None else one / 7 for one in values] for rate, values in right.items()})
    sound = {rate: sum(map(int, filter(None, values))) for rate, values in right.items() if None not in values}
    if not sound:
        assert arm.best is None
        return
    assert arm.best is not None
    best = arm.best.rate
    assert sound[best] == max(sound.values())
    for rate, total in sound.items():
        if total == sound[best]:
            assert (max(best, 1 / best), best) <= (max(rate, 1 / rate), rate)
    assert (arm.edge == "lowest") == (best == min(right))
    assert (arm.edge == "highest") == (best == max(right))


def test_the_order_of_seeds_does_not_break_a_tie() -> None:
    assert tuned({0.5: (0.3, 0.2, 0.1), 1.0: (0.1, 0.2, 0.3)}).best.rate == 1.0  # type: ignore[union-attr]


def test_an_arm_that_trains_at_no_rate_stops_all(tmp_path: Path) -> None:
    of = retuning("augment=on,off")
    lost = [result | {"status": "diverged", "accuracy": None} for result in results(of, {0: 1.0, 1: 1.0})]
    with pytest.raises(
        AblateError,
        match=r"trains every seed to the end for baseline; no augmentation \(tried lr 0.05, 0.1, 0.2 for baseline\)",
    ):
        of.choose(lost)


def test_what_was_chosen_is_kept_and_never_changed(tmp_path: Path) -> None:
    of = retuning("augment=on,off")
    first, other = (of.choose(results(of, {0: 0.5, 1: rate})) for rate in (2.0, 1.0))
    first.keep(tmp_path)
    other.keep(tmp_path)
    assert kept(tmp_path, of.tuning.name) == first != other
    content = json.loads((tmp_path / FILE).read_text())
    assert [arm["chosen"] for arm in content["arms"]] == [
        {"rate": 0.5, "lr": 0.05, "edge": "lowest"},
        {"rate": 2.0, "lr": 0.2, "edge": "highest"},
    ]
    assert content["note"] == of.choose(results(of, {0: 0.5, 1: 2.0})).note
    with pytest.raises(AblateError, match="holds the tuning of another sweep"):
        kept(tmp_path, "tuning-00000000")
    (tmp_path / FILE).write_text("{")
    with pytest.raises(AblateError, match=r"not valid JSON.*to choose the same rates again from the tuning beside it"):
        kept(tmp_path, of.tuning.name)


def chosen(*tried: dict[float, Sequence[float | None]], seeds: int) -> Choice:
    return Choice("tuning-00000000", tuple(range(seeds)), (40,), tuple(tuned(each) for each in tried))


def test_by_how_much_chance_helps_is_told_from_the_tunings_own_seeds() -> None:
    found = chosen({0.5: (0.60, 0.62), 1.0: (0.60, 0.64), 2.0: (None, 0.5)}, {0.5: (0.7, 0.7), 1.0: (0.7, None)}, seeds=2)
    # Deviations 1.41, 2.83 and 0 points, pooled 1.83; of two means of two seeds 0.59 x 1.83 / 1.41.
    assert found.note == (
        "The highest of several noisy means is optimistic: for 2 equally good rates by up to about 0.76 pp, given an SD of 1.8 "
        "pp between the 2 seeds of one rate (pooled over arms and rates). So no tuning score is a result: the chosen rates are "
        "evaluated again, with fresh seeds."
    )


@pytest.mark.parametrize(
    ("tried", "seeds"),
    [
        ({0.5: (0.6,), 1.0: (0.7,)}, 1),
        ({0.5: (0.6, 0.6), 1.0: (0.7, 0.7)}, 2),
        ({0.5: (None, 0.1), 1.0: (0.6, 0.7)}, 2),
    ],
)
def test_where_seeds_tell_of_no_chance_or_there_is_no_choice_the_note_has_no_number(
    tried: dict[float, Sequence[float | None]], seeds: int
) -> None:
    assert chosen(tried, seeds=seeds).note == NOTE
    assert not any(letter.isdigit() for letter in NOTE)


@pytest.mark.parametrize(("rates", "seeds"), [(2, 2), (3, 5), (5, 3), (9, 2)])
def test_of_equal_rates_the_chosen_one_is_as_much_too_high_as_the_note_says(rates: int, seeds: int) -> None:
    draws = np.random.default_rng(rates).normal(0.7, 0.02, (1000, rates, seeds))
    found = chosen(*({2.0**rate: tuple(one) for rate, one in enumerate(arm)} for arm in draws), seeds=seeds)
    best = [arm.best for arm in found.arms]
    excess = 100 * (np.mean([one.mean for one in best if one is not None and one.mean is not None]) - 0.7)
    told = re.search(r"for (\d+) equally good rates by up to about ([\d.]+) pp", found.note)
    assert told is not None
    assert int(told[1]) == rates
    assert float(told[2]) == pytest.approx(excess, rel=0.08)


def test_what_the_tuning_took_counts_what_diverged(tmp_path: Path) -> None:
    of = retuning("ema=on,off", "augment=on,off", "steps=20", "eval_every=10", f"store={tmp_path}")
    lost = results(of, {0: 1.0, 1: 1.0, 2: 1.0})
    for run, result in zip(of.tuning.runs, lost, strict=True):
        high = "lr=0.2" in run.overrides
        result |= {"status": "diverged", "accuracy": None} if high else {}
        steps = [] if high and run.seed == of.seeds[0] else [10] if high else [10, 20, 30]  # another sweep asked for 30
        for step in steps if not run.trajectory.rows() else []:
            classes = {"raw": np.arange(2), "averaged": np.arange(2)}
            run.trajectory.add_evaluation(evaluation(step, **alike(0.1) | {"loss": 1e9}, seconds=0.4 * step), classes)
    found = of.choose(lost)
    assert len(of.tuning.runs) == 18
    assert found.trainings == 12, "two arms stand on one training"
    assert found.seconds == pytest.approx(8 * 8.0 + 2 * 4.0)


# the plans


def test_every_arm_is_tuned_alike_on_held_out_images_with_seeds_of_its_own() -> None:
    of = retuning("augment=on,off", "optimizer=sgd,adam", "seed=0,4", "epochs=1", "lr=0.2")
    held = default_validation(1437)
    by_arm: dict[int, set[float]] = {}
    for run in of.tuning.runs:
        assert (run.asked.spec.evaluation_set, run.asked.spec.payload.data["validation"]) == ("validation", held)
        assert run.asked.step == of.shared.runs[0].asked.step == 12, "of fewer images an epoch would be fewer steps"
        by_arm.setdefault(run.arm // len(RATES), set()).add(run.asked.spec.payload.optimizer.lr)
    assert of.tuning.seeds == (5, 6)
    assert by_arm == {0: {0.1, 0.2, 0.4}, 1: {0.1, 0.2, 0.4}, 2: {0.1, 0.2, 0.4}}
    own = retuning("optimizer=sgd,adam", "seed=0")
    assert {run.asked.spec.payload.optimizer.lr for run in own.tuning.runs} == {0.05, 0.1, 0.2, 0.0005, 0.001, 0.002}
    assert own.tuning.label(3) == "optimizer: sgd → adam, lr: 0.1 → 0.001"
    trained = {run.trajectory.fingerprint for run in of.shared.runs}
    assert not trained & {run.trajectory.fingerprint for run in of.tuning.runs}


def test_arms_at_their_own_best_are_measured_beside_those_at_the_shared_rate() -> None:
    of = retuning("augment=on,off", "ema=on,off", "seed=0,1", "steps=30")
    made = of.measuring(of.choose(results(of, {0: 0.5, 1: 2.0, 2: 1.0})))
    assert [made.label(arm) for arm in range(len(made.arms))] == [
        "baseline",
        "augment: on → off",
        "ema: on → off",
        "baseline, at its best lr (0.05)",
        "augment: on → off, at its best lr (0.2)",
    ]
    assert made.differences == [(1, 0), (2, 0), (4, 3), (2, 3)]
    assert made.seeds == (0, 1)
    assert {run.asked.spec.evaluation_set for run in made.runs} == {"test"}
    assert {run.asked.spec.payload.data["validation"] for run in made.runs} == {0}
    assert made.runs[4].overrides == ("steps=30", "augment=off", "ema=on", "lr=0.2", "seed=0")
    assert [run.readout for run in made.runs if run.arm < 3] == [run.readout for run in of.shared.runs]
    written = made.sweep.to_json()["retune"]
    assert written["own"] == [3, 4, 2]
    assert written["effects"][1] == {"arm": 2, "shared": [2, 0], "own": [2, 3]}
    same = of.measuring(of.choose(results(of, {0: 1.0, 1: 1.0, 2: 1.0})))
    assert [run.noted for run in same.runs] == [run.noted for run in of.shared.runs], "nothing more to train"
    assert same.differences == [(1, 0), (2, 0)]


def test_the_tuning_has_no_report_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep_file.write(tmp_path, retuning("augment=on,off", "seed=0,1").tuning.sweep)
    at_end(("csv", "md"))(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.json"]
    assert capsys.readouterr().out == ""


def test_the_most_that_measuring_may_come_to_lets_arms_that_share_a_training_part() -> None:
    of = retuning("augment=on,off", "ema=on,off", "seed=0")
    assert (len(of.shared.trainings), len(of.most().trainings)) == (2, 5)
    assert len(retuning("ema=on,off", "seed=0", rates=(1.0, 2.0)).most().trainings) == 2


def test_the_plan_tells_the_tuning_first_then_what_is_measured_and_both_together(tmp_path: Path) -> None:
    of = retuning("augment=on,off", "seed=0,1", "steps=20", f"store={tmp_path / 'runs'}")
    told = describe(of, tmp_path, here(1, 1), calibrate=False)
    assert json.loads(json.dumps(told)) == told
    unknown = {f"{key}{end}": None for key in ("seconds", "training_seconds") for end in ("", "_low", "_high")}
    assert told["retune"]["total"] == {"trainings_to_do": 20, "steps_left": 400, **unknown}
    for part, seconds in (("tuning", 3_000), ("most", 1_500)):
        told["retune"][part]["totals"] |= dict.fromkeys(("seconds", "seconds_low", "seconds_high"), seconds)
    told["retune"]["total"] |= dict.fromkeys(("seconds", "seconds_low", "seconds_high"), 4_500)
    first, *lines = head_of_retuning(told, "multirun/one_factor-1a2b3c4d")
    assert first == "multirun/one_factor-1a2b3c4d"
    heads = [
        "retune=true, so first 2 arms × 3 learning rates (0.5, 1, 2 times the arm's own) × 2 seeds (2, 3), read on 287",
        "tuning: 12 runs (6 arms × 2 seeds) from 12 trainings; 12 left to train (240 steps in total)",
        "then at the shared rate: one_factor: 4 runs (2 arms × 2 seeds) from 4 trainings; 4 left to train (80 steps in total)",
        "then each arm at its own best rate: at most 4 more trainings (80 steps in total)",
        "in all, to tune and to measure: at most 20 trainings left (400 steps in total), about 1 h 15 min",
        NOTE,
    ]
    places = [next(place for place, line in enumerate(lines) if line.startswith(head)) for head in heads]
    assert places == sorted(places)
    stream = io.StringIO()
    show(told, Console(file=stream))
    assert stream.getvalue().startswith("\n".join(lines) + "\n")


def test_a_launcher_of_hydras_own_has_a_total_of_training(tmp_path: Path) -> None:
    told = describe(retuning("augment=on,off"), tmp_path, by_another("basic"), calibrate=False)
    told["retune"]["total"] |= dict.fromkeys((f"training_seconds{end}" for end in ("", "_low", "_high")), 7_200)
    assert any(line.endswith("about 2 h of training, if one at a time") for line in head_of_retuning(told, "x"))


def test_once_rates_are_chosen_the_plan_says_which_and_what_chance_did(tmp_path: Path) -> None:
    of = retuning("augment=on,off", "seed=0,1", "steps=20", f"store={tmp_path / 'runs'}")
    choice = of.choose(results(of, {0: 0.5, 1: 2.0}))
    choice.keep(tmp_path)
    told = describe(of, tmp_path, here(1, 1), calibrate=False)
    assert (told["retune"]["most"], told["retune"]["total"], told["retune"]["note"]) == (None, None, choice.note)
    stream = io.StringIO()
    show(told, Console(file=stream, width=400))
    assert choice.note in stream.getvalue()


def test_a_rate_that_was_chosen_is_no_confound_and_what_else_changes_is_told_once(tmp_path: Path) -> None:
    def confounds(*words: str) -> list[set[str]]:
        of = retuning(*words, "steps=20", f"store={tmp_path / 'runs'}")
        made = of.measuring(of.choose(results(of, {0: 1.0, 1: 2.0})))
        found = overview.describe(made, here(1, 1), calibrate=False)["confounds"]
        return [{change["what"] for change in switch["besides"]} for switch in found]

    assert confounds("init=xavier,he") == []
    [augment] = confounds("augment=on,off")
    assert "input" in augment
    assert "learning_rate" not in augment
    [optimizer] = confounds("optimizer=sgd,adam")
    assert optimizer == {"learning_rate"}, "at the shared rates it changes"


def test_a_deviation_is_told_by_the_name_of_the_arm_that_it_is_of(tmp_path: Path) -> None:
    of = retuning("augment=on,off", "ema=on,off", "seed=0,1,2", "steps=20", f"store={tmp_path}")
    made = of.measuring(of.choose(results(of, {0: 0.5, 1: 2.0, 2: 1.0})))
    told = overview.describe(made, here(1, 1), calibrate=False)
    known = {"points": 1.0, "points_range": [0.5, 2.0], "seeds": 3}
    known |= {"detectable_points": 3.0, "detectable_points_range": [1.5, 6.0]}
    told["seeds"]["deviations"] = [known | {"arm": arm, "against": against} for arm, against in ((1, 0), (4, 3), (2, 3))]
    line = detectable(told)[-1]
    assert line.startswith(
        "that is about: no augmentation 3.0 pp (1.5 to 6.0); no augmentation, at its best lr (0.2) 3.0 pp (1.5 to 6.0); "
        "no EMA against baseline, at its best lr (0.05) 3.0 pp"
    )


def test_one_command_is_one_folder_whatever_is_chosen() -> None:
    words = ("augment=on,off", "seed=0,1")
    name = retuning(*words).name
    assert name == "one_factor-b147def2", "or users' sweeps would be trained anew in another folder"
    assert retuning(*words).name == name
    others = [retuning(*words, rates=(0.5, 1.0)), retuning(*words, seeds=3), retuning(*words, "steps=20")]
    assert len({name, retuning(*words).shared.name, *(other.name for other in others)}) == 5


@pytest.mark.parametrize(
    ("words", "design", "message"),
    [
        (("augment=on,off", "ema=on,off"), "factorial", "retune=true needs arms with one change each: design=one_factor"),
        (("augment=on,off",), "ladder", "retune=true needs arms with one change each: design=one_factor"),
        (("augment=on,off", "lr=0.1,0.2"), "one_factor", "retune=true cannot be combined with a list of values for lr"),
        (("augment=on,off", "data.validation=99"), "one_factor", "retune=true needs data.eval_on=test data.validation=0, got"),
        (("steps=20",), "one_factor", "retune=true needs arms to compare"),
        (("augment=on,off", "seed=2147483647"), "one_factor", "so seed must be smaller, got seed=2147483647"),
    ],
)
def test_what_cannot_be_retuned_is_refused(words: Sequence[str], design: str, message: str) -> None:
    with pytest.raises(AblateError, match=message):
        retuning(*words, design=design)


def test_one_factor_of_a_factorial_is_the_same_arms() -> None:
    assert [arm.levels for arm in retuning("ema=on,off", design="factorial").shared.arms] == [
        (("ema", "on"),),
        (("ema", "off"),),
    ]


@settings(max_examples=50)
@given(st.lists(st.floats(0.01, 100), unique=True, max_size=4))
def test_rates_are_any_that_have_the_shared_one_among_them(others: list[float]) -> None:
    rates = [1, *(rate for rate in others if rate != 1)]
    made = {"retune": True, "retune_rates": rates, "retune_seeds": 1}
    if len(rates) > 1:
        assert Settings.of(made).rates == tuple(sorted(rates))
    else:
        with pytest.raises(AblateError, match="at least two different numbers"):
            Settings.of(made)


@pytest.mark.parametrize(
    "rates", [[0.5, 2], [1, 1, 2], [0, 1], [-1, 1], [1, float("inf")], [True, 2], ["1", 2], "1,2", 1, None]
)
def test_other_rates_are_refused(rates: object) -> None:
    with pytest.raises(AblateError, match="at least two different numbers above 0, 1 among them"):
        Settings.of({"retune": True, "retune_rates": rates, "retune_seeds": 1})


@pytest.mark.parametrize(("key", "value"), [("retune", "yes"), ("retune_seeds", 0), ("retune_seeds", True)])
def test_other_settings_are_refused(key: str, value: object) -> None:
    with pytest.raises(AblateError, match=f"{key} must be .*, got "):
        Settings.of({"retune": False, "retune_rates": [1, 2], "retune_seeds": 1} | {key: value})


# the whole

WORDS = (
    *("-m", "design=one_factor", "retune=true", "retune_rates=[1,4]", "retune_seeds=2", "seed=0,1", "workers=1"),
    *("augment=off,flip", "ema=off,on", "steps=12", "eval_every=6"),
)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_tune_choose_measure_with_one_command_that_goes_on_where_it_stopped(program: Any) -> None:
    out, _ = program.command("plan", *program.base, *WORDS[1:])
    assert "first 3 arms × 2 learning rates (1, 4 times the arm's own) × 2 seeds (2, 3), read on 40 held-out" in out
    assert "tuning: 12 runs (6 arms × 2 seeds) from 8 trainings; 8 left to train (96 steps in total)" in out
    assert (
        "then at the shared rate: one_factor: 6 runs (3 arms × 2 seeds) from 4 trainings; 4 left to train (48 steps in total)"
        in out
    )
    assert "then each arm at its own best rate: at most 4 more trainings (48 steps in total)" in out
    assert "in all, to tune and to measure: at most 16 trainings left (192 steps in total)" in out
    assert not (program.folder / "multirun").exists()

    process = program.start(*WORDS)
    until = time.monotonic() + 300
    while not list(program.folder.glob("runs/*/metrics.jsonl")):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    [folder] = (program.folder / "multirun").iterdir()
    assert (folder / "retune" / "sweep.json").exists()
    assert not (folder / FILE).exists()
    assert not (folder / "sweep.json").exists(), "what is judged is fixed after the tuning"
    out, told = program.command("status", str(folder))
    assert f"{folder} is still tuning learning rates; this is the tuning, {folder}/retune" in told
    assert "/8 trainings" in out

    process = program.start(*WORDS)  # killed while it measures: what was chosen stays, and no tuning is done again
    until = time.monotonic() + 300
    while not (folder / "sweep.json").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert "in all, to tune and to measure: at most" in err
    kept = (folder / FILE).read_bytes()
    needed = {run["fingerprint"] for run in json.loads((folder / "retune" / "sweep.json").read_text())["runs"]}
    tuned = {name: (program.folder / "runs" / name / "metrics.jsonl").stat().st_mtime_ns for name in needed}
    assert len(list(folder.glob("*/result.json"))) < 6, "it was killed too late"

    _, err = program(*WORDS)
    assert (folder / FILE).read_bytes() == kept
    assert {name: (program.folder / "runs" / name / "metrics.jsonl").stat().st_mtime_ns for name in needed} == tuned
    assert [folder] == list((program.folder / "multirun").iterdir())
    chosen = json.loads((folder / FILE).read_text())
    tuning, measured = (json.loads((place / "sweep.json").read_text()) for place in (folder / "retune", folder))
    assert f"learning rate of each arm, chosen on validation images (multirun/{folder.name}/{FILE})" in err
    assert tuning["fixed"]["evaluation_set"] == "validation"
    assert measured["fixed"]["evaluation_set"] == "test"
    assert not {run["fingerprint"] for run in tuning["runs"]} & {run["fingerprint"] for run in measured["runs"]}
    assert {run["seed"] for run in tuning["runs"]} == {2, 3}
    assert {run["seed"] for run in measured["runs"]} == {0, 1}
    for number, arm in enumerate(chosen["arms"]):
        for place, one in enumerate(arm["tried"]):  # the shared rate is the lowest here, and comes first in the tuning, too
            runs = [run["number"] for run in tuning["runs"] if run["arm"] == 2 * number + place]
            read = [json.loads((folder / "retune" / str(run) / "result.json").read_text()) for run in runs]
            assert one["accuracies"] == [result["accuracy"] for result in read]
            assert {result["evaluation_set"] for result in read} == {"validation"}
        best = max(arm["tried"], key=lambda one: (one["mean"], -one["rate"]))
        assert arm["chosen"]["lr"] == best["lr"]
    assert measured["retune"]["arms"] == chosen["arms"]
    assert (folder / "report" / "tuning.csv").exists()
    assert not (folder / "retune" / "report").exists()
    before = {path: path.stat().st_mtime_ns for path in program.folder.glob("runs/*/metrics.jsonl")}
    assert len(before) >= 12

    _, err = program(*WORDS)
    assert "nothing to train" in err
    assert {path: path.stat().st_mtime_ns for path in program.folder.glob("runs/*/metrics.jsonl")} == before
    assert json.loads((folder / FILE).read_text()) == chosen
