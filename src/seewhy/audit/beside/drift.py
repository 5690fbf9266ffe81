"""Which classes' evidence lies elsewhere in another store."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.audit.beside.common_grid import common_maps
from seewhy.audit.beside.permuted import holm, permuted
from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.audit.told import Told
from seewhy.datasets.map_figures import map_figures
from seewhy.datasets.open_store import Store
from seewhy.errors import OptionError

LEAST = 5
"""Photos of a class in each store, below which nothing is said of it."""
MOST = 2000
"""Photos of a class that are compared; of more a sample."""
SURE, FAR = 0.01, 0.05
"""A class's evidence moved if p is below the first, corrected for the number of classes, and at
least so much of its evidence lies elsewhere, beyond what does by chance."""
PERMUTATIONS = 999
DRAWN = 1000
"""Samples of the bootstrap."""


@dataclass(frozen=True, eq=False)
class Side:
    """The photos of one store."""

    rows: EvidenceRows
    maps: np.ndarray
    """float32 (n, rows, cols), of sum 1."""
    figures: np.ndarray
    """float64 (n, 5): center_row, center_col, border_share, spread and probability."""
    classes: np.ndarray
    """int (n,): the predicted class, as the first store counts them; -1 for one that it lacks."""


FIGURES = ("center_row", "center_col", "border_share", "spread", "confidence")


def drift(
    rows: EvidenceRows,
    store: Store,
    others: tuple[EvidenceRows, Store],
    asked: tuple[Collection[int] | None, int, int],
    tell: Told,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Classes by how far their evidence moved, and all of them as rows of a table.

    rows, store: the audited ones; others: those that they are compared with. asked: the classes
    (None for all), how many are told, and the seed. Raises OptionError for stores that cannot be
    compared.
    """
    classes, most, seed = asked
    first, second = sides(rows, store, *others)
    indices = _compared(first, second, classes)
    found: list[dict[str, Any]] = []
    for number, index in enumerate(indices):
        tell("Drift", number, len(indices))
        name = str(store.manifest["classes"][index][1])
        entry = {"class": name, "class_index": int(index)}
        found.append(entry | _of_class(first, second, index, seed))
    _judge(found)
    found.sort(key=lambda each: (not each["moved"], -(each["distance"] - each["by_chance"])))
    told = {
        "against": str(others[1].folder),
        "photos": [len(rows), len(others[0])],
        "compared": len(found),
        "moved": sum(each["moved"] for each in found),
        "left_out": _left_out(first, second, store, classes),
        "classes": found[:most],
    }
    return told, [_flat(each) for each in found]


def check_drift(
    rows: EvidenceRows,
    store: Store,
    others: tuple[EvidenceRows, Store],
    classes: Collection[int] | None,
) -> None:
    """Raises OptionError where two stores cannot be compared."""
    _compared(*sides(rows, store, *others), classes)


def sides(
    rows: EvidenceRows, store: Store, other_rows: EvidenceRows, other: Store
) -> tuple[Side, Side]:
    """Both stores' photos on one grid and by one list of classes. Raises OptionError."""
    maps = common_maps(rows, other_rows, (store.manifest, other.manifest))
    names = [_names(each) for each in (store, other)]
    if names[0] == names[1]:
        numbers = np.arange(len(names[0]))
    else:
        known = {name: index for index, name in enumerate(names[0])}
        numbers = np.array([known.get(name, -1) for name in names[1]], int)
        if (numbers < 0).all():
            raise OptionError(
                f"the classes of the store {str(other.folder)!r} ({names[1][0][1]!r}, …) are none "
                f"of those of {str(store.folder)!r} ({names[0][0][1]!r}, …). Give stores of models "
                f"with the same classes, or run one again with --labels."
            )
    return (
        Side(rows, maps[0], _figures(rows, maps[0]), rows.predicted.astype(int)),
        Side(other_rows, maps[1], _figures(other_rows, maps[1]), numbers[other_rows.predicted]),
    )


def _names(store: Store) -> list[tuple[str | None, str]]:
    return [(wnid, str(name)) for wnid, name in store.manifest["classes"]]


def _figures(rows: EvidenceRows, maps: np.ndarray) -> np.ndarray:
    known = map_figures(maps)
    down = (np.arange(maps.shape[1]) + 0.5) / maps.shape[1]
    across = (np.arange(maps.shape[2]) + 0.5) / maps.shape[2]
    away = (down - known["center_row"][:, None]) ** 2
    beside = (across - known["center_col"][:, None]) ** 2
    far = (maps.sum(axis=2) * away).sum(axis=1) + (maps.sum(axis=1) * beside).sum(axis=1)
    named = [known[name] for name in ("center_row", "center_col", "border_share")]
    return np.stack([*named, np.sqrt(far), rows.probability], axis=1).astype("float64")


def _compared(first: Side, second: Side, classes: Collection[int] | None) -> list[int]:
    """Classes with enough photos in both. Raises OptionError where there are none."""
    both = [_counts(side) for side in (first, second)]
    common = [k for k, count in both[0].items() if min(count, both[1].get(k, 0)) >= LEAST]
    indices = sorted(k for k in common if classes is None or k in classes)
    if not indices:
        raise OptionError(
            f"no class that is asked is predicted for {LEAST} photos in both stores: there is "
            f"nothing to compare. Give stores of more photos."
        )
    return indices


def _counts(side: Side) -> dict[int, int]:
    indices, counts = np.unique(side.classes[side.classes >= 0], return_counts=True)
    return dict(zip(indices.tolist(), counts.tolist(), strict=True))


def _left_out(
    first: Side, second: Side, store: Store, classes: Collection[int] | None
) -> list[dict[str, Any]]:
    """Classes with too few photos in a store, with how many there are in each."""
    counts = [_counts(side) for side in (first, second)]
    return [
        {
            "class": str(store.manifest["classes"][k][1]),
            "class_index": k,
            "photos_a": counts[0].get(k, 0),
            "photos_b": counts[1].get(k, 0),
        }
        for k in sorted(counts[0].keys() | counts[1].keys())
        if min(counts[0].get(k, 0), counts[1].get(k, 0)) < LEAST
        if classes is None or k in classes
    ]


def _of_class(first: Side, second: Side, index: int, seed: int) -> dict[str, Any]:
    random = np.random.default_rng([seed, index])
    members = [np.flatnonzero(side.classes == index) for side in (first, second)]
    shares = [len(own) / len(side.rows) for own, side in zip(members, (first, second), strict=True)]
    counts = [len(own) for own in members]
    # a sample keeps the photos that both have, as far as there are such
    members = [
        np.sort(_sample(members[0], first.rows, random)),
        np.sort(_sample(members[1], second.rows, random)),
    ]
    a, b = first.maps[members[0]], second.maps[members[1]]
    tested = permuted(
        a.reshape(len(a), -1),
        b.reshape(len(b), -1),
        _pairs(first.rows, second.rows, members),
        PERMUTATIONS,
        random,
    )
    figures = first.figures[members[0]], second.figures[members[1]]
    means = [each.mean(axis=0) for each in figures]
    return {
        "photos_a": counts[0],
        "photos_b": counts[1],
        "share_a": round(shares[0], 4),
        "share_b": round(shares[1], 4),
        "share_interval": _share_interval(shares, (len(first.rows), len(second.rows))),
        "distance": round(tested.distance, 4),
        "by_chance": round(tested.by_chance, 4),
        "p": tested.p,
        "center_a": [round(float(value), 4) for value in means[0][:2]],
        "center_b": [round(float(value), 4) for value in means[1][:2]],
        "center_moved": round(float(np.hypot(*(means[1] - means[0])[:2])), 4),
        **_changes(figures, means, random),
        "mean_a": a.mean(axis=0).round(5).tolist(),
        "mean_b": b.mean(axis=0).round(5).tolist(),
    }


def _sample(members: np.ndarray, rows: EvidenceRows, random: np.random.Generator) -> np.ndarray:
    """`MOST` of them, drawn by their ids, so that of two stores the same photos are drawn."""
    if len(members) <= MOST:
        return members
    drawn = np.array([zlib.crc32(rows.id[k].encode()) for k in members])
    ties = random.permutation(len(members))
    chosen: np.ndarray = members[np.lexsort((ties, drawn))[:MOST]]
    return chosen


def _pairs(a: EvidenceRows, b: EvidenceRows, members: list[np.ndarray]) -> np.ndarray:
    """int (m, 2): places among the members of one id."""
    places = {a.id[k]: place for place, k in enumerate(members[0])}
    found: dict[int, int] = {}
    for place, k in enumerate(members[1]):
        if b.id[k] in places:
            found.setdefault(places[b.id[k]], place)
    return np.array(sorted(found.items()), int).reshape(-1, 2)


def _changes(
    figures: tuple[np.ndarray, np.ndarray], means: list[np.ndarray], random: np.random.Generator
) -> dict[str, Any]:
    """By how much each figure changed from the first store to the second, and how far that may be
    off (bootstrap, 95 %)."""
    drawn = []
    for values, mean in zip(figures, means, strict=True):
        weights = random.multinomial(len(values), np.full(len(values), 1 / len(values)), DRAWN)
        drawn.append(weights @ (values - mean) / len(values) + mean)
    low, high = np.quantile(drawn[1] - drawn[0], [0.025, 0.975], axis=0)
    change = means[1] - means[0]
    found: dict[str, Any] = {}
    for k, name in enumerate(FIGURES):
        found[f"{name}_change"] = round(float(change[k]), 4)
        found[f"{name}_interval"] = [round(float(low[k]), 4), round(float(high[k]), 4)]
    return found


def _share_interval(shares: list[float], counts: tuple[int, int]) -> list[float]:
    """Of the change of the class's share among all predictions, 95 %."""
    spread = np.sqrt(sum(p * (1 - p) / n for p, n in zip(shares, counts, strict=True)))
    change = shares[1] - shares[0]
    return [round(float(change - 1.96 * spread), 4), round(float(change + 1.96 * spread), 4)]


def _judge(found: list[dict[str, Any]]) -> None:
    """Whether each class moved, by what was found of all."""
    corrected = holm(np.array([each["p"] for each in found]))
    for each, p in zip(found, corrected, strict=True):
        each["p"] = float(f"{each['p']:.3g}")
        each["p_corrected"] = float(f"{p:.3g}")
        far = each["distance"] - each["by_chance"] >= FAR
        each["moved"] = bool(p < SURE and far)


def _flat(entry: dict[str, Any]) -> dict[str, Any]:
    """A row of a table: without mean maps."""
    return {name: value for name, value in entry.items() if name not in ("mean_a", "mean_b")}
