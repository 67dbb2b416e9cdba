import functools
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ablate import app, config, plan
from ablate.plan import Plan
from ablate.results import load
from ablate.results.analysis import Analysis, analyse
from ablate.results.question import ask
from ablate.store import Evaluated, Trajectory, keep_evaluated, result_file, sweep_file

FOUR = ("augment=on,off", "ema=on,off")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"]
LABELS = np.array([0, 1, 2, 0])
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SEGMENT = {
    "host": "here",
    "device": "Some CPU",
    "processor": "Some CPU",
    "threads": 1,
    "python": "3.11.7",
    "versions": {"ablate-tf": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1"},
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "dirty": False,
}


@functools.cache
def _resolved(design: str, words: tuple[str, ...], study: str | None) -> Plan:
    command = plan.parse(OverridesParser.create().parse_overrides(["data=digits", *words]))
    return plan.make(command, design, config.compose, study=study)


class Sweeps:
    """Sweeps whose trainings are made up, in a folder with `runs` and `multirun` as a user has it."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "runs"
        self.multirun = folder / "multirun"

    def planned(self, *words: str, design: str = "factorial", study: str | None = None, store: Path | None = None) -> Plan:
        """A plan on a store."""
        made, store = _resolved(design, words, study), store or self.store
        runs = [
            replace(
                run,
                recipe=run.recipe.model_copy(update={"store": store}),
                trajectory=Trajectory(store, run.trajectory.fingerprint),
            )
            for run in made.runs
        ]
        return replace(made, runs=tuple(runs), store=str(store))

    @staticmethod
    def row(step: int, seed: int = 0) -> dict[str, float]:
        """An evaluation in which every number tells where it comes from."""
        return {
            "step": step,
            "epoch": step / 10,
            "loss": 1000 + step,
            "accuracy_raw": min(1.0, 0.5 + step / 1000 + seed / 100),
            "accuracy_averaged": min(1.0, 0.6 + step / 1000 + seed / 100),
            "eval_loss_raw": 2000 + step,
            "eval_loss_averaged": 3000 + step,
            "lr": 0.1,
            "seconds": step / 2,
            "examples_per_second": 100.0 + seed,
        }

    def trained(self, made: Plan, *steps: int, folder: Path | None = None) -> Path:
        """The sweep's folder, with rows at these steps in every trajectory and the results that are read off them."""
        folder = folder or self.multirun / made.name
        sweep_file.write(folder, made.to_json())
        for run in made.runs:
            if not run.trajectory.rows():
                run.trajectory.write_config(run.content, run.names)
                run.trajectory.add_segment(SEGMENT)
                for step in steps:
                    classes = {"raw": LABELS + np.array([step, 0, 0, 0]), "averaged": LABELS + np.array([0, step, 0, 0])}
                    run.trajectory.add_evaluation(self.row(step, run.seed), classes)
                run.trajectory.keep(max(steps))
                run.trajectory.set_status("done", max(steps))
                kept = Evaluated(LABELS, NAMES, "of four images", "test")
                keep_evaluated(run.recipe.store, run.content["data"]["digest"], kept)
            if (result := app.read(run.recipe, run.trajectory)) is not None:
                result_file.write(folder / str(run.number), result)
        return folder


@pytest.fixture
def sweeps(tmp_path: Path) -> Sweeps:
    return Sweeps(tmp_path)


@pytest.fixture
def study(sweeps) -> Callable[..., Analysis]:
    """A sweep on digits with made-up values: for each arm a list with a fraction, or a status, for each seed.

    Its trainings were evaluated on four images, too few to say anything of new ones, so these count only with `images`.
    """

    def made(
        values: Sequence[Sequence[float | str]],
        *words: str,
        design: str = "factorial",
        images: bool = False,
        **changes: object,
    ) -> Analysis:
        seeds = ",".join(map(str, range(len(values[0]))))
        plan = sweeps.planned(*(words or FOUR), "steps=10", f"seed={seeds}", design=design)
        results = load(sweeps.trained(plan, 5, 10))
        runs = results.runs.copy()
        given = [values[arm][seed] for arm, seed in zip(runs["arm"], runs["seed"], strict=True)]
        runs["status"] = [value if isinstance(value, str) else "done" for value in given]
        runs["accuracy"] = [np.nan if isinstance(value, str) else value for value in given]
        labels = results.labels if images else None
        return analyse(*ask(replace(results, runs=runs, labels=labels), **changes))

    return made


@pytest.fixture(scope="module")
def browser():
    """A real browser; the test skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the page is tried in a browser with playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH")
    with playwright.sync_playwright() as program:
        chromium = program.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu", *QUIET]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser) -> Callable[..., AbstractContextManager[Any]]:
    """Opens a page as a reader does; leaving it fails where it asked for anything else or complained."""

    @contextmanager
    def of(path: Path, **options):
        tab = browser.new_page(**options)
        requests, complaints = [], []
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", lambda dialog: complaints.append(dialog.message))
        tab.goto(path.as_uri())
        yield tab
        tab.wait_for_timeout(100)
        tab.close()
        assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
        assert complaints == []

    return of


@pytest.fixture
def sort_all() -> Callable[[Any], None]:
    """Sorts every table of a page by every column: no row is lost, and one column at most is the sorted one."""

    def sort(tab):
        tab.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        for table in tab.locator("table").all():
            rows = sorted(table.locator("tbody tr").all_inner_texts())
            for button in table.locator("thead button").all():
                button.click()
                assert sorted(table.locator("tbody tr").all_inner_texts()) == rows
            assert [heading.get_attribute("aria-sort") for heading in table.locator("thead th").all()].count("ascending") <= 1

    return sort
