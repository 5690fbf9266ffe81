"""Whether what speaks for a class at one place speaks for it elsewhere, too."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from seewhy.audit.confirm.asked_photos import AskedPhotos
from seewhy.audit.find.candidates import Candidate
from seewhy.audit.find.cell_scores import BEST
from seewhy.audit.find.evidence_rows import EvidenceRows, unit_length
from seewhy.audit.regions import HOT, Region
from seewhy.errors import MapError
from seewhy.explainer.columns.weighted_features import check_one_layer

COMPARED = 128
"""Photos of either kind."""
FEWEST = 5
TYPICAL = 0.1
"""As alike as nine in ten of the photos themselves are to each other."""


def alike_elsewhere(
    rows: EvidenceRows, photos: AskedPhotos, candidate: Candidate, random: np.random.Generator
) -> float | None:
    """The share, 0..1, of the class's photos that are hottest elsewhere and look there as the
    candidate's do in its region.

    A look is the layer's activations, averaged with the evidence as weights. It is alike if its
    mean cosine with the five most alike looks of the candidate's photos is one that nine in ten of
    these reach among each other. Since cells at the edge see less, the others are looked at as
    they are, and moved so that their hottest cell lies in the region; the larger share counts. None
    where there are few others, or maps are not on the grid of one layer.
    """
    group = candidate.group.members
    outside = group[~hottest_within(rows.maps[group], candidate.region)]
    if len(outside) < FEWEST or len(candidate.members) <= BEST or not _has_cells(photos):
        return None
    own_places, own_pixels = photos.pixels(random.permutation(candidate.members)[:COMPARED])
    places, pixels = photos.pixels(random.permutation(outside)[:COMPARED])
    if len(own_places) <= BEST or len(places) < FEWEST:
        return None
    region, maps = candidate.region.cells, rows.maps[places]
    own = _looks(photos, own_pixels, rows.maps[own_places], region)
    if own is None:
        return None
    among = own @ own.T
    np.fill_diagonal(among, -np.inf)
    typical = float(np.quantile(_best(among), TYPICAL))
    hot = maps >= HOT * maps.max(axis=(1, 2), keepdims=True)
    mean = np.where(region, rows.maps[candidate.members].mean(axis=0), -1)
    moved = moved_to(pixels, maps, divmod(int(mean.argmax()), mean.shape[1]))
    shares = []
    for shown, evidence, inside in (
        (pixels, maps, hot),
        (moved, photos.evidence(moved, candidate.group.index), region),
    ):
        looks = _looks(photos, shown, evidence, inside)
        if looks is not None:
            shares.append(float((_best(looks @ own.T) >= typical).mean()))
    return max(shares)


def hottest_within(maps: np.ndarray, region: Region) -> np.ndarray:
    """bool (n,): whether the largest value of each map lies in a region, or in a cell beside it."""
    around = ndimage.binary_dilation(region.cells, np.ones((3, 3), bool)).ravel()
    within: np.ndarray = around[maps.reshape(len(maps), -1).argmax(axis=1)]
    return within


def moved_to(pixels: np.ndarray, maps: np.ndarray, cell: tuple[int, int]) -> np.ndarray:
    """Photos, each moved so that its hottest cell lies in a cell; what leaves one side comes in at
    the other."""
    rows, cols = maps.shape[1:]
    moved = np.empty_like(pixels)
    for k, (photo, map) in enumerate(zip(pixels, maps, strict=True)):
        at = divmod(int(map.argmax()), cols)
        by = (
            round((cell[0] - at[0]) * photo.shape[0] / rows),
            round((cell[1] - at[1]) * photo.shape[1] / cols),
        )
        moved[k] = np.roll(photo, by, axis=(0, 1))
    return moved


def _looks(
    photos: AskedPhotos, pixels: np.ndarray, maps: np.ndarray, inside: np.ndarray
) -> np.ndarray | None:
    """float32 (n, units), of length 1. inside: bool (rows, cols) or (n, rows, cols), of which the
    evidence is taken."""
    activations = photos.activations(pixels)
    if activations.shape[1:-1] != maps.shape[1:]:
        return None
    weights = np.where(inside, maps, 0)
    # photos that were added by what their region does may have no evidence there
    weights = np.where((weights.sum(axis=(1, 2)) > 0)[:, None, None], weights, inside)
    return unit_length(np.einsum("nij,niju->nu", weights, activations))


def _has_cells(photos: AskedPhotos) -> bool:
    """Whether maps are on the grid of one layer."""
    try:
        check_one_layer(photos.pipeline)
    except MapError:
        return False
    return True


def photo_cells(
    rows: EvidenceRows, photos: AskedPhotos, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """The places of photos that can be read, and what the layer gives in each cell of theirs,
    float32 (n, rows, cols, units); None where maps are not on the grid of one layer."""
    kept, pixels = photos.pixels(places)
    if not len(kept) or not _has_cells(photos):
        return kept, None
    activations = photos.activations(pixels)
    same = activations.shape[1:-1] == rows.grid
    return kept, activations if same else None


def _best(cosines: np.ndarray) -> np.ndarray:
    mean: np.ndarray = np.partition(cosines, -BEST, axis=1)[:, -BEST:].mean(axis=1)
    return mean
