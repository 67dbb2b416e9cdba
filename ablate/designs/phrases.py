"""Arms in plain words: what each changes, read at a glance, as in `no augmentation` for `augment: on → off`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ablate.designs.design import BASELINE, Arm, rounded_level

Change = tuple[str, str, str]  # a factor, its level before and after
RUNG = "+ "  # before the label of a rung of a ladder
AT_ITS_BEST = ", at its best lr"  # after the label of an arm at a learning rate of its own


@dataclass(frozen=True)
class Ingredient:
    """What a factor puts into a recipe.

    name: as it stands in the middle of a sentence. plural: whether verbs follow it so. present, absent: the levels that have it
    whole, and those that have none of it. levels: what an arm is called that changes to a level, where no rule says it.
    """

    name: str
    plural: bool = False
    present: tuple[str, ...] = ("on", "true", "True")
    absent: tuple[str, ...] = ("off", "false", "False")
    levels: Mapping[str, str] = field(default_factory=dict)


INGREDIENTS = {
    "augment": Ingredient(
        "augmentation",
        present=("on",),
        absent=("off",),
        levels={
            "center": "center crop only",
            "crop": "random crop only",
            "flip": "flip only",
            "photometric": "photometric only",
        },
    ),
    "ema": Ingredient("EMA"),
    "lrn": Ingredient("LRN", present=("on", "native"), absent=("off",)),
    "weight_decay": Ingredient("weight decay", present=("scaled", "tutorial", "decoupled"), absent=("off",)),
    "fc": Ingredient(
        "hidden dense layers",
        plural=True,
        present=("native", "two", "one"),
        absent=("none",),
        levels={"one": "one hidden dense layer", "gap": "global average pooling"},
    ),
    "batch_size": Ingredient("batch size"),
    "init": Ingredient("initialization"),
    "data.validation": Ingredient("validation split"),
}


def ingredient(factor: str) -> Ingredient:
    """What a factor puts into a recipe; of a factor of one's own the words of a switch, under its own name."""
    return INGREDIENTS.get(factor, Ingredient(factor))


def is_removed(change: Change) -> bool:
    """Whether a change takes an ingredient out that was there whole."""
    factor, before, after = change
    return before in ingredient(factor).present and after in ingredient(factor).absent


def is_added(change: Change) -> bool:
    """Whether a change puts an ingredient in, whole, that was not there."""
    factor, before, after = change
    return before in ingredient(factor).absent and after in ingredient(factor).present


def phrase(change: Change) -> str:
    """A change in plain words.

    Examples:
        >>> from ablate.designs.phrases import phrase
        >>> phrase(("augment", "on", "off")), phrase(("augment", "on", "center"))
        ('no augmentation', 'center crop only')
        >>> phrase(("ema", "off", "on")), phrase(("lr", "0.1", "0.2"))
        ('with EMA', 'lr 0.1 → 0.2')
        >>> phrase(("augment", "flip", "crop"))
        'random crop instead of flip'
        >>> phrase(("lr", "0.1", "0.0689379837301603"))
        'lr 0.1 → 0.06894'
    """
    factor, before, after = change
    what = ingredient(factor)
    if is_removed(change):
        return f"no {what.name}"
    if is_added(change):
        return f"with {what.name}"
    if before in what.present and after in what.levels:
        return what.levels[after]
    if before in what.absent and after in what.levels:
        return f"with {what.levels[after].removesuffix(' only')}"
    if before in what.levels and after in what.absent:
        return f"no {what.levels[before].removesuffix(' only')}"
    if before in what.levels and after in what.present[:1]:
        return f"full {what.name}"
    if before in what.levels and after in what.levels:
        new, old = (what.levels[level].removesuffix(" only") for level in (after, before))
        return f"{new} instead of {old}"
    short, other = map(rounded_level, (before, after))
    return f"{what.name} {short} → {other}" if short != other else f"{what.name} {before} → {after}"


def of_changes(changes: Sequence[Change]) -> str:
    """An arm in plain words; `baseline` for one that changes nothing."""
    return ", ".join(map(phrase, changes)) or BASELINE


def overrides(changes: Sequence[Change]) -> str:
    """What the command line says for an arm: `augment=off ema=off`; empty for the baseline."""
    return " ".join(f"{factor}={after}" for factor, _, after in changes)


def of_label(label: str) -> str:
    """An arm in plain words, from the label that sweep.json has; a label of another form stays as it is.

    Examples:
        >>> from ablate.designs.phrases import of_label
        >>> of_label("augment: on → off, ema: on → off"), of_label("+ ema: off → on"), of_label("baseline")
        ('no augmentation, no EMA', '+ EMA', 'baseline')
    """
    label, at_its_best, rate = label.partition(AT_ITS_BEST)
    if at_its_best:
        return f"{of_label(label)}{at_its_best}{rate}"
    changes = changes_of(label)
    if not changes:
        return label
    if label.startswith(RUNG):
        return RUNG + " and ".join(phrase(each).removeprefix("with ") for each in changes)
    return of_changes(changes)


def changes_of(label: str) -> list[Change]:
    """What an arm changes, from its label; nothing for the baseline and for a label of another form."""
    parts = [_CHANGE.fullmatch(part) for part in _NEXT.split(label.removeprefix(RUNG))]
    return [(found[1], found[2], found[3]) for found in parts if found is not None] if all(parts) else []


_CHANGE = re.compile(r"([\w.@/+-]+): (.*?) → (.*)")
_NEXT = re.compile(r", (?=[\w.@/+-]+: .*? → )")


def subject(changes: Sequence[Change]) -> str:
    """What the changes are about, where whether they are made does not count: `augmentation`, or the change itself."""
    named = [ingredient(each[0]).name if is_removed(each) or is_added(each) else phrase(each) for each in changes]
    named = [name.removeprefix("with ") for name in named]
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def of_arms(arms: Sequence[Arm], number: int, other: int = 0) -> str:
    """What one arm changes of another, in plain words."""
    return of_changes(arms[number].changes(arms[other]))
