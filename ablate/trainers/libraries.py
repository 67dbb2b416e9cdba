"""Whether TensorFlow and Keras start with the settings around them, before anything is trained."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache

from ablate.errors import AblateError
from ablate.system.environment import flags, keras_file, unusual_keras, visible

# Variables with which a library may not start, and what makes it read them.
_STOPPING = ("TF_XLA_FLAGS", "XLA_FLAGS", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")
_START = (
    "import sys; sys.path[:] = {path!r}; import ablate.training; import tensorflow as tf; "
    "tf.function(lambda: tf.constant(1.0), jit_compile=True)()"
)
_START_S = 120.0


def check(variables: Mapping[str, str] = os.environ) -> None:
    """Refuse settings with which TensorFlow or Keras does not start: once, in a process of its own, before anything trains.

    Only where a variable or `keras.json` has something unusual is that process started; it takes about 10 s.

    Raises:
        AblateError: names the variable or the file.
    """
    told = tuple((name, variables[name]) for name in _STOPPING if variables.get(name, "").strip())
    file = keras_file(variables)
    unusual = unusual_keras(file)
    if told or unusual is not None:
        _start(told, unusual, str(file))


@cache
def _start(variables: tuple[tuple[str, str], ...], keras: str | None, file: str) -> None:
    """Start the libraries with these settings, which other processes have, too. The arguments say which, for the cache.

    Raises:
        AblateError: they do not start.
    """
    command = [sys.executable, "-P", "-c", _START.format(path=sys.path)]
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_START_S,
            check=False,
            env={**os.environ, **dict(variables)},
        )
    except (OSError, subprocess.SubprocessError):
        return  # what is wrong is told where it trains
    said = ended.stderr.decode(errors="replace")
    if ended.returncode:
        reason = _why_not(said, dict(variables))
        if reason is not None:
            raise AblateError(reason)


def _why_not(said: str, variables: Mapping[str, str]) -> str | None:
    """Why a library did not start, of what it printed; None where that is not about settings."""
    if found := re.search(r"Unknown flags? in (\w+): ([^\n]*)", said):
        named = found[2].strip()
        return f"{found[1]} has a flag that TensorFlow does not know: {visible(named)}. Correct it, or unset {found[1]}."
    if found := re.search(r'Could not open file "([^"\n]*)" to read flags for environment variable "(\w+)"', said):
        return (
            f"{found[2]}={visible(found[1])} is neither a flag nor a readable file. Flags begin with '--'. Correct it, or "
            f"unset {found[2]}."
        )
    if found := re.search(r"AblateError: ([^\n]*)", said):
        return found[1]
    if found := re.search(r"Flag parsing failed\.\s*usage: ([^\n]*)", said):
        wrong = set(found[1].split())
        named = next((name for name, value in variables.items() if wrong & set(flags(value))), "XLA_FLAGS")
        shown = visible(found[1])
        return f"{named} has a flag whose value TensorFlow cannot read: {shown}. Correct it, or unset {named}."
    return None
