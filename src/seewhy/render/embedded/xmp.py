"""A text within a JPEG or WebP: a property of its XMP packet.

What does not fit into one segment of a JPEG (64 KB) goes on in others, as Adobe's XMP
Specification, part 3, section 1.1.3.1 has it ("ExtendedXMP").
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from html import unescape
from xml.sax.saxutils import escape

from seewhy.render.embedded.limits import KEY, LONGEST_READ, TextError

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_SEGMENT = 65_000
"""Bytes of a packet in one segment: 65,533 less the names in front."""
_OPEN, _CLOSE = f"<{KEY}:record>".encode(), f"</{KEY}:record>".encode()
_BEGIN = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = b'<?xpacket end="r"?>'
_OWN = f'xmlns:{KEY}="urn:seewhy:record"'
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def packet(text: str) -> bytes:
    """The XMP packet that holds a text in ASCII."""
    return _BEGIN + _meta(_OWN, _property(text)) + _END


def _meta(attributes: str, inside: str) -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about="" {attributes}>{inside}</rdf:Description>'
        f"</rdf:RDF></x:xmpmeta>"
    ).encode()


def _property(text: str) -> str:
    return f"{_OPEN.decode()}{escape(text)}{_CLOSE.decode()}"


def jpeg_with_text(jpeg: bytes, text: str) -> bytes:
    """The file with the text in it, behind its first segment."""
    place = 2
    while jpeg[place : place + 2] == b"\xff\xe0":
        place += 2 + struct.unpack_from(">H", jpeg, place + 2)[0]
    return jpeg[:place] + b"".join(map(_segment, _bodies(text))) + jpeg[place:]


def _bodies(text: str) -> Iterator[bytes]:
    whole = packet(text)
    if len(whole) <= _SEGMENT:
        yield _XMP + whole
        return
    whole = _meta(_OWN, _property(text))
    mark = hashlib.md5(whole, usedforsecurity=False).hexdigest().upper()
    names = f'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{mark}"'
    yield _XMP + _BEGIN + _meta(names, "") + _END
    for start in range(0, len(whole), _SEGMENT):
        head = mark.encode() + struct.pack(">II", len(whole), start)
        yield _MORE + head + whole[start : start + _SEGMENT]


def _segment(body: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def text_of_jpeg(jpeg: bytes) -> str | None:
    """The text in a file; None where there is none. Raises TextError for a damaged one."""
    parts: dict[int, bytes] = {}
    for body in _application_segments(jpeg):
        if body.startswith(_XMP) and _OPEN in body:
            return text_of_packet(body)
        if body.startswith(_MORE) and len(body) > len(_MORE) + 40:
            total, start = struct.unpack_from(">II", body, len(_MORE) + 32)
            if total > LONGEST_READ or start > LONGEST_READ:
                raise TextError("its XMP is too long")
            parts[start] = body[len(_MORE) + 40 :]
    whole = b"".join(parts[start] for start in sorted(parts))
    return text_of_packet(whole) if whole else None


def text_of_webp(webp: bytes) -> str | None:
    """The text in a file; None where there is none. Raises TextError for a damaged one."""
    place = 12
    while place + 8 <= len(webp):
        (length,) = struct.unpack_from("<I", webp, place + 4)
        if webp[place : place + 4] == b"XMP ":
            return text_of_packet(webp[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    return None


def text_of_packet(content: bytes) -> str | None:
    """The text in a packet. It is looked for, not parsed: XML from outside may unfold for ever."""
    start = content.find(_OPEN)
    if start < 0:
        return None
    end = content.find(_CLOSE, start)
    if end < 0:
        raise TextError("its XMP is cut short")
    try:
        return unescape(content[start + len(_OPEN) : end].decode())
    except UnicodeDecodeError as error:
        raise TextError("its XMP is no UTF-8") from error


def _application_segments(jpeg: bytes) -> Iterator[bytes]:
    """The bodies of segments APP1 in front of the pixels."""
    place = 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF and jpeg[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", jpeg, place + 2)
        if length < 2:
            return
        if jpeg[place + 1] == 0xE1:
            yield jpeg[place + 4 : place + 2 + length]
        place += 2 + length
