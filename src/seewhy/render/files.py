"""Files: names that overwrite nothing and are not too long, and writing whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import numpy as np
from PIL import Image

from seewhy.errors import OptionError
from seewhy.images.listing import absolute
from seewhy.render.embedded.texts import embed_text, svg_text
from seewhy.render.embedded.xmp import packet

LONGEST_NAME, LONGEST_PART = 255, 100
"""Bytes of a file's name that every usual file system takes, and of a class in it."""
FORMATS = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".webp": "webp",
    ".svg": "svg",
    ".pdf": "pdf",
}
"""Kinds of pictures by their suffix; .svg and .pdf hold the same pixels, as PNG and JPEG."""


class Filenames:
    """Hands out file names in one folder.

    folder: where pictures go. photos: the photos of the run, which stay untouched.
    owners: files of earlier runs, each with the absolute path of the photo that may write it
        again, "" if none may. mark: goes behind the photo's name where such a file has that.
    """

    def __init__(
        self,
        folder: Path,
        photos: Sequence[str],
        *,
        owners: Mapping[Path, str] = MappingProxyType({}),
        mark: str = "",
    ) -> None:
        self.folder = folder
        self._taken = {_key(Path(photo)) for photo in photos}
        self._owners = {_key(path): owner for path, owner in owners.items()}
        self._mark = mark
        self._numbers: dict[tuple[str, ...], int] = {}

    def claim(self, photo: str, endings: Sequence[str]) -> list[Path]:
        """Paths STEM + ending, one for each ending, for the pictures of one photo.

        The stem is the photo's own name without suffix; a number is added where one of the
        names is taken already, as for `a/cat.jpg` and `b/cat.jpg`. Names that are too long for a
        file are shortened.
        """
        stem, owner = self._stem(photo, endings), absolute(photo)
        # of thousands of photos of one name each begins where the last one ended
        kind = (stem.casefold(), *endings)
        number = self._numbers.get(kind, 1)
        while True:
            paths = self._paths(stem if number == 1 else f"{stem}-{number}", endings)
            keys = [_key(path) for path in paths]
            free = all(self._owners.get(key, owner) == owner for key in keys)
            if free and self._taken.isdisjoint(keys):
                self._taken.update(keys)
                self._numbers[kind] = number
                return paths
            number += 1

    def _stem(self, photo: str, endings: Sequence[str]) -> str:
        """The photo's own name, with the mark where a file that nobody may write has it."""
        stem = Path(photo).stem
        owners = [self._owners.get(_key(path)) for path in self._paths(stem, endings)]
        return f"{stem}_{self._mark}" if self._mark and "" in owners else stem

    def _paths(self, start: str, endings: Sequence[str]) -> list[Path]:
        return [self.folder / file_name(start, ending) for ending in endings]


def file_name(stem: str, ending: str) -> str:
    """The stem, shortened where it would be too long with its ending, and the ending."""
    return shortened(stem, LONGEST_NAME - len(_bytes(ending))) + ending


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning with a digest of the whole, of that many bytes at most."""
    if len(_bytes(text)) <= longest:
        return text
    mark = f"-{hashlib.sha256(_bytes(text)).hexdigest()[:10]}"
    # of a letter of several bytes that is cut through nothing is left
    return _bytes(text)[: longest - len(mark)].decode(errors="ignore") + mark


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")  # names of files need not be UTF-8


def _key(path: Path) -> str:
    """Equal for paths of one file, also where the file system takes a and A for the same."""
    # unlike Path.resolve, it takes links that lead round in a circle as they are
    return os.path.realpath(path).casefold()


def slug(name: str) -> str:
    """A name as part of a file name: letters, digits and hyphens of any script."""
    return shortened(re.sub(r"[^\w-]+", "_", name).strip("_"), LONGEST_PART) or "target"


def number_duplicates(names: Sequence[str]) -> list[str]:
    """The names, with a number behind each that occurred before, in whatever case."""
    numbered: list[str] = []
    taken: set[str] = set()
    for name in names:
        number, candidate = 2, name
        while candidate.casefold() in taken:
            number, candidate = number + 1, f"{name}-{number}"
        numbered.append(candidate)
        taken.add(candidate.casefold())
    return numbered


def save(picture: Image.Image | np.ndarray, path: str | Path, *, text: str | None = None) -> Path:
    """Write a picture in the format of the path's suffix; returns the path.

    text: in ASCII, which the file holds beside the pixels (PNG: iTXt; JPEG, WebP and PDF: XMP; SVG:
    metadata). The file appears whole or not at all. Missing folders are
    made. Raises OptionError for an unknown suffix.
    """
    if not isinstance(path, str | Path):
        raise OptionError(f"the path of a picture is a text or a Path; got {path!r}.")
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise OptionError(
            f"{path.name!r} does not end in one of {', '.join(FORMATS)}: "
            f"the ending tells the format of the picture."
        )
    image = picture if isinstance(picture, Image.Image) else _as_image(picture)
    return write(path, _encoded(image, FORMATS[path.suffix.lower()], text))


def _encoded(image: Image.Image, kind: str, text: str | None) -> bytes | memoryview:
    content = BytesIO()
    # Pillow does not look at how much of it a file took
    if kind == "svg":
        image.save(content, "png")
        return memoryview(_svg(content.getvalue(), image.size, text).encode())
    more = {"xmp": packet(text)} if text is not None and kind == "webp" else {}
    image.save(content, kind, quality=95, subsampling=0, **more)
    return content.getbuffer() if text is None else embed_text(content.getvalue(), text)


def _svg(png: bytes, size: tuple[int, int], text: str | None) -> str:
    width, height = size
    address = f"data:image/png;base64,{b64encode(png).decode('ascii')}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><image width="{width}" height="{height}" '
        f'href="{address}"/>{"" if text is None else svg_text(text)}</svg>\n'
    )


def _as_image(picture: Any) -> Image.Image:
    array = picture if isinstance(picture, np.ndarray) else np.empty(0, object)
    if array.dtype != np.uint8 or not array.size or array.shape[2:] not in ((), (3,), (4,)):
        got = f"{array.dtype} {array.shape}" if array is picture else type(picture).__name__
        raise OptionError(f"a picture is uint8 (height, width, 3) or a PIL image; got {got}.")
    return Image.fromarray(array)


def write(path: str | Path, content: str | bytes | memoryview) -> Path:
    """Write a file, which appears whole or not at all; returns the path. Missing folders are made.

    Texts are UTF-8; what that has no letters for, as in names of files that are not UTF-8, is
    written out as \\udcff, as JSON has it.
    """
    path = Path(path)
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid4().hex}{path.suffix[:20]}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # some file systems tell of a full disk only here
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path
