"""`ablate dashboard`: a search in the browser, for this machine alone."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from ablate.commands import dashboard
from ablate.errors import AblateError
from ablate.search import storage

pytest.importorskip("optuna_dashboard", reason="the extra `dashboard` is not installed")


@pytest.fixture
def search(tmp_path: Path) -> Path:
    """The folder of a search with two trials."""
    folder = tmp_path / "search-1a2b3c4d"
    study = optuna.create_study(study_name=folder.name, storage=storage.opened(None, folder), direction="maximize")
    for value in (0.5, 0.75):
        trial = study.ask({"lr": optuna.distributions.FloatDistribution(0.1, 1.0)})
        study.tell(trial, value)
    (folder / "sweep.json").write_text(json.dumps({"version": 1, "design": "search", "search": {"storage": "journal"}}))
    return folder


@pytest.fixture
def served(search: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address at which a dashboard shows the search."""
    command = [sys.executable, "-m", "ablate", "dashboard", str(search), "--port", "0"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("http://127.0.0.1:"), line
    address, _, page = line.split()[0].partition("/dashboard")
    assert page == "/studies/0"
    yield address
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err


def test_it_answers_with_the_trials_of_the_search(served: str) -> None:
    with urllib.request.urlopen(f"{served}/api/studies", timeout=60) as answer:
        [study] = json.load(answer)["study_summaries"]
    assert study["study_name"] == "search-1a2b3c4d"
    with urllib.request.urlopen(f"{served}/api/studies/{study['study_id']}?after=0", timeout=60) as answer:
        assert [trial["values"] for trial in json.load(answer)["trials"]] == [[0.5], [0.75]]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium here")
def test_a_browser_shows_it(served: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="the dashboard is tried in a browser with playwright")
    with playwright.sync_playwright() as program:
        browser = program.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(served, wait_until="domcontentloaded", timeout=120_000)
        page.get_by_text("search-1a2b3c4d").first.wait_for(timeout=120_000)
        browser.close()


def test_what_is_no_search_or_has_no_trials_is_refused(search: Path, tmp_path: Path) -> None:
    def refused(message: str, *words: str) -> None:
        with pytest.raises(AblateError, match=message):
            dashboard.run([str(search), *words])

    def written(**changes: Any) -> None:
        content = {"version": 1, "design": "search", "search": {"storage": "journal"}} | changes
        (search / "sweep.json").write_text(json.dumps(content))

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused("--port must be a free port of this machine", "--port", str(taken.getsockname()[1]))
    refused("--port must be a free port of this machine", "--port", "99999999")
    written(search={"storage": "postgresql://ada:***@db/trials"})
    refused("The trials are in 'postgresql://ada:[*]+@db/trials', outside of .*Give --storage URL, with its password")
    refused("--storage has [*]+ for a password", "--storage", "postgresql://ada:***@db/trials")
    written()
    (search / storage.JOURNAL).unlink()
    refused("trials.journal does not exist")
    written(design="factorial")
    refused("is a sweep, not a search")
    with pytest.raises(AblateError, match="is no sweep: it has no"):
        dashboard.run([str(tmp_path)])


@pytest.mark.parametrize(
    "named",
    [
        "../theirs.journal",
        "theirs.journal",
        "/tmp/theirs.journal",
        "sqlite:///theirs.db",
        "sqlite:////tmp/theirs.db",
        "sqlite:///file:theirs.db?uri=true",
        "postgresql://db.example/trials",
        "mysql+nothing://db.example/trials",
        "{folder}/away/theirs.journal",
        "{folder}/link.journal",
        "://",
        "",
    ],
)
def test_a_storage_that_a_folder_names_is_opened_only_within_it(
    named: str, search: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "opened", lambda *_: pytest.fail("it was opened"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "theirs.journal").touch()
    (search / "away").symlink_to(tmp_path / "elsewhere")
    (search / "link.journal").symlink_to(tmp_path / "elsewhere" / "theirs.journal")
    content = {"version": 1, "design": "search", "search": {"storage": named.format(folder=search)}}
    (search / "sweep.json").write_text(json.dumps(content))
    with pytest.raises(AblateError, match=r"which is opened only where you name it\. Give --storage URL"):
        dashboard.run([str(search)])


def test_a_storage_within_the_folder_is_opened(search: Path) -> None:
    assert storage.own("journal", search) is None
    for named in (f"{search}/more/ours.journal", f"sqlite:///{search}/ours.db"):
        assert storage.own(named, search) == named
