"""
Can this map be believed?
=========================

The checks ask whether a map shows what the model did: whether the class is supported, the map stays
the same under a flip, foretells which half of the photo scores more, and differs from that of the
least likely class. They say nothing of whether the model's reason is good.
"""

import seewhy
from seewhy.data import FOLDER

photo = FOLDER / "chelsea.png"
explanation = seewhy.explain("efficientnet-lite0", photo)
print(explanation.trust())

# %%
# A map that has nothing to do with the model, as a bell in the middle, is told from that by
# ``seewhy.trust``, which takes anybody's map.

import numpy as np

rows, cols = np.mgrid[-1:1:300j, -1:1:451j]
anybody = np.exp(-((rows - 0.7) ** 2 + (cols - 0.7) ** 2) / 0.1)
judged = seewhy.trust(anybody, "efficientnet-lite0", photo)
print(judged.answer, "-", judged.why)

# %%
# And so is guided backpropagation, which draws the same edges for every class.

guided = seewhy.explain("efficientnet-lite0", photo, method="guided_backprop")
judged = guided.trust()
print(judged.answer, "-", judged.why)
guided.overlay(legend=True)
