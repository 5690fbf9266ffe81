"""One picture of every method of the registry on the photo that comes with seewhy."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import seewhy
from seewhy import methods
from seewhy.data import FOLDER
from seewhy.methods.registry import FAMILIES, Method
from site_parts.tiny_transformer import disc_on_photo, trained_transformer

DOCS = Path(__file__).parents[1]
PICTURES = DOCS / "every_method"
WIDTH = 320
SHORTER: dict[str, dict[str, Any]] = {
    "rise": {"masks": 300},
    "ss_cam": {"samples": 1},
    "is_cam": {"steps": 1},
    "smooth_grad": {"samples": 12},
    "square_grad": {"samples": 12},
    "var_grad": {"samples": 12},
    "expected_gradients": {"samples": 12},
    "integrated_gradients": {"steps": 12},
    "blur_ig": {"steps": 12},
    "meaningful_perturbation": {"steps": 40},
    "extremal_perturbation": {"steps": 40},
}
"""Fewer passes than by default, where the default would take minutes on two processors."""


def write(app: Any) -> None:
    """Draw all pictures, and write the part of the page that shows them.

    What is there of the same sources is kept, so that a second build is quick.
    """
    rows, key = PICTURES / "rows.md", _key()
    if rows.exists() and rows.read_text(encoding="utf-8").startswith(key):
        return
    PICTURES.mkdir(exist_ok=True)
    rows.write_text(f"{key}\n\n{_page()}", encoding="utf-8")


def _key() -> str:
    """A comment that changes with whatever may change a picture."""
    source = DOCS.parent / "src" / "seewhy"
    files = [*Path(__file__).parent.glob("*.py"), *source.rglob("*.py")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files)))
    return f"% {digest.hexdigest()}"


def _page() -> str:
    explainer = seewhy.Explainer("efficientnet-lite0")
    photo = FOLDER / "chelsea.png"
    transformer = seewhy.Explainer(trained_transformer(), labels=["orange disc", "blue disc"])
    with_disc = disc_on_photo(photo)
    parts = []
    for family in FAMILIES:
        known = [each for each in methods.all_methods() if each.family == family]
        of_transformers = family == "transformer"
        asked = (
            (transformer, with_disc, "blue disc") if of_transformers else (explainer, photo, "top")
        )
        cards = "\n".join(_card(each, *asked) for each in known)
        about = ABOUT_TRANSFORMERS if of_transformers else ""
        heading = f"## {family.capitalize()}\n\n{about}"
        parts.append(f"{heading}::::{{container}} methods\n{cards}::::\n")
    return "\n".join(parts)


ABOUT_TRANSFORMERS = """\
These need self-attention, of which the bundled network has none. Their pictures are of a tiny
vision transformer (two blocks, 8 × 12 tokens) that was trained while this page was built, to say
which colour the disc has that is drawn on the photo. Of a network so small they show what a map of
each looks like, not how good it is. In use, any vision transformer of Keras fits.

"""


def _card(method: Method, explainer: seewhy.Explainer, photo: Any, target: Any) -> str:
    """A picture and what it is called."""
    options = SHORTER.get(method.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", seewhy.errors.SeewhyWarning)
        asking = explainer.having(method=method.name, options=options)
        (explanation,) = asking([photo], target)
        picture = explanation.overlay().convert("RGB")
    if not np.isfinite(explanation.map).all():
        raise ValueError(f"{method.name} gave a map with values that are not finite")
    picture.thumbnail((WIDTH, WIDTH))
    picture.save(PICTURES / f"{method.name}.jpg", quality=85)
    told = ", ".join(f"{name}={value}" for name, value in (options or {}).items())
    shorter = f", here with {told}" if told else ""
    alt = f"The map of {method.name} over the photo"
    return (
        f":::{{container}} method\n![{alt}](every_method/{method.name}.jpg)\n\n"
        f"[{method.name}](methods.md#{method.name})\\\n{method.summary} "
        f"Cost: {method.cost}{shorter}.\n:::\n"
    )
