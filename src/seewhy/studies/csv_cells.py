"""Cells of CSV files, as spreadsheets open them."""

from __future__ import annotations


def text_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like it gets a quote."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text
