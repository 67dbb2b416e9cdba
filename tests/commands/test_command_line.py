"""Flags and overrides in any order, options of the commands, and names of sweeps."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ablate import __main__ as program
from ablate import __version__
from ablate.commands import command_line, dashboard, more, plan, report, status
from ablate.commands.arguments import Parser
from ablate.commands.runs import common
from ablate.config import error_messages, loading
from ablate.errors import AblateError, UsageError
from ablate.planning.folders import sweep_folder
from ablate.store import sweep_names


def test_flags_stand_anywhere() -> None:
    line = command_line.read(["lr=0.1", "-cd", "my", "model=tiny", "-m", "~study"])
    assert line.overrides == ("lr=0.1", "model=tiny", "~study")
    assert (line.config_dir, line.sweep, line.composes) == ("my", True, True)
    assert line.flags == ("--multirun", "--config-dir", "my")
    assert command_line.read(["--info", "lr=0.1"]).flags == ("--info", "all")
    assert command_line.read(["--info", "defaults", "lr=0.1"]).flags == ("--info", "defaults")
    assert command_line.read(["--cfg", "job", "--resolve", "-p", "augment"]).flags == (
        *("--resolve", "--cfg", "job"),
        *("--package", "augment"),
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--multrun"], "Unknown option '--multrun'. Choose from "),
        (["--multrun"], "Did you mean '--multirun'?"),
        (["--lr=0.1"], "lr is no option but a key. Write lr=0.1 without dashes."),
        (["-cd", "a", "-cd", "b"], "-cd is given twice. Keep one of them."),
        (["-cd"], "--config-dir needs a value: --config-dir DIR."),
        (["--cfg", "jobs"], "Unknown --cfg 'jobs'. Choose from job, hydra, all. Did you mean 'job'?"),
        (["--cfg", "job", "-m"], "--cfg cannot be combined with --multirun."),
        (["--resolve"], "--resolve works only with --cfg"),
        (["-p", "augment"], "--package works only with --cfg"),
        (["-cn", "mine"], "ablate takes no --config-name. Put your overrides in a study: study=NAME."),
        (["-cp", "mine"], "ablate takes no --config-path."),
        (["--experimental-rerun", "x.pickle"], "ablate takes no --experimental-rerun."),
    ],
)
def test_flags_that_are_none_are_told_in_one_line(words: Sequence[str], told: str) -> None:
    with pytest.raises(UsageError) as refusal:
        command_line.read(words)
    assert told in str(refusal.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["plna"],
            "Unknown command 'plna'. Choose from dashboard, evaluate, export, info, keys, ls, measure, more, plan, predict,",
        ),
        (["seed_ladder"], "Did you mean -m study=seed_ladder?"),
        (["augment", "on"], "augment has no value. Write augment=on"),
        (["lr", "=0.1"], "lr has no value. Write lr=0.1"),
        (
            ["plan", "--jsno"],
            "ablate plan: Unknown option '--jsno'. Choose from --json, --explain, --config-dir, --help. Did you mean '--json'?",
        ),
        (["plan", "-m", "--lr", "0.1"], "ablate plan: lr is no option but a key."),
        (["info", "-cd"], "ablate info: --config-dir needs a value: --config-dir DIR."),
        (["status", "--folow"], "ablate status: Unknown option"),
        (["status", "a", "--folow"], "Did you mean '--follow'?"),
        (["status", "a", "--json=x"], "ablate status: --json takes no value, got 'x'."),
        (["dashboard", "a", "--port", "http"], "ablate dashboard: --port must be a whole number, got 'http'."),
        (["report", "a", "--margin", "big"], "ablate report: --margin must be a number, got 'big'."),
        (["report", "--compare", "a"], "ablate report: --compare needs 2 values: --compare SWEEP SWEEP."),
        (["runs", "--state", "don"], "ablate runs: Unknown --state 'don'. Choose from "),
        (["report", "a", "--out", ""], "ablate report: --out must be a path, got ''."),
        (["runs", "--store="], "ablate runs: --store must be a path, got ''."),
        (["runs", "pack", "a", "--out", " "], "ablate runs pack: --out must be a path, got ' '."),
        (["runs", "rm"], "ablate runs rm: Nothing is named."),
        (["-x\x1b[31m"], "ablate: Unknown option"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        program.main(words)
    out, err = capsys.readouterr()
    assert (end.value.code, out, err.count("\n"), "\x1b" in err) == (2, "", 1, False)
    assert told in err
    assert err.startswith("ablate")


LAYERS = "layers:\n  - conv: {kernel: 3, filters: 4}\n  - classifier: {}\n"
STUDY = "# @package _global_\nhydra:\n  sweeper:\n    params:\n      data: digits\n"


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        (
            "plan data=digits hydra.launcher.x=1",
            "",
            "Unknown key 'hydra.launcher.x': hydra.launcher has no keys. Leave it out.",
        ),
        ("plan data=digits hydra.job_logging.root.level=ERROR", "", "hydra.job_logging.root holds no keys."),
        ("plan data=digits hydra/sweeper=basic lr=1,2", "", "plan works only with hydra/sweeper=ablate (the default)"),
        ("-cd my data=digits model=mine hydra.nope=1", "", "Unknown key 'hydra.nope'."),
        ("plan data=digits lr=${optimizer.nope}", "", "lr=${optimizer.nope}: the config has no key 'optimizer.nope'."),
        ("plan -cd my data=digits optimizer=mine", "", "optimizer=mine has no key optimizer.lr. Add it to its file"),
        (
            "plan -cd my study=mine",
            STUDY + "  sweep:\n    dirr: x\n",
            "study/mine.yaml: Unknown key 'hydra.sweep.dirr'. Did you mean",
        ),
        (
            "plan -cd my study=mine",
            STUDY + "    parms: 1\n",
            "study/mine.yaml: Unknown key 'hydra.sweeper.parms'. Did you mean",
        ),
        (
            "plan -cd my study=mine",
            STUDY + "    n_trials: 1\n",
            "study/mine.yaml: hydra.sweeper.n_trials is a key of searches.",
        ),
        (
            "plan -cd my study=mine",
            STUDY + "  launcher: local\n",
            "hydra/launcher cannot be set in a study. Give it on the command line: hydra/launcher=local.",
        ),
    ],
)
def test_what_does_not_compose_is_told_by_its_key_and_file(
    words: str, text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in (("model", LAYERS), ("optimizer", "kind: sgd\n"), ("study", text or STUDY)):
        (tmp_path / "my" / name).mkdir(parents=True)
        (tmp_path / "my" / name / "mine.yaml").write_text(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        program.main(words.split())
    out, err = capsys.readouterr()
    assert (end.value.code, out, err.count("\n")) == (1, "", 1)
    assert told in err


def test_a_word_is_blamed_only_for_what_it_does() -> None:
    from hydra.errors import HydraException

    words = ["data=digits", "steps=4"]
    assert error_messages.one_line(HydraException("?"), words).startswith(
        "Hydra cannot run with these arguments: data=digits steps=4."
    )
    assert error_messages.one_line(HydraException("?"), ["data=digits", "steps=[", "augment.nope=1"]).startswith(
        "augment.nope=1 "
    )


@pytest.mark.parametrize("words", [["--version"], ["lr=0.1", "--version"], ["-m", "--version"]])
def test_the_version_is_ours(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        program.main(words)
    assert end.value.code == 0
    assert capsys.readouterr().out == f"ablate {__version__}\n"


@pytest.mark.parametrize("command", [dashboard, more, plan, report, common, status])
def test_every_command_has_our_parser(command: object) -> None:
    assert Parser in vars(command).values()


@pytest.mark.parametrize("name", ["a b#%20?&größe,=c"])
def test_a_folder_of_any_name_is_searched(name: str, tmp_path: Path) -> None:
    place = tmp_path / name / "model"
    place.mkdir(parents=True)
    (place / "mine.yaml").write_text("layers:\n  - conv: {kernel: 3, filters: 4}\n  - classifier: {}\n")
    cfg = loading.compose(["data=digits", "model=mine"], str(place.parent))
    assert len(loading.resolve(cfg).model) == 2


def test_a_config_is_composed_even_where_hydra_is_at_work() -> None:
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    with initialize_config_dir(version_base="1.3", config_dir=str(loading.conf_dir())):
        at_work = GlobalHydra.instance().hydra
        assert loading.compose(["data=digits"]).data.name == "digits"
        assert GlobalHydra.instance().hydra is at_work
    assert not GlobalHydra.instance().is_initialized()


def swept(place: str, study: str | None) -> Path:
    folder = Path("multirun") / place
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text(json.dumps({"study": study}))
    return folder


def test_a_sweep_is_named_by_its_folder_its_name_or_its_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    deep, plain, other = swept("sub/mine-1a2b3c4d", "sub/mine"), swept("factorial-5e6f7a8b", None), swept("lrn-00000000", "lrn")
    swept("lrn-00000000/confirmation", "lrn")  # what lies in a sweep is its own
    assert list(sweep_names.known()) == [plain, other, deep]
    for name, folder in {
        "sub/mine": deep,
        "sub/mine-1a2b3c4d": deep,
        "multirun/sub/mine-1a2b3c4d": deep,
        "sub/mine-1a": deep,
        "factorial-5e6f7a8b": plain,
        "fact": plain,
        "lrn": other,
    }.items():
        assert sweep_folder(name) == folder
    swept("lrn-11111111", "lrn")
    with pytest.raises(AblateError, match="2 sweeps are named 'lrn': multirun/lrn-00000000, multirun/lrn-11111111"):
        sweep_folder("lrn")
    with pytest.raises(AblateError, match=r"No sweep 'factoriel-5e6f7a8b'\..* Did you mean 'multirun/factorial-5e6f7a8b'"):
        sweep_folder("factoriel-5e6f7a8b")
    (tmp_path / "lrn").mkdir()
    with pytest.raises(AblateError, match="2 sweeps are named"):  # a folder that is none hides no study
        sweep_folder("lrn")
