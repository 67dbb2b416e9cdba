"""Commands on files with hostile names and messages in them: the terminal gets text, whole numbers and nothing to obey."""

import io
import json
import logging
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from rich.cells import cell_len

from ablate import __main__, messages
from ablate.commands import info, status
from ablate.config import loading
from ablate.designs import phrases
from ablate.monitor import live as watch
from ablate.monitor.states import RunStatus, Snapshot, TrainingStatus
from ablate.planning import overview, plan, sentences
from ablate.planning import screen as plan_screen
from ablate.planning.command import command_of
from ablate.planning.plan import Plan
from ablate.planning.site import here
from ablate.store import SWEEP, Trajectory, write_json
from ablate.terminal import Terminal

WIDTHS = (40, 48, 60, 80, 120, None)
NAMES = ("\x1b]0;taken\x07\x1b[2J[red]x[/red]", "\x9b31m\r\n\u202e\u200b|=1 日本語 é", "אבג", "n" * 90, "\ud800\uffff\x00\x0b")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    store = tmp_path_factory.mktemp("store")
    words = ["augment=on,off", "lrn=on,off", "seed=0,1", "steps=1234567", "eval_every=1000", f"store={store}"]
    parsed = command_of(OverridesParser.create().parse_overrides(words))
    return plan.make(parsed, "one_factor", lambda overrides: loading.compose(["data=digits", *overrides]))


def screen(width: int | None) -> Terminal:
    return Terminal(file=io.StringIO(), width=width or 80, force_terminal=width is not None, color_system=None, highlight=False)


def written(console: Terminal, width: int | None) -> str:
    """What was written, which no terminal obeys and which fits."""
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert harmless(text)
    assert width is None or max(map(cell_len, text.splitlines())) <= width
    return " ".join(text.split())


def harmless(text: str) -> bool:
    kinds = {unicodedata.category(sign) for sign in text if sign != "\n"}
    return not kinds & {"Cc", "Cs"} and not set(text) & set("\u202e\u200b\uffff\u2028")


def whole(text: str, numbers: Sequence[str]) -> bool:
    return all(re.search(rf"(?<![\d,.]){re.escape(number)}(?![\d,.])", text) for number in numbers)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_keeps_its_numbers_whole_and_its_arms(small: Plan, width: int | None) -> None:
    description = overview.describe(small, here(2, 1), calibrate=False)
    first = screen(width)
    sentences.show(description, first)
    text = written(first, width)
    for arm in description["arms"]:
        assert phrases.of_label(arm["label"]) in text
        for column, number in (("parameters", arm["parameters"]), ("operations", arm["operations"])):
            assert whole(text, [f"{number:,}"]) or re.search(rf"left out at this width:[^:]*{column}", text)
    assert "1,756" not in re.sub(r"\d,\d{3},\d{3}", "", text)
    short = screen(width)
    plan_screen.draw(description, short)
    text = written(short, width)
    for arm in description["arms"]:
        assert phrases.of_label(arm["label"]) in text
        for column, number in (("parameters", arm["parameters"]), ("FLOPs", arm["operations"])):
            assert whole(text, [plan_screen.millions(number)]) or re.search(rf"left out at this width:[^:]*{column}", text)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_of_hostile_names_is_text(small: Plan, width: int | None) -> None:
    description = json.loads(json.dumps(overview.describe(small, here(2, 1), calibrate=False)))
    for number, arm in enumerate(description["arms"]):
        arm |= {"label": NAMES[number], "levels": {NAMES[1]: NAMES[4], NAMES[2]: NAMES[0]}}
    for switch in description["confounds"]:
        switch["switched"] = [NAMES[:3]]
    description |= {"study": NAMES[1], "sources": list(NAMES), "unknown": NAMES[0]}
    console = screen(width)
    sentences.show(description, console)
    text = written(console, width)
    short = screen(width)
    plan_screen.draw(description, short)
    assert "[red]x[/red]" in written(short, width)
    assert "[red]x[/red]" in text
    assert whole(text, ["6", "1,234,567", "3"][:1])


def seen() -> Snapshot:
    """A sweep of which each training is in another state."""
    runs = (RunStatus(0, "done"),)
    states: tuple[Any, ...] = ("running", "failed", "diverged", "stopped", "done")
    told: dict[str, Any] = {"step": 1_234_567, "target": 9_876_543, "loss": 2.5, "accuracy": 0.3125, "evaluated": 1000}
    trainings = tuple(
        TrainingStatus(
            fingerprint=f"{number:016x}",
            label=name,
            seed=1_756_426,
            weights="raw",
            runs=runs,
            state=state,
            examples_per_second=1234.5,
            error=f"OSError: {name}",
            trace=Path(f"runs/{NAMES[0]}/trace"),
            **told,
        )
        for number, (name, state) in enumerate(zip(NAMES, states, strict=True))
    )
    return Snapshot(Path(f"multirun/{NAMES[1]}"), trainings, None, None, (NAMES[0], NAMES[4]))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_state_of_a_sweep_is_text(width: int | None) -> None:
    console = screen(width)
    status.show(seen(), console, every=True)
    text = written(console, width)
    assert whole(text, ["1,234,567/9,876,543", "1756426", "31.2%"])
    assert "[red]x[/red]" in text
    live = screen(width)
    live.print(watch.fitted(seen(), live))
    assert whole(written(live, width), ["1,234,567/9,876,543"])


@pytest.mark.parametrize("width", WIDTHS)
def test_the_layers_of_a_model_keep_their_numbers(small: Plan, width: int | None) -> None:
    recipe = small.runs[0].asked.spec.payload
    description = {"model": NAMES[0], **info.describe(recipe.model, recipe.input_shape)}
    description["layers"][0]["name"] = NAMES[1]
    console = screen(width)
    info.show(description, console)
    text = written(console, width)
    assert whole(
        text, [f"{one[key]:,}" for one in (*description["layers"], description) for key in ("parameters", "operations")]
    )


@pytest.mark.parametrize("width", ["40", "80", None])
def test_a_store_of_hostile_names_is_listed_as_text(
    small: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: str | None
) -> None:
    run, store = small.runs[0], tmp_path / f"s{NAMES[3][:9]}"
    trajectory = Trajectory(store, run.trajectory.fingerprint)
    trajectory.write_config(run.content, {"augment": NAMES[0], "model": NAMES[1], "data": NAMES[2]})
    scores = dict.fromkeys(("accuracy_raw", "accuracy_averaged", "eval_loss_raw", "eval_loss_averaged", "loss"), 0.3125)
    row = {"step": 1000, "epoch": 1.0, **scores, "lr": 0.1, "seconds": 1.0, "examples_per_second": 50.0}
    trajectory.add_evaluation(row, {"raw": np.arange(3), "averaged": np.arange(3)})
    trajectory.set_status("diverged", 1_234_567)
    (store / "\x1b[31mforeign").mkdir()
    monkeypatch.setenv("COLUMNS", width or "80")
    monkeypatch.setenv("FORCE_COLOR", "1" if width else "")
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit):
        __main__.main(["runs", "--store", str(store)])
    text = capsys.readouterr().out
    assert harmless(re.sub(r"\x1b\[[\d;]*m", "", text))  # the styles of the headings
    assert whole(" ".join(text.split()), ["1,234,567"])
    assert "damaged" not in text
    assert "red]" in text  # no markup


@pytest.mark.parametrize(
    "words",
    [
        ["\x1b[31mreport"],
        ["report", f"multirun/{NAMES[0]}\n\x9b"],
        ["status", "\x1b[2J\r"],
        ["plan", "data=digits", "augment=\x1b[31m"],
        ["info", "mo\x1bdel=alex"],
        ["runs", "--store", "\x1b[2J"],
    ],
)
def test_what_is_said_of_wrong_words_is_one_line_of_text(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        __main__.main(words)
    told = capsys.readouterr().err
    assert end.value.code in (1, 2)
    assert (told.count("\n"), harmless(told), told.startswith("ablate: ")) == (1, True, True)


def test_a_damaged_sweep_with_a_hostile_message_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = tmp_path / "s"
    write_json(sweep / SWEEP, {"design": NAMES[0]})
    with pytest.raises(SystemExit):
        __main__.main(["status", str(sweep)])
    assert harmless(capsys.readouterr().err)
    console = screen(None)
    monkeypatch.setattr(messages, "console", console)
    messages.say(f"training {NAMES[0]} {NAMES[1]}\nb")
    assert written(console, None).count("\n") == 0


def test_what_is_logged_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        __main__.main(["--version"])
    assert "\x1b" not in capsys.readouterr().out
    record = logging.getLogRecordFactory()("ablate", logging.WARNING, "", 0, "The file %s is damaged.", ("\x1b[2J\n",), None)
    assert record.getMessage() == "The file �[2J  is damaged."
