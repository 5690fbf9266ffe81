"""How far a net is from ties on some inputs: a test that stands on ties tests the processor.

Where two values of a pooling window are as good as equal, or a ReLU's input as good as 0, rounding
decides which way the gradient goes, and processors, threads and backends round differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import numpy as np

ENOUGH = 2e-6
"""Of the values' range: several times what float32 rounds off in a sum of a few dozen terms."""

MOST = {"relu": None, "relu6": 6.0}
"""Where activations with a bend at 0 have another one."""


def least(model: keras.Model, inputs) -> float:
    """The smallest margin of a net's max poolings and ReLUs, in shares of the values' range.

    Of a pooling window it is the largest value less the second largest, left out where both are
    0, as behind a ReLU: exact ties are the same everywhere. Of a ReLU it is the distance of its
    input from where it bends, of a ReLU6 from either bend. Infinity for a net that has neither.
    """
    return least_within(model, lambda: model(inputs, training=False))


def least_within(model: keras.Model, run: Callable[[], object]) -> float:
    """The same of those layers only that a function runs, as behind a cut."""
    margins = [np.inf]
    with _recording(_operations(model), margins):
        run()
    return float(min(margins))


def assert_no_ties(model: keras.Model, inputs) -> None:
    assert_no_ties_within(model, lambda: model(inputs, training=False))


def assert_no_ties_within(model: keras.Model, run: Callable[[], object]) -> None:
    margin = least_within(model, run)
    assert margin > ENOUGH, f"values as close as {margin:.1e} of their range: take another seed"


def of_windows(values: np.ndarray, size: tuple[int, ...], strides: tuple[int, ...]) -> float:
    """The smallest margin of max pooling over (batch, *space, units), without padding."""
    axes = tuple(range(1, values.ndim - 1))
    windows = np.lib.stride_tricks.sliding_window_view(values, size, axes)
    steps = (slice(None), *(slice(None, None, step) for step in strides))
    windows = windows[steps].reshape(-1, int(np.prod(size)))
    return _margin(np.sort(windows, axis=-1)[:, -2:], np.ptp(values))


def _margin(pairs: np.ndarray, scale: float) -> float:
    """The smallest difference of pairs (n, 2), those of two zeros left out."""
    pairs = pairs[(pairs != 0).any(axis=-1)]
    return float((pairs[:, 1] - pairs[:, 0]).min() / scale) if len(pairs) and scale else np.inf


def _operations(model: keras.Model) -> list:
    layers = {id(layer): layer for layer in model._flatten_layers(include_self=False)}
    return list(layers.values())


@contextmanager
def _recording(layers: list, margins: list[float]) -> Iterator[None]:
    """Within, each max pooling and ReLU adds the margin of what it gets."""
    changed = []

    def stand_in(layer, attribute: str, measure) -> None:
        original = getattr(layer, attribute)

        def recorded(x, *args, **kwargs):
            margins.append(measure(keras.ops.convert_to_numpy(x).astype("float64")))
            return original(x, *args, **kwargs)

        missing = attribute not in layer.__dict__
        layer.__dict__[attribute] = recorded
        changed.append((layer, attribute, original, missing))

    for layer in layers:
        kind = type(layer).__name__
        if kind.startswith("MaxPooling"):
            stand_in(layer, "call", lambda x, layer=layer: _of_pooling(x, layer))
        elif kind.startswith("GlobalMaxPooling"):
            stand_in(layer, "call", lambda x, layer=layer: _of_global(x, layer))
        elif kind == "ReLU":
            stand_in(layer, "call", lambda x, most=layer.max_value: _of_relu(x, most))
        elif (name := getattr(getattr(layer, "activation", None), "__name__", "")) in MOST:
            stand_in(layer, "activation", lambda x, most=MOST[name]: _of_relu(x, most))
    try:
        yield
    finally:
        for layer, attribute, original, missing in changed:
            if missing:
                del layer.__dict__[attribute]
            else:
                layer.__dict__[attribute] = original


def _last(x: np.ndarray, layer) -> np.ndarray:
    return np.moveaxis(x, 1, -1) if layer.data_format == "channels_first" else x


def _of_pooling(x: np.ndarray, layer) -> float:
    x = _last(x, layer)
    if layer.padding == "same":
        wide = [(0, size - 1) for size in layer.pool_size]
        low = x.min() - 1  # less than any value, so that it never is the largest
        x = np.pad(x, [(0, 0), *wide, (0, 0)], constant_values=low)
    return of_windows(x, tuple(layer.pool_size), tuple(layer.strides))


def _of_global(x: np.ndarray, layer) -> float:
    x = _last(x, layer)
    return of_windows(x, x.shape[1:-1], (1,) * (x.ndim - 2))


def _of_relu(x: np.ndarray, most: float | None) -> float:
    distances = np.abs(x[x != 0])
    if most is not None:
        distances = np.concatenate([distances, np.abs(x - most).ravel()])
    scale = np.ptp(x)
    return float(distances.min() / scale) if distances.size and scale else np.inf


def of_ranking(outputs: np.ndarray) -> float:
    """By how much the best class leads, (batch, *space, classes), in shares of the range."""
    values = np.sort(np.asarray(outputs, "float64"), axis=-1)
    if values.shape[-1] < 2 or not np.ptp(values):
        return np.inf
    return float((values[..., -1] - values[..., -2]).min() / np.ptp(values))
