"""
The Grad-CAM tutorial: VGG16 and a dalmatian
============================================

This is the tutorial with which it began: VGG16 looks at a photo of a dalmatian, and Grad-CAM shows
what it looked at. At the end of the page it can be downloaded as a notebook.

Put a photo of yours beside it as ``dalmatian.jpg``; Keras downloads the weights of VGG16 (528 MB) on
first use. **What is shown on this page is something else**: the site is built offline, without these
weights and without such a photo, so that the lines below fall back on the network and the photo that
come with seewhy. The lines are the same.
"""

from pathlib import Path

import numpy as np

import seewhy
from seewhy.data import FOLDER

MODEL, LAYER = "vgg16", "block5_conv3"
PHOTO, TARGET = "dalmatian.jpg", "dalmatian"
if not Path(PHOTO).exists():
    MODEL, LAYER = "efficientnet-lite0", None
    PHOTO, TARGET = FOLDER / "chelsea.png", "Egyptian cat"
print(MODEL, Path(PHOTO).name)

# %%
# What does the network say?
# --------------------------
#
# The photo is brought to the network's size, its pixels are prepared as the network was trained, and
# the classes have their names. Nothing of that has to be written by hand.

explainer = seewhy.Explainer(MODEL, layer=LAYER)
(explanation,) = explainer([PHOTO], TARGET)
for prediction in explanation.predictions:
    print(f"{prediction.name:20} {prediction.probability:.3f}")
print(explainer.layer, explanation.warnings)

# %%
# The map
# -------
#
# The gradient of the class's score at the last convolution, averaged over space, weighs the units there;
# their weighted sum is the map. It is signed: what is below 0 speaks against the class.

print(explanation.map.shape, explanation.map.dtype)
print(np.round(explanation.map[:3], 3))

# %%
# Without its negative part, divided by its largest value and enlarged, it is the heatmap over the
# photo. The tutorial's look adds 0.4 of OpenCV's jet to the photo.

explanation.overlay(look="tutorial")

# %%
# The default look can be read on bright and on dark photos.

explanation.overlay(legend=True)

# %%
# All classes at once
# -------------------
#
# The maps of all classes cost as much as a few predictions. The one that was asked is one of them.

every = explainer.all_classes([PHOTO])
index = explanation.target.index
print(every.shape, np.allclose(every[0, index], explanation.map, atol=1e-4))

# %%
# And now?
# --------
#
# Which of two like classes, and why?

first, second = explanation.predictions[0], explanation.predictions[1]
why = seewhy.targets.margin(first.index, second.index)
explainer([PHOTO], why)[0].overlay(legend=True)

# %%
# Is the map to be believed?

print(explanation.trust())
