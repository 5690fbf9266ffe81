"""The names of the methods with their options, read without Keras, and how they are spelled."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

MODULES = (
    *("cam", "eigen", "ablation", "score_cam", "image_masks", "learned_masks"),
    *("input_gradients", "guided_backprop", "full_grad", "transformer"),
)
"""Where methods are registered, in the order in which they are listed."""
FOLDER = Path(__file__).parents[1]


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
    spelled = name.lower().replace("++", "plusplus")
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
