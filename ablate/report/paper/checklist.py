"""What reviewers ask of experiments, with this sweep's answers; the items are those of the NeurIPS paper checklist."""

from typing import Any

import pandas as pd

from ablate import escaping, numbers, stats
from ablate.report import footnotes
from ablate.report.paper import methods, recipe
from ablate.report.paper.methods import TO_FILL_IN, paragraph
from ablate.results.analysis import Analysis
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.results.retuned import Retuned
from ablate.text import counted


def checklist(analysis: Analysis) -> str:
    """`checklist.md`: questions and answers; what no file tells is marked to be filled in."""
    parts = [
        ("Variability: what do the intervals and deviations show?", paragraph(analysis.fill(_intervals))),
        ("Variability: what varies between seeds, and what does not?", paragraph(analysis.fill(_varies))),
        ("Method: how are they computed?", paragraph(analysis.fill(_method))),
        ("Assumptions: what do they rest on?", paragraph(analysis.fill(_assumptions))),
        ("Splits: which images are trained on, and which are tested on?", paragraph(analysis.fill(methods.splits))),
        ("Hyperparameters: what are they, and how were they chosen?", analysis.fill(_hyperparameters)),
        ("Compute: what does one run take?", paragraph(analysis.fill(_one_run))),
        ("Compute: what did all of it take, with what failed?", paragraph(analysis.fill(_in_total))),
    ]
    head = ["# Checklist\n", *(f"{escaping.markdown(line)}\n" for line in footnotes.exploratory(analysis.question))]
    return "\n".join([*head, *(f"## {question}\n\n{answer}\n" for question, answer in parts)])


def _intervals(
    results: Results, question: Question, comparisons: pd.DataFrame, arms: pd.DataFrame, noise: pd.DataFrame, places: int
) -> list[str]:
    if not (arms["n"] > 1).any():
        few = "there is one seed" if len(results.sweep.seeds) == 1 else "no arm has two seeds with a value"
        return [f"None are reported: {few}, and so no verdict."]
    fewest, most = int(arms["n"].min()), int(arms["n"].max())
    seeds = counted(most, "seed") if fewest == most else f"{fewest} to {most} seeds"
    lines = [f"Means over {seeds} are given with the standard deviation over seeds (not the standard error)."]
    if question.judged and methods.is_tested(comparisons):
        lines.append(
            f"Differences have an interval at {stats.percents(question.levels)} that decides helps and hurts, and in "
            "effects.csv with a plain 95% interval as well."
        )
    noise = noise[noise["low"].notna()]
    points, places = question.metric.points, places
    for what, sd, low, high in zip(noise["what"], noise["sd"], noise["low"], noise["high"], strict=True):
        within = numbers.interval(low, high, places, signs=False)
        lines.append(f"The noise floor of {what} is {numbers.number(sd, places)} {points} (sd, 95% interval {within}).")
    return lines


def _varies(results: Results, question: Question, comparisons: pd.DataFrame) -> list[str]:
    if results.sweep.trainer is not None:
        return [f"{TO_FILL_IN} what {results.sweep.trainer} makes of a seed."]
    lines = [
        "Between seeds: the initial weights, the order of the images, and the draws of augmentation and dropout. Between arms "
        "of one seed these are shared wherever the arms allow it. The training and evaluation images stay the same."
    ]
    if question.judged and comparisons["low_new"].notna().any():
        lines.append("Intervals for new images too, which let the evaluation images vary, are given beside the verdicts.")
    return lines


def _method(results: Results, question: Question, comparisons: pd.DataFrame) -> list[str]:
    if not question.judged:
        return ["Nothing is compared."]
    lines = methods.test(results, question, comparisons)
    if not methods.is_tested(comparisons):
        return lines
    return [
        *lines,
        "The p-values in effects.csv are of a paired Student test and of an exact sign-flip test, and decide nothing.",
    ]


def _assumptions(question: Question, comparisons: pd.DataFrame) -> list[str]:
    if not question.judged:
        return ["None, since nothing is compared."]
    if not methods.is_tested(comparisons):
        return ["None, since nothing is tested."]
    lines = [
        "Seeds are independent, and the paired differences over seeds normally distributed, with a deviation of their own in "
        "each comparison."
    ]
    few = int(comparisons["n"].min())
    return [*lines, f"With {counted(few, 'seed')} at the least, this cannot be checked from the data."] if few < 20 else lines


def _hyperparameters(
    results: Results, question: Question, comparisons: pd.DataFrame, retuned: Retuned | None, places: int
) -> str:
    """The answer as Markdown, with lists."""
    content = recipe.config(results, question)
    if content is None:
        return paragraph([f"{TO_FILL_IN} the hyperparameters; no training of the baseline is at hand to read them from."])
    known = (f"{name}: {value}" for name, value in recipe.hyperparameters(content).items())
    told = "".join(f"\n- {escaping.markdown(line)}" for line in known)
    switchable = [f"{name}: {', '.join(levels)}" for name, levels in results.sweep.factors.items()]
    factors = "".join(f"\n- {escaping.markdown(line)}" for line in switchable)
    switched = f"\n\nSwitched in the sweep, the baseline's level first:\n{factors}" if factors else ""
    rates = methods.rates(question, comparisons, retuned, places)
    chosen = f"{paragraph(['The learning rates:', *rates])}\n\n" if rates else ""
    others = "the others were" if rates else "they were"
    asked = paragraph([f"{TO_FILL_IN} how {others} chosen, and on which images."])
    return f"Those of the baseline:\n{told}{switched}\n\n{chosen}{asked}"


def _one_run(results: Results, arms: pd.DataFrame) -> list[str]:
    where = methods.machines(results.trainings)
    lines = (
        [f"Trained on {'; '.join(where)}."] if where else [f"{TO_FILL_IN} the machine; no training is at hand to read it from."]
    )
    known = arms[arms["seconds"].notna()]
    if len(known):
        ranked = known.sort_values("seconds")
        cheapest, dearest = ranked.iloc[0], ranked.iloc[-1]
        least, most = numbers.duration(cheapest["seconds"]), numbers.duration(dearest["seconds"])
        between = f"{least} ({cheapest['label']}) to {most} ({dearest['label']})"
        each = f"{least} in every arm" if least == most else between
        lines.append(f"Training up to the step that is read takes {each}, on average over seeds.")
    fewest, largest = arms["parameters"].min(), arms["parameters"].max()
    if pd.notna(fewest):
        span = numbers.whole(fewest) if fewest == largest else f"{numbers.whole(fewest)} to {numbers.whole(largest)}"
        lines.append(f"The networks have {span} parameters.")
    return [*lines, f"{TO_FILL_IN} memory, which is not recorded."]


def _in_total(
    results: Results,
    retuned: Retuned | None,
    run_counts: dict[str, int],
    training_counts: dict[str, int],
    compute: dict[str, Any],
) -> list[str]:
    trainings = results.trainings
    lines = [f"Runs: {numbers.listed(run_counts)}. Trainings: {numbers.listed(training_counts)}."]
    if trainings["seconds"].notna().any():
        lost = trainings[~trainings["status"].isin(["done", "running"]) & trainings["seconds"].notna()]
        wasted = f", of which {numbers.duration(lost['seconds'].sum())} in trainings that did not end well" if len(lost) else ""
        total = numbers.duration(compute["seconds"])
        lines.append(
            f"Together they trained for {total}{wasted}{methods.partly(results, compute)}; evaluations are not counted."
        )
    lines += retuned.took if retuned is not None else []
    return [*lines, f"{TO_FILL_IN} what was tried before this sweep and is not part of it."]
