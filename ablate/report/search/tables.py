"""The tables of a search."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ablate import numbers
from ablate.report import tables
from ablate.report.search.words import STATES, best_setting, counted_trials, fixed_words, holds, state, value
from ablate.report.tables.table import Column, Table, numeric, shown, wordy
from ablate.results.analysis import Analysis
from ablate.results.search import SearchResults, as_number
from ablate.stats import searches
from ablate.stats.objectives import Objective
from ablate.text import capital, counted

CONFIRMED = ("verdicts", "arms", "costs", "noise")  # of the confirmation's tables
SHARE_PLACES = 2
OPTIMISTIC = "The best of many noisy scores is optimistic; report only the confirmation on fresh seeds."


def every(found: SearchResults) -> list[Table]:
    """The tables that a search has something for, in the order in which they are read."""
    confirmed = [] if found.confirmation is None else of_confirmation(found.confirmation)
    own = [best(found), space(found), setup(found), importances(found), spent(found), failures(found), trials(found)]
    return [*confirmed, *(table for table in own if table is not None)]


def of_confirmation(analysis: Analysis) -> list[Table]:
    """The tables of the confirmation that a search shows, with names of their own."""
    titles = {"verdicts": "What the best setting is worth", "arms": "The best setting and the default", "noise": "Noise floor"}
    return [
        Table(
            f"confirmation_{table.name}",
            titles.get(table.name, table.title),
            table.columns,
            table.notes,
            folded=table.name == "noise",
        )
        for table in tables.in_file(analysis)
        if table.name in CONFIRMED
    ]


def best(found: SearchResults) -> Table | None:
    """The best settings so far, or the front of two objectives; None without a trial that is done."""
    if found.done.empty:
        return None
    if len(found.objectives) > 1:
        frame = searches.fronts(found.trials, found.objectives)
        first = found.objective
        frame = (
            frame[frame["front"]].sort_values(first.column, ascending=first.better < 0, kind="stable").reset_index(drop=True)
        )
        note = (
            "No other trial is as good as one of these in both objectives and better in one. Their scores are optimistic "
            "(selection bias)."
        )
        return Table("front", "Pareto front", _scored(found, frame), (note, holds(found), *_reused(found, frame)))
    frame = searches.ranked(found.trials, found.objective)
    top = frame.head(searches.TOP)
    default = frame[frame["default"]]
    notes = [OPTIMISTIC, holds(found)]
    if not top["default"].any():
        if len(default):
            place = int(default.index[0]) + 1
            notes.append(f"The default setting ranks {place} of {len(frame)} finished trials.")
            top = pd.concat([top, default.head(1)])
        else:
            tried = found.trials[found.trials["default"]]
            told = [f"trial {number}: {what}" for number, what in zip(tried["number"], tried["state"], strict=True)]
            notes.append(f"The default setting has no score ({', '.join(told) or 'no trial'}).")
    return Table(
        "best",
        "The best settings",
        _scored(found, top.reset_index(drop=True)),
        (*notes, *_reused(found, top)),
        caption="The highest scores",
    )


def _scored(found: SearchResults, frame: pd.DataFrame) -> tuple[Column, ...]:
    """Trials with their scores, and what their trainings took, no matter which trial did them."""
    reused = frame["reused_examples"]
    roles = ["the default" if default else "" for default in frame["default"]]
    return (
        numeric("trial", frame["number"], str),
        *_parameters(found, frame),
        *(_scores(one, one.heading, frame[one.column]) for one in found.objectives),
        *([wordy("note", roles)] if any(roles) else []),
        numeric(found.amount, frame["examples"] + reused, numbers.whole, spare=2),
        *([numeric(f"reused {found.amount}", reused, numbers.whole, spare=3)] if reused.any() else []),
        numeric("seconds", frame["seconds"] + frame["reused_seconds"], numbers.whole, spare=1),
    )


def _reused(found: SearchResults, frame: pd.DataFrame) -> list[str]:
    told = f"Reused: trained earlier by other trials or studies. {capital(found.amount)} and seconds include it."
    return [told] if frame["reused_examples"].any() else []


def _scores(one: Objective, heading: str, values: "pd.Series[float]") -> Column:
    """A column of values of an objective, in its unit."""
    return Column(heading, tuple(map(one.number, values)), one.scale * values.reset_index(drop=True))


def _parameters(found: SearchResults, frame: pd.DataFrame) -> list[Column]:
    return [
        wordy(key, map(value, frame[key]))
        if _is_words(found, key)
        else Column(key, tuple(map(value, frame[key])), _numbers(frame[key]))
        for key in found.space
    ]


def _is_words(found: SearchResults, key: str) -> bool:
    one = found.space[key]
    return one.kind == "categorical" and any(isinstance(as_number(word), str) for word in one.choices)


def _numbers(values: "pd.Series[Any]") -> "pd.Series[Any]":
    return pd.to_numeric(values, errors="coerce").astype("float64").reset_index(drop=True)


def space(found: SearchResults) -> Table:
    """What was searched over."""
    keys, chosen = list(found.space), best_setting(found)
    rows = [found.space[key] for key in keys]
    columns = [
        wordy("key", keys),
        wordy("searched over", [one.written for one in rows]),
        wordy("values", [_values(one.kind, len(one.choices), one.step, one.log) for one in rows]),
        shown([value(found.default[key]) for key in keys], "default"),
    ]
    if chosen is not None:
        columns.append(shown([value(chosen[key]) for key in keys], "best"))
    fixed = fixed_words(found)
    notes = (f"Same in all trials: {fixed}.",) if fixed else ()
    return Table("space", "The search space", tuple(columns), notes)


def _values(kind: str, choices: int, step: float | None, log: bool) -> str:
    if kind == "categorical":
        return f"{choices} choices"
    what = "whole numbers" if kind == "int" else "numbers"
    return what + (", on a logarithmic scale" if log else "") + (f", in steps of {step:g}" if step else "")


def setup(found: SearchResults) -> Table:
    """How it was searched: trials, seeds, sampler, pruner, budget, images and confirmation."""
    rows = _setup(found)
    return Table(
        "setup", "Search settings", (wordy("setting", rows), wordy("value", rows.values())), tuple(counted_trials(found)[1:])
    )


def _setup(found: SearchResults) -> dict[str, str]:
    search, budget = found.search, found.search["budget"]
    seeds = ", ".join(map(str, found.sweep.seeds))
    images = f", {search['validation_images']:,} images" if search.get("validation_images") else ""
    limit = f", or until {numbers.duration(search['timeout'])} have passed" if search.get("timeout") else ""
    confirmed = "none" if search["confirm_seeds"] == 0 else counted(search["confirm_seeds"], "fresh seed")
    if found.confirmation is not None:
        confirmed += f" ({', '.join(map(str, found.confirmation.results.sweep.seeds))}), on the "
        confirmed += f"{found.confirmation.question.evaluation_set} set"
    directions = zip(found.objectives, found.search["directions"], strict=True)
    return {
        "trials": f"{search['n_trials']:,} planned{limit}; {numbers.listed(found.ended) or 'none so far'}",
        "seeds of each trial": f"{seeds} ({len(found.sweep.seeds)})",
        "objective": "; ".join(f"{one.title}, {direction}" for one, direction in directions),
        "scored on": f"{found.evaluation_set} set{images}",
        "trained on": f"{search['train_images']:,} images" if search.get("train_images") else numbers.NONE,
        "sampler": named(search["sampler"]) + f"; seed {search.get('sampler_seed', 0)}",
        "pruner": named(search["pruner"])
        + (
            f"; not before epoch {search['min_epochs']:g}"
            if search.get("min_epochs") and search["pruner"]["name"] != "none" and budget["examples"] is not None
            else ""
        ),
        "budget of a trial": "to its own end"
        if budget["examples"] is None
        else f"{budget['epochs']:g} epochs = {budget['examples']:,} examples a seed, evaluated every "
        f"{'epoch' if budget['eval_epochs'] == 1 else format(budget['eval_epochs'], 'g') + ' epochs'}"
        if found.sweep.trainer is None
        else f"{counted(budget['examples'], 'step')} a seed",
        "pruned against trials with the same": ", ".join(search.get("arm_keys", ())) or "any key (all trials)",
        "confirmation": confirmed,
    }


def named(content: Mapping[str, Any]) -> str:
    """A sampler or pruner with its parameters."""
    told = ", ".join(f"{key}={given}" for key, given in content.items() if key not in ("name", "seed") and given is not None)
    return f"{content['name']}{f' ({told})' if told else ''}"


def importances(found: SearchResults) -> Table | None:
    """How much each searched key matters; None where that cannot be told."""
    frame, notes = found.importances
    if frame.empty:
        return None
    several = [wordy("objective", frame["objective"])] if len(found.objectives) > 1 else []
    columns = (
        wordy("key", frame["parameter"]),
        *several,
        numeric("importance", frame["importance"], lambda v: numbers.number(v, SHARE_PLACES)),
        shown(
            [
                numbers.interval(low, high, SHARE_PLACES, signs=False)
                for low, high in zip(frame["low"], frame["high"], strict=True)
            ],
            "leaving out one trial",
        ),
        numeric("trials", frame["trials"], numbers.whole),
    )
    return Table(
        "importance",
        "Importance of each key",
        columns,
        (*about_importance(frame), *(f"{note}." for note in notes)),
        caption="How much of the variation of scores each key explains",
    )


def about_importance(frame: pd.DataFrame) -> list[str]:
    """What an importance is."""
    return [
        f"{frame['evaluator'].iloc[0]}: the share of the variance in scores that one key explains, in a random forest fitted "
        f"to the {counted(int(frame['trials'].iloc[0]), 'finished trial')}; the shares sum to 1. Importance applies to the "
        "searched ranges only. Pruned and diverged trials are excluded, so it understates keys that can hurt."
    ]


def spent(found: SearchResults) -> Table | None:
    """What was trained, and what was saved; None before a trial began."""
    frame = searches.spent(found.trials)
    if not frame["examples"].any():
        return None
    frame = frame[frame["examples"].gt(0) | frame["what"].eq("trained")].reset_index(drop=True)
    columns = (
        wordy("training", frame["what"]),
        numeric(found.amount, frame["examples"], numbers.whole),
        shown(
            [
                numbers.NONE if pd.isna(v) else f"{numbers.number(100 * v, 0 if v >= 0.01 or not v else 1)}%"
                for v in frame["share"]
            ],
            "share",
        ),
        numeric("time", frame["seconds"], numbers.duration),
    )
    notes = (
        "Saved by pruning: what pruned trials were planned to train minus what they trained or reused, timed at each trial's "
        "pace. Saved by reuse: training done by other trials or studies; resumed training does not count. Times of parallel "
        "trials add up. The confirmation is not included.",
    )
    return Table("spent", "Training spent and saved", columns, notes)


def failures(found: SearchResults) -> Table | None:
    """Trials that diverged, failed, lapsed or were surplus, with the reason; None where there are none."""
    frame = found.trials[found.trials["state"].isin(("diverged", "failed", "lapsed", "surplus"))].reset_index(drop=True)
    if frame.empty:
        return None
    after = frame["number"].map(
        dict(zip(found.trials["retry_of"].dropna(), found.trials["number"][found.trials["retry_of"].notna()], strict=True))
    )
    reasons = [
        str(error) if pd.notna(error) else f"trial {int(next_one)} resumed it" if pd.notna(next_one) else STATES[found_state]
        for error, next_one, found_state in zip(frame["error"], after, frame["state"], strict=True)
    ]
    columns = (
        numeric("trial", frame["number"], str),
        *_parameters(found, frame),
        wordy("state", frame["state"].map(state)),
        numeric(f"{found.amount} reached", frame["came_examples"], numbers.whole),
        wordy("reason", reasons),
    )
    counts = numbers.listed(frame["state"].map(state).value_counts().to_dict())
    return Table("failures", f"Trials without a score: {counts} (of {len(found.trials):,})", columns)


def trials(found: SearchResults) -> Table:
    """All trials, whatever became of them."""
    frame = found.trials
    learned = found.learned
    last = [] if learned is None else [_scores(learned, f"last {learned.heading}", frame["last_value"])]
    columns = (
        numeric("trial", frame["number"], str),
        wordy("state", frame["state"].map(state)),
        *_parameters(found, frame),
        *(_scores(one, one.heading, frame[one.column]) for one in found.objectives),
        *last,
        numeric(f"{found.amount} reached", frame["came_examples"], numbers.whole),
        numeric(f"trained {found.amount}", frame["examples"], numbers.whole),
        numeric("seconds", frame["seconds"], numbers.whole),
        wordy("proposed by", frame["source"]),
    )
    notes = (
        f"A pruned trial has a last score but no score. Trained {found.amount} and seconds are what the trial added to earlier "
        "training.",
    )
    return Table("trials", f"All {counted(len(frame), 'trial')}", columns, notes, folded=True)
