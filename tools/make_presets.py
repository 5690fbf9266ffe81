"""Write src/seewhy/data/presets.csv from the keras.applications of the installed Keras.

    KERAS_BACKEND=tensorflow python tools/make_presets.py

Nothing is downloaded and next to nothing allocated. For each classifier:
size        default input size (MobileNetV3 leaves it open; its weights are those for 224);
parameters  counted on a model whose variables are never initialised;
layer       found by walking back from the output to the first operation, pooling left out, with
            a grid larger than 1 × 1; where Keras numbers it, * stands in the number's place;
preprocess  the mode that gives what the module's preprocess_input gives, compared in numbers;
weights     the file name that the builder asks keras's get_file for.
Run it with each new version of Keras; tests/models/test_presets.py tells when that is needed.
"""

from __future__ import annotations

import csv
import dataclasses
import re
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np

from seewhy.models import efficientnet_lite0
from seewhy.models.preprocess import MODES
from seewhy.models.presets import Preset

TABLE = Path(__file__).parents[1] / "src" / "seewhy" / "data" / "presets.csv"
# The well-known first, then by age and size within a family.
FAMILIES = (
    *(r"VGG\d+", r"ResNet\d+", r"ResNet\d+V2", r"InceptionV3", r"InceptionResNetV2"),
    *(r"Xception", r"MobileNet", r"MobileNetV2", r"MobileNetV3.*", r"DenseNet\d+", r"NASNet.*"),
    *(r"EfficientNetB\d", r"EfficientNetV2.*", r"ConvNeXt.*"),
)
AUTOMATIC = re.compile(r"(activation|add)(_\d+)?")


class Asked(BaseException):
    """A builder has asked for its weights; no Exception, for Keras might handle it."""


def main() -> None:
    rows = [bundled_preset(), *sorted(map(preset, builders()), key=order)]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in dataclasses.fields(Preset))
        writer.writerows(dataclasses.astuple(row) for row in rows)
    print(f"{len(rows)} presets of Keras {keras.__version__} in {TABLE.name}")


def builders() -> list[str]:
    """Names of all functions in keras.applications that build a network."""
    return [name for name in dir(keras.applications) if name[0].isupper()]


def order(preset: Preset) -> tuple[int, int]:
    matches = [re.fullmatch(family, preset.builder) for family in FAMILIES]
    return next(i for i, match in enumerate(matches) if match), preset.parameters


def bundled_preset() -> Preset:
    model = efficientnet_lite0.efficientnet_lite0(weights=False)
    return Preset(efficientnet_lite0.NAME, "", 224, "lite", layer(model), model.count_params(), "")


def preset(builder: str) -> Preset:
    build = getattr(keras.applications, builder)
    with keras.StatelessScope(initialize_variables=False):
        model = build(weights=None)
    return Preset(
        name=builder.lower(),
        builder=builder,
        size=model.input_shape[1] or 224,
        preprocess=mode(build),
        layer=pattern(layer(model)),
        parameters=model.count_params(),
        weights=weights_file(build),
    )


def layer(model: Any) -> str:
    """Name of the last operation with a grid larger than 1 × 1 that is no pooling."""
    tensor = model.output
    while True:
        operation = tensor._keras_history.operation
        has_grid = len(tensor.shape) == 4 and tuple(tensor.shape[1:3]) != (1, 1)
        if has_grid and "Pooling" not in type(operation).__name__:
            return str(operation.name)
        tensor = operation.input  # up to here the head is a chain: one input each


def pattern(name: str) -> str:
    match = AUTOMATIC.fullmatch(name)
    return f"{match[1]}*" if match else name


def mode(build: Any) -> str:
    """The one mode that agrees with preprocess_input of the builder's module."""
    module = sys.modules[build.__module__]
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 5, 5, 3)).astype("float32")
    wanted = np.asarray(module.preprocess_input(pixels.copy(), data_format="channels_last"))
    fitting = [
        name
        for name, function in MODES.items()
        if np.allclose(function(pixels), wanted, rtol=0, atol=1e-4)
    ]
    if len(fitting) != 1:
        raise RuntimeError(f"{build.__name__}: modes {fitting} fit, expected one")
    return fitting[0]


def weights_file(build: Any) -> str:
    """The file name that a builder asks for when it is to have ImageNet weights."""

    def stand_in(fname: str, *_: Any, **__: Any) -> None:
        raise Asked(fname)

    with (
        mock.patch("keras.src.utils.file_utils.get_file", stand_in),
        keras.StatelessScope(initialize_variables=False),
    ):
        try:
            build(weights="imagenet")
        except Asked as asked:
            return str(asked)
    raise RuntimeError(f"{build.__name__} did not ask for weights")


if __name__ == "__main__":
    main()
