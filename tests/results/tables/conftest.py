from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from ablate.results import load
from ablate.results.analysis import Analysis, analyse
from ablate.results.question import ask

FOUR = ("augment=on,off", "ema=on,off")


@pytest.fixture
def study(sweeps) -> Callable[..., Analysis]:
    """A sweep on digits with made-up values: for each arm a list with a fraction, or a status, for each seed.

    Its trainings were evaluated on four images, too few to say anything of new ones, so these count only with `images`.
    """

    def made(
        values: Sequence[Sequence[float | str]],
        *words: str,
        design: str = "factorial",
        images: bool = False,
        **changes: object,
    ) -> Analysis:
        seeds = ",".join(map(str, range(len(values[0]))))
        plan = sweeps.planned(*(words or FOUR), "steps=10", f"seed={seeds}", design=design)
        results = load(sweeps.trained(plan, 5, 10))
        runs = results.runs.copy()
        given = [values[arm][seed] for arm, seed in zip(runs["arm"], runs["seed"], strict=True)]
        runs["status"] = [value if isinstance(value, str) else "done" for value in given]
        runs["accuracy"] = [np.nan if isinstance(value, str) else value for value in given]
        labels = results.labels if images else None
        return analyse(*ask(replace(results, runs=runs, labels=labels), **changes))

    return made
