"""
A store of maps, and its gallery
================================

``seewhy run`` and ``seewhy.datasets.run`` explain as many photos as there are into Parquet files, and
go on where they were stopped. The store is searched without the model, and its gallery is one page.
It needs ``pip install "seewhy[datasets]"``.
"""

import tempfile
from pathlib import Path

from PIL import Image

import seewhy
from seewhy.data import FOLDER

work = tempfile.TemporaryDirectory()
photos, store = Path(work.name, "photos"), Path(work.name, "store")
whole = Image.open(FOLDER / "chelsea.png").convert("RGB")
for label, box in {"tabby": (0, 0, 300, 300), "Egyptian_cat": (80, 0, 380, 300)}.items():
    (photos / label).mkdir(parents=True)
    for turn in range(0, 60, 10):
        whole.rotate(turn).crop(box).save(photos / label / f"turned_{turn}.png")

options = seewhy.datasets.RunOptions(labels_from_folder=True)
seewhy.datasets.run(seewhy.Explainer("efficientnet-lite0"), str(photos), str(store), options)
opened = seewhy.datasets.open(str(store))
print(opened)

# %%
# A row is a photo and a question; the figures say where its evidence lies.

opened.to_frame()[["id", "label", "target", "score", "border_share", "entropy"]].head(6)

# %%
# Those that are predicted wrong.

wrong = opened.where(lambda row: row.target != row.label)
print(len(wrong), "of", len(opened))

# %%
# The maps are there as they were made, so that their mean is a question of one line: where does the
# evidence lie in all of these photos?

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(7, 3))
for axis, label in zip(axes, ("tabby", "Egyptian_cat")):
    axis.imshow(opened.where(label=label).maps.clip(0).mean(0), cmap="cividis")
    axis.set_title(f"mean map of {label}")
    axis.axis("off")
figure.tight_layout()

# %%
# One page to look through them in a browser, sorted and filtered, without the model.

gallery = opened.gallery(Path(work.name, "page"))
print(sorted(path.name for path in Path(work.name, "page").iterdir()))
work.cleanup()
