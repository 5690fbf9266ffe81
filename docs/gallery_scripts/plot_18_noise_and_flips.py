"""
Steadier maps: flips, noise and scales
======================================

Around any method: the mean over flipped and lighter copies, over noisy ones, or over windows of the
enlarged photo (``enhance="scales"``). They cost the passes that they take.
"""

import matplotlib.pyplot as plt

import seewhy
from seewhy.data import FOLDER

choices = {
    "as it is": (),
    "flips": "flips",
    "noise:samples=4": "noise:samples=4",
    "eigen": "eigen",
}
figure, axes = plt.subplots(1, 4, figsize=(13, 2.6))
for axis, (words, enhance) in zip(axes, choices.items()):
    explanation = seewhy.explain("efficientnet-lite0", FOLDER / "chelsea.png", enhance=enhance)
    axis.imshow(explanation.overlay())
    axis.set_title(words)
    axis.axis("off")
figure.tight_layout()

# %%
# Guided upsampling follows the edges of the photo. That looks finer and is no finer evidence: the
# grid of the layer is still 7 × 7.

guided = seewhy.explain("efficientnet-lite0", FOLDER / "chelsea.png", upsampling="guided")
guided.overlay(legend=True)
