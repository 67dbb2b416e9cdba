import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from made_up import SEGMENT, alike, evaluation
from matplotlib.figure import Figure

from ablate import designs
from ablate.report import figures, naming, page
from ablate.results import analysis, one_sweep, question
from ablate.results.analysis import Analysis
from ablate.results.frames import SweepParts, build
from ablate.store.sweep import Fixed, Sweep
from ablate.store.sweep_runs import SweepArm, SweepReadout, SweepRun

LABELS = np.arange(500, dtype=np.int32) % 10
NASTY = "<script>document.title = 'taken'</script> & \"quotes\" ' </style><img src=x onerror=\"document.title='taken'\">"


def study(
    factors: dict[str, list[str]], seeds: int = 3, evaluations: int = 4, design: str = "factorial", troubled: int = 0
) -> Analysis:
    """A sweep's analysis without a training, with numbers drawn by lot. troubled: how many of its last runs failed."""
    factored = [designs.Factor(name, tuple(levels)) for name, levels in factors.items()]
    arms = designs.arms(design, factored)
    steps = [1000 * (1 + number) for number in range(evaluations)]
    described = [SweepArm(number, designs.label(design, arms, number), dict(arm.levels)) for number, arm in enumerate(arms)]
    sweep = Sweep(
        study="proof",
        design=design,
        factors={name: tuple(levels) for name, levels in factors.items()},
        baseline=described[0].levels,
        arms=tuple(described),
        same_arms=(),
        seeds=tuple(range(seeds)),
        runs=(),
        store="runs",
        fixed=Fixed(
            metric="accuracy",
            evaluation_set="test",
            steps=(steps[-1],) * len(arms),
            weights=("raw",) * len(arms),
            margin=0.5,
            differences=tuple(designs.differences(design, arms)),
        ),
    )
    generator = np.random.default_rng(0)
    planned, rows, trained = [], [], {}
    for number in range(len(arms) * seeds):
        seed, arm = divmod(number, len(arms))
        ends = 0.75 + 0.005 * (arm % 4) + generator.normal(0, 0.003)
        failed = number >= len(arms) * seeds - troubled
        run = SweepRun(number, arm, seed, (), f"{number:016x}", SweepReadout("raw", steps[-1]), 1000)
        result = {"step": steps[-1], "loss": 1.0, "costs": {"parameters": 1068298 + 1000 * arm, "operations": 37745098}}
        result["costs"] |= {"seconds": 1500.0, "examples_per_second": 1000.0}
        result |= {"status": "failed", "error": f"ValueError: {NASTY}"} if failed else {"status": "done", "accuracy": ends}
        path = f"runs/{run.fingerprint}"
        planned.append(run)
        rows.append(one_sweep.row(run, described[arm], result) | {"trajectory": path, "sweep": "made"})
        trained[path] = training(Path(path), number, result["status"], {step: ends - 300 / (step + 500) for step in steps})
    found = build(SweepParts("made", replace(sweep, runs=tuple(planned)), rows, trained, ["mixed hosts"]))
    found = replace(found, labels=LABELS, class_names=[f"class {name}" for name in range(10)])
    return analysis.analyze(*question.ask(found))


def training(path: Path, number: int, state: str, accuracies: dict[int, float]) -> SimpleNamespace:
    """What a training tells a report, with predictions that are drawn by lot; accuracies: by step."""
    wrong = np.random.default_rng(number).uniform(size=len(LABELS)) < 0.2
    return SimpleNamespace(
        path=path,
        config={"input": {"size": [24, 24, 3]}, "data": {"train_images": 50_000, "eval_images": 500}, "batch_size": 128},
        rows=[evaluation(step, **alike(1.0) | {"accuracy_raw": value}) for step, value in accuracies.items()],
        store=path.parent,
        segments=[SEGMENT],
        state=state,
        status={"state": state, "step": max(accuracies), "error": None},
        data_digest=None,
        damage=[],
        gives_predictions=lambda step: True,
        predictions=lambda step: {"raw": np.where(wrong, (LABELS + 1) % 10, LABELS)},
    )


def report(found: Analysis) -> str:
    """The page as the program makes it."""
    pictures = [page.picture(title, figure, figures.svg(figure)) for _, title, figure in figures.drawn(found)]
    commands = ["python -m ablate -m study=proof", "python -m ablate report multirun/proof-0"]
    parts = page.sections(found, pictures, commands, [("runs.csv", "one row a run")])
    title = naming.title(found.results)
    first = page.of_sweep(found, commands, title, {"effects.csv": "name,points\n"}, "multirun/proof-0")
    return page.render(title, (), found.question.changes, parts, face=first)


def drawn(title: str, arms: int = 2, steps: int = 10) -> str:
    """A figure as the report's are: text kept, with clip paths and markers that figures of one page share by name."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "ablate"}):
        figure = Figure(figsize=(4.8, 3.1), layout="constrained")
        ax = figure.add_subplot(title=title)
        for arm in range(arms):
            values = np.sin(np.arange(steps) + arm)
            ax.plot(range(steps), values, marker="o", label=f"arm {arm}")
            ax.fill_between(range(steps), values - 0.1, values + 0.1, alpha=0.2)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


@pytest.fixture
def sections() -> list[page.Section]:
    """One section with each kind of block, and a name in each that must stay text."""
    text = pd.DataFrame(
        {
            "arm": ["no EMA", NASTY, "no LRN", "one hidden dense layer"],
            "difference": ["−1.2 (−2.0 to −0.4)", "+10.0 (+9.0 to +11.0)", "–", "+0.31 (−0.10 to +0.72)"],
            "operations": ["1,234,567", "987", "19,000", "–"],
            "verdict": ["hurts", "helps", "no verdict: one seed", "inconclusive: about 23 seeds would tell"],
        }
    )
    exact = pd.DataFrame({"difference": [-1.2345678, 10.0, None, 0.31]})
    runs = pd.DataFrame({"run": [str(number) for number in range(60)], "status": ["done"] * 60})
    picture = page.Picture(drawn("first & <b>"), "Caption of " + NASTY, NASTY, (page.Point(100, 80, "0.5 at " + NASTY),))
    return [
        page.Section(
            "verdicts",
            "What was found",
            "A lead.",
            (page.Table(text, "Verdicts", exact, ("the rule",), tones=("hurts", "helps", "", "inconclusive")),),
        ),
        page.Section("figures", "Figures", "", (picture, page.Picture(drawn("second"), "Second.", "A second figure."))),
        page.Section(
            "rest",
            NASTY,
            NASTY,
            (
                page.Lines((NASTY, "a line")),
                page.Lines(("mixed hosts",), listed=True, warns=True),
                page.Table(runs, "All runs", folded=True),
                page.Code(("python -m ablate -m augment=on,off", f"echo {NASTY}")),
                page.Links((("runs.csv", "one row a run"), ("figures/a&b.svg", NASTY))),
            ),
        ),
    ]


@pytest.fixture
def html(sections) -> str:
    return page.render("seed_ladder " + NASTY, ("One of two changes earns its place.", NASTY), (NASTY,), sections)


@pytest.fixture(scope="session")
def make_study():
    return study


@pytest.fixture(scope="session")
def make_report():
    return report
