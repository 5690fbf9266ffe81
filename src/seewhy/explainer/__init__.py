"""The explainer: the place where all steps meet. Loading the package imports none of them."""

from __future__ import annotations

from typing import Any

_MODULES = {
    "Explainer": "explainer",
    "ExplainerOptions": "options",
    "Pipeline": "pipeline",
    "concepts": "one_shot",
    "explain": "one_shot",
    "trust": "one_shot",
}
__all__ = ["Explainer", "ExplainerOptions", "Pipeline", "concepts", "explain", "trust"]


def __getattr__(name: str) -> Any:
    """The names above, looked up on first use: the command's help reads the options alone."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module 'seewhy.explainer' has no attribute {name!r}")
    return getattr(import_module(f"seewhy.explainer.{_MODULES[name]}"), name)
