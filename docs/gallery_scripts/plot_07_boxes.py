"""
Boxes and masks without training a detector
===========================================

A network that was trained with class names alone knows, roughly, where things are. Two input sizes
that confirm each other draw the better boxes; :doc:`/locate` has the figures.
"""

from PIL import ImageDraw

import seewhy
from seewhy.data import FOLDER

explainer = seewhy.Explainer("efficientnet-lite0", sizes=(224, 384), fuse="geometric", sharpen=1.5)
(explanation,) = explainer([FOLDER / "chelsea.png"], "cat")
picture = explanation.overlay().convert("RGB")
pen = ImageDraw.Draw(picture)
for box in explanation.boxes(threshold=0.2, max_boxes=2):
    print(f"({box.left}, {box.top}) to ({box.right}, {box.bottom}): {box.score:.0%} of the heat")
    pen.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), outline="white", width=3)
picture

# %%
# A mask of the photo's size, by Otsu's threshold.

mask = explanation.mask("otsu")
print(mask.shape, mask.dtype, f"{mask.mean():.0%} of the photo")

# %%
# ``seewhy locate pets --target cat --format coco`` writes files of boxes.
