"""Read class names from files: text, CSV and JSON, in the forms in which people have them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seewhy.checks import check_file_size, check_regular_file
from seewhy.errors import LabelsError

LARGEST = 20_000_000
"""Bytes; a hundred thousand classes have a few million."""
LabelRow = tuple[str | None, str]  # WordNet id, name


def read_label_rows(path: Path) -> list[LabelRow]:
    """(WordNet id or None, name) of each class in the order of the outputs.

    .txt: one name a line.
    .csv: columns index, wnid, name under a header, of which only name is needed; or without a
        header one to three columns in that order.
    .json: a list of names; {"0": "tench", …}; Keras's {"0": ["n01440764", "tench"], …}; or
        {"tench": 0, …}, as Keras's image generators give.
    Raises LabelsError if there is no such file, or it has another form.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise LabelsError(
            f"class names are read from {', '.join(_READERS)} files, not from {str(path)!r}."
        )
    check_regular_file(path, LabelsError)
    check_file_size(path, LARGEST, LabelsError, "files of class names")
    try:
        rows = reader(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise LabelsError(f"there is no file {str(path)!r} with class names.") from error
    except (OSError, ValueError, csv.Error, RecursionError) as error:
        raise LabelsError(f"cannot read class names from {str(path)!r}: {error}") from error
    if not rows:
        raise LabelsError(f"{str(path)!r} holds no class names.")
    return rows


def _text(content: str) -> list[LabelRow]:
    names = [line.strip() for line in content.rstrip().splitlines()]
    return [(None, _filled(name, f"line {n}")) for n, name in enumerate(names, 1)]


def _csv(content: str) -> list[LabelRow]:
    rows = [row for row in csv.reader(io.StringIO(content), strict=True) if any(row)]
    if not rows:
        return []
    header = [cell.strip().lower() for cell in rows[0]]
    if "name" in header:
        rows = rows[1:]
    else:
        header = _columns(rows)
    return _ordered([_record(header, row, n) for n, row in enumerate(rows)])


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """What the columns of a table without header hold."""
    width = len(rows[0])
    if width == 1:
        return ["name"]
    if width == 2:
        return ["index" if rows[0][0].strip().isdecimal() else "wnid", "name"]
    if width == 3:
        return ["index", "wnid", "name"]
    raise ValueError(
        f"it has {width} columns and no header. Give it the header index,wnid,name, "
        "or put one name into each line."
    )


def _record(header: Sequence[str], row: Sequence[str], n: int) -> tuple[int, LabelRow]:
    if len(row) != len(header):
        raise ValueError(
            f"row {n} has {len(row)} columns, not {len(header)}: {','.join(row)!r}. "
            "A name that holds a comma needs quotes."
        )
    cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
    index = _index(cells["index"]) if "index" in cells else n
    return index, (cells.get("wnid") or None, _filled(cells["name"], f"row {n}"))


def _json(content: str) -> list[LabelRow]:
    data = json.loads(content)
    if isinstance(data, list):
        return [_entry(item) for item in data]
    if not isinstance(data, dict):
        raise ValueError("it must hold a list of names or an object of indices and names.")
    if data and all(isinstance(value, int) for value in data.values()):
        return _ordered([(index, (None, name)) for name, index in data.items()])
    return _ordered([(_index(key), _entry(value)) for key, value in data.items()])


def _entry(item: Any) -> LabelRow:
    match item:
        case str(name):
            return None, _filled(name, "an entry")
        case [str(wnid), str(name)]:
            return wnid, _filled(name, "an entry")
    raise ValueError(f"expected a name or [WordNet id, name], found {item!r}.")


def _index(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"expected the index of a class, found {text!r}.") from None


def _filled(name: str, where: str) -> str:
    if not name:
        # to skip it would shift all names that follow
        raise ValueError(f"{where} is empty, but each class needs a name.")
    return name


def _ordered(records: Sequence[tuple[int, LabelRow]]) -> list[LabelRow]:
    """Rows by index, which must run from 0 on without gaps."""
    ordered = sorted(records, key=lambda record: record[0])
    for expected, (index, _) in enumerate(ordered):
        if index != expected:
            raise ValueError(
                f"the indices must be 0 to {len(records) - 1}, each once; "
                f"at {expected} there is {index}."
            )
    return [row for _, row in ordered]


_READERS: dict[str, Callable[[str], list[LabelRow]]] = {".txt": _text, ".csv": _csv, ".json": _json}
