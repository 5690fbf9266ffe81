"""
A finer grid from a larger input
================================

The bundled network takes any size. At 224 pixels its last grid has 7 × 7 cells, at 384 pixels
12 × 12. ``cells=True`` draws their edges: what is between them is interpolated.
"""

import matplotlib.pyplot as plt

import seewhy
from seewhy.data import FOLDER

figure, axes = plt.subplots(1, 3, figsize=(12, 3.2))
for axis, size in zip(axes, (224, 320, 384)):
    explanation = seewhy.explain("efficientnet-lite0", FOLDER / "chelsea.png", size=size)
    axis.imshow(explanation.overlay(cells=True))
    axis.set_title(f"{size} pixels: {explanation.map.shape[0]} × {explanation.map.shape[1]} cells")
    axis.axis("off")
figure.tight_layout()
