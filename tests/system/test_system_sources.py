import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.errors import AblateError
from ablate.system import sources

PROJECT = {
    "train.py": "import json\nimport numpy\nimport helpers\nfrom package import deep\n\n\ndef late():\n    import lazily\n",
    "helpers.py": "from package.deep import leaf\nimport ablate\nimport missing.module\n",
    "lazily.py": "",
    "unused.py": "",
    "package/__init__.py": "",
    "package/deep/__init__.py": "from . import leaf\nfrom .. import beside\n",
    "package/deep/leaf.py": "",
    "package/beside.py": "from .....far import nothing\n",
    "package/unused.py": "",
}
RUN = ["train.py", "helpers.py", "lazily.py", "package/__init__.py", "package/deep/__init__.py", "package/deep/leaf.py"]


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def names(folder: Path, files: list[Path]) -> set[str]:
    return {file.relative_to(folder.resolve()).as_posix() for file in files}


def test_own_files_are_those_that_an_import_would_run(tmp_path: Path) -> None:
    written(tmp_path, PROJECT)
    found = sources.imported(tmp_path / "train.py", [str(tmp_path), *sys.path])
    assert names(tmp_path, found) == {*RUN, "package/beside.py"}
    assert found == sorted(found)


def test_the_first_folder_of_the_path_counts_and_a_package_of_folders_is_one(tmp_path: Path) -> None:
    written(tmp_path, {"a/train.py": "import same, spread.b.c", "a/same.py": "", "b/same.py": "", "b/spread/b/c.py": ""})
    found = sources.imported(tmp_path / "a/train.py", [str(tmp_path / "a"), str(tmp_path / "b")])
    assert names(tmp_path, found) == {"a/train.py", "a/same.py", "b/spread/b/c.py"}


def test_a_module_of_a_package_reads_dots_by_its_name(tmp_path: Path) -> None:
    written(tmp_path, PROJECT)
    file = sources.module_file("package.deep", [str(tmp_path)])
    assert file == (tmp_path / "package/deep/__init__.py").resolve()
    found = sources.imported(file, [str(tmp_path)], "package.deep")
    assert names(tmp_path, found) == {
        "package/__init__.py",
        "package/deep/__init__.py",
        "package/deep/leaf.py",
        "package/beside.py",
    }
    assert sources.module_file("package.none", [str(tmp_path)]) is None
    assert sources.module_file("sys", [str(tmp_path)]) is None


def test_installed_packages_the_library_and_ablate_are_nobodys_own(tmp_path: Path) -> None:
    assert not any(map(sources.is_own, (Path(ast.__file__), Path(pytest.__file__), Path(sources.__file__))))
    assert not sources.is_own(tmp_path / "lib" / "python3.9" / "site-packages" / "x.py")
    assert sources.is_own(tmp_path / "x.py")


def test_comments_and_layout_do_not_count(tmp_path: Path) -> None:
    one, other = tmp_path / "a.py", tmp_path / "b.py"
    one.write_text("def f(x):\n    return x + 1\n")
    other.write_text("# what it does\ndef f(\n    x,\n):  # here\n\n    return (x + 0x1)\n")
    assert sources.digest(one) == sources.digest(other)


@pytest.mark.parametrize(
    "changed",
    [
        "def f(x):\n    return x + 2\n",
        "def f(x):\n    return x + 1.0\n",
        "def f(x):\n    return x + True\n",
        "def f(y):\n    return y + 1\n",
        'def f(x):\n    "It is told."\n    return x + 1\n',
        "def f(x):\n    return None\n",
        "async def f(x):\n    return x + 1\n",
    ],
)
def test_what_is_done_differently_counts(changed: str) -> None:
    assert sources.digest_of(ast.parse("def f(x):\n    return x + 1\n")) != sources.digest_of(ast.parse(changed))


def test_a_digest_stays_what_it_is() -> None:
    text = "@d\ndef f(x, *y, z=1, **k) -> int:\n    if x: return [None, ..., 1.5, b'a', f'{z!r:>3}']\n    elif y: pass\n"
    told = sources.digest_of(ast.parse(text))
    assert told == "40afacacfcfb861b9741b4fb884fcb2ec24d6ae1c2c14f7ae7deab82a011f40e", "every stored training of a user has one"


@given(st.integers(min_value=2**20_000, max_value=2**20_001))
def test_a_number_may_be_longer_than_its_decimals_can_be(number: int) -> None:
    assert sources.digest_of(ast.Constant(number)) != sources.digest_of(ast.Constant(number + 1))


def test_long_chains_and_broken_files(tmp_path: Path) -> None:
    file = tmp_path / "long.py"
    file.write_text("if a: pass\n" + "elif b: pass\n" * 900)
    assert sources.digest(file)
    file.write_text("def f(:\n")
    with pytest.raises(AblateError, match=r"long\.py, line 1: .*Fix it; it is not Python 3"):
        sources.imported(file, [])
    with pytest.raises(AblateError, match=r"Cannot read .*none\.py: no such file"):
        sources.digest(tmp_path / "none.py")
    (tmp_path / "fast.so").write_bytes(b"\x7fELF")
    assert sources.digest(tmp_path / "fast.so")


def test_a_package_in_editable_mode_is_own(tmp_path: Path) -> None:
    written(tmp_path, {"project/src/mine.py": "", "train.py": "import mine"})
    finder = (
        "import sys\nfrom pathlib import Path\nfrom importlib.util import spec_from_file_location\n"
        "class Finder:\n    @staticmethod\n    def find_spec(name, path=None, target=None):\n"
        f"        return spec_from_file_location(name, {str(tmp_path / 'project/src/mine.py')!r}) if name == 'mine' else None\n"
        "sys.meta_path.append(Finder)\nfrom ablate.system import sources\n"
        f"print(*sources.imported(Path({str(tmp_path / 'train.py')!r}), sys.path))"
    )
    told = subprocess.run([sys.executable, "-c", finder], capture_output=True, text=True, check=True).stdout.split()
    assert {Path(each).name for each in told} == {"train.py", "mine.py"}
