"""Maps of the tiny nets and of the bundled network on the backend of this process, as a file."""

from __future__ import annotations

import sys

import numpy as np

from helpers import margins
from nets import tiny
from seewhy.explainer.explainer import Explainer
from seewhy.targets.labels import DATA

photos = [DATA / "chelsea.png", *tiny.photos(2)]
found = {}
# the nested net scales its pixels itself: scaled twice, all of them would be as good as equal
scaled = ((tiny.plain(), "unit"), (tiny.flat(), "unit"), (tiny.nested(), "none"))
for name, (model, preprocess) in zip(("plain", "flat", "nested"), scaled, strict=True):
    inputs = Explainer(model, preprocess=preprocess).scorer(photos, 1).inputs
    margins.assert_no_ties(model, inputs)
    for method in ("grad-cam", "hires-cam"):
        for layer in ("conv1", "conv2"):
            explainer = Explainer(model, preprocess=preprocess, layer=layer, method=method)
            maps = [e.map for e in explainer(photos, targets=1)]
            found[f"{name} {method} {layer}"] = np.stack(maps)
for target in ("top", "cat", "dog"):
    for scores in ("logits", "probabilities"):
        explainer = Explainer("efficientnet-lite0", scores=scores)
        (row,) = explainer.ask(photos[:1], [target])
        found[f"bundled {target} {scores}"] = row[0].map
        found["bundled probabilities"] = np.array([p.probability for p in row[0].predictions])
found_in = Explainer("efficientnet-lite0").concepts(photos, count=4)
found["concepts maps"] = found_in.maps
found["concepts vectors"] = found_in.vectors
found["concepts lost"] = found_in.meaning.lost
np.savez(sys.argv[1], **found)
