"""The figures of a search's report: those that it has trials for."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from ablate.report import figures
from ablate.report.figures import Drawn, blank, fit, rows, single
from ablate.report.search.figures import curves, front, history, importance, slices, surface, time
from ablate.report.search.figures.marks import is_numeric, scale
from ablate.results.search import SearchResults
from ablate.stats import searches
from ablate.stats.objectives import Objective

CONFIRMED = {"effects": "The confirmation", "accuracy": "The confirmation over training"}


def drawn(found: SearchResults) -> Iterator[Drawn]:
    """Every figure that there is data for, finished, in the order in which a reader wants them."""
    if found.confirmation is not None:
        for name, title, figure in figures.drawn(found.confirmation):
            if name in CONFIRMED:
                yield Drawn(f"confirmation_{name}", f"{CONFIRMED[name]}: {title[0].lower()}{title[1:]}", figure)
    if len(found.objectives) > 1:
        if len(found.done):
            yield Drawn("front", "The front of the two objectives", _front(found))
    elif len(found.done):
        yield Drawn("history", "The best score over the trials", _history(found))
    keys = pair(found)
    if keys is not None and len(found.done):
        yield Drawn("surface", f"Scores over {keys[0]} and {keys[1]}", _surface(found, *keys))
    if len(found.done) and found.learned is not None:
        yield Drawn("slices", "Scores against each key", _slices(found))
    if found.learned is not None and len(found.curves):
        yield Drawn("curves", "Learning curves", _curves(found))
    if len(found.importances[0]):
        yield Drawn("importance", "Which key matters", _importance(found))
    effort = searches.effort(found.trials)
    if effort["trained"].any():
        yield Drawn("time", "What was trained, and what was saved", fit(time.time_by_trial(effort, single()), time.HEIGHT))


def pair(found: SearchResults) -> tuple[str, str] | None:
    """The two keys of numbers that matter most, or of those unknown the first two; the one on a finer scale first."""
    numeric = [key for key, one in found.space.items() if is_numeric(one)]
    if len(numeric) < 2:
        return None
    shares = found.importances[0]
    told = dict(zip(shares["parameter"], shares["importance"], strict=True)) if len(found.objectives) == 1 else {}
    first, second = sorted(numeric, key=lambda key: -told.get(key, 0.0))[:2]
    listed = found.space[first].kind == "categorical" and found.space[second].kind != "categorical"
    return (second, first) if listed else (first, second)


def _best(found: SearchResults) -> int | None:
    """The number of the best trial, of two objectives in the first; None without one."""
    if found.done.empty:
        return None
    return int(searches.ranked(found.trials, found.objective)["number"].iloc[0])


def _scored(found: SearchResults) -> Objective:
    """The objective that figures of one score draw: the learned one."""
    return found.learned or found.objective


def _history(found: SearchResults) -> Figure:
    frame = searches.history(found.trials, found.objective)
    return fit(history.history_of_trials(frame, single(), found.objective, found.counts), history.HEIGHT)


def _surface(found: SearchResults, across: str, up: str) -> Figure:
    scales = scale(across, found.space[across]), scale(up, found.space[up])
    ax = surface.scores_over_keys(found.trials, single(), *scales, _scored(found), found.counts, _best(found))
    return fit(ax, surface.HEIGHT)


def _slices(found: SearchResults) -> Figure:
    one = _scored(found)
    frame = searches.slices(found.trials, list(found.space), one)
    scales = [scale(key, dimension) for key, dimension in found.space.items()]
    return fit(slices.scores_by_key(frame, blank(), scales, one, found.counts, _best(found)), slices.height(len(scales)))


def _curves(found: SearchResults) -> Figure:
    default = found.trials.loc[found.trials["default"] & found.trials["number"].isin(found.curves["number"]), "number"]
    first = int(default.iloc[-1]) if len(default) else None
    ax = curves.learning_curves(found.curves, single(), _scored(found), found.counts, _best(found), first)
    return fit(ax, curves.HEIGHT)


def _importance(found: SearchResults) -> Figure:
    ax = importance.importance_bars(found.importances[0], single())
    return fit(ax, rows.height(ax))


def _front(found: SearchResults) -> Figure:
    frame = searches.fronts(found.trials, found.objectives)
    return fit(front.front_of_objectives(frame, single(), found.objectives, found.counts), front.HEIGHT)
