"""The pictures that `seewhy explain` writes for one photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seewhy import render
from seewhy.errors import OptionError
from seewhy.render.files import Filenames, number_duplicates, slug
from seewhy.render.looks import CLEAR, Look
from seewhy.results.explanation import Explanation
from seewhy.results.explanation_sheet import explanation_sheet
from seewhy.results.records.make_record import records_text
from seewhy.results.shared_scale import on_one_scale


@dataclass(frozen=True)
class Drawing:
    """How pictures look, and where they go."""

    look: Look = CLEAR
    output: Path = Path()
    format: str = "jpg"
    common_scale: bool = True
    """Whether all maps of a photo share one scale, so that their strengths compare."""
    legend: bool = False
    """Whether each picture says below what it shows; sheets always do."""
    full_size: bool = False
    """Whether photos of over 4096 pixels a side are drawn whole."""
    mark: str = ""
    """Put into the names of files, behind the photo's name."""
    record: bool = True
    """Whether each picture holds the record of what it shows."""
    besides: Drawing | None = None
    """Another drawing of the same explanations."""

    def check(self) -> None:
        """Raise OptionError now for what would fail at the first picture."""
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
        files = self._write(photo, explanations, names)
        if self.besides is None:
            return files
        others = self.besides.write(photo, explanations, names)
        return [[*own, *more] for own, more in zip(files, others, strict=True)]

    def _write(
        self, photo: str, explanations: Sequence[Explanation], names: Filenames
    ) -> list[list[Path]]:
        several = len(explanations) > 1
        if self.common_scale and several:
            explanations = on_one_scale(explanations)
        marks = [
            f"_{slug(explanation.target.name)}" if several else "" for explanation in explanations
        ]
        method = explanations[0].method.replace("_", "")
        endings = [
            f"{self.mark}{mark}_{kind}.{self.format}"
            for mark in number_duplicates(marks)
            for kind in ("heatmap", method)
        ]
        if several:
            endings.append(f"{self.mark}_sheet.{self.format}")
        paths = names.claim(photo, endings)
        files = [
            self._write_one(explanation, paths[2 * i : 2 * i + 2])
            for i, explanation in enumerate(explanations)
        ]
        if several:
            sheet = explanation_sheet([explanations], self.look)
            render.save(sheet, paths[-1], text=self._text(explanations))
            files = [[*pair, paths[-1]] for pair in files]
        return files

    def _write_one(self, explanation: Explanation, paths: list[Path]) -> list[Path]:
        how: dict[str, Any] = {"legend": self.legend, "full_size": self.full_size}
        text = self._text([explanation])
        render.save(explanation.colorize(look=self.look, **how), paths[0], text=text)
        render.save(explanation.overlay(look=self.look, **how), paths[1], text=text)
        return paths

    def _text(self, explanations: Sequence[Explanation]) -> str | None:
        return records_text(each.record for each in explanations) if self.record else None
