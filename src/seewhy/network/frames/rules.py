"""What each kind of step does to where cells lie, by its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from seewhy.network.calls import Call
from seewhy.network.frames import arrange, cut_and_window
from seewhy.network.frames.frame import Frame, Shape

Rule = Callable[[Call, Frame, Shape], Frame | None]
"""(call, the frame of what it is given, the shape of that) → the frame of its output; None where
the axes of the image are lost."""

_SCATTERING = (
    *("Roll", "Take", "TakeAlongAxis", "Sort", "MapCoordinates", "AffineTransform"),
    *("PerspectiveTransform", "ElasticTransform", "ScaleAndTranslate"),
)
RECURRENT = ("RNN", "LSTM", "GRU", "Bidirectional")


def rule_of(call: Call) -> Rule | None:
    """The rule for a step of Keras that may move cells; None for any other step."""
    kind = call.kind
    if not type(call.operation).__module__.startswith(("keras.", "keras_hub.")):
        return None
    if kind in _RULES:
        return _RULES[kind]
    if kind.startswith("Global"):
        return _lost
    if kind.startswith("Adaptive"):
        return cut_and_window.resized
    if "Pool" in kind or ("Conv" in kind and "LSTM" not in kind):
        return (
            cut_and_window.transposed_convolution if "Transpose" in kind else cut_and_window.windows
        )
    return None


def is_recurrent(call: Call) -> bool:
    return any(kind in call.kind for kind in RECURRENT) and "Conv" not in call.kind


def _lost(_: Call, frame: Frame, __: Shape) -> Frame | None:
    """The axes of the image are gone, but for steps in the axis of the batch."""
    if not frame.folded:
        return None
    return frame.with_axes(
        [axis if axis.at == 0 else replace(axis, at=None, cells=1) for axis in frame.axes]
    )


_RULES: dict[str, Rule] = {
    **dict.fromkeys(("Cropping1D", "Cropping2D", "Cropping3D"), cut_and_window.cropping),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"), cut_and_window.padding),
    **dict.fromkeys(("CropImages", "PadImages"), cut_and_window.images_cut),
    **dict.fromkeys(("Resizing", "Resize", "UpSampling1D", "UpSampling2D"), cut_and_window.resized),
    **dict.fromkeys(("UpSampling3D",), cut_and_window.resized),
    "CenterCrop": cut_and_window.center_crop,
    **dict.fromkeys(("Reshape", "Flatten", "Ravel"), arrange.reshape),
    **dict.fromkeys(("Concatenate",), arrange.concatenate),
    "Pad": cut_and_window.pad,
    "Permute": arrange.permute,
    "Transpose": arrange.transpose,
    "Swapaxes": arrange.swap_axes,
    "Moveaxis": arrange.move_axis,
    "Flip": arrange.flip,
    "Rot90": arrange.rotate,
    **dict.fromkeys(_SCATTERING, arrange.scatter),
    "GetItem": arrange.get_item,
    "Slice": arrange.slice_by_start,
    "Squeeze": arrange.squeeze,
    "ExpandDims": arrange.expand_dims,
}
