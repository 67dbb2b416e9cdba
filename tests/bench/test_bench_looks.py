"""Looking again, on studies drawn at random: any wrong verdict of all looks, against what their reports print."""

import importlib
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.bench

HERE = Path(__file__).parent
STUDIES = 20_000  # a cell
BY_NEARNESS = ("as needed", "by nearness")  # more seeds, as many as the differences that were seen ask for


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)  # where a script finds its neighbors
        frame = pd.DataFrame(importlib.import_module("looking").cells())
    errors = 200 * (frame["printed"] * (1 - frame["printed"]) / STUDIES) ** 0.5
    return frame.assign(beyond=100 * (frame["wrong"] - frame["printed"]) - errors)


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_all_looks_together_are_wrong_at_most_as_often_as_is_printed(simulated, looks, table):
    cells = simulated[(simulated["looks"] == looks) & ~simulated["way"].isin(BY_NEARNESS)]
    worst = cells.loc[cells["beyond"].idxmax()]
    what = f"wrong verdicts beyond what is printed, {looks} further looks, worst of {len(cells)} cells"
    table.under(0.0, f"{what} ({worst['way']}, {worst['scatter']}, {worst['effects']})", worst["beyond"], "points")
    for way, wrong in (100 * cells.groupby("way")["wrong"].max()).items():
        table.note(f"any wrong verdict, {looks} further looks, {way}, at most", f"{wrong:.1f}%")


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_seeds_counted_out_by_how_near_a_verdict_is_add_nothing(simulated, looks, table):
    cells = simulated[(simulated["looks"] == looks) & simulated["way"].isin(BY_NEARNESS)]
    for arms, of_arms in cells.groupby("arms"):
        what = f"the same, counted out by nearness, of {arms} comparisons, worst of {len(of_arms)} cells"
        table.under(0.0, f"{what}, {looks} further looks", of_arms["beyond"].max(), "points")
