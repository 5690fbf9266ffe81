"""Several explanations side by side on one sheet, which says what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
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
    explanations: Sequence[Explanation], look: Look, columns: int | None = None
) -> Image.Image:
    """Each photo, then its overlays, below their targets and the probabilities of these.

    explanations: of any photos; those of one photo that follow each other stand behind one picture
    of it. Below all are method, layer, model and the colours of the scale. columns: how many stand
    in a row; None for up to four. Raises OptionError without any explanation.
    """
    if not explanations:
        raise OptionError("there is no explanation to draw: the list is empty.")
    tiles: list[np.ndarray] = []
    titles: list[str] = []
    for _, group in groupby(explanations, key=lambda each: id(each.photo)):
        of_photo = list(group)
        tiles.append(pictures.plain_picture(of_photo[0].photo))
        titles.append(Path(of_photo[0].photo.name).name)
        tiles += [each.picture(look) for each in of_photo]
        titles += [each.caption[0] for each in of_photo]
    sheet = labelled_sheet(tiles, titles, columns)
    lines = list(dict.fromkeys(each.caption[1] for each in explanations))
    return below(sheet, legend(sheet.width, [*lines, _scale(explanations)], look))


def _scale(explanations: Sequence[Explanation]) -> str:
    scales = {each.scale for each in explanations}
    if len(explanations) > 1 and len(scales) == 1 and None not in scales:
        return "One scale for all maps: equal colours are equal evidence."
    return "Each map on a scale of its own: colours of two maps do not compare."
