"""What this machine is, as far as the system tells it without TensorFlow."""

import functools
import os
import platform
import subprocess
import sys
from pathlib import Path

ANSWER_S = 5.0  # for a command of the system


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
    """What tells a process from any other that has or had its number: the boot and its start, as `boot/start`.

    The start is in clock ticks since the boot on Linux, and in whole seconds as `ps` tells it elsewhere.

    Returns:
        None where there is no such process, or the system does not tell.
    """
    if sys.platform != "linux":
        return _own_start(pid) if pid == os.getpid() else _told_by_ps(pid)
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{_stat(pid)[19]}"
    except (OSError, IndexError):
        return None


def has_members(group: int) -> bool:
    """Whether any process of a group still runs; one that has ended and waits for its parent to notice does not."""
    if sys.platform == "linux":
        fields = (_stat(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdecimal())
        return any(found[2:3] == [str(group)] and found[0] not in "ZX" for found in fields)
    listed = (line.split() for line in _answer("ps", "-A", "-o", "pgid=,stat=").splitlines())
    return any(number == str(group) and not state.startswith("Z") for number, state in listed)


def _stat(pid: int) -> list[str]:
    """What Linux tells of a process, from its state on; nothing where there is no such process."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return []
    return content.rpartition(")")[2].split()  # its name may hold spaces


@functools.lru_cache(maxsize=1)
def _own_start(pid: int) -> str | None:
    """That of this process, asked for once, since it is part of each sign of life."""
    return _told_by_ps(pid)


def _told_by_ps(pid: int) -> str | None:
    start = _answer("ps", "-o", "lstart=", "-p", str(pid))
    return f"{_boot()}/{' '.join(start.split())}" if start else None


@functools.cache
def _boot() -> str:
    """What tells this boot from others on macOS; empty on systems that do not know it, whose starts alone have to do."""
    return _answer("sysctl", "-n", "kern.bootsessionuuid")


def _answer(*words: str) -> str:
    """What a command of the system prints, the same whatever the language and the time zone; empty where it fails."""
    environment = os.environ | {"LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(
            words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace").strip()


def cpuinfo() -> list[str]:
    """The lines of /proc/cpuinfo; none where the system has no such file."""
    try:
        return Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    except OSError:
        return []
