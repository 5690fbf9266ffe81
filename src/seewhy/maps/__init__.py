"""From signed maps on a grid to heatmaps, regions and figures."""

from seewhy.maps.scaling import check_finite, finish, normalise, rectify

__all__ = ["check_finite", "finish", "normalise", "rectify"]
