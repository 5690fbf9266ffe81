"""Gradients by plain autodiff and maps of them in NumPy; imports nothing from seewhy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops


def array(tensor: Any) -> np.ndarray:
    """float64, or the tensor's own integers."""
    values = ops.convert_to_numpy(ops.stop_gradient(tensor))
    return values if np.issubdtype(values.dtype, np.integer) else values.astype("float64")


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, faster on JAX, which is slow at many small steps."""
    if keras.backend.backend() != "jax":
        return function
    import jax

    return jax.jit(function)


def split(head: Callable, tail: Callable, score: Callable) -> Callable[[Any], tuple[Any, ...]]:
    """x → activations = head(x), outputs = tail(activations, x), score(outputs), gradients.

    The gradients are those of the scores' sum at the activations.
    """
    differentiate = _BACKENDS[keras.backend.backend()]

    def run(x: Any) -> tuple[Any, ...]:
        at = head(x)
        outputs = tail(at, x)
        slopes = differentiate(lambda a: ops.sum(score(tail(a, x))), at)
        return at, outputs, score(outputs), slopes

    return compiled(run)


def gradients(function: Callable[[Any], Any], at: Any) -> np.ndarray:
    """d sum(function(at)) / d at, float64; function: activations → one score per sample."""
    return array(_BACKENDS[keras.backend.backend()](lambda x: ops.sum(function(x)), at))


def _tensorflow(function: Callable[[Any], Any], at: Any) -> Any:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return tape.gradient(value, at)


def _jax(function: Callable[[Any], Any], at: Any) -> Any:
    import jax

    return jax.jit(jax.grad(function))(at)


def _torch(function: Callable[[Any], Any], at: Any) -> Any:
    import torch

    leaf = at.detach().clone().requires_grad_()
    return torch.autograd.grad(function(leaf), leaf)[0]


_BACKENDS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}


def maps(activations: np.ndarray, gradients: np.ndarray) -> dict[str, tuple[np.ndarray, float]]:
    """Grad-CAM and HiResCAM (batch, *space) of (batch, *space, units), in float64.

    Each with the largest sum of its terms' sizes at a position: the size of which float32 has
    seven digits, also where the terms cancel, as they do in front of a LayerNormalization.
    """
    a, g = (np.asarray(values, "float64") for values in (activations, gradients))
    axes = tuple(range(1, a.ndim - 1))
    terms = {"grad-cam": g.mean(axes, keepdims=True) * a, "hires-cam": g * a}
    return {
        method: (term.sum(axis=-1), float(np.abs(term).sum(axis=-1).max()))
        for method, term in terms.items()
    }
