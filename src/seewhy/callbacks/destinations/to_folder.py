"""Pictures and figures in a folder."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from PIL import Image

from seewhy.callbacks.destinations.destination import Figures
from seewhy.errors import OptionError
from seewhy.render.files import file_name, save, slug, write

FIGURES = "figures.csv"


class ToFolder:
    """`PHOTO/epoch_0001.png` for each photo and epoch, `PHOTO_strip.png`, and `figures.csv`.

    Files of an earlier training in the same folder are written over; of its figures, those of
    epochs before the first one that is sent stay, as where a training goes on in another process.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._rows: list[dict[str, str]] | None = None
        if self.folder.exists() and not self.folder.is_dir():
            raise OptionError(f"pictures go into a folder; {str(folder)!r} is a file.")

    def start(self) -> None:
        """Makes the folder. Raises OptionError where that, or writing in it, is not possible."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(
                f"the folder {str(self.folder)!r} cannot be made ({error.strerror}): "
                f"choose another."
            ) from error
        if not os.access(self.folder, os.W_OK):
            raise OptionError(
                f"nothing may be written into the folder {str(self.folder)!r}: choose another."
            )

    def send(self, step: int, name: str, image: Image.Image, figures: Figures) -> None:
        save(image, self.folder / slug(name) / f"epoch_{step:04}.png")
        self._row(step, name, figures)

    def end_step(self, step: int, figures: Figures) -> None:
        together = {name.removeprefix("seewhy_"): value for name, value in figures.items()}
        rows = self._row(step, "", together)
        names = dict.fromkeys(name for row in rows for name in row)
        text = io.StringIO()
        table = csv.DictWriter(text, names, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        write(self.folder / FIGURES, text.getvalue())

    def send_strip(self, step: int, name: str, image: Image.Image) -> None:  # noqa: ARG002
        save(image, self.folder / file_name(slug(name), "_strip.png"))

    def finish(self) -> None:
        """Nothing is left to do."""

    def redraw(self, step: int, name: str, image: Image.Image) -> None:
        """The picture of an epoch that is over, again."""
        save(image, self.folder / slug(name) / f"epoch_{step:04}.png")

    def _row(self, step: int, name: str, figures: Figures) -> list[dict[str, str]]:
        """All rows, with one more."""
        rows = self._earlier_rows(step) if self._rows is None else self._rows
        key = {"epoch": str(step), "photo": slug(name) if name else ""}
        self._rows = [row for row in rows if not key.items() <= row.items()]
        self._rows.append(key | {each: f"{value:.6g}" for each, value in figures.items()})
        return self._rows

    def _earlier_rows(self, step: int) -> list[dict[str, str]]:
        """Those in the folder that are of epochs before this one."""
        try:
            with (self.folder / FIGURES).open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            return [row for row in rows if int(row["epoch"]) < step and None not in row]
        except (OSError, ValueError, LookupError, TypeError, csv.Error):
            return []  # there are none, or it is another table
