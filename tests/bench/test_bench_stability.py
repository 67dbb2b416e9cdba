"""The rule for unstable runs on runs drawn at random: sound ones that it calls unstable, and falls that it finds."""

from pathlib import Path

import pandas as pd
import pytest
from bench import stable

DEFAULT = 10  # evaluations that are averaged
BAR = round(1 + 200 * (0.01 * 0.99 / stable.RUNS) ** 0.5, 2)  # 1%, and two standard errors of a share of it


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    return pd.DataFrame(stable.cells())


@pytest.mark.bench
@pytest.mark.parametrize("last", stable.LAST)
def test_sound_runs_are_hardly_ever_called_unstable(simulated, last, table):
    called = 100 * simulated[simulated["last"] == last]["called"]
    table.under(BAR, f"sound runs called unstable, mean of the last {last}, worst of {len(called)} cells", called.max(), "%")


@pytest.mark.bench
def test_falls_by_5_points_are_found(simulated, table):
    found = 100 * simulated[simulated["last"] == DEFAULT]["found"]
    table.at_least(78.0, f"falls by 5 points found, worst of {len(found)} cells", found.min(), "%")
    for last in stable.LAST:
        cell = simulated[simulated["last"] == last].groupby("jitter")["found"].min()
        told = ", ".join(f"{share:.0%} at {jitter:g}" for jitter, share in cell.items())
        table.note(f"falls by 5 points found at least, last {last}, by jitter in points", told)


def test_the_tables_of_falls_are_those_of_their_csv() -> None:
    record = Path(__file__).parents[2] / "experiments" / "verdict-rule"
    text = (record / "README.md").read_text()
    for table in stable.table(pd.read_csv(record / "falls.csv", dtype={"effects": "str"})):
        assert table in text


@pytest.mark.bench
def test_the_record_of_falls_is_what_the_simulation_gives() -> None:
    recorded = pd.read_csv(Path(__file__).parents[2] / "experiments" / "verdict-rule" / "falls.csv", dtype={"effects": "str"})
    pd.testing.assert_frame_equal(pd.DataFrame(stable.studies()).round(4), recorded, check_dtype=False, atol=0.005, rtol=0)
