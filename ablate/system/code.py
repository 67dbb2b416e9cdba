"""The source of a function that is in memory, and the global names that it uses."""

import __future__

import ast
import dis
import functools
import linecache
import marshal
import sys
import types
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import MAGIC_NUMBER
from itertools import product
from pathlib import Path

_FUTURE = functools.reduce(int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names))
_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
_HEAD_BYTES = 16  # of a file of compiled code
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef)


class NoSource(Exception):
    """There is no source of a function that is known to be its own; the message says why, as what follows its name."""


def tree_of(function: types.FunctionType) -> ast.AST:
    """The piece of a program that a function was compiled from.

    Raises:
        NoSource: its source is nowhere, or is now another one.
    """
    code = function.__code__
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if not text:
        raise NoSource("has no source")
    now = [each for each in _compiled(text, code.co_filename, _future(code)) if _same(each, code)]
    if not now:
        raise NoSource(f"is not what {code.co_filename} says now")
    return _node(_parsed(text), now[0])


def tree_of_class(value: type) -> ast.Module | None:
    """The definitions of a class's name in its file, of several all; None where a call made it or its file is not known.

    Raises:
        NoSource: its file says another one than when it was imported.
    """
    home = vars(sys.modules.get(value.__module__, types.ModuleType("")))
    methods = [each.__code__.co_filename for each in vars(value).values() if isinstance(each, types.FunctionType)]
    for file in [*methods, home.get("__file__")]:
        linecache.checkcache(file or "")
        text = "".join(linecache.getlines(file, home)) if file else ""
        try:
            tree = _parsed(text)
        except (SyntaxError, ValueError):
            continue
        if found := [node for name, node in _classes(tree, "") if name == value.__qualname__]:
            then = _bodies(_as_imported(home.get("__spec__")), value) if file == home.get("__file__") else []
            if then and not any(
                _same(*each) for each in product(then, _bodies(_compiled(text, file, _future(then[0])), value))
            ):
                raise NoSource(f"is not what {file} says now")
            return ast.Module(list(found), [])
    return None


def _bodies(codes: Iterable[types.CodeType], value: type) -> list[types.CodeType]:
    """Those of a class among codes."""
    return [one for one in codes if one.co_qualname == value.__qualname__ and "__qualname__" in one.co_names]


def _as_imported(spec: ModuleSpec | None) -> tuple[types.CodeType, ...]:
    """All code of a module as Python has kept it when it was imported last; none where it keeps none."""
    if sys.dont_write_bytecode or spec is None or not spec.cached:
        return ()
    try:
        content = Path(spec.cached).read_bytes()
        return _within(marshal.loads(content[_HEAD_BYTES:])) if content[: len(MAGIC_NUMBER)] == MAGIC_NUMBER else ()
    except (OSError, ValueError, EOFError, TypeError):
        return ()


def _future(code: types.CodeType) -> int:
    return int(code.co_flags & _FUTURE)


def _classes(tree: ast.AST, within: str) -> Iterator[tuple[str, ast.ClassDef]]:
    """The classes that a piece of a program defines, by their qualified names."""
    for node in ast.iter_child_nodes(tree):
        name = f"{within}{getattr(node, 'name', '')}"
        if isinstance(node, ast.ClassDef):
            yield name, node
            yield from _classes(node, f"{name}.")
        else:
            yield from _classes(node, f"{name}.<locals>." if isinstance(node, _DEFINED) else within)


def uses(code: types.CodeType) -> list[tuple[str, ...]]:
    """The global names that code uses, that of functions within it, too: each with the attributes that are read off it there.

    Examples:
        >>> from ablate.system.code import uses
        >>> uses((lambda x: numpy.random.normal(x) + scale).__code__)
        [('numpy', 'random', 'normal'), ('scale',)]
    """
    return sorted(set(_uses(code)))


def uses_of_class(tree: ast.Module) -> list[tuple[str, ...]]:
    """Those that the definitions of a class use."""
    found = uses(compile(tree, "", "exec", dont_inherit=True))
    return [names for names in found if names != ("__name__",)]  # which every class asks for


def _uses(code: types.CodeType) -> Iterator[tuple[str, ...]]:
    name: tuple[str, ...] = ()
    for each in dis.get_instructions(code):
        if name and each.opname in _ATTRIBUTES:
            name = (*name, each.argval)
            continue
        if name:
            yield name
        name = (each.argval,) if each.opname in _LOADS else ()
    for within in code.co_consts:
        if isinstance(within, types.CodeType):
            yield from _uses(within)


@functools.lru_cache(maxsize=64)
def _compiled(text: str, file: str, flags: int) -> tuple[types.CodeType, ...]:
    """All code of a file, as this Python makes it now; none where it is broken."""
    try:  # a cell of a notebook may await
        whole = compile(text, file, "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError):
        return ()
    return _within(whole)


def _within(whole: types.CodeType) -> tuple[types.CodeType, ...]:
    """Code, and all that is in it."""
    found, waiting = [], [whole]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += [each for each in one.co_consts if isinstance(each, types.CodeType)]
    return tuple(found)


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _same(one: types.CodeType, other: types.CodeType) -> bool:
    """Whether two pieces of code do the same under the same name, wherever they stand in their files."""
    if any(getattr(one, name) != getattr(other, name) for name in _TELLING) or len(one.co_consts) != len(other.co_consts):
        return False
    return all(
        _same(first, second)
        if isinstance(first, types.CodeType) and isinstance(second, types.CodeType)
        else (type(first) is type(second) and first == second and repr(first) == repr(second))
        or ((first, second) == (one.co_firstlineno, other.co_firstlineno) and "__firstlineno__" in one.co_names)
        for first, second in zip(one.co_consts, other.co_consts, strict=True)
    )


_TELLING = (
    *("co_qualname", "co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_exceptiontable"),
)


def _node(tree: ast.Module, code: types.CodeType) -> ast.AST:
    """The definition in a file, or the lambda, that code was compiled from."""
    if code.co_name != "<lambda>":
        definitions = (node for node in ast.walk(tree) if isinstance(node, _DEFINED) and node.name == code.co_name)
        for node in definitions:
            if min([node.lineno, *(each.lineno for each in node.decorator_list)]) == code.co_firstlineno:
                return node
        raise NoSource("has no source")
    places = [(line, column) for line, _, column, _ in code.co_positions() if line and column is not None and column > 0]
    around = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda) and all(_holds(node.body, *at) for at in places)]
    if not places or not around:
        raise NoSource("has no source")
    return min(around, key=lambda node: (node.body.end_lineno - node.body.lineno, len(ast.dump(node))))  # type: ignore[operator]


def _holds(node: ast.expr, line: int, column: int) -> bool:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset) <= (line, column) < (node.end_lineno, node.end_col_offset)
