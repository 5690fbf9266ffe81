"""A photo of a run, read from where it lies."""

from __future__ import annotations

from io import BytesIO

from seewhy import images
from seewhy.datasets.places.address import Address, is_address
from seewhy.datasets.sources.archives import member_of_archive
from seewhy.datasets.sources.entry import inside, path_of
from seewhy.datasets.sources.parquet_tables import bytes_in_parquet
from seewhy.errors import ImageError, ImageNotFoundError
from seewhy.images.photo import Photo


def photo_of(source: str) -> Photo:
    """The photo of a path, an address, FILE.tar!MEMBER or FILE.parquet!ROW. Raises ImageError."""
    return images.load(file_of_photo(source))


def file_of_photo(source: str) -> str | BytesIO:
    """The path of the same, or a file in memory. Raises ImageError."""
    place = inside(source)
    if place is None:
        if not is_address(source):
            return path_of(source)
        file = BytesIO(_bytes_at(Address(source)))
    else:
        read = member_of_archive if place[0].lower().endswith(".tar") else bytes_in_parquet
        file = BytesIO(read(*place))
    file.name = source
    return file


def _bytes_at(address: Address) -> bytes:
    try:
        return address.read_bytes()
    except FileNotFoundError:
        raise ImageNotFoundError(f"there is no {str(address)!r} any more.") from None
    except OSError as error:
        raise ImageError(f"{str(address)!r} cannot be read ({error.strerror}).") from error
