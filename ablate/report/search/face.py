"""The first screen of a search's page: what was gained on fresh seeds, and how the trials lie."""

from collections.abc import Mapping
from dataclasses import replace

from ablate import numbers
from ablate.report import sentences
from ablate.report.page.details import details
from ablate.report.page.face import COMPLETE, Bar, Face, Part, decided, several
from ablate.report.page.verdicts import Verdicts, chips, kind_of, unit_of, verdicts
from ablate.report.search import words
from ablate.report.search.explore import explore
from ablate.results.analysis import Analysis
from ablate.results.search import SearchResults
from ablate.stats import Outcome, searches
from ablate.text import counted

LABELS = ("best setting", "default setting")


def of_search(found: SearchResults, commands: Mapping[str, str], csvs: Mapping[str, str]) -> Face:
    """The first screen of a search's page.

    Args:
        commands: what each does, and the command.
        csvs: files that the page holds, by name.
    """
    confirmation = found.confirmation
    judged = confirmation is not None and not confirmation.comparisons.empty
    face = Face(_bar(found, commands, csvs), _headline(found), _asked(found), explore=explore(found), remarks=remarks(found))
    if confirmation is None or not judged:
        return face
    said = confirmation.fill(sentences.sentences)
    return replace(
        face,
        chips=chips(confirmation.question, confirmation.comparisons),
        decided=decided(confirmation),
        verdicts=_gained(found, confirmation),
        details=confirmation.fill(details, said=said),
    )


def remarks(found: SearchResults) -> tuple[str, ...]:
    """What the result must not be taken for; the counts of trials stand with the trials."""
    others = words.sentences(found)
    return tuple(others[: len(others) - len(words.counted_trials(found))])


def _bar(found: SearchResults, commands: Mapping[str, str], csvs: Mapping[str, str]) -> Bar:
    seconds = float(searches.spent(found.trials)["seconds"].iloc[0])
    fresh = 0 if found.confirmation is None else len(found.confirmation.results.sweep.seeds)
    facts = [
        *([(found.data, 1)] if found.data else []),
        (counted(len(found.finished), "trial"), 1),
        *([(counted(fresh, "fresh seed"), 2)] if fresh else []),
        *([(f"{numbers.duration(seconds)} of training", 2)] if seconds > 0 else []),
    ]
    wanted, ended = int(found.search["n_trials"]), len(found.finished)
    state = f"{ended:,}/{wanted:,} trials" if words.unfinished(found) else COMPLETE
    saved = tuple((name, several(text)) for name, text in csvs.items())
    return Bar(
        found.title, tuple(facts), state, min(1.0, ended / max(1, wanted)), several("\n".join(commands.values())), files=saved
    )


def _asked(found: SearchResults) -> str:
    keys = sentences.series(list(found.space))
    default = ", ".join(f"{key} {words.value(value)}" for key, value in found.default.items())
    return found.sweep.question or f"Is there a better {keys} than the default, {default}?"


def _headline(found: SearchResults) -> tuple[Part, ...]:
    """What was gained, short; the whole sentence stands below it."""
    best, confirmation = words.best_setting(found), found.confirmation
    if best is None:
        return (Part("Nothing found yet: no trial is done."),)
    if confirmation is None or confirmation.comparisons.empty:
        if words.default_won(found):
            return (Part("The default setting has the best score: nothing was gained."),)
        return (Part("No result yet: the best setting is not confirmed on fresh seeds."),)
    question = confirmation.question
    row = confirmation.comparisons.to_dict("records")[0]
    if row["n"] == 0:
        return (Part("No result yet: no seed of the confirmation is complete."),)
    setting = sentences.series(
        [f"{key} {words.value(value)}" for key, value in words.measured(found, confirmation, int(row["arm"])).items()]
    )
    unit = {"pp": "percentage points"}.get(unit_of(question), unit_of(question))
    kind, size = kind_of(row, crossed=False), numbers.number(abs(row["points"]), 1 if unit == "percentage points" else 2)
    count = counted(int(row["n"]), "fresh seed")
    match Outcome(row["verdict"]):
        case Outcome.HELPS:
            return (Part(f"{setting} "), Part(f"gains {size} {unit}", "change-0", kind), Part(f" on {count}."))
        case Outcome.HURTS:
            return (
                Part(f"{setting} "),
                Part(f"costs {size} {unit}", "change-0", kind),
                Part(f" on {count}: the default is better."),
            )
        case Outcome.NO_EFFECT:
            return (
                Part(f"{setting} has "),
                Part(str(Outcome.NO_EFFECT), "change-0", kind),
                Part(f" on {count}: the default is as good."),
            )
        case _:
            return (Part(f"{setting} is "), Part(str(Outcome(row["verdict"])), "change-0", kind), Part(f" on {count}."))


def _gained(found: SearchResults, confirmation: Analysis) -> Verdicts | None:
    """The table of the confirmation, with the settings that it compares."""
    table = confirmation.fill(verdicts)
    if table is None:
        return None
    frame = confirmation.comparisons
    arms = [words.setting(words.measured(found, confirmation, int(frame[side].iloc[0]))) for side in ("arm", "against")]
    rows = tuple(replace(row, name=LABELS[0], override=arms[0]) for row in table.rows)
    reference = None if table.reference is None else replace(table.reference, name=LABELS[1], override=arms[1])
    seeds = counted(len(confirmation.results.sweep.seeds), "seed")
    return replace(
        table, title=f"What was gained, on {seeds} that no trial used", change="Setting", rows=rows, reference=reference
    )
