"""Results written to files whose suffix tells what of them is wished."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy import render
from seewhy.errors import OptionError
from seewhy.render.files import FORMATS, write
from seewhy.results.records.arrays_file import NAME


def save_result(
    path: str | Path,
    picture: Callable[[], Image.Image],
    arrays: Callable[[], dict[str, Any]] | None = None,
    record: Callable[[], dict[str, Any]] | None = None,
    *,
    text: Callable[[], str | None] = lambda: None,
) -> Path:
    """Write one face of a result: a picture, its arrays (.npy, .npz) or its record (.json).

    picture, arrays, record: make what is written. Of arrays, the one called "map" goes into .npy
    and all into .npz. text: what a picture's file holds beside its pixels, and .npz as "record".
    The file appears whole or not at all, missing folders are made. Raises OptionError for a suffix
    that the result has no face for.
    """
    if not isinstance(path, str | Path):
        raise OptionError(f"the path of a result is a text or a Path; got {path!r}.")
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return render.save(picture(), path, text=text())
    if record is not None and suffix == ".json":
        return write(path, json.dumps(record(), indent=1, ensure_ascii=False) + "\n")
    if arrays is not None and suffix in (".npy", ".npz"):
        return write(path, _packed(arrays(), suffix, text() if suffix == ".npz" else None))
    known = [*FORMATS, *([".npy", ".npz"] if arrays else []), *([".json"] if record else [])]
    raise OptionError(
        f"{path.name!r} does not end in one of {', '.join(known)}: the ending tells the format."
    )


def explanation_arrays(explanation: Any) -> dict[str, Any]:
    """What .npz holds of an explanation: numbers and texts, none of which is pickled."""
    names = ("map", "heatmap", "score", "layer", "method")
    share = explanation.probability
    return {name: getattr(explanation, name) for name in names} | {
        "target": explanation.target.name,
        "probability": np.nan if share is None else share,
    }


def _packed(arrays: dict[str, Any], suffix: str, text: str | None) -> memoryview:
    content = BytesIO()
    if suffix == ".npy":
        np.save(content, arrays["map"], allow_pickle=False)
    else:
        own: dict[str, Any] = {} if text is None else {NAME: np.array(text)}
        np.savez_compressed(content, **arrays, **own)
    return content.getbuffer()
