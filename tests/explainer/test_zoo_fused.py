"""Maps of several layers put together, against independent gradients of each."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from helpers import oracle
from nets import tiny, zoo
from nets.zoo import conv
from seewhy.explainer.explainer import Explainer


def enlarged(map, space):
    """Linear, with the centres of the cells as points and the edges held."""
    for axis, size in enumerate(space):
        at = (np.arange(size) + 0.5) * map.shape[axis] / size - 0.5
        cells = np.arange(map.shape[axis])
        map = np.apply_along_axis(lambda row: np.interp(at, cells, row), axis, map)  # noqa: B023
    return map


def mean(maps, space):
    return np.mean([enlarged(map / np.abs(map).max(), space) for map in maps], axis=0)


def product(maps, space):
    """Of the positive parts, which confirm each other."""
    positive = [np.maximum(map, 0) for map in maps]
    return np.prod([enlarged(map / map.max(), space) for map in positive], axis=0)


@pytest.mark.parametrize("method", ["grad-cam", "hires-cam"])
@pytest.mark.parametrize("how", [mean, product])
def test_two_layers_fused(how, method):
    fine, coarse = conv(name="fine"), conv(6, strides=2, name="coarse")
    gap, dense = layers.GlobalAveragePooling2D(), layers.Dense(zoo.CLASSES)
    inputs = zoo.image()
    model = tiny.fixed(keras.Model(inputs, dense(gap(coarse(fine(inputs))))))
    x = keras.ops.convert_to_tensor(zoo.images())
    first = fine(x)
    tails = {"fine": (first, zoo.chain(coarse, gap, dense))}
    tails["coarse"] = (coarse(first), zoo.chain(gap, dense))
    found = []
    for activations, tail in tails.values():
        gradients = oracle.gradients(lambda a, tail=tail: tail(a)[:, 2], activations)
        found.append(oracle.maps(oracle.array(activations), gradients)[method][0])
    explainer = Explainer(model, layer=["fine", "coarse"], fuse=how.__name__, method=method)
    for k, explanation in enumerate(explainer(zoo.images(), 2)):
        expected = how([maps[k] for maps in found], (16, 16))
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(
            explanation.map, expected, rtol=0, atol=1e-4 * np.abs(expected).max()
        )
