"""Checks the words that users read against the ones this project has settled on; prints each place, and fails if there is one.

Read are the strings of the package but for docstrings, the YAML files, and the Markdown and notebook texts.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BANNED = {  # a pattern, and what to write in its place
    r"\bunclear\b": "inconclusive",
    r"\bfamily intervals?\b": "adjusted CI",
    r"\bunbeaten\b": "Pareto-optimal",
    r"\bingredients?\b": "change, factor",
    r"\baveraged weights\b": "EMA weights",
    r"\bflatter(s|ing|ed|y)?\b": "optimistic, selection bias",
    r"\bcrossed out\b|\bcame along\b|\bcomes? along with it\b": "confounds",
    r"\b(go|goes|went|going) on with\b": "resume, continue",
    r"\bwhoever\b": "you, those who",
    r"\bis told\b|\bare told\b|\bto be told\b": "say, report",
    r"\bstands? on\b": "uses",
    r"\bof which\b": "rewrite the sentence",
    r"\bscatters?\b": "SD",
    r"(?<=[\d}]) %(?![\w(])": "% closed up",
    r"(?<![\w.])\d+ x \d+(?![\w.])": "×",
    r"\b\w*(normalis|standardis|initialis|regularis|recognis|summaris|randomis)\w*\b": "American spelling",
    r"\b\w*(optimise|optimisa|colour|behaviour|neighbour|favour)\w*\b": "American spelling",
    r"\b(grey|centre|learnt|labelled|cancelled|modelling|catalogue|judgement|licence|artefact)\b": "American spelling",
}
PATTERN = {re.compile(pattern, re.IGNORECASE): better for pattern, better in BANNED.items()}


def main() -> int:
    """Prints what it finds; the exit status."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0].strip()!r} should be: {better}"
        for path in sorted(_files())
        for line, text in _texts(path)
        for pattern, better in PATTERN.items()
        for match in [pattern.search(text)]
        if match
    ]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


def _files() -> Iterator[Path]:
    for folder, pattern in (
        ("ablate", "*.py"),
        ("hydra_plugins", "*.py"),
        ("conf", "*.yaml"),
        ("docs", "*.md"),
        ("notebooks", "*.ipynb"),
    ):
        yield from (ROOT / folder).rglob(pattern)
    yield from (ROOT / name for name in ("README.md", "CONTRIBUTING.md"))
    yield from (ROOT / "experiments").glob("*/README.md")


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of what users read in a file."""
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(content.splitlines(), 1)
        return
    tree = ast.parse(content)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.lineno, node.value


if __name__ == "__main__":
    sys.exit(main())
