"""A design of another package, from its plan to its report, and what is said of it where that package is not there."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate import designs
from ablate.commands import report
from ablate.config import loading
from ablate.designs import registry
from ablate.errors import AblateError
from ablate.planning.overview import describe
from ablate.planning.sentences import head
from ablate.planning.site import here
from ablate.report import footnotes, naming, page
from ablate.report.paper.methods import methods
from ablate.results import load
from ablate.results.analysis import Analysis, analyze
from ablate.results.question import ask
from ablate.system import plugins

RELAY = """
from ablate.designs import Arm, Design

def arms(factors, resolution):
    assert len({len(factor.levels) for factor in factors}) == 1
    made = []
    for numbers in ((0, 0), (1, 0), (1, 1), (0, 1)):
        made.append(Arm(tuple((factor.name, factor.levels[n]) for factor, n in zip(factors, numbers))))
    return made

def pairs(arms):
    return [(number, number - 1) for number in range(1, len(arms))]

RELAY = Design("relay", "a relay in which each arm hands over to the next", arms, pairs, partner="the arm before")
"""
MAIN = """
from itertools import product
from ablate.designs import Arm, Design

def arms(factors, resolution):
    names = [factor.name for factor in factors]
    return [Arm(tuple(zip(names, levels))) for levels in product(*(factor.levels for factor in factors))]

MAIN = Design(
    "main", "all combinations, judged by main effects alone", arms, lambda arms: [],
    lambda factors, resolution: [(factor.name,) for factor in factors], crossed=True,
)
"""
PICKY = """
from ablate.designs import Arm, Design
PICKY = Design("picky", "arms of no factor", lambda factors, resolution: [Arm((("lr", "0.1"),))])
"""
TWICE = """
from ablate.designs import Arm, Design
TWICE = Design("twice", "one arm twice", lambda factors, resolution: 2 * [Arm(tuple((f.name, f.levels[-1]) for f in factors))])
"""
ASTRAY = """
from ablate.designs import Arm, Design
ASTRAY = Design("astray", "", lambda factors, _: [Arm(tuple((f.name, f.levels[0]) for f in factors))], lambda arms: [(1, 0)])
"""
ENTRIES = {
    "relay": "toy_designs.relay:RELAY",
    "main": "toy_designs.main:MAIN",
    "picky": "toy_designs.picky:PICKY",
    "twice": "toy_designs.twice:TWICE",
    "astray": "toy_designs.astray:ASTRAY",
    "broken": "toy_designs.broken:BROKEN",
    "other": "toy_designs.relay:RELAY",
    "factorial": "toy_designs.relay:RELAY",
}
LISTED = "factorial, one_factor, ladder, together, fractional, astray, broken, main, other, picky, relay, twice"
WORDS = ("augment=on,off", "ema=on,off", "steps=10", "seed=0,1")


@pytest.fixture
def installed(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch):
    """A package with designs; calling it removes the package again."""
    sources = {
        "__init__": "",
        "relay": RELAY,
        "main": MAIN,
        "picky": PICKY,
        "twice": TWICE,
        "astray": ASTRAY,
        "broken": "raise OSError('no\\nfile')",
    }
    site = install(
        "toy-designs", {f"toy_designs.{name}": text for name, text in sources.items()}, {registry.DESIGNS.group: ENTRIES}
    )

    def remove() -> None:
        sys.path.remove(str(site))
        plugins.forget()

    return remove


def page_of(analysis: Analysis) -> str:
    title = naming.title(analysis.results)
    first = page.of_sweep(analysis, [], title, {}, "multirun/it")
    return page.render(title, (), analysis.question.changes, page.sections(analysis, (), [], []), face=first)


def test_a_design_of_another_package_is_planned_run_and_reported_as_ours_are(
    sweeps, installed: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    plan = sweeps.planned(*WORDS, design="relay")
    assert [plan.label(arm) for arm in range(4)] == [
        "baseline",
        "augment: on → off",
        "augment: on → off, ema: on → off",
        "ema: on → off",
    ]
    assert plan.differences == [(1, 0), (2, 1), (3, 2)]
    told = describe(plan, here(1, 1), calibrate=False)
    assert head(told)[0].startswith("relay: 8 runs (4 arms × 2 seeds)")
    assert told["arms"][2]["switched"] == [["ema", "on", "off"]]
    folder = sweeps.trained(plan, 5, 10)
    analysis = analyze(*ask(load(folder)))
    assert list(analysis.comparisons["name"]) == ["no augmentation", "no EMA", "with augmentation"]
    assert list(zip(analysis.comparisons["arm"], analysis.comparisons["against"], strict=True)) == plan.differences
    assert "a relay in which each arm hands over to the next." in methods(analysis)
    assert "each against the arm before." in " ".join(analysis.fill(footnotes.verdict_notes))
    assert "Every arm is compared with the arm before, seed by seed." in page_of(analysis)
    assert report.run([str(folder), "--format", "csv,md,html,png", "--explain"]) == 0
    assert {"index.html", "effects.csv", "methods.md", "table.md"} <= {path.name for path in (folder / "report").iterdir()}
    assert "each against the arm before" in capsys.readouterr().out

    installed()  # from here on the package is gone
    elsewhere = analyze(*ask(load(folder)))
    assert elsewhere.comparisons.equals(analysis.comparisons)
    assert "We compared 4 arms: those that its design names." in methods(elsewhere)
    assert "each against the arm named beside it." in " ".join(elsewhere.fill(footnotes.verdict_notes))
    assert "Arms are compared as the sweep planned it, seed by seed." in page_of(elsewhere)


def test_a_design_of_another_package_may_be_judged_by_effects(sweeps, installed: Callable[[], None]) -> None:
    plan = sweeps.planned(*WORDS, design="main")
    assert (plan.differences, plan.effects, plan.fraction) == ([], [("augment",), ("ema",)], None)
    assert [switch["switched"] for switch in describe(plan, here(1, 1), calibrate=False)["confounds"]] == [
        [["augment", "on", "off"]]
    ]
    folder = sweeps.trained(plan, 5, 10)
    for gone in (lambda: None, installed):
        gone()
        analysis = analyze(*ask(load(folder)))
        assert list(analysis.comparisons["name"]) == ["no augmentation", "no EMA"]
        assert not any("fraction" in note for note in analysis.fill(footnotes.verdict_notes))
        assert "Each effect is the mean over arms with one level" in page_of(analysis)


def test_every_design_is_named_and_ours_keep_their_names(installed: Callable[[], None]) -> None:
    with pytest.raises(AblateError, match=rf"^Unknown design 'rely'\. Choose from {LISTED}\. Did you mean 'relay'\?$"):
        designs.find("rely")
    assert designs.find("factorial").crossed


def test_the_command_line_takes_it_and_names_it(
    installed: Callable[[], None], tmp_path: Path, environment: dict[str, str]
) -> None:
    assert loading.resolve(loading.compose(["data=digits", "design=relay"])).steps > 0
    words = ["-m", "data=digits", "augment=on,off", "design=rely"]
    environment["PYTHONPATH"] = sys.path[0]
    done = subprocess.run(
        [sys.executable, "-m", "ablate", *words], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    told = f"Unknown design 'rely'. Choose from {LISTED}. Did you mean 'relay'?"
    assert (done.returncode, done.stderr.splitlines()[-1].removeprefix("ablate: ").removeprefix("Error: ")) == (1, told)


def test_what_is_wrong_with_a_design_of_another_package_is_told_in_a_line(sweeps, installed: Callable[[], None]) -> None:
    for name, told in {
        "broken": r"^design=broken cannot be loaded from toy_designs\.broken:BROKEN: no file\. Reinstall its package\.$",
        "other": r"^design=other: toy_designs\.relay:RELAY must be a Design named 'other', got Design\(name='relay'",
        "picky": r"^design=picky must give each arm one level of every factor, in the order of the factors, got lr: 0\.1\.$",
        "twice": r"^design=twice must make different arms, got one twice: augment: off, ema: off\.$",
    }.items():
        with pytest.raises(AblateError, match=told):
            sweeps.planned(*WORDS, design=name)
    with pytest.raises(AblateError, match=r"^design=astray must compare two different arms from 0 to 0, got \(1, 0\)\.$"):
        sweeps.planned(*WORDS, design="astray")
    with pytest.raises(
        AblateError, match=r"^design=main must judge effects of factors with two levels \(ema\), got augment\.$"
    ):
        sweeps.planned("augment=on,off,center", "ema=on,off", design="main")
    for name in (*designs.design.KINDS, "Relay", "a-b", ""):
        with pytest.raises(AblateError, match="name must be lowercase letters"):
            designs.Design(name, "", lambda factors, resolution: [])
