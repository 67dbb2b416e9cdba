"""Code and values that differ in one place have another digest, wherever the place is."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

from ablate.errors import AblateError
from ablate.system import contents

HEAD = "import enum, functools, operator, statistics\nimport numpy as np\nimport pandas as pd\n"
_NUMBER = itertools.count()
CASES = {
    "call of an own decorator": (
        """
class Deco:
    def __init__(self, f):
        functools.update_wrapper(self, f)
    def __call__(self, x):
        return self.__wrapped__(x) + 1
@Deco
def used(x):
    return x
""",
        "+ 1",
        "+ 2",
    ),
    "attribute of an own decorator": (
        """
class Deco:
    def __init__(self, f, by):
        functools.update_wrapper(self, f)
        self.by = by
def plain(x):
    return x
used = Deco(plain, 1)
""",
        "plain, 1",
        "plain, 2",
    ),
    "property of an enumeration": (
        "class used(enum.Enum):\n    A = 1\n    @property\n    def rate(self):\n        return 1\n",
        "return 1",
        "return 2",
    ),
    "class method of an enumeration": (
        "class used(enum.Enum):\n    A = 1\n    @classmethod\n    def rate(cls):\n        return 1\n",
        "return 1",
        "return 2",
    ),
    "static method of an enumeration": (
        "class used(enum.Enum):\n    A = 1\n    @staticmethod\n    def rate():\n        return 1\n",
        "return 1",
        "return 2",
    ),
    "default that a metaclass takes away": (
        "class Meta(type):\n    def __new__(m, n, b, d):\n        d.pop('lr', None)\n        return type.__new__(m, n, b, d)\n"
        "LR = 0.1\nclass used(metaclass=Meta):\n    lr: float = LR\n",
        "LR = 0.1",
        "LR = 0.2",
    ),
    "own value with underscores": ("class used:\n    __version__ = '1'\n", "'1'", "'2'"),
    "own value with underscores from elsewhere": ("V = '1'\nused = type('C', (), {'__version__': V})\n", "'1'", "'2'"),
    "operator": ("class used:\n    __add__ = operator.add\n", ".add", ".sub"),
    "function of the library in a class": ("F = statistics.mean\nclass used:\n    agg = staticmethod(F)\n", "mean", "median"),
    "attribute of a function": ("def used():\n    return used.k\nused.k = 1\n", "used.k = 1", "used.k = 2"),
    "mask": ("used = np.ma.array([1, 2], mask=[True, False])\n", "True, False", "False, True"),
    "attribute of an array": (
        "class A(np.ndarray):\n    pass\nused = np.zeros(2).view(A)\nused.k = 1\n",
        "used.k = 1",
        "used.k = 2",
    ),
    "order of categories": (
        "used = pd.Series(['a', 'b'], dtype=pd.CategoricalDtype(['a', 'b'], ordered=True))\n",
        "e(['a', 'b']",
        "e(['b', 'a']",
    ),
    "state that a copy leaves out": (
        "class C:\n    def __init__(self, k):\n        self.k = k\n"
        "    def __reduce__(self):\n        return C, (1,)\nused = C(1)\n",
        "used = C(1)",
        "used = C(2)",
    ),
    "slot that a copy leaves out": (
        "class C:\n    __slots__ = ('k',)\n    def __init__(self, k):\n        self.k = k\n"
        "    def __reduce__(self):\n        return C, (1,)\nused = C(1)\n",
        "used = C(1)",
        "used = C(2)",
    ),
    "argument of a class's decorator": (
        "from dataclasses import dataclass\n@dataclass(order=True)\nclass used:\n    a: int = 1\n",
        "order=True",
        "order=False",
    ),
    "flags without a name": (
        "class F(enum.IntFlag):\n    A = 1\nused = F(8)\n",
        "F(8)",
        "F(16)",
    ),
}


def digest(folder: Path, text: str) -> str:
    name, file = "changed", folder / str(next(_NUMBER)) / "changed.py"
    file.parent.mkdir()
    file.write_text(f"{HEAD}{text}\n\ndef train(config, seed):\n    return used\n")
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        return contents.digest(module.train).text
    finally:
        del sys.modules[name]


@pytest.mark.parametrize("case", CASES)
def test_what_changes_in_one_place_is_told_apart(tmp_path: Path, case: str) -> None:
    text, old, new = CASES[case]
    assert text.count(old) == 1
    one, other = digest(tmp_path, text), digest(tmp_path, text.replace(old, new))
    assert one != other
    assert digest(tmp_path, text) == one


def test_a_class_of_a_package_s_making_without_source_is_refused(tmp_path: Path) -> None:
    pydantic = pytest.importorskip("pydantic")
    assert pydantic is not None
    given = "from pydantic import BaseModel\nclass used(BaseModel):\n    lr: float = 0.1\n"
    assert digest(tmp_path, given) != digest(tmp_path, given.replace("0.1", "0.2"))
    made = "import pydantic\nused = pydantic.create_model('M', lr=(float, 0.1))\n"
    with pytest.raises(AblateError, match=r"M .*is a class that has no source"):
        digest(tmp_path, made)
