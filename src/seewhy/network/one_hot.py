"""One-hot rows by comparison: Keras's own look at values on torch, so they cannot be recorded."""

from __future__ import annotations

from typing import Any

Tensor = Any


def one_hot(indices: Any, classes: int, dtype: Any = "float32") -> Tensor:
    """(…) whole numbers → (…, classes): 1 at each index, and all 0 where it is out of range."""
    from keras import ops

    at = ops.expand_dims(ops.cast(ops.convert_to_tensor(indices), "int32"), -1)
    return ops.cast(ops.equal(at, ops.arange(classes, dtype="int32")), dtype)
