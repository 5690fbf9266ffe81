"""Draw docs/images/overview.jpg, the first picture of the README: python tools/make_overview.py

Three questions, answered with the bundled photo and network and with a small network that is
trained on drawn photos: why this class and not that one, why a prediction is wrong, and what a
network has learned by mistake. It takes a minute, and needs `pip install "seewhy[audit]"`.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import seewhy
from seewhy import targets
from seewhy.data import FOLDER
from seewhy.render.text import font

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
PAGE = ROOT / "docs" / "images" / "overview.jpg"
HEIGHT, GAP = 300, 16
FOX = (70, 0, 200, 130)
"""The part of the photo that the network takes for a red fox."""


def class_pair() -> tuple[str, str, list[Image.Image]]:
    """What speaks for tabby, and what for tabby rather than for tiger cat."""
    explainer = seewhy.Explainer("efficientnet-lite0")
    asked = ["tabby", targets.margin("tabby", "tiger cat")]
    (row,) = explainer.ask([FOLDER / "chelsea.png"], asked)
    told = "left: tabby. right: tabby and not tiger cat"
    return "Why this class and not that one?", told, [each.overlay() for each in row]


def wrong_prediction() -> tuple[str, str, list[Image.Image]]:
    """A piece of the photo that is taken for a fox, and the cat in it."""
    with Image.open(FOLDER / "chelsea.png") as photo:
        piece = photo.convert("RGB").crop(FOX).resize((HEIGHT, HEIGHT), Image.Resampling.BICUBIC)
    found = seewhy.debug("efficientnet-lite0", np.asarray(piece), "tiger cat", trust=False)
    best = found.predicted.predictions[0]
    told = f"left: red fox, {best.probability:.0%}. right: tiger cat, which it is"
    if best.name != "red_fox" or found.rank is None:
        raise ValueError(f"the piece is taken for {best.name}, so this picture would be wrong")
    return "Why is this wrong?", told, [found.predicted.overlay(), found.true.overlay()]


def audit_finding() -> tuple[str, str, list[Image.Image]]:
    """A photo with the strip that a network has learned instead of the thing, and its map."""
    from nets import planted

    data = planted.planted(100)
    model = planted.trained(data)
    explainer = seewhy.Explainer(model, labels=["across", "down"], preprocess="none", batch_size=32)
    with tempfile.TemporaryDirectory() as folder:
        photos = data.save(Path(folder, "photos"))
        choices = seewhy.audit.AuditOptions(confirm=1)
        audit = seewhy.audit(
            str(photos), explainer, folder=str(Path(folder, "audit")), choices=choices
        )
    if not audit.confirmed:
        raise ValueError("the audit confirmed nothing, so there is nothing to show")
    (explanation,) = explainer([data.photos[np.flatnonzero(data.marked)[0]]], "down")
    shown = [Image.fromarray(explanation.photo.pixels), explanation.overlay()]
    rate = audit.confirmed[0].flip_rate
    told = f"the strip decides: pasted, it turns {rate:.0%} of other photos"
    return "What has it learned by mistake?", told, shown


def panel(title: str, told: str, pictures: list[Image.Image]) -> Image.Image:
    """Pictures side by side at one height, a question above and an answer below."""
    scaled = [
        each.convert("RGB").resize((each.width * HEIGHT // each.height, HEIGHT))
        for each in pictures
    ]
    width = sum(each.width for each in scaled) + GAP // 2 * (len(scaled) - 1)
    sheet = Image.new("RGB", (width, HEIGHT + 78), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((0, 2), title, font=font(26), fill="black")
    left = 0
    for each in scaled:
        sheet.paste(each, (left, 40))
        left += each.width + GAP // 2
    pen.text((0, HEIGHT + 48), told, font=font(20), fill="#444444")
    return sheet


def main() -> None:
    warnings.simplefilter("ignore", seewhy.errors.SeewhyWarning)
    panels = [panel(*make()) for make in (class_pair, wrong_prediction, audit_finding)]
    width = sum(each.width for each in panels) + 3 * GAP * (len(panels) - 1)
    sheet = Image.new("RGB", (width, panels[0].height), "white")
    left = 0
    for each in panels:
        sheet.paste(each, (left, 0))
        left += each.width + 3 * GAP
    sheet.save(PAGE, quality=88)
    print(PAGE, sheet.size)


if __name__ == "__main__":
    main()
