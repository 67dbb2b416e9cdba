"""What a user says of a sweep, which changes nothing: its name, tags, and a note."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

from ablate.errors import AblateError, shown

LONGEST = {"name": 100, "note": 10_000}  # characters
MOST_TAGS, LONGEST_TAG = 100, 100


def about_of(config: DictConfig) -> dict[str, Any]:
    """What is given of `name`, `tags` and `note`.

    Raises:
        AblateError: one of them is no text, or no list of texts.
    """
    found: dict[str, Any] = {}
    for key, longest in LONGEST.items():
        value = config.get(key)
        if value is None:
            continue
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise AblateError(f"{key} must be text of up to {longest:,} characters, got {shown(value)}.")
        found[key] = value
    tags = OmegaConf.to_container(config)["tags"] or []  # type: ignore[index, call-overload]
    if not isinstance(tags, list) or any(not isinstance(tag, str) or not 0 < len(tag) <= LONGEST_TAG for tag in tags):
        raise AblateError(f"tags must be a list of words, as in tags=[paper,draft], got {shown(tags)}.")
    return found | ({"tags": list(dict.fromkeys(tags))[:MOST_TAGS]} if tags else {})
