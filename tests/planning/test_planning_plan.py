"""From a command line to runs and trainings, without training anything."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from made_up import composed

from ablate import store
from ablate.config.execution import Settings
from ablate.errors import AblateError
from ablate.planning import plan, run_result, sentences
from ablate.planning.command import check_study, command_of, of_study
from ablate.planning.folders import find_store
from ablate.planning.plan import Plan
from ablate.readout import tail
from ablate.running import sweep
from ablate.store import read_json, sweep_file
from ablate.store.sweep import Sweep


def make(*words: str, design: str = "factorial", study: str | None = None) -> Plan:
    command = command_of(OverridesParser.create().parse_overrides(list(words)))
    return plan.make(command, design, lambda overrides: composed(["data=digits", *overrides]), study=study)


def test_the_missions_factorial_is_four_runs_and_two_trainings() -> None:
    made = make("augment=on,off", "ema=on,off", "seed=0,1,2")
    assert (len(made.arms), len(made.runs), len(made.trainings)) == (4, 12, 6)
    assert [run.seed for run in made.runs] == [0] * 4 + [1] * 4 + [2] * 4
    assert made.runs[5].overrides == ("augment=on", "ema=off", "seed=1")
    assert made.runs[0].trajectory.fingerprint == made.runs[1].trajectory.fingerprint


def test_one_factor_of_the_design_document() -> None:
    made = make("augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one", "seed=0,1,2", design="one_factor")
    assert (len(made.arms), len(made.runs), len(made.trainings)) == (5, 15, 12)


def test_a_training_is_its_content_never_its_names() -> None:
    def fingerprints(*words: str) -> set[str]:
        return {run.trajectory.fingerprint for run in make(*words).runs}

    assert fingerprints("model=tuto", "lrn=off") == fingerprints("model=alex2")
    assert fingerprints("fc=one") == fingerprints("model=alex3")
    assert fingerprints("lrn=on", "fc=two") == fingerprints()
    assert fingerprints("model=nin0", "weight_decay=scaled") == fingerprints("model=nin0", "weight_decay=off")
    assert fingerprints("steps=20") == fingerprints("steps=50")
    assert fingerprints("threads=1", "progress=false") == fingerprints()
    assert fingerprints("lr=0.1") == fingerprints()
    for change in ("lr=0.2", "batch_size=64", "seed=1", "eval_every=10", "ema_decay=0.9", "precision=bfloat16", "init=he"):
        assert fingerprints(change) != fingerprints()


def test_arms_that_are_one_are_told() -> None:
    made = make("lrn=native,on,off", "ema=on,off")
    assert made.same_arms() == [(2, 0), (3, 1)]
    assert made.differences == [(1, 0), (4, 0), (5, 0)]
    assert make("lrn=native,on,off", "ema=on,off", design="ladder").differences == [(2, 1), (3, 2)]
    assert make("model=nin0", "weight_decay=scaled,tutorial,off").same_arms() == [(1, 0), (2, 0)]
    [(_, asked), *_] = make("model=nin0,tuto").firsts()
    assert "hidden dense layers" in asked.spec.notes[0]
    assert make("model=tuto").firsts()[0][1].spec.notes == ()


def test_what_only_makes_a_sweep_is_left_out_of_a_runs_overrides() -> None:
    made = make("design=factorial", "workers=2", "retries=1", "threads=1", "lrn=on,off")
    assert made.runs[1].overrides == ("threads=1", "lrn=off", "seed=0")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["ema=on,off", "steps=100"]),
        (["ema=off"], ["ema=on,off", "steps=100", "ema=off"]),
        (["epochs=3"], ["ema=on,off", "epochs=3"]),
        (["++epochs=3"], ["ema=on,off", "++epochs=3"]),
    ],
)
def test_the_command_line_replaces_what_a_study_says(words: list[str], expected: list[str]) -> None:
    assert of_study({"ema": "on,off", "steps": 100}, words) == expected


def test_a_study_says_nothing_but_its_sweep() -> None:
    check_study("lrn", composed(["study=lrn", "report.margin=1"]), composed([]))
    with pytest.raises(AblateError, match="study=lrn sets batch_size outside of "):
        check_study("lrn", composed(["study=lrn", "batch_size=64"]), composed([]))


def test_the_same_command_is_the_same_folder_and_another_is_not() -> None:
    words = ("augment=on,off", "ema=on,off", "seed=0,1")
    assert make(*words).name == make(*words).name
    assert make(*words).name.startswith("factorial-")
    assert make(*words, "threads=1").name == make(*words).name
    names = {make(*words, *more).name for more in [(), ("steps=20",), ("lr=0.2",), ("seed=0,1,2",), ("ema=off,on",)]}
    assert len(names) == 5


@pytest.mark.parametrize(
    ("words", "factors", "seeds", "fixed"),
    [
        (("lr=0.1,0.3", "lr=0.2"), {}, (0,), ("lr=0.2",)),
        (("lr=0.1,0.3", "++lr=0.2"), {}, (0,), ("++lr=0.2",)),
        (("lr=0.2", "lr=0.1,0.3"), {"lr": ("0.1", "0.3")}, (0,), ()),
        (("++seed=3",), {}, (3,), ()),
        (("++seed=0,1",), {}, (0, 1), ()),
        (("'seed=range(0,3)'".strip("'"),), {}, (0, 1, 2), ()),
        (("lr=choice(0.1,0.2)", "seed=5"), {"lr": ("0.1", "0.2")}, (5,), ()),
        (("augment.contrast=[0.5,1.5],[1.0,1.0]",), {"augment.contrast": ("[0.5,1.5]", "[1.0,1.0]")}, (0,), ()),
        (("augment='off',\"flip\",'null'",), {"augment": ("off", "flip", "'null'")}, (0,), ()),
        (("a=1,2", "b=1,2", "a=3,4"), {"a": ("3", "4"), "b": ("1", "2")}, (0,), ()),
    ],
)
def test_hydras_grammar(
    words: Sequence[str], factors: dict[str, tuple[str, ...]], seeds: tuple[int, ...], fixed: tuple[str, ...]
) -> None:
    command = command_of(OverridesParser.create().parse_overrides(list(words)))
    assert {factor.name: factor.levels for factor in command.factors} == factors
    assert [factor.name for factor in command.factors] == list(factors)
    assert (command.seeds, command.fixed) == (seeds, fixed)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("seed=0,0",), r"seed has 0 more than once\. Give different numbers"),
        (("seed=0,3000000000",), r"seed must be a whole number from 0 to 2,147,483,647, got 3000000000\."),
        (("seed=null",), "got null"),
        (("seed=True",), "got True"),
        (("seed=range(5,0)",), r"range\(5,0,1\) is empty"),
        (
            ("augment=on,offf", "init=xavier,foo"),
            r"3 of 4 arms .*init=foo\) and 1 more: Unknown init level 'foo'.*augment level 'offf'",
        ),
        (
            ("augment=on,offf", "lr=0.1,-1"),
            r"3 of 4 arms .*lr must be above 0, got -1\..*augment level 'offf'.*Did you mean 'off'",
        ),
        (("lr=True,0.1",), r"^lr must be a number, got true\.$"),
        (("lr=0.1,True,fast", "ema=on,off"), r"^lr must be a number, got true\. \| lr must be a number, got 'fast'\.$"),
        (("batch_size=16,0",), r"^batch_size must be "),
        (("augment=on,off", "lrr=0.1,1"), r"^Unknown key 'lrr'\. Did you mean lr\?$"),
        (("lr=interval(0.1,0.2)",), "is an interval, which only a search takes"),
        (("store=a,b",), "store cannot be swept"),
        (("report.margin=1,2",), "cannot be swept"),
        (("model=alex2,nin0", "lrn=native,on"), "2 of 4 arms cannot be trained"),
        (("data.validation=100", "data.eval_on=test,validation"), "data.eval_on must be the same for all arms"),
        (("augment=on,off", "steps=3", "epochs=1"), "Give steps or epochs, not both: steps=3 epochs=1"),
    ],
)
def test_refusals(words: Sequence[str], message: str) -> None:
    with pytest.raises(AblateError, match=message):
        make(*words)


@pytest.mark.parametrize("seed", ["${seed}", "${oc.select:seed}", "${ seed }"])
def test_a_config_that_uses_the_seed_is_resolved_for_each(seed: str) -> None:
    made = make(f"'augment.brightness={seed}'".strip("'"), "seed=0,7")
    assert [run.asked.spec.payload.augment.brightness for run in made.runs] == [0, 7]


def test_the_store_of_a_sweep_is_one_and_is_found_again(tmp_path: Path) -> None:
    with pytest.raises(AblateError, match="store must be the same for all runs of a sweep"):
        make("store='runs/${batch_size}'", "batch_size=64,128")
    made = make("store='runs/${data.name}'", "batch_size=64,128")
    assert made.sweep.store == "runs/digits"
    few, many = tmp_path / "runs" / "digits", tmp_path / "a" / "runs" / "digits"
    first, second = (run.trajectory.fingerprint for run in made.runs)
    for place in (few / first, many / first, many / second):
        place.mkdir(parents=True)
    assert find_store(made.sweep, tmp_path / "a" / "multirun" / "x") == many


@pytest.mark.parametrize(
    ("words", "design", "study", "name"),
    [
        (["augment=on,off", "ema=on,off", "seed=0,1,2"], "factorial", None, "factorial-d7df1552"),
        (["augment=on,off", "lrn=on,off", "fc=two,one"], "one_factor", None, "one_factor-e1e52658"),
        (["lrn=native,on,off", "ema=on,off", "steps=20,50"], "ladder", None, "ladder-77e4428b"),
        (["augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one"], "fractional", None, "fractional-c0e12910"),
        (["augment=on,off", "seed=3,1"], "factorial", "mine", "mine-ce06cdaf"),
        (["lr=0.1,0.2"], "one_factor", "mine", "mine-8c1ebcfb"),
        ([], "factorial", None, "factorial-8001cb56"),
    ],
)
def test_a_command_has_the_folder_that_it_always_had(words: list[str], design: str, study: str | None, name: str) -> None:
    """Such names are in what users have: another digest would train all of it anew in another folder."""
    made = make(*words, design=design, study=study)
    assert made.name == made.sweep.identity(made.resolution).name == name


def test_runs_with_seeds_beyond_the_rule_leave_a_sweep_the_same() -> None:
    made = make("augment=on,off", "seed=0,1")
    more = [replace(run.noted, number=4 + run.arm, seed=2) for run in made.runs[:2]]
    grown = replace(made.sweep, runs=(*made.sweep.runs, *more))
    assert grown.identity(made.resolution) == made.identity
    assert made.identity.is_that_of(replace(made.identity, study="mine"))
    for other in (make("augment=on,off", "seed=0,1,2"), make("augment=off,on", "seed=0,1"), make("lrn=on,off", "seed=0,1")):
        assert not made.identity.is_that_of(other.identity)


def test_a_sweep_is_read_as_it_was_written_with_what_later_versions_add() -> None:
    content = make("augment=on,off", "ema=on,off", "lrn=on,off", "fc=two,one", design="fractional").sweep.to_json()
    content |= {"later": 1, "question": "?", "config_dir": "my", "fixed_at": 3}
    for part in (content["fixed"], content["fraction"], content["arms"][0], content["runs"][0], content["runs"][0]["readout"]):
        part["later"] = [1]
    assert Sweep.from_json(content).to_json() == content


def test_a_study_with_another_design_is_another_sweep() -> None:
    words = ("fc=two,one,none", "ema=on,off")
    names = {make(*words, design=design, study="mine").name for design in ("factorial", "one_factor", "ladder")}
    assert len(names) == 3


def test_sweep_json_says_what_was_fixed_before_training() -> None:
    content = json.loads(
        json.dumps(make("augment=on,off", "ema=on,off", "seed=0,1", "steps=50", design="ladder").sweep.to_json())
    )
    assert content["baseline"] == {"augment": "on", "ema": "on"}
    assert content["fixed"]["differences"] == [[1, 0], [2, 1]]
    assert content["fixed"]["step"] == [50] * 3
    assert content["fixed"]["readout"] == ["averaged", "averaged", "raw"]
    assert (content["fixed"]["metric"], content["fixed"]["evaluation_set"]) == ("accuracy", "test")
    assert (content["fixed"]["margin"], content["fixed"]["looks"]) == (0.5, 1)
    assert [run["number"] for run in content["runs"]] == list(range(6))


def test_a_folder_holds_one_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    first, other = make("augment=on,off", "steps=20"), make("lrn=on,off", "steps=20")
    folder = tmp_path / "sweep"

    settings = Settings("auto", 1, 2, False, False, False)

    def nothing(*_: object) -> None:
        """Trains nothing."""

    began = int(time.time())
    with pytest.raises(sweep.RunsFailed, match=r"2 of 2 runs have no accuracy \(2 missing\)"):
        sweep.run(first, folder, settings, nothing, lambda _: None)
    before = read_json(folder / "sweep.json")
    assert began <= before.pop("fixed_at") <= time.time()
    assert before.pop("check")
    assert before == first.sweep.to_json()
    before = read_json(folder / "sweep.json")
    with pytest.raises(AblateError, match="holds another sweep"):
        sweep.run(other, folder, settings, nothing, lambda _: None)
    assert read_json(folder / "sweep.json") == before
    assert [sweep.folder for sweep in store.known_sweeps(tmp_path / "runs")] == [folder]
    with pytest.raises(sweep.RunsFailed):
        sweep.run(make("augment=on,off", "steps=20", "report.margin=2"), folder, settings, nothing, lambda _: None)
    assert read_json(folder / "sweep.json") == before
    assert "this sweep keeps report.margin=0.5, fixed before training; 2 is ignored" in capsys.readouterr().err
    (folder / "sweep.json").write_text("{")
    with pytest.raises(
        AblateError, match=r"sweep\.json: not valid JSON .* Restore it, or delete .*sweep to fix it anew; the trainings stay\."
    ):
        sweep.run(first, folder, settings, nothing, lambda _: None)


def test_a_sweep_without_checksums_gets_one_where_the_command_plans_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    made, folder = make("augment=on,off", "steps=20", "report.formats=[]"), tmp_path / "sweep"
    settings = Settings("auto", 1, 2, False, False, False)
    older = json.loads(json.dumps(replace(made.sweep, fixed_at=1_700_000_000).to_json()))
    del older["diverged_loss"]

    def again() -> None:
        with pytest.raises(sweep.RunsFailed):
            sweep.run(made, folder, settings, lambda *_: None, lambda _: None)

    store.write_json(folder / "sweep.json", older)
    again()
    found = sweep_file.read(folder)
    assert found is not None
    assert found.sealed
    assert found.sweep == replace(made.sweep, fixed_at=1_700_000_000)
    before = (folder / "sweep.json").read_bytes()
    again()
    assert (folder / "sweep.json").read_bytes() == before
    store.write_json(folder / "sweep.json", older | {"fixed": older["fixed"] | {"differences": []}})
    with pytest.raises(
        AblateError, match=r"sweep\.json: fixed\.differences is not what this command plans, and there is no checksum"
    ):
        again()
    (folder / "sweep.json").write_bytes(before)
    (folder / "1").symlink_to(tmp_path)
    with pytest.raises(AblateError, match=r"sweep/1 must be a folder, got a link, which is not followed\."):
        again()
    assert "diverged_loss" not in capsys.readouterr().err


def test_a_failed_run_says_which_it_is() -> None:
    run = make().runs[0]
    result = run_result.failure(run_result.reason_of(ValueError("no\nmore")), run.asked, run.trajectory)
    assert (result["status"], result["error"], result["fingerprint"]) == (
        "failed",
        "ValueError: no",
        run.trajectory.fingerprint,
    )
    assert result["costs"]["parameters"] == 1_068_298


def test_a_number_of_evaluations_is_the_least_of_the_arms_and_fits_into_each() -> None:
    made = make("steps=200,1000", "seed=0,1")  # of 360 images, 10 evaluations are a tenth of 200 steps of 128
    assert {run.asked.readout.last for run in made.runs} == {10}
    assert {run.asked.readout.steps for run in made.runs} == {tail(200, 10), tail(1000, 10)}
    assert made.sweep.last is None
    short = make("steps=100,1000", "seed=0,1")
    assert {run.asked.readout.last for run in short.runs} == {5}
    with pytest.raises(
        AblateError, match=r"^baseline: steps must be at least 200, since the sweep was fixed with readout.last=10"
    ):
        short.read_over(10)
    given = make("steps=200", "seed=0,1", "readout.last=4")
    assert (given.averaged, given.sweep.last) == (4, 4)
    assert given.name != make("steps=200", "seed=0,1").name


@pytest.mark.parametrize(
    ("workers", "launcher", "told"), [(2, "local", ["Starting 2 workers…"]), (1, "inline", []), (None, "joblib", [])]
)
def test_workers_are_said_to_start_where_some_do(workers: int | None, launcher: str, told: list[str]) -> None:
    assert sentences.starting(workers, False, launcher) == told
