"""The table of outcomes: it has all of them, and nothing else spells one."""

import ast
from importlib import resources
from pathlib import Path

from ablate.stats import HELPS, HURTS, INCONCLUSIVE, NONE, Outcome
from ablate.stats.outcomes import DECIDED, OF_CODE, SHOWN, words

SOURCES = Path(str(resources.files("ablate")))
TABLE = SOURCES / "stats" / "outcomes.py"


def test_each_outcome_is_shown_in_its_own_way() -> None:
    assert list(SHOWN) == list(Outcome)
    for field in ("sign", "marker", "color", "tone"):
        assert len({getattr(shown, field) for shown in SHOWN.values()}) == len(Outcome)
    assert set(DECIDED) == {outcome for outcome in Outcome if "{why}" not in SHOWN[outcome].plain}


def test_each_code_of_an_interval_is_an_outcome() -> None:
    assert set(OF_CODE) == {HELPS, HURTS, NONE, INCONCLUSIVE}
    assert set(OF_CODE.values()) == set(Outcome) - {Outcome.NO_VERDICT}


def test_each_tone_has_its_color_on_the_page() -> None:
    css = (SOURCES / "report" / "page" / "page.css").read_text(encoding="utf-8")
    for outcome in DECIDED:
        shown = SHOWN[outcome]
        assert f"--{shown.tone}: {shown.color.lower()};" in css
        assert f"tr.tone-{shown.tone} > th:first-child {{ border-left-color: var(--{shown.tone}); }}" in css


def test_a_main_effect_is_said_as_a_difference_is_whatever_it_is_aliased_with() -> None:
    assert words(Outcome.HELPS, interaction=False, total=True) == words(Outcome.HELPS)
    assert words(Outcome.HELPS, interaction=True) != words(Outcome.HELPS, interaction=True, total=True)


def test_no_other_module_spells_an_outcome() -> None:
    """Else a new outcome, or a better word, would be missed there."""
    outcomes = set(Outcome)

    def spells(path: Path) -> bool:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        return any(isinstance(node, ast.Constant) and node.value in outcomes for node in ast.walk(tree))

    assert [path for path in SOURCES.rglob("*.py") if spells(path)] == [TABLE]
