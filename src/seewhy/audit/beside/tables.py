"""Tables of what is told beside the findings: errors.csv, outside_boxes.csv and others."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seewhy.errors import OptionError
from seewhy.render.files import write
from seewhy.studies.csv_cells import text_cell


def write_table(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of plain values; no cell is a formula to spreadsheets. Raises OptionError where
    that is not possible."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(rows[0]) if rows else ["row", "id", "source"]
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(name, row[name]) for name in names])
    try:
        write(folder / f"{name}.csv", text.getvalue())
    except OSError as error:
        raise OptionError(
            f"the audit cannot be written to {str(folder)!r} ({error.strerror or error}). Give a "
            f"folder that can be written with --output."
        ) from error


def remove_table(folder: Path, name: str) -> None:
    """Remove what an earlier audit in the folder told, and this one does not."""
    (folder / f"{name}.csv").unlink(missing_ok=True)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return (" to " if name.endswith("interval") else " ").join(map(str, value))
    return text_cell(" ".join(value.splitlines())) if isinstance(value, str) else str(value)
