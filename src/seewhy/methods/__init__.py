"""The registry of methods: a method is a formula over evidence, known by its signature.

A method is a function. Its positional parameters name the evidence that it needs (`NEEDS`), its
keyword-only parameters are its options. It returns signed maps (batch, *space).
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seewhy.errors import MethodError

Tensor = Any
Formula = Callable[..., Tensor]

NEEDS = ("activations", "gradients")
"""What the driver can give: both float32 (batch, *space, units)."""


@dataclass(frozen=True)
class Method:
    """A formula with what the driver and the reader must know of it."""

    name: str
    weigh: Formula
    needs: tuple[str, ...]
    paper: str = ""
    summary: str = ""


_methods: dict[str, Method] = {}


def method(name: str, *, paper: str) -> Callable[[Formula], Formula]:
    """Register a formula under its paper's name in snake case."""

    def register(formula: Formula) -> Formula:
        summary = (inspect.getdoc(formula) or "").partition("\n")[0]
        _methods[name] = Method(name, formula, needs(formula), paper, summary)
        return formula

    return register


def needs(formula: Formula) -> tuple[str, ...]:
    """The evidence that a formula asks for: the names of its positional parameters.

    Raises MethodError if a name is not in `NEEDS`.
    """
    parameters = inspect.signature(formula).parameters.values()
    names = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
    unknown = [name for name in names if name not in NEEDS]
    if unknown or not names:
        raise MethodError(
            f"a method takes positional parameters named after what it needs, out of "
            f"{', '.join(NEEDS)}; {getattr(formula, '__name__', formula)!r} takes "
            f"{', '.join(names) or 'none'}."
        )
    return names


def known() -> tuple[Method, ...]:
    """All registered methods in the order of their definition."""
    from seewhy.methods import cam  # noqa: F401  (registers its methods)

    return tuple(_methods.values())


def find(wanted: str | Formula) -> Method:
    """A method by name, however it is spelled ("grad-cam", "GradCAM"), or a user's own formula.

    Raises MethodError for an unknown name; it lists the known ones.
    """
    if callable(wanted):
        name = getattr(wanted, "__name__", type(wanted).__name__)
        return Method(name, wanted, needs(wanted))
    by_key = {_key(entry.name): entry for entry in known()}
    if _key(str(wanted)) in by_key:
        return by_key[_key(str(wanted))]
    near = difflib.get_close_matches(_key(str(wanted)), by_key, n=1)
    hint = f" Did you mean {by_key[near[0]].name!r}?" if near else ""
    names = ", ".join(entry.name for entry in by_key.values())
    raise MethodError(f"no method named {wanted!r}.{hint} Known methods: {names}.")


def _key(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
