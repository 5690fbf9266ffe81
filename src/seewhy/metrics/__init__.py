"""How good maps are: measures of the literature on plain NumPy arrays, for anybody's maps.

Images are float32 (batch, height, width, channels) as the network gets them, maps (batch, height,
width). A scorer is a function images (n, height, width, channels) → scores (n,), or of (images,
which), where `which` (n,) says of which original image each is a copy, so that each is scored for
that image's target; `Explainer.scorer` makes one. An `explain` is a function images → maps, or of
(images, which). A measure that is not defined, as a correlation with a constant map, is NaN.
"""

from seewhy.metrics import controls, faithfulness, localisation, robustness, sanity, similarity

__all__ = ["controls", "faithfulness", "localisation", "robustness", "sanity", "similarity"]
