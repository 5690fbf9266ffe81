"""The fields of `ExplainerOptions` as types of keyword arguments, for type checkers and editors.

A test holds them equal to the fields. They are in parts, since a function cannot have an argument
of its own that is in what it passes on, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from seewhy import checks
from seewhy.checks import Compiler, Fit, Fusion, Scores, Upsampling

if TYPE_CHECKING:
    from seewhy.methods.registry import MethodLike
    from seewhy.targets.labels import Labels


class _Choices(TypedDict, total=False):
    """What an explainer of the same model can change, but for the method and `top`."""

    layer: Any
    options: Mapping[str, Any] | None
    fuse: Fusion
    enhance: Any
    upsampling: Upsampling
    grid: tuple[int, ...] | None
    output: str | int | None
    scores: Scores
    sizes: Sequence[int | tuple[int, int]] | None
    sharpen: float
    fit: Fit
    labels: Labels | Sequence[str] | str | Path | None
    range: checks.Range | tuple[float, float] | None
    prepared: bool | None
    batch_size: int
    compile: Compiler | None
    bands: Sequence[int] | None


class _OfModel(TypedDict, total=False):
    """What belongs to the loaded model."""

    size: int | tuple[int, int] | None
    preprocess: str | Callable[..., Any] | None
    weights: str | Path | None


class _OfMethod(TypedDict, total=False):
    method: MethodLike


class _OfTop(TypedDict, total=False):
    top: int


class ExplainerArguments(_Choices, _OfModel, _OfMethod, _OfTop, total=False):
    """All that `Explainer` takes beside the model."""


class ChangedArguments(_Choices, _OfMethod, _OfTop, total=False):
    """All that `Explainer.having` takes."""


class TrustArguments(_Choices, _OfModel, _OfTop, total=False):
    """All that `seewhy.trust` passes on, whose method is its own argument."""


class ConceptArguments(_Choices, _OfModel, _OfMethod, total=False):
    """All that `seewhy.concepts` passes on, whose top is its own argument."""
