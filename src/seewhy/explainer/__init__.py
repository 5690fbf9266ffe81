"""The explainer: the place where all steps meet."""

from seewhy.explainer.explainer import Explainer

__all__ = ["Explainer"]
