"""Throughput over windows of time, so that several processes are measured at the same time and in turns."""

import json
import sys
import time

WARM_UP_S = 2.0  # what lies ready in buffers after a pause is used up before the window opens
COOL_DOWN_S = 1.0  # so that the others still have their full load when the first has closed its window


class Windows:
    """Answers each line on standard input, a number of seconds, with the examples a second over that long."""

    def __init__(self) -> None:
        self.closes: float | None = None

    def did(self, examples: int) -> None:
        """Some examples were just trained on; waits for a line before the first window and after each."""
        now = time.perf_counter()
        if self.closes is None:
            self._wait()
        elif self.opens <= now <= self.closes:
            self.ends.append((now, examples))
        elif now > self.closes + COOL_DOWN_S:
            seconds = self.ends[-1][0] - self.ends[0][0]
            done = sum(count for _, count in self.ends[1:])
            print(json.dumps({"examples_per_second": done / seconds}), flush=True)
            self._wait()

    def _wait(self) -> None:
        line = sys.stdin.readline()
        if not line.strip():
            sys.exit()
        self.opens = time.perf_counter() + WARM_UP_S
        self.closes = self.opens + float(line)
        self.ends: list[tuple[float, int]] = []
