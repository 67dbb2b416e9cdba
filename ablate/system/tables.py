"""The content of arrays, tensors and data frames, of whatever package: what is written of it, and what else has to be read."""

import sys
from typing import Any

Content = tuple[tuple[str | bytes, ...], Any]


def is_table(value: Any) -> bool:
    """Whether a value is one."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return type(value) in (numpy.ndarray, numpy.memmap)  # others may have attributes besides their values, as a mask
    return _is_frame(value) or (hasattr(type(value), "__array__") and hasattr(value, "dtype"))


def size(value: Any) -> int:
    """How many bytes it takes."""
    if not _is_frame(value):
        return int(getattr(value, "nbytes", 0))
    found = value.memory_usage()
    return int(found if isinstance(found, int) else found.sum())


def content(value: Any) -> Content:
    """(what tells it from others, what else is to be read).

    Raises:
        TypeError: it cannot be read; the message says why, as what follows its name.
    """
    return _of_frame(value) if _is_frame(value) else _of_array(value)


def _is_frame(value: Any) -> bool:
    """Whether it is a table of pandas, or a part of one."""
    return type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "memory_usage")


def _of_frame(value: Any) -> Content:
    from pandas.util import hash_pandas_object

    try:
        rows = hash_pandas_object(value, index=True).to_numpy()
    except TypeError:
        raise TypeError("has cells that are no plain values") from None
    index = getattr(value, "index", value)
    names = [str(getattr(value, "name", None)), list(getattr(value, "columns", ())), list(index.names)]
    types = [_of_type(each) for each in (*_types(value), *_types(index))]
    return ("frame", type(value).__qualname__, rows.tobytes()), [names, types, dict(getattr(value, "attrs", {}))]


def _types(value: Any) -> list[Any]:
    """Those of the columns of a frame, or of the levels of an index."""
    found = getattr(value, "dtypes", None)
    return [value.dtype] if found is None or not hasattr(found, "items") else list(found)


def _of_type(kind: Any) -> tuple[Any, ...]:
    """A type of cells: its name, and of categories also which they are, in order."""
    return str(kind), getattr(kind, "categories", None), getattr(kind, "ordered", None)


def _of_array(value: Any) -> Content:
    import numpy as np

    try:
        array = np.asarray(value)
    except Exception:  # whatever a package raises, as for values on a GPU
        raise TypeError("has no values that can be read here") from None
    shape = ("array", type(value).__qualname__, str(array.dtype.descr), str(array.shape))
    return (shape, array.tolist()) if array.dtype.hasobject else ((*shape, array.tobytes()), None)
