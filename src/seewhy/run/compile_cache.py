"""Compiled functions that are kept, and the sizes in which they are fed."""

from __future__ import annotations

import numpy as np

from seewhy.models.wrapped_model import WrappedModel

# Compiled functions that are kept; a user's own functions may be new ones at every call.
KEPT = 256


def synchronise_variables(wrapped: WrappedModel) -> None:
    """In the middle of `fit` on JAX, the variables have no values until they are synchronised."""
    getattr(wrapped.model, "jax_state_sync", lambda: None)()


def filled_up(array: np.ndarray, size: int) -> np.ndarray:
    """Repeat the last image up to a number of images."""
    return np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])
