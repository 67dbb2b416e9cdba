"""Sentences on what a reader should be careful with: an unfinished sweep, trainings that were there before, odd networks."""

from ablate import designs
from ablate.results.computed.images import Predictions
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.text import counted

FEW = 5  # runs that are named


def doubts(names: dict[int, str], predictions: Predictions) -> list[str]:
    """On finished runs that are not what they seem: whose predictions are gone, or of one class alone."""
    lines = []
    gone = sum(predicted is None for predicted in predictions.values())
    if gone:
        count = f"{gone:,} of {counted(len(predictions), 'finished run')}"
        lines.append(
            f"The predictions of {count} are damaged or gone, so what needs them is left out: see `ablate runs verify`."
        )
    same = [key for key, found in predictions.items() if found is not None and len(found) and (found == found[0]).all()]
    if same:
        named = "; ".join(f"{names[arm]}, seed {seed}" for arm, seed in same[:FEW])
        more = f"; and {len(same) - FEW} more" if len(same) > FEW else ""
        lines.append(f"These networks give every image the same class, so they have learnt nothing: {named}{more}.")
    return lines


def said(results: Results, question: Question, begun_earlier: int | None) -> list[str]:
    """On what was there before the plan, and on what is not there yet; none where there is nothing to say."""
    return [line for line in (earlier(results, begun_earlier), interim(results, question)) if line]


def earlier(results: Results, begun_earlier: int | None) -> str:
    """On the trainings that were there before the plan; empty where there is none, or that is not known."""
    if not begun_earlier:
        return ""
    count = counted(len(results.trainings), "training")
    were = "was" if begun_earlier == 1 else "were"
    return (
        f"{begun_earlier} of {count} {were} begun before this sweep was planned: who saw them before had a look that is not "
        "counted."
    )


def interim(results: Results, question: Question) -> str:
    """On a sweep that is not finished; empty for one that is, and for what was never planned as one."""
    runs, sweep = results.runs, results.sweep
    missing = int((runs["status"] == "missing").sum())
    if not missing or sweep.design == designs.STORE or question.steps != sweep.fixed.steps:
        return ""
    count = f"{missing:,} of {counted(len(runs), 'run')} {'is' if missing == 1 else 'are'}"
    return f"Interim: {count} not there yet; looking now is a look that was not planned."
