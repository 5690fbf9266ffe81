"""What the model says before and after a region is pasted in, or taken out, photo by photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.audit.confirm.asked_photos import AskedPhotos
from seewhy.audit.confirm.transplant import filled, pasted
from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.audit.finding import Finding
from seewhy.audit.page.pictures import jpeg
from seewhy.audit.regions import pixel_cells, pixel_mask, region_of_cells

PAIRS = 6
"""Photos of each kind that are shown."""


@dataclass(frozen=True)
class Pair:
    """A photo before and after."""

    before: str
    after: str
    """Addresses of pictures."""
    said_before: str
    said_after: str
    """The class that the model takes them for."""
    changed: bool
    name: str


def pairs_of(
    finding: Finding,
    members: np.ndarray,
    rows: EvidenceRows,
    photos: AskedPhotos,
    manifest: dict[str, Any],
) -> tuple[list[Pair], list[Pair]]:
    """Photos of other classes with the region pasted in, and the finding's own without it.

    members: int (n,), places of the finding's photos among the rows. They are drawn by the
    finding's key, not chosen by what comes of them.
    """
    random = np.random.default_rng(int(finding.key, 16))
    donors_at, donors = photos.pixels(random.permutation(members)[:PAIRS])
    others = random.permutation(np.flatnonzero(rows.predicted != finding.class_index))
    into_at, into = photos.pixels(others[:PAIRS])
    if not len(donors):
        return [], []
    input = donors.shape[1], donors.shape[2]
    region = region_of_cells(finding.cells, rows.grid)
    mask = pixel_mask(region, pixel_cells(rows.grid, input, manifest), finding.margin)
    without = filled(donors, np.broadcast_to(mask, (len(donors), *input)))
    with_it = pasted(into, donors[np.arange(len(into)) % len(donors)], mask) if len(into) else into
    before, after = np.concatenate([into, donors]), np.concatenate([with_it, without])
    # both at once: the network is run, and compiled, for one number of photos
    said = photos.answers(np.concatenate([before, after])).argmax(axis=1)
    names = [str(manifest["classes"][index][1]) for index in said]
    pairs = [
        Pair(
            before=jpeg(before[k]),
            after=jpeg(after[k]),
            said_before=names[k],
            said_after=names[len(before) + k],
            changed=bool(said[k] != said[len(before) + k]),
            name=rows.id[place],
        )
        for k, place in enumerate([*into_at, *donors_at])
    ]
    return pairs[: len(into)], pairs[len(into) :]
