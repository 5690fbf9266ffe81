"""
What does the network see here?
===============================

The question the other way around: not where a class is, but which classes are at a spot. The maps
of all 1000 classes are made at once, for the price of a few predictions.
"""

from PIL import ImageDraw

import seewhy
from seewhy.data import FOLDER

explanation = seewhy.explain("efficientnet-lite0", FOLDER / "chelsea.png")
points = {"the eye": (185, 120), "the cloth at the right": (430, 60)}
for words, (x, y) in points.items():
    print(words)
    for seen in explanation.at(x, y, top=3):
        print(f"    {seen.name:24} {seen.value:6.2f}")

# %%
# The spots on the photo, over the map of the top class.

picture = explanation.overlay().convert("RGB")
pen = ImageDraw.Draw(picture)
for x, y in points.values():
    pen.ellipse((x - 7, y - 7, x + 7, y + 7), outline="white", width=3)
picture

# %%
# The maps themselves, for questions of your own.

explainer = seewhy.Explainer("efficientnet-lite0")
maps = explainer.all_classes([FOLDER / "chelsea.png"])
print(maps.shape, maps.dtype)
