"""A text within a PNG: one compressed chunk iTXt, in front of the pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from seewhy.render.embedded.limits import KEY, LONGEST_READ, TextError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = len(SIGNATURE) + 25
"""Bytes up to the end of the chunk IHDR, which is always the first."""


def with_text(png: bytes, text: str) -> bytes:
    """The file with the text in it."""
    # compressed, by deflate, in no language, without a translated keyword
    data = KEY.encode() + b"\0\1\0\0\0" + zlib.compress(text.encode(), 9)
    chunk = b"iTXt" + data
    whole = struct.pack(">I", len(data)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:_HEAD] + whole + png[_HEAD:]


def text_of(png: bytes) -> str | None:
    """The text in a file; None where there is none. Raises TextError for a damaged one."""
    for kind, data in _chunks(png):
        keyword, _, rest = data.partition(b"\0")
        if kind != b"iTXt" or keyword != KEY.encode():
            continue
        is_compressed, body = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
        if len(body) < 3:
            raise TextError("its chunk iTXt is cut short")
        content = _unpacked(body[2]) if is_compressed else body[2]
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise TextError("its chunk iTXt is no UTF-8") from error
    return None


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, place)
        kind = png[place + 4 : place + 8]
        if kind == b"iTXt":
            yield kind, png[place + 8 : place + 8 + length]
        place += 12 + length


def _unpacked(data: bytes) -> bytes:
    """At most so many bytes: a short chunk may unpack to more than the memory holds."""
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(data, LONGEST_READ)
    except zlib.error as error:
        raise TextError("its chunk iTXt cannot be unpacked") from error
    if not unpacking.eof:
        more = bool(unpacking.unconsumed_tail)
        raise TextError("its chunk iTXt is too long" if more else "its chunk iTXt is cut short")
    return content
