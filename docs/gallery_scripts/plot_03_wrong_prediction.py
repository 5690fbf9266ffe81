"""
Debug a wrong prediction
========================

A piece of the photo shows the cat's forehead, and the network says red fox. ``seewhy.debug`` sets the
maps of both classes on one scale beside each other, with what spoke for the one rather than the other,
the smallest region without which the decision turns, and checks of whether the map can be believed.
"""

import numpy as np
from PIL import Image

import seewhy
from seewhy.data import FOLDER

piece = Image.open(FOLDER / "chelsea.png").convert("RGB").crop((70, 0, 200, 130)).resize((300, 300))
found = seewhy.debug("efficientnet-lite0", np.asarray(piece), true="tiger cat")
found.picture()

# %%
# The same in words.

for sentence in found.summary:
    print(sentence)

# %%
# On the command line: ``seewhy debug piece.png --true "tiger cat"`` writes the picture and one page to mail.
