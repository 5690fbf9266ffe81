"""EfficientNet-Lite0: the network that comes with seewhy, so that nothing need be downloaded."""

from __future__ import annotations

from typing import Any

import numpy as np

from seewhy.data import FOLDER
from seewhy.errors import WeightsError
from seewhy.models.model_files import constant_weights

Tensor = Any

NAME = "efficientnet_lite0"
CLASSES = 1000
WEIGHTS = FOLDER / "efficientnet_lite0_fp16.npz"

# repeats, kernel, stride of the first repeat, expansion, units
# (tensorflow/tpu, models/official/efficientnet/lite)
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# The stored parameters replace these at once, and random ones would take longer to draw.
_KERNEL = {"use_bias": False, "kernel_initializer": "zeros", "padding": "same"}
_DEPTHWISE = {"use_bias": False, "depthwise_initializer": "zeros", "padding": "same"}


def efficientnet_lite0(weights: bool = True) -> Any:
    """A functional keras.Model that tells the 1000 classes of ImageNet-1k apart.

    Images (batch, height, width, 3), any size from about 128 up and best at 224, preprocessed
    by mode "lite" → probabilities (batch, 1000).
    weights: False leaves all kernels 0, ready for weights of your own.
    Source: Tan and Le 2019, arXiv:1905.11946; without squeeze-and-excite, with ReLU6.
    """
    with constant_weights():
        model = _built()
    if weights:
        _load(model)
    return model


def _built() -> Any:
    import keras

    inputs = keras.Input((None, None, 3), name="images")
    x = _conv(inputs, "stem", 32, kernel=3, strides=2)
    for index, (kernel, strides, expansion, units) in enumerate(_blocks()):
        x = _block(x, f"block{index}", (kernel, strides, expansion, units))
    x = _conv(x, "top", 1280)
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = keras.layers.Dropout(0.2, name="top_dropout")(x)
    dense = keras.layers.Dense(
        CLASSES, activation="softmax", kernel_initializer="zeros", name="predictions"
    )
    return keras.Model(inputs, dense(x), name=NAME)


def _blocks() -> list[tuple[int, int, int, int]]:
    """Kernel, stride, expansion and units of each block."""
    return [
        (kernel, strides if repeat == 0 else 1, expansion, units)
        for repeats, kernel, strides, expansion, units in _STAGES
        for repeat in range(repeats)
    ]


def _block(x: Tensor, name: str, sizes: tuple[int, int, int, int]) -> Tensor:
    """An inverted residual block: expand, look around in each unit, project."""
    from keras import layers

    kernel, strides, expansion, units = sizes
    inputs, units_in = x, x.shape[-1]
    if expansion > 1:
        x = _conv(x, f"{name}_expand", units_in * expansion)
    x = layers.DepthwiseConv2D(kernel, strides, name=f"{name}_dwconv", **_DEPTHWISE)(x)
    x = _relu6(_normalised(x, f"{name}_dw_bn"), f"{name}_dw_activation")
    x = layers.Conv2D(units, 1, name=f"{name}_project_conv", **_KERNEL)(x)
    x = _normalised(x, f"{name}_project_bn")
    if strides == 1 and units == units_in:
        x = layers.Add(name=f"{name}_add")([x, inputs])
    return x


def _conv(x: Tensor, name: str, units: int, *, kernel: int = 1, strides: int = 1) -> Tensor:
    from keras import layers

    x = layers.Conv2D(units, kernel, strides, name=f"{name}_conv", **_KERNEL)(x)
    return _relu6(_normalised(x, f"{name}_bn"), f"{name}_activation")


def _normalised(x: Tensor, name: str) -> Tensor:
    from keras import layers

    return layers.BatchNormalization(epsilon=1e-3, name=name)(x)


def _relu6(x: Tensor, name: str) -> Tensor:
    from keras import layers

    return layers.ReLU(6.0, name=name)(x)


def _load(model: Any) -> None:
    """Put the stored parameters into the model: every one of them, each into its variable."""
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        values = dict(stored)
    # weights, not variables: the dropout's random state is none
    variables = {variable.path: variable for variable in model.weights}
    if variables.keys() != values.keys():
        stray = sorted(variables.keys() ^ values.keys())
        raise WeightsError(
            f"{WEIGHTS.name} does not fit this version of Keras: {', '.join(stray[:4])} "
            f"({len(stray)} in all) are on one side only. Please report it."
        )
    for path, value in values.items():
        variables[path].assign(value.astype("float32"))
