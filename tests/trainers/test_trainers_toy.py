"""A trainer of another package, a function of seed and step, through all that there is; TensorFlow cannot be imported."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.__main__ import main
from ablate.trainers import TRAINERS

Install = Callable[..., Path]

MODULE = """
import json
import time

from ablate.errors import Diverged, Stopped
from ablate.readout import Readout
from ablate.trainer import Metric, Spec, Work


class Toy:
    name = "toy"
    metrics = (Metric("accuracy", "%", low=0.0, high=1.0),)
    keys = ("steps", "eval_every", "seed")

    def read(self, config, chosen):
        own = config["trainer"]
        payload = {"trick": str(own["trick"]), "rate": float(own["rate"]), "slow": own["slow"]}
        return Spec(self.name, config["seed"], Work(), grid=config["eval_every"], resume="own", payload=payload), Readout(
            "", config["steps"]
        )

    def content(self, spec):
        return {"trick": spec.payload["trick"], "rate": spec.payload["rate"]}

    def check(self):
        pass

    def keep(self, spec, content, store):
        pass

    def prepare(self, spec, content, folder, resources):
        return resources.threads

    def train(self, spec, folder, to, resources, report):
        state = folder / "state.json"
        step = json.loads(state.read_text()) if state.exists() else 0
        due = report.began(step)
        while True:
            if step == due:
                gain = 0.1 * (spec.payload["trick"] == "on") + 0.05 * spec.payload["rate"]
                noise = (7 * spec.seed + step) % 5 / 1000
                report.row(step, {"accuracy": 0.5 + gain + noise + 0.2 * step / (step + 100)})
            if step == to:
                return
            if report.stop():
                state.write_text(json.dumps(step))
                report.saved(step)
                raise Stopped(step)
            due = report.next_due(step)
            step += 1
            time.sleep(spec.payload["slow"])
            report.alive(step)


TOY = Toy()
"""
CONFIG = """
name: toy
trick: "off"
rate: 1.0
slow: 0.0
label: a
"""
BLOCKED = 'raise ImportError("it is blocked")\n'


@pytest.fixture
def toy(tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command with the toy in its config folder."""
    install(
        "toy", {"toy_trainer": MODULE, "tensorflow": BLOCKED, "keras": BLOCKED}, {TRAINERS.group: {"toy": "toy_trainer:TOY"}}
    )
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "my" / "trainer").mkdir(parents=True)
    (tmp_path / "my" / "trainer" / "toy.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as end:
            main(list(words))
        return end.value.code if isinstance(end.value.code, int) else 0

    return run


WORDS = ("-cd", "my", "trainer=toy", "steps=40", "eval_every=10", "workers=2")
SWEEP = (*WORDS, "trainer.trick=off,on", "seed=0,1,2")


def test_plan_sweep_again_status_and_report(toy: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert toy("plan", *SWEEP) == 0
    told = capsys.readouterr().out
    assert "6 runs (2 arms x 3 seeds) on 6 trainings" in told
    assert "parameters" not in told
    assert toy("-m", *SWEEP) == 0
    [folder] = Path("multirun").iterdir()
    results = [json.loads(path.read_text()) for path in sorted(folder.glob("*/result.json"))]
    assert [result["status"] for result in results] == ["done"] * 6
    print(capsys.readouterr())
