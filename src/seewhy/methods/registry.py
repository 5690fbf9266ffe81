"""The registry of methods: a method is a formula over evidence, known by its signature.

A method is a function. Its positional parameters name the evidence that it needs (`NEEDS`), its
keyword-only parameters are its options. It returns signed maps (batch, *space).
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import Any

from seewhy.errors import MethodError
from seewhy.methods.needs import NEEDS

Tensor = Any

Formula = Callable[..., Tensor]

MODULES = (
    *("cam", "eigen", "ablation", "score_cam", "image_masks", "learned_masks"),
    *("input_gradients", "guided_backprop", "full_grad", "transformer"),
)
"""Where methods are registered, in the order in which they are listed."""

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
        unknown = [name for name in options if name not in self.options]
        if unknown:
            has = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
            raise MethodError(
                f"{self.name} has no option {unknown[0]!r}. It has {has or 'no options'}."
            )
        merged = {**self.options, **options}
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
    for name in MODULES:
        importlib.import_module(f"seewhy.methods.{name}")
    return tuple(_methods.values())


def get_method(method: str | Formula, options: Mapping[str, Any] | None = None) -> Method:
    """A method by name, however it is spelled ("grad-cam", "GradCAM"), or a user's own formula.

    Raises MethodError for an unknown name or option; it lists the known ones.
    """
    entry = _user_formula(method) if callable(method) else _by_name(str(method))
    return entry.with_options(options or {})


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


def _by_name(name: str) -> Method:
    by_key = {_key(entry.name): entry for entry in all_methods()}
    if _key(name) in by_key:
        return by_key[_key(name)]
    near = difflib.get_close_matches(_key(name), by_key, n=1)
    hint = f" Did you mean {by_key[near[0]].name!r}?" if near else ""
    names = ", ".join(entry.name for entry in by_key.values())
    raise MethodError(f"no method named {name!r}.{hint} Known methods: {names}.")


def _key(name: str) -> str:
    spelled = name.lower().replace("++", "plusplus")
    return "".join(letter for letter in spelled if letter.isalnum())
