"""A photo of a run, read from where it lies."""

from __future__ import annotations

from io import BytesIO

from seewhy import images
from seewhy.datasets.sources.archives import member_of_archive
from seewhy.datasets.sources.entry import inside, path_of
from seewhy.datasets.sources.parquet_tables import bytes_in_parquet
from seewhy.images.photo import Photo


def photo_of(source: str) -> Photo:
    """The photo of a path, of FILE.tar!MEMBER or of FILE.parquet!ROW. Raises ImageError."""
    place = inside(source)
    if place is None:
        return images.load(path_of(source))
    read = member_of_archive if place[0].lower().endswith(".tar") else bytes_in_parquet
    file = BytesIO(read(*place))
    file.name = source
    return images.load(file)
