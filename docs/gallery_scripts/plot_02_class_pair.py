"""
Why this class rather than that one?
====================================

A map of one class shows what speaks for it, and much of that speaks for its neighbours too. The
margin of two classes shows what speaks for the one and not for the other.
"""

import seewhy
from seewhy import targets
from seewhy.data import FOLDER

photo = FOLDER / "chelsea.png"
explainer = seewhy.Explainer("efficientnet-lite0")
(both,) = explainer.ask([photo], ["tabby", "tiger cat"])
both.grid()

# %%
# Both maps are as good as the same: they cannot tell why one class has more. The map of the margin
# can: here is what speaks for tabby and not for tiger cat.

(why,) = explainer([photo], targets.margin("tabby", "tiger cat"))
print(why.target.name, f"score {why.score:.2f}")
why.overlay(legend=True)

# %%
# Turned around, it shows what speaks for tiger cat and not for tabby.

(why,) = explainer([photo], targets.margin("tiger cat", "tabby"))
why.overlay(legend=True)

# %%
# On the command line: ``seewhy explain cat.jpg --why "tiger cat" --rather-than tabby``.
