import os
import signal
import time

import pytest

from ablate.running.progress import Heartbeat
from ablate.running.signals import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_asks_and_the_second_interrupts(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)
    with interruptible("stopping soon") as asked:
        assert not asked()
        os.kill(os.getpid(), number)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert capsys.readouterr().err == "stopping soon\n"
    assert signal.getsignal(number) is before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible("stopping soon") as asked:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not asked()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_heartbeat_beats_and_a_refusal_stops_nothing() -> None:
    beats = []

    def beat() -> None:
        beats.append(time.monotonic())
        raise OSError(28, "No space left on device")

    with Heartbeat(0.01, beat):
        assert len(beats) == 1
        time.sleep(0.2)
    count = len(beats)
    assert count > 2
    time.sleep(0.05)
    assert len(beats) == count
