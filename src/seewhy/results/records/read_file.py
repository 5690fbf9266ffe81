"""The records in a file that seewhy wrote: a picture, or results as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seewhy.checks import check_file_size, check_regular_file
from seewhy.errors import RecordError
from seewhy.render.embedded.html import is_page
from seewhy.render.embedded.limits import TextError
from seewhy.render.embedded.texts import embedded_text
from seewhy.results.records.arrays_file import text_of_arrays
from seewhy.results.records.read_record import read_record
from seewhy.results.records.record import Record

LARGEST_FILE = 500_000_000
"""Bytes."""
AUDIT, STORE, CONCEPTS, BENCHMARK = "audit", "store", "concepts", "benchmark"
"""Kinds of records that are of no explanation."""
OTHERS = {
    AUDIT: "an audit, which holds what was asked and found but no map: give one of its pictures, "
    "finding-….jpg, or its store. `seewhy card` prints the command that makes the audit again.",
    STORE: "the page of a store, which has the record: give the store.",
    CONCEPTS: "of concepts, which are not compared: its record tells the model, the photos and the "
    "seed with which `seewhy concepts` makes it again.",
    BENCHMARK: "of a benchmark, which is not compared: its record tells the models and choices "
    "with which `seewhy benchmark` makes it again.",
}
DEEPEST = 6
"""Objects within objects in which a record is looked for."""
_PICTURES = (b"\x89PNG", b"\xff\xd8", b"RIFF", b"<svg", b"%PDF")
_ARRAYS = b"PK\x03\x04"


def read_records(path: str | Path) -> list[Record]:
    """All records in a file: .png, .jpg, .webp, .svg, .pdf, .html, .npz, .json or .jsonl.

    Raises RecordError where there is no such file, no record in it, or a damaged one.
    """
    name = repr(str(path))
    content = _content(path)
    is_picture = content.startswith(_PICTURES) or is_page(content)
    try:
        text = _text(content, is_picture=is_picture)
        plain = None if text is None else _parsed(text)
        _check_kind(plain, name)
        found = [*_records(plain)]
        records = [read_record(each) for each in found]
    except RecordError:
        raise
    except TextError as error:
        raise RecordError(f"{name} is damaged: {error}. Give the file as it was written.") from None
    except UnicodeDecodeError:
        raise RecordError(
            f"{name} is neither a picture nor JSON: give a .png, .jpg, .webp, .svg, .pdf, .html, "
            f".npz, .json or .jsonl that seewhy wrote."
        ) from None
    except RecursionError:
        raise RecordError(
            f"{name} holds no record of seewhy: its JSON is nested too deep."
        ) from None
    except ValueError as error:
        raise RecordError(
            f"{name} holds a record that cannot be read: {error}. Give the file as it was written."
        ) from None
    if not records:
        raise RecordError(_nothing(name, is_picture=is_picture))
    return records


def _text(content: bytes, *, is_picture: bool) -> str | None:
    if is_picture:
        return embedded_text(content)
    if content.startswith(_ARRAYS):
        return text_of_arrays(content)
    return content.decode("utf-8-sig")


def _content(path: str | Path) -> bytes:
    place = Path(path)
    check_regular_file(place, RecordError)
    check_file_size(place, LARGEST_FILE, RecordError, "files with records")
    try:
        return place.read_bytes()
    except FileNotFoundError:
        raise RecordError(f"there is no file {str(path)!r}: check the path.") from None
    except IsADirectoryError:
        raise RecordError(
            f"{str(path)!r} is a folder and no store of seewhy run: give one of the files in it. "
            f"In Python, seewhy.datasets.reproduce takes stores."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecordError(f"{str(path)!r} cannot be read ({reason}): check the path.") from None


def _parsed(text: str) -> Any:
    """JSON, or a list of what stands in each line of JSON Lines."""
    try:
        return json.loads(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not lines[0].startswith("{") or not lines[0].endswith("}"):
            raise ValueError("it is no JSON") from error
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise ValueError("its lines are no JSON") from error


def _check_kind(plain: Any, name: str) -> None:
    """Raises RecordError for the record of what is no explanation."""
    record = plain.get("record") if isinstance(plain, dict) else None
    kind = record.get("kind") if isinstance(record, dict) else None
    if isinstance(kind, str) and kind in OTHERS:
        raise RecordError(f"{name} is {OTHERS[kind]}")


def _records(plain: Any, depth: int = 0) -> Iterator[Any]:
    """What stands under "record" and "records", however results lie within each other."""
    if depth > DEEPEST:
        return
    if isinstance(plain, list):
        for each in plain:
            yield from _records(each, depth + 1)
    if isinstance(plain, dict):
        if plain.get("record") is not None:
            yield plain["record"]
        if isinstance(plain.get("records"), list):
            yield from plain["records"]
        for name, each in plain.items():
            if name not in ("record", "records"):
                yield from _records(each, depth + 1)


def _nothing(name: str, *, is_picture: bool) -> str:
    how = (
        "Other programs drop it when they save a picture anew"
        if is_picture
        else "It stands under 'record'"
    )
    return (
        f"{name} holds no record of an explanation: it was written by another program, by an "
        f"earlier version of seewhy, or with --no-record (record=False). {how}."
    )
