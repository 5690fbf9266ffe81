"""What a setting is, as plain values: functions with all that they use, arrays by their bytes.

A result of an earlier run holds for a setting only if that is the same one. What cannot be told
from others counts as new each time, so that it is measured again rather than mistaken.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any
from uuid import uuid4

import numpy as np

from seewhy.studies.benchmark.identities.code_parts import (
    code_parts,
    function_parts,
    is_of_library,
    module_parts,
)

UNTOLD = frozenset(
    [
        *("__dict__", "__weakref__", "__doc__", "__annotations__", "__firstlineno__", "_abc_impl"),
        *("__dataclass_fields__", "__dataclass_params__"),
    ]
)
"""Of a class: what says nothing of what its instances do."""
HEAP_TYPE = 1 << 9
"""The flag of types that are not written in C."""


class Identity:
    """Turns settings into plain values that are equal only where the settings are."""

    def __init__(
        self, special: Mapping[Any, Callable[[Any], Sequence[Any] | None]] | None = None
    ) -> None:
        """special: by type, the parts that make up an instance; None where they are not known."""
        self.unknown: dict[str, None] = {}
        """The types of values that could not be told, in the order in which they came."""
        self._parts = {**(special or {}), **PARTS}
        self._begun: dict[int, int] = {}
        self._told: dict[int, tuple[Any, str]] = {}

    def of(self, value: Any) -> Any:
        """A plain value as it is, and of all others a digest."""
        if value is None or isinstance(value, bool | float | str):
            return value
        if isinstance(value, int):
            return int(value) if abs(value) < 2**63 else hex(value)
        if id(value) in self._told:
            return self._told[id(value)][1]
        if id(value) in self._begun:  # it holds itself
            return ["within", self._begun[id(value)]]
        self._begun[id(value)] = len(self._begun)
        try:
            told = [self.of(part) for part in self._parts_of(value)]
        except RecursionError:
            told = self._new(value)
        del self._begun[id(value)]
        digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
        self._told[id(value)] = (value, digest)  # kept, so that no other gets its id
        return digest

    def _parts_of(self, value: Any) -> Sequence[Any]:
        for kind, parts_of in self._parts.items():
            if isinstance(value, kind):
                parts = parts_of(value)
                break
        else:
            parts = _object_parts(value)
        return self._new(value) if parts is None else [type(value).__qualname__, *parts]

    def _new(self, value: Any) -> list[str]:
        """A value that nothing is known of: another one each time."""
        self.unknown[type(value).__qualname__] = None
        return ["new", uuid4().hex]


def _array_parts(array: Any) -> Sequence[Any]:
    array = np.asarray(array)
    if array.dtype.hasobject:
        return [list(array.shape), *array.ravel().tolist()]
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return [str(array.dtype), list(array.shape), digest]


def _set_parts(value: Any) -> Sequence[Any] | None:
    """In an order of their own: that of a set differs from run to run."""
    plain = all(part is None or isinstance(part, str | int | float) for part in value)
    return sorted(f"{type(part).__name__} {part!r}" for part in value) if plain else None


def _class_parts(kind: type) -> Sequence[Any]:
    """What a class and those that it inherits from define, up to those of libraries."""
    if is_of_library(kind.__module__):
        return [kind.__module__, kind.__qualname__]
    described = (GetSetDescriptorType, MemberDescriptorType)
    own = {
        name: value
        for name, value in vars(kind).items()
        if name not in UNTOLD and not isinstance(value, described)
    }
    return [kind.__module__, kind.__qualname__, sorted(own.items()), *kind.__bases__]


def _object_parts(value: Any) -> Sequence[Any] | None:
    array = _array(value)
    if array is not None:
        return _array_parts(array)
    if hasattr(value, "__wrapped__") and callable(value):  # compiled, cached, or decorated
        return [type(value), value.__wrapped__]
    kinds = type(value).__mro__[:-1]
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return [type(value), *((each.name, getattr(value, each.name)) for each in fields)]
    hidden = any(
        not kind.__flags__ & HEAP_TYPE or "__slots__" in vars(kind) or "__reduce__" in vars(kind)
        for kind in kinds
    )
    if hidden or not hasattr(value, "__dict__"):
        return None
    return [type(value), sorted(vars(value).items())]


def _array(value: Any) -> np.ndarray | None:
    """A tensor of any framework as an array; None for what is none."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        return None
    from keras import ops

    try:
        return np.asarray(ops.convert_to_numpy(value))
    except Exception:  # each framework has its own ways to fail
        return None


PARTS: Mapping[Any, Callable[[Any], Sequence[Any] | None]] = {
    (np.ndarray, np.generic): _array_parts,
    Mapping: lambda value: list(value.items()),
    (list, tuple): lambda value: list(value),
    (set, frozenset): _set_parts,
    FunctionType: function_parts,
    MethodType: lambda value: [value.__func__, value.__self__],
    partial: lambda value: [value.func, value.args, value.keywords],
    Enum: lambda value: [type(value), value.name],
    property: lambda value: [value.fget],
    (staticmethod, classmethod): lambda value: [value.__func__],
    CodeType: code_parts,
    ModuleType: module_parts,
    type: _class_parts,
    (BuiltinFunctionType, np.ufunc): lambda value: [
        getattr(value, "__module__", None),
        value.__name__,
    ],
    (Path, slice, range, complex, bytes, bytearray, re.Pattern, np.dtype): lambda value: [
        str(value) if isinstance(value, Path) else repr(value)
    ],
}
"""By type, the parts that make up a value."""
