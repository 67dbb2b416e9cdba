"""Running a sweep with `retune=true`: tune, choose, measure; what is done already is read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ablate.config.execution import Settings as Execution
from ablate.messages import say
from ablate.planning import overview, sentences
from ablate.planning.site import Site, here
from ablate.running import sweep
from ablate.running.retune import choice
from ablate.running.retune.choice import FILE, Choice
from ablate.running.retune.plans import Retuning
from ablate.store import SWEEP
from ablate.store.sweep_names import TUNING


def run(
    retuning: Retuning,
    folder: Path,
    settings: Execution,
    train: Callable[[str], sweep.Train],
    finished: sweep.Finished,
    redact: Callable[[str], str] = str,
    site: Site | None = None,
) -> list[dict[str, Any]]:
    """Run both phases in the sweep's folder; the results of what is measured, in order. See `sweep.run`.

    Args:
        train: from the folder, in that of the sweep, in which a phase has its runs to what trains them.
        finished: is told the folder of each phase when its runs have ended; see `sweep.run`.

    Raises:
        AblateError: an arm has no learning rate that trains to the end, or runs failed.
    """
    chosen = choice.kept(folder, retuning.tuning.name)
    if chosen is None:
        if not settings.watch:
            place = site or here(settings.workers, settings.threads)
            for line in sentences.head_of_retuning(describe(retuning, folder, place), str(folder)):
                say(line)
        chosen = _tuned(retuning, folder, settings, train(TUNING), finished, redact, site)
    if settings.watch and not (folder / SWEEP).exists():
        say(f"{folder / TUNING} has finished its tuning; rerun the command to watch the final runs")
        return []
    say(f"learning rate of each arm, chosen on validation images ({folder / FILE}):")
    for line in chosen.lines:
        say(f"  {line}")
    say(chosen.note)
    return sweep.run(retuning.measuring(chosen), folder, settings, train(""), finished, redact, site)


def _tuned(
    retuning: Retuning,
    folder: Path,
    settings: Execution,
    train: sweep.Train,
    finished: sweep.Finished,
    redact: Callable[[str], str],
    site: Site | None,
) -> Choice:
    """Tune every arm and choose. A rate at which a run diverged is not chosen; what failed or was not run is still to do."""
    tuning, place = retuning.tuning, folder / TUNING
    try:
        results = sweep.run(tuning, place, settings, train, finished, redact, site)
    except sweep.RunsFailed as error:
        results = sweep.results(tuning, place)
        if any(result["status"] in ("missing", "failed") for result in results):
            raise  # the same command tries it again, and only then is anything chosen
        say(f"{error} No learning rate is chosen for them.")
    chosen = retuning.choose(results)
    chosen.keep(folder)
    return chosen


def describe(retuning: Retuning, folder: Path, site: Site, calibrate: bool = True) -> dict[str, Any]:
    """All there is to say about both phases, as JSON-able content: see `overview.describe`.

    It is that of what is measured, as far as it is known: once rates are chosen of all of it, before that of the arms at the
    shared rate, with `seeds` as of all. `retune` has the rates, the seeds each is tried with, `tuning`: the same of the tuning,
    `most`: the same of the most that measuring may come to, `total`: what both come to at most, in trainings, steps and
    seconds, these two None once rates are chosen, `note`: what a score of the tuning is worth, and `chosen`: a line a choice.
    """

    def told(of: Any) -> dict[str, Any]:
        return overview.describe(of, site, calibrate)

    chosen = choice.kept(folder, retuning.tuning.name)
    measured = told(retuning.shared if chosen is None else retuning.measuring(chosen))
    most = told(retuning.most()) if chosen is None else None
    if most is not None:
        arms = len(retuning.shared.arms)
        known = [each for each in most["seeds"]["deviations"] if max(each["arm"], each["against"]) < arms]
        measured["seeds"] = most["seeds"] | {"deviations": known}
    tuning = told(retuning.tuning)
    return measured | {
        "name": retuning.name,
        "retune": {
            "rates": list(retuning.settings.rates),
            "seeds": list(retuning.seeds),
            "validation": list(retuning.validation),
            "tuning": tuning,
            "most": most,
            "total": None if most is None else _total(tuning["totals"], most["totals"]),
            "note": choice.NOTE if chosen is None else chosen.note,
            "chosen": None if chosen is None else chosen.lines,
        },
    }


def _total(tuning: Mapping[str, Any], measuring: Mapping[str, Any]) -> dict[str, Any]:
    """What is to do in both phases, one after the other; None for seconds that are not known of one of them."""
    told = (f"{key}{end}" for key in ("seconds", "training_seconds") for end in ("", "_low", "_high"))
    keys = ("trainings_to_do", "steps_left", *told)
    pairs = {key: (tuning[key], measuring[key]) for key in keys}
    return {key: None if None in pair else sum(pair) for key, pair in pairs.items()}
