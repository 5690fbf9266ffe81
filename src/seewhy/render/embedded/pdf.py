"""A text within a PDF: XMP metadata of its catalog, appended as an incremental update.

As ISO 32000-1, sections 7.5.6 and 14.3.2, have it: what stands in the file stays as it is.
"""

from __future__ import annotations

import re

from seewhy.render.embedded.xmp import packet, text_of_packet

_TRAILER = re.compile(
    rb"trailer\s*<<(?P<entries>[^<>]*)>>\s*startxref\s+(?P<start>\d+)\s+%%EOF\s*$"
)
_ROOT, _SIZE = re.compile(rb"/Root\s+(\d+)\s+0\s+R"), re.compile(rb"/Size\s+(\d+)")


def with_text(pdf: bytes, text: str) -> bytes:
    """The file with the text in it; one that is not built as Pillow does it stays as it is."""
    trailer = _TRAILER.search(pdf, max(0, len(pdf) - 2000))
    entries = trailer["entries"] if trailer else b""
    root, size = _ROOT.search(entries), _SIZE.search(entries)
    if trailer is None or root is None or size is None:
        return pdf
    number, new = int(root[1]), int(size[1])
    catalog = re.search(rb"(?<!\d)%d 0 obj\s*<<([^<>]*)>>\s*endobj" % number, pdf)
    if catalog is None:
        return pdf
    content = packet(text)
    update = [
        b"%d 0 obj\n<<%s/Metadata %d 0 R\n>>\nendobj\n" % (number, catalog[1], new),
        b"%d 0 obj\n<<\n/Type /Metadata\n/Subtype /XML\n/Length %d\n>>\nstream\n%s\nendstream\n"
        b"endobj\n" % (new, len(content), content),
    ]
    start = len(pdf) + 1
    places = [start, start + len(update[0])]
    table = b"".join(
        b"%d 1\n%010d 00000 n \n" % (which, place)
        for which, place in sorted(zip((number, new), places, strict=True))
    )
    kept = _SIZE.sub(b"/Size %d" % (new + 1), entries)
    end = b"xref\n%strailer\n<<%s/Prev %s\n>>\nstartxref\n%d\n%%%%EOF\n" % (
        *(table, kept, trailer["start"]),
        start + sum(map(len, update)),
    )
    return pdf + b"\n" + b"".join(update) + end


def text_of(pdf: bytes) -> str | None:
    """The text in a file that `with_text` gave; None where there is none. Raises TextError."""
    return text_of_packet(pdf)
