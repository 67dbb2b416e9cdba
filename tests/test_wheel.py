"""What users install: the wheel works from any folder without the checkout; the source archive is whole."""

import json
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(source archive, wheel built from it)."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return source, wheel


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The `bin` folder of an environment with the wheel and the dependencies, but without the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        built[1],
        cwd=folder,
    )
    # The dependencies are those of the running environment. A .pth file that lies in an added folder is not
    # read, so an editable install of the checkout there has no effect.
    (packages,) = folder.glob("lib/python*/site-packages")
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("".join(f"{path}\n" for path in sorted(paths)))
    return folder / "bin"


@pytest.fixture
def elsewhere(tmp_path):
    folder = tmp_path / "an empty folder"
    folder.mkdir()
    return folder


def run(*words, cwd, env=None):
    """Output of a command that has to end well."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def configs():
    return {path.relative_to(ROOT / "conf").as_posix() for path in (ROOT / "conf").rglob("*.yaml")}


def test_source_archive_is_whole(built):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"conf/{name}" for name in configs()} <= names
    tests = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")}
    assert tests <= names
    others = {"pyproject.toml", "README.md", "docs/sweeps.md", "CONTRIBUTING.md", "LICENSE", "hydra_plugins/ablate_sweeper.py"}
    assert others <= names


def test_wheel_has_the_configs_inside_the_package(built):
    with zipfile.ZipFile(built[1]) as wheel:
        names = wheel.namelist()
    assert {name.removeprefix("ablate/conf/") for name in names if name.startswith("ablate/conf/")} == configs()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "ablate",
        "hydra_plugins",
    }
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_installed_package_is_the_one_that_runs(installed, elsewhere, environment):
    code = "import ablate, ablate.config.loading as c; print(ablate.__file__); print(c.conf_dir())"
    package, folder = run(installed / "python", "-c", code, cwd=elsewhere, env=environment).split()
    assert Path(package).is_relative_to(installed.parent)
    assert Path(folder) == Path(package).resolve().parent / "conf"


def test_hydra_finds_the_sweeper(installed, elsewhere, environment):
    said = run(installed / "ablate", "--info", "plugins", cwd=elsewhere, env=environment)
    assert "AblateSweeper" in said


def test_commands_work_from_any_folder(installed, elsewhere, environment):
    assert "ablate report SWEEP" in run(installed / "ablate", "--help", cwd=elsewhere, env=environment)
    info = json.loads(run(installed / "ablate", "info", "model=alex4", "--json", cwd=elsewhere, env=environment))
    assert info["parameters"] > 0


def test_sweep_runs_from_any_folder(installed, elsewhere, environment):
    words = ["augment=on,off", "ema=on,off", "data=digits", "steps=4", "eval_every=2", "batch_size=16"]
    run(installed / "ablate", "-m", *words, cwd=elsewhere, env=environment)
    results = [json.loads(path.read_text()) for path in elsewhere.glob("multirun/*/*/result.json")]
    assert [result["status"] for result in results] == ["done"] * 4
    assert len(list((elsewhere / "runs").glob("*/metrics.jsonl"))) == 2
