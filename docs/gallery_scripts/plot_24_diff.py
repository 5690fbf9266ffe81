"""
Where do two models look differently?
=====================================

Before and after training on, full precision or fewer bits, this version or that: ``seewhy.diff`` lists
the photos by how differently two models look at them, for the class that the first one predicts.
Here the second model is the first one with its weights rounded to 7 bits.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import seewhy
from seewhy.data import FOLDER
from seewhy.models.efficientnet_lite0 import efficientnet_lite0

before, after = efficientnet_lite0(), efficientnet_lite0()
rounded = []
for values in after.get_weights():
    step = np.abs(values).max() / 63 if values.ndim > 1 else 0
    rounded.append(np.round(values / step) * step if step else values)
after.set_weights(rounded)

work = tempfile.TemporaryDirectory()
whole = Image.open(FOLDER / "chelsea.png").convert("RGB")
for turn in (0, 25, 90, 180):
    whole.rotate(turn, expand=True).save(Path(work.name, f"turned_{turn:03}.png"))

found = seewhy.diff(before, after, work.name, preprocess="lite", batch_size=4)
for each in found:
    print(f"{Path(each.photo).name}  {each.figure:.3f}  {each.a.target.name}  {each.note}")

# %%
# The photo at which they differ the most.

found.differences[0].picture()

# %%
work.cleanup()

# %%
# On the command line: ``seewhy diff before.keras after.keras photos``.
