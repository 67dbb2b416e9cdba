"""`result.json` as it is written and read."""

from pathlib import Path

from ablate.readout import END
from ablate.store import result_file
from ablate.store.sweep_runs import SweepReadout


def test_a_run_that_is_evaluated_only_before_its_first_step_is_done(tmp_path: Path) -> None:
    readout = {"step": END, "weights": ""}
    result_file.write(tmp_path, {"status": "done", "step": 0, "accuracy": 0.5, "fingerprint": "f", "readout": readout})
    stored = result_file.read(tmp_path, "f", SweepReadout("", END))
    assert stored.damage is None
    assert stored.result is not None
    assert stored.result["step"] == 0
