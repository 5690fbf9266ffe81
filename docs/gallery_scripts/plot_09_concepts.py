"""
Concepts: what a layer sees, in a few parts
===========================================

A heatmap answers one question about one class. Concepts ask nothing: the activations of a layer are
taken apart into a few non-negative parts, each with the classes that it speaks for.
"""

import seewhy
from seewhy.data import FOLDER

found = seewhy.concepts("efficientnet-lite0", [FOLDER / "chelsea.png"], count=4)
found.sheet()

# %%
for share, labels in zip(found.share, found.labels):
    told = ", ".join(f"{name} {part:.0%}" for name, part in labels)
    print(f"{share:.0%} of the energy: {told}")
