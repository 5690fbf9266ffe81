"""The one boundary to the frameworks: what `keras.ops` does not offer, with one face for each."""

from seewhy.backend.selection import BACKENDS, WITHOUT_GRADIENTS, choose, load

__all__ = ["BACKENDS", "WITHOUT_GRADIENTS", "choose", "load"]
