"""What the folder of one sweep holds: its plan, the results of its runs, and the trajectories that they stand on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablate.app import RESULT, stored
from ablate.errors import AblateError
from ablate.plan import SWEEP_VERSION, find_store, sweep_folder
from ablate.results.frames import Found, arm_name
from ablate.results.trained import Trained
from ablate.store import SWEEP, read_json

KEYS = ("design", "factors", "arms", "seeds", "runs", "store", "fixed")  # without which a sweep.json is none
FIXED = ("metric", "evaluation_set", "step", "readout", "margin", "differences", "looks")


def read(sweep: Path) -> Found:
    """What a sweep's folder holds.

    Raises:
        AblateError: the folder is no sweep, or its sweep.json is damaged or of another version.
    """
    folder = sweep_folder(sweep)
    content = content_of(folder)
    store, notes = find_store(content, folder), []
    if store is None:
        notes.append(
            f"No trajectory of this sweep was found, so there are no curves; looked for {content['store']} from "
            f"{Path.cwd()} and from every folder above {folder.resolve()}"
        )
    name = folder.resolve().name
    runs: list[dict[str, Any]] = []
    damaged: list[str] = []
    trained: dict[str, Trained] = {}
    lost: set[str] = set()
    for run in content["runs"]:
        place = folder / str(run["number"])
        result = stored(place, run["fingerprint"])
        if result is None and (place / RESULT).exists():
            damaged.append(str(place / RESULT))
        path = None if store is None else store / run["fingerprint"]
        if path is not None and path.is_dir():
            trained.setdefault(str(path), Trained(path))
        elif result is not None and result["status"] == "done":
            lost.add(run["fingerprint"])
        there = path is not None and str(path) in trained
        runs.append(
            {
                **row(run, content["arms"][run["arm"]], result or {}),
                "trajectory": str(path) if there else None,
                "sweep": name,
            }
        )
    if damaged:
        notes.append(f"Damaged, so counted as missing: {', '.join(damaged)}")
    if store is not None and lost:
        count = len({run["fingerprint"] for run in content["runs"]})
        notes.append(
            f"{len(lost)} of {count} trajectories are not in {content['store'].rstrip('/')}/; their curves are left out"
        )
    return Found(name, content, runs, trained, notes)


def content_of(folder: Path) -> dict[str, Any]:
    """The content of a sweep's sweep.json.

    Raises:
        AblateError: it is damaged or of another version.
    """
    content = read_json(folder / SWEEP)
    if not isinstance(content, dict) or content.get("version") != SWEEP_VERSION:
        received = f"version {content.get('version')!r}" if isinstance(content, dict) else "a damaged file"
        raise AblateError(f"Expected a sweep of version {SWEEP_VERSION} in {folder / SWEEP}. Received: {received}.")
    missing = [key for key in KEYS if key not in content] or [key for key in FIXED if key not in content["fixed"]]
    if missing:
        raise AblateError(f"Expected a whole {SWEEP} in {folder}. Received: one without {missing[0]!r}. Restore it.")
    return content


def row(run: Mapping[str, Any], arm: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """What a run of sweep.json and its result tell; `result` is empty for a missing run."""
    costs = result.get("costs", {})
    return {
        "number": run["number"],
        "arm": run["arm"],
        "label": arm_name(arm),
        **arm["levels"],
        "seed": run["seed"],
        "status": result.get("status", "missing"),
        **{key: result.get(key) for key in ("step", "accuracy", "loss", "error")},
        **{key: costs.get(key) for key in ("parameters", "operations", "seconds", "examples_per_second")},
        "weights": run["readout"]["weights"],
        "fingerprint": run["fingerprint"],
    }
