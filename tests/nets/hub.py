"""Every image classifier of keras-hub, built small with fixed random weights, no download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras_hub import models

from seewhy.models import model_files

CLASSES = 5


def alive(model: keras.Model, seed: int = 0) -> keras.Model:
    """The model with weights drawn from a seed, the same on every backend, alive at every layer."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        if variable.dtype.startswith(("float", "bfloat")):
            variable.assign(_value(variable, random).astype("float32"))
    return model


def _value(variable: Any, random: np.random.Generator) -> np.ndarray:
    shape, name = tuple(variable.shape), variable.path.rsplit("/", 1)[-1]
    if "variance" in name or name in ("gamma", "scale"):  # of a norm
        return 0.5 + np.abs(random.normal(0, 0.5, shape))
    if len(shape) < 2:  # biases and means
        return random.normal(0, 0.2, shape)
    # what flows into one unit; a depthwise kernel (rows, cols, units, 1) has one channel each
    inflow = np.prod(shape[:2] if len(shape) == 4 and shape[-1] == 1 else shape[:-1])
    return random.normal(0, 1.5 / np.sqrt(inflow), shape)


def _classifier(name: str, backbone: dict[str, Any], **head: Any) -> keras.Model:
    with model_files.constant_weights():  # JAX would take seconds to draw what is replaced at once
        body = getattr(models, f"{name}Backbone")(**backbone)
        task = getattr(models, f"{name}ImageClassifier")
        return alive(task(backbone=body, num_classes=CLASSES, **head))


def preprocessor(name: str, **converter: Any) -> Any:
    """The classifier's own preprocessor: a preset is needed for its values only, not for itself."""
    kind = getattr(models, f"{name}ImageClassifierPreprocessor")
    return kind(image_converter=kind.image_converter_cls(**converter))


def cspnet(**head: Any) -> keras.Model:
    backbone = {
        "stem_filters": 8,
        "stem_kernel_size": 3,
        "stem_strides": 2,
        "stackwise_depth": [1, 1],
        "stackwise_strides": [2, 2],
        "stackwise_num_filters": [8, 16],
        "block_type": "dark_block",
        "stage_type": "csp",
        "expand_ratio": [2.0],
        "bottle_ratio": [0.5],
        "image_shape": (32, 32, 3),
    }
    return _classifier("CSPNet", backbone, **head)


def deit(**head: Any) -> keras.Model:
    backbone = {
        "image_shape": (32, 32, 3),
        "patch_size": 8,
        "num_layers": 2,
        "num_heads": 2,
        "hidden_dim": 8,
        "intermediate_dim": 16,
    }
    return _classifier("DeiT", backbone, **head)


def densenet(**head: Any) -> keras.Model:
    backbone = {"stackwise_num_repeats": [1, 2], "growth_rate": 4, "image_shape": (32, 32, 3)}
    return _classifier("DenseNet", backbone, **head)


def efficientnet(**head: Any) -> keras.Model:
    backbone = {
        "stackwise_width_coefficients": [1.0, 1.0],
        "stackwise_depth_coefficients": [1.0, 1.0],
        "stackwise_kernel_sizes": [3, 3],
        "stackwise_num_repeats": [1, 2],
        "stackwise_input_filters": [8, 8],
        "stackwise_output_filters": [8, 16],
        "stackwise_expansion_ratios": [1, 4],
        "stackwise_squeeze_and_excite_ratios": [0.0, 0.25],
        "stackwise_strides": [1, 2],
        "stackwise_block_types": ["fused", "unfused"],
        "stackwise_force_input_filters": [0, 0],
        "stackwise_nores_option": [False, False],
        "num_features": 24,
        "input_shape": (32, 32, 3),
    }
    return _classifier("EfficientNet", backbone, **head)


def hgnetv2(**head: Any) -> keras.Model:
    backbone = {
        "depths": [1, 1],
        "embedding_size": 8,
        "hidden_sizes": [12, 16],
        "stem_channels": [3, 8, 8],
        "hidden_act": "relu",
        "use_learnable_affine_block": True,
        # inputs, middle, outputs, blocks, layers of a block, kernel
        "stackwise_stage_filters": [(8, 8, 12, 1, 2, 3), (12, 8, 16, 1, 2, 3)],
        "apply_downsample": [False, True],
        "use_lightweight_conv_block": [False, True],
        "image_shape": (32, 32, 3),
    }
    head = {"preprocessor": None, **head}  # it has no default
    return _classifier("HGNetV2", backbone, head_filters=20, **head)


def mit(**head: Any) -> keras.Model:
    backbone = {
        "layerwise_depths": [1, 2],
        "num_layers": 2,
        "layerwise_num_heads": [1, 2],
        "layerwise_sr_ratios": [2, 1],
        "max_drop_path_rate": 0.1,
        "layerwise_patch_sizes": [7, 3],
        "layerwise_strides": [4, 2],
        "hidden_dims": [8, 12],
        "image_shape": (32, 32, 3),
    }
    return _classifier("MiT", backbone, **head)


def mobilenet(**head: Any) -> keras.Model:
    backbone = {
        "stackwise_expansion": [[16], [24, 24]],
        "stackwise_num_blocks": [1, 2],
        "stackwise_num_filters": [[8], [12, 12]],
        "stackwise_kernel_size": [[3], [3, 3]],
        "stackwise_num_strides": [[1], [2, 1]],
        "stackwise_se_ratio": [[None], [0.25, 0.25]],
        "stackwise_activation": [["relu6"], ["hard_swish", "hard_swish"]],
        "stackwise_padding": [[1], [1, 1]],
        "output_num_filters": 24,
        "depthwise_filters": 8,
        "depthwise_stride": 2,
        "depthwise_residual": False,
        "last_layer_filter": 16,
        "squeeze_and_excite": 0.5,
        "input_num_filters": 8,
        "input_activation": "relu6",
        "output_activation": "relu6",
        "image_shape": (32, 32, 3),
    }
    return _classifier("MobileNet", backbone, **head)


def mobilenetv5(msfa: bool = True, **head: Any) -> keras.Model:
    backbone = {
        "stackwise_block_types": [["er"], ["uir", "mqa"]],
        "stackwise_num_blocks": [1, 2],
        "stackwise_num_filters": [[8], [16, 16]],
        "stackwise_strides": [[2], [2, 1]],
        "stackwise_act_layers": [["gelu"], ["gelu", "gelu"]],
        "stackwise_exp_ratios": [[2.0], [2.0, 0.0]],
        "stackwise_se_ratios": [[0.0], [0.0, 0.0]],
        "stackwise_dw_kernel_sizes": [[0], [3, 0]],
        "stackwise_dw_start_kernel_sizes": [[0], [3, 0]],
        "stackwise_dw_end_kernel_sizes": [[0], [0, 0]],
        "stackwise_exp_kernel_sizes": [[3], [0, 0]],
        "stackwise_pw_kernel_sizes": [[1], [0, 0]],
        "stackwise_num_heads": [[0], [0, 2]],
        "stackwise_key_dims": [[0], [0, 8]],
        "stackwise_value_dims": [[0], [0, 8]],
        "stackwise_kv_strides": [[0], [0, 1]],
        "stackwise_use_cpe": [[False], [False, False]],
        "stem_size": 8,
        "num_features": 16,
        "use_msfa": msfa,
        "msfa_output_resolution": 4,
        "layer_scale_init_value": 0.1,
        "image_shape": (32, 32, 3),
    }
    return _classifier(
        "MobileNetV5", backbone, **({} if msfa else {"head_hidden_size": 12}), **head
    )


def resnet(pre_activation: bool = False, **head: Any) -> keras.Model:
    backbone = {
        "input_conv_filters": [64],
        "input_conv_kernel_sizes": [3],
        "stackwise_num_filters": [64, 8],  # keras-hub has no ResNet that begins narrower
        "stackwise_num_blocks": [1, 2],
        "stackwise_num_strides": [1, 2],
        "block_type": "basic_block",
        "use_pre_activation": pre_activation,
        "image_shape": (32, 32, 3),
    }
    return _classifier("ResNet", backbone, **head)


def swin(**head: Any) -> keras.Model:
    backbone = {
        "image_shape": (32, 32, 3),
        "embed_dim": 8,
        "depths": (1, 2),
        "num_heads": (1, 2),
        "window_size": 2,  # smaller than the last grid, so that the second block shifts
        "patch_size": 4,
    }
    return _classifier("SwinTransformer", backbone, **head)


def vgg(pooling: str = "avg", **head: Any) -> keras.Model:
    backbone = {
        "stackwise_num_repeats": [1, 1, 2],
        "stackwise_num_filters": [4, 6, 8],
        "image_shape": (56, 56, 3),  # its head is a convolution of 7 × 7
    }
    return _classifier("VGG", backbone, pooling=pooling, pooling_hidden_dim=12, **head)


def vit(**head: Any) -> keras.Model:
    backbone = {
        "image_shape": (32, 32, 3),
        "patch_size": 8,
        "num_layers": 2,
        "num_heads": 2,
        "hidden_dim": 8,
        "mlp_dim": 16,
    }
    return _classifier("ViT", backbone, **head)


def vit_without_class_token(**head: Any) -> keras.Model:
    backbone = {
        "image_shape": (32, 48, 3),
        "patch_size": 8,
        "num_layers": 2,
        "num_heads": 2,
        "hidden_dim": 8,
        "mlp_dim": 16,
        "use_class_token": False,
    }
    return _classifier("ViT", backbone, pooling="gap", **head)


def xception(**head: Any) -> keras.Model:
    backbone = {
        "stackwise_conv_filters": [[8, 8], [8, 12], [16, 16]],
        "stackwise_pooling": [True, True, False],
        "image_shape": (32, 32, 3),
    }
    return _classifier("Xception", backbone, **head)


CLASSIFIERS: dict[str, Callable[..., keras.Model]] = {
    "CSPNet": cspnet,
    "DeiT": deit,
    "DenseNet": densenet,
    "EfficientNet": efficientnet,
    "HGNetV2": hgnetv2,
    "MiT": mit,
    "MobileNet": mobilenet,
    "MobileNetV5": mobilenetv5,
    "ResNet": resnet,
    "SwinTransformer": swin,
    "VGG": vgg,
    "ViT": vit,
    "Xception": xception,
}
"""Name of each `keras_hub.models.*ImageClassifier` → builder; its keywords go to the classifier."""

VARIANTS: dict[str, Callable[..., keras.Model]] = {
    "DeiT, mean of tokens": lambda: deit(pooling="gap"),
    "MobileNetV5 without fusion": lambda: mobilenetv5(msfa=False),
    "ResNet V2": lambda: resnet(pre_activation=True),
    "VGG, flattened": lambda: vgg("flatten"),
    "ViT, mean of tokens": lambda: vit(pooling="gap"),
    "ViT without class token": vit_without_class_token,
    "ViT with a layer in front of the logits": lambda: vit(intermediate_dim=6),
    "ResNet with softmax": lambda: resnet(activation="softmax"),
    "ViT with softmax": lambda: vit(activation="softmax"),
}
"""Options of the classifiers that change where the map lies or what the outputs are."""


def images(model: keras.Model, count: int = 2, seed: int = 1) -> np.ndarray:
    """float32 (count, *input shape), standard normal: network inputs."""
    shape = (count, *model.input_shape[1:])
    return np.random.default_rng(seed).normal(size=shape).astype("float32")
