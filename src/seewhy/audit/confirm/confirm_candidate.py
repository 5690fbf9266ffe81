"""One candidate put to the test."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from seewhy.audit.audit_options import AuditOptions
from seewhy.audit.confirm.asked_photos import AskedPhotos
from seewhy.audit.confirm.looks import alike_elsewhere
from seewhy.audit.confirm.transplant import (
    AskedClass,
    Rate,
    Transplant,
    gains,
    removal,
    transplant,
)
from seewhy.audit.confirm.verdicts import FEWEST, FEWEST_OTHERS, near_edge
from seewhy.audit.find.candidates import Candidate
from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.audit.regions import Region, moved_masks, pixel_cells, pixel_mask

MARGINS = (0.0, 0.5, 1.0)
"""Cells around the region that are tried."""
WIDEST = 0.45
"""Share of the photo that is pasted at most."""
DONORS, TRIED = 64, 512
"""Photos whose regions are pasted, and those of a class of which it is asked whether theirs
carries it."""
JUDGES = 4
"""Photos into which the region of each is pasted for that."""
BESIDE = 32
"""Photos of which a region elsewhere is pasted for comparison."""
SEPARATE = 0.1
"""What a region flips beyond the control, from which on it is asked whose it is."""
SMALL = 0.25
"""Share of the grid up to which a region is extended to the edge beside it."""


@dataclass(frozen=True, eq=False)
class Tested:
    """A candidate after the test."""

    candidate: Candidate
    """With the photos whose region carries the class."""
    result: Transplant | None
    """None where there are too few photos."""
    removed: dict[str, Rate]
    alike: float | None
    margin: float
    others: int


@dataclass(frozen=True, eq=False)
class Laboratory:
    """What candidates are tested with."""

    rows: EvidenceRows
    photos: AskedPhotos
    options: AuditOptions
    manifest: dict[str, object]

    def test(self, candidate: Candidate, key: str) -> Tested:
        """Paste, count, and find out whose region it is; see docs/audit.md."""
        random = np.random.default_rng([self.options.seed, zlib.crc32(key.encode())])
        index = candidate.group.index
        candidate = replace(candidate, region=_to_the_edge(candidate.region))
        judges, others = self._others(index, random)
        _, donors = self._drawn(candidate.members, DONORS, random)
        if len(donors) < FEWEST or len(others) < FEWEST_OTHERS:
            return Tested(candidate, None, {}, None, 0.0, len(others))
        margin, mask = self._margin(candidate, donors, judges, random)
        asked = AskedClass(self.photos.answers, index)
        first = transplant(asked, donors, judges, mask, random, trial=True)
        if first.more.value >= SEPARATE:
            members = self._carriers(candidate, judges, mask, random)
            if len(members) >= FEWEST:
                candidate = replace(candidate, members=members)
                _, donors = self._drawn(candidate.members, DONORS, random)
        result = transplant(asked, donors, others, mask, random)
        removed = removal(asked, donors, mask, random)
        alike = alike_elsewhere(self.rows, self.photos, candidate, random)
        return Tested(candidate, result, removed, alike, margin, len(others))

    def _others(self, index: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Photos of other classes that a margin and photos are chosen by, and others that the
        result is counted on; the same ones where there are few."""
        count = self.options.recipients
        places = random.permutation(np.flatnonzero(self.rows.predicted != index))
        _, pixels = self.photos.pixels(places[: 2 * count])
        if not len(pixels):
            return pixels, pixels
        pixels = pixels[self.photos.answers(pixels).argmax(axis=1) != index]
        few = len(pixels) < 4 * JUDGES
        judges = pixels if few else pixels[: max(2 * JUDGES, min(len(pixels) // 3, count // 2))]
        return judges, pixels[:count] if few else pixels[len(judges) :][:count]

    def _drawn(
        self, places: np.ndarray, count: int, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        return self.photos.pixels(np.sort(random.permutation(places)[:count]))

    def _margin(
        self,
        candidate: Candidate,
        donors: np.ndarray,
        judges: np.ndarray,
        random: np.random.Generator,
    ) -> tuple[float, np.ndarray]:
        """The margin with which most flips beyond the control, and the mask with it: a cell sees
        more than it covers."""
        input = donors.shape[1], donors.shape[2]
        where = pixel_cells(candidate.region.cells.shape, input, self.manifest)
        best: tuple[float, float, np.ndarray] | None = None
        for margin in MARGINS:
            mask = pixel_mask(candidate.region, where, margin)
            if best is not None and mask.mean() > WIDEST:
                break
            asked = AskedClass(self.photos.answers, candidate.group.index)
            found = transplant(asked, donors, judges, mask, random, trial=True)
            if best is None or found.more.value > best[0] + 0.05:
                best = found.more.value, margin, mask
        if best is None:
            raise ValueError("there is a margin")
        return best[1], best[2]

    def _carriers(
        self,
        candidate: Candidate,
        judges: np.ndarray,
        mask: np.ndarray,
        random: np.random.Generator,
    ) -> np.ndarray:
        """The class's photos whose own region, pasted, raises the class at least half as much as
        those of the candidate do, beyond regions elsewhere. Of a large class a sample is asked, and
        the others are taken by their maps."""
        group = candidate.group.members
        places = np.union1d(
            random.permutation(candidate.members)[: TRIED // 2], random.permutation(group)[:TRIED]
        )
        kept, pixels = self.photos.pixels(places)
        chosen = judges[random.permutation(len(judges))[:JUDGES]]
        asked = AskedClass(self.photos.answers, candidate.group.index)
        gained = gains(asked, pixels, chosen, mask)
        seeds = np.isin(kept, candidate.members)
        (moved,) = moved_masks(mask, 1, random)
        beside = gains(asked, pixels[seeds][:BESIDE], chosen, moved)
        least = (np.median(gained[seeds]) + np.median(beside)) / 2
        found = kept[gained >= least]
        rest = np.setdiff1d(group, kept)
        if len(rest) and len(found) > 0:
            found = np.concatenate([found, self._by_maps(found, kept, rest)])
        return np.sort(found)

    def _by_maps(self, found: np.ndarray, asked: np.ndarray, rest: np.ndarray) -> np.ndarray:
        maps = self.rows.maps.reshape(len(self.rows), -1)
        mean = maps[found].mean(axis=0)
        without = np.setdiff1d(asked, found)
        inside = float(np.median(maps[found] @ mean))
        outside = float(np.median(maps[without] @ mean)) if len(without) else 0.0
        chosen: np.ndarray = rest[maps[rest] @ mean >= (inside + outside) / 2]
        return chosen


def _to_the_edge(region: Region) -> Region:
    """The same with the outermost cells beside it, in grids of many: their maps are fainter, for
    there is nothing beyond the edge that a layer sees."""
    if region.cells.mean() > SMALL and not near_edge(region):
        return region
    cells = region.cells.copy()
    rows, cols = cells.shape
    if rows >= 6:
        cells[0] |= cells[1]
        cells[-1] |= cells[-2]
    if cols >= 6:
        cells[:, 0] |= cells[:, 1]
        cells[:, -1] |= cells[:, -2]
    return Region(cells)
