"""What functions and modules are made of: code, defaults, closures, and the globals they use."""

from __future__ import annotations

import dis
import hashlib
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any


def function_parts(function: FunctionType) -> Sequence[Any]:
    """A function's names, and where these do not tell all, what it does and what it uses."""
    named = [function.__module__, function.__qualname__]
    of_library = is_of_library(function.__globals__.get("__name__"))
    if of_library and "<locals>" not in function.__qualname__:
        # as wrappers of libraries have the name of what they wrap
        inner = getattr(function, "__wrapped__", None)
        return named if inner is None else [*named, inner]
    told = [*named, function.__code__, function.__defaults__, function.__kwdefaults__]
    return [*told, *_cells(function), *([] if of_library else _used_globals(function))]


def code_parts(code: CodeType) -> Sequence[Any]:
    """Its instructions and names, and its constants, those of functions within it among them."""
    body = hashlib.sha256(code.co_code).hexdigest()
    names = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    return [body, code.co_flags, code.co_argcount, *names, code.co_consts]


def module_parts(module: ModuleType) -> Sequence[Any]:
    """Its name, and the bytes of its file where it is not of a library."""
    file = getattr(module, "__file__", None)
    if is_of_library(module.__name__) or file is None or not Path(file).is_file():
        return [module.__name__]
    return [module.__name__, hashlib.sha256(Path(file).read_bytes()).hexdigest()]


def is_of_library(module: str | None) -> bool:
    """Whether a module came with Python or was installed, so that its name tells what it does."""
    top = (module or "").partition(".")[0]
    if top == "seewhy" or top in sys.stdlib_module_names:
        return True
    loaded = sys.modules.get(top)
    places = [getattr(loaded, "__file__", None), *getattr(loaded, "__path__", ())]
    file = Path(next((place for place in places if place), ""))
    installed = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    return bool({"site-packages", "dist-packages"} & set(file.parts)) or any(
        file.is_relative_to(place) for place in installed
    )


def _used_globals(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Globals by name, and what is taken from those that are modules of the user's own."""
    codes = list(_nested(function.__code__))
    names = {
        str(step.argval)
        for code in codes
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    attributes = {name for code in codes for name in code.co_names}
    for name in sorted(names & function.__globals__.keys()):
        value = function.__globals__[name]
        yield name, value
        if isinstance(value, ModuleType) and not is_of_library(value.__name__):
            taken = sorted(attributes & vars(value).keys())
            yield from ((f"{name}.{each}", vars(value)[each]) for each in taken)


def _cells(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            yield "empty"


def _nested(code: CodeType) -> Iterator[CodeType]:
    """The code and that of functions and classes within it."""
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _nested(part)
