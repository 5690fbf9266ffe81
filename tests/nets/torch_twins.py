"""Functional Keras networks again in plain PyTorch with the same weights, for peers to explain.

Channels come first; every Keras layer is a module of its own under `layers[name]`, so that the
hooks of other packages find it. Imports nothing from seewhy.
"""

from __future__ import annotations

import keras
import numpy as np
import torch
from keras import ops
from torch import nn


class Twin(nn.Module):
    """A functional or Sequential image classifier up to its logits."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.layers = nn.ModuleDict()
        self.plan: list[tuple[str, list[int], int]] = []
        for layer in model.layers:
            if isinstance(layer, keras.layers.InputLayer):
                continue
            (node,) = layer._inbound_nodes[-1:]
            given = [id(tensor) for tensor in keras.tree.flatten(node.arguments.args)]
            name = layer.name.replace(".", "_")
            self.layers[name] = module(layer, closing=layer is model.layers[-1])
            self.plan.append((name, given, id(node.output_tensors[0])))
        self.start = id(model.inputs[0])
        self.eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        known = {self.start: images}
        for name, given, made in self.plan:
            known[made] = self.layers[name](*(known[one] for one in given))
        return known[made]


def array(variable) -> torch.Tensor:
    return torch.tensor(np.array(ops.convert_to_numpy(variable)))


def _same(side: int, size: int, stride: int) -> tuple[int, int]:
    """What Keras pads in front and behind for padding="same"."""
    missing = max((-(-side // stride) - 1) * stride + size - side, 0)
    return missing // 2, missing - missing // 2


class Conv(nn.Module):
    def __init__(self, layer) -> None:
        super().__init__()
        kernel = array(layer.kernel)
        self.groups = 1
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            self.groups = kernel.shape[2]
            self.weight = kernel.permute(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
        else:
            self.weight = kernel.permute(3, 2, 0, 1)
        self.bias = None if layer.bias is None else array(layer.bias)
        self.strides, self.padding = layer.strides, layer.padding
        self.activation = Function(layer.activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sizes = self.weight.shape[2:]
        if self.padding == "same":
            rows, cols = (
                _same(*each) for each in zip(x.shape[2:], sizes, self.strides, strict=True)
            )
            x = nn.functional.pad(x, (*cols, *rows))
        x = nn.functional.conv2d(x, self.weight, self.bias, self.strides, groups=self.groups)
        return self.activation(x)


class Pool(nn.Module):
    def __init__(self, layer) -> None:
        super().__init__()
        self.most = isinstance(layer, keras.layers.MaxPooling2D)
        self.sizes, self.strides, self.padding = layer.pool_size, layer.strides, layer.padding

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.padding == "same":
            assert self.most, "the mean over padded places would need counting"
            pairs = zip(x.shape[2:], self.sizes, self.strides, strict=True)
            rows, cols = (_same(*each) for each in pairs)
            x = nn.functional.pad(x, (*cols, *rows), value=-torch.inf)
        pool = nn.functional.max_pool2d if self.most else nn.functional.avg_pool2d
        return pool(x, self.sizes, self.strides)


class Function(nn.Module):
    """An activation; ReLUs are modules, as guided rules of other packages want them."""

    def __init__(self, activation) -> None:
        super().__init__()
        kinds = {"relu": nn.ReLU, "relu6": nn.ReLU6, "linear": nn.Identity, "silu": nn.SiLU}
        name = "linear" if activation is None else activation.__name__
        self.inner = kinds[name]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)


class Scale(nn.Module):
    """Batch normalisation with its moving statistics."""

    def __init__(self, layer) -> None:
        super().__init__()
        deviation = torch.sqrt(array(layer.moving_variance) + layer.epsilon)
        gamma = array(layer.gamma) if layer.scale else torch.ones_like(deviation)
        beta = array(layer.beta) if layer.center else torch.zeros_like(deviation)
        self.factor = (gamma / deviation)[:, None, None]
        self.offset = (beta - gamma * array(layer.moving_mean) / deviation)[:, None, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor + self.offset


class Lambda(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return self.function(*given)


def module(layer, closing: bool) -> nn.Module:
    """One Keras layer; the closing one without its softmax."""
    kind = keras.layers
    if isinstance(layer, kind.Conv2D | kind.DepthwiseConv2D):
        return Conv(layer)
    if isinstance(layer, kind.BatchNormalization):
        return Scale(layer)
    if isinstance(layer, kind.MaxPooling2D | kind.AveragePooling2D):
        return Pool(layer)
    if isinstance(layer, kind.ZeroPadding2D):
        (top, bottom), (left, right) = layer.padding
        return Lambda(lambda x: nn.functional.pad(x, (left, right, top, bottom)))
    if isinstance(layer, kind.ReLU):
        return nn.ReLU6() if layer.max_value == 6 else nn.ReLU()
    if isinstance(layer, kind.Activation):
        return Function(layer.activation)
    if isinstance(layer, kind.Add):
        return Lambda(lambda *given: sum(given[1:], given[0]))
    if isinstance(layer, kind.GlobalAveragePooling2D):
        keeps = layer.keepdims
        return Lambda(lambda x: x.mean(dim=(2, 3), keepdim=keeps))
    if isinstance(layer, kind.Flatten):
        # Keras flattens with the channels last
        return Lambda(lambda x: (x.movedim(1, -1) if x.ndim == 4 else x).flatten(1))
    if isinstance(layer, kind.Rescaling):
        scale, offset = float(layer.scale), float(layer.offset)
        return Lambda(lambda x: x * scale + offset)
    if isinstance(layer, kind.Dropout | kind.InputLayer):
        return nn.Identity()
    if isinstance(layer, kind.Dense):
        dense = nn.Linear(*layer.kernel.shape)
        dense.weight.data, dense.bias.data = array(layer.kernel).T, array(layer.bias)
        return dense if closing else nn.Sequential(dense, Function(layer.activation))
    raise NotImplementedError(type(layer).__name__)
