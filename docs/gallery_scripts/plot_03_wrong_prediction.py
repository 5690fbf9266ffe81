"""
Debug a wrong prediction
========================

The photo shows a tabby, we say; the network says Egyptian cat. ``seewhy.debug`` sets both maps on
one scale beside each other, with what spoke for the one rather than the other, the smallest region
without which the decision turns, and checks of whether the map can be believed.
"""

import seewhy
from seewhy.data import FOLDER

found = seewhy.debug("efficientnet-lite0", FOLDER / "chelsea.png", true="tabby")
found.picture()

# %%
# The same in words.

for sentence in found.summary:
    print(sentence)

# %%
# On the command line: ``seewhy debug cat.jpg --true tabby`` writes the picture and one page to mail.
