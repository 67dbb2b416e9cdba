"""The sentences of the page: what was asked, what was planned, and what it took."""

from typing import Any

from ablate import stats
from ablate.designs import STORE
from ablate.numbers import duration, listed
from ablate.report import caveats, naming, sentences
from ablate.results.frames import Results
from ablate.results.question import Question, where_read
from ablate.results.retuned import Retuned
from ablate.store.sweep import Fixed
from ablate.store.sweep_check import ONE_VALUE
from ablate.text import counted

MOST_ARMS = 8  # that the plan names; the table of arms names all


def asked(
    results: Results,
    question: Question,
    names: dict[int, str],
    retuned: Retuned | None,
    partner: str | None,
    unpaired: list[bool],
) -> tuple[str, ...]:
    """The question in sentences."""
    sweep = results.sweep
    where = question.measured
    factors = sentences.series(list(sweep.factors))
    if question.effects:
        first = f"Which of {factors} affects {where}, by how much, how certain is it, and what does it cost?"
        within = "" if any(unpaired) else ", within each seed"
        second = f"Each effect is the mean over arms with one level minus the mean over arms with the other{within}."
    else:
        first = f"Which change of {factors} affects {where}, by how much, how certain is it, and what does it cost?"
        second = _compared(results, question, names, retuned, partner, "" if any(unpaired) else ", seed by seed")
    own = [sweep.question] if sweep.question else []
    return (*own, first, second) if question.judged else (*own, first)


def _compared(
    results: Results, question: Question, names: dict[int, str], retuned: Retuned | None, partner: str | None, how: str
) -> str:
    """What arms are compared with. how: they are paired, behind that."""
    others = {against for _, against in question.pairs}
    if retuned is not None:
        return (
            f"Every other arm is compared with {names[0]}, seed by seed: all at the shared learning rate, and each at its best "
            "learning rate."
        )
    if len(others) == 1:
        return f"Every other arm is compared with {names[others.pop()]}{how}."
    if partner is not None:
        return f"Every arm is compared with {partner}{how}."
    planned = "each of the sweeps" if results.sweep.joined else "the sweep"
    return f"Arms are compared as {planned} planned it{how}."


def plan(
    results: Results, question: Question, names: dict[int, str], retuned: Retuned | None, begun_earlier: int | None
) -> tuple[str, ...]:
    """What sweep.json fixed, a line each; a store fixed nothing."""
    sweep = results.sweep
    fixed = sweep.fixed
    what_was = _fixed(fixed, sweep.averaged, question.metric.points)
    each = naming.seeds_an_arm(results)
    arms, runs = len(sweep.arms), len(sweep.runs)
    on = "" if sweep.is_table else f" from {counted(len(sweep.fingerprints), 'training')}"
    judged = len(fixed.effects) or len(fixed.differences)
    what = "effect" if fixed.effects else "difference"
    looks = fixed.looks
    if sweep.design == STORE:
        fixes = ["nothing was fixed before training: a store holds what was trained for any purpose"]
    elif sweep.is_table:
        fixes = [f"not planned here: {what_was}; {counted(judged, what)} judged"]
    elif sweep.joined:
        fixes = [f"fixed by each sweep before they were joined: {what_was}; {counted(judged, what)} judged by all"]
    else:
        share = stats.percents([1 - look.row.level for look in question.looked] or [stats.family_level(judged, looks)])
        several = f", with {looks} looks" if looks > 1 else ""
        level = f", so each at a level of {share}" if judged else ""
        when = sentences.when_fixed(retuned, begun_earlier)
        fixes = [f"fixed {when}: {what_was}; {counted(judged, what)} judged{several}{level}"]
    return (
        f"design: {sweep.design}, {counted(arms, 'arm')} with {each}{' each' if arms > 1 else ''} = {counted(runs, 'run')}{on}",
        *(f"factor {factor}: {', '.join(levels)}" for factor, levels in sweep.factors.items()),
        *([f"arms: {'; '.join(names.values())}"] if arms <= MOST_ARMS else []),
        f"seeds: {', '.join(map(str, sweep.seeds))}",
        *([] if retuned is None else [f"learning rates: {retuned.how} Chosen: {retuned.chosen}"]),
        *fixes,
        *caveats.said(results, question, begun_earlier),
    )


def _fixed(fixed: Fixed, last: int, points: str) -> str:
    """Metric, images, step, weights and margin. points: the unit of the margin."""
    margin = "no margin" if fixed.margin is None else f"a margin of ± {fixed.margin:g} {points}"
    weights = sentences.series(sorted({each for each in fixed.weights if each != ONE_VALUE}))
    read = f"{where_read(fixed.steps, last)}{f' with {weights} weights' if weights else ''}"
    return f"{fixed.metric} on the {fixed.evaluation_set} set{', read' if last == 1 and read else ''}{read}; {margin}"


def took(
    retuned: Retuned | None, run_counts: dict[str, int], training_counts: dict[str, int], compute: dict[str, Any]
) -> tuple[str, ...]:
    """What all of it cost, a sentence each."""
    runs, trainings = run_counts, training_counts
    used = f" used {counted(sum(trainings.values()), 'training')} ({listed(trainings)})" if trainings else ""
    lines = [f"{counted(sum(runs.values()), 'run')} ({listed(runs)}){used}."]
    if compute["seconds"] > 0:
        lines.append(
            f"Training took {duration(compute['seconds'])} in total: {duration(compute['mean_seconds'])} per training on "
            f"average, {duration(compute['longest_seconds'])} at most. A training that several runs share counts once; the "
            "times of parallel trainings add up."
        )
    if compute["untimed"]:
        lines.append(f"The time of {counted(compute['untimed'], 'training')} is unknown, because no evaluation recorded it.")
    return (*lines, *(retuned.took if retuned is not None else []))
