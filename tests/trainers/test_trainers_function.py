"""Python functions through all that there is, without TensorFlow."""

import enum
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ablate
from ablate.errors import AblateError
from ablate.report import repeat
from ablate.store import sweep_file

BLOCKED = 'raise ImportError("it is blocked")\n'
MODULE = """
import random
from pathlib import Path

GAIN = 0.1


def train(config, seed, log):
    with Path("calls").open("a") as calls:
        calls.write(f"{config} {seed}\\n")
    noise = random.Random(f"{seed} {config}")
    for step in range(10, 40, 10):
        log(step, accuracy=0.5 + GAIN * config["ema"] + 0.05 * (config["augment"] == "on") + noise.gauss(0, 0.002), f1=0.5)


def killed(config, seed, log):
    # leaves after its first evaluation, but for the second time
    import os, signal

    been = Path(f"been-{config['way']}-{seed}")
    log(1, accuracy=0.5 + 0.01 * seed + 0.1 * been.exists())
    if config["way"] == "killed" and not been.exists():
        been.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if config["way"] == "fails":
        raise ValueError("there is no such file")
    log(2, accuracy=0.6 + 0.01 * seed)
"""
QUIET: dict[str, Any] = {"progress": False, "formats": []}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of the user's, in the current folder."""
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
        (tmp_path / f"{name}.py").write_text(BLOCKED)
    (tmp_path / "trained.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    import trained  # type: ignore[import-not-found]

    yield trained
    del sys.modules["trained"]


def sweeps() -> list[Path]:
    return sorted(Path("multirun").iterdir())


def trainings() -> list[Path]:
    return sorted(Path("runs").glob("[0-9a-f]*"))


def calls() -> list[str]:
    return Path("calls").read_text().splitlines()


def errors(folder: Path) -> dict[str, tuple[str, str]]:
    """(state, error) by the level of each run's only factor."""
    found = [json.loads(file.read_text()) for file in folder.glob("*/result.json")]
    return {next(iter(one["arm"].values())): (one["status"], one["error"]) for one in found}


def test_a_function_of_a_module_is_swept_once_and_judged(module: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def asked(**changed: Any) -> Any:
        given: dict[str, Any] = {"design": "one_factor", "seeds": range(3), "metric": "accuracy", "workers": 0, **QUIET}
        return ablate.sweep(module.train, {"augment": ["on", "off"], "ema": [False, True]}, **(given | changed))

    found = asked()
    assert repr(found) == "<one_factor over augment, ema: 3 arms, 9 of 9 runs done, 27 evaluations>"
    assert dict(zip(found.verdicts["override"], found.verdicts["verdict"], strict=True)) == {
        "augment=off": "hurts",
        "ema=true": "helps",
    }
    assert calls()[0] == "{'augment': 'on', 'ema': False} 0", "values are those that were given"
    assert len(calls()) == 9
    assert asked(progress=True).runs["accuracy"].tolist() == found.runs["accuracy"].tolist()
    assert len(calls()) == 9, "nothing is trained again"
    assert "9 trainings, all done" in capsys.readouterr().err
    sweep = sweep_file.read(sweeps()[0]).sweep
    again = repeat.commands(sweep, str(sweeps()[0]))[0]
    assert again == (
        "ablate.sweep(train, factors={'augment': ['on', 'off'], 'ema': [False, True]}, design='one_factor', metric='accuracy', "
        "seeds=range(3), workers=0)"
    )


@pytest.mark.slow
def test_larger_sweeps_share_trainings_until_something_that_is_used_changes(module: Any) -> None:
    factors = {"augment": ["on", "off"], "ema": [False, True]}

    def asked(**given: Any) -> Any:
        return ablate.sweep(module.train, factors, **({"design": "one_factor", "workers": 0} | QUIET | given))

    asked(seeds=range(2))
    assert len(calls()) == 6
    assert len(asked(seeds=np.arange(3), design="factorial").arms) == 4
    assert len(calls()) == 12
    of_f1 = asked(metric={"name": "f1", "better": "higher"}, seeds=[0, 1])
    assert len(calls()) == 18, "of another metric no value was checked"
    assert of_f1.runs["f1"].tolist() == [0.5] * 6
    sweep = sweep_file.read(next(folder for folder in sweeps() if folder.name.startswith("factorial"))).sweep
    before = sweeps()
    call = repeat.commands(sweep, "multirun/any")[0].replace("(train,", "(module.train,", 1)
    eval(call, {"ablate": ablate, "module": module})
    assert sweeps() == before, "the call that the report gives is that of the sweep"
    assert len(calls()) == 18
    module.GAIN = 0.2
    asked(seeds=[0])
    assert len(calls()) == 21


def ends(config: dict[str, Any], seed: int, log: Callable[..., None]) -> Any:
    """Ends in the way that its config has."""
    match config["way"]:
        case "well":
            log(np.int64(10), accuracy=np.float32(0.5))
            return {"accuracy": 2}
        case "returns":
            return {"accuracy": 0.75, "loss": 1.5}
        case "number":
            return np.float64(0.5)
        case "fails":
            log(1, accuracy=0.5)
            return {}["none"]
        case "silent":
            return None
        case "text":
            return "done"
        case "other":
            log(1, acuracy=0.5, loss=1.0)
        case "back":
            log(2, accuracy=0.5)
            log(1, accuracy=0.5)
        case "percent":
            log(1, accuracy=91.5)
        case "words":
            log(1, accuracy="high")
        case "half":
            log(1.5, accuracy=0.5)
        case "nan":
            log(3, accuracy=float("nan"))
        case "caught":
            try:
                log(1, loss=0.5)
            except Exception:
                return {"accuracy": 0.5}
        case "exits":
            sys.exit("enough")
    return None


WAYS = {
    "well": ("done", None),
    "returns": ("done", None),
    "number": ("done", None),
    "fails": ("failed", "ends failed: KeyError: 'none' ("),
    "silent": ("failed", "ends logged no evaluation. Call log(step, accuracy=…), or return {'accuracy': …}."),
    "text": ("failed", "accuracy must be a number, got 'done'."),
    "other": ("failed", "A row has no accuracy, only acuracy, loss. Log it, or name what to judge by: metric=acuracy."),
    "back": ("failed", "Step 1 came after step 2. Steps must increase."),
    "percent": ("failed", "accuracy must be from 0 to 1, got 91.5. For percentages, give metric.high=100."),
    "words": ("failed", "accuracy must be a number, got 'high'."),
    "half": ("failed", "step must be a whole number from 0, got 1.5."),
    "nan": ("diverged", "accuracy at step 3 was nan"),
    "caught": ("failed", "A row has no accuracy, only loss."),
    "exits": ("failed", "ends failed: SystemExit: enough ("),
}


def test_the_ends_of_a_training_are_told_apart(module: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = ablate.sweep(ends, {"way": list(WAYS)}, design="one_factor", workers=0, **QUIET)
    told = errors(sweeps()[0])
    for way, (state, error) in WAYS.items():
        assert told[way][0] == state, way
        assert str(told[way][1]).startswith(str(error)), way
    line = next(number for number, text in enumerate(Path(__file__).read_text().splitlines(), 1) if '{}["none"]' in text)
    assert f"test_trainers_function.py, line {line})" in told["fails"][1]
    assert found.runs["status"].value_counts().to_dict() == {"failed": 10, "done": 3, "diverged": 1}
    assert "11 of 14 runs have no accuracy (10 failed, 1 diverged)" in capsys.readouterr().err


@pytest.mark.slow
def test_one_that_was_killed_starts_again_and_one_that_fails_is_told(module: Any) -> None:
    ablate.sweep(module.killed, {"way": ["well", "killed", "fails"]}, design="one_factor", seeds=[0, 1], workers=2, **QUIET)
    told = errors(sweeps()[0])
    assert told["killed"] == ("done", None)
    line = MODULE[: MODULE.index("raise ValueError")].count("\n") + 1
    assert told["fails"] == ("failed", f"killed failed: ValueError: there is no such file (trained.py, line {line})")
    for training in trainings():
        rows = [json.loads(line) for line in (training / "metrics.jsonl").read_text().splitlines()]
        assert [row["step"] for row in rows][:1] == [1]
        assert len(rows) == len({row["step"] for row in rows})
    again = [json.loads(file.read_text()) for file in sweeps()[0].glob("*/result.json")]
    assert {one["accuracy"] for one in again if one["arm"]["way"] == "killed"} == {0.6, 0.61}


def anything(config: dict[str, Any], seed: int) -> float:
    return 0.5


def without_seed(config: dict[str, Any]) -> float:
    return 0.5


def asks_for_more(config: dict[str, Any], seed: int, data: Any) -> float:
    return 0.5


LOCK = threading.Lock()


def uses_a_lock(config: dict[str, Any], seed: int) -> Any:
    return LOCK


TWO = {"x": [1, 2]}


class Kind(enum.IntEnum):
    ONE = 1
    TWO = 2


@pytest.mark.parametrize(
    ("train", "given", "told"),
    [
        (anything, {"factors": {}}, 'factors must map names to levels, as in factors={"ema": [False, True]}.'),
        (anything, {"factors": [1]}, "factors must be a dict, got [1]."),
        (anything, {"factors": {"x": [1]}}, "factors['x'] needs two levels or more, got only 1."),
        (anything, {"factors": {"x": []}}, "factors['x'] needs two levels or more, got none."),
        (anything, {"factors": {"x": "on"}}, "factors['x'] must be a list of levels, got 'on'."),
        (anything, {"factors": {"x": [1, 1]}}, "factors['x'] has the level 1 more than once."),
        (
            anything,
            {"factors": {"x": [1, object]}},
            "factors['x'] has the value <class 'object'>. Use strings, finite numbers,",
        ),
        (anything, {"factors": {"x": [1, float("inf")]}}, "factors['x'] has the value inf. Use strings, finite numbers,"),
        (anything, {"factors": {"x": [1, float("nan")]}}, "factors['x'] has the value nan. Use strings, finite numbers,"),
        (anything, {"factors": {"x": [Kind.ONE, Kind.TWO]}}, "factors['x'] has the value "),
        (anything, {"factors": {"x": [1, [Kind.ONE]]}}, "factors['x'] has the value "),
        (anything, {"version": 2}, 'version must be a string, as in version="2", got 2.'),
        (anything, {"factors": {"x y": [1, 2]}}, "factors has the key 'x y'. Keys are names, with letters, digits and _."),
        (anything, {"factors": {"seed": [1, 2]}}, "factors has the key seed, which ablate uses itself."),
        (anything, {"factors": {"workers": [1, 2]}}, "factors has the key workers, which ablate uses itself."),
        (anything, {"config": {"x": 3}}, "x is in factors and in config. Leave one of them out."),
        (anything, {"design": "one_facto"}, "Unknown design 'one_facto'. Choose from "),
        (anything, {"seeds": 5}, "seeds must be a list of whole numbers, as in range(5), got 5."),
        (anything, {"seeds": []}, "seeds is empty. Give some, as in range(5)."),
        (anything, {"seeds": [0, 0.5]}, "seeds must be whole numbers, as in range(5), got 0.5."),
        (anything, {"seeds": [0, -1]}, "seed must be a whole number from 0 to 2,147,483,647, got -1."),
        (anything, {"seeds": [1, 1]}, "seed has 1 more than once."),
        (anything, {"metric": 3}, "metric must be a name, or a dict such as"),
        (anything, {"metric": {"name": "bleu", "best": "higher"}}, "Unknown key 'best'."),
        (without_seed, {}, "without_seed has no parameter seed, so that its seeds would change nothing."),
        (
            asks_for_more,
            {},
            "asks_for_more requires data, which ablate does not pass. It passes only config, seed, log, eval_on.",
        ),
        (3, {}, "What is trained must be a function, as in def train(config, seed, log), got 3."),
        (uses_a_lock, {}, "Cannot identify uses_a_lock by its code: LOCK (used by uses_a_lock) is a lock. Pass"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_one_line(module: Any, train: Any, given: dict[str, Any], told: str) -> None:
    refused(train, given, told)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("train", "given", "told"),
    [
        (anything, {"factors": {"accuracy": [1, 2]}}, "accuracy cannot be a factor: the results have a column of that name."),
        (anything, {"metric": "seconds"}, "seconds is not a known metric."),
        (anything, {"metric": {"name": "seconds", "better": "lower"}}, "metric=seconds is taken: the results have a column"),
        (anything, {"metric": "bleu"}, "bleu is not a known metric."),
        (anything, {"workers": -1}, "workers must be from 1 to 10,000, or auto, got -1."),
        (anything, {"margin": -1}, "report.margin must be"),
        (anything, {"formats": ["pdff"]}, "Unknown report.formats 'pdff'. Choose from html,"),
    ],
)
def test_what_no_config_can_have_is_refused_in_one_line(module: Any, train: Any, given: dict[str, Any], told: str) -> None:
    refused(train, given, told)


def refused(train: Any, given: dict[str, Any], told: str) -> None:
    with pytest.raises(AblateError) as found:
        ablate.sweep(train, **({"factors": TWO, **QUIET} | given))
    assert str(found.value).startswith(told)
    assert "\n" not in str(found.value)
    assert not Path("runs").exists()


@pytest.mark.slow
def test_what_has_no_digest_is_swept_with_a_version(module: Any) -> None:
    for version, trained in (("1", 2), ("1", 2), ("2", 4)):
        ablate.sweep(lambda config, seed: float(LOCK.locked()), TWO, version=version, workers=0, **QUIET)
        assert len(trainings()) == trained
    again = {repeat.commands(sweep_file.read(folder).sweep, str(folder))[0] for folder in sweeps()}
    assert {call.partition("seeds=")[2] for call in again} == {f"range(1), version='{one}', workers=0)" for one in "12"}


def test_importing_the_package_imports_nothing_else() -> None:
    asked = (
        "import sys; before = set(sys.modules); import ablate; found = {each.partition('.')[0] for each in sys.modules}; "
        "print(*(found - before - sys.stdlib_module_names))"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert told == "ablate\n"
    assert {"sweep", "load", "AblateError"} <= set(dir(ablate))
    with pytest.raises(AttributeError, match="no attribute 'swep'"):
        _ = ablate.swep  # type: ignore[attr-defined]


SCRIPT = """
import ablate
import random

SHIFT = 0.1


def helper(config):
    return SHIFT * config["ema"]


def train(config, seed):
    import sys

    assert "tensorflow" not in sys.modules
    return 0.5 + helper(config) + random.Random(f"{seed} {config}").gauss(0, 0.001)


found = ablate.sweep(train, {"ema": [False, True]}, seeds=range(3), workers=2, formats=[])
print(*map(str, found.verdicts["verdict"]))
"""


@pytest.mark.slow
def test_a_script_needs_no_guard_and_nothing_is_trained_again_by_the_next_process(module: Any) -> None:
    Path("script.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for count, text in (
        (6, SCRIPT),
        (6, SCRIPT.replace("import random", "import random  # noise")),
        (12, SCRIPT.replace("0.1", "0.2")),
    ):
        Path("script.py").write_text(text)
        done = subprocess.run([sys.executable, "script.py"], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "helps"
        assert len(trainings()) == count


SLOW = """
import ablate
import time


def train(config, seed, log):
    for step in range(1, 21):
        time.sleep(0.1)
        log(step, accuracy=0.5 + 0.01 * config["gain"])


ablate.sweep(train, {"gain": [0, 1]}, seeds=range(2), workers=WORKERS, formats=[])
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_script_that_was_interrupted_goes_on_with_what_is_missing(module: Any, workers: str) -> None:
    Path("slow.py").write_text(SLOW.replace("WORKERS", workers))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "slow.py"], env=environment, stderr=subprocess.PIPE, text=True) as begun:
        until = time.monotonic() + 120
        while time.monotonic() < until and not list(Path("runs").glob("*/metrics.jsonl")):
            time.sleep(0.05)
        begun.send_signal(signal.SIGINT)
        told = begun.communicate(timeout=60)[1]
    assert begun.returncode != 0
    assert "Stopping: " in told
    assert told.rstrip().endswith("KeyboardInterrupt")
    assert not any(file.exists() for file in sweeps()[0].glob("*/result.json"))
    done = subprocess.run([sys.executable, "slow.py"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for training in trainings():
        rows = [json.loads(line) for line in (training / "metrics.jsonl").read_text().splitlines()]
        assert [row["step"] for row in rows] == list(range(1, 21))


@pytest.mark.slow
def test_the_command_line_reads_such_a_sweep_and_says_who_trains_it(
    module: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ablate.__main__ import main
    from ablate.trainers.function import task

    ablate.sweep(module.train, {"augment": ["on", "off"], "ema": [False, True]}, seeds=[0, 1], workers=0, **QUIET)
    monkeypatch.setattr(task, "_KNOWN", {})
    refused = "ablate: trainer=function works only from ablate.sweep(). Rerun the script or notebook that calls it."
    for words, status, told in (
        (["status"], 0, "8/8 trainings"),
        (["ls"], 0, "factorial"),
        (["report", "factorial", "--format", "md"], 0, "Adding EMA gains"),
        (["-m", "factorial"], 1, refused),
        (["more", "factorial", "--seeds", "2"], 1, "factors={'augment': ['on', 'off'], 'ema': [False, True]}, "),
        (["more", "factorial", "--seeds", "2"], 1, "seeds=range(4), workers=0)"),
    ):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(words)
        printed = "".join(capsys.readouterr())
        assert (end.value.code or 0) == status, printed
        assert told in printed
    for lost in (*trainings(), *sweeps()[0].glob("[0-9]")):
        shutil.rmtree(lost)
    with pytest.raises(SystemExit):
        main(["status"])
    assert "Next    rerun its script or notebook   resumes it" in capsys.readouterr().out
