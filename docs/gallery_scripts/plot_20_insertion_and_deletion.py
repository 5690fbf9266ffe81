"""
Does the score depend on what the map points at?
================================================

Take the hottest pixels away first and the score should fall fast (deletion); put them back first and
it should rise fast (insertion). A figure alone says little: controls that know nothing of the network
stand beside it.
"""

import matplotlib.pyplot as plt
import numpy as np

import seewhy
from seewhy.data import FOLDER
from seewhy.images import Geometry
from seewhy.metrics import controls, faithfulness

explainer = seewhy.Explainer("efficientnet-lite0")
photos = [FOLDER / "chelsea.png"]
scorer = explainer.scorer(photos)
images = scorer.inputs
geometry = Geometry.identity(images.shape[1:3])
maps = {
    "Grad-CAM": np.stack([geometry.to_photo(one.map) for one in explainer(photos)]),
    "a bell in the middle": controls.centre_map(images),
    "random": controls.random_map(images),
}

figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True)
for name, map in maps.items():
    for axis, measure in zip(axes, (faithfulness.deletion, faithfulness.insertion)):
        curve = measure(images, map, scorer, step=2048)
        axis.plot(np.linspace(0, 1, curve.scores.shape[1]), curve.scores[0], label=name)
        print(f"{measure.__name__:10} {name:22} {float(curve.auc[0]):.3f}")
for axis, name in zip(axes, ("deletion: low is good", "insertion: high is good")):
    axis.set(title=name, xlabel="share of the pixels", ylabel="probability")
axes[0].legend()
figure.tight_layout()

# %%
# Random single pixels break up all edges of the photo at once, so that the score falls faster than by
# any region that is taken away whole: of deletion alone one would think that the random map is the
# best. Its insertion says otherwise. In a photo whose thing stands in the middle, a bell in the middle
# is hard to beat.
