"""The recipe of a sweep's baseline in words, from the stored config of a training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablate.config.neutral import OTHERS, with_neutral
from ablate.data import SETS
from ablate.errors import AblateError
from ablate.results.contents import text_of
from ablate.results.frames import Results
from ablate.results.question import Question
from ablate.store import Trajectory
from ablate.store.selection import leaves

SHORT = 16  # letters of a title that fits into a bar
DEVIATIONS = {"glorot": "sqrt(2 / (fan in + fan out))", "he": "sqrt(2 / fan in)", "inverse_fan_in": "1 / fan in"}


def _trajectory(results: Results, question: Question) -> Trajectory | None:
    """A training of the baseline; None where none is at hand."""
    runs = results.runs
    found = runs[(runs["arm"] == question.baseline) & runs["trajectory"].notna()]["trajectory"]
    return Trajectory(Path(found.iloc[0]).parent, Path(found.iloc[0]).name) if len(found) else None


def config(results: Results, question: Question) -> dict[str, Any] | None:
    """The training config of the baseline with its first seed; None where no training is at hand."""
    trajectory = _trajectory(results, question)
    content = None if trajectory is None else trajectory.config()
    return None if content is None else with_neutral(content)


def data_set(results: Results, question: Question) -> str:
    """The name of the data; empty where it is not known, as of a user's own images."""
    trajectory = _trajectory(results, question)
    name = "" if trajectory is None else trajectory.names().get("data", "")
    try:
        source = SETS.known(name)
    except AblateError:  # its package, which is not needed any more
        source = None
    return "" if source is None else str(source.title)


def data_name(results: Results, question: Question) -> str:
    """The name of the data where there is little room: its title, or of a long one the word of the command line."""
    title, trajectory = data_set(results, question), _trajectory(results, question)
    return title if len(title) <= SHORT or trajectory is None else str(trajectory.names().get("data", ""))


def hyperparameters(content: Mapping[str, Any]) -> dict[str, str]:
    """The hyperparameters of a training config, by name, in words; of another trainer's as they are."""
    if OTHERS in content:
        return {key: text_of(value) for key, value in leaves(content) if key not in (OTHERS, "seed")}
    return {
        "batch size": f"{content['batch_size']:,} images",
        "optimizer": optimizer(content["optimizer"]),
        "learning rate": f"{content['optimizer']['lr']:g}, {schedule(content['schedule'])}",
        "weight decay": weight_decay(content["weight_decay"]),
        "input": images(content["input"]),
        "initial weights": initial_weights(content["init"]),
        "precision": str(content["precision"]),
        "EMA of the weights": f"decay {content['average']['decay']:g}",
    }


def optimizer(content: Mapping[str, Any]) -> str:
    """As in `SGD with momentum 0.9`, without the learning rate."""
    kind = content["kind"]
    if kind == "sgd":
        return "plain SGD"
    if kind == "momentum":
        return f"SGD with momentum {content['momentum']:g}"
    constants = ", ".join(f"{name} {value:g}" for name, value in content.items() if name not in ("kind", "lr"))
    return f"{str(kind).capitalize()} ({constants})"


def schedule(content: Mapping[str, Any]) -> str:
    """How the learning rate goes."""
    kind = content["kind"]
    if kind == "staircase":
        return f"multiplied by {content['factor']:g} every {content['every_epochs']:g} epochs"
    if kind == "cosine":
        return f"with cosine decay to {content['final_fraction']:g} of that"
    return str(kind)


def weight_decay(content: Mapping[str, Any]) -> str:
    """What decays, and how fast."""
    if content["kind"] == "none":
        return "none"
    kind = "L2 penalty" if content["kind"] == "l2" else f"{content['kind']} weight decay"
    share = " divided by the number of weights in the layer" if content["per_weight"] else ""
    layers = "all layers" if content["layers"] == "all" else "hidden dense layers"
    return f"{kind} on {layers} at a rate of {content['rate']:g}{share}"


def images(content: Mapping[str, Any]) -> str:
    """The input of the network and how a training image is distorted."""
    height, width, _ = content["size"]
    parts = [f"{height}×{width} pixels, {'random crops' if content['crop'] == 'random' else 'center crop'}"]
    parts += ["random horizontal flips"] if content["flip"] else []
    parts += [f"brightness ± {content['brightness']:g}"] if content["brightness"] else []
    low, high = content["contrast"]
    parts += [f"contrast × {low:g} to {high:g}"] if low != high else []
    return ", ".join([*parts, "each image standardized"])


def initial_weights(content: Mapping[str, Any]) -> str:
    """Their distribution and its deviation, by role of the layer where roles differ."""
    deviations = {role: DEVIATIONS.get(value, str(value)) for role, value in content["stddev"].items()}
    spread = ", ".join(f"{value} ({role})" for role, value in deviations.items())
    alike = set(deviations.values())
    return f"{content['distribution']}, SD {alike.pop() if len(alike) == 1 else spread}".replace("_", " ")
