"""`ablate watch`: the page of a sweep while it trains, and how far it is, for this machine alone."""

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from made_up import Sweeps

from ablate.commands import watch
from ablate.errors import AblateError
from ablate.planning.plan import Plan
from ablate.report.page.live import live

LAST = 3  # the run that is not there yet


@pytest.fixture
def planned(sweeps: Sweeps) -> Plan:
    return sweeps.planned("augment=on,off", "seed=0,1", "steps=20", "eval_every=10")


@pytest.fixture
def sweep(sweeps: Sweeps, planned: Plan) -> Path:
    """The folder of a sweep with one training of four that is not there yet."""
    return sweeps.trained(planned, 10, 20, skip=lambda run: run.number == LAST)


@pytest.fixture
def served(sweep: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address that shows the sweep, which is the newest."""
    command = [sys.executable, "-m", "ablate", "watch", "--port", "0"]
    process = subprocess.Popen(command, cwd=sweep.parents[1], env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("http://127.0.0.1:"), line
    yield line.split()[0]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def asked(served: str, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    """The status and the text of an answer."""
    port = urlsplit(served).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers={"Host": f"{host}:{port}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def state(served: str) -> dict[str, Any]:
    return dict(json.loads(asked(served, "/state")[1]))


@pytest.mark.slow
def test_the_page_fills_in_while_a_sweep_trains(served: str, sweeps: Sweeps, planned: Plan) -> None:
    before = state(served)
    assert before["text"].startswith("3/4 trainings")
    assert before["progress"] == 0.75
    status, page = asked(served, "/")
    assert status == 200
    assert f'data-version="{before["version"]}"' in page
    assert "pending" in page
    assert asked(served, "/", host="example.org")[0] == 404
    assert asked(served, "/../sweep.json")[0] == 404
    sweeps.trained(planned, 10, 20)
    after = state(served)
    while after["version"] == before["version"]:
        after = state(served)
    assert (after["text"], after["progress"]) == ("4/4 trainings", 1.0)


@pytest.mark.slow
def test_a_browser_loads_the_page_again_when_a_training_ends(
    served: str, sweeps: Sweeps, planned: Plan, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = browser.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.goto(served, timeout=120_000)
    tab.locator(".bar .state", has_text="3/4 trainings").wait_for(timeout=30_000)
    sweeps.trained(planned, 10, 20)
    tab.locator(".bar .state", has_text="4/4 trainings").wait_for(timeout=60_000)
    tab.locator("html:not([data-version=''])").wait_for()
    assert complaints == []
    tab.close()


def test_what_is_no_page_of_a_report_is_not_served_as_one() -> None:
    with pytest.raises(ValueError, match="no page of a report"):
        live("<html><body></body></html>", "1")


def test_a_port_that_is_taken_is_refused(sweep: Path, served: str) -> None:
    with pytest.raises(AblateError, match="Give another, or --port 0"):
        watch.run([str(sweep), "--port", str(urlsplit(served).port)])
    with pytest.raises(AblateError, match="--port must be a free port of this machine"):
        watch.run([str(sweep), "--port", "99999999"])
