"""Throughput over windows of time, so that several processes are measured at the same time and in turns."""

import json
import sys
import time

WARM_UP_S = 2.0  # full buffers of a pause are used up before the window opens
COOL_DOWN_S = 1.0  # so that the others still run at full load when the first has closed its window


class Windows:
    """Answers each line on standard input, a length in seconds, with a JSON line: the examples a second over that long."""

    def __init__(self) -> None:
        self._wait()

    def _wait(self) -> None:
        line = sys.stdin.readline()
        if not line.strip():
            sys.exit()
        self.opens = time.perf_counter() + WARM_UP_S
        self.closes = self.opens + float(line)
        self.ends: list[float] = []
        self.counts: list[int] = []

    def did(self, examples: int) -> None:
        """Some examples have just been trained on; waits for the next line where a window is over."""
        now = time.perf_counter()
        if self.opens <= now <= self.closes:
            self.ends.append(now)
            self.counts.append(examples)
        elif now > self.closes + COOL_DOWN_S:
            seconds = self.ends[-1] - self.ends[0]
            print(json.dumps({"examples_per_second": sum(self.counts[1:]) / seconds}), flush=True)
            self._wait()
