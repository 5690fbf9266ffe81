"""What the formats have in common."""

from __future__ import annotations

KEY = "seewhy"
"""What the text is called by in a file."""
LONGEST = 400_000
"""Bytes of a text that is written: one map of 224 × 224 pixels has 240,000 of them. Programs refuse
a PNG with a text of more than a million."""
LONGEST_READ = 32_000_000
"""Bytes of a text that is read."""


class TextError(ValueError):
    """What is wrong with the text in a file, as the end of a sentence."""
