"""SHA-256 of a model's weights, made once and again where they changed."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from seewhy.models.wrapped_model import fingerprint

_FEW = 4
"""Values of each weight that are looked at, to see whether it changed."""


class WeightsDigest:
    """The digest of one model's weights."""

    def __init__(self, model: Any) -> None:
        self._model, self._lock = model, threading.Lock()
        self._seen: tuple[bytes, str] | None = None

    def __call__(self) -> str:
        """Of the weights as they are now.

        A model is hashed again where the first, middle or last values of any weight changed, as
        they do in every step of training.
        """
        with self._lock:
            state = b"".join(map(_few_values, _weights(self._model)))
            if self._seen is None or self._seen[0] != state:
                self._seen = (state, fingerprint(self._model))
            return self._seen[1]


def _weights(model: Any) -> list[Any]:
    weights: Any = getattr(model, "weights", None) or getattr(model, "variables", ())
    return list(weights)


def _few_values(weight: Any) -> bytes:
    from keras import ops

    array = np.asarray(ops.convert_to_numpy(weight)).ravel()
    middle = len(array) // 2
    return b"".join(
        np.ascontiguousarray(part).tobytes()
        for part in (array[:_FEW], array[middle : middle + _FEW], array[-_FEW:])
    )
