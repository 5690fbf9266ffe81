"""Does the score depend on what the map points at?"""

from seewhy.metrics.faithfulness.baselines import BASELINES, blurred
from seewhy.metrics.faithfulness.confidence_drop import (
    adcc,
    average_drop,
    average_increase,
    coherency,
    complexity,
    masked,
    win,
)
from seewhy.metrics.faithfulness.eraser import (
    alike_decided,
    comprehensiveness,
    sufficiency,
)
from seewhy.metrics.faithfulness.imputation import impute
from seewhy.metrics.faithfulness.perturbation_error import infidelity
from seewhy.metrics.faithfulness.region_removal import irof, irof_curve
from seewhy.metrics.faithfulness.removal_curves import Curve, deletion, insertion, pixel_flipping
from seewhy.metrics.faithfulness.remove_and_debias import road, road_combined

__all__ = [
    "BASELINES",
    "Curve",
    "adcc",
    "alike_decided",
    "average_drop",
    "average_increase",
    "blurred",
    "coherency",
    "complexity",
    "comprehensiveness",
    "deletion",
    "impute",
    "infidelity",
    "insertion",
    "irof",
    "irof_curve",
    "masked",
    "pixel_flipping",
    "road",
    "road_combined",
    "sufficiency",
    "win",
]
