"""Several explanations side by side on one sheet, which says what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seewhy.errors import OptionError
from seewhy.render import pictures
from seewhy.render.legends import below, legend
from seewhy.render.looks import Look
from seewhy.render.sheets import labelled_sheet
from seewhy.results.explanation import Explanation


def explanation_sheet(
    groups: Sequence[Sequence[Explanation]], look: Look, columns: int | None = None
) -> Image.Image:
    """Each photo, then its overlays, below their targets and the probabilities of these.

    groups: the explanations of each photo, which stand behind one picture of it. Below all are
    method, layer, model and the colours of the scale. columns: how many stand in a row; None for
    up to four. Raises OptionError without any explanation.
    """
    if not any(groups):
        raise OptionError("there is no explanation to draw: the list is empty.")
    tiles: list[np.ndarray] = []
    titles: list[str] = []
    for of_photo in groups:
        tiles.append(pictures.plain_picture(of_photo[0].photo))
        titles.append(Path(of_photo[0].photo.name).name)
        tiles += [each.picture(look) for each in of_photo]
        titles += [each.caption[0] for each in of_photo]
    sheet = labelled_sheet(tiles, titles, columns)
    lines = list(dict.fromkeys(each.caption[1] for group in groups for each in group))
    return below(sheet, legend(sheet.width, [*lines, _scale(groups)], look))


def _scale(groups: Sequence[Sequence[Explanation]]) -> str:
    scales = [{each.scale for each in group} for group in groups if len(group) > 1]
    if not any(len(of_photo) == 1 and None not in of_photo for of_photo in scales):
        return "Each map on a scale of its own: colours of two maps do not compare."
    of_each = "" if len(groups) == 1 else " of a photo"
    return f"One scale for all maps{of_each}: equal colours are equal evidence."
