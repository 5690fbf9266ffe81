"""What the tests of a candidate say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seewhy.audit.confirm.transplant import Transplant
from seewhy.audit.finding import CONFIRMED, OBJECT, TOO_FEW, UNNEEDED
from seewhy.audit.regions import Region

FEWEST, FEWEST_OTHERS = 6, 8
"""Photos of a finding, and of other classes, of which a verdict is given."""
FLIPS, MORE = 0.4, 0.15
"""What a confirmed shortcut flips at least, and by how much more than the control for certain."""
ALIKE, ALIKE_INSIDE = 0.2, 0.1
"""Share of a class's photos that look alike elsewhere, from which on the thing moves; of regions
that are not near an edge, where things lie more often."""
EDGE, NEAR_EDGE = 0.2, 0.5
"""A cell is near an edge if its centre is within so much of the side; a region, if half of its
cells are."""
LARGE = 0.2
"""Share of the grid from which on a region that is not near an edge is the photo's content."""
ALL_NEAR, BAND = 0.8, 1 / 3
"""Of a large region near an edge, the share of cells that lie near an edge, or within so much of
the side along one."""
WHOLE, NEEDED = 0.8, 0.05
"""Share of a class that has a region, from which on it is no shortcut if its own photos stay the
class without it: no more of them change than so much beyond regions elsewhere."""
CENTRE = 0.2
"""The centre of a region in the middle is within so much of the side of the photo's."""
HOTTEST = 0.3
"""Share of a shortcut's photos that are hottest there, at least."""
COMMON = 0.5
"""Share of a class from which on a region in the middle is its object."""


@dataclass(frozen=True)
class Facts:
    """What is known of a candidate beside its transplant."""

    members: int
    others: int
    """Photos of other classes."""
    share: float
    central: float
    """Share of the class's photos whose evidence is centred in the middle."""
    hottest: float
    """Share of the candidate's photos whose hottest cell lies in the region or beside it."""
    elsewhere: float
    """Share of the class's photos that are hottest elsewhere."""
    alike: float | None
    """See `Finding.alike_elsewhere`."""
    removed: float | None
    """Share of the photos that are no longer the class without the region, beyond regions
    elsewhere, by what of blur and fill takes more; None where it was not tried."""
    region: Region


def verdict_of(result: Transplant | None, facts: Facts) -> tuple[str, str]:
    """The verdict, and what it stands on."""
    if result is None or facts.members < FEWEST or facts.others < FEWEST_OTHERS:
        return TOO_FEW, (
            f"{facts.members} photos and {facts.others} of other classes are too few to tell."
        )
    if result.flips.value < FLIPS or result.more.low < MORE:
        return UNNEEDED, (
            f"pasted into other photos it flips {result.flips.value:.0%}, regions at random "
            f"places {result.control.value:.0%}, and filling the place {result.covered.value:.0%}: "
            f"too few more for a region that decides."
        )
    thing = _object(facts)
    if thing:
        return OBJECT, thing
    return CONFIRMED, (
        f"pasted into other photos it flips {result.flips.value:.0%}, regions at random places "
        f"{result.control.value:.0%}, and nothing alike speaks for the class elsewhere."
    )


def _object(facts: Facts) -> str:
    """Why the region is taken for what the class is about; "" where it is not."""
    edge = near_edge(facts.region)
    if facts.alike is not None and facts.alike >= (ALIKE if edge else ALIKE_INSIDE):
        return (
            f"the evidence moves: {facts.alike:.0%} of the class's photos that are hottest "
            f"elsewhere look alike there."
        )
    if facts.hottest < HOTTEST:
        return (
            f"only {facts.hottest:.0%} of these photos are hottest there: what the class is about "
            f"lies elsewhere, too."
        )
    if facts.share >= WHOLE and facts.removed is not None and facts.removed <= NEEDED:
        return (
            f"{facts.share:.0%} of the class have it, and stay the class without it: what lies "
            f"around it shows the class, too."
        )
    if edge:
        if facts.region.cells.mean() > LARGE and not _along_edges(facts.region):
            return f"the region is {facts.region.cells.mean():.0%} of the photo, and no border."
        return ""
    if facts.alike is None and facts.elsewhere >= ALIKE_INSIDE:
        return "it is not near an edge, and cannot be compared with what the class has elsewhere."
    if facts.region.cells.mean() > LARGE:
        return f"the region is {facts.region.cells.mean():.0%} of the photo, not at its edge."
    row, col = facts.region.center
    middle = max(abs(row - 0.5), abs(col - 0.5)) <= CENTRE
    if middle and max(facts.share, facts.central) >= COMMON:
        return "it lies in the middle, where most photos of the class have their evidence."
    return ""


def near_edge(region: Region) -> bool:
    """Whether half of a region's cells lie near an edge."""
    near = np.asarray((_depths(region) < EDGE).any(axis=0))
    return bool(near.sum() >= NEAR_EDGE * near.size)


def _along_edges(region: Region) -> bool:
    """Whether nearly all cells lie near an edge, as a frame does, or in a band along one."""
    depths = _depths(region)
    near, bands = (depths < EDGE).any(axis=0).mean(), (depths < BAND).mean(axis=1)
    return bool(max(near, bands.max()) >= ALL_NEAR)


def _depths(region: Region) -> np.ndarray:
    """float64 (4, cells): how far the centre of each cell is from each edge, as shares of the
    side."""
    at = (np.argwhere(region.cells) + 0.5) / region.cells.shape
    return np.concatenate([at.T, 1 - at.T])
