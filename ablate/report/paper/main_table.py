"""The table of a paper: each arm with what is judged of it, and the caption."""

import pandas as pd

from ablate import escaping, numbers, stats
from ablate.numbers import counted
from ablate.report import sentences
from ablate.report.paper.latex import tabular
from ablate.report.paper.methods import is_tested
from ablate.report.paper.recipe import data_set
from ablate.report.tables.verdicts import OTHER, has_others, incomplete, intervals, left_unclear, partner, whats
from ablate.results.analysis import Analysis

HEAD = r"""% Needs \usepackage{booktabs} in the preamble. To be set as
%   \begin{table} \centering \caption{\protect\input{caption}} \input{table} \end{table}
% and in a paper of two columns as table*, which goes over both:
%   \begin{table*} \centering \caption{\protect\input{caption}} \input{table} \end{table*}
"""
SET = r"{\small \setlength{\tabcolsep}{4pt}"  # six columns then fit the width of an article


def table(analysis: Analysis) -> str:
    """`table.tex`: what is judged, with each arm's mean and deviation; without comparisons the arms alone."""
    one_an_arm = not analysis.question.effects and not has_others(analysis)
    text = _arms(analysis) if one_an_arm else _comparisons(analysis)
    foot = "Exploratory: changed after training." if analysis.question.exploratory else ""
    return f"{HEAD}{SET}%\n{tabular(text, [text.columns[0], OTHER, 'verdict'], foot).rstrip()}}}\n"


def _arms(analysis: Analysis) -> pd.DataFrame:
    question, places, frame = analysis.question, analysis.places, analysis.arms
    values = [
        numbers.number(mean, places) + ("" if pd.isna(sd) else f" ± {numbers.number(sd, places)}")
        for mean, sd in zip(frame["mean"], frame["sd"], strict=True)
    ]
    text = pd.DataFrame(
        {
            "arm": frame["label"],
            "seeds": [numbers.whole(n) for n in frame["n"]],
            f"{question.metric.name} ({question.metric.unit})": values,
        }
    )
    if not question.judged:
        return text
    judged = _judged(analysis).set_axis(analysis.comparisons["arm"].astype("int64"), axis="index")
    return text.join(judged.reindex(frame["arm"]).fillna("").reset_index(drop=True))


def _comparisons(analysis: Analysis) -> pd.DataFrame:
    """A row a comparison, where these are not one an arm."""
    columns = {column.heading: list(column.text) for column in whats(analysis)}
    text = pd.DataFrame({**columns, "seeds": [numbers.whole(n) for n in analysis.comparisons["n"]]})
    return text.join(_judged(analysis))


def _judged(analysis: Analysis) -> pd.DataFrame:
    """Difference, interval and verdict of each comparison, as text."""
    question, frame, places = analysis.question, analysis.comparisons, analysis.places
    crossed = [len(effect) > 1 for effect in question.effects] or [False] * len(frame)
    rows = zip(frame.to_dict("records"), crossed, strict=True)
    return pd.DataFrame(
        {
            "difference": [numbers.signed(points, places) for points in frame["points"]],
            f"{stats.percent(question.level)} interval": intervals(frame, "low", "high", places),
            "verdict": [sentences.short(row, question.margin, cross) for row, cross in rows],
        }
    )


def caption(analysis: Analysis) -> str:
    """`caption.tex`: what the numbers of the table are, one paragraph."""
    return escaping.latex(" ".join(_caption(analysis))) + "\n"


def _caption(analysis: Analysis) -> list[str]:
    question = analysis.question
    metric, steps = question.metric, sorted(set(question.steps))
    weights = set(question.weights)
    read = f" with {weights.pop()} weights" if len(weights) == 1 else ""
    after = f"after {steps[0]:,} steps" if len(steps) == 1 else "each arm after its own number of steps"
    data = data_set(analysis)
    lines = [f"{metric.name.capitalize()} on the {question.evaluation_set} set{f' of {data}' if data else ''} {after}{read}."]
    if not question.effects and not has_others(analysis):
        spread = "mean ± standard deviation over seeds" if analysis.arms["sd"].notna().any() else "of one seed"
        lines.append(f"{metric.name.capitalize()}: {spread}.")
    if not question.judged:
        return [*lines, *incomplete(analysis)]
    if question.effects:
        lines.append(
            f"Difference: the contrast of each effect over all {len(analysis.arms)} arms within each seed, in {metric.points}"
        )
    else:
        lines.append(f"Difference: to {partner(analysis)}, paired by seed, in {metric.points}")
    if is_tested(analysis):
        lines[-1] += ","
        lines += _tested(analysis)
    else:
        lines[-1] += "."
    if question.exploratory:
        lines.append(f"Exploratory, changed after training: {'; '.join(question.changes)}.")
    return [*lines, *incomplete(analysis)]


def _tested(analysis: Analysis) -> list[str]:
    """The interval and the verdict."""
    question = analysis.question
    among = counted(question.judged, "comparison") + (f" and {question.looks} looks" if question.looks > 1 else "")
    shared = f" (5 % shared among {among})" if question.judged * question.looks > 1 else ""
    lines = [f"with its Student interval over seeds at {stats.percent(question.level)}{shared}."]
    margin = (
        "" if question.margin is None else f", no effect where it lies within ± {question.margin:g} {question.metric.points}"
    )
    lines.append(f"Verdict: helps or hurts where the interval excludes 0{margin}, unclear otherwise.")
    if (analysis.results.runs["status"] == "diverged").any():
        lines.append(stats.barred(question.margin, "effect" if question.effects else "difference"))
    if unclear := left_unclear(analysis):
        lines.append(f"Unclear since a seed diverged: {'; '.join(unclear)}.")
    if question.effects:
        lines.append("Interactions (a x b) are said to depend on each other or to add up in place of that.")
    if analysis.comparisons["dagger"].any():
        lines.append("†: another verdict for new images.")
    return lines
