"""Whether a JSON object is a sweep: each value is what it can be, and fits the others, so that every reader can take it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablate.designs import JOINED, SEARCH, STORE, TABLE
from ablate.store.evaluations import TRAIN_ACCURACY
from ablate.store.references import SWEEP
from ablate.store.retune_check import check_retune
from ablate.store.schema import Node
from ablate.store.sweep import GROWN_VERSION, SWEEP_VERSION, Sweep
from ablate.store.sweep_added_check import check_added, each_once
from ablate.store.sweep_runs import STEPS_A_TAIL, SweepArm, SweepRun

VERSIONS = (SWEEP_VERSION, GROWN_VERSION)
MADE_UP = (STORE, JOINED, TABLE)  # designs of what no file holds
METRICS = ("accuracy", "loss")
EVALUATION_SETS = ("test", "validation")
EVAL_ON = "eval_on"  # what training code of the user's own calls the one that it is to evaluate on
NO_SET = "evaluation"  # where the trainer does not say on what it evaluates
WEIGHTS = ("raw", "averaged")
ONE_VALUE = ""  # the weights of a run whose trainer gives one value
MOST_SEED = 2**31 - 1
MOST_ARMS, MOST_RUNS = 100_000, 1_000_000
MOST_METRICS = 100
MOST_LAST = 1000  # evaluations that a value is the mean of; more are asked for by nobody
LATEST = 253_402_300_799  # the last second of the year 9999
# Names of columns that every table of runs has, which no factor can have, but for batch_size.
COLUMNS = (
    *("number", "arm", "label", "seed", "status", "step", "accuracy", "loss", "parameters", "operations", "seconds"),
    *("examples_per_second", "input", "steps_per_epoch", "eval_images", "weights", "evaluations", "fingerprint", "trajectory"),
    *("sweep", TRAIN_ACCURACY, "error", "epoch", "eval_loss", "train_loss", "learning_rate"),
)
_OF_ARMS = ("arms", "same_arms", "runs", "fraction", "retune", "step", "readout", "differences", "effects")
_NAME = 200  # letters of the name of a factor, design or study


def check(node: Node) -> Sweep:
    """A sweep, checked.

    Raises:
        BadFile: a value is none that it can have.
    """
    version = node["version"]
    if version.value not in VERSIONS or type(version.value) is not int:
        raise version.wrong(f"{' or '.join(map(str, VERSIONS))}, the versions that this program reads")
    if (study := node.get("study")) is not None:
        study.text(_NAME)
    if (question := node.optional("question")) is not None:
        question.text(10_000)
    if (about := node.optional("about")) is not None:
        _about(about)
    if (config_dir := node.optional("config_dir")) is not None:
        config_dir.path()
    design = node["design"].text(_NAME, empty=False)
    if design in MADE_UP or not design.replace("_", "").isalnum():
        raise node["design"].wrong("the name of a design")
    node["store"].path()
    factors = _factors(node["factors"], some=design != SEARCH)
    seeds = [seed.whole(0, MOST_SEED) for seed in node["seeds"].items(1, MOST_RUNS)]
    if len(set(seeds)) < len(seeds):
        raise node["seeds"].wrong("a list of different seeds")
    if (fixed_at := node.optional("fixed_at")) is not None:
        fixed_at.whole(0, LATEST)
    if (last := node.optional("last")) is not None:
        last.whole(1, MOST_LAST)
    if (trainer := node.optional("trainer")) is not None:
        trainer.text(_NAME, empty=False)
    if (limit := node.optional("diverged_loss")) is not None:
        limit.number(above=0)
    fixed = node["fixed"]
    _judged(fixed, node.optional("metric"))
    if (others := node.optional("metrics")) is not None:
        for other in others.items(1, MOST_METRICS):
            _metric(other)
            if other["name"].value in (fixed["metric"].value, *(set(COLUMNS) - set(METRICS))):
                raise other["name"].bad("is that of another column")
            if other["margin"].value is not None:
                other["margin"].number(above=0)
    if design == SEARCH:
        node["search"].object()
        for name, level in node["baseline"].entries(_NAME):
            level.text()
            if name not in factors:
                raise level.bad("is of no factor")
        return _search(node.value)
    arms = check_arms(node["arms"], factors)
    _levels(node["baseline"], factors)
    node["baseline"].equals(dict(arms[0].levels), "the levels of the first arm")
    runs = check_runs(node["runs"], len(arms))
    added = node.optional("added")
    version.equals(SWEEP_VERSION if added is None else GROWN_VERSION, "the version of such a file")
    if added is None:
        each_once(node["runs"], runs, len(arms), seeds)
    else:
        check_added(added, node, arms, runs, seeds)
    _fixed_arms(fixed, runs, len(arms))
    _pairs(node, fixed, factors, len(arms))
    if (fraction := node.optional("fraction")) is not None:
        _fraction(fraction, factors)
    if (retune := node.optional("retune")) is not None:
        check_retune(retune, node["arms"].value, fixed["differences"].value)
    else:
        _different(node["arms"])
    return Sweep.from_json(node.value)


def _about(node: Node) -> None:
    """What its user says of it; keys of later versions are kept."""
    for key, longest in (("name", _NAME), ("note", 10_000)):
        if (text := node.optional(key)) is not None:
            text.text(longest)
    if (tags := node.optional("tags")) is not None:
        for tag in tags.items(0, 100):
            tag.text(_NAME)


def _search(content: Mapping[str, Any]) -> Sweep:
    """A search, without what nobody reads of it: its arms and runs are in trials.json."""
    kept = {key: value for key, value in content.items() if key not in _OF_ARMS}
    return Sweep.from_json(kept | {"fixed": {key: value for key, value in content["fixed"].items() if key not in _OF_ARMS}})


def _factors(node: Node, some: bool) -> dict[str, list[str]]:
    """some: whether each has to have a level; a searched range has none."""
    found = {}
    for name, levels in node.entries(_NAME):
        if not name or name in COLUMNS:
            raise levels.bad("has a name that no factor can have")
        found[name] = [level.text() for level in levels.items(1 if some else 0)]
        if len(set(found[name])) < len(found[name]):
            raise levels.wrong("a list of different levels")
    return found


def _levels(node: Node, factors: Mapping[str, Sequence[str]]) -> None:
    for name, level in node.entries(_NAME):
        if name not in factors:
            raise level.bad("is of no factor")
        text = level.text()
        if factors[name] and text not in factors[name]:
            raise level.wrong(f"one of {', '.join(factors[name])}"[:200])
    missing = [name for name in factors if name not in node]
    if missing:
        node[missing[0]]  # says so


def check_arms(node: Node, factors: Mapping[str, Sequence[str]]) -> list[SweepArm]:
    """Arms, of sweep.json or trials.json. factors: their levels, none where any may be.

    Raises:
        BadFile: a value is none that it can have.
    """
    arms = node.items(0 if node.file.name != SWEEP else 1, MOST_ARMS)
    for number, arm in enumerate(arms):
        arm["number"].equals(number, "its place in the list")
        arm["label"].text()
        _levels(arm["levels"], factors)
    return list(map(SweepArm.from_json, node.value))


def _different(node: Node) -> None:
    """Refuse two arms with the same levels; only where rates are chosen do arms differ in nothing else."""
    seen: dict[tuple[tuple[str, str], ...], int] = {}
    for number, arm in enumerate(node.items()):
        levels = tuple(sorted(arm["levels"].value.items()))
        if levels in seen:
            raise arm["levels"].bad(f"are those of arm {seen[levels]}")
        seen[levels] = number


def check_runs(node: Node, arms: int) -> list[SweepRun]:
    """Runs, of sweep.json or trials.json, in order of number. arms: how many there are.

    Raises:
        BadFile: a value is none that it can have.
    """
    last = -1
    for run in node.items(0 if node.file.name != SWEEP else 1, MOST_RUNS):
        if (number := run["number"].whole()) <= last:
            raise run["number"].wrong(f"above {last}, the number of the run before")
        last = number
        run["arm"].whole(0, arms - 1)
        run["seed"].whole(0, MOST_SEED)
        for word in run["overrides"].items():
            word.text()
        run["fingerprint"].fingerprint()
        if run["readout"]["weights"].value != ONE_VALUE:
            run["readout"]["weights"].choice(WEIGHTS)
        _tail(run["readout"], run["readout"]["step"].whole(1))
        run["eval_every"].whole(1)
        if "trial" in run:
            run["trial"].whole()
    return list(map(SweepRun.from_json, node.value))


def _tail(node: Node, step: int) -> None:
    """How many evaluations the value of a run is the mean of."""
    newest = node.optional("newest")
    if newest is not None and newest.value is not True:
        raise newest.wrong("true, or left out")
    if (last := node.optional("last")) is not None:
        last.whole(2, MOST_LAST if newest is not None else min(MOST_LAST, step // STEPS_A_TAIL))


def _judged(node: Node, metric: Node | None) -> None:
    """What every sweep fixes, a search too. metric: what is known of one that is another trainer's."""
    if metric is None:
        node["metric"].choice(METRICS)
    else:
        _metric(metric)
        node["metric"].equals(metric["name"].value, "the name of the metric")
    if node["evaluation_set"].value != NO_SET:
        node["evaluation_set"].choice(EVALUATION_SETS)
    if node["margin"].value is not None:
        node["margin"].number(above=0)
    node["looks"].whole(1, 1000)


def _metric(node: Node) -> None:
    node["name"].text(_NAME, empty=False)
    node["unit"].text(_NAME)
    node["better"].choice(("higher", "lower"))
    for key in ("low", "high"):
        if (bound := node.get(key)) is not None and bound.value is not None:
            bound.number()


def _fixed_arms(node: Node, runs: Sequence[SweepRun], arms: int) -> None:
    """The step and weights of each arm, which are those of its runs, and all of them read alike."""
    if len({(run.readout.last, run.readout.newest) for run in runs}) > 1:
        raise node.bad("has runs whose values are means of different numbers of evaluations")
    steps, weights = node["step"].items(arms, arms), node["readout"].items(arms, arms)
    for run in runs:
        steps[run.arm].equals(run.readout.step, f"the step of run {run.number}")
        weights[run.arm].equals(run.readout.weights, f"the weights of run {run.number}")


def _pairs(node: Node, fixed: Node, factors: Mapping[str, Sequence[str]], arms: int) -> None:
    """Differences and effects that are judged, and arms that are one."""
    for key, of in (("differences", fixed["differences"]), ("same_arms", node.optional("same_arms"))):
        pairs = [] if of is None else of.items()
        for pair in pairs:
            first, second = (arm.whole(0, arms - 1) for arm in pair.items(2, 2))
            if first == second or (key == "same_arms" and first < second):
                raise pair.wrong("two different arms" if key == "differences" else "a later arm and an earlier one")
        if len({tuple(pair.value) for pair in pairs}) < len(pairs) and of is not None:
            raise of.wrong("a list of different pairs")
    effects = fixed.optional("effects")
    for effect in [] if effects is None else effects.items():
        names = [name.choice(factors) for name in effect.items(1)]
        if len(set(names)) < len(names) or any(len(factors[name]) != 2 for name in names):
            raise effect.wrong("different factors of two levels")
    if effects is not None and effects.value:
        if fixed["differences"].value:
            raise fixed["differences"].wrong("an empty list beside effects")
        if len({tuple(effect) for effect in effects.value}) < len(effects.value):
            raise effects.wrong("a list of different effects")


def _fraction(node: Node, factors: Mapping[str, Sequence[str]]) -> None:
    if node["resolution"].value is not None:
        node["resolution"].whole(1, 100)
    for generator in node["generators"].items():
        generator.text()
    for group in node["aliases"].items():
        for effect in group.items():
            for name in effect.items(1):
                name.choice(factors)
