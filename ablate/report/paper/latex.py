"""Frames of text as LaTeX sets them, with `booktabs` alone."""

from collections.abc import Sequence

import pandas as pd

from ablate import escaping

NAME_LETTERS, NAME_COLUMN = 18, r"p{0.25\linewidth}"  # longer names wrap, in a column that leaves room for five others


def tabular(text: pd.DataFrame, left: Sequence[str], foot: str = "") -> str:
    """A frame of text as a `tabular` with the rules of booktabs; columns in `left` to the left, the others to the right.

    Long names in the first column wrap.

    Args:
        foot: a short line under the rows; none where empty.
    """
    wraps = bool(text.iloc[:, 0].str.len().max() > NAME_LETTERS)
    places = ["l" if name in left else "r" for name in text.columns]
    places[0] = NAME_COLUMN if wraps else places[0]
    heads, *cells = [list(map(escaping.latex, row)) for row in [list(text.columns), *text.to_numpy().tolist()]]
    rows = [[f"\\raggedright {name}" if wraps else name, *others] for name, *others in cells]
    lines = [f"{' & '.join(row)} \\\\" for row in [heads, *rows]]
    lines = [f"\\begin{{tabular}}{{@{{}}{''.join(places)}@{{}}}}", r"\toprule", lines[0], r"\midrule", *lines[1:]]
    lines.append(r"\bottomrule")
    if foot:
        lines.append(f"\\multicolumn{{{len(places)}}}{{@{{}}l@{{}}}}{{{escaping.latex(foot)}}} \\\\")
    lines.append(r"\end{tabular}")
    return "\n".join(lines) + "\n"
