"""Photos that were given in the place of a model, and models in that of photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy.errors import OptionError
from seewhy.images.listing import SUFFIXES
from seewhy.images.photo import Photo


def check_order(right: str, model: Any, photos: Any = None) -> None:
    """Raises OptionError if a photo is in the model's place, or a model in that of photos.

    right: the call as it is meant, as "seewhy.explain(model, photo)".
    """
    if is_photo(model):
        raise OptionError(
            f"{_words(model)} is a photo and stands where the model belongs. The order is {right}."
        )
    if is_model(photos):
        raise OptionError(
            f"a model ({_words(photos)}) stands where the photo belongs. The order is {right}."
        )


def is_photo(value: Any) -> bool:
    """Whether it can be nothing but a photo, or a list of photos; no file is looked at."""
    if isinstance(value, list | tuple):
        return bool(value) and all(map(is_photo, value))
    if isinstance(value, str | Path):
        return Path(value).suffix.lower() in SUFFIXES
    if isinstance(value, Photo | Image.Image | np.ndarray | bytes):
        return True
    return (hasattr(value, "read") or hasattr(value, "__array__")) and not callable(value)


def is_model(value: Any) -> bool:
    """Whether it can be nothing but a model: of Keras, of another framework, or an explainer."""
    if isinstance(value, str | Path):
        return Path(value).suffix.lower() in (".keras", ".h5", ".hdf5")
    parts = ("layers", "forward", "run_head", "pipeline", "predict")
    return not is_photo(value) and any(hasattr(value, name) for name in parts)


def _words(value: Any) -> str:
    if isinstance(value, str | Path):
        return repr(str(value))
    if isinstance(value, list | tuple):
        return f"a list of {len(value)} photos"
    kind = type(value).__name__
    return f"{kind} of shape {value.shape}" if isinstance(value, np.ndarray) else kind
