"""The commands that a search ends with: to train the best setting, to repeat the confirmation, to report again."""

import shlex
from collections.abc import Mapping

from ablate.results.repeat import PROGRAM, USUAL_STORE
from ablate.results.repeat import commands as of_sweep
from ablate.results.search.frames import SearchResults
from ablate.results.search.words import best_setting
from ablate.search.record import CONFIRMATION

REPORT = "report again"
# What a trial has of its own: the best setting is trained on all training images.
OF_A_TRIAL = ("steps", "epochs", "seed", "seeds", "data.validation", "data.eval_on", "design", "study")


def commands(found: SearchResults, folder: str) -> dict[str, str]:
    """What each command does, and the command.

    Args:
        folder: of the search, as it is to be named to the reader.
    """
    lines = {}
    best = best_setting(found)
    if best is not None:
        lines["train the best setting on all training images"] = train(found, best)
    if found.confirmation is not None:
        [again, *_] = of_sweep(found.confirmation.results.sweep, f"{folder}/{CONFIRMATION}") or [""]
        lines |= {"repeat the confirmation": again} if again else {}
    lines[REPORT] = f"{PROGRAM} report {shlex.quote(folder)}"
    return lines


def train(found: SearchResults, setting: Mapping[str, float | int | str]) -> str:
    """The command that trains a setting with all that was fixed, on all training images, as long as the confirmation does."""
    search = found.search
    epochs = f"{search.get('final_epochs') or search['budget']['epochs']:.10g}"
    if found.confirmation is not None:
        given = found.confirmation.results.sweep["runs"][0]["overrides"]
        epochs = next((word.partition("=")[2] for word in given if word.startswith("epochs=")), epochs)
    fixed = [word for word in search["fixed_overrides"] if word.lstrip("+~").partition("=")[0] not in OF_A_TRIAL]
    words = [*(f"{key}={value}" for key, value in setting.items()), f"epochs={epochs}", *fixed]
    store = str(found.sweep["store"])
    if store != USUAL_STORE and not any(word.startswith("store=") for word in fixed):
        words.append(f"store={store}")
    own = ["-cd", found.sweep["config_dir"]] if "config_dir" in found.sweep else []
    return f"{PROGRAM} {shlex.join([*own, *words])}"
