"""The record in a file of arrays (.npz)."""

from __future__ import annotations

import zipfile
from io import BytesIO

import numpy as np

from seewhy.render.embedded.limits import LONGEST_READ, TextError

NAME = "record"


def text_of_arrays(content: bytes) -> str | None:
    """The text that is called "record"; None where there is none. Raises TextError for a damaged
    file, and for one whose record would take too much memory."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            about = next(
                (each for each in archive.infolist() if each.filename == f"{NAME}.npy"), None
            )
            if about is None:
                return None
            if about.file_size > 4 * LONGEST_READ:  # four bytes a letter
                raise TextError("its record is too long")
            with archive.open(about) as file:
                data = file.read(4 * LONGEST_READ + 1000)
        array = np.load(BytesIO(data), allow_pickle=False)
    except TextError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise TextError("its arrays cannot be read") from error
    if array.dtype.kind != "U" or array.shape != ():
        raise TextError("its record is no text")
    return str(array)
