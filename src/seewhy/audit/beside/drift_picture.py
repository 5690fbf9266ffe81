"""A sheet of mean maps of classes whose evidence moved, of both stores side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.render.files import save
from seewhy.render.heatmaps import colorize
from seewhy.render.sheets import labelled_sheet

PICTURE = "drift.jpg"
SHOWN, SIDE = 8, 320


def write_drift_picture(folder: Path, classes: Sequence[Mapping[str, Any]]) -> None:
    """Write `drift.jpg` of the classes that moved, the first ones; remove it where none did.

    classes: as `drift` tells them. Raises OptionError where it cannot be written.
    """
    moved = [each for each in classes if each["moved"]][:SHOWN]
    path = folder / PICTURE
    pictures, titles = [], []
    for each in moved:
        for store in ("a", "b"):
            mean = np.array(each[f"mean_{store}"], "float32")
            pictures.append(colorize(mean, (SIDE, round(SIDE * mean.shape[0] / mean.shape[1]))))
            whose = "of this store" if store == "a" else "of the other"
            titles.append(f"{each['class']}: {each[f'photos_{store}']} photos {whose}")
    try:
        if pictures:
            save(labelled_sheet(pictures, titles, columns=2 if len(moved) < 3 else 4), path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise OptionError(
            f"the audit cannot be written to {str(folder)!r} ({error.strerror or error}). Give a "
            f"folder that can be written with --output."
        ) from error
