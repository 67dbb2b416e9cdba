"""The study of a search in its storage."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from ablate.config.neutral import same, with_neutral
from ablate.errors import AblateError
from ablate.search import algorithms, storage
from ablate.search.spec import SearchSpec
from ablate.search.study_check import check_study, where_of

DEFINITION = "definition"  # of a study: what its trials share


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
    elif differing(found, search.definition):
        raise AblateError(
            f"The study {search.name} is of another search, which differs in {'; '.join(differing(found, search.definition))}. "
            "Choose a new hydra.sweeper.study_name, or repeat that search."
        )
    where = where_of(asked.storage, folder / storage.JOURNAL, search.name)
    check_study(study, search.space, dict(zip(asked.objectives, asked.directions, strict=True)), where)
    return study


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
