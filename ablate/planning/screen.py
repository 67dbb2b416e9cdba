"""The screen of a plan: the arms with what they cost and change besides, how long it takes, and what the seeds can show."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from ablate import numbers, terminal
from ablate.designs import phrases
from ablate.planning import look_sentences, readout_sentences, sentences
from ablate.planning.confounds import INPUT, WORDS
from ablate.planning.forecast import TOO_SMALL
from ablate.text import counted, span

JSON, EXPLAIN = "json", "explain"  # how a plan can be shown besides this screen
COSTS = ("parameters", "operations")  # besides what a switch changes: they have columns of their own
DONE = "–"
ARM_OR_EFFECT = {"difference": "arm", "effect": "factor"}
FEW = 2  # seeds, with which only huge effects show


def show(description: Mapping[str, Any], how: str, command: str = "") -> None:
    """Print on standard output what is to be said about a plan; see `overview.describe`.

    Args:
        how: JSON, EXPLAIN for all of it, or anything else for the screen. command: that trains it.
    """
    if how == JSON:
        print(json.dumps(description))
        return
    console = terminal.standard()
    if how == EXPLAIN or "retune" in description:
        sentences.show(description, console)
    else:
        draw(description, console)
    if command:
        terminal.say(console, f"Next    {command}", whole=True)


def draw(description: Mapping[str, Any], console: Console) -> None:
    """Print the screen, as wide as the terminal allows."""
    dropped = terminal.draw(console, arms(description["arms"]))
    console.print()
    if dropped:
        terminal.say(console, terminal.left_out(dropped))
    for line in lines(description):
        terminal.say(console, line)
    console.print()


def arms(found: Sequence[Mapping[str, Any]]) -> list[terminal.Column]:
    """A row an arm: how many trainings it has to do, its size, and what it changes besides its factor."""
    cells: dict[str, list[str]] = {
        "arm": [phrases.of_label(str(arm["label"])) for arm in found],
        "to do": [str(arm["trainings_to_do"] or DONE) for arm in found],
    }
    for key, heading in (("operations", "FLOPs"), ("parameters", "parameters")):
        if all(key in arm for arm in found):
            cells[heading] = [millions(arm[key]) for arm in found]
    if any(_besides(arm) for arm in found):
        cells["side effects"] = [_besides(arm) for arm in found]
    spare = {"parameters": 1, "FLOPs": 2}
    words = ("arm", "side effects")
    return [
        terminal.Column(heading, tuple(given), heading in words, heading == "arm", spare.get(heading, 0))
        for heading, given in cells.items()
    ]


def millions(count: float) -> str:
    """A size with three digits, as in `37.7 M`.

    Examples:
        >>> from ablate.planning.screen import millions
        >>> millions(37_745_098), millions(1_068_298), millions(62_006)
        ('37.7 M', '1.07 M', '62,006')
    """
    for unit, size in (("G", 1e9), ("M", 1e6)):
        if count >= size:
            amount = count / size
            return f"{amount:.{2 if amount < 10 else 1 if amount < 100 else 0}f} {unit}"
    return f"{count:,.0f}"


def _besides(arm: Mapping[str, Any]) -> str:
    """What an arm changes besides its factor and its size, or that it trains nothing of its own."""
    told = []
    for change in arm["besides"]:
        what, before, after = change["what"], change["from"], change["to"]
        if what == INPUT:
            told.append(f"input {'×'.join(f'{side:g}' for side in before[:2])} → {'×'.join(f'{side:g}' for side in after[:2])}")
        elif what not in COSTS:
            told.append(f"{WORDS[what]} {numbers.amount(before)} → {numbers.amount(after)}")
    shares = arm["trainings_shared"] and not arm["trainings_to_do"]
    diverged = [counted(arm["trainings_diverged"], "training") + " diverged"] if arm["trainings_diverged"] else []
    return ", ".join([*told, *(["shares trainings"] if shares else []), *diverged])


def lines(description: Mapping[str, Any]) -> list[str]:
    """What is to do and how long that takes, what the seeds can show, and what to know before."""
    looked = look_sentences.foreseen(description["looks"])
    again = [f"{line}." for line in readout_sentences.again(description)]
    return [_to_do(description), *again, *sentences.idle(description), *looked, *_detectable(description)]


def _to_do(description: Mapping[str, Any]) -> str:
    count = description["totals"]
    if not count["trainings_to_do"]:
        verb = "is" if count["trainings"] == 1 else "are"
        return f"Nothing to train: {counted(count['trainings'], 'training')} {verb} done already."
    left = f"{count['trainings_to_do']:,} of {counted(count['trainings'], 'training')} to do"
    if count["workers"] is not None and description["unknown"] == TOO_SMALL:
        return f"{left}, a few minutes."
    if count["workers"] is None or count["seconds"] is None:
        return f"{left}; {sentences.hours(description)[0]}"
    expected = span(count["seconds"], count["seconds_low"], count["seconds_high"])
    threads = counted(count["threads"], "thread")
    gpus = f", {counted(count['gpus'], 'GPU')}" if count["gpus"] else ""
    return f"{left}, {expected} with {counted(count['workers'], 'worker')} of {threads} each{gpus}."


def _detectable(description: Mapping[str, Any]) -> list[str]:
    """The smallest effect that the seeds can show."""
    seeds = description["seeds"]
    if not seeds["judged"]:
        return []
    if seeds["detectable"] is None:
        return [f"{sentences.ONE_SEED[0].upper()}{sentences.ONE_SEED[1:]}."]
    if seeds["seeds"] == FEW:
        return ["Two seeds can detect only huge effects. Use five or more."]
    deviations = f"{numbers.amount(seeds['detectable'])} SDs of a paired difference"
    begin = f"{counted(seeds['seeds'], 'seed')} can detect effects of"
    known = seeds["deviations"]
    if not known:
        return [f"{begin} {deviations} ({100 * seeds['power']:g}% power)."]
    if len(known) > sentences.MOST_DEVIATIONS:
        points = [each["detectable_points"] for each in known]
        spread = f"{min(points):.1f} to {max(points):.1f} pp, depending on the {ARM_OR_EFFECT[seeds['of']]}"
        return [f"{begin} about {spread} ({deviations}, known from earlier trainings)."]
    each_of = [f"{each['detectable_points']:.1f} pp for {sentences.judged(description, each)}" for each in known]
    return [f"{begin} about {', '.join(each_of)} ({deviations}, known from earlier trainings)."]
