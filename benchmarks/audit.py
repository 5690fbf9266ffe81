"""What audits find of marks that were planted: python benchmarks/audit.py [--count N] [--seeds N]

Small networks are trained on photos of striped things, of which one class has a mark in a share of
its photos. The tables of docs/audit.md are what this prints. It takes some minutes on a processor.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import seewhy
from nets import planted
from seewhy.audit import Audit, AuditOptions

MARKS = {
    "strip": "a strip along the lower edge",
    "patch": "a patch in the upper right corner",
    "cast": "a colour cast over the upper left corner",
    "text": "a text at a random place",
}
SHARES = (0.05, 0.2, 0.5)
CONTROLS = {
    "no mark": {"share": 0.0, "clear": 1.0},
    "a strip in half of both classes": {"share": 0.5, "others": 0.5, "clear": 1.0},
    "things of one class always in the middle": {"share": 0.0, "clear": 1.0, "centred": True},
}


def audited(data: planted.Planted, seed: int, folder: Path) -> tuple[float, Audit]:
    """How many photos flip when the mark is put on them, and the audit, without true classes."""
    model = planted.trained(data, epochs=30, seed=seed)
    data.save(folder, by_class=False)
    options = AuditOptions(seed=seed)
    audit = seewhy.audit(folder, model, choices=options, preprocess="none", batch_size=32)
    return planted.flips_when_pasted(model, data), audit


def row(name: str, data: planted.Planted, seed: int) -> list[str]:
    """One line of the table: the finding that is confirmed with most marked photos, if any."""
    with tempfile.TemporaryDirectory() as folder:
        flips, audit = audited(data, seed, Path(folder))
    own = data.marked & (data.labels == 1)
    best: tuple[float, list[str]] = (-1.0, ["not confirmed", "–", "–", "–", "–"])
    for place, finding in enumerate(audit.confirmed, 1):
        members = np.array(audit.members[finding.key])
        hits = float(own[members].sum())
        precision, recall = hits / len(members), hits / max(1, own.sum())
        figures = [precision, recall, finding.flip_rate, finding.control_rate]
        told = [f"confirmed, number {place}", *(f"{value:.2f}" for value in figures)]
        best = max(best, (precision * recall, told))
    return [name, str(seed), f"{own.sum()}", f"{flips:.2f}", *best[1], str(len(audit.confirmed))]


def rows(count: int, seeds: int) -> Iterator[list[str]]:
    for mark, about in MARKS.items():
        for share in SHARES:
            for seed in range(seeds):
                data = planted.planted(count, mark=mark, share=share, clear=0.3, seed=seed)
                yield row(f"{about}, {share:.0%}", data, seed)
    for about, how in CONTROLS.items():
        for seed in range(seeds):
            yield row(about, planted.planted(count, seed=seed, **how), seed)


HEADING = (
    *("mark, share of its class", "seed", "marked photos", "flip when it is put on"),
    *("verdict", "precision", "recall", "flip rate", "control", "confirmed in all"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=150, help="photos a class")
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    print(f"| {' | '.join(HEADING)} |\n|{'---|' * len(HEADING)}")
    for cells in rows(given.count, given.seeds):
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
