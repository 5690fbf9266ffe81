"""When two functions do the same: the same code that closes over the same values."""

from __future__ import annotations

from collections.abc import Hashable
from types import FunctionType
from typing import Any

import numpy as np

_PLAIN = (str, bytes, int, float, complex, bool, type(None))


class SameFunction:
    """Stands for a function as a key, equal to that of any function that does the same.

    A lambda in a loop is a new function each time; with the same code, defaults, globals and
    closure it need not be compiled anew. Plain values and arrays are compared by value, all else
    by identity. What is no Python function is only equal to itself.
    """

    def __init__(self, function: Any) -> None:
        self.function = function  # kept alive, so that its id stays its own
        self.key = _function_key(function)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameFunction) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)


def _function_key(function: Any) -> Hashable:
    if not isinstance(function, FunctionType):
        return id(function)
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items())
    try:
        cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
    except ValueError:  # a name that is not bound yet
        return id(function)
    return (
        function.__code__,
        id(function.__globals__),
        tuple(_value_key(value) for value in (*defaults, *cells)),
    )


def _value_key(value: Any) -> Hashable:
    kind = type(value)
    if kind in _PLAIN:
        return kind, repr(value)  # as 0.0 is -0.0, and 1 is True
    if kind in (tuple, list):
        return kind, tuple(_value_key(each) for each in value)
    if kind is np.ndarray and not value.dtype.hasobject:
        return kind, str(value.dtype), value.shape, value.tobytes()
    if kind is FunctionType:
        return kind, _function_key(value)
    return kind, id(value)
