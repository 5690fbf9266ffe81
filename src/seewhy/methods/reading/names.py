"""The names of the methods with their options, read without Keras, and how they are spelled."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from seewhy.errors import MethodError
from seewhy.methods.reading.aliases import ABSENT, ALIASES

MODULES = (
    *("cam", "eigen", "ablation", "score_cam", "image_masks", "learned_masks"),
    *("input_gradients", "guided_backprop", "full_grad", "transformer"),
)
"""Where methods are registered, in the order in which they are listed."""
FOLDER = Path(__file__).parents[1]
NEAREST = 5
CLOSE = 0.6
"""How like a name must be to be what was meant; 1 is the same."""


def method_names() -> tuple[str, ...]:
    """Names of all methods of seewhy, in the order in which they are listed."""
    return tuple(written_options())


@cache
def written_options() -> dict[str, dict[str, Any]]:
    """Each method's options with their defaults, read in the source, which imports Keras."""
    found: dict[str, dict[str, Any]] = {}
    for name in MODULES:
        source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                found |= {name: _defaults(node) for name in _registered_as(node)}
    return found


def key_of(name: str) -> str:
    """What spellings of one name have in common."""
    spelled = name.lower().replace("++", "plusplus").replace("×", "x")
    return "".join(letter for letter in spelled if letter.isalnum())


def _registered_as(function: ast.FunctionDef) -> Iterator[str]:
    for each in function.decorator_list:
        if isinstance(each, ast.Call) and getattr(each.func, "id", None) == "method":
            yield ast.literal_eval(each.args[0])


def _defaults(function: ast.FunctionDef) -> dict[str, Any]:
    arguments = function.args
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {
        argument.arg: ast.literal_eval(default)
        for argument, default in pairs
        if default is not None
    }


def find_name(name: str, known: Iterable[str]) -> str:
    """The method that is meant, however it is spelled and whichever of its names it is.

    Raises MethodError if there is none: it says what comes nearest.
    """
    by_key = {key_of(each): each for each in known}
    other = {key_of(each): method for method, names in ALIASES.items() for each in names}
    by_any = {**other, **by_key}
    key = key_of(name)
    if key in by_any:
        return by_any[key]
    absent = next((each for each in ABSENT if key in map(key_of, each.names)), None)
    if absent:
        verb = "are" if len(absent.nearest) > 1 else "is"
        nearest = f"Nearest {verb} {_listed(absent.nearest)}: " if absent.nearest else ""
        raise MethodError(f"seewhy has no method {name!r}. {nearest}{absent.why}.")
    raise MethodError(_no_such_name(name, by_any, len(by_key)))


def _no_such_name(name: str, by_any: Mapping[str, str], count: int) -> str:
    def likeness(key: str) -> float:
        return difflib.SequenceMatcher(None, key_of(name), key).ratio()

    ranked = sorted(by_any, key=likeness, reverse=True)
    nearest = list(dict.fromkeys(by_any[key] for key in ranked))[:NEAREST]
    hint = f" Did you mean {nearest[0]!r}?" if likeness(ranked[0]) >= CLOSE else ""
    return (
        f"no method named {name!r}.{hint} Nearest in spelling are {_listed(nearest)}; "
        f"`seewhy methods` lists all {count}."
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
