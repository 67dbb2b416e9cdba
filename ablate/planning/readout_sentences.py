"""What is said of a plan about how its runs are read."""

from collections.abc import Mapping
from typing import Any

from ablate.text import counted, percent


def told(description: Mapping[str, Any]) -> list[str]:
    """How a run's value is read, what that takes, and what is trained again for it."""
    readout, metric = description["readout"], description["fixed"]["metric"]
    if readout["last"] == 1:
        lines = [f"the {metric} of a run is that of its last evaluation"]
    else:
        steps, share = readout["steps"], readout["share"]
        where = ", in the last 5% of its steps" if steps is None else f", at steps {steps[0]:,} to {steps[-1]:,}"
        where = "" if readout["newest"] else where
        cost = "" if share is None else f", which take about {percent(share)} of a training"
        lines = [f"the {metric} of a run is the mean of its last {readout['last']} evaluations{where}{cost}"]
    return [*lines, *again(description)]


def again(description: Mapping[str, Any]) -> list[str]:
    """What is trained again for evaluations that trainings done earlier lack."""
    readout, lines = description["readout"], []
    if readout["again"]:
        done, again = counted(readout["again"], "training"), counted(readout["steps_again"], "step")
        lines.append(
            f"{done} done earlier {'lacks' if readout['again'] == 1 else 'lack'} some of these evaluations, so {again} of what "
            "is to do are trained again; readout.last=1 reads the last evaluation alone, and trains nothing again"
        )
    return lines
