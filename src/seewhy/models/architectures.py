"""Recognise the networks of keras.applications, as bases of other models too, by their layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from seewhy.network.calls import Operation, operations


@dataclass(frozen=True)
class Architecture:
    """A family of networks, known by layers that a network of another kind lacks."""

    name: str
    mode: str | None
    """Mode of seewhy.preprocess that it was trained with; None where it scales pixels itself."""
    stem: str
    """Name of its first layer with weights; "*" where Keras numbers it."""
    layers: Mapping[str, int | None]
    """Name → filters, None for layers that have none or whose width is an option. They lie near
    the images, so that a base cut short is known too. A * stands for the model's own name."""


ARCHITECTURES = (
    Architecture(
        "VGG",
        "caffe",
        "block1_conv1",
        {"block1_conv1": 64, "block1_conv2": 64, "block1_pool": None}
        | {"block2_conv1": 128, "block2_conv2": 128, "block3_conv1": 256, "block3_conv2": 256},
    ),
    Architecture(
        "ResNet",
        "caffe",
        "conv1_conv",
        {"conv1_pad": None, "conv1_conv": 64, "conv1_bn": None, "pool1_pad": None}
        | {"conv2_block1_1_conv": 64, "conv2_block1_3_conv": 256, "conv2_block1_add": None},
    ),
    Architecture(
        "ResNet V2",
        "tf",
        "conv1_conv",
        {"conv1_pad": None, "conv1_conv": 64, "pool1_pad": None, "conv2_block1_3_conv": 256}
        | {"conv2_block1_preact_bn": None, "conv2_block1_out": None},
    ),
    Architecture(
        "DenseNet",
        "torch",
        "conv1_conv",
        {"conv1_conv": 64, "conv1_bn": None, "pool1": None, "conv2_block1_1_conv": 128}
        | {"conv2_block1_2_conv": 32, "conv2_block1_concat": None},
    ),
    Architecture("Inception V3", "tf", "*", {"mixed0": None, "mixed1": None, "mixed2": None}),
    Architecture(
        "Inception-ResNet V2",
        "tf",
        "*",
        {"mixed_5b": None, "block35_1_mixed": None, "block35_1_conv": 320},
    ),
    Architecture(
        "Xception",
        "tf",
        "block1_conv1",
        {"block1_conv1": 32, "block1_conv1_act": None, "block1_conv2": 64}
        | {"block2_sepconv1": 128, "block2_sepconv2_bn": None},
    ),
    Architecture(
        "MobileNet",
        "tf",
        "conv1",
        {"conv1_relu": None, "conv_dw_1": None, "conv_pw_1_bn": None, "conv_dw_2_relu": None},
    ),
    Architecture(
        "MobileNet V2",
        "tf",
        "Conv1",
        {"bn_Conv1": None, "expanded_conv_depthwise_BN": None, "block_1_expand_BN": None},
    ),
    Architecture(
        "MobileNet V3",
        "tf",  # where built with include_preprocessing=False
        "conv",
        {"conv_bn": None, "expanded_conv_depthwise_bn": None, "expanded_conv_1_expand_bn": None},
    ),
    Architecture(
        "NASNet",
        "tf",
        "stem_conv1",
        {"stem_bn1": None, "reduction_bn_1_stem_1": None, "adjust_bn_stem_2": None},
    ),
    Architecture(
        "EfficientNet",
        None,
        "stem_conv",
        {"stem_conv": None, "block1a_dwconv": None, "block1a_se_excite": None}
        | {"block2a_expand_bn": None},
    ),
    Architecture(
        "EfficientNet V2",
        None,
        "stem_conv",
        {"stem_conv": None, "block1a_project_activation": None, "block2a_expand_conv": None}
        | {"block2a_project_bn": None},
    ),
    Architecture(
        "ConvNeXt",
        None,
        "*_stem_conv",
        {"*_stage_0_block_0_depthwise_conv": None, "*_stage_0_block_0_layer_scale": None},
    ),
    Architecture(
        "EfficientNet-Lite0",
        "lite",
        "stem_conv",
        {"stem_conv": 32, "block0_dw_bn": None, "block0_project_conv": 16}
        | {"block1_expand_conv": 96, "block1_dwconv": None},
    ),
)


def recognise_architectures(model: Operation) -> list[Architecture]:
    """The architectures whose layers all occur in the model, however deeply nested."""
    filters = {str(step.name): getattr(step, "filters", None) for step in operations(model)}
    return [known for known in ARCHITECTURES if _fits(known, filters)]


def _fits(known: Architecture, filters: Mapping[str, int | None]) -> bool:
    return all(
        any(fnmatchcase(name, pattern) and count in (None, filters[name]) for name in filters)
        for pattern, count in known.layers.items()
    )
