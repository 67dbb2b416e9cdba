"""All there is to say about a plan before anything is trained: what is done and left, what it costs, what it can show."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from ablate import confidence
from ablate.planning import confounds, looks, power, run_result
from ablate.planning.forecast import Forecast, forecast
from ablate.planning.look_law import bound, divisor
from ablate.planning.plan import Plan
from ablate.planning.runs import Run, Training, trainings
from ablate.planning.site import Site
from ablate.readout import END
from ablate.resources import Share, gpus
from ablate.store.state import State
from ablate.store.trials import same_set
from ablate.trainers import Asked

DONE, DIVERGED, TO_DO = State.DONE, State.DIVERGED, State.TO_DO


def describe(plan: Plan, site: Site, calibrate: bool = True) -> dict[str, Any]:
    """All there is to say about a plan, as JSON-able content.

    `totals` counts, with the seconds until all that is left is done and those of the trainings together, None where they are
    not known; `sources` is what those rest on, `unknown` why they are not known; `arms`, `runs` and `trainings` list;
    `confounds` what switches change besides the factor, where effects are judged on average over the arms; `seeds` what the
    seeds can show; `readout` how runs are read; `looks` what was looked at before; `fixed` what is fixed before training. A
    state is `done`, `diverged` or `to do`; what diverged stays so.

    Args:
        site: where it would be trained. What a launcher that is none of ours does at once is not known here, nor then the
            seconds until the end.
        calibrate: whether to measure the speed of this machine where nothing else tells it.
    """
    states = _states(plan)
    missing = [run for run in plan.runs if states[run.number] == TO_DO]
    left = {training.trajectory.fingerprint: training for training in trainings(missing)}
    ours = site.share is not None
    shared = Share(1, plan.runs[0].asked.threads, gpus()) if site.share is None else site.share(len(left))
    expected = forecast(list(left.values()), shared, calibrate, site.pace_key)
    seconds = [each for each in expected.each.values() if each is not None]
    steps_left = {name: training.left if training.asked.step != END else 0 for name, training in left.items()}
    everything = plan.trainings
    arms = _arms(plan, states, steps_left)
    looked = _looks(plan)
    listed = [_training(training, states, expected.each, steps_left) for training in everything]
    return {
        "name": plan.name,
        "study": plan.study,
        "title": _title(plan),
        "design": plan.design,
        "launcher": site.launcher,
        "fraction": plan.fraction.to_json() if plan.fraction else None,
        "factors": {factor.name: list(factor.levels) for factor in plan.factors},
        "totals": {
            "arms": len(plan.arms),
            "seeds": len(plan.seeds),
            "runs": len(plan.runs),
            "runs_done": list(states.values()).count(DONE),
            "runs_diverged": list(states.values()).count(DIVERGED),
            "trainings": len(everything),
            "trainings_done": sum(training["state"] == DONE for training in listed),
            "trainings_diverged": sum(training["state"] == DIVERGED for training in listed),
            "trainings_to_do": len(left),
            "steps_left": sum(steps_left.values()),
            "seconds": expected.seconds if ours else None,
            "seconds_low": expected.low if ours else None,
            "seconds_high": expected.high if ours else None,
            **_training_seconds(expected, seconds if len(seconds) == len(left) else None),
            "workers": shared.at_once if ours else None,
            "threads": shared.threads,
            "gpus": len(shared.gpus),
        },
        "sources": list(expected.sources),
        "unknown": expected.unknown,
        "arms": arms,
        "confounds": _of_factors(plan, arms) if plan.effects else _of_arms(arms),
        "runs": [run.noted.to_json() | {"state": states[run.number]} for run in plan.runs],
        "trainings": listed,
        "same_arms": [{"arm": arm, "same_as": earlier} for arm, earlier in plan.same_arms()],
        "seeds": _seeds(plan, looked["earlier"]),
        "readout": _readout(plan, list(left.values())),
        "looks": looked,
        "fixed": plan.fixed.to_json(),
    }


def _same_set(plan: Plan) -> list[str]:
    """Of a confirmation, that the setting was chosen on what confirms it, where that is so."""
    asked = plan.runs[0].asked
    told = same_set(asked.spec.evaluation_set, asked.other) if plan.confirms else None
    return [] if told is None else [told]


def _title(plan: Plan) -> str:
    """What it is called, with its design; a confirmation's says no more."""
    called = plan.about.get("name") or plan.study
    return called if plan.confirms and called else f"{called} ({plan.design})" if called else plan.design


def _training_seconds(expected: Forecast, each: Sequence[float] | None) -> dict[str, float | None]:
    """What trainings take one after another, and between which bounds; None where one is not known. each: of them."""
    names = ("training_seconds", "training_seconds_low", "training_seconds_high")
    if each is None or expected.seconds is None:
        return dict.fromkeys(names)
    bounds = (expected.seconds, expected.low or expected.seconds, expected.high or expected.seconds)
    return {name: sum(each) * bound / (expected.seconds or 1.0) for name, bound in zip(names, bounds, strict=True)}


def _states(plan: Plan) -> dict[int, str]:
    """What became of each run so far, by number; runs that differ in their readout alone are read once."""
    found: dict[tuple[str, int], str] = {}
    states = {}
    for run in plan.runs:
        key = (run.trajectory.fingerprint, run.asked.step)
        if key not in found:
            result = run_result.read(run.asked, run.trajectory)
            found[key] = TO_DO if result is None else result["status"]
        states[run.number] = found[key]
    return states


def _training(
    training: Training, states: Mapping[int, str], seconds: Mapping[str, float | None], steps_left: Mapping[str, int]
) -> dict[str, Any]:
    """One entry of `trainings`. A training has diverged where one of its runs has and none is to do."""
    fingerprint, steps = training.trajectory.fingerprint, training.asked.step if training.asked.step != END else None
    of_runs = {states[run.number] for run in training.runs}
    state = next(state for state in (TO_DO, DIVERGED, DONE) if state in of_runs)
    left = steps_left.get(fingerprint, 0)
    return {
        "fingerprint": fingerprint,
        "runs": [run.number for run in training.runs],
        "seed": training.asked.spec.seed,
        "steps": steps,
        "steps_done": training.trajectory.status()["step"] if state == DIVERGED or steps is None else steps - left,
        "steps_left": left,
        "seconds": seconds.get(fingerprint, 0.0),
        "state": state,
    }


def _arms(plan: Plan, states: Mapping[int, str], steps_left: Mapping[str, int]) -> list[dict[str, Any]]:
    """One entry an arm. A training that several arms wait for is to do for the first, and shared for the others."""
    firsts = {run.arm: run for run in plan.first_runs}
    compared = dict(reversed(plan.compared))  # where an arm is compared with two, the first of them
    to_do: dict[int, list[int]] = {number: [] for number in firsts}  # steps of each training that is left
    shared: dict[int, set[str]] = {number: set() for number in firsts}
    diverged = dict.fromkeys(firsts, 0)
    owner: dict[str, int] = {}
    for run in plan.runs:
        diverged[run.arm] += states[run.number] == DIVERGED
        fingerprint = run.trajectory.fingerprint
        if fingerprint not in steps_left:
            continue
        if fingerprint not in owner:
            owner[fingerprint] = run.arm
            to_do[run.arm].append(steps_left[fingerprint])
        elif owner[fingerprint] != run.arm:
            shared[run.arm].add(fingerprint)
    arms = []
    for number, run in firsts.items():
        against = compared.get(number)
        arms.append(
            {
                "number": number,
                "label": plan.label(number),
                "levels": dict(plan.arms[number].levels),
                **_sizes(run),
                "idle": [*_same_set(plan), *run.asked.spec.notes],
                "against": against,
                "switched": [] if against is None else [list(c) for c in plan.arms[number].changes(plan.arms[against])],
                "besides": [],
                "trainings_to_do": len(to_do[number]),
                "trainings_shared": len(shared[number]),
                "trainings_diverged": diverged[number],
                "steps_left": sum(to_do[number]),
            }
        )
    retuned = _retuned(plan)
    for arm in arms:
        if arm["against"] is not None:
            switched = [*(name for name, _, _ in arm["switched"]), *(["lr"] if arm["number"] in retuned else [])]
            arm["besides"] = _besides(switched, arms[arm["against"]], arm)
    return arms


def _retuned(plan: Plan) -> set[int]:
    """The arms at a learning rate that was chosen for them: that they differ in it is the point of them, and no news."""
    own = [] if plan.retune is None else plan.retune["own"]
    return {chosen for number, chosen in enumerate(own) if chosen != number}


def _sizes(run: Run) -> dict[str, Any]:
    """The quantities of an arm that `confounds` lists, from one of its runs, as far as its trainer tells them."""
    sizes = {**run.asked.sizes, **({} if run.asked.step == END else {"steps": run.asked.step})}
    if per_epoch := sizes.get("steps_per_epoch"):
        sizes |= {"steps_per_epoch": round(per_epoch, 2), "epochs": round(run.asked.step / per_epoch, 2)}
    return {quantity.name: sizes[quantity.name] for quantity in confounds.QUANTITIES if quantity.name in sizes}


def _besides(switched: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What else changes with the switched factors, from the sizes of one arm to those of another."""
    return [
        {"what": what, "from": before[what], "to": after[what]}
        for what in confounds.news(switched)
        if what in before and what in after and before[what] != after[what]
    ]


def _of_arms(arms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What arms change besides their factors, once where two arms change the same.

    Of several factors together only where they are not switched alone as well.
    """
    alone = {tuple(arm["switched"][0]) for arm in arms if len(arm["switched"]) == 1}
    found = [
        {"switched": arm["switched"], "besides": arm["besides"]}
        for arm in arms
        if arm["besides"] and (len(arm["switched"]) == 1 or any(tuple(one) not in alone for one in arm["switched"]))
    ]
    return [each for number, each in enumerate(found) if each not in found[:number]]


def _of_factors(plan: Plan, arms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each factor whose effects are judged changes besides itself: means over the arms with its first and second level."""
    found = []
    judged = {name for effect in plan.effects for name in effect}
    for factor in (factor for factor in plan.factors if factor.name in judged):
        first, second = (_mean_sizes([arm for arm in arms if arm["levels"][factor.name] == level]) for level in factor.levels)
        besides = _besides([factor.name], first, second)
        if besides:
            found.append({"switched": [[factor.name, *factor.levels]], "besides": besides})
    return found


def _mean_sizes(arms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    told = [what for what in confounds.WORDS if all(what in arm for arm in arms)]
    means: dict[str, Any] = {what: round(mean(arm[what] for arm in arms), 9) for what in told if what != confounds.INPUT}
    if confounds.INPUT in told:
        means[confounds.INPUT] = [mean(sides) for sides in zip(*(arm[confounds.INPUT] for arm in arms), strict=True)]
    return means


def _readout(plan: Plan, left: Sequence[Training]) -> dict[str, Any]:
    """How runs are read: over how many evaluations, at which steps, and what these take.

    newest: whether the trainer decides where, and they are its newest ones. steps: None where those of arms differ. share: of
    the time of a training that they take, at most; None where it is not known. again: trainings that are there, but are
    trained on from an earlier step, since they lack these evaluations; `steps_again` is how far, in all.
    """
    firsts = [asked for _, asked in plan.firsts()]
    steps = {asked.readout.steps for asked in firsts}
    again = [part for training in left for part in training.parts if training.trajectory.row(part[1]) is not None]
    return {
        "last": plan.averaged,
        "newest": firsts[0].readout.grid is None,
        "steps": list(steps.pop()) if len(steps) == 1 else None,
        "share": max(map(_share, firsts)) if all(asked.spec.work.per_evaluation for asked in firsts) else None,
        "again": len(again),
        "steps_again": sum(to - begun for begun, to in again),
    }


def _share(asked: Asked) -> float:
    """Of the time of a training, that the evaluations take of which the value is the mean."""
    work, count = asked.spec.work, asked.readout.last
    others = asked.step * work.per_step + asked.step // asked.grid * work.per_evaluation
    return count * work.per_evaluation / (others + (count - 1) * work.per_evaluation)


def _looks(plan: Plan) -> dict[str, Any]:
    """What was looked at before, of the row that most often was.

    `earlier` is how many looks of two or more seeds there were, `seeds` how many seeds each of them had and this one has, and
    `bound` the chance of any wrong verdict over all looks. Where the seeds would make the sweep exploratory, `missing` are
    those that they lack of earlier looks, and `nearest` is the list next to them that would not; else both are empty.
    """
    decision, ledger = looks.foreseen(plan)
    if decision is None:
        return {"earlier": 0, "seeds": [], "bound": None, "missing": [], "nearest": []}
    if decision.exploratory:
        return {
            "earlier": 0,
            "seeds": [],
            "bound": None,
            "missing": list(decision.missing),
            "nearest": list(decision.nearest),
        }
    new = [row for row, known in zip(decision.rows, decision.known, strict=True) if not known]
    most = max(new or decision.rows, key=lambda row: row.earlier)
    histories = looks.histories(plan.sweep, decision, ledger)
    of_most = histories[decision.rows.index(most)]
    return {
        "earlier": most.earlier,
        "seeds": [len(look.entry.seeds) for look in of_most],
        "bound": bound(histories),
        "missing": [],
        "nearest": [],
    }


def _seeds(plan: Plan, earlier: int) -> dict[str, Any]:
    """`detectable` is in standard deviations over seeds of what is judged; None where nothing can be.

    Args:
        earlier: how many looks there were before.
    """
    fixed = plan.fixed
    judged = len(plan.differences) + len(plan.effects)
    smallest = power.detectable(len(plan.seeds), judged, fixed.looks * divisor(earlier)) if judged else None
    known: list[tuple[dict[str, Any], power.Deviation]] = []
    if smallest is not None:
        known += [({"arm": arm, "against": against}, one) for (arm, against), one in power.deviations(plan).items()]
        known += [({"effect": list(effect)}, one) for effect, one in power.effect_deviations(plan).items()]
    return {
        "seeds": len(plan.seeds),
        "judged": judged,
        "of": "effect" if plan.effects else "difference",
        "looks": fixed.looks,
        "power": confidence.POWER,
        "level": confidence.LEVEL,
        "detectable": smallest,
        "deviations": [
            {
                **judged_one,
                "points": deviation.points,
                "points_range": [deviation.low, deviation.high],
                "seeds": deviation.seeds,
                "detectable_points": smallest * deviation.points,
                "detectable_points_range": [smallest * deviation.low, smallest * deviation.high],
            }
            for judged_one, deviation in known
            if smallest is not None
        ],
    }
