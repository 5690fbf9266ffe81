"""The registry of methods: a method is a formula over evidence, known by its signature.

A method is a function. Its positional parameters name the evidence that it needs (`NEEDS`), its
keyword-only parameters are its options. It returns signed maps (batch, *space).
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import Any, TypeAlias

from seewhy import backend
from seewhy.errors import MethodError
from seewhy.methods.needs import NEEDS
from seewhy.methods.reading.names import MODULES, find_name, written_options
from seewhy.methods.reading.option_values import pairs_of, read_values, split_method

Tensor = Any

Formula = Callable[..., Tensor]

_Named: TypeAlias = "str | Formula | Method"
MethodLike: TypeAlias = "_Named | tuple[_Named, Mapping[str, Any] | Sequence[str]]"
"""A method as people give it; `read_method` says what it may be."""

FAMILIES = ("class activation", "perturbation", "input", "transformer", "control")


@dataclass(frozen=True)
class Method:
    """A formula with what the driver and the reader must know of it."""

    name: str
    weigh: Formula
    needs: tuple[str, ...]
    paper: str = ""
    summary: str = ""
    family: str = ""
    cost: str = "1"
    """In forward passes, in words."""
    use: str = ""
    """When to use it."""
    avoid: str = ""
    """When not to, and what it is known to get wrong."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Its options with the values that hold."""
    rewrite_target: Callable[..., Any] | None = None
    """What it makes of a question before it is asked; None if it asks as it is told."""
    per_unit: Formula | None = None
    """Gives what each unit adds, (batch, *space, units), whose sum the map is; None if none is."""

    @property
    def reruns(self) -> bool:
        """Whether it runs the network or its tail again, driven from outside of a compiler."""
        return any(NEEDS[name].reruns for name in self.needs)

    @property
    def at_layer(self) -> bool:
        """Whether its map lies on the target layer's grid, not on the image's."""
        return any(NEEDS[name].at_layer for name in self.needs)

    @property
    def differentiates(self) -> bool:
        """Whether it needs gradients, which not every backend has."""
        return any(NEEDS[name].gradient for name in self.needs)

    def with_options(self, options: Mapping[str, Any]) -> Method:
        """The method with some options set. Raises MethodError for one that it does not have."""
        merged = {**self.options, **read_values(self.name, options.items(), self.options)}
        per_unit = self.per_unit and partial(self.per_unit, **merged)
        weigh = partial(self.weigh, **merged)
        return replace(self, weigh=weigh, options=merged, per_unit=per_unit)


_methods: dict[str, Method] = {}


def method(
    name: str,
    *,
    paper: str,
    family: str,
    units: bool = False,
    rewrite_target: Callable[..., Any] | None = None,
    **about: str,
) -> Callable[[Formula], Formula]:
    """Register a formula under its paper's name in snake case.

    units: whether the formula gives what each unit adds, (batch, *space, units); the method, which
    is returned, then is its sum over units.
    about: what the reader must know of it, as `Method` has it: cost, use, avoid.
    """

    def register(written: Formula) -> Formula:
        formula = _summed(written) if units else written
        summary = (inspect.getdoc(formula) or "").partition("\n")[0]
        _methods[name] = Method(
            name=name,
            weigh=formula,
            needs=needs_of(formula),
            paper=paper,
            summary=summary,
            family=family,
            options=_options(formula),
            rewrite_target=rewrite_target,
            per_unit=written if units else None,
            **about,
        )
        return formula

    return register


def _summed(formula: Formula) -> Formula:
    """The formula with its result, or the first of them, summed over units."""

    @wraps(formula)
    def summed(*evidence: Any, **options: Any) -> Any:
        from keras import ops

        parts = formula(*evidence, **options)
        if isinstance(parts, tuple):
            return (ops.sum(parts[0], axis=-1), *parts[1:])
        return ops.sum(parts, axis=-1)

    return summed


def needs_of(formula: Formula) -> tuple[str, ...]:
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


def _options(formula: Formula) -> dict[str, Any]:
    """A formula's keyword-only parameters with their defaults."""
    parameters = inspect.signature(formula).parameters.values()
    keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    bare = [p.name for p in keywords if p.default is p.empty]
    if bare:
        raise MethodError(
            f"the options of a method have defaults; {bare[0]!r} of "
            f"{getattr(formula, '__name__', formula)!r} has none."
        )
    return {p.name: p.default for p in keywords}


def all_methods() -> tuple[Method, ...]:
    """All registered methods in the order of their definition."""
    backend.load()  # says it better than Keras where its backend is missing
    for name in MODULES:
        importlib.import_module(f"seewhy.methods.{name}")
    return tuple(_methods.values())


def get_method(method: Any, options: Mapping[str, Any] | Sequence[str] | None = None) -> Method:
    """A method as `read_method` takes it, with its options set.

    Raises MethodError for an unknown name or option; it tells the nearest ones.
    """
    named, values = read_method(method, options)
    if isinstance(named, Method):
        entry = named
    elif callable(named):
        entry = _user_formula(named)
    else:
        entry = next(each for each in all_methods() if each.name == named)
    return entry.with_options(values)


def read_method(
    method: Any, options: Mapping[str, Any] | Sequence[str] | None = None
) -> tuple[Any, dict[str, Any]]:
    """A method as people give it: its name, or the function or Method itself, and its options.

    method: a name in any spelling ("grad-cam", "GradCAM"), with options as in
    "rise:masks=300:seed=1"; a pair (name, options); a user's own formula, or a Method.
    options: more of them, by name or as texts NAME=VALUE. Texts become values of their defaults'
    types. Imports no Keras. Raises MethodError for unknown names and options, and for two
    different values of one option.
    """
    named, pairs = split_method(method)
    pairs += pairs_of(options)
    if isinstance(named, Method):
        return named, read_values(named.name, pairs, named.options)
    if callable(named):
        entry = _user_formula(named)
        return named, read_values(entry.name, pairs, entry.options)
    known = _known_options()
    name = find_name(str(named), known)
    return name, read_values(name, pairs, known[name])


def _known_options() -> dict[str, Mapping[str, Any]]:
    """By name, of the methods of seewhy and of those that others registered."""
    return {**written_options(), **{each.name: each.options for each in _methods.values()}}


def refuse_gradients(method: Method, backend: str) -> None:
    """Raises MethodError if the method needs gradients; the backend has none."""
    if method.differentiates:
        names = ", ".join(entry.name for entry in all_methods() if not entry.differentiates)
        raise MethodError(
            f"{method.name} needs gradients, and Keras's {backend} backend gives none. Methods "
            f"that run on it: {names}. For all others set KERAS_BACKEND to tensorflow, jax or "
            f"torch before Keras is imported."
        )


def _user_formula(formula: Formula) -> Method:
    name = getattr(formula, "__name__", type(formula).__name__)
    return Method(name, formula, needs_of(formula), options=_options(formula))
