"""A sheet of pictures of a finding: some of its photos under their maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.audit.finding import Finding
from seewhy.datasets.open_store import Store
from seewhy.errors import SeewhyError
from seewhy.render.embedded.texts import TextError, embedded_text
from seewhy.render.files import save
from seewhy.render.heatmaps import colorize
from seewhy.render.sheets import labelled_sheet
from seewhy.results.records.make_record import records_text

SHOWN = 11
SIDE = 480


def write_pictures(
    path: Path,
    finding: Finding,
    store: Store,
    rows: EvidenceRows,
    places: np.ndarray,
    *,
    record: bool = True,
) -> bool:
    """The mean map and photos of the finding, those first whose evidence lies most in its region.

    places: of its photos among the rows. record: whether the file holds the records of the
    explanations that it shows. False where no photo can be shown.
    """
    maps = rows.maps[places]
    inside = np.zeros(rows.grid, bool)
    inside[tuple(np.array(finding.cells).T)] = True
    order = np.argsort(-maps[:, inside].sum(axis=1) / maps.sum(axis=(1, 2)), kind="stable")
    mean = maps.mean(axis=0)
    pictures = [colorize(mean, (SIDE, round(SIDE * mean.shape[0] / mean.shape[1])))]
    titles = [f"mean map of {len(places)} photos"]
    records = []
    for place in places[order[:SHOWN]]:
        try:
            explanation = store[int(rows.places[place])].explanation()
            drawn = explanation.overlay()
        except SeewhyError:  # its photo is gone or broken; the others are shown
            continue
        pictures.append(np.asarray(drawn.convert("RGB")))
        titles.append(rows.id[place])
        records.append(explanation.record)
    if len(pictures) > 1:
        text = records_text(records) if record else None
        save(labelled_sheet(pictures, titles), path, text=text)
    return len(pictures) > 1


def holds_record(path: Path) -> bool:
    """Whether a picture that was written before holds records."""
    try:
        return embedded_text(path.read_bytes()) is not None
    except (OSError, TextError):
        return False
