"""The records in `experiments/` that keep a pack are drawn again from it, with the same numbers."""

from pathlib import Path

import pandas as pd
import pytest

from ablate.commands import report

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
RECORDS = sorted(path.parent for path in EXPERIMENTS.glob("*/pack"))


@pytest.mark.skipif(not EXPERIMENTS.is_dir(), reason="a source distribution has no records")
def test_there_are_records_with_a_pack() -> None:
    assert RECORDS


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.name)
def test_a_record_is_drawn_again_from_its_pack(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.run([str(record), "--out", str(tmp_path), "--format", "csv"]) == 0
    assert "damaged" not in capsys.readouterr().out
    kept = sorted(path.name for path in record.glob("*.csv"))
    assert "effects.csv" in kept
    for name in kept:
        then, now = pd.read_csv(record / name), pd.read_csv(tmp_path / name)
        assert set(then.columns) <= set(now.columns), name
        pd.testing.assert_frame_equal(now[then.columns], then, check_dtype=False, rtol=1e-9, atol=1e-12, obj=name)


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.name)
def test_a_record_says_how_it_was_made(record: Path) -> None:
    text = (record / "README.md").read_text()
    assert all(f"**{part}.**" in text for part in ("Question", "Command", "Finding", "Cost"))
    assert "python -m ablate -m " in text
