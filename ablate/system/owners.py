"""Whose a function, class or module is: the project's own is read by its content, and what is installed known by its name."""

import enum
import functools
import inspect
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablate.system import sources

_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)  # that a class makes of its own accord
_FUNCTIONS = (types.FunctionType, staticmethod, classmethod)
_MADE = {  # of each class or data class by Python
    *("__module__", "__qualname__", "__dict__", "__weakref__", "__annotations__", "__slots__", "__static_attributes__"),
    *("__firstlineno__", "__classcell__", "__annotate_func__", "__annotations_cache__", "__orig_bases__", "__parameters__"),
    *("__dataclass_fields__", "__dataclass_params__", "__match_args__", "__abstractmethods__", "_abc_impl"),
}


def name_of(value: Any) -> str | None:
    """The name of what is compiled or a method, where its own module, which is installed, has it under that name."""
    if isinstance(value, types.MethodType):
        owner = type(value.__self__).__module__
        return f"{owner}.{value.__name__}" if is_named_by(value, owner) else None
    if isinstance(value, types.BuiltinFunctionType):
        home = value.__self__
        if home is None or isinstance(home, types.ModuleType | type):
            return f"{getattr(home, '__name__', value.__module__)}.{value.__qualname__}"
        owner = type(home).__module__
        return f"{owner}.{value.__name__}" if is_named_by(value, owner) else None
    if isinstance(value, types.WrapperDescriptorType | types.MethodDescriptorType | types.ClassMethodDescriptorType):
        return f"{value.__objclass__.__module__}.{value.__qualname__}"
    return f"{type(value).__name__} {value.__name__}" if isinstance(value, _DESCRIPTORS) else None


def is_named_by(value: Any, module: str | None) -> bool:
    """Whether an installed module has a value under the value's own name."""
    found: Any = sys.modules.get(module or "")
    if found is None or is_own(getattr(found, "__file__", None)) or found.__name__ == "__main__":
        return False
    name = value.__name__ if isinstance(value, types.MethodType | types.BuiltinFunctionType) else value.__qualname__
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None and (found is value or (isinstance(value, types.MethodType) and bool(found == value)))


def is_own_function(function: types.FunctionType) -> bool:
    """Whether a function is the project's own: by its file, or where it has none by that of its module."""
    file = function.__code__.co_filename
    if Path(file).is_file():
        return is_own(file)
    home = function.__globals__.get("__file__")
    return home is None or is_own(home)


def is_own_class(value: type) -> bool:
    """Whether a class is the project's own."""
    module = sys.modules.get(value.__module__)
    file = getattr(module, "__file__", None)
    return value.__module__ == "__main__" or (is_own(file) if file is not None else module is None)


def is_plain_class(value: type) -> bool:
    """Whether a class is all that its members say, since no metaclass of a package has taken any away."""
    return is_own_class(type(value)) or type(value).__module__ in sys.stdlib_module_names


def members(value: type) -> Mapping[str, Any]:
    """What a class has of its own, without what Python or a decorator makes of it.

    Names with two underscores that a metaclass of a package sets are left out: the class's source tells what they are made of.
    """
    plain = is_plain_class(value)
    found: dict[str, Any] = {}
    for name, each in vars(value).items():
        inner = inspect.unwrap(each.__func__ if isinstance(each, staticmethod | classmethod) else each)
        if isinstance(inner, types.FunctionType):
            generated = inner.__module__ in sys.stdlib_module_names and not is_named_by(inner, inner.__module__)
            made = inner.__code__.co_filename == "<string>" or generated
        else:
            of_package = not plain and name.startswith("__") and name.endswith("__")
            made = name in _MADE or of_package or isinstance(each, _DESCRIPTORS)
        if not made:
            found[name] = each
    if issubclass(value, enum.Enum):
        return {
            name: each
            for name, each in found.items()
            if name not in value.__members__ and (not name.startswith("_") or isinstance(each, _FUNCTIONS))
        }
    for name, field in getattr(value, "__dataclass_fields__", {}).items():
        found[f"field {name}"] = (field.default, field.default_factory)
    return found


def parts_of(value: Any) -> tuple[Any, ...] | None:
    """What a method, a member of an enumeration, or an installed wrapper around a function is made of; None for all else."""
    if isinstance(value, types.MethodType):
        return value.__func__, value.__self__
    if isinstance(value, staticmethod | classmethod):
        return (value.__func__,)
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, functools.cached_property):
        return (value.func,)
    if isinstance(value, enum.Enum):
        return value.name, value.value
    wrapped = None if is_own_class(type(value)) else getattr(value, "__wrapped__", None)
    return (wrapped,) if isinstance(wrapped, types.FunctionType) else None


def hidden_state(value: Any) -> Mapping[str, Any]:
    """The attributes of an object of an own class that what a copy is made of may leave out."""
    kind = type(value)
    if not is_own_class(kind) or all(getattr(kind, name, None) is getattr(object, name, None) for name in _COPYING):
        return {}
    slots = [name for each in kind.__mro__ for name, one in vars(each).items() if isinstance(one, types.MemberDescriptorType)]
    return {name: getattr(value, name) for name in slots if hasattr(value, name)} | getattr(value, "__dict__", {})


_COPYING = ("__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")


def is_own(file: str | None) -> bool:
    """Whether a file is the project's own."""
    return file is not None and _own(file)


@functools.lru_cache(maxsize=4096)
def _own(file: str) -> bool:
    return sources.is_own(Path(file))
