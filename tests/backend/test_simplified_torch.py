"""Recorded passes that were simplified give what they gave, and have fewer steps."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

pytestmark = pytest.mark.skipif(keras.backend.backend() != "torch", reason="about torch")


def normalised(x, random):
    layer = layers.BatchNormalization()
    y = layer(x)
    layer.set_weights([random.uniform(0.5, 2, w.shape) for w in layer.get_weights()])
    return y


def residual(random):
    image = keras.Input((16, 16, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(image)
    x = layers.Conv2D(8, 3, padding="same")(x)
    short = normalised(x, random)
    x = layers.Activation("relu")(short)
    x = normalised(layers.Conv2D(8, 3, padding="same")(x), random)
    return keras.Model(image, layers.Activation("relu")(x + short))


def depthwise(random):
    image = keras.Input((16, 16, 3))
    x = layers.ZeroPadding2D()(image)
    x = normalised(layers.DepthwiseConv2D(3, depth_multiplier=2)(x), random)
    x = ops.relu6(x / 2 + 0.5)
    x = layers.SpatialDropout2D(0.5)(x)
    return keras.Model(image, layers.Conv2D(4, 1, strides=2)(x))


def numbers(random):
    image = keras.Input((16, 16, 3))
    x = 2 - (image * 3 - 1) / 4  # a number less an array is no step that is joined
    mean = ops.convert_to_tensor(np.array([1.0, 2.0, 3.0], "float32"))
    x = ((x - mean) / (mean + 1) - 0.25) * 2 + mean
    return keras.Model(image, layers.AveragePooling2D(2)(x))


def looked_at_twice(random):
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3)(image)
    shifted = x + 3.0
    return keras.Model(image, [normalised(shifted, random), shifted * 2 - 1])


KINDS = [residual, depthwise, numbers, looked_at_twice]


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_the_same(kind):
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    from seewhy.backend.simplified_torch import simplified

    random = np.random.default_rng(0)
    model = kind(random)

    def run(values, arrays):
        pairs = list(zip(model.variables, values, strict=True))
        with torch.no_grad(), keras.StatelessScope(pairs, initialize_variables=False):
            found = model(arrays[0], training=False)
        return [found] if not isinstance(found, list) else found

    values = [variable.value.detach() for variable in model.variables]
    arrays = [torch.from_numpy(random.uniform(0, 255, (2, 16, 16, 3)).astype("float32"))]
    recorded = make_fx(run)(values, arrays)
    fewer = simplified(recorded, values, arrays)
    other = [torch.from_numpy(random.uniform(0, 255, (2, 16, 16, 3)).astype("float32"))]
    moved = [value * 1.1 for value in values]  # the weights are inputs
    for one, two in zip(fewer(moved, other), run(moved, other), strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=2e-6 * float(two.abs().max()))
    assert heavy(fewer) < heavy(recorded)


def heavy(graph):
    """Steps over large tensors that only copy, scale or shift."""
    names = ("clone", "add", "sub", "mul", "div")
    return sum(
        node.op == "call_function"
        and str(node.target).startswith(tuple(f"aten.{name}" for name in names))
        and getattr(node.meta.get("val"), "numel", int)() > 300
        for node in graph.graph.nodes
    )


def test_what_is_written_in_place_stays_what_it_was():
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    from seewhy.backend.simplified_torch import simplified

    def run(values, arrays):
        x = arrays[0].clone()
        copy = x.permute(0, 3, 1, 2).clone()
        x.mul_(2).add_(values[0])
        return [x * 3 + values[0], copy, copy.clone()]

    values, arrays = [torch.rand(3)], [torch.rand(2, 16, 16, 3)]
    before = arrays[0].clone()
    fewer = simplified(make_fx(run)(values, arrays), values, arrays)
    for one, two in zip(fewer(values, arrays), run(values, arrays), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)
    np.testing.assert_array_equal(arrays[0], before)
