"""Hostile stores, as `store_fuzz.py` beside this makes them: a sample here, all of it in the slow suite."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("store_fuzz.py")


def fuzzed(tmp_path: Path, *words: str) -> tuple[int, int, int]:
    """(attacks, edits, the most memory in MB), in a process of its own, whose memory is its own."""
    done = subprocess.run([sys.executable, str(FUZZ), *words], cwd=tmp_path, capture_output=True, text=True, timeout=3_000)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert list(tmp_path.iterdir()) == []  # no pickle was run
    found = re.fullmatch(r"(\d+) attacks, (\d+) edits, at most (\d+) MB", done.stdout.strip())
    assert found
    attacks, edits, peak = map(int, found.groups())
    return attacks, edits, peak


def test_a_hostile_store_is_told_and_leads_nowhere(tmp_path: Path) -> None:
    attacks, edits, peak = fuzzed(tmp_path, "--edits", "1", "--every", "12")
    assert attacks >= 10
    assert edits == 5
    assert peak < 500


@pytest.mark.slow
@pytest.mark.exhaustive
def test_thousands_of_hostile_stores(tmp_path: Path) -> None:
    attacks, edits, peak = fuzzed(tmp_path, "--edits", "1000")
    assert attacks >= 120
    assert edits == 1000 * 5
    assert peak < 1_000
