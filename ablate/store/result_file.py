"""`result.json`: what one run came to, derived from its training and kept for where that is not at hand.

It is written with a checksum. Where the training is at hand, a report reads that instead; see `ablate.readout`.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.store.checksums import CHECK, seal, unseal, write_sealed
from ablate.store.schema import DAMAGED, Node, read_object, real_folder
from ablate.store.state import FINISHED
from ablate.store.sweep_runs import END, SweepReadout

RESULT = "result.json"


@dataclass(frozen=True)
class Stored:
    """What was found in the folder of a run.

    result: its content; None where there is none, or `damage` says why it cannot be used. sealed: whether it had a checksum,
    which fits; versions before it wrote none.
    """

    result: Mapping[str, Any] | None = None
    sealed: bool = False
    damage: str | None = None


def read(folder: Path, fingerprint: str, readout: SweepReadout) -> Stored:
    """The result that a run left in its folder. What cannot be used is told, never raised.

    Args:
        fingerprint, readout: what it has to be a result of.
    """
    path = folder / RESULT
    try:
        content = read_object(real_folder(folder) / RESULT)
        if content is None:
            return Stored()
        node = Node({key: value for key, value in content.items() if key != CHECK}, path)
        _check(node)
        if "fingerprint" in node:
            node["fingerprint"].equals(fingerprint, "the training of the run")
            node["readout"]["step"].equals(readout.step, "the step of the run")
            node["readout"]["weights"].equals(readout.weights, "the weights of the run")
            if (averaged := content["readout"].get("last", 1)) != readout.last:
                raise node["readout"].bad(f"has the mean of {averaged} evaluations, not of {readout.last}")
            if content["status"] == "done" and readout.step != END:
                node["step"].equals(readout.step, "the step of the run")
        elif content["status"] != "failed":
            node["fingerprint"]
        result, sealed = unseal(content)
        return Stored(result if sealed else _without_speed(result), sealed)
    except ValueError:
        return Stored(damage=f"{path}: its checksum does not match.")
    except DAMAGED as error:
        return Stored(damage=str(error))


def _without_speed(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """A result without a checksum, without the speed, which was that since the last evaluation and not the mean."""
    if "costs" not in result:
        return result
    return {**result, "costs": {**result["costs"], "examples_per_second": None}}


def write(folder: Path, result: Mapping[str, Any]) -> None:
    """Write a result into the folder of its run, unless it is there already.

    Raises:
        AblateError: it cannot be written, or the folder is a link.
    """
    wanted = {key: value for key, value in result.items() if key != CHECK}
    with suppress(*DAMAGED):  # a damaged one is written anew
        if read_object(folder / RESULT) == seal(wanted):
            return
    write_sealed(real_folder(folder) / RESULT, wanted)


def _check(node: Node) -> None:
    status = node["status"].choice(FINISHED)
    metric = "accuracy" if (named := node.get("metric")) is None else named.text(200, empty=False)
    bounds, must = ((0, 1), "a number from 0 to 1") if metric == "accuracy" else ((), "a number")
    if (value := node.get(metric)) is not None:
        value.number(*bounds)
    if (value is not None) != (status == "done"):
        raise Node(None if value is None else value.value, node.file, metric).wrong(
            must if status == "done" else f"null where the status is {status}"
        )
    if (loss := node.get("loss")) is not None and type(loss.value) not in (int, float):  # of an evaluation it may be NaN
        raise loss.wrong("a number")
    if (error := node.get("error")) is not None:
        error.text()
    if (step := node.get("step")) is not None:
        step.whole()
    if status == "done":
        node["step"].whole()
    if "costs" in node:
        for key in ("parameters", "operations"):
            if (count := node["costs"].get(key)) is not None:
                count.whole()
        for key in ("seconds", "examples_per_second"):
            if (measured := node["costs"].get(key)) is not None:
                measured.number(0)
