"""Docstrings of plain sentences as reStructuredText: names in front of colons become a list."""

from __future__ import annotations

import re
from typing import Any

_ITEM = re.compile(r"^(?P<names>\*{0,2}\w+(?:(?:, | and | or )\*{0,2}\w+)*): (?P<text>.*)$")
_FRESH = ("Returns ", "Raises ", "Gives ", "Yields ")
_CODE = re.compile(r"(`[^`]+`)")


def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Sphinx's event for each docstring; changes the lines in place."""
    lines[:] = as_markup(lines)


def as_markup(lines: list[str]) -> list[str]:
    """The same text with its paragraphs kept, and `name: what it is` as items of a list."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", "\n".join(lines)):
        if block.strip():
            found += [*_block(block.splitlines()), ""]
    return found


def _block(lines: list[str]) -> list[str]:
    if all(line.startswith("    ") or line.lstrip().startswith(("|", ">>>")) for line in lines):
        return ["::", "", *("    " + line for line in lines)]
    parts: list[tuple[str, str]] = []
    for line in lines:
        text = line.strip()
        item = None if line.startswith("    ") and parts else _ITEM.match(text)
        if item:
            parts.append((item["names"], item["text"]))
        elif not parts or text.startswith(_FRESH):
            parts.append(("", text))
        else:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} {text}")
    found: list[str] = []
    for names, text in parts:
        found += [f"- **{_plain(names)}**: {_plain(text)}" if names else _plain(text), ""]
    return found


def _plain(text: str) -> str:
    """The text with what is no code in backticks escaped."""
    parts = _CODE.split(text)
    return "".join(
        f"``{part.strip('`')}``" if k % 2 else re.sub(r"([*|_\\`])", r"\\\1", part)
        for k, part in enumerate(parts)
    )
