"""What a search found, in sentences: the confirmation is its result, the score of its best trial never is."""

from typing import Any, assert_never

import pandas as pd

from ablate import escaping, numbers
from ablate.config import own
from ablate.report import bounds, caveats, footnotes
from ablate.report import sentences as words
from ablate.results.analysis import Analysis
from ablate.results.search import SearchResults, Setting, as_number
from ablate.stats import Outcome, searches
from ablate.store.state import FINISHED
from ablate.store.sweep_runs import SweepRun
from ablate.store.trials import same, same_set, shown
from ablate.text import capital, counted

SPREAD, SPREAD_OF = 0.4, "cifar10"  # SD in pp over runs of one setting, on this data, where no confirmation has it
PICKED = "the best of many noisy scores is optimistic"
STATES = {
    "done": "done",
    "pruned": "pruned",
    "diverged": "diverged",
    "failed": "failed",
    "running": "running",
    "waiting": "waiting",
    "lapsed": "abandoned (its worker stopped or died; another trial took its place)",
    "surplus": "duplicate (taken by two processes at once, never started)",
}


def value(found: Any) -> str:
    """A value of a searched key as readers see it, as in `0.0513`, `128` or `alex2`."""
    if pd.isna(found):
        return numbers.NONE
    return f"{found:.6g}" if isinstance(found, float) and abs(found) >= 1000 else shown(found)


def setting(found: Setting) -> str:
    """A setting as in `lr: 0.0513, batch_size: 128`."""
    return ", ".join(f"{key}: {value(one)}" for key, one in found.items())


def state(found: str) -> str:
    """What became of a trial, in a word."""
    return STATES[found].partition(" (")[0]


def fixed_words(found: SearchResults) -> str:
    """What was the same in all trials, as its user typed it."""
    fixed = found.search["fixed_overrides"]
    return escaping.command(own.as_typed(fixed)) if own.is_own(fixed) else " ".join(fixed)


def best_setting(found: SearchResults) -> Setting | None:
    """The setting with the best score so far, of two objectives in the first; None without a trial that is done."""
    return None if found.best is None else found.setting(found.best)


def default_won(found: SearchResults) -> bool:
    """Whether the default setting has the best score."""
    best = best_setting(found)
    return best is not None and all(same(best[key], found.sweep.baseline[key]) for key in best)


def answer(found: SearchResults) -> str:
    """The first sentence: what the search gained, by its confirmation."""
    best = best_setting(found)
    if best is None:
        return "The search has no result yet: no trial is done."
    if found.confirmation is not None:
        return confirmed(found, found.confirmation, best)
    if default_won(found):
        none = f"none of {counted(len(found.finished), 'trial')} scored better than {setting(best)}"
        if len(found.objectives) > 1:
            return f"In {found.objective.title} the default setting won: {none}, so there is nothing to confirm."
        return f"The default setting won: {none}, so the search gained nothing and there is nothing to confirm."
    why = (
        "confirm_seeds=0 asked for none"
        if found.search["confirm_seeds"] == 0
        else "it follows once the search is finished"
        if unfinished(found)
        else "rerun the search's command to add it, unless another process has"
    )
    return f"The search has no result yet: its best setting so far ({setting(best)}) is not confirmed on fresh seeds; {why}."


def _front(found: SearchResults) -> str:
    front = int(searches.fronts(found.trials, found.objectives)["front"].sum())
    names = words.series([one.title for one in found.objectives])
    are = "is" if front == 1 else "are"
    alone = f"Only the best in {found.objective.title} is confirmed; " if found.confirmation is not None else ""
    biased = f"{alone}the scores of the {'others' if alone else 'front'} are optimistic (selection bias)."
    return (
        f"{front} of {counted(len(found.done), 'finished trial')} {are} Pareto-optimal in {names}: no other trial is as good "
        f"in both and better in one. {biased[0].upper()}{biased[1:]}"
    )


def measured(found: SearchResults, analysis: Analysis, arm: int) -> Setting:
    """The whole setting of an arm of the confirmation, of which only what differs is a factor."""
    run = next(run for run in analysis.results.sweep.runs if run.arm == arm)
    given = _fixed(run, found.sweep.trainer in own.TRAINERS) | dict(analysis.results.sweep.arms[arm].levels)
    return {key: as_number(given[key]) for key in found.space if key in given}


def _fixed(run: SweepRun, users: bool) -> dict[str, str]:
    """What the command of a run says, by key. users: whether values are texts, as typed."""
    return {key: own.texts(text)[0] if users and own.is_users(key) else text for key, text in run.words.items()}


def confirmed(found: SearchResults, analysis: Analysis, best: Setting) -> str:
    """What the confirmation says of the best setting."""
    question, frame = analysis.question, analysis.comparisons
    if frame.empty:
        return "The search gained nothing: its best setting gives the same training as the default."
    row, interim = bounds.readable(frame, question.metric).to_dict("records")[0], analysis.fill(caveats.interim)
    if row["n"] == 0:
        return f"The search has no result yet: no seed of its confirmation is complete. {interim}".strip()
    arm, default = (measured(found, analysis, int(row[side])) for side in ("arm", "against"))
    winner, usual = f"best setting ({setting(arm)})", f"the default ({setting(default)})"
    points, places = question.metric.points, analysis.places
    seeds = counted(int(row["n"]), "fresh seed")
    where = f"on the {question.evaluation_set} set ({seeds})"
    size = numbers.number(abs(row["points"]), places)
    within = numbers.interval(row["low"], row["high"], places)
    amount = f"{numbers.signed(row['points'], places)} {points}" + ("" if within == numbers.NONE else f" (CI {within})")
    reason = words.verdict({**row, "dagger": False}, question.margin).partition(": ")[2]
    match told := Outcome(row["verdict"]):
        case Outcome.HELPS:
            line = f"The search helped: its {winner} beats {usual} by {size} {points} (CI {within}) {where}"
        case Outcome.HURTS:
            line = f"The search gained nothing: its {winner} is worse than {usual}, {amount} {where}"
        case Outcome.NO_EFFECT:
            line = (
                f"The search gained nothing that matters: its {winner} is within "
                f"± {question.margin:g} {points} of {usual} ({words.equivalence(row, places)}) {where}"
            )
        case Outcome.INCONCLUSIVE:
            difference = f"The difference on the {question.evaluation_set} set is {amount}"
            line = f"Inconclusive: {seeds} cannot settle whether the {winner} beats {usual}. {difference}. {capital(reason)}"
        case Outcome.NO_VERDICT:
            line = f"No verdict ({reason}) on whether the {winner} beats {usual}. The difference so far is {amount} {where}"
        case _:
            assert_never(told)
    return f"{line}.{f' {interim}' if interim else ''}{_another(found, arm, best)}"


def _another(found: SearchResults, confirmed: Setting, best: Setting) -> str:
    if all(same(confirmed.get(key), one) for key, one in best.items()):
        return ""
    return f" That was the best setting when it was confirmed; now {setting(best)} scores best."


def unfinished(found: SearchResults) -> bool:
    """Whether trials are still to come."""
    return len(found.finished) < int(found.search["n_trials"])


def warnings(found: SearchResults) -> list[str]:
    """What must not be overlooked: that the test set was looked at, for choosing or more than once."""
    told = []
    if found.earlier:
        count = "an earlier one" if len(found.earlier) == 1 else f"{len(found.earlier)} earlier ones"
        told.append(
            f"This is not the first confirmation: {count} ({', '.join(found.earlier)}) used other seeds and the same test "
            "images. Adding trials until a confirmation pleases makes the test set choose"
        )
    confirmation = found.confirmation
    if confirmation is not None and any(len(looks) > 1 for looks in confirmation.looks):
        told.append(footnotes.promise(confirmation.looks).removesuffix("."))
    if (same := same_set(found.evaluation_set, found.sweep.trainer)) is not None:
        told.append(capital(same))
    if not found.tuned_on_test:
        return told
    return [
        *told,
        "The search chose settings by their test scores (allow_test=true), so its test results, including the confirmation, "
        "are biased",
    ]


def sentences(found: SearchResults) -> list[str]:
    """What goes with the answer: that the best score is no result, for what the winner holds, and what became of the trials."""
    lines = []
    if len(found.done):
        lines += [*([_front(found)] if len(found.objectives) > 1 else []), _optimistic(found), holds(found)]
    return [*lines, *counted_trials(found)]


def _optimistic(found: SearchResults) -> str:
    """That the best score is not a result."""
    one, trials = found.objective, len(found.finished)
    best = searches.ranked(found.trials, one)[one.column].iloc[0]
    line = f"The best trial's {one.title}, {one.text(best)}, is not a result: {PICKED}."
    spread = _spread(found)
    if one.name != "accuracy" or trials < 2 or (spread is None and found.data != SPREAD_OF):
        return line
    amount = numbers.number(searches.flattery(trials).deviations * (spread or SPREAD), 1)
    given = (
        f"given an SD of {numbers.number(spread, 2)} pp between runs (from the confirmation)"
        if spread
        else f"if runs have an SD of {SPREAD:g} pp (typical on CIFAR-10)"
    )
    return f"{line} The best of {trials} equally good trials exceeds its true value by about {amount} pp, {given}."


def _spread(found: SearchResults) -> float | None:
    """How far runs of one setting scatter, in points, as far as the confirmation tells."""
    if found.confirmation is None or found.confirmation.question.metric.name != "accuracy":
        return None
    deviation = float(found.confirmation.noise["sd"].iloc[0]) if len(found.confirmation.noise) else float("nan")
    return deviation if deviation > 0 else None


def holds(found: SearchResults) -> str:
    """For which length of training the winner was chosen, and for which it was measured."""
    budget = found.search["budget"]
    if budget["examples"] is None:
        return "This holds for trainings as long as these: settings that learn fastest early need not be best in longer ones."
    epochs = f"{float(budget['epochs']):g} {'epoch' if float(budget['epochs']) == 1 else 'epochs'}"
    trained = f"{epochs} ({budget['examples']:,} examples)"
    if found.sweep.trainer is not None:
        trained = counted(budget["examples"], "step")
    line = (
        f"This holds for the budget of {trained}, not for longer training: settings that learn fastest early need not be best "
        "in the end."
    )
    longer = found.search.get("confirm_epochs")
    if found.confirmation is not None and longer is not None and float(longer) != float(budget["epochs"]):
        line += f" The confirmation trained for {float(longer):g} epochs."
    return line


def counted_trials(found: SearchResults) -> list[str]:
    """How many trials there are of each state, and which of them count."""
    counts, wanted = found.counts, int(found.search["n_trials"])
    total = sum(found.ended.values())
    lines = [
        f"{total:,} of {counted(wanted, 'trial')} {'is' if total == 1 else 'are'} finished: "
        f"{numbers.listed(found.ended) or 'none'}."
    ]
    if others := {STATES[state]: count for state, count in counts.items() if state not in FINISHED}:
        lines.append(f"Not counted: {numbers.listed(others)}.")
    return lines
