"""What reviewers ask of experiments, with this sweep's answers; the items are those of the NeurIPS paper checklist."""

from typing import Any

import pandas as pd

from ablate import escaping, numbers, stats
from ablate.report import footnotes, naming
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
        ("Variability: what do the intervals and standard deviations show?", paragraph(analysis.fill(_intervals))),
        ("Variability: what differs between seeds, and what does not?", paragraph(analysis.fill(_varies))),
        ("Method: how are the intervals computed?", paragraph(analysis.fill(_method))),
        ("Assumptions: what do the intervals assume?", paragraph(analysis.fill(_assumptions))),
        ("Splits: which images are for training, and which for testing?", paragraph(analysis.fill(methods.splits))),
        ("Hyperparameters: what are they, and how were they chosen?", analysis.fill(_hyperparameters)),
        ("Compute: what does one run cost?", paragraph(analysis.fill(_one_run))),
        ("Compute: what did all runs cost, including failed ones?", paragraph(analysis.fill(_in_total))),
    ]
    head = ["# Checklist\n", *(f"{escaping.markdown(line)}\n" for line in footnotes.exploratory(analysis.question))]
    return "\n".join([*head, *(f"## {question}\n\n{answer}\n" for question, answer in parts)])


def _intervals(
    results: Results, question: Question, comparisons: pd.DataFrame, arms: pd.DataFrame, noise: pd.DataFrame, places: int
) -> list[str]:
    if not (arms["n"] > 1).any():
        few = "there is one seed" if len(results.sweep.seeds) == 1 else "no arm has two seeds with a result"
        return [f"We report none: {few}, so there is no verdict."]
    fewest, most = int(arms["n"][arms["n"] > 0].min()), int(arms["n"].max())
    seeds = counted(most, "seed") if fewest == most else f"{fewest} to {most} seeds"
    lines = [f"We report means over {seeds} with the standard deviation over seeds (not the standard error)."]
    if question.judged and methods.is_tested(comparisons):
        lines.append(
            f"The {stats.percents(question.levels)} CI of each difference decides helps and hurts; effects.csv also has an "
            "unadjusted 95% CI."
        )
    noise = noise[noise["low"].notna()]
    points, places = question.metric.points, places
    for what, sd, low, high in zip(noise["what"], noise["sd"], noise["low"], noise["high"], strict=True):
        within = numbers.interval(low, high, places, signs=False)
        lines.append(f"The noise floor of {what} is {numbers.number(sd, places)} {points} (SD, 95% CI {within}).")
    return lines


def _varies(results: Results, question: Question, comparisons: pd.DataFrame) -> list[str]:
    if results.sweep.trainer is not None:
        return [f"{TO_FILL_IN} what the seed changes in {results.sweep.trainer}."]
    lines = [
        "Seeds differ in the initial weights, the order of the images, and the draws of augmentation and dropout. Arms with "
        "the same seed share these wherever possible. Training and evaluation images are the same for all seeds."
    ]
    if question.judged and comparisons["low_new"].notna().any():
        lines.append("We also report intervals for new images, which let the evaluation images vary.")
    return lines


def _method(results: Results, question: Question, comparisons: pd.DataFrame, unpaired: list[bool]) -> list[str]:
    if not question.judged:
        return ["We compared nothing."]
    lines = methods.test(results, question, comparisons, unpaired)
    if not methods.is_tested(comparisons):
        return lines
    tests = "Welch's t-test" if any(unpaired) else "a paired t-test and of an exact sign-flip test"
    if any(unpaired) and not all(unpaired):
        tests = f"a t-test, {naming.pairing(unpaired)}, and of an exact sign-flip test of the pairs"
    return [
        *lines,
        f"effects.csv also has p-values of {tests}; verdicts do not use them.",
    ]


def _assumptions(question: Question, comparisons: pd.DataFrame, unpaired: list[bool]) -> list[str]:
    if not question.judged:
        return ["None: we compared nothing."]
    if not methods.is_tested(comparisons):
        return ["None: we tested nothing."]
    normal = "the paired differences over seeds are" if not any(unpaired) else "runs of an arm, and paired differences, are"
    each = "comparison" if not any(unpaired) else "arm or comparison"
    lines = [f"Seeds are independent, and {normal} normally distributed, with a separate standard deviation for each {each}."]
    few = int(comparisons["n"][comparisons["n"] > 1].min())
    return [*lines, f"With as few as {counted(few, 'seed')}, the data cannot check this."] if few < 20 else lines


def _hyperparameters(
    results: Results, question: Question, comparisons: pd.DataFrame, retuned: Retuned | None, places: int
) -> str:
    """The answer as Markdown, with lists."""
    content = recipe.config(results, question)
    if content is None:
        return paragraph([f"{TO_FILL_IN} the hyperparameters (no training of the baseline is available to read them from)."])
    known = (f"{name}: {value}" for name, value in recipe.hyperparameters(content).items())
    told = "".join(f"\n- {escaping.markdown(line)}" for line in known)
    switchable = [f"{name}: {', '.join(levels)}" for name, levels in results.sweep.factors.items()]
    factors = "".join(f"\n- {escaping.markdown(line)}" for line in switchable)
    switched = f"\n\nFactors (baseline level first):\n{factors}" if factors else ""
    rates = methods.rates(question, comparisons, retuned, places)
    chosen = f"{paragraph(['Learning rates:', *rates])}\n\n" if rates else ""
    others = "the other hyperparameters were" if rates else "these were"
    asked = paragraph([f"{TO_FILL_IN} how {others} chosen, and on which images."])
    return f"Baseline:\n{told}{switched}\n\n{chosen}{asked}"


def _one_run(results: Results, arms: pd.DataFrame) -> list[str]:
    where = methods.machines(results.trainings)
    lines = (
        [f"Trained on {'; '.join(where)}."]
        if where
        else [f"{TO_FILL_IN} the machine (no training is available to read it from)."]
    )
    known = arms[arms["seconds"].notna()]
    if len(known):
        ranked = known.sort_values("seconds")
        cheapest, dearest = ranked.iloc[0], ranked.iloc[-1]
        least, most = numbers.duration(cheapest["seconds"]), numbers.duration(dearest["seconds"])
        between = f"{least} ({cheapest['label']}) to {most} ({dearest['label']})"
        each = f"{least} in every arm" if least == most else between
        lines.append(f"Training to the reported step takes {each}, averaged over seeds.")
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
    trained = f" Trainings: {numbers.listed(training_counts)}." if training_counts else ""
    lines = [f"Runs: {numbers.listed(run_counts)}.{trained}"]
    if trainings["seconds"].notna().any():
        lost = trainings[~trainings["status"].isin(["done", "running"]) & trainings["seconds"].notna()]
        wasted = f", including {numbers.duration(lost['seconds'].sum())} in unfinished trainings" if len(lost) else ""
        total = numbers.duration(compute["seconds"])
        lines.append(f"Training took {total} in total{wasted}{methods.partly(results, compute)}, not counting evaluations.")
    lines += retuned.took if retuned is not None else []
    return [*lines, f"{TO_FILL_IN} experiments before this sweep that it does not include."]
