"""The data set that a user names on the command line, with one's own where nothing is said."""

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf

from ablate import data
from ablate.config import loading, overrides
from ablate.data import Dataset
from ablate.errors import AblateError, shown


def words_of(words: Sequence[str]) -> tuple[str, ...]:
    """The overrides, which have to say what the data set is and nothing else.

    Raises:
        AblateError: one of them says anything else.
    """
    for word in words:
        if not is_data(word):
            raise AblateError(f"{shown(word)} has no effect here: only the data set can be given, as in data=digits.")
    return tuple(words)


def is_data(word: str) -> bool:
    """Whether an override is about the data set."""
    return word.lstrip("+").partition("=")[0].partition(".")[0] == "data"


def config_of(words: Sequence[str], config_dir: str | None) -> dict[str, Any]:
    """The config of the data set that overrides give.

    Raises:
        AblateError: there is no such level or key.
    """
    overrides.read(words, config_dir, sweep=False, of_sweep="")
    section = OmegaConf.to_container(loading.compose(words, config_dir)["data"], resolve=True)
    assert isinstance(section, dict)
    return {str(key): value for key, value in section.items()}


def loaded(config: Mapping[str, Any], split: str, label: str) -> Dataset:
    """A data set whose `evaluation` is the images of a split; those of train are its `train`, whatever it evaluates on.

    Args:
        label: of whom it is the data set.

    Raises:
        AblateError: it holds out no validation images.
    """
    if split == "validation" and not config["validation"]:
        raise AblateError(f"{label} held out no validation images. Choose from train, test.")
    return data.load(config if split == "train" else {**config, "eval_on": split})
