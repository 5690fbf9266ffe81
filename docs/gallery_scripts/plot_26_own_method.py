"""
A method of your own
====================

A method is a function from evidence to a signed map. The names of its positional parameters say which
evidence it needs; its keyword-only parameters are its options. It then runs on all backends and has
flips, fusing and checks around it as any other.
"""

from keras import ops

import seewhy
from seewhy.data import FOLDER


def positive_gradients(activations, gradients, *, power=1.0):
    """Gradient times activation where the gradient is positive."""
    return ops.sum(activations * ops.relu(gradients) ** power, axis=-1)


sheet = seewhy.compare(
    "efficientnet-lite0",
    FOLDER / "chelsea.png",
    methods=["grad_cam", "layer_cam", (positive_gradients, {"power": 0.5})],
)
sheet.sheet()
