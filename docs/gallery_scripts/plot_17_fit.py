"""
Squash, crop or letterbox
=========================

A photo of 451 × 300 pixels has to become a square. ``fit`` says how, and the map is drawn back onto
the photo accordingly; what the network did not see is hatched.
"""

import matplotlib.pyplot as plt

import seewhy
from seewhy.data import FOLDER

figure, axes = plt.subplots(1, 3, figsize=(12, 3.2))
for axis, fit in zip(axes, ("squash", "crop", "letterbox")):
    explanation = seewhy.explain("efficientnet-lite0", FOLDER / "chelsea.png", fit=fit)
    best = explanation.predictions[0]
    axis.imshow(explanation.overlay())
    axis.set_title(f"{fit}: {best.name} {best.probability:.0%}")
    axis.axis("off")
figure.tight_layout()
