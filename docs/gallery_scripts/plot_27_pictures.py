"""
Pictures that others can read
=============================

Colour maps for people who see colours differently, the tutorial's look, one scale for several classes,
and a legend below.
"""

import matplotlib.pyplot as plt

import seewhy
from seewhy.data import FOLDER

explainer = seewhy.Explainer("efficientnet-lite0")
(row,) = explainer.ask([FOLDER / "chelsea.png"], ["Egyptian cat", "tabby", "plastic bag"])
looks = {
    "clear, the default": {},
    "cividis": {"colormap": "cividis"},
    "tutorial": {"look": "tutorial"},
}
figure, axes = plt.subplots(1, 3, figsize=(12, 3))
for axis, (words, drawing) in zip(axes, looks.items()):
    axis.imshow(row[0].overlay(**drawing))
    axis.set_title(words)
    axis.axis("off")
figure.tight_layout()

# %%
# One scale: red in one map is as strong as red in another, so that a class of 1 % does not glow like
# one of 79 %. A sheet of one photo's classes has it by itself; ``seewhy.on_one_scale`` does it for
# single pictures.

together = seewhy.on_one_scale(row)
print({explanation.target.name: round(explanation.scale, 3) for explanation in together})
together[2].overlay(legend=True)
