"""Masks of confirmed regions as files, for training without them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from PIL import Image

from seewhy.audit.finding import Audit
from seewhy.audit.mend import photo_mask
from seewhy.datasets.open_store import Store
from seewhy.errors import OptionError
from seewhy.render.files import save, write
from seewhy.studies.csv_cells import text_cell

FOLDER, TABLE = "masks", "masks.csv"
COLUMNS = ("photo", "source", "finding", "mask")


def export_masks(audit: Audit, store: Store, folder: Path) -> int:
    """Write a mask of each photo of each confirmed finding; gives how many.

    folder: gets `masks`, with PNG files of the photos' sizes, white where the region is, named by
    the finding's number and the photo's row, and `masks.csv`, which tells whose they are. Raises
    OptionError where they cannot be written.
    """
    confirmed = [(k, each) for k, each in enumerate(audit.findings) if each.confirmed]
    wanted = {k: set(audit.members[each.key]) for k, each in confirmed}
    text, done = io.StringIO(), set()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    place = folder / FOLDER
    try:
        for row in store if confirmed else ():
            for k, finding in confirmed:
                if row.row not in wanted[k] or row.height is None or row.width is None:
                    continue
                name = f"{k}-{row.row:06}.png"
                if name in done:  # a photo may have several questions
                    continue
                mask = photo_mask(finding, (row.height, row.width))
                save(Image.fromarray(np.where(mask, 255, 0).astype("uint8")), place / name)
                table.writerow([text_cell(row.id), text_cell(row.source), k, name])
                done.add(name)
        write(place / TABLE, text.getvalue())
    except OSError as error:
        raise OptionError(
            f"masks cannot be written to {str(place)!r} ({error.strerror or error}). Give a folder "
            f"that can be written with --output."
        ) from error
    return len(done)
