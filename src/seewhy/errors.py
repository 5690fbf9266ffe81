"""What seewhy raises and warns of; each message tells what came, what was expected and the mend."""

from __future__ import annotations

import inspect
import warnings
from types import FrameType


class SeewhyError(Exception):
    """The parent of all errors that seewhy raises on purpose."""


class BackendError(SeewhyError, ImportError):
    """No Keras backend can be used."""


class DependencyError(SeewhyError, ImportError):
    """A package that only this needs is not installed."""


class ImageError(SeewhyError, ValueError):
    """An image cannot be read or has no usable content."""


class ImageNotFoundError(ImageError, FileNotFoundError):
    """There is no file at the path that was given as an image."""

    # OSError's own text puts an errno in front; the message alone says it all.
    __str__ = Exception.__str__


class ModelError(SeewhyError, ValueError):
    """A model is unknown, unbuilt or of a kind that cannot be explained."""


class WeightsError(SeewhyError, ValueError):
    """Weights are missing or do not fit the model."""


class PreprocessError(SeewhyError, ValueError):
    """It is not known how the model wants its pixels."""


class LabelsError(SeewhyError, ValueError):
    """A file of class names cannot be read or does not fit the model."""


class LayerError(SeewhyError, ValueError):
    """A layer is unknown or cannot carry a map."""


class TargetError(SeewhyError, ValueError):
    """A class or another question to the model is unknown or ambiguous."""


class MethodError(SeewhyError, ValueError):
    """A method, or an option of it, is unknown, or it cannot be used here."""


class MapError(SeewhyError, ValueError):
    """A map has NaN or infinite values, so that no picture of it would be true."""


class OptionError(SeewhyError, ValueError):
    """An option has a value that is not among the known ones."""


class RecordError(SeewhyError, ValueError):
    """A file holds no record of an explanation, or a damaged one."""


class StoreError(SeewhyError, ValueError):
    """A store of explanations cannot be read or written, or is one of another question."""


class SeewhyWarning(UserWarning):
    """An explanation was made, and something about it must be known to read it."""


class MemoryWarning(SeewhyWarning, ResourceWarning):
    """Memory ran out, and the work goes on in smaller pieces."""


# What stands between the user's line and ours: seewhy, and what it lets call it back.
_NOT_THE_USER = frozenset(
    [
        *("seewhy", "seewhy_pytest", "contextlib", "functools", "concurrent", "threading"),
        *("keras", "tensorflow", "jax", "torch", "numpy", "openvino"),
    ]
)


def warn(text: str, kind: type[Warning] = SeewhyWarning) -> None:
    """Warn at the line of the user's code from which seewhy was called."""
    level, frame = 1, inspect.currentframe()
    while frame and _package(frame) in _NOT_THE_USER:
        level, frame = level + 1, frame.f_back
    warnings.warn(text, kind, stacklevel=level)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
