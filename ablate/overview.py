"""All there is to say about a plan before anything is trained: what is done and left, what it costs, what it can show."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from statistics import mean
from typing import Any

from ablate import app, power
from ablate.forecast import forecast
from ablate.launch.share import Amount, share
from ablate.models.costs import totals
from ablate.plan import Plan, trainings
from ablate.recipe import Recipe

_totals = lru_cache(maxsize=1024)(totals)

# What an arm may change besides its factor.
SIZES = ("input", "parameters", "operations", "learning_rate", "training_images", "steps", "steps_per_epoch", "epochs")
# Of these, the factors that are this very quantity: where one of them is switched, it is no news.
_ITSELF: Mapping[str, tuple[str, ...]] = {
    "learning_rate": ("lr", "optimizer.lr"),
    "training_images": ("data.validation",),
    "steps": ("steps", "epochs"),
    "epochs": ("steps", "epochs"),
}


def describe(plan: Plan, workers: Amount, threads: Amount, calibrate: bool = True) -> dict[str, Any]:
    """All there is to say about a plan, as JSON-able content.

    `totals` counts, with the seconds of all that is left, None where they are not known; `sources` is what those rest on;
    `arms`, `runs` and `trainings` list; `confounds` what switches change besides the factor, in a fraction on average over the
    arms; `seeds` what the seeds can show; `fixed` what is fixed before training.

    Args:
        workers, threads: of the config, each a number or `auto`.
        calibrate: whether to measure the speed of this machine where nothing else tells it.
    """
    done = _done(plan)
    missing = [run for run in plan.runs if run.number not in done]
    left = {training.trajectory.fingerprint: training for training in trainings(missing)}
    shared = share(workers, threads, len(left))
    expected = forecast(list(left.values()), shared, calibrate)
    steps_left = {fingerprint: training.left for fingerprint, training in left.items()}
    everything = plan.trainings
    arms = _arms(plan, steps_left)
    return {
        "name": plan.name,
        "study": plan.study,
        "design": plan.design,
        "fraction": plan.fraction.to_json() if plan.fraction else None,
        "factors": {factor.name: list(factor.levels) for factor in plan.factors},
        "totals": {
            "arms": len(plan.arms),
            "seeds": len(plan.seeds),
            "runs": len(plan.runs),
            "runs_done": len(done),
            "trainings": len(everything),
            "trainings_done": len(everything) - len(left),
            "steps_left": sum(steps_left.values()),
            "seconds": expected.seconds,
            "workers": shared.at_once,
            "threads": shared.threads,
            "gpus": len(shared.gpus),
        },
        "sources": list(expected.sources),
        "arms": arms,
        "confounds": _of_factors(plan, arms) if plan.effects else _of_arms(arms),
        "runs": [
            {
                "number": run.number,
                "arm": run.arm,
                "seed": run.seed,
                "overrides": list(run.overrides),
                "fingerprint": run.trajectory.fingerprint,
                "readout": {"weights": run.recipe.readout.weights, "step": run.recipe.steps},
                "state": "done" if run.number in done else "to do",
            }
            for run in plan.runs
        ],
        "trainings": [
            {
                "fingerprint": (fingerprint := training.trajectory.fingerprint),
                "runs": [run.number for run in training.runs],
                "seed": training.recipe.seed,
                "steps": training.recipe.steps,
                "steps_done": training.recipe.steps - steps_left.get(fingerprint, 0),
                "steps_left": steps_left.get(fingerprint, 0),
                "seconds": expected.each[fingerprint] if fingerprint in left else 0.0,
                "state": "to do" if fingerprint in left else "done",
            }
            for training in everything
        ],
        "same_arms": [{"arm": arm, "same_as": earlier} for arm, earlier in plan.same_arms()],
        "seeds": _seeds(plan),
        "fixed": plan.to_json()["fixed"],
    }


def _done(plan: Plan) -> set[int]:
    """The numbers of the runs that have nothing to train; runs that differ in their readout alone are read once."""
    found: dict[tuple[str, int], bool] = {}
    done = set()
    for run in plan.runs:
        key = (run.trajectory.fingerprint, run.recipe.steps)
        if key not in found:
            found[key] = app.read(run.recipe, run.trajectory) is not None
        if found[key]:
            done.add(run.number)
    return done


def _arms(plan: Plan, steps_left: Mapping[str, int]) -> list[dict[str, Any]]:
    """One entry an arm. A training that several arms wait for is to do for the first, and shared for the others."""
    recipes = dict(plan.recipes())
    compared = dict(plan.differences)
    to_do: dict[int, list[int]] = {number: [] for number in recipes}  # steps of each training that is left
    shared: dict[int, set[str]] = {number: set() for number in recipes}
    owner: dict[str, int] = {}
    for run in plan.runs:
        fingerprint = run.trajectory.fingerprint
        if fingerprint not in steps_left:
            continue
        if fingerprint not in owner:
            owner[fingerprint] = run.arm
            to_do[run.arm].append(steps_left[fingerprint])
        elif owner[fingerprint] != run.arm:
            shared[run.arm].add(fingerprint)
    arms = []
    for number, recipe in recipes.items():
        against = compared.get(number, 0 if number else None)
        arms.append(
            {
                "number": number,
                "label": plan.label(number),
                "levels": dict(plan.arms[number].levels),
                **_sizes(recipe),
                "idle": recipe.idle,
                "against": against,
                "switched": [] if against is None else [list(c) for c in plan.arms[number].changes(plan.arms[against])],
                "besides": [],
                "trainings_to_do": len(to_do[number]),
                "trainings_shared": len(shared[number]),
                "steps_left": sum(to_do[number]),
            }
        )
    for arm in arms:
        if arm["against"] is not None:
            switched = [name for name, _, _ in arm["switched"]]
            arm["besides"] = _besides(switched, arms[arm["against"]], arm)
    return arms


def _sizes(recipe: Recipe) -> dict[str, Any]:
    """The SIZES of an arm. Operations are those for one image."""
    parameters, operations = _totals(recipe.model, recipe.input_shape)
    per_epoch = recipe.shape.train_images / recipe.batch_size
    return {
        "input": list(recipe.input_shape),
        "parameters": parameters,
        "operations": operations,
        "learning_rate": recipe.optimizer.lr,
        "training_images": recipe.shape.train_images,
        "steps": recipe.steps,
        "steps_per_epoch": round(per_epoch, 2),
        "epochs": round(recipe.steps / per_epoch, 2),
    }


def _besides(switched: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What else changes with the switched factors, from the sizes of one arm to those of another."""
    return [
        {"what": what, "from": before[what], "to": after[what]}
        for what in SIZES
        if before[what] != after[what] and not set(switched) & set(_ITSELF.get(what, ()))
    ]


def _of_arms(arms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What arms change besides their factors; of several factors together only where they are not switched alone as well."""
    alone = {tuple(arm["switched"][0]) for arm in arms if len(arm["switched"]) == 1}
    return [
        {"switched": arm["switched"], "besides": arm["besides"]}
        for arm in arms
        if arm["besides"] and (len(arm["switched"]) == 1 or any(tuple(one) not in alone for one in arm["switched"]))
    ]


def _of_factors(plan: Plan, arms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each factor of a fraction changes besides itself, as means over the arms with its first and its second level."""
    found = []
    for factor in plan.factors:
        first, second = (_mean_sizes([arm for arm in arms if arm["levels"][factor.name] == level]) for level in factor.levels)
        besides = _besides([factor.name], first, second)
        if besides:
            found.append({"switched": [[factor.name, *factor.levels]], "besides": besides})
    return found


def _mean_sizes(arms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    means = {what: round(mean(arm[what] for arm in arms), 9) for what in SIZES if what != "input"}
    return means | {"input": [mean(sides) for sides in zip(*(arm["input"] for arm in arms), strict=True)]}


def _seeds(plan: Plan) -> dict[str, Any]:
    """`detectable` is in standard deviations over seeds of what is judged; None where nothing can be."""
    fixed = plan.to_json()["fixed"]
    judged = len(plan.differences) + len(plan.effects)
    smallest = power.detectable(len(plan.seeds), judged, fixed["looks"]) if judged else None
    known = power.deviations(plan) if smallest is not None else {}
    return {
        "seeds": len(plan.seeds),
        "judged": judged,
        "of": "effect" if plan.effects else "difference",
        "looks": fixed["looks"],
        "power": power.POWER,
        "level": power.LEVEL,
        "detectable": smallest,
        "deviations": [
            {
                "arm": arm,
                "against": against,
                "points": deviation.points,
                "pairs": deviation.pairs,
                "detectable_points": None if smallest is None else smallest * deviation.points,
            }
            for (arm, against), deviation in known.items()
        ],
    }
