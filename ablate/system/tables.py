"""The content of arrays, tensors and data frames, of whatever package: what is written of it, and what else has to be read."""

from typing import Any

Content = tuple[tuple[str | bytes, ...], Any]


def is_table(value: Any) -> bool:
    """Whether a value is one."""
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
    names = [str(getattr(value, "name", None)), list(getattr(value, "columns", ()))]
    return ("frame", type(value).__qualname__, str(getattr(value, "dtypes", None)), rows.tobytes()), names


def _of_array(value: Any) -> Content:
    import numpy as np

    try:
        array = np.asarray(value)
    except Exception:  # whatever a package raises, as for values on a GPU
        raise TypeError("has no values that can be read here") from None
    shape = ("array", type(value).__qualname__, str(array.dtype.descr), str(array.shape))
    return (shape, array.tolist()) if array.dtype.hasobject else ((*shape, array.tobytes()), None)
