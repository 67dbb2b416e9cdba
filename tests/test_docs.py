"""README.md and docs/: every command in them runs, every Python block works, every link leads somewhere.

The commands of all pages run in one folder, in the order of PAGES, as a reader would type them: those behind `$ ` in a
`console` block as they are; in a `sh` block, where they take hours, a sweep is planned and not trained.

`python tests/test_docs.py FILE…` runs a page and puts what its commands print in place of what it shows.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(#[\w-]+)?\)")
SHELL = ("mkdir", "printf")  # what is run besides `ablate`
MOST_LINES = 150  # of README.md
PASSING = r"\d\d:\d\d  |.*trainings used uncommitted changes|Trainings used different commits"


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """(language, text) of the fenced blocks of a page."""
    return ((found[1], found[2]) for found in BLOCK.finditer(page.read_text()))


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """(language, command) in the order of the page; Python blocks that are no doctest among them."""
    for language, text in blocks(page):
        if language == "console":
            yield from (("console", line.removeprefix("$ ")) for line in text.splitlines() if line.startswith("$ "))
        elif language == "sh":
            yield from (("sh", line) for line in text.splitlines() if line.startswith(("ablate ", *SHELL)))
        elif language == "python" and not text.startswith(">>>"):
            yield "python", text


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a reader works in, with an `ablate` on its path."""
    return made(tmp_path_factory.mktemp("reader"))


def made(folder: Path) -> Path:
    (folder / "bin").mkdir()
    for name, words in (("ablate", "-m ablate "), ("python", "")):
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words}"$@"\n')
        program.chmod(0o755)
    shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
    return folder


def run(desk: Path, language: str, command: str, columns: int = 80) -> tuple[int, str]:
    """The exit status of what a reader types, and all that it prints."""
    hidden = ("PYTHONPATH", "HYDRA_FULL_ERROR")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {"COLUMNS": str(columns), "PATH": f"{desk / 'bin'}{os.pathsep}{env['PATH']}"}
    if language == "python":
        words = [sys.executable, "-c", command]
    else:
        planned = re.sub(r"^ablate -m ", "ablate plan ", command) if language == "sh" else command
        words = ["bash", "-c", planned]
    done = subprocess.run(words, cwd=desk, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_runs(page: Path, desk: Path) -> None:
    for language, command in commands(page):
        if language == "sh" and "ABLATE_DATA" not in os.environ:
            continue  # it is about CIFAR-10, which is not here
        status, printed = run(desk, language, command)
        assert status == 0, f"{command}\n{printed}"
        assert "Traceback" not in printed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text()):
        if "://" in path:
            continue
        target = (page.parent / path).resolve()
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert anchor[1:] in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


def test_the_readme_is_short_and_names_every_page() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= MOST_LINES
    assert [page for page in DOCS if f"(docs/{page.name})" not in text] == []


def kept(printed: str) -> list[str]:
    """What a page shows of what a command printed: without the lines of single trainings, and what is about this checkout."""
    lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
    return [line for line in lines if not re.match(PASSING, line)]


def rewritten(page: Path, desk: Path) -> str:
    """The page with what its `console` commands print now."""

    def block(found: re.Match[str]) -> str:
        language, text = found[1], found[2]
        if language == "python" and not text.startswith(">>>"):
            assert run(desk, language, text)[0] == 0
        if language != "console":
            return found[0]
        lines = []
        for line in (line for line in text.splitlines() if line.startswith("$ ")):
            status, printed = run(desk, language, line.removeprefix("$ "))
            assert status == 0, printed
            lines += [line, *kept(printed), ""]
        return "\n".join(["```console", *lines[:-1], "```"])

    return BLOCK.sub(block, page.read_text())


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        place = made(Path(folder))
        for name in sys.argv[1:]:
            Path(name).write_text(rewritten(Path(name), place))
