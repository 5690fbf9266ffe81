"""
Compare methods
===============

Several methods on one photo, side by side. Where methods of different kinds agree, the map says
something of the network; where they do not, it may say something of the method.
"""

import seewhy
from seewhy.data import FOLDER

sheet = seewhy.compare(
    "efficientnet-lite0",
    FOLDER / "chelsea.png",
    methods=["grad_cam", "recipro_cam", "eigen_cam", ("integrated_gradients", {"steps": 10})],
    targets=["Egyptian cat", "plastic bag"],
)
sheet.sheet()

# %%
# Eigen-CAM gives the same map for both rows: it shows what the layer responds to at all and knows no
# class. :doc:`/which_method` says which method is for what.
