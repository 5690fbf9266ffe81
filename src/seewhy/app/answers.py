"""What the page shows, made of questions: pictures, words, files. Knows nothing of Gradio."""

from __future__ import annotations

import json
import shutil
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image

from seewhy import images
from seewhy.app.asked import Asked, Choices
from seewhy.app.explaining import Explaining
from seewhy.app.words import about_html, trust_html
from seewhy.errors import OptionError
from seewhy.render.files import write
from seewhy.render.looks import choose_look
from seewhy.render.pictures import plain_picture
from seewhy.results.explanation import Explanation
from seewhy.results.shared_scale import on_one_scale

SHOWN = 900
"""Pixels of the longer side of pictures in the page."""
THERE = 5
"""Classes of a place on a photo."""


KEPT_FILES = 50
"""Explanations whose files can still be downloaded."""


@dataclass(frozen=True)
class Shown:
    """One explanation as the page shows it."""

    picture: Image.Image
    about: str
    classes: dict[str, float]
    """The top classes with their probabilities."""
    indices: tuple[int, ...]
    """Of the same classes."""
    command: str


class Answers:
    """Answers the page's questions. To be asked by one thread at a time.

    explaining: the models. folder: where files to be downloaded are written.
    """

    def __init__(self, explaining: Explaining, folder: Path) -> None:
        self.explaining, self.folder = explaining, folder
        self._written: deque[Path] = deque()

    def photo(self, path: str) -> Image.Image:
        """The photo, small enough for the page. Raises ImageError for what is none."""
        picture = Image.fromarray(plain_picture(images.load(path)))
        picture.thumbnail((SHOWN, SHOWN))
        return picture

    def explained(self, photo: str, choices: Choices, asked: Asked, colormap: str) -> Shown:
        """The map over the photo, with words and the command that makes it."""
        explanation = self.explaining.explanation(photo, choices, asked)
        predictions = explanation.predictions
        return Shown(
            picture=picture_of(explanation, colormap),
            about=about_html(explanation),
            classes=_by_name([(each.name, each.probability) for each in predictions]),
            indices=tuple(each.index for each in predictions),
            command=self._command(photo, choices, asked, colormap),
        )

    def seen_at(
        self, photo: str, choices: Choices, asked: Asked, place: tuple[float, float]
    ) -> list[tuple[str, int]]:
        """The classes with the largest maps at a place, (as they are shown, index).

        place: x and y, 0..1 of the photo's width and height. Equal to `Explanation.at`.
        """
        explanation = self.explaining.explanation(photo, choices, asked)
        height, width = explanation.geometry.photo
        x, y = (
            min(int(at * side), side - 1) for at, side in zip(place, (width, height), strict=True)
        )
        found = explanation.at(x, y, top=THERE)
        return [(f"{each.name} ({each.value:.3g})", each.index) for each in found]

    def trusted(self, photo: str, choices: Choices, asked: Asked) -> str:
        """The verdict of `Explanation.trust` in words, HTML."""
        return trust_html(self.explaining.explanation(photo, choices, asked).trust())

    def files(self, photo: str, choices: Choices, asked: Asked, colormap: str) -> tuple[str, str]:
        """A PNG file of the overlay, and its JSON; both hold the record."""
        explanation = self.explaining.explanation(photo, choices, asked)
        folder, stem = self._new_folder(), Path(photo).stem[:80] or "photo"
        look = None if colormap == "clear" else colormap
        picture = explanation.save(folder / f"{stem}_{choices.method}.png", colormap=look)
        record = explanation.as_dict() | {
            "photo": Path(photo).name,
            "command": self._command(photo, choices, asked, colormap),
        }
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        return str(picture), str(write(folder / f"{stem}_{choices.method}.json", text))

    def _new_folder(self) -> Path:
        """A folder for the files of one explanation; the oldest of many is removed."""
        self._written.append(self.folder / uuid4().hex)
        while len(self._written) > KEPT_FILES:
            shutil.rmtree(self._written.popleft(), ignore_errors=True)
        return self._written[-1]

    def compared(
        self, photo: str, pairs: Sequence[tuple[Choices, Asked]], colormap: str
    ) -> list[tuple[Image.Image, str]]:
        """Several explanations of a photo, each with its words.

        Maps of one method at one layer are drawn on one scale; others do not compare, and each has
        its own.
        """
        made = [self.explaining.explanation(photo, *pair) for pair in pairs]
        same = len({(each.method, each.layer) for each in made}) == 1
        drawn = on_one_scale(made) if same else made
        notes = "on one scale" if same else "each on its own scale: their units differ"
        return [(picture_of(each, colormap), f"{each.title}, {notes}") for each in drawn]

    def _command(self, photo: str, choices: Choices, asked: Asked, colormap: str) -> str:
        command = self.explaining.command(Path(photo).name, choices, asked)
        return command if colormap == "clear" else f"{command} --colormap {colormap}"


def picture_of(explanation: Explanation, colormap: str) -> Image.Image:
    """The overlay as the page shows it, with the edge of what the network saw."""
    look = choose_look(colormap=None if colormap == "clear" else colormap)
    return explanation.thumbnail(SHOWN, look)


def place_on(picture: Image.Image | np.ndarray, pixel: Sequence[float]) -> tuple[float, float]:
    """A pixel of a shown picture as shares of its width and height, 0..1.

    pixel: x, y. Raises OptionError for one that is not on it.
    """
    width, height = picture.size if isinstance(picture, Image.Image) else picture.shape[1::-1]
    x, y = (pixel[0] + 0.5) / width, (pixel[1] + 0.5) / height
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise OptionError("that place is not on the photo: point at the photo itself.")
    return x, y


def _by_name(pairs: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Values by name; of several classes of one name, each is numbered."""
    found: dict[str, float] = {}
    for name, value in pairs:
        shown, number = name, 2
        while shown in found:
            shown, number = f"{name} ({number})", number + 1
        found[shown] = value
    return found
