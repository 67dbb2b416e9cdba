"""The table of a paper: each arm with what is judged of it, and the caption."""

import pandas as pd

from ablate import escaping, numbers, stats
from ablate.readout import END
from ablate.report import bounds, footnotes, naming, sentences
from ablate.report.paper.latex import tabular
from ablate.report.paper.methods import is_tested
from ablate.report.paper.recipe import data_set
from ablate.report.tables.table import intervals
from ablate.report.tables.verdicts import OTHER, whats
from ablate.results.analysis import Analysis
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.stats import Outcome
from ablate.text import counted

HEAD = r"""% Needs \usepackage{booktabs} in the preamble. To be set as
%   \begin{table} \centering \setlength{\belowcaptionskip}{6pt} \caption{\protect\input{caption}} \input{table} \end{table}
% and in a paper of two columns as table*, which goes over both; table_one_column fits into one:
%   \begin{table*} \centering \setlength{\belowcaptionskip}{6pt} \caption{\protect\input{caption}} \input{table} \end{table*}
"""
NARROW_HEAD = r"""% Needs \usepackage{booktabs} in the preamble. For one column of a paper of two:
%   \begin{table} \centering \setlength{\belowcaptionskip}{6pt} \caption{\protect\input{caption}} \input{table_one_column}
%   \end{table}
"""

NARROW_SET = r"{\footnotesize \setlength{\tabcolsep}{3pt}"
SET = r"{\small \setlength{\tabcolsep}{3pt}"  # six columns then fit the width of an article


def table(analysis: Analysis) -> str:
    """`table.tex`: what is judged, with each arm's mean and deviation; without comparisons the arms alone."""
    one_an_arm = not analysis.question.effects and not analysis.fill(naming.has_others)
    text = analysis.fill(_arms if one_an_arm else _comparisons)
    foot = "Exploratory: changed after training." if analysis.question.changes else ""
    foot = foot or ("Exploratory: not registered before training." if analysis.question.exploratory else "")
    return f"{HEAD}{SET}%\n{tabular(text, [text.columns[0], OTHER, 'verdict'], foot).rstrip()}}}\n"


def narrow_table(analysis: Analysis) -> str:
    """`table_one_column.tex`: each change with its difference, interval and verdict; without comparisons the arms alone."""
    question, comparisons, arms, places = analysis.question, analysis.comparisons, analysis.arms, analysis.places
    if not question.judged:
        text = _arms(question, comparisons, arms, places)
        return f"{NARROW_HEAD}{NARROW_SET}%\n{tabular(text, [text.columns[0]]).rstrip()}}}\n"
    shown = bounds.readable(comparisons, question.metric)
    ends = zip(shown["low"], shown["high"], strict=True)
    text = pd.DataFrame(
        {
            "change": [str(name) for name in comparisons["name"]],
            f"diff. ({question.metric.points})": [numbers.signed(points, places) for points in comparisons["points"]],
            f"{stats.percents(question.levels)} CI": [numbers.interval(low, high, places) for low, high in ends],
            "verdict": [str(verdict) for verdict in comparisons["verdict"]],
        }
    )
    return f"{NARROW_HEAD}{NARROW_SET}%\n{tabular(text, ['change', 'verdict']).rstrip()}}}\n"


def _arms(question: Question, comparisons: pd.DataFrame, arms: pd.DataFrame, places: int) -> pd.DataFrame:
    values = [
        numbers.number(mean, places) + ("" if pd.isna(sd) else f" ± {numbers.number(sd, places)}")
        for mean, sd in zip(arms["mean"], arms["sd"], strict=True)
    ]
    text = pd.DataFrame(
        {
            "arm": arms["label"],
            "seeds": [numbers.whole(n) for n in arms["n"]],
            f"{question.metric.name} ({question.metric.unit})": values,
        }
    )
    if not question.judged:
        return text
    judged = _judged(question, comparisons, places).set_axis(comparisons["arm"].astype("int64"), axis="index")
    return text.join(judged.reindex(arms["arm"]).fillna("").reset_index(drop=True))


def _comparisons(question: Question, comparisons: pd.DataFrame, partner: str | None, places: int) -> pd.DataFrame:
    """A row a comparison, where these are not one an arm."""
    columns = {column.heading: list(column.text) for column in whats(question, comparisons, partner)}
    text = pd.DataFrame({**columns, "seeds": [numbers.whole(n) for n in comparisons["n"]]})
    return text.join(_judged(question, comparisons, places))


def _judged(question: Question, comparisons: pd.DataFrame, places: int) -> pd.DataFrame:
    """Difference, interval and verdict of each comparison, as text."""
    rows = zip(comparisons.to_dict("records"), question.interactions, strict=True)
    return pd.DataFrame(
        {
            "difference": [numbers.signed(points, places) for points in comparisons["points"]],
            f"{stats.percents(question.levels)} CI": intervals(
                bounds.readable(comparisons, question.metric), "low", "high", places
            ),
            "verdict": [sentences.short(row, question.margin, cross) for row, cross in rows],
        }
    )


def caption(analysis: Analysis) -> str:
    """`caption.tex`: what the numbers of the table are, one paragraph."""
    return escaping.latex(" ".join(analysis.fill(_caption))) + "\n"


def _caption(
    results: Results,
    question: Question,
    comparisons: pd.DataFrame,
    arms: pd.DataFrame,
    names: dict[int, str],
    partner: str | None,
    statuses: "pd.Series[str]",
    unpaired: list[bool],
) -> list[str]:
    metric, steps = question.metric, sorted(set(question.steps))
    after = f" after {steps[0]:,} steps" if len(steps) == 1 else ", each arm after its own number of steps"
    after = after if question.last == 1 and any(steps) and END not in steps else question.read_at
    data = data_set(results, question)
    judged_on = f"{question.evaluation_set} set{f' of {data}' if data else ''}"
    lines = [f"{metric.name.capitalize()} on the {judged_on}{after}{question.read_with}."]
    if not question.effects and not naming.has_others(question, partner):
        spread = "mean ± standard deviation over seeds" if arms["sd"].notna().any() else "one seed"
        lines.append(f"{metric.name.capitalize()}: {spread}.")
    if not question.judged:
        return [*lines, *footnotes.incomplete(results, comparisons, statuses)]
    if question.effects:
        how = f", {naming.pairing(unpaired)}" if any(unpaired) else " within each seed"
        lines.append(f"Difference: contrast over all {len(arms)} arms{how}, in {metric.points}")
    else:
        lines.append(
            f"Difference: from {naming.other_side(question, names, partner)}, {naming.pairing(unpaired)}, in {metric.points}"
        )
    if is_tested(comparisons):
        lines[-1] += ","
        lines += _tested(results, question, comparisons)
    else:
        lines[-1] += "."
    if question.changes:
        lines.append(f"Exploratory, changed after training: {'; '.join(question.changes)}.")
    elif question.exploratory:
        lines += footnotes.exploratory(question)
    return [*lines, *footnotes.incomplete(results, comparisons, statuses)]


def _tested(results: Results, question: Question, comparisons: pd.DataFrame) -> list[str]:
    """The interval and the verdict."""
    among = counted(question.judged, "comparison") + (f" and {question.looks} looks" if question.looks > 1 else "")
    shared = f" (Bonferroni-adjusted for {among})" if question.judged * question.looks > 1 else ""
    if not question.shared:
        shared = f" ({stats.LEVEL_SHARED})"
    lines = [f"with its {stats.percents(question.levels)} t-interval over seeds{shared}."]
    margin = ""
    if question.margin is not None:
        narrower = stats.equivalence_percents(question.levels)
        margin = (
            f", {Outcome.NO_EFFECT} if the narrower {narrower} CI (two one-sided tests) lies within "
            f"± {question.margin:g} {question.metric.points}"
        )
    decided = f"{Outcome.HELPS} or {Outcome.HURTS} if the CI excludes 0"
    lines.append(f"Verdict: {decided}{margin}, {Outcome.INCONCLUSIVE} otherwise.")
    if (results.runs["status"] == "diverged").any():
        lines.append(stats.barred("effect" if question.effects else "difference"))
    if inconclusive := naming.left_inconclusive(comparisons):
        lines.append(f"{Outcome.INCONCLUSIVE.capitalize()} because a seed diverged: {'; '.join(inconclusive)}.")
    if inconclusive := naming.left_inconclusive(comparisons, "unstable"):
        lines.append(f"{Outcome.INCONCLUSIVE.capitalize()} because a run is unstable: {'; '.join(inconclusive)}.")
    if question.effects:
        lines.append("For interactions (a × b), the verdicts are interact and add up.")
    if comparisons["dagger"].any():
        lines.append("†: the verdict for new images differs.")
    return lines
