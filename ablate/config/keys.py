"""The table of the config's keys: one line a key says which part of a run it belongs to, and what else others need to know.

**A key that is added from now on** has a neutral value here: the one with which a training is, bit for bit, what it is without
the key. It is frozen: stores hold on to it. `ablate.config.neutral` leaves the key out of what is hashed at that value, and
fills it in wherever a config is checked, shown or compared, so that no fingerprint changes, and users' own files stay valid. A
key of a section also gets that value in the section of `conf/config.yaml`, so that it can be overridden with any level. A key
that some kinds of its section alone have stands in their files instead, and is added to a user's own level with `+`.

A field of a layer has its neutral value as its default in `ablate.models.layers`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from ablate import data

Part = Literal["training", "readout", "sweep", "execution"]
NONE: Final = object()  # no neutral value: the key is always hashed, and every config has it


@dataclass(frozen=True)
class Key:
    """A key of the config.

    name: as on the command line, with dots in a section.
    part: `training` changes the weights and is hashed; `readout` says how a run's value is read off; `sweep` which runs there
        are and how they are judged; `execution` nothing of these.
    unit: of its value; empty where it has none.
    group: whether its values are levels, a file each.
    factor: whether a sweep can switch it.
    single: whether it has a meaning for a run that is in no sweep.
    of_trial: whether the trials of a search have a value of their own, the same for all.
    content: where the hashed content has its value as it is; None where it is resolved into something else or not hashed.
    kinds: the kinds of its section that have the key, by `kind`, or by `name` for data; all where empty.
    neutral: see above, as JSON has it.
    level: of a group, the level that the neutral value is.
    """

    name: str
    part: Part
    unit: str = ""
    group: bool = False
    factor: bool = True
    single: bool = True
    of_trial: bool = False
    content: str | None = None
    kinds: tuple[str, ...] = ()
    neutral: Any = NONE
    level: str | None = None

    def __post_init__(self) -> None:
        assert self.neutral is NONE or (self.part, self.content is None) == ("training", False), self.name

    @property
    def section(self) -> str:
        """The first word of the name."""
        return self.name.partition(".")[0]

    @property
    def is_inner(self) -> bool:
        """Whether it is a key of a section."""
        return "." in self.name


def _of_data_sets() -> Iterator[Key]:
    """The keys that our own data sets have alone."""
    for name in data.SETS.ours():
        for key in data.SETS.known(name).keys:
            yield Key(f"data.{key.name}", "training" if key.changes else "execution", key.unit, kinds=(name,))


TABLE: tuple[Key, ...] = (
    Key("data", "training", group=True),
    Key("data.name", "training"),
    Key("data.validation", "training", "images", of_trial=True),
    Key("data.eval_on", "training", of_trial=True),
    *_of_data_sets(),
    Key("augment", "training", group=True),
    Key("augment.crop", "training"),
    Key("augment.crop_fraction", "training", "of the side"),
    Key("augment.flip", "training", content="input.flip"),
    Key("augment.brightness", "training", "pixel values", content="input.brightness"),
    Key("augment.contrast", "training", content="input.contrast"),
    Key("model", "training", group=True),
    Key("model.layers", "training"),
    Key("lrn", "training", group=True),
    Key("lrn.level", "training"),
    Key("fc", "training", group=True),
    Key("fc.level", "training"),
    Key("init", "training", group=True),
    Key("init.distribution", "training", content="init.distribution"),
    Key("init.stddev_of", "training", content="init.stddev_of"),
    Key("init.stddev", "training", content="init.stddev"),
    Key("init.bias", "training", content="init.bias"),
    Key("weight_decay", "training", group=True),
    Key("weight_decay.kind", "training", content="weight_decay.kind"),
    Key("weight_decay.rate", "training", content="weight_decay.rate"),
    Key("weight_decay.per_weight", "training", content="weight_decay.per_weight"),
    Key("weight_decay.layers", "training", content="weight_decay.layers"),
    Key("optimizer", "training", group=True),
    Key("optimizer.kind", "training", content="optimizer.kind"),
    Key("optimizer.lr", "training"),  # what `lr` is where nothing else is asked for
    Key("optimizer.momentum", "training", content="optimizer.momentum", kinds=("momentum",)),
    Key("optimizer.beta_1", "training", content="optimizer.beta_1", kinds=("adam",)),
    Key("optimizer.beta_2", "training", content="optimizer.beta_2", kinds=("adam",)),
    Key("optimizer.epsilon", "training", content="optimizer.epsilon", kinds=("adam",)),
    Key("schedule", "training", group=True),
    Key("schedule.kind", "training", content="schedule.kind"),
    Key("schedule.factor", "training", content="schedule.factor", kinds=("staircase",)),
    Key("schedule.every_epochs", "training", "epochs", content="schedule.every_epochs", kinds=("staircase",)),
    Key("schedule.final_fraction", "training", "of lr", content="schedule.final_fraction", kinds=("cosine",)),
    Key("precision", "training", group=True),
    Key("precision.compute", "training", content="precision"),
    Key("ema", "readout", group=True),
    Key("ema.weights", "readout"),
    Key("lr", "training", content="optimizer.lr"),
    Key("batch_size", "training", "images", content="batch_size"),
    Key("seed", "training", factor=False, of_trial=True, content="seed"),
    Key("eval_every", "training", "steps", of_trial=True, content="eval_every"),
    Key("ema_decay", "training", content="average.decay"),
    Key("ema_warmup", "training", "steps", content="average.warmup"),
    Key("steps", "readout", "steps", of_trial=True),
    Key("epochs", "readout", "epochs", of_trial=True),
    Key("eval_train", "readout", "images", factor=False),
    Key("diverged_loss", "readout", "nats", factor=False),
    Key("question", "sweep", factor=False, single=False),
    Key("name", "sweep", factor=False, single=False),
    Key("tags", "sweep", factor=False, single=False),
    Key("note", "sweep", factor=False, single=False),
    Key("design", "sweep", factor=False, single=False),
    Key("resolution", "sweep", factor=False, single=False),
    Key("retune", "sweep", factor=False, single=False),
    Key("retune_rates", "sweep", "times lr", factor=False, single=False),
    Key("retune_seeds", "sweep", "seeds", factor=False, single=False),
    Key("readout", "sweep", factor=False),
    Key("readout.last", "sweep", "evaluations", factor=False),
    Key("report", "sweep", factor=False),
    Key("report.margin", "sweep", "pp", factor=False),
    Key("report.formats", "sweep", factor=False, single=False),
    Key("report.style", "sweep", factor=False, single=False),
    Key("threads", "execution", factor=False),
    Key("workers", "execution", factor=False, single=False),
    Key("retries", "execution", factor=False, single=False),
    Key("fail_fast", "execution", factor=False, single=False),
    Key("watch", "execution", factor=False, single=False),
    Key("store", "execution", factor=False),
    Key("progress", "execution", factor=False),
    Key("tensorboard", "execution", factor=False),
    Key("tensorboard_every", "execution", "steps", factor=False),
)


def top(part: Part | None = None) -> tuple[str, ...]:
    """The keys that are in no section, those of groups first; of one part or of all."""
    return tuple(key.name for key in TABLE if not key.is_inner and part in (None, key.part))


def inner(section: str, kind: str | None = None) -> tuple[str, ...]:
    """The keys of a section without its name: those that all of its kinds have, or those that this one has of its own."""
    of_section = (key for key in TABLE if key.is_inner and key.section == section)
    return tuple(key.name.removeprefix(f"{section}.") for key in of_section if (kind in key.kinds if kind else not key.kinds))


def groups() -> tuple[str, ...]:
    """The keys whose values are levels."""
    return tuple(key.name for key in TABLE if key.group)


def no_factors() -> tuple[str, ...]:
    """The keys in no section that no sweep switches, those below them included."""
    return tuple(key.name for key in TABLE if not key.factor and not key.is_inner)


def of_sweeps() -> tuple[str, ...]:
    """The keys without a meaning for a run that is in no sweep."""
    return tuple(key.name for key in TABLE if not key.single)


def of_trials() -> tuple[str, ...]:
    """The keys that each trial of a search sets for itself."""
    return tuple(key.name for key in TABLE if key.of_trial)


def place(name: str) -> tuple[str, ...]:
    """Where the hashed content has the value of a key, word by word; the key's own name where the table does not say."""
    return tuple((next((key.content for key in TABLE if key.name == name), None) or name).split("."))


def renamed() -> dict[str, str]:
    """The name of each key in no section that the hashed content has elsewhere, by its place there."""
    return {key.content: key.name for key in TABLE if key.content not in (None, key.name) and not key.is_inner}
