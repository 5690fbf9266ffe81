"""What was tested, as a finding with its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seewhy.audit.confirm.asked_photos import AskedPhotos
from seewhy.audit.confirm.confirm_candidate import Tested
from seewhy.audit.confirm.looks import hottest_within
from seewhy.audit.confirm.transplant import Rate, Transplant
from seewhy.audit.confirm.verdicts import CENTRE, Facts, verdict_of
from seewhy.audit.find.clusters import regularity
from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.audit.finding import Finding
from seewhy.datasets.map_figures import map_figures

EXAMPLES = 12
COMPARED = 128
"""Photos among which near duplicates are looked for."""
ALIKE = 0.98
"""Correlation of small grey copies of photos that are nearly the same."""
SMALL = 16


def finding_of(
    tested: Tested, rows: EvidenceRows, photos: AskedPhotos, manifest: Mapping[str, Any]
) -> Finding:
    """manifest: of the store that the rows are from."""
    classes = manifest["classes"]
    candidate, result = tested.candidate, tested.result
    members, group = candidate.members, candidate.group
    of_class = np.flatnonzero(rows.predicted == group.index)
    figures = map_figures(rows.maps[members])
    facts = _facts(tested, rows, of_class)
    verdict, why = verdict_of(result, facts)
    true = group.true if group.kind == "confused" else None
    return Finding(
        class_name=str(classes[group.index][1]),
        class_index=group.index,
        true_class=None if true is None else str(classes[true][1]),
        verdict=verdict,
        why=why,
        photos=len(members),
        share=facts.share,
        place=candidate.region.place,
        box=candidate.region.box,
        cells=tuple((int(row), int(col)) for row, col in np.argwhere(candidate.region.cells)),
        **_rates(result),
        removed={name: rate.value for name, rate in tested.removed.items()},
        **_true_classes(rows, members, of_class),
        regularity=regularity(rows.maps[members].reshape(len(members), -1)),
        border_share=float(np.nanmean(figures["border_share"])),
        near_duplicates=near_duplicates(photos, members),
        hottest_inside=facts.hottest,
        alike_elsewhere=tested.alike,
        margin=tested.margin,
        geometry=_geometry(rows, manifest),
        found_by=candidate.found_by,
        examples=tuple(rows.id[k] for k in members[:EXAMPLES]),
        key="",
    )


def _facts(tested: Tested, rows: EvidenceRows, of_class: np.ndarray) -> Facts:
    candidate, members = tested.candidate, tested.candidate.members
    return Facts(
        members=len(members),
        others=tested.others,
        share=len(members) / len(of_class),
        central=central_share(rows.maps[of_class]),
        hottest=float(hottest_within(rows.maps[members], candidate.region).mean()),
        elsewhere=float((~hottest_within(rows.maps[of_class], candidate.region)).mean()),
        alike=tested.alike,
        removed=_beyond(tested.removed),
        region=candidate.region,
    )


def _beyond(removed: Mapping[str, Rate]) -> float | None:
    """How many more are taken away by removing the region than by removing others."""
    ways = [name for name in removed if f"{name}_control" in removed]
    more = (removed[name].value - removed[f"{name}_control"].value for name in ways)
    return max(more, default=None)


def _geometry(rows: EvidenceRows, manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "grid": list(rows.grid),
        "input": manifest["input"],
        "extents": manifest["extents"],
        "fit": manifest["options"]["fit"],
    }


def _rates(result: Transplant | None) -> dict[str, Any]:
    """Fields of a finding about its transplant."""
    named = ("flip_rate", "control_rate", "covered_rate", "excess")
    intervals = ("interval", "control_interval", "excess_interval")
    if result is None:
        return dict.fromkeys((*named, *intervals))
    rates = (result.flips, result.control, result.covered, result.more)
    bounded = (result.flips, result.control, result.more)
    return {
        **{name: rate.value for name, rate in zip(named, rates, strict=True)},
        **{name: (rate.low, rate.high) for name, rate in zip(intervals, bounded, strict=True)},
    }


def _true_classes(rows: EvidenceRows, members: np.ndarray, of_class: np.ndarray) -> dict[str, Any]:
    """Fields of a finding about the true classes of its photos."""
    return {
        "accuracy_inside": accuracy(rows, members),
        "accuracy_outside": accuracy(rows, np.setdiff1d(of_class, members)),
        "purity": purity(rows, members),
    }


def central_share(maps: np.ndarray) -> float:
    """The share of photos whose evidence is centred in the middle, 0..1."""
    figures = map_figures(maps)
    down = np.abs(figures["center_row"] - 0.5) <= CENTRE
    across = np.abs(figures["center_col"] - 0.5) <= CENTRE
    hottest = [
        np.abs((figures[name] + 0.5) / side - 0.5) <= CENTRE
        for name, side in zip(("hottest_row", "hottest_col"), maps.shape[1:], strict=True)
    ]
    return float((down & across & hottest[0] & hottest[1]).mean())


def accuracy(rows: EvidenceRows, members: np.ndarray) -> float | None:
    """The share of those with a known true class that are predicted right; None of none."""
    true = rows.label_index[members]
    known = true >= 0
    return float((true == rows.predicted[members])[known].mean()) if known.any() else None


def purity(rows: EvidenceRows, members: np.ndarray) -> float | None:
    """The share of the commonest true class; None where none is known."""
    true = rows.label_index[members]
    true = true[true >= 0]
    return float(np.bincount(true).max() / len(true)) if len(true) else None


def near_duplicates(photos: AskedPhotos, members: np.ndarray) -> int:
    """How many of the first photos are nearly the same as another of them."""
    _, pixels = photos.pixels(members[:COMPARED])
    if len(pixels) < 2:
        return 0
    grey = pixels.astype("float32").mean(axis=-1)
    rows, cols = (
        np.linspace(0, side, min(SMALL, side) + 1).round().astype(int) for side in grey.shape[1:]
    )
    small = np.add.reduceat(np.add.reduceat(grey, rows[:-1], axis=1), cols[:-1], axis=2)
    small /= (np.diff(rows)[:, None] * np.diff(cols)).astype("float32")
    flat = small.reshape(len(small), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1)
    if (length == 0).any():
        flat, length = flat[length > 0], length[length > 0]
    alike = (flat / length[:, None]) @ (flat / length[:, None]).T
    np.fill_diagonal(alike, 0)
    return int((alike >= ALIKE).any(axis=1).sum()) if len(alike) else 0
