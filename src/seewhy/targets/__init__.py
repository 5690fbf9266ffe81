"""Questions to a model: what a map is asked to explain."""

from seewhy.targets.builders import (
    binary,
    class_,
    counterfactual,
    custom,
    margin,
    multi_label,
    output,
    probability,
    regression,
    top,
)
from seewhy.targets.dense_builders import box, region, similarity

__all__ = [
    "binary",
    "box",
    "class_",
    "counterfactual",
    "custom",
    "margin",
    "multi_label",
    "output",
    "probability",
    "region",
    "regression",
    "similarity",
    "top",
]
