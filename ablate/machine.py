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


def process_started(pid: int) -> str | None:
    """What tells a process from any other that has or had its number: the boot and the clock ticks from it to its start.

    Returns:
        None where there is no such process, or the system does not tell; only Linux does.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        _, _, fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")  # its name may hold spaces
        return f"{boot}/{fields.split()[19]}"
    except (OSError, IndexError):
        return None


def cpuinfo() -> list[str]:
    """The lines of /proc/cpuinfo; none where the system has no such file."""
    try:
        return Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    except OSError:
        return []
