"""
Compare layers, and fuse them
=============================

Earlier layers have finer grids and less meaning. ``seewhy.layers`` lists those that can carry a map.
"""

import seewhy
from seewhy.data import FOLDER

photo = FOLDER / "chelsea.png"
rows = seewhy.layers("efficientnet-lite0")
last_of_grid = {row.grid: row for row in rows}
for row in last_of_grid.values():
    print(f"{row.path:28} {row.grid!s:12} {row.units:5} units {'(default)' if row.default else ''}")

# %%
# One map each of an earlier layer and of the last one. LayerCAM is made for earlier layers.

names = [last_of_grid[14, 14].path, last_of_grid[7, 7].path]
explainer = seewhy.Explainer("efficientnet-lite0", method="layer-cam")
found = seewhy.compare(explainer, photo, methods=["layer_cam"], layers=names)
found.sheet()

# %%
# Both layers in one map: what the last one confirms, drawn as finely as the earlier one can.

fused = seewhy.explain("efficientnet-lite0", photo, method="layer-cam", layer=names, fuse="product")
print(fused.layer, fused.map.shape)
fused.overlay(legend=True)
