"""What arms are called and with what each is compared: all that the plan and the question tell before there is any value."""

import pandas as pd

from ablate import designs
from ablate.designs import Arm, Design, phrases
from ablate.results.frames import Results, arm_name
from ablate.results.question import Question
from ablate.results.retuned import Retuned

DIFFERENT = "the arm it is compared with"  # where that is another one in each comparison


def names(results: Results) -> dict[int, str]:
    """The arms as readers see them, by number."""
    return {arm.number: arm_name(arm) for arm in results.sweep.arms}


def levels(results: Results) -> pd.DataFrame:
    """The levels of each arm: a row an arm, a column a factor."""
    arms = results.sweep.arms
    frame = pd.DataFrame([arm.levels for arm in arms], index=[arm.number for arm in arms])
    return frame.reindex(columns=results.factors).rename_axis(index="arm")


def retuned(results: Results) -> Retuned | None:
    """How the learning rates of arms were chosen; None where they were not."""
    content = results.sweep.retune
    return None if content is None else Retuned(content)


def against(question: Question, retuned: Retuned | None) -> dict[int, int]:
    """What each arm is compared with, where it is with one; of two rates the shared one."""
    return dict(question.pairs if retuned is None else reversed(question.pairs))


def crossed(results: Results) -> bool:
    """Whether the design is one whose arms are every combination of levels."""
    design = _design(results)
    return design is not None and design.crossed


def partner(results: Results, question: Question) -> str | None:
    """What each arm is compared with, as the design has it: `the rung below`; None where that is one arm, or as may be."""
    design = _design(results)
    if design is None or design.partner is None:
        return None
    usual = set(design.pairs(_arms(results)))
    return design.partner if usual.issuperset(question.pairs) else None


def pair_names(
    results: Results, question: Question, names: dict[int, str], retuned: Retuned | None, partner: str | None
) -> list[str]:
    """What the comparison of each two arms is called: the arm, or what it changes where not all are compared with one."""
    if retuned is not None:
        return [retuned.name(pair) for pair in question.pairs]
    design, arms = _design(results), _arms(results)
    told_apart = partner is not None and design is not None and design.label is not designs.change
    if told_apart or len({other for _, other in question.pairs}) < 2:
        return [names[arm] for arm, _ in question.pairs]
    return [phrases.of_arms(arms, arm, other) for arm, other in question.pairs]


def versus(question: Question, names: dict[int, str], retuned: Retuned | None, partner: str | None) -> str:
    """What arms are compared with, in words; see `DIFFERENT`."""
    others = {other for _, other in question.pairs}
    if partner is not None:
        return partner
    if retuned is not None:
        return "the baseline"
    if len(others) != 1:
        return DIFFERENT
    name = names[others.pop()]
    return "the baseline" if name == designs.BASELINE else name


def pair_labels(
    question: Question, names: dict[int, str], pair_names: list[str], retuned: Retuned | None, partner: str | None
) -> dict[tuple[int, int], str]:
    """What each comparison of two arms is called in figures: with the other arm, where that is not one and the same."""
    if retuned is None and len({other for _, other in question.pairs}) < 2:
        return {(arm, other): names[arm] for arm, other in question.pairs}
    told = dict(zip(question.pairs, pair_names, strict=True))
    if retuned is not None or partner is not None:
        return told
    return {(arm, other): f"{name} (against {names[other]})" for (arm, other), name in told.items()}


def _design(results: Results) -> Design | None:
    """What made the arms; None for those of several sweeps or of a store, and for what is not known here."""
    return designs.known(results.sweep.design)


def _arms(results: Results) -> list[Arm]:
    return [arm.switched for arm in results.sweep.arms]
