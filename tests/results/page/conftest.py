import io
from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ablate import designs
from ablate.report import figures, naming, page
from ablate.report.page import story
from ablate.results import Results, analysis, question
from ablate.results.analysis import Analysis
from ablate.results.frames import arm_name
from ablate.store.sweep import Fixed, Sweep, SweepArm, SweepReadout, SweepRun

NASTY = "<script>document.title = 'taken'</script> & \"quotes\" ' </style><img src=x onerror=\"document.title='taken'\">"


class Made(Results):
    """Results whose predictions are drawn by lot."""

    def predictions(self, number: int):
        assert self.labels is not None
        wrong = np.random.default_rng(number).uniform(size=len(self.labels)) < 0.2
        return np.where(wrong, (self.labels + 1) % 10, self.labels)


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
    runs, rows = [], []
    for number in range(len(arms) * seeds):
        seed, arm = divmod(number, len(arms))
        ends = 0.75 + 0.005 * (arm % 4) + generator.normal(0, 0.003)
        status = "failed" if number >= len(arms) * seeds - troubled else "done"
        run = {"number": number, "arm": arm, "label": arm_name(described[arm]), **described[arm].levels, "seed": seed}
        done = {
            "status": status,
            "step": steps[-1],
            "accuracy": ends if status == "done" else None,
            "loss": 1.0,
            "weights": "raw",
        }
        costs = {"parameters": 1068298 + 1000 * arm, "operations": 37745098, "seconds": 1500.0, "examples_per_second": 1000.0}
        seen = {"input": "24 x 24", "steps_per_epoch": 390.6, "batch_size": 128, "eval_images": 500}
        stands = {"fingerprint": f"{number:016x}", "trajectory": f"runs/{number:016x}", "sweep": "made"}
        runs.append({**run, **done, **costs, **seen, **stands, "error": f"ValueError: {NASTY}" if status == "failed" else None})
        for step in steps:
            measured = {
                "step": step,
                "epoch": step / 390.6,
                "accuracy": ends - 300 / (step + 500),
                "loss": 1.0,
                "eval_loss": 1.0,
            }
            rows.append(
                {**run, "status": status, **measured, "learning_rate": 0.1, "seconds": step / 7, "examples_per_second": 1e3}
            )
    frame = pd.DataFrame(runs).astype(dict.fromkeys(("step", "parameters", "operations", "batch_size", "eval_images"), "Int64"))
    readout = SweepReadout("raw", steps[-1])
    stood = [SweepRun(run["number"], run["arm"], run["seed"], (), run["fingerprint"], readout, 1000) for run in runs]
    sweep = replace(sweep, runs=tuple(stood))
    trainings = frame[["fingerprint", "status", "step", "seconds"]].assign(runs=1, segments=1, threads=1, device="Some CPU")
    trainings = trainings.assign(host="here", processor="Some CPU", python="3.11.7", tensorflow="2.21.0", keras="3.15.1")
    trainings = trainings.assign(ablate="0.1.0", commit="0123456789abcdef", dirty=False)
    labels = np.arange(500, dtype=np.int32) % 10
    made = Made(frame, pd.DataFrame(rows), sweep, ("mixed hosts",), trainings, labels, [f"class {name}" for name in range(10)])
    return analysis.analyse(*question.ask(made))


def report(found: Analysis) -> str:
    """The page as the program makes it."""
    pictures = [page.picture(title, figure, figures.svg(figure)) for _, title, figure in figures.drawn(found)]
    commands = ["python -m ablate -m study=proof", "python -m ablate report multirun/proof-0"]
    parts = page.sections(found, pictures, commands, [("runs.csv", "one row a run")])
    return page.render(naming.title(found.results), (found.fill(story.answer),), found.question.changes, parts)


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
            "arm": ["ema: on → off", NASTY, "lrn: native → off", "fc: two → one"],
            "difference": ["−1.2 (−2.0 to −0.4)", "+10.0 (+9.0 to +11.0)", "–", "+0.31 (−0.10 to +0.72)"],
            "operations": ["1,234,567", "987", "19,000", "–"],
            "verdict": ["hurts", "helps", "no verdict: one seed", "unclear: 8 to 60 seeds would tell"],
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
            (page.Table(text, "Verdicts", exact, ("the rule",), tones=("hurts", "helps", "", "unclear")),),
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


@pytest.fixture
def make_report():
    return report
