"""Where and with what the trainings of a sweep were done, and what of it they do not share."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ablate.results.trained import Trained

TRAINING_TYPES = {
    "fingerprint": "str",
    "status": "str",
    "step": "Int64",
    "seconds": "float64",
    "runs": "int64",
    "segments": "Int64",
    "begun": "float64",
    "threads": "Int64",
    "device": "str",
    "host": "str",
    "processor": "str",
    "python": "str",
    "tensorflow": "str",
    "keras": "str",
    "ablate": "str",
    "packages": "str",
    "commit": "str",
    "dirty": "boolean",
}
_VERSIONS = {"tensorflow": "tensorflow", "keras": "keras", "ablate": "ablate-tf"}  # a column, and its name in a segment
TIME = "%Y-%m-%dT%H:%M:%S%z"  # as a segment has it
_COMMIT_DIGITS = 10  # shown

# What a mixture of it means, by column.
_BITS = "so the last bits of their numbers may differ"
_MIXED = {
    "threads": ("numbers of threads", _BITS),
    "device": ("devices", _BITS),
    "processor": ("processors", _BITS),
    "python": ("versions of Python", _BITS),
    "tensorflow": ("versions of TensorFlow", _BITS),
    "keras": ("versions of Keras", _BITS),
    "ablate": ("versions of ablate", "so their code differs"),
    "commit": ("commits", "so their code may differ"),
    "settings": ("settings of TensorFlow", _BITS),
    "instructions": ("instruction sets of processors", _BITS),
    "host": ("hosts", "so their seconds may not be comparable"),
}


def trainings(runs: pd.DataFrame, trained: Mapping[str, Trained], last: Sequence[int]) -> pd.DataFrame:
    """One row a distinct trajectory, in order of the first run that stands on it; facts as in its newest segment.

    Columns: fingerprint; status: as in status.json, but `stopped` where nothing trains it any more, and `missing` where it is
    not there; step: how far it came; seconds: of training up to its last evaluation, or the last that a run reads where it went
    on for others, missing without one; runs: how many stand on it; segments: how often it was begun or went on; begun: when,
    in seconds since 1970; threads, device, host, processor, python, tensorflow, keras, ablate (versions), packages (all
    other versions, as `numpy 2.3.1, torch 2.9.0`); commit of the code,
    and whether the code was changed since (dirty).

    Args:
        last: the step that each run reads.
    """
    keys = runs["trajectory"].where(runs["trajectory"].notna(), runs["fingerprint"])
    read: dict[str, list[int]] = {}
    for key, step in zip(keys, last, strict=True):
        read.setdefault(key, []).append(step)
    rows = [
        {"fingerprint": Path(key).name, "runs": len(steps), **_facts(trained.get(key), max(steps))}
        for key, steps in read.items()
    ]
    return pd.DataFrame(rows, columns=list(TRAINING_TYPES)).astype(TRAINING_TYPES)


def _facts(one: Trained | None, last: int) -> dict[str, Any]:
    if one is None:
        return {"status": "missing"}
    rows, segments = one.rows, one.segments
    last_step = rows[-1]["step"] if rows else None
    timed = [row.get("seconds") for row in rows if row["step"] <= last]
    return {
        "status": one.state,
        "step": last_step if one.state in ("new", "damaged") else one.status["step"],
        "seconds": timed[-1] if timed else None,
        "segments": len(segments) if segments else None,
        "begun": _seconds(segments[0].get("time")) if segments else None,
        **(_segment(_of_step(segments, last)) if segments else {}),
    }


def _of_step(segments: Sequence[Mapping[str, Any]], step: int) -> Mapping[str, Any]:
    """The newest segment that trained to a step; a shorter run may have been trained anew since, up to its own."""
    reached = [one for one in segments if one.get("from_step", 0) < step <= one.get("to_step", step)]
    return reached[-1] if reached else segments[-1]


def _seconds(time: Any) -> float | None:
    """A time as a segment has it, in seconds since 1970; None where it says none."""
    try:
        return datetime.strptime(str(time), TIME).timestamp()
    except ValueError:
        return None


def began(segments: Sequence[Mapping[str, Any]]) -> tuple[float | None, str | None]:
    """When a training was begun, in seconds since 1970, and on what all of it was done; None where not known or mixed."""
    places = {" | ".join(str(one.get(key)) for key in ("host", "device", "threads", "at_once")) for one in segments}
    known = bool(segments) and all(one.get("host") for one in segments)
    return (_seconds(segments[0].get("time")) if segments else None, places.pop() if known and len(places) == 1 else None)


def _segment(segment: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a segment by column; None where it does not say."""
    versions = segment.get("versions")
    versions = versions if isinstance(versions, dict) else {}
    plain = ("threads", "device", "host", "processor", "python", "commit", "dirty")
    return {
        **{column: segment.get(column) for column in plain},
        **{column: versions.get(name) for column, name in _VERSIONS.items()},
        "packages": ", ".join(f"{name} {version}" for name, version in _others(segment).items()) or None,
    }


def _others(segment: Mapping[str, Any]) -> dict[str, str]:
    """The versions that have no column of their own."""
    versions = segment.get("versions")
    found = versions if isinstance(versions, dict) else {}
    return {name: found[name] for name in sorted(found) if name not in _VERSIONS.values() and found[name] is not None}


def _surroundings(segment: Mapping[str, Any]) -> dict[str, str | None]:
    """What of its environment may change last bits, as text; None where an older version did not say."""
    there = segment.get("environment")
    if not isinstance(there, dict):
        return {"settings": None, "instructions": None}
    variables, instructions = there.get("variables"), there.get("instructions")
    settings = [f"{name}={value}" for name, value in variables.items()] if isinstance(variables, dict) else []
    return {
        "settings": " ".join(settings) or "none",
        "instructions": " ".join(map(str, instructions)) if isinstance(instructions, list) else None,
    }


def mixed(trained: Sequence[Trained]) -> list[str]:
    """What the trainings were not all done with, over all their segments, a line each."""
    segments = [_segment(segment) | _surroundings(segment) for one in trained for segment in one.segments]
    found = {what: sorted({str(one[what]) for one in segments if one[what] is not None}) for what in _MIXED}
    if found["processor"] == found["device"]:
        found["processor"] = []  # the device is the processor
    if len(found["device"]) > 1 or len(found["processor"]) > 1:
        found["instructions"] = []  # other processors have others
    found["commit"] = [commit[:_COMMIT_DIGITS] for commit in found["commit"]]
    notes = [
        f"Trainings used different {name} ({', '.join(found[what])}), {meaning}"
        for what, (name, meaning) in _MIXED.items()
        if len(found[what]) > 1
    ]
    others: dict[str, set[str]] = {}
    for segment in (segment for one in trained for segment in one.segments):
        for name, version in _others(segment).items():
            others.setdefault(name, set()).add(version)
    notes += [
        f"Trainings used different versions of {name} ({', '.join(sorted(versions))}), {_BITS}"
        for name, versions in sorted(others.items())
        if len(versions) > 1
    ]
    dirty = sum(any(_segment(segment)["dirty"] for segment in one.segments) for one in trained)
    if dirty:
        notes.append(
            f"{dirty} of {len(trained)} trainings used uncommitted changes, so the commit does not fully identify their code"
        )
    return notes
