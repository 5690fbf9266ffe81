"""
Many photos as columns of arrays
================================

For many photos nothing is made for each of them: ``Explainer.maps`` gives arrays of maps, scores and
top classes. Here the photos are 32 crops of one.
"""

import numpy as np
from PIL import Image

import seewhy
from seewhy.data import FOLDER

whole = Image.open(FOLDER / "chelsea.png").convert("RGB")
random = np.random.default_rng(0)
corners = np.stack([random.integers(0, 451 - 130, 32), random.integers(0, 300 - 130, 32)], axis=1)
photos = [
    np.asarray(whole.crop((x, y, x + 130, y + 130)).resize((224, 224))) for x, y in corners.tolist()
]

explainer = seewhy.Explainer("efficientnet-lite0", batch_size=16)
columns = explainer.maps(photos)
print(columns.maps.shape, columns.scores.shape, columns.top.shape)

# %%
# Columns are for questions about all of them: how often is a class on top, and how much of the
# evidence lies on the border?

names = [explainer.labels[int(k)].name for k in columns.top[:, 0]]
for name in sorted(set(names), key=names.count, reverse=True)[:4]:
    print(f"{name:20} {names.count(name)} of {len(names)}")
positive = np.maximum(columns.maps, 0)
inner = positive[:, 1:-1, 1:-1].sum((1, 2)) / positive.sum((1, 2))
print(f"evidence in the outermost cells: {1 - inner.mean():.0%}")

# %%
# A call gives explanations, each of which is made when somebody looks at it.

explainer(photos[:6]).grid(columns=3)
