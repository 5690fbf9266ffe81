"""A text put into a picture's file, and read from one, whatever its format."""

from __future__ import annotations

from html import unescape
from xml.sax.saxutils import escape

from seewhy.render.embedded import pdf, png, xmp
from seewhy.render.embedded.html import is_page, text_of_page
from seewhy.render.embedded.limits import KEY, LONGEST, TextError

__all__ = ["LONGEST", "TextError", "embed_text", "embedded_text", "svg_text"]
_OPEN, _CLOSE = f'<metadata id="{KEY}">'.encode(), b"</metadata>"


def embed_text(content: bytes, text: str) -> bytes:
    """The file with the text in it; a format that has no place for one stays as it is.

    content: a whole PNG, JPEG or PDF, whose pixels stay the same. text: ASCII, at most `LONGEST`
    bytes.
    """
    if content.startswith(png.SIGNATURE):
        return png.with_text(content, text)
    if content.startswith(b"%PDF"):
        return pdf.with_text(content, text)
    return xmp.jpeg_with_text(content, text) if content.startswith(b"\xff\xd8") else content


def embedded_text(content: bytes) -> str | None:
    """The text in a PNG, JPEG, WebP, SVG, PDF or HTML page; None where there is none.

    Raises TextError for a damaged one.
    """
    if content.startswith(png.SIGNATURE):
        return png.text_of(content)
    if content.startswith(b"\xff\xd8"):
        return xmp.text_of_jpeg(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return xmp.text_of_webp(content)
    if content.startswith(b"%PDF"):
        return pdf.text_of(content)
    if is_page(content):
        return text_of_page(content)
    return _text_of_svg(content) if content.startswith(b"<svg ") else None


def svg_text(text: str) -> str:
    """The element that holds a text in an SVG."""
    return f"{_OPEN.decode()}{escape(text)}{_CLOSE.decode()}"


def _text_of_svg(content: bytes) -> str | None:
    start = content.rfind(_OPEN)
    end = content.find(_CLOSE, start)
    if start < 0 or end < 0:
        return None
    try:
        return unescape(content[start + len(_OPEN) : end].decode())
    except UnicodeDecodeError as error:
        raise TextError("its metadata is no UTF-8") from error
