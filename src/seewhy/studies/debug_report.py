"""What `seewhy.debug` found: the record, one picture, and one page."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from seewhy.maps.correlation import correlation
from seewhy.render import files, pictures
from seewhy.render.embedded.html import record_script
from seewhy.render.legends import below, colour_bar, legend, percent, readable
from seewhy.render.looks import Look, LookName, choose_look
from seewhy.render.notebooks.html import (
    LARGEST,
    Figure,
    HtmlTable,
    notebook_html,
    picture_address,
)
from seewhy.render.pages import data_address, html_page
from seewhy.render.regions_on_photos import greyed_region
from seewhy.render.sheets import MARGIN, labelled_sheet
from seewhy.render.text import TEXT, font, wrap_text
from seewhy.results.explanation import Explanation
from seewhy.results.prediction import Prediction
from seewhy.results.records.make_record import records_text
from seewhy.results.saving import save_result
from seewhy.results.shared_scale import on_one_scale
from seewhy.results.trust import SCOPE, Trust

MARKS = {"yes": "✓", "no": "✗", "excused": "–", "not asked": "–"}
COLOURS = {"yes": "#1b7a3d", "no": "#c0392b", "excused": "#5f5f5f", "not asked": "#5f5f5f"}
VERDICTS = {"pass": "#1b7a3d", "doubtful": "#8a6100", "fail": "#c0392b"}
BAR = "#1b6ca8"
COLUMNS = 3
# Shares of the photo that are tried, the smallest first.
SHARES = tuple(k / 50 for k in range(1, 36))


def draw_report(debugging: Debugging, look: Look) -> Image.Image:
    """Photo, both maps on one scale, their difference and the region; below, all in words."""
    above = _draw_maps(debugging, look)
    return below(above, _draw_words(debugging, above.width))


def _draw_maps(debugging: Debugging, look: Look) -> Image.Image:
    named = _maps(debugging, look)
    sheet = labelled_sheet([tile for _, tile in named], [title for title, _ in named], COLUMNS)
    return below(sheet, legend(sheet.width, (_how(debugging),), look))


def _how(debugging: Debugging) -> str:
    kind = "runner-up" if debugging.right else "true class"
    return f"{debugging.predicted.caption[1]} · predicted and {kind} on one scale"


def _maps(debugging: Debugging, look: Look) -> list[tuple[str, np.ndarray]]:
    """Titles and pictures, uint8 (height, width, 3)."""
    both = on_one_scale([debugging.predicted, debugging.true])
    photo = pictures.plain_picture(debugging.predicted.photo)
    explanations = (*both, debugging.difference)
    tiles = [photo, *(each.picture(look, full_size=True) for each in explanations)]
    first, other = (readable(each.target.name) for each in both)
    kind = "runner-up" if debugging.right else "true"
    titles = [
        Path(debugging.predicted.photo.name).name,
        f"predicted: {both[0].target_words}",
        f"{kind}: {both[1].target_words}",
        f"{first} rather than {other}",
    ]
    if debugging.region is not None:
        tiles.append(greyed_region(photo, debugging.region.mask))
        titles.append(f"without this {debugging.region.share:.0%}: {other}")
    return list(zip(titles, tiles, strict=True))


def _draw_words(debugging: Debugging, width: int) -> Image.Image:
    """The summary over the checks; the nearest classes beside them, or below where it is narrow."""
    size = min(max(TEXT, width // 90), 2 * TEXT)
    letters, leading = font(size), round(1.5 * size)
    narrow = width < 60 * TEXT
    left = width - 2 * MARGIN if narrow else round(0.66 * width) - 2 * MARGIN
    lines = [
        (line, "black") for text in debugging.summary for line in wrap_text(text, letters, left)
    ]
    if debugging.trust is not None:
        head = f"Is the map faithful to the model? {debugging.trust.answer}"
        lines += [("", "black"), (head, VERDICTS[debugging.trust.verdict])]
        lines += [(line, "black") for line in wrap_text(SCOPE, letters, left)]
        for check in debugging.trust.checks:
            words = wrap_text(f"{MARKS[check.answer]} {check.words}", letters, left)
            lines += [(line, COLOURS[check.answer]) for line in words]
        for told in debugging.trust.beside:
            lines += [(line, "black") for line in wrap_text(told, letters, left)]
    classes = _classes(debugging, letters, (left if narrow else width - left) - 4 * MARGIN)
    below = (len(lines) + 1) * leading
    height = below + classes.height if narrow else max(below, classes.height)
    canvas = Image.new("RGB", (width, height + MARGIN), "white")
    draw = ImageDraw.Draw(canvas)
    for row, (line, colour) in enumerate(lines):
        draw.text((MARGIN, row * leading), line, fill=colour, font=letters)
    canvas.paste(classes, (MARGIN, below) if narrow else (left + 3 * MARGIN, 0))
    return canvas


def _classes(debugging: Debugging, letters: ImageFont.FreeTypeFont, width: int) -> Image.Image:
    """Each class over a bar of its probability."""
    leading = round(1.6 * letters.size)
    canvas = Image.new("RGB", (width, leading * (len(debugging.confusions) + 1)), "white")
    draw = ImageDraw.Draw(canvas)
    draw.text((0, 0), "Nearest classes", fill="black", font=letters)
    for row, prediction in enumerate(debugging.confusions, 1):
        line = wrap_text(
            f"{percent(prediction.probability)}  {readable(prediction.name)}", letters, width
        )[0]
        draw.text((0, row * leading), line, fill="black", font=letters)
        foot = (row + 1) * leading
        draw.rectangle(
            (0, foot - 5, max(1, round(width * prediction.probability)), foot - 2), fill=BAR
        )
    return canvas


def debug_page(debugging: Debugging, look: Look, text: str | None) -> str:
    """One HTML page that holds all of it, to mail. text: of its records, if it is to have them."""
    explained = (debugging.predicted, debugging.true)
    notes = dict.fromkeys(note for explanation in explained for note in explanation.warnings)
    versions = debugging.predicted.versions.items()
    return html_page(
        "debug.html",
        name=Path(debugging.predicted.photo.name).name,
        sentences=debugging.summary,
        maps=[(title, _address(tile)) for title, tile in _maps(debugging, look)],
        scale=_how(debugging),
        bar=picture_address(colour_bar(look, 200), 200),
        trust=debugging.trust,
        predictions=[(readable(each.name), each.probability) for each in debugging.confusions],
        notes=list(notes),
        how=debugging.predicted.caption[1],
        versions=", ".join(f"{package} {version}" for package, version in versions),
        marks=MARKS,
        scope=SCOPE,
        colours={"passed": COLOURS, "verdict": VERDICTS},
        record=record_script(text),
    )


def _address(picture: np.ndarray) -> str:
    image, content = Image.fromarray(picture), io.BytesIO()
    image.thumbnail((LARGEST, LARGEST))
    image.save(content, "jpeg", quality=90)
    return data_address(content.getvalue(), "image/jpeg")


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class Region:
    """The smallest part of the photo, hottest first, whose removal turns the decision."""

    mask: np.ndarray
    """bool, of the photo's size."""
    share: float
    """Of the network's input that is in it, 0..1."""
    before: float
    """The predicted class's logit less that of the other, of the photo as it is."""
    after: float
    """The same without the region, which is blurred or of the mean colour; at most 0."""


@dataclass(frozen=True)
class Debugging:
    """One prediction beside what should have been predicted."""

    predicted: Explanation
    true: Explanation
    """Of the true class; of the runner-up, where the prediction is right."""
    difference: Explanation
    """What speaks for the predicted class rather than for the other."""
    region: Region | None
    """None where no region of up to 70 % turns the decision."""
    right: bool
    """Whether the true class is the predicted one."""
    rank: int | None
    """At which place the true class was predicted, from 1 on; None beyond those listed."""
    confusions: tuple[Prediction, ...]
    """The classes that came closest, the predicted one first."""
    trust: Trust | None = None
    """Whether the predicted class's map is faithful to the model; None where that was not asked."""

    @property
    def summary(self) -> tuple[str, ...]:
        """What was found, in plain sentences."""
        first, other = (readable(each.target.name) for each in (self.predicted, self.true))
        if self.right:
            sentences = [
                f"The prediction is right: {first}. It is compared with the runner-up, {other}."
            ]
        else:
            place = f"at place {self.rank}" if self.rank else "further down"
            sentences = [f"Predicted: {first}. True: {other}, which comes {place}."]
        agreement = correlation(self.predicted.heatmap, self.true.heatmap)
        sentences.append(
            f"The maps of both classes correlate by {agreement:.2f}: "
            + ("they look at the same place." if agreement > 0.7 else "they look elsewhere.")
        )
        if self.region is None:
            sentences.append(
                f"No region of up to {SHARES[-1]:.0%} of the photo turns the decision when it is "
                f"taken away, hottest first."
            )
        else:
            sentences.append(
                f"Without {self.region.share:.0%} of the photo the decision turns: the lead of "
                f"{first} over {other} falls from {self.region.before:.2f} to "
                f"{self.region.after:.2f}."
            )
        verdicts = {"doubtful": "may not be faithful", "fail": "is not faithful"}
        if self.trust is not None and self.trust.verdict in verdicts:
            sentences.append(
                f"The map of {first} {verdicts[self.trust.verdict]} to the model: see the checks."
            )
        return tuple(sentences)

    def picture(self, look: LookName | Look | None = None) -> Image.Image:
        """Photo, both maps on one scale, their difference, and the region; below, all in words.

        look: as `Explanation.overlay` takes it.
        """
        return draw_report(self, choose_look(look))

    def _repr_html_(self) -> str:
        classes = [(readable(p.name), percent(p.probability)) for p in self.confusions]
        tables = [HtmlTable((), classes, title="Nearest classes")]
        look = choose_look()
        maps = [Figure(Image.fromarray(tile), (title,)) for title, tile in _maps(self, look)]
        words = " ".join(self.summary)
        own = notebook_html(words, figures=maps, tables=tables, look=look, largest=480)
        return own if self.trust is None else own + self.trust.html()

    def as_dict(self, *, record: bool = True) -> dict[str, Any]:
        """The result as plain values for JSON, without pictures.

        record: whether each explanation has its record, as `Explanation.as_dict` has it.
        """
        region = self.region and {
            "share": self.region.share,
            "before": self.region.before,
            "after": self.region.after,
        }
        return {
            "photo": self.predicted.photo.name,
            "right": self.right,
            "rank": self.rank,
            "summary": list(self.summary),
            "predicted": self.predicted.as_dict(record=record),
            "true": self.true.as_dict(record=record),
            "difference": self.difference.as_dict(record=record),
            "region": region,
            "confusions": [vars(prediction) for prediction in self.confusions],
            "trust": self.trust and self.trust.as_dict(),
        }

    def html(self, look: LookName | Look | None = None, *, record: bool = True) -> str:
        """One page that holds all of it, to mail. look, record: as `save` takes them."""
        return debug_page(self, choose_look(look), self._records() if record else None)

    def save(
        self, path: str | Path, look: LookName | Look | None = None, *, record: bool = True
    ) -> Path:
        """Write it: the page as .html, the record as .json, else the picture, as its suffix says.

        look: as `picture` takes it. record: whether the file holds the records of the three
        explanations. Returns the path.
        """
        if Path(path).suffix.lower() in (".html", ".htm"):
            return files.write(path, self.html(look, record=record))
        return save_result(
            path,
            lambda: self.picture(look),
            record=lambda: self.as_dict(record=record),
            text=lambda: self._records() if record else None,
        )

    def _records(self) -> str:
        shown = (self.predicted, self.true, self.difference)
        return records_text(each.record for each in shown)
