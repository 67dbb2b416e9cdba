"""What the terminal and programs are told of a search."""

from typing import Any

from rich.console import Console

from ablate import terminal
from ablate.report.search import repeat, tables, words
from ablate.report.tables import records
from ablate.report.tables.summary import print_table
from ablate.results.search import SearchResults
from ablate.stats import searches


def show(found: SearchResults, console: Console) -> list[str]:
    """Print what was found, the confirmation and the best settings; the columns that there was no room for."""
    for line in [*words.warnings(found), words.answer(found), ""]:
        terminal.say(console, line)
    wanted = ("confirmation_arms", "confirmation_verdicts", "best", "front", "spent")
    dropped: list[str] = []
    for table in tables.every(found):
        if table.name in wanted:
            terminal.say(console, table.title)
            dropped += print_table(table, console)
    for line in [*words.sentences(found), *(f"{note}." for note in found.importances[1])]:
        terminal.say(console, line)
    for what, command in repeat.commands(found, str(found.folder)).items():
        if what != repeat.REPORT:
            terminal.say(console, f"To {what}:")
            terminal.say(console, f"  {command}", whole=True)
    return dropped


def content(found: SearchResults) -> dict[str, Any]:
    """The same as JSON-able content; a number that is missing is None."""
    one = found.objective
    ranked = searches.ranked(found.trials, one)
    front = searches.fronts(found.trials, found.objectives)
    return {
        "design": "search",
        "tuned_on_test": found.tuned_on_test,
        "answer": words.answer(found),
        "objectives": [each.name for each in found.objectives],
        "space": {key: dimension.written for key, dimension in found.space.items()},
        "seeds": list(found.sweep.seeds),
        "counts": found.counts,
        "default": found.default,
        "best": words.best_setting(found),
        "trials": records(found.trials),
        "ranked": [int(number) for number in ranked["number"]],
        "front": [int(number) for number in front.loc[front["front"], "number"]] if len(found.objectives) > 1 else [],
        "importance": records(found.importances[0]),
        "spent": records(searches.spent(found.trials)),
        "confirmation": None if found.confirmation is None else records(found.confirmation.comparisons),
        "commands": repeat.commands(found, str(found.folder)),
        "notes": [*words.warnings(found), *words.sentences(found), *found.importances[1], *found.notes],
    }
