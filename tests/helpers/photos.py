"""Photos for tests, and the errors that they lead to."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from seewhy import images
from seewhy.errors import ImageError

RED, GREEN, BLUE, WHITE = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]


def noise(shape=(40, 60, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype="uint8")


def as_file(image, kind="png", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def error_of(source):
    """The one line that a user reads."""
    with pytest.raises(ImageError) as caught:
        images.load(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)
