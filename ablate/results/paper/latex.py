"""The main table of a report in LaTeX, for `booktabs` alone, and its caption."""

import re
import unicodedata
from collections.abc import Sequence

import pandas as pd

from ablate.results import numbers, stats, words
from ablate.results.analysis import Analysis
from ablate.results.numbers import counted
from ablate.results.paper.recipe import data_set
from ablate.results.tables.verdicts import incomplete, intervals, names

HEAD = r"""% Needs \usepackage{booktabs} in the preamble. To be set as
%   \begin{table} \centering \caption{\protect\input{caption}} \input{table} \end{table}
"""
SET = r"{\small \setlength{\tabcolsep}{4pt}"  # six columns then fit the width of an article
NAME_LETTERS, NAME_COLUMN = 24, r"p{0.25\linewidth}"  # longer names wrap, in a column that leaves room for five others
SPECIAL = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "''",
    "[": "{[}",  # after the end of a row it would begin a length
    "*": "{*}",  # and this would forbid a page break
    "→": r"$\to$",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "†": r"$\dagger$",
    "–": "--",
    "…": r"\ldots{}",
    "\u2060": "{}",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
}
HYPHENS, APART = re.compile("-(?=-)"), "-\u2060"  # a word joiner between two of them, so that they make no dash
ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0308": '"',
    "\u030a": "r",
    "\u030c": "v",
    "\u0327": "c",
}


def escape(text: str) -> str:
    """Text as LaTeX sets it. Letters with the usual accents stay; what pdfLaTeX has no sign for is named by its code."""
    return "".join(_sign(sign) for sign in HYPHENS.sub(APART, unicodedata.normalize("NFC", text)))


def _sign(sign: str) -> str:
    if sign in SPECIAL:
        return SPECIAL[sign]
    if sign.isspace() or not sign.isprintable():
        return " "
    if sign.isascii():
        return sign
    letter, *accents = list(unicodedata.normalize("NFD", sign))
    if letter.isascii() and len(accents) == 1 and accents[0] in ACCENTS:
        return f"\\{ACCENTS[accents[0]]}{{{letter}}}"
    return f"U+{ord(sign):04X}"


def tabular(text: pd.DataFrame, left: Sequence[str]) -> str:
    """A frame of text as a `tabular` with the rules of booktabs; columns in `left` to the left, the others to the right.

    Long names in the first column wrap.
    """
    wraps = bool(text.iloc[:, 0].str.len().max() > NAME_LETTERS)
    places = ["l" if name in left else "r" for name in text.columns]
    places[0] = NAME_COLUMN if wraps else places[0]
    heads, *cells = [list(map(escape, row)) for row in [list(text.columns), *text.to_numpy().tolist()]]
    rows = [[f"\\raggedright {name}" if wraps else name, *others] for name, *others in cells]
    lines = [f"{' & '.join(row)} \\\\" for row in [heads, *rows]]
    lines = [f"\\begin{{tabular}}{{@{{}}{''.join(places)}@{{}}}}", r"\toprule", lines[0], r"\midrule", *lines[1:]]
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def table(analysis: Analysis) -> str:
    """`table.tex`: what is judged, with each arm's mean and deviation; without comparisons the arms alone."""
    text = _effects(analysis) if analysis.question.effects else _arms(analysis)
    return f"{HEAD}{SET}%\n{tabular(text, [text.columns[0], 'verdict']).rstrip()}}}\n"


def _arms(analysis: Analysis) -> pd.DataFrame:
    question, places, frame = analysis.question, numbers.of(analysis), analysis.arms
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


def _effects(analysis: Analysis) -> pd.DataFrame:
    frame = analysis.comparisons
    text = pd.DataFrame({"effect": names(frame), "seeds": [numbers.whole(n) for n in frame["n"]]})
    return text.join(_judged(analysis))


def _judged(analysis: Analysis) -> pd.DataFrame:
    """Difference, interval and verdict of each comparison, as text."""
    question, frame, places = analysis.question, analysis.comparisons, numbers.of(analysis)
    crossed = [len(effect) > 1 for effect in question.effects] or [False] * len(frame)
    rows = zip(frame.to_dict("records"), crossed, strict=True)
    return pd.DataFrame(
        {
            "difference": [numbers.signed(points, places) for points in frame["points"]],
            f"{stats.percent(question.level)} interval": intervals(frame, "low", "high", places),
            "verdict": [words.short(row, question.margin, cross) for row, cross in rows],
        }
    )


def caption(analysis: Analysis) -> str:
    """`caption.tex`: what the numbers of the table are, one paragraph."""
    return escape(" ".join(_caption(analysis))) + "\n"


def _caption(analysis: Analysis) -> list[str]:
    question, sweep = analysis.question, analysis.results.sweep
    metric, steps = question.metric, sorted(set(question.steps))
    weights = set(question.weights)
    read = f" with {weights.pop()} weights" if len(weights) == 1 else ""
    after = f"after {steps[0]:,} steps" if len(steps) == 1 else "each arm after its own number of steps"
    data = data_set(analysis)
    lines = [f"{metric.name.capitalize()} on the {question.evaluation_set} set{f' of {data}' if data else ''} {after}{read}."]
    if not question.effects:
        lines.append(
            f"{metric.name.capitalize()}: mean" + (" ± standard deviation over seeds." if _spread(analysis) else " over seeds.")
        )
    if not question.judged:
        return [*lines, *incomplete(analysis)]
    baselines = {other for _, other in question.pairs}
    if question.effects:
        lines.append(
            f"Difference: the contrast of each effect over all {len(analysis.arms)} arms within each seed, in {metric.points},"
        )
    elif len(baselines) == 1:
        lines.append(f"Difference: to {analysis.names[baselines.pop()]}, paired by seed, in {metric.points},")
    else:
        below = "the rung below" if sweep["design"] == "ladder" else "the arm that it is compared with"
        lines.append(f"Difference: to {below}, paired by seed, in {metric.points},")
    shared = counted(question.judged, "comparison") + (f" and {question.looks} looks" if question.looks > 1 else "")
    lines.append(f"with its Student interval over seeds at {stats.percent(question.level)} (5 % shared among {shared}).")
    margin = "" if question.margin is None else f", no effect where it lies within ± {question.margin:g} {metric.points}"
    lines.append(f"Verdict: helps or hurts where the interval excludes 0{margin}, unclear otherwise.")
    if question.effects:
        lines.append("Interactions (a x b) are said to depend on each other or to add up in place of that.")
    if analysis.comparisons["dagger"].any():
        lines.append("†: unclear for new images.")
    if question.exploratory:
        lines.append(f"Exploratory, changed after training: {'; '.join(question.changes)}.")
    return [*lines, *incomplete(analysis)]


def _spread(analysis: Analysis) -> bool:
    return bool(analysis.arms["sd"].notna().any())
