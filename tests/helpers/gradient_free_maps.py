"""What methods without gradients give on the backend of this process, as a file.

"references": the slow references on the four nets. "bundled": the methods on the bundled network.
"""

from __future__ import annotations

import inspect
import sys

import numpy as np

from helpers import references, world
from helpers.method_options import OPTIONS
from seewhy import methods
from seewhy.explainer.explainer import Explainer
from seewhy.targets.labels import DATA

FREE = [m.name for m in methods.all_methods() if not m.differentiates and m.family != "transformer"]
BUNDLED = {
    **{name: {} for name in ("ablation_cam", "recipro_cam", "eigen_cam", "fem")},
    "kpca_cam": {"kernel": "rbf"},
    "occlusion": {"window": 0.5, "stride": 0.25},
    "rise": {"masks": 10},
}


def slow(name: str, one: world.World) -> np.ndarray:
    """A method's maps by its reference."""
    reference = references.REFERENCES[name]
    options = methods.get_method(name, OPTIONS.get(name, {})).options
    known = inspect.signature(reference).parameters
    return reference(one, **{key: value for key, value in options.items() if key in known})


def bundled(name: str) -> np.ndarray:
    """A method's map of the bundled network."""
    explainer = Explainer("efficientnet-lite0", method=name, options=BUNDLED[name])
    return explainer([DATA / "chelsea.png"], 285)[0].map


if __name__ == "__main__":
    if sys.argv[1] == "bundled":
        found = {name: bundled(name) for name in BUNDLED}
    else:
        pairs = [(key, one, name) for key, one in world.worlds().items() for name in FREE]
        found = {f"{key}: {name}": slow(name, one) for key, one, name in pairs}
    np.savez(sys.argv[2], **found)
