"""What a search leaves beside its trials: the trials as CSV, and the best as Hydra's own Optuna sweeper writes it."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ablate.report import output
from ablate.report.tables import csv
from ablate.results.search import SearchResults, as_number, load
from ablate.stats import searches

TRIALS, BEST = "trials.csv", "optimization_results.yaml"


def write_results(folder: Path) -> list[Path]:
    """Write trials.csv and optimization_results.yaml into the folder of a search; the paths.

    Without a trial that is done there is no best, so there is no yaml either.

    Raises:
        AblateError: the folder is no search's, a file in it is damaged, or one cannot be written.
    """
    found = load(folder)
    paths = [folder / TRIALS]
    output.write(paths[0], csv(found.trials).encode())
    if len(found.done):
        paths.append(folder / BEST)
        output.write(paths[1], OmegaConf.to_yaml(OmegaConf.create(best(found))).encode())
    return paths


def best(found: SearchResults) -> dict[str, Any]:
    """The content of optimization_results.yaml: accuracies are fractions, words that are numbers are numbers."""
    if len(found.objectives) == 1:
        row = searches.ranked(found.trials, found.objective).to_dict("records")[0]
        return {"name": "optuna", "best_params": _params(found, row), "best_value": float(row[found.objective.column])}
    frame = searches.fronts(found.trials, found.objectives)
    return {
        "name": "optuna",
        "solutions": [
            {"params": _params(found, row), "values": [float(row[one.column]) for one in found.objectives]}
            for row in frame[frame["front"]].to_dict("records")
        ],
    }


def _params(found: SearchResults, row: dict[Any, Any]) -> dict[str, Any]:
    return {key: as_number(row[key]) for key in found.space}
