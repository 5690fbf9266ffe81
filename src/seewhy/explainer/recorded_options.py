"""The choices that an explanation tells."""

from __future__ import annotations

from typing import Any

from seewhy.checks import sides_of
from seewhy.explainer.batching import enhancements_as_words
from seewhy.explainer.options import ExplainerOptions
from seewhy.methods.registry import Method
from seewhy.models.wrapped_model import WrappedModel
from seewhy.plan.plan import Plan


def recorded_options(
    wrapped: WrappedModel, plan: Plan, method: Method, options: ExplainerOptions
) -> dict[str, Any]:
    """Some always, others where they play a part."""
    size = wrapped.size
    recorded: dict[str, Any] = {
        "model": wrapped.name,
        "scores": options.scores,
        "size": None if size is None else list(size),
        "fit": options.fit,
    }
    if options.sizes:
        recorded["sizes"] = [list(size) for size in sides_of(options.sizes)]
    if len(plan.cuts) > 1 or options.sizes:
        recorded["fuse"] = options.fuse
    if options.sharpen != 1:
        recorded["sharpen"] = options.sharpen
    if method.options:
        recorded["method"] = dict(method.options)
    if options.enhance:
        recorded["enhance"] = enhancements_as_words(options.enhance)
    if options.upsampling != "linear":
        recorded["upsampling"] = options.upsampling
    return recorded
