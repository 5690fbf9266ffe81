"""The slow references of methods without gradients on the backend of this process, as a file."""

from __future__ import annotations

import inspect
import sys

import numpy as np

import references
import world
from seewhy import methods
from test_references import OPTIONS

FREE = [m.name for m in methods.known() if not m.differentiates and m.family != "transformer"]


def slow(name: str, one: world.World) -> np.ndarray:
    """A method's maps by its reference."""
    reference = references.REFERENCES[name]
    entry = methods.find(name, OPTIONS.get(name, {}))
    known = inspect.signature(reference).parameters
    return reference(one, **{k: v for k, v in entry.options.items() if k in known})


if __name__ == "__main__":
    np.savez(
        sys.argv[1],
        **{f"{key}/{name}": slow(name, one) for key, one in world.worlds().items() for name in FREE},
    )
