"""Options under which the slow references are quick enough, and their noise far from ties."""

from __future__ import annotations

OPTIONS = {
    "integrated_gradients": {"steps": 5, "baseline": 0.25},
    "blur_ig": {"steps": 4},
    "smooth_grad": {"samples": 3, "seed": 5},
    "square_grad": {"samples": 3, "seed": 5},
    "var_grad": {"samples": 3, "seed": 5},
    "expected_gradients": {"samples": 3, "seed": 1},
    "smooth_grad_cam_plus_plus": {"samples": 3, "seed": 8},
    "finer_cam": {"nearest": 2},
    "kpca_cam": {"kernel": "rbf", "gamma": 0.3},
    "fem": {"sigmas": 1.0},
    "ss_cam": {"samples": 2},
    "is_cam": {"steps": 2},
    "group_cam": {"groups": 3},
    "occlusion": {"stride": 0.25, "baseline": 0.5},
    "meaningful_perturbation": {"steps": 3, "cells": 4, "blur": 0.1},
    "extremal_perturbation": {"steps": 10, "cells": 3, "reach": 0.3, "blur": 0.1, "area": 0.4},
    "rise": {"masks": 20, "cells": 4},
}
