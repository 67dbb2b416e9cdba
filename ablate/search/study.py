"""The study of a search in its storage."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from ablate.config.neutral import same, with_neutral
from ablate.errors import AblateError
from ablate.search import algorithms, storage
from ablate.search.spec import FILES, SearchSpec
from ablate.search.study_check import check_study, where_of

DEFINITION = "definition"  # of a study: what its trials share
TRAINING = "training"  # of a definition


def study_of(search: SearchSpec, folder: Path) -> optuna.Study:
    """The study of a search in its storage, made where there is none.

    Raises:
        AblateError: there is one of that name for another search, or the storage cannot be used.
    """
    asked = search.settings
    sampler = algorithms.sampler(asked.sampler, search.space, len(asked.objectives))
    opened = storage.opened(asked.storage, folder)
    study = optuna.create_study(
        study_name=search.name,
        storage=opened,
        sampler=sampler,
        pruner=optuna.pruners.NopPruner(),  # ours is asked beside, or the sampler would see one bracket of trials alone
        directions=list(asked.directions),
        load_if_exists=True,
    )
    found = study.user_attrs.get(DEFINITION)
    if found is None and study.get_trials(deepcopy=False):
        raise AblateError(
            f"Another program made the study {search.name}. Choose a new hydra.sweeper.study_name, or that of a search of "
            "ablate."
        )
    if found is None:
        study.set_user_attr(DEFINITION, search.definition)
    elif not isinstance(found, Mapping):
        raise AblateError(f"The study {search.name} has a damaged definition. Give a new hydra.sweeper.study_name.")
    elif told := another(found, search.definition, f"The study {search.name} is of another search"):
        raise AblateError(told)
    where = where_of(asked.storage, folder / storage.JOURNAL, search.name)
    check_study(study, search.space, dict(zip(asked.objectives, asked.directions, strict=True)), where)
    return study


def another(found: Mapping[str, Any], wanted: Mapping[str, Any], there: str) -> str | None:
    """Why a search cannot go on with what another left; None where it is no other one.

    Args:
        there: what is of the other search, and how that is said.
    """
    differ = differing(found, wanted)
    of_files = [one for one in differ if one.startswith(tuple(f"{TRAINING}.{kind}" for kind in FILES))]
    if differ and len(of_files) == len(differ):
        names = ", ".join(one.removeprefix(f"{TRAINING}.").partition(".")[2].partition(": ")[0] for one in differ)
        have = "has" if len(differ) == 1 else "have"
        return f"{names} {have} changed since that search began. Choose a new hydra.sweeper.study_name."
    if any(one.startswith(f"{TRAINING}.function: ") for one in differ):
        return "The function has changed since that search began. Choose a new folder."
    if not differ:
        return None
    return f"{there}, which differs in {'; '.join(differ)}. Choose a new hydra.sweeper.study_name, or repeat that search."


def differing(found: Mapping[str, Any], wanted: Mapping[str, Any], where: str = "") -> list[str]:
    """In what two definitions of a search differ, a phrase each; neutral values of their trainings are filled in."""
    if not where:
        found, wanted = (
            {**one, "training": with_neutral(one["training"])} if isinstance(one.get("training"), Mapping) else one
            for one in (found, wanted)
        )
    told = []
    for key in dict.fromkeys((*found, *wanted)):
        before, now = found.get(key), wanted.get(key)
        if same(before, now):
            continue
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            told += differing(before, now, f"{where}{key}.")
        else:
            told.append(f"{where}{key}: {_brief(before)} there, {_brief(now)} here")
    return told


def _brief(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
