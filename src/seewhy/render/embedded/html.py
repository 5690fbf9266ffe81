"""A text within a page: JSON in a script of its own, which no browser runs."""

from __future__ import annotations

from seewhy.render.embedded.limits import KEY, TextError

_OPEN = f'<script type="application/json" id="{KEY}-record">'
_CLOSE = "</script>"


def record_script(text: str | None) -> str:
    """The element that holds a text, JSON in ASCII; "" for None."""
    if text is None:
        return ""
    # these letters stand within texts of JSON only, and there they may be written so
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return f"{_OPEN}{text}{_CLOSE}\n"


def is_page(content: bytes) -> bool:
    """Whether a file begins as HTML does."""
    begin = content[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return begin.startswith((b"<!doctype html", b"<html"))


def text_of_page(page: bytes) -> str | None:
    """The text in a page; None where there is none. Raises TextError for a damaged one."""
    start = page.rfind(_OPEN.encode())
    if start < 0:
        return None
    end = page.find(_CLOSE.encode(), start)
    if end < 0:
        raise TextError("its record is cut short")
    try:
        return page[start + len(_OPEN) : end].decode()
    except UnicodeDecodeError as error:
        raise TextError("its record is no UTF-8") from error
