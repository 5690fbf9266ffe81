"""Gradio, and what each of the page's functions does around its work."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from seewhy.app.words import error_text
from seewhy.errors import DependencyError, SeewhyError

P = ParamSpec("P")
R = TypeVar("R")
MODEL = {"concurrency_limit": 1, "concurrency_id": "model"}
"""Of events that run the model: one at a time, and the others see their place in line."""


def gradio() -> Any:
    """The package. Raises DependencyError where it is not installed."""
    try:
        import gradio
    except ImportError as error:
        raise DependencyError(
            'the web app is made with Gradio, which is not installed: pip install "seewhy[app]".'
        ) from error
    return gradio


def told(function: Callable[P, R]) -> Callable[P, R]:
    """A function of the page whose errors are told there, in words."""

    @functools.wraps(function)
    def asked(*given: P.args, **named: P.kwargs) -> R:
        try:
            return function(*given, **named)
        except SeewhyError as error:
            raise _error(str(error)) from None
        except OSError as error:
            raise _error(f"a file cannot be read or written: {error.strerror or error}.") from None

    return asked


def _error(message: str) -> Exception:
    found: Exception = gradio().Error(error_text(message), duration=20, print_exception=False)
    return found


def picture_part(label: str, name: str, alt: str) -> Any:
    """A picture that the page shows and one can enlarge. name: its id in the page."""
    gr = gradio()
    return gr.Image(
        label=label,
        interactive=False,
        format="jpeg",
        buttons=["fullscreen"],
        elem_id=name,
        alt_text=alt,
    )
