"""The maps of one photo over the epochs, and the pictures that are drawn of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from seewhy.errors import MapError
from seewhy.render import pictures
from seewhy.render.legends import below, legend, readable
from seewhy.render.looks import Look
from seewhy.render.sheets import labelled_sheet
from seewhy.results.explanation import Explanation
from seewhy.results.shared_scale import on_one_scale

MOST_BYTES = 4_000_000
"""Of one photo's maps; where they are more, every second epoch is left out of the strip."""
MOST_SHOWN, IN_A_ROW = 48, 8
"""Epochs on a strip, and in a row of it."""
BEFORE = "before training"


@dataclass
class KeptMaps:
    """The explanations of one photo, with the epochs after which they were made."""

    name: str
    epochs: list[int] = field(default_factory=list)
    """How many epochs the model had been trained for; 0 is before training."""
    explanations: list[Explanation] = field(default_factory=list)

    def add(self, epoch: int, explanation: Explanation) -> None:
        self.epochs.append(epoch)
        self.explanations.append(explanation)
        count = len(self.explanations)
        if count > 16 and count * explanation.map.nbytes > MOST_BYTES:
            # the first and the newest ones stay
            kept = [*range(0, count - 2, 2), count - 2, count - 1]
            self.epochs = [self.epochs[k] for k in kept]
            self.explanations = [self.explanations[k] for k in kept]

    @property
    def scaled(self) -> list[Explanation]:
        """All of them, on the scale of the largest value of any epoch."""
        return on_one_scale(self.explanations)

    def newest_picture(self, look: Look) -> Image.Image:
        """The newest map over the photo, on the scale of the epochs so far."""
        return Image.fromarray(drawn(self.scaled[-1], look))

    def strip(self, look: Look, *, own_scales: bool = False) -> Image.Image:
        """The photo and its maps, epoch by epoch, each below its epoch and the target.

        own_scales: whether each map is shown on its own scale. Of more than 48 epochs, that many
        are shown, spread evenly.
        """
        count = len(self.explanations)
        places = np.unique(np.rint(np.linspace(0, count - 1, min(count, MOST_SHOWN))).astype(int))
        shown = self.explanations if own_scales else self.scaled
        first = shown[0]
        tiles = [pictures.plain_picture(first.photo), *(drawn(shown[k], look) for k in places)]
        titles = [self.name, *(caption(self.epochs[k], shown[k]) for k in places)]
        sheet = labelled_sheet(tiles, titles, min(len(tiles), IN_A_ROW))
        left_out = f" {len(places)} of {count} epochs are shown." if len(places) < count else ""
        scale = (
            "Each map on a scale of its own: colours of two maps do not compare."
            if own_scales
            else "One scale for all epochs: equal colours are equal evidence."
        )
        return below(sheet, legend(sheet.width, [first.caption[1], scale + left_out], look))


def drawn(explanation: Explanation, look: Look) -> np.ndarray:
    """The map over the photo, uint8 (height, width, 3); the photo alone where it is not finite."""
    try:
        return explanation.picture(look)
    except MapError:
        return pictures.plain_picture(explanation.photo)


def caption(epoch: int, explanation: Explanation) -> str:
    """Which epoch a picture is of, what was asked, and what the model says instead."""
    when = f"epoch {epoch}" if epoch else BEFORE
    told = f"{when}: {explanation.target_words}"
    if not np.isfinite(explanation.map).all():
        return f"{told}: not finite"
    if not (explanation.map > 0).any():
        return f"{told}: no evidence"
    best = explanation.predictions[0].name if explanation.predictions else None
    of_class = explanation.probability is not None
    differs = of_class and best is not None and best != explanation.target.name
    return f"{told}, seen as {readable(best or '')}" if differs else told
