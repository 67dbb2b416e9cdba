"""What is said of a plan: what a sweep would run, what it costs and what it can show, before anything is trained."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console

from ablate import numbers, terminal
from ablate.designs import interaction, phrases
from ablate.planning import look_sentences, readout_sentences
from ablate.planning.confounds import INPUT, WORDS
from ablate.planning.site import INLINE
from ablate.text import counted, span

MOST_DEVIATIONS = 3  # that are told one by one
SHARED = "shared"
ONE_SEED = "one seed gives no verdict: add seed=0,1,2,3,4"
DROPPED_FIRST = ("steps/epoch", "input", "steps left", "FLOPs", "parameters")  # where the terminal has no room for all


def head(description: Mapping[str, Any]) -> list[str]:
    """What stands at the head of a sweep as it starts: what there is to do, how long it takes, and what to know before."""
    again, looked = readout_sentences.again(description), look_sentences.foreseen(description["looks"])
    seeds = description["seeds"]
    one_seed = [ONE_SEED] if seeds["judged"] and seeds["detectable"] is None else []
    return [
        _counts(description),
        *hours(description),
        *_fraction(description)[:1],
        *again,
        *idle(description),
        *looked,
        *one_seed,
    ]


def starting(workers: int | None, built_in: bool, launcher: str) -> list[str]:
    """What is said while processes start, which takes seconds; nothing where none does, or a launcher of others starts them.

    Args:
        built_in: whether they train with the built-in trainer.
    """
    loading = " (loading TensorFlow)" if built_in else ""
    return [f"Starting {counted(workers, 'worker')}{loading}…"] if workers and launcher != INLINE else []


def head_of_retuning(description: Mapping[str, Any], folder: str) -> list[str]:
    """What stands above the head of the tuning where rates are chosen first: what it tries, and what comes behind it."""
    return [folder, *_retuning(description)]


def show(description: Mapping[str, Any], console: Console) -> None:
    """Print a plan: totals, arms, what they change besides their factors, and what the seeds can show."""
    if "retune" in description:
        _say(console, _retuning(description))
    else:
        _say(console, [_counts(description), *hours(description)])
    arms = description["arms"]
    dropped = terminal.draw(console, _arms(arms))
    if dropped:
        terminal.say(console, terminal.left_out(dropped))
    console.print()
    if any(_to_do(arm) == SHARED for arm in arms):
        _say(console, [f"{SHARED}: it uses trainings of an arm above"])
    if description["confounds"]:
        what = (
            "what a factor changes besides itself, on average:"
            if description["seeds"]["of"] == "effect"
            else "what an arm changes besides its factor:"
        )
        _say(console, [what])
        terminal.draw(console, _confounds(description["confounds"]))
        console.print()
    _say(console, _fraction(description))
    _say(console, readout_sentences.told(description))
    _say(console, idle(description))
    _say(console, look_sentences.foreseen(description["looks"]))
    _say(console, detectable(description))


# lines


def _counts(description: Mapping[str, Any]) -> str:
    count = description["totals"]
    of_each = "×" if count["runs"] == count["arms"] * count["seeds"] else "with up to"
    parts = f"{counted(count['arms'], 'arm')} {of_each} {counted(count['seeds'], 'seed')}"
    runs = f"{description['title']}: {counted(count['runs'], 'run')} ({parts}) from {counted(count['trainings'], 'training')}"
    done, diverged = count["trainings_done"], count["trainings_diverged"]
    stopped = [f"{diverged:,} diverged"] if diverged else []
    if count["trainings_to_do"]:
        in_all = f" ({counted(count['steps_left'], 'step')} in total)" if count["steps_left"] else ""
        return ", ".join([f"{runs}; {count['trainings_to_do']:,} left to train{in_all}", *stopped])
    already = [f"{done:,} done already" if diverged else "all done already"] if done else []
    return ", ".join([runs, *already, *stopped]) + "; nothing to train"


def _retuning(description: Mapping[str, Any]) -> list[str]:
    """What both phases cost."""
    retune, arms = description["retune"], description["totals"]["arms"]
    if retune["chosen"] is not None:
        return ["the learning rates are chosen:", *retune["chosen"], retune["note"], _counts(description), *hours(description)]
    tried = f"{len(retune['rates'])} learning rates ({', '.join(f'{rate:g}' for rate in retune['rates'])} times the arm's own)"
    seeds = f"{counted(len(retune['seeds']), 'seed')} ({', '.join(map(str, retune['seeds']))})"
    images = " or ".join(f"{count:,}" for count in dict.fromkeys(retune["validation"]))
    return [
        f"retune=true, so first {counted(arms, 'arm')} × {tried} × {seeds}, read on {images} held-out training images:",
        _counts(retune["tuning"]),
        *hours(retune["tuning"]),
        *_measuring(description),
        _total(description),
        retune["note"],
    ]


def _measuring(description: Mapping[str, Any]) -> list[str]:
    """What is measured after the tuning, and what that costs at most."""
    most = description["retune"]["most"]
    more = most["totals"]["trainings_to_do"] - description["totals"]["trainings_to_do"]
    steps = most["totals"]["steps_left"] - description["totals"]["steps_left"]
    own = f"then each arm at its own best rate: at most {counted(more, 'more training')} ({counted(steps, 'step')} in total)"
    together = ["at most, for all that is measured:", *hours(most)] if more else []
    return [f"then at the shared rate: {_counts(description)}", *hours(description), own, *together]


def _total(description: Mapping[str, Any]) -> str:
    """What tuning and measuring come to together."""
    total = description["retune"]["total"]
    trainings, steps = counted(total["trainings_to_do"], "training"), counted(total["steps_left"], "step")
    line = f"in all, to tune and to measure: at most {trainings} left ({steps} in total)"
    if total["seconds"] is not None:
        return f"{line}, {span(total['seconds'], total['seconds_low'], total['seconds_high'])}"
    if total["training_seconds"] is not None:
        return f"{line}, {_of_training(total)}, if one at a time"
    return line


def _of_training(totals: Mapping[str, Any]) -> str:
    expected = span(*(totals[f"training_seconds{end}"] for end in ("", "_low", "_high")))
    return f"{expected} of training"


def hours(description: Mapping[str, Any]) -> list[str]:
    """How long what is left takes."""
    count = description["totals"]
    sources = "; ".join(description["sources"])
    if not count["trainings_to_do"]:
        return []
    if count["workers"] is None:
        up_to = f"how many run at once is up to hydra/launcher={description['launcher']}"
        if count["training_seconds"] is None:
            return [f"{description['unknown']}; {up_to}"]
        return [f"{_of_training(count)} in all, if one at a time ({sources}); {up_to}"]
    if count["seconds"] is None:
        return [description["unknown"]]
    at_once = f"{count['workers']} at once" if count["workers"] > 1 else "one at a time"
    threads = counted(count["threads"], "thread") + (" each" if count["workers"] > 1 else "")
    gpus = f", on {counted(count['gpus'], 'GPU')}" if count["gpus"] else ""
    expected = span(count["seconds"], count["seconds_low"], count["seconds_high"])
    return [f"{expected} with {at_once}, {threads}{gpus} ({sources})"]


def _fraction(description: Mapping[str, Any]) -> list[str]:
    fraction = description["fraction"]
    if fraction is None:
        return []
    if not fraction["generators"]:
        return ["no smaller fraction has this resolution, so these are all combinations of levels"]
    generators = ", ".join(fraction["generators"]).replace(" x ", " × ")  # as sweep.json has it
    lines = [f"a fraction of resolution {fraction['resolution']}: {generators}"]
    if fraction["aliases"]:
        lines.append("aliased effects:")
        lines += [f"  {' = '.join(interaction(effect) for effect in group)}" for group in fraction["aliases"]]
    return lines


def idle(description: Mapping[str, Any]) -> list[str]:
    """Levels that change nothing."""
    labels = [_named(arm) for arm in description["arms"]]
    idle: dict[str, list[str]] = {}
    for arm in description["arms"]:
        for line in arm["idle"]:
            idle.setdefault(line, []).append(labels[arm["number"]])
    return [
        *(f"{_whose(few, len(labels))}: {line}" for line, few in idle.items()),
        *(
            f"{labels[pair['arm']]}: changes nothing here; it has the same training and readout as {labels[pair['same_as']]}"
            for pair in description["same_arms"]
        ),
    ]


def detectable(description: Mapping[str, Any]) -> list[str]:
    """What the seeds can show."""
    seeds = description["seeds"]
    smallest, known = seeds["detectable"], seeds["deviations"]
    if not seeds["judged"]:
        return []
    if smallest is None:
        return [ONE_SEED]
    what = "effect" if seeds["of"] == "effect" else "difference"
    looks = f", each {seeds['looks']} times" if seeds["looks"] > 1 else ""
    line = (
        f"{seeds['seeds']} seeds detect a true {what} of {numbers.amount(smallest)} times its SD over seeds with "
        f"{100 * seeds['power']:g}% power; smaller ones are easily missed ({counted(seeds['judged'], what)} judged{looks}, "
        f"{100 * seeds['level']:g}% error rate in all)"
    )
    return [line, *_points(description, known)] if known else [line]


def _points(description: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same in points, where the store tells how much a difference or an effect varies."""
    counts = sorted({each["seeds"] for each in known})
    seeds = f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"
    rough = f"rough, because that SD comes from {seeds} in the store"
    if len(known) > MOST_DEVIATIONS:
        points = [each["detectable_points"] for each in known]
        low = min(each["points_range"][0] / each["points"] for each in known)
        high = max(each["points_range"][1] / each["points"] for each in known)
        what = f"{len(known)} {description['seeds']['of']}s"
        spread = f"{min(points):.1f} to {max(points):.1f} pp for {what}"
        return [f"that is about {spread}; {rough}: {low:.1f} to {high:.1f} times that is possible"]
    told = []
    for each in known:
        low, high = each["detectable_points_range"]
        told.append(f"{judged(description, each)} {each['detectable_points']:.1f} pp ({low:.1f} to {high:.1f})")
    return [f"that is about: {'; '.join(told)}; {rough}"]


def judged(description: Mapping[str, Any], each: Mapping[str, Any]) -> str:
    """The name of a difference, as that of its arm, or of an effect."""
    if "arm" in each:
        arm, against = (description["arms"][each[side]] for side in ("arm", "against"))
        usual = arm["against"] == against["number"]
        label, other = (phrases.of_label(str(one["label"])) for one in (arm, against))
        return label if usual else f"{label} against {other}"
    if len(each["effect"]) > 1:
        return interaction([phrases.ingredient(name).name for name in each["effect"]])
    before, after = description["factors"][each["effect"][0]]
    return phrases.phrase((each["effect"][0], before, after))


# tables


def _arms(arms: Sequence[Mapping[str, Any]]) -> list[terminal.Column]:
    sizes: dict[str, tuple[str, Callable[[Any], str]]] = {
        "input": (INPUT, _size),
        "parameters": ("parameters", "{:,}".format),
        "FLOPs": ("operations", "{:,}".format),
        "steps/epoch": ("steps_per_epoch", numbers.amount),
    }
    columns: dict[str, Callable[[Mapping[str, Any]], str]] = {
        **{name: _told(*of) for name, of in sizes.items() if all(of[0] in arm for arm in arms)},
        "to do": _to_do,
        "steps left": lambda arm: f"{arm['steps_left']:,}" if arm["steps_left"] else "",
    }
    spare = {column: rank for rank, column in enumerate(DROPPED_FIRST, 1)}
    return [
        terminal.Column("arm", tuple(map(_named, arms)), words=True, name=True),
        *(terminal.Column(name, tuple(map(told, arms)), spare=spare.get(name, 0)) for name, told in columns.items()),
    ]


def _told(key: str, text: Callable[[Any], str]) -> Callable[[Mapping[str, Any]], str]:
    return lambda arm: text(arm[key])


def _confounds(switches: Sequence[Mapping[str, Any]]) -> list[terminal.Column]:
    rows = [
        ("" if number else _switch(switch), change) for switch in switches for number, change in enumerate(_changes(switch))
    ]
    return [
        terminal.Column("arm", tuple(name for name, _ in rows), words=True, name=True),
        terminal.Column("changes", tuple(change.what for _, change in rows), words=True),
        terminal.Column("from", tuple(change.before for _, change in rows)),
        terminal.Column("to", tuple(change.after for _, change in rows)),
        terminal.Column("by", tuple(change.by for _, change in rows)),
    ]


def _say(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        terminal.say(console, line)
    if lines:
        console.print()


# arms and what they change


class _Change(NamedTuple):
    """One thing that an arm changes besides its factor, as text; `by` is empty where that is no number."""

    what: str
    before: str
    after: str
    by: str

    @property
    def text(self) -> str:
        return f"{self.what} {self.before} → {self.after}" + (f" ({self.by})" if self.by else "")


def _changes(switch: Mapping[str, Any]) -> list[_Change]:
    changes = []
    for change in switch["besides"]:
        what, before, after = change["what"], change["from"], change["to"]
        if what == INPUT:
            sides = 3 if before[2] != after[2] else 2
            changes.append(_Change(what, _size(before, sides), _size(after, sides), ""))
        else:
            percent = 100 * (after / before - 1)
            by = f"{percent:+.{0 if abs(percent) >= 1 else 1}f}%".replace("-", "−")
            changes.append(_Change(WORDS[what], numbers.amount(before), numbers.amount(after), by))
    return changes


def _switch(switch: Mapping[str, Any]) -> str:
    return phrases.of_changes([(name, before, after) for name, before, after in switch["switched"]])


def _named(arm: Mapping[str, Any]) -> str:
    if arm["number"] or not arm["levels"]:
        return phrases.of_label(str(arm["label"]))
    return f"{arm['label']} ({', '.join(f'{name}: {level}' for name, level in arm['levels'].items())})"


def _to_do(arm: Mapping[str, Any]) -> str:
    diverged = f"{arm['trainings_diverged']} diverged" if arm["trainings_diverged"] else ""
    if arm["trainings_to_do"]:
        return f"{arm['trainings_to_do']}, {diverged}" if diverged else str(arm["trainings_to_do"])
    return SHARED if arm["trainings_shared"] else diverged or "done"


def _size(shape: Sequence[int], sides: int = 2) -> str:
    return "×".join(f"{side:g}" for side in shape[:sides])


def _whose(arms: Sequence[str], of: int) -> str:
    return "every arm" if len(arms) == of else "; ".join(arms)
