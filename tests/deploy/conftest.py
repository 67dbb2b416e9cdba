"""One small sweep over handwritten digits, trained for real once, in a folder that every test of this room works in."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from program import printed_by

CONF = Path(__file__).parents[1] / "training" / "conf"
WORDS = ["-cd", str(CONF), "data=digits", "data.validation=100", "model=tiny", "batch_size=16", "threads=1", "eval_every=10"]
WORDS += ["steps=20", "readout.last=1", "report.formats=[]", "progress=false", "tensorboard=false"]


@pytest.fixture(scope="session")
def desk(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sweep `tour` of two arms and two seeds; each training has checkpoints at steps 10 and 20."""
    from ablate.__main__ import main

    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.raises(SystemExit) as end:
            main(["-m", "name=tour", "design=one_factor", "augment=on,off", "seed=0,1", "hydra/launcher=inline", *WORDS])
        assert end.value.code == 0
    return folder


@pytest.fixture(scope="session")
def words() -> list[str]:
    """What the trainings of the sweep are trained with."""
    return WORDS


@pytest.fixture(scope="session")
def gap_desk(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sweep `gap`: networks with the end of squeeze1, trained in bfloat16 and in float32."""
    words = ["model=tiny_gap" if word == "model=tiny" else word for word in WORDS]
    from ablate.__main__ import main

    folder = tmp_path_factory.mktemp("gap_desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.raises(SystemExit) as end:
            main(["-m", "name=gap", "precision=bfloat16,float32", "seed=0", "hydra/launcher=inline", *words])
        assert end.value.code == 0
    return folder


@pytest.fixture
def here(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the sweep as the current one."""
    monkeypatch.chdir(desk)
    return desk


@pytest.fixture
def gap(here: Path, gap_desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the sweep `gap` as the current one, in place of `here`."""
    monkeypatch.chdir(gap_desk)
    return gap_desk


@pytest.fixture
def prints(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What the program prints there."""

    def run(*words: str, status: int = 0) -> str:
        return printed_by(capsys, *words, status=status)

    return run


@pytest.fixture
def says(prints: Callable[..., str]) -> Callable[..., list[dict[str, Any]]]:
    """The JSON objects that the program prints there."""

    def run(*words: str, status: int = 0) -> list[dict[str, Any]]:
        return [json.loads(line) for line in prints(*words, "--json", status=status).splitlines() if line.startswith("{")]

    return run


@pytest.fixture(scope="session")
def skip_without() -> Callable[[str], None]:
    """Skips a test where the packages of a format are not installed."""
    from ablate.deploy.formats import FORMATS

    def skip(name: str) -> None:
        for module in FORMATS.find(name).modules:
            if find_spec(module) is None:
                pytest.skip(f"{module} is not installed")

    return skip


@pytest.fixture(scope="session")
def exports() -> dict[str, dict[str, Any]]:
    """What was exported so far, by format."""
    return {}


@pytest.fixture
def exported(
    exports: dict[str, dict[str, Any]], skip_without: Callable[[str], None], says: Callable[..., list[dict[str, Any]]]
) -> Callable[[str], dict[str, Any]]:
    """What is said of the run tour/augment=off/1 where it is exported in a format; that is done once."""

    def about(name: str) -> dict[str, Any]:
        skip_without(name)
        if name not in exports:
            [exports[name]] = says("export", "tour/augment=off/1", "--format", name, "--out", f"tour-{name}")
        return exports[name]

    return about
