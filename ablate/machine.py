"""What this machine is, as far as the system tells it without TensorFlow."""

import platform
import sys
from pathlib import Path


def host() -> str:
    """Its name in the network."""
    return platform.node()


def processor() -> str:
    """The processor's model name."""
    for line in cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cpuinfo() -> list[str]:
    """The lines of /proc/cpuinfo; none where the system has no such file."""
    try:
        return Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    except OSError:
        return []
