"""Callbacks of Keras: what a model looks at while it is trained."""

from seewhy.callbacks.watch import Watch

__all__ = ["Watch"]
