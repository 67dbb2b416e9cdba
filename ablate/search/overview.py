"""What a search would try, what it costs at most, and what it says when it ends: before the first trial."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ablate import terminal
from ablate.planning.forecast import Forecast, forecast
from ablate.planning.runs import Training, trainings
from ablate.planning.site import Site
from ablate.resources import Share
from ablate.search import space
from ablate.search.spec import SearchSpec
from ablate.store.sweep_check import EVALUATION_SETS
from ablate.store.trials import same_set, shown
from ablate.text import clock, counted

if TYPE_CHECKING:
    from ablate.search.trial_queue import TrialQueue


def describe(search: SearchSpec, site: Site, queue: "TrialQueue | None" = None) -> dict[str, Any]:
    """All there is to say about a search before it goes on, as JSON-able content.

    `seconds` is what it takes at most, if no trial is pruned and each takes as long as the default setting; None where that is
    not known, with the reason in `unknown`.

    Args:
        site: where it would be trained, on a back end of ours.
        queue: of its study, where there is one.
    """
    asked = search.settings
    done = 0 if queue is None else min(asked.n_trials, queue.finished())
    left = asked.n_trials - done
    per_trial = len(asked.seeds)
    runs = search.runs(0, search.default)
    assert site.share is not None
    shared = site.share(max(1, left * per_trial))
    trials = _forecast(trainings(runs), shared, site)
    confirmation = _confirmation(search)
    measured = _forecast(confirmation, site.share(max(1, len(confirmation))), site)
    seconds = None
    if trials.seconds is not None and measured.seconds is not None:
        each = [one for one in trials.each.values() if one is not None]
        seconds = sum(each) * left / shared.at_once + measured.seconds
    return {
        "name": search.name,
        "study": search.study,
        "design": "search",
        "space": {key: one.written for key, one in search.space.items()},
        "metric": search.asked.metric.name,
        "trainer": search.asked.other,
        "points": space.size(search.space),
        "default": {key: str(value) for key, value in search.default.items()},
        "objectives": list(asked.objectives),
        "trials": asked.n_trials,
        "trials_done": done,
        "seeds": list(asked.seeds),
        "sampler": asked.sampler["name"],
        "pruner": asked.pruner["name"],
        "examples": search.budget.examples,
        "epochs": search.budget.epochs,
        "train_images": search.asked.sizes.get("training_images"),
        "judged_on": search.asked.spec.evaluation_set,
        "images": search.images_judged,
        "examples_at_most": None if search.budget.examples is None else left * per_trial * search.budget.examples,
        "confirmation_trainings": len(confirmation),
        "confirmation_epochs": search.final_epochs,
        "seconds": seconds,
        "sources": list(trials.sources),
        "unknown": trials.unknown or measured.unknown,
        "workers": shared.at_once,
        "threads": shared.threads,
        "notes": [*_same_set(search), *search.asked.spec.notes] if search.users else [],
        "outside": list(search.outside),
    }


def _same_set(search: SearchSpec) -> list[str]:
    told = same_set(search.asked.spec.evaluation_set, search.asked.other)
    return [] if told is None else [told]


def _forecast(wanted: list[Training], shared: Share, site: Site) -> Forecast:
    return forecast(wanted, replace(shared, at_once=min(shared.at_once, max(1, len(wanted)))), pace_key=site.pace_key)


def _confirmation(search: SearchSpec) -> list[Training]:
    """The trainings that measure a winner, taken to cost as much as the default setting."""
    if not search.settings.confirm_seeds:
        return []
    for other in space.corners(search.space, search.default):
        made = search.confirmation(other)
        if made is not None:
            default = [run for run in made.runs if run.arm == 0]
            return trainings(default) * 2
    return []


def head(description: Mapping[str, Any]) -> list[str]:
    """What stands at the head of a search as it starts, a line each."""
    at = description
    seeds = f", each with {len(at['seeds'])} seeds" if len(at["seeds"]) > 1 else ""
    done = f", {at['trials_done']} already finished" if at["trials_done"] else ""
    over = ", ".join(f"{key} in {written}" for key, written in at["space"].items())
    trials = f"{counted(at['trials'], 'trial')}{seeds}{done}"
    winner = "best setting" if len(at["objectives"]) == 1 else f"setting with the best {at['objectives'][0]}"
    aim = f", for {' and '.join(at['objectives'])}" if at["objectives"] != [at["metric"]] else ""
    lines = [
        f"{at['study'] or 'search'}: {trials} over {over}{aim} ({at['sampler']}, pruner {at['pruner']})",
        _each_trial(at),
    ]
    if at["judged_on"] == "test":
        lines.append("settings are chosen on the test set, as requested, so their test scores are biased")
    if at["confirmation_trainings"]:
        images = at["train_images"]
        anew = f" on all training images for {_epochs(at['confirmation_epochs'])}," if images else ""
        lines.append(
            f"then the {winner} is trained{anew} with {counted(at['confirmation_trainings'] // 2, 'fresh seed')} "
            f"against the default ({', '.join(f'{key}={shown(value)}' for key, value in at['default'].items())})"
            f"{', and evaluated on the test set' if images or at['judged_on'] == 'validation' else ''}"
        )
    lines += at["notes"]
    if at["trials_done"] == at["trials"]:
        return lines
    if at["seconds"] is None:
        return [*lines, at["unknown"]]
    at_once = f"{at['workers']} at once" if at["workers"] > 1 else "one at a time"
    sources = "; ".join(at["sources"])
    pruning = "" if at["pruner"] == "none" else ", less what pruning saves"
    return [*lines, f"at most about {clock(at['seconds'])} with {at_once}{pruning} ({sources})"]


def _each_trial(at: Mapping[str, Any]) -> str:
    """For how long a trial trains, and what it is scored on."""
    if at["examples"] is None:
        on = f" on the {at['judged_on']} set" if at["judged_on"] in EVALUATION_SETS else ""
        return f"each trial trains to its own end, and is scored by its last {at['metric']}{on}"
    if not at["train_images"]:
        return f"each trial trains for {counted(at['examples'], 'step')}"
    return (
        f"each trial trains for {_epochs(at['epochs'])}, or {at['examples']:,} examples at any batch size, and is scored on "
        f"{at['images']:,} {at['judged_on']} images"
    )


def show(description: Mapping[str, Any], as_json: bool) -> None:
    """Print the plan of a search on standard output."""
    if as_json:
        print(json.dumps(description))
        return
    for line in [*head(description), *description["outside"]]:
        terminal.tell(line)


def _epochs(count: float) -> str:
    return f"{count:.4g} {'epoch' if count == 1 else 'epochs'}"
