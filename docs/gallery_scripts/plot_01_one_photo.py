"""
Why did the network decide so?
==============================

One photo, one line: the top class of the bundled network, and where the evidence for it lies.
"""

import seewhy
from seewhy.data import FOLDER

photo = FOLDER / "chelsea.png"
explanation = seewhy.explain("efficientnet-lite0", photo)
explanation.overlay(legend=True)

# %%
# The classes, with their probabilities, and what must be known to read the map.

for prediction in explanation.predictions:
    print(f"{prediction.name:20} {prediction.probability:.3f}")
print(explanation.layer, explanation.map.shape, explanation.warnings)

# %%
# The same for another class. A class is named by its index, its WordNet id or its name; an everyday
# word such as "dog" stands for all of ImageNet's classes of it.

seewhy.explain("efficientnet-lite0", photo, target="plastic bag").overlay(legend=True)
