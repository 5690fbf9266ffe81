"""Random numbers of a training that go on as if nothing had happened in between."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def same_randomness(model: Any) -> Iterator[None]:
    """Puts back Python's and NumPy's random state, and that of the model's seed generators.

    Layers that are made anew draw their seeds from Python's, and a user's layer may draw at
    inference, too.
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    seeds = [(variable, _value(variable)) for variable in _seed_states(model)]
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
        for variable, value in seeds:
            if not np.array_equal(_value(variable), value):
                variable.assign(value)


def _seed_states(model: Any) -> list[Any]:
    variables = getattr(model, "non_trainable_variables", ())
    return [each for each in variables if str(each.path).endswith("seed_generator_state")]


def _value(variable: Any) -> np.ndarray:
    from keras import ops

    return np.array(ops.convert_to_numpy(variable))
