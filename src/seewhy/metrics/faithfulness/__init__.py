"""Does the score depend on what the map points at?"""

from __future__ import annotations

from seewhy.metrics.faithfulness.baselines import BASELINES, blurred
from seewhy.metrics.faithfulness.drop import (
    adcc,
    average_drop,
    average_increase,
    coherency,
    complexity,
    masked,
    win,
)
from seewhy.metrics.faithfulness.imputation import impute
from seewhy.metrics.faithfulness.infidelity import infidelity
from seewhy.metrics.faithfulness.rationale import (
    alike_decided,
    comprehensiveness,
    sufficiency,
)
from seewhy.metrics.faithfulness.regions import irof, irof_curve
from seewhy.metrics.faithfulness.removal import Curve, deletion, insertion, pixel_flipping
from seewhy.metrics.faithfulness.road import road, road_combined

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
