"""Choosing among the trajectories of a store, and telling them apart in few words."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ablate.errors import AblateError
from ablate.store.catalog import Entry

_SHOWN_FIRST = ("model", "data")  # of the levels; the others are shown where they are not the default
_READOUTS = ("ema",)  # groups that say how a run is read, not how it is trained
_MOST_DIFFERENCES = 4


def facts(entry: Entry) -> dict[str, list[Any]]:
    """What a trajectory was trained with, by key: levels (augment) and keys of its config (seed, optimizer.lr)."""
    known: dict[str, list[Any]] = {group: [level] for group, level in entry.names.items() if group not in _READOUTS}
    for key, value in leaves(entry.config, into_lists=True):
        known.setdefault(key, []).append(value)
    return known


def leaves(content: Any, into_lists: bool = False, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(key with dots, value) of everything in a training's content, in its order.

    Args:
        into_lists: whether a list is as many values as it has, by number; else it is one.
    """
    if isinstance(content, Mapping) or (into_lists and isinstance(content, list)):
        for key, value in content.items() if isinstance(content, Mapping) else enumerate(content):
            yield from leaves(value, into_lists, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, content


def matching(entries: Sequence[Entry], filters: Sequence[str]) -> list[Entry]:
    """The trajectories that match every KEY=VALUE.

    Raises:
        AblateError: no KEY=VALUE, or a key that none of them has; names near ones.
    """
    kept = list(entries)
    for word in filters:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise AblateError(f"A filter must be KEY=VALUE, as in seed=1, got {word!r}.")
        values = {entry.trajectory.fingerprint: facts(entry).get(key, []) for entry in entries}
        if entries and not any(values.values()):
            raise AblateError(_unknown(key, sorted({known for entry in entries for known in facts(entry)})))
        kept = [entry for entry in kept if any(_is(value, text) for value in values[entry.trajectory.fingerprint])]
    return kept


def _unknown(key: str, known: Sequence[str]) -> str:
    same_end = [name for name in known if name.rpartition(".")[2] == key]
    near = same_end or difflib.get_close_matches(key, known, n=3) or [name for name in known if "." not in name]
    return f"Unknown key {key!r}. Choose from the levels and keys in config.yaml, as {', '.join(near)}."


def _is(value: Any, text: str) -> bool:
    """Whether a word of the command line means a value: 1e-1 and 0.1 are one number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(text) == value
        except ValueError:
            return False
    return str(value).lower() == text.lower() if isinstance(value, bool) else str(value) == text


def named(entries: Sequence[Entry], prefix: str) -> Entry:
    """The trajectory whose fingerprint begins so.

    Raises:
        AblateError: none does, or several do.
    """
    found = [entry for entry in entries if prefix and entry.trajectory.fingerprint.startswith(prefix.lower())]
    if not found:
        raise AblateError(f"No training has the fingerprint {prefix!r}. `ablate runs` lists them.")
    if len(found) > 1:
        listed = ", ".join(entry.trajectory.fingerprint for entry in found)
        raise AblateError(f"{prefix!r} must match one training, got several: {listed}. Give more digits.")
    return found[0]


def descriptions(entries: Sequence[Entry], defaults: Mapping[str, str]) -> list[str]:
    """Each trajectory in few words: model, data and the levels that are no default, as it was first asked for.

    Where these are the same, the keys of their configs in which they differ are added, but for the seed.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    levels = [tuple(_levels(entry, defaults)) for entry in entries]
    configs = [dict(leaves(entry.config, into_lists=True)) for entry in entries]
    for words, config in zip(levels, configs, strict=True):
        groups.setdefault(words, []).append(config)
    differing = {words: _differing([config for config in group if config]) for words, group in groups.items()}
    return [
        " ".join([*words, *_told({key: config[key] for key in differing[words] if key in config})])
        for words, config in zip(levels, configs, strict=True)
    ]


def _levels(entry: Entry, defaults: Mapping[str, str]) -> list[str]:
    first = [entry.names[group] for group in _SHOWN_FIRST if group in entry.names]
    others = [
        f"{group}={level}"
        for group, level in sorted(entry.names.items())
        if group not in (*_SHOWN_FIRST, *_READOUTS) and defaults.get(group) != level
    ]
    return [*first, *others]


def _differing(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys, but for the seed, that have not the same value in all."""
    keys = dict.fromkeys(key for config in configs for key in config if key != "seed")
    return [key for key in keys if len({repr(config.get(key)) for config in configs}) > 1]


def _told(values: Mapping[str, Any]) -> list[str]:
    words = [f"{key}={_short(value)}" for key, value in values.items()]
    return words if len(words) <= _MOST_DIFFERENCES else [*words[:_MOST_DIFFERENCES], "..."]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if len(str(value)) < 20 else str(value)[:8]
