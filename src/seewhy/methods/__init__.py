"""Formulas from evidence to maps, and their registry, whose names this package shows."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """What `registry` has; looked up on first use, so that loading the package costs nothing."""
    from importlib import import_module

    registry = import_module("seewhy.methods.registry")
    if name.startswith("_") or not hasattr(registry, name):
        raise AttributeError(f"module 'seewhy.methods' has no attribute {name!r}")
    return getattr(registry, name)
