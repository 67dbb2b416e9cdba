"""The speed of this machine, measured once by short trainings of a model that is always the same."""

import json
import math
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from ablate import machine
from ablate.errors import AblateError
from ablate.launch.share import Share
from ablate.progress import say
from ablate.recipe import TRAINING_VERSION
from ablate.store import read_json, write_json

FILE = "calibration.json"
TIMEOUT_S = 300.0


def operations_per_second(precision: str, share: Share, folder: Path, measure: bool = True) -> float | None:
    """Operations a second of each of the share's trainings at once, counted forward for each training example.

    What was measured is kept in a file of the folder, so that it is measured once.

    Args:
        measure: False to take only what was kept.

    Returns:
        None where it is not known; the reason was told where it could not be measured.
    """
    file, key = folder / FILE, _key(precision, share)
    kept = read_json(file)
    kept = kept if isinstance(kept, dict) else {}
    found = kept.get(key)
    if isinstance(found, int | float) and math.isfinite(found) and found > 0:
        return float(found)
    if not measure:
        return None
    say("measuring the speed of this machine, once: about 15 s")
    try:
        value = median(_measured(precision, share))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, IndexError) as error:
        say(f"the speed could not be measured, so it is not known how long the trainings take: {error}")
        return None
    with suppress(OSError, AblateError):  # a folder that cannot be written: it is measured again next time
        write_json(file, {**kept, key: value})
    return value


def _measured(precision: str, share: Share) -> list[float]:
    """Operations a second of each of so many processes that measure at the same moment."""
    command = [sys.executable, "-m", "ablate.training.calibrate", "--threads", str(share.threads), "--precision", precision]
    with ExitStack() as stack:
        processes = []
        for number in range(share.at_once):
            own = {"CUDA_VISIBLE_DEVICES": share.gpus[number % len(share.gpus)]} if share.gpus else {}
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **own}
            )
            stack.enter_context(process)
            stack.callback(process.kill)  # where another one failed; it does nothing to one that has ended
            processes.append(process)
        return [_printed(process) for process in processes]


def _printed(process: "subprocess.Popen[str]") -> float:
    printed, errors = process.communicate(timeout=TIMEOUT_S)
    if process.returncode:
        raise ValueError((errors.strip().splitlines() or [f"exit status {process.returncode}"])[-1])
    return float(json.loads(printed.splitlines()[-1])["operations_per_second"])


def _key(precision: str, share: Share) -> str:
    """All that the speed depends on, as far as it is known without TensorFlow."""
    parts = {
        "host": machine.host(),
        "processor": machine.processor(),
        "gpus": len(share.gpus),
        "tensorflow": _version("tensorflow"),
        "ablate": _version("ablate-tf"),
        "training": TRAINING_VERSION,
        "threads": share.threads,
        "at_once": share.at_once,
        "precision": precision,
    }
    return ", ".join(f"{name}={value}" for name, value in parts.items())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
