"""Sentences on what a reader should be careful with: unfinished sweeps, earlier trainings, odd networks, unstable runs."""

import pandas as pd

from ablate import designs, numbers
from ablate.results.computed.images import Predictions
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.store.trials import CONFIRMS, same_set
from ablate.text import capital, counted

FEW = 5  # runs that are named


def doubts(names: dict[int, str], predictions: Predictions) -> list[str]:
    """On finished runs that are not what they seem: whose predictions are gone, or of one class alone."""
    lines = []
    gone = sum(predicted is None for predicted in predictions.values())
    if gone:
        count = f"{gone:,} of {counted(len(predictions), 'finished run')}"
        lines.append(
            f"The predictions of {count} are damaged or missing, so analyses that need them are left out. Run `ablate runs "
            "verify`."
        )
    last = {key: found[-1] for key, found in predictions.items() if found is not None}
    same = [key for key, found in last.items() if len(found) and (found == found[0]).all()]
    if same:
        named = "; ".join(f"{names[arm]}, seed {seed}" for arm, seed in same[:FEW])
        more = f"; and {len(same) - FEW} more" if len(same) > FEW else ""
        lines.append(f"These networks predict the same class for every image, so they learned nothing: {named}{more}.")
    return lines


def said(results: Results, question: Question, begun_earlier: int | None) -> list[str]:
    """On what was there before the plan, and on what is not there yet; none where there is nothing to say."""
    lines = (chosen_on_the_same(results), earlier(results, question, begun_earlier), interim(results, question))
    return [line for line in lines if line]


def chosen_on_the_same(results: Results) -> str:
    """On a confirmation of a setting that was chosen on what confirms it; empty where that is not so."""
    if results.sweep.about.get("name") != CONFIRMS:
        return ""
    told = same_set(results.sweep.fixed.evaluation_set, results.sweep.trainer)
    return "" if told is None else f"{capital(told)}."


def earlier(results: Results, question: Question, begun_earlier: int | None) -> str:
    """On the trainings that were there before the plan; empty where there is none, or that is not known."""
    if not begun_earlier:
        return ""
    count = counted(len(results.trainings), "training")
    predate = "predates" if begun_earlier == 1 else "predate"
    return f"{begun_earlier} of {count} {predate} this plan; if you had seen their results, the 5% guarantee does not hold."


def interim(results: Results, question: Question) -> str:
    """On a sweep that is not finished; empty for one that is, and for what was never planned as one."""
    runs, sweep = results.runs, results.sweep
    missing = int((runs["status"] == "missing").sum())
    if not missing or sweep.design == designs.STORE or question.steps != sweep.fixed.steps:
        return ""
    count = f"{missing:,} of {counted(len(runs), 'run')} {'is' if missing == 1 else 'are'}"
    if not question.exploratory:
        return f"Pending: {count} missing. A comparison gets its verdict once all of its runs have ended."
    return f"Interim: {count} missing. Looking at a sweep before it ends is an unplanned look."


def unstable(stability: pd.DataFrame, arms: pd.DataFrame, names: dict[int, str], margin: float | None = None) -> list[str]:
    """On runs that are unstable, or how often they may be although none was seen; none where accuracies are not judged.

    Args:
        stability, arms: of `Analysis`. margin: of the verdicts; with None no verdict is barred.
    """
    judged = int(stability["judged"].sum())
    if stability.empty:
        return []
    few = len(stability) - judged
    if not judged:
        return ["Unstable runs: not checked, because no run has five evaluations before the reported one."]
    fell = stability[stability["unstable"]]
    left = f" ({few} not checked: fewer than five earlier evaluations)" if few else ""
    lines = [f"Unstable runs: {len(fell) or 'none'} of {judged}{left}. {rates(arms)}"]
    if len(fell):
        named = "; ".join(
            f"{names[row['arm']]}, seed {row['seed']} ({numbers.number(row['best'], 1)}% → {numbers.number(row['value'], 1)}%)"
            for row in fell.head(FEW).to_dict("records")
        )
        more = f"; and {len(fell) - FEW} more" if len(fell) > FEW else ""
        bars = "" if margin is None else " An unstable run on either side rules out the verdict no effect."
        lines.append(f"Unstable: {named}{more}.{bars}")
    return lines


def rates(arms: pd.DataFrame) -> str:
    """What so many unstable runs of an arm allow, as in `With 0 of 5, the true rate may be up to 45% (95% confidence).`"""
    known = arms[arms["unstable_of"] > 0].drop_duplicates(["unstable", "unstable_of"]).sort_values(["unstable_of", "unstable"])
    told = [
        f"{'with' if number else 'With'} {seen} of {of}, {'' if number else 'the true rate may be '}up to {100 * rate:.0f}%"
        for number, (seen, of, rate) in enumerate(
            zip(known["unstable"], known["unstable_of"], known["unstable_to"], strict=True)
        )
    ]
    return f"{'; '.join(told)} (95% confidence)."


def no_bound(unstable_seeds: pd.DataFrame) -> str:
    """Why no bound on wrong verdicts is given where a run that is judged is unstable; empty where none is."""
    if not unstable_seeds.any(axis=None):
        return ""
    return (
        "With unstable runs, the 5% bound on wrong verdicts does not hold: an arm that occasionally collapses looks better in "
        "the seeds where it did not."
    )
