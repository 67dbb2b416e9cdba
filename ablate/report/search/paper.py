"""What a paper needs of a search: a paragraph on the method, and a checklist."""

import pandas as pd

from ablate import escaping, numbers
from ablate.config import own
from ablate.report.paper.latex import tabular
from ablate.report.paper.methods import TO_FILL_IN, machines, paragraph
from ablate.report.paper.methods import test as rule
from ablate.report.search.repeat import again
from ablate.report.search.tables import named, space
from ablate.report.search.words import (
    answer,
    best_setting,
    counted_trials,
    default_won,
    fixed_words,
    holds,
    setting,
    value,
    warnings,
)
from ablate.results.search import SearchResults
from ablate.stats import searches
from ablate.text import counted


def methods(found: SearchResults) -> str:
    """`methods.md`: paragraphs in the past tense; what no file tells is marked to be filled in."""
    paragraphs = (_searched(found), _judged(found), _confirmed(found), _took(found))
    return "\n".join(["# Method\n", *(paragraph(lines) + "\n" for lines in paragraphs)])


def _searched(found: SearchResults) -> list[str]:
    search, budget = found.search, found.search["budget"]
    space = "; ".join(f"{key} ({one.written})" for key, one in found.space.items())
    seeds = found.sweep.seeds
    pruner = search["pruner"]
    stopped = (
        "no trial was pruned"
        if pruner["name"] == "none"
        else f"the pruner {named(pruner)} ended trials early"
        + ("" if budget["examples"] is None else f", not before epoch {search.get('min_epochs', 1):g}")
    )
    arms = search.get("arm_keys") or []
    among = f" and only against trials with the same {' and '.join(arms)}" if arms and pruner["name"] != "none" else ""
    lines = [
        f"We searched over {space} with {counted(search['n_trials'], 'trial')}, each trained with "
        f"{counted(len(seeds), 'seed')} ({', '.join(map(str, seeds))}).",
        f"The sampler {named(search['sampler'])} proposed the settings (seed {search.get('sampler_seed', 0)}); "
        f"{stopped}{among}.",
        f"Each training had a budget of {budget['epochs']:g} epochs ({budget['examples']:,} examples at any batch size)."
        if found.sweep.trainer is None
        else "Each training ran to its own end."
        if budget["examples"] is None
        else f"Each training had a budget of {counted(budget['examples'], 'step')}.",
    ]
    fixed = fixed_words(found)
    return [*lines, f"All trials shared: {fixed}."] if fixed else lines


def _judged(found: SearchResults) -> list[str]:
    search = found.search
    aims = " and ".join(
        f"{one.title} ({direction}d)" for one, direction in zip(found.objectives, search["directions"], strict=True)
    )
    lines = [f"The objective was {aims}." if len(found.objectives) == 1 else f"The objectives were {aims}."]
    if found.tuned_on_test or found.sweep.trainer in own.TRAINERS:
        return [*lines, *(f"{line}." for line in warnings(found))]
    train, held_out = search.get("train_images"), search.get("validation_images")
    if train and held_out:
        lines.append(
            f"Trials were trained on {train:,} training images and scored on {held_out:,} others, held out in a fixed, "
            "class-balanced split; the test set was not used."
        )
    return lines


def _confirmed(found: SearchResults) -> list[str]:
    analysis = found.confirmation
    if analysis is None:
        why = "the default setting scored best" if default_won(found) else "the best setting was not retrained"
        return [f"There is no confirmation: {why}."]
    seeds = analysis.results.sweep.seeds
    on_all = "" if found.sweep.trainer in own.TRAINERS else " on all training images"
    return [
        f"We then retrained the best-scoring setting and the default setting{on_all} with "
        f"{counted(len(seeds), 'fresh seed')} ({', '.join(map(str, seeds))}) and evaluated them on the "
        f"{analysis.question.evaluation_set} set after the last step. We report only this comparison as a result.",
        *analysis.fill(rule),
        "The best trial's score is a maximum and therefore optimistic; we do not report it as a result.",
        holds(found),
    ]


def _took(found: SearchResults) -> list[str]:
    lines = [*counted_trials(found), *_compute(found)]
    where = machines(found.trainings)
    return [*lines, f"Trials ran on {'; '.join(where)}."] if where else lines


def _compute(found: SearchResults) -> list[str]:
    frame = searches.spent(found.trials).set_index("what")
    trained, pruned, reused = (frame.loc[what] for what in ("trained", "saved by pruning", "saved by reuse"))
    took = numbers.duration(trained["seconds"])
    lines = [f"The trials trained on {numbers.whole(trained['examples'])} {found.amount} in {took} of total training time."]
    saved = [
        f"{what} saved {numbers.whole(row['examples'])} {found.amount}"
        + ("" if pd.isna(row["seconds"]) else f" ({numbers.duration(row['seconds'])})")
        for what, row in (("pruning", pruned), ("reusing earlier trainings", reused))
        if row["examples"]
    ]
    if saved:
        told = " and ".join(saved)
        lines.append(f"{told[0].upper()}{told[1:]}.")
    if found.confirmation is not None:
        lines.append(f"The confirmation took {numbers.duration(found.confirmation.compute['seconds'])}.")
    return lines


def checklist(found: SearchResults) -> str:
    """`checklist.md`: what checklists of conferences ask of a search, with its answers."""
    best = best_setting(found)
    fixed = fixed_words(found) or "the defaults"
    chosen = [] if best is None else [f"Best score: {setting(best)}."]
    keys = (f"{key}: {one.written}; default {value(found.default[key])}" for key, one in found.space.items())
    listed = "\n".join(f"- {escaping.markdown(line)}" for line in keys)
    unknown = f"{TO_FILL_IN} experiments before this search that it does not include."
    parts = [
        ("Hyperparameters: what was searched?", f"{listed}\n\n{paragraph([f'Fixed: {fixed}.', *chosen])}"),
        (
            "Hyperparameters: how many settings were tried, with how many seeds?",
            paragraph([_tried(found), *counted_trials(found)]),
        ),
        ("Hyperparameters: how were they chosen?", paragraph(_searched(found)[1:3])),
        ("Hyperparameters: which command repeats the search?", escaping.markdown_code(again(found))),
        (
            "Splits: which images were for choosing settings, and which for the final evaluation?",
            paragraph([*_judged(found), *_confirmed(found)[:1]]),
        ),
        (
            "Variability: how certain is the result?",
            paragraph([answer(found), "The best trial's score is not a result."]),
        ),
        (
            "Compute: what did all trials cost, including failed and pruned ones?",
            paragraph([*_compute(found), unknown]),
        ),
    ]
    return "\n".join(["# Checklist\n", *(f"## {question}\n\n{told}\n" for question, told in parts)])


def _tried(found: SearchResults) -> str:
    seeds = found.sweep.seeds
    return (
        f"{counted(found.search['n_trials'], 'trial')} were planned, each with {counted(len(seeds), 'seed')} "
        f"({', '.join(map(str, seeds))}). Pruned, diverged and failed trials count."
    )


def table(found: SearchResults) -> str:
    """`table.tex`: the search space with its defaults and the best setting."""
    made = space(found)
    head = "% Needs \\usepackage{booktabs} in the preamble.\n"
    return head + tabular(made.text, list(made.words))
