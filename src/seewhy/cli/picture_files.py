"""The pictures that `seewhy explain` writes for one photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy import render
from seewhy.errors import OptionError
from seewhy.render import pictures
from seewhy.render.files import Filenames, number_duplicates, slug
from seewhy.render.sheets import labelled_sheet
from seewhy.results.explanation import Explanation
from seewhy.results.shared_scale import on_one_scale


@dataclass(frozen=True)
class Drawing:
    """How pictures look, and where they go."""

    blend: str = "add"
    alpha: float = 0.4
    colormap: str = "jet"
    output: Path = Path()
    format: str = "jpg"
    common_scale: bool = False
    """Whether all maps of a photo share one scale, so that their strengths compare."""
    full_size: bool = False
    """Whether photos of over 4096 pixels a side are drawn whole."""

    def check(self) -> None:
        """Raise OptionError now for what would fail at the first picture."""
        render.table(self.colormap)
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(
                f"pictures cannot go to {str(self.output)!r} ({error.strerror}). "
                f"Give a folder that can be written with --output."
            ) from error

    def write(
        self, photo: str, explanations: Sequence[Explanation], names: Filenames
    ) -> list[list[Path]]:
        """Write the pictures of one photo; returns the files of each explanation.

        Two for each: the coloured map and the map over the photo. Several explanations also
        share a sheet that shows them side by side.
        """
        several = len(explanations) > 1
        if self.common_scale:
            explanations = on_one_scale(explanations)
        marks = [
            f"_{slug(explanation.target.name)}" if several else "" for explanation in explanations
        ]
        method = explanations[0].method.replace("_", "")
        endings = [
            f"{mark}_{kind}.{self.format}"
            for mark in number_duplicates(marks)
            for kind in ("heatmap", method)
        ]
        if several:
            endings.append(f"_sheet.{self.format}")
        paths = names.claim(photo, endings)
        files = [
            self._write_one(explanation, paths[2 * i : 2 * i + 2])
            for i, explanation in enumerate(explanations)
        ]
        if several:
            self._write_sheet(explanations, paths[-1])
            files = [[*pair, paths[-1]] for pair in files]
        return files

    def _write_one(self, explanation: Explanation, paths: list[Path]) -> list[Path]:
        render.save(explanation.colorize(self.colormap, full_size=self.full_size), paths[0])
        render.save(self._overlay(explanation), paths[1])
        return paths

    def _write_sheet(self, explanations: Sequence[Explanation], path: Path) -> None:
        overlays = [np.asarray(self._overlay(explanation)) for explanation in explanations]
        titles = [_title(explanation) for explanation in explanations]
        photo = explanations[0].photo
        together = labelled_sheet(
            [pictures.plain_picture(photo), *overlays], [Path(photo.name).name, *titles]
        )
        render.save(together, path)

    def _overlay(self, explanation: Explanation) -> Image.Image:
        look: dict[str, Any] = {"alpha": self.alpha, "blend": self.blend}
        return explanation.overlay(colormap=self.colormap, full_size=self.full_size, **look)


def _title(explanation: Explanation) -> str:
    # an empty map beside others must not pass for a cold one
    empty = "" if explanation.heatmap.any() else " (no evidence)"
    return f"{explanation.target.name}{empty}"
