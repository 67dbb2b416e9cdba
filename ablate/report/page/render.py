"""From plain sections to one self-contained HTML file."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import groupby
from numbers import Integral, Real
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from ablate import escaping
from ablate.report.page.blocks import Block, Picture, Section, Table
from ablate.report.page.face import Banner, Bar, Face, Part
from ablate.report.page.svg import inlined

EXPLORATORY = "exploratory: changed after training"
MISSING = {"", "–"}  # texts of a cell without a value
# What a cell of numbers begins with: "−3.1 (−4.0 to −2.2)", "1,234", "12%", "± 0.5"; no names such as "0b7ea4f" or "2x2".
_NUMBER = re.compile(r"(?:± ?)?([+−-]?) ?(\d[\d,]*(?:\.\d+)?(?:[eE][+−-]?\d+)?)(?=$|[\s%±(,;†])")
SHORT = 24  # rows of a table that is printed on one page
SENTENCE = 24  # letters of a text that is longer than a name
DIGITS = 10  # significant ones of a value in full: what is beyond is noise of binary fractions


def render(
    title: str,
    answer: Sequence[str],
    banner: Sequence[str],
    sections: Sequence[Section],
    warning: str = EXPLORATORY,
    face: Face | None = None,
    headline: str = "",
) -> str:
    """One HTML page that needs nothing else: neither network nor files, with styles, script and figures inside.

    The same arguments give the same page. All text is escaped; the script that the page carries is the only one that may run.

    Args:
        title: heading and name of the page.
        answer: what was found, a line each.
        banner: what was changed after training, a phrase each; empty where all is as planned.
        sections: in order; their ids differ. Those with a tab stand behind it, others above the tabs.
        warning: what stands above the banner.
        face: the first screen; without one it is the title alone, with `headline` in large letters where that is given.
    """
    style, script = ("\n".join(_read(name) for name in names) for names in _own(face))
    numbers = iter(range(1, 1 + sum(len(section.blocks) for section in sections)))
    prepared = [
        {**vars(section), "blocks": [_prepared(block, f"figure{next(numbers)}-") for block in section.blocks]}
        for section in sections
    ]
    first = face or Face(Bar(title), (Part(headline or title),))
    if banner:
        first = replace(first, banners=(Banner(f"{warning}:", tuple(banner)), *first.banners))
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            title=title,
            face=first,
            plain=face is None,
            answer=tuple(answer),
            sections=[section for section in prepared if not section["tab"]],
            tabs={tab: list(group) for tab, group in groupby(_by_tab(prepared), key=lambda section: section["tab"])},
            style=style,
            script=script,
            # The browser hashes all that stands between the script's tags.
            script_hash="sha256-" + base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode(),
        )
    )


def _own(face: Face | None) -> tuple[list[str], list[str]]:
    """(styles, scripts) of the parts that a page has."""
    styles, scripts = ["page.css"], ["page.js"]
    if face is not None:
        styles += ["verdicts.css", "charts.css"]
        scripts += ["verdicts.js"]
    if face is not None and (face.charts or face.explore):
        scripts += ["draw.js"]
    if face is not None and face.charts:
        scripts += ["charts.js"]
    if face is not None and face.explore:
        styles, scripts = [*styles, "search.css"], [*scripts, "search.js"]
    return styles, scripts


def _by_tab(sections: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sections behind tabs: tabs in the order of their first section, sections in theirs."""
    tabs = list(dict.fromkeys(section["tab"] for section in sections if section["tab"]))
    return [section for tab in tabs for section in sections if section["tab"] == tab]


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, finalize=_finished, loader=jinja2.FunctionLoader(_read)
    )


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8").strip()


def _finished(value: Any) -> Any:
    """What the template puts in, which escapes it then; its own style, script and figures stay as they are."""
    return escaping.html(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prepared(block: Block, prefix: str) -> dict[str, Any]:
    """A block as the template takes it, told apart by its kind."""
    prepared = {"is": type(block).__name__.lower(), **vars(block)}
    if isinstance(block, Table):
        columns = [_column(block, number) for number in range(block.text.shape[1])]
        cells = zip(*(column.cells for column in columns), strict=True)
        tones = block.tones or ("",) * len(block.text)
        prepared["short"] = len(block.text) <= SHORT
        prepared |= {"columns": columns, "rows": [{"tone": t, "cells": row} for t, row in zip(tones, cells, strict=True)]}
    if isinstance(block, Picture):
        prepared["svg"] = inlined(block.svg, prefix, block.alt, block.points)
    return prepared


@dataclass(frozen=True)
class _Cell:
    """text: as read. value: what its row is sorted by, None where missing. hover: the value in full, where that says more."""

    text: str
    value: str | None
    hover: str
    kind: str


@dataclass(frozen=True)
class _Column:
    name: str
    kind: str  # "number" or "text"
    cells: list[_Cell]

    @property
    def long(self) -> bool:
        """Whether it holds sentences, which must not be wrapped after each word where the window is narrow."""
        return self.kind == "text" and any(len(cell.text) > SENTENCE for cell in self.cells)


def _column(table: Table, number: int) -> _Column:
    name = str(table.text.columns[number])
    texts = [str(text) for text in table.text.iloc[:, number]]
    if table.exact is not None and name in table.exact.columns:
        values: list[Any] = [None if pd.isna(value) else value for value in table.exact[name]]
    else:
        shown = [None if text in MISSING else text for text in texts]
        numbers = [None if text is None else _number(text) for text in shown]
        values = shown if any(n is None and text is not None for n, text in zip(numbers, shown, strict=True)) else numbers
    known = [value for value in values if value is not None]
    kind = "number" if known and all(isinstance(value, Real) and not isinstance(value, bool) for value in known) else "text"
    return _Column(name, kind, [_cell(text, value, kind) for text, value in zip(texts, values, strict=True)])


def _cell(text: str, value: Any, kind: str) -> _Cell:
    if value is None:
        return _Cell(text, None, "", kind)
    if kind == "text":
        return _Cell(text, str(value), str(value) if str(value) != text else "", kind)
    full = f"{value:,}" if isinstance(value, Integral) else f"{value:,.{DIGITS}g}"
    full = full.replace("-", "−")
    return _Cell(text, repr(float(value)), full if full not in text else "", kind)


def _number(text: str) -> float | None:
    """The number that a text begins with; None where it begins with none."""
    found = _NUMBER.match(text)
    return float("".join(found.groups()).replace("−", "-").replace(",", "")) if found else None
