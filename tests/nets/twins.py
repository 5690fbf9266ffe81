"""The tiny nets again in plain PyTorch with the same weights: independent of Keras and seewhy."""

from __future__ import annotations

import sys
import types

import numpy as np
import torch
from keras import ops
from torch import nn


class Plain(nn.Module):
    """`nets.plain` up to the logits; submodules carry the names of the Keras layers."""

    def __init__(self, model) -> None:
        super().__init__()
        values = {
            v.path.removeprefix(f"{model.name}/"): ops.convert_to_numpy(v) for v in model.weights
        }
        units = values["conv1/bias"].size
        self.conv1 = nn.Conv2d(3, units, 3, padding=1)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(units, units, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(units, eps=1e-3)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(units, units, 3, padding=1)
        self.sum3 = nn.Identity()
        self.relu3 = nn.ReLU()
        dense = "predictions" if "predictions/bias" in values else "logits"
        self.dense = nn.Linear(units, values[f"{dense}/bias"].size)
        for name in ("conv1", "conv2", "conv3"):
            _fill(getattr(self, name), values, name, (3, 2, 0, 1))
        _fill(self.dense, values, dense, (1, 0))
        for ours, theirs in BATCH_NORM.items():
            getattr(self.bn2, theirs).data = torch.tensor(values[f"bn2/{ours}"])
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool1(self.relu1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(x)))
        x = self.relu3(self.sum3(x + self.conv3(y)))
        return self.dense(x.mean(dim=(2, 3)))

    def module(self, keras_layer: str) -> nn.Module:
        # a Keras convolution's output has its activation applied
        return getattr(self, {"conv1": "relu1"}.get(keras_layer, keras_layer))


BATCH_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _fill(module: nn.Module, values: dict, name: str, axes: tuple[int, ...]) -> None:
    module.weight.data = torch.tensor(values[f"{name}/kernel"].transpose(axes).copy())
    if f"{name}/bias" in values:
        module.bias.data = torch.tensor(values[f"{name}/bias"])


def channels_first(images: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.moveaxis(images, -1, 1).copy())


def evidence(twin: Plain, layer: str, images: np.ndarray, score) -> tuple[np.ndarray, ...]:
    """Activations, gradients (batch, rows, cols, units) and logits, by plain autograd.

    score: logits (batch, classes) → (batch,).
    """
    kept = []

    def keep(module, inputs, output):
        output.retain_grad()
        kept.append(output)

    hook = twin.module(layer).register_forward_hook(keep)
    with torch.inference_mode(False), torch.enable_grad():
        logits = twin(channels_first(images))
        score(logits).sum().backward()
    hook.remove()
    last = [tensor.movedim(1, -1).detach().numpy() for tensor in (kept[0], kept[0].grad)]
    return (*last, logits.detach().numpy())


def grad_cam_package():
    """The package grad-cam, with a stand-in for torchvision, which it imports and we do not use."""
    if "torchvision" not in sys.modules:
        for name in ("", ".ops", ".transforms", ".transforms.functional"):
            module = types.ModuleType(f"torchvision{name}")
            module.__getattr__ = lambda attribute: None  # type: ignore[method-assign]
            sys.modules[module.__name__] = module
    import pytorch_grad_cam

    return pytorch_grad_cam
