"""Random numbers of a training that go on as if nothing had happened in between."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def same_randomness() -> Iterator[None]:
    """Puts back the random state of Python and NumPy, by which `fit` shuffles and layers are made.

    An explainer draws from neither, nor from the model's seed generators; a user's own
    preprocessing or method may.
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
