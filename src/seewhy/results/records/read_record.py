"""Records read from outside: each value is checked, nothing is believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seewhy.checks import is_plain
from seewhy.images.digests import digest
from seewhy.maps.stored_maps import STEP
from seewhy.results.records.map_text import LARGEST, map_of_text
from seewhy.results.records.record import (
    SCHEMA,
    MethodRecord,
    ModelRecord,
    PhotoRecord,
    QuestionRecord,
    Record,
)

LONGEST_TEXT, LONGEST_NAME = 10_000, 1000
"""Letters of a text, and of a name."""
MOST_ENTRIES, DEEPEST = 1000, 30
"""Entries of a list or object, and lists within lists, outside of the map."""


class _Fields:
    """The fields of one object of a record. Raises ValueError for values of another kind."""

    def __init__(self, plain: Any, where: str) -> None:
        if not isinstance(plain, Mapping):
            raise ValueError(f"{where} is no object")
        self._plain, self._where = plain, where

    def text(self, name: str, most: int = LONGEST_NAME) -> str:
        value = self._plain.get(name)
        if not isinstance(value, str) or len(value) > most:
            raise ValueError(f"{name!r} of {self._where} is no text of up to {most} letters")
        return value

    def text_or_none(self, name: str) -> str | None:
        return None if self._plain.get(name) is None else self.text(name)

    def file_name(self, name: str) -> str | None:
        """A name without folders: a record says which file, not where it lies."""
        value = self.text_or_none(name)
        if value is not None and (value in ("", ".", "..") or any(c in value for c in "/\\\0")):
            raise ValueError(f"{name!r} of {self._where} is no name of a file")
        return value

    def sha256(self, name: str) -> str:
        value = self.text(name)
        if len(value) != 64 or set(value) - set("0123456789abcdef"):
            raise ValueError(f"{name!r} of {self._where} is no SHA-256")
        return value

    def number_or_none(self, name: str) -> float | None:
        value = self._plain.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
            raise ValueError(f"{name!r} of {self._where} is no number")
        return float(value)

    def whole_or_none(self, name: str) -> int | None:
        value = self._plain.get(name)
        return None if value is None else _whole(value, name)

    def wholes(self, name: str, most: int) -> tuple[int, ...]:
        return tuple(_whole(value, name) for value in self.entries(name, most))

    def entries(self, name: str, most: int = MOST_ENTRIES) -> list[Any]:
        value = self._plain.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise ValueError(f"{name!r} of {self._where} is no list of up to {most} entries")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.entries(name)
        return tuple(_Fields({"text": each}, name).text("text", LONGEST_TEXT) for each in values)

    def choices(self, name: str) -> dict[str, Any]:
        """Plain values by name."""
        value = self._plain.get(name)
        if not isinstance(value, dict) or not _is_small(value) or not is_plain(value):
            raise ValueError(f"{name!r} of {self._where} holds no plain values by name")
        return value

    def any(self, name: str) -> Any:
        return self._plain.get(name)


def read_record(plain: Any) -> Record:
    """The record that plain values of JSON tell.

    Raises ValueError, which says what is wrong as a part of a sentence.
    """
    fields = _Fields(plain, "the record")
    if fields.any("schema") is True or fields.any("schema") != SCHEMA:
        raise ValueError(f"its schema is {str(fields.any('schema'))[:20]!r}, and {SCHEMA} is read")
    photo, model = _photo(fields.any("photo")), _model(fields.any("model"))
    map, sha256, shape = _map(fields.any("map"))
    return Record(
        photo=photo,
        model=model,
        layer=fields.text("layer", LONGEST_TEXT),
        layers=fields.texts("layers"),
        question=_question(fields.any("question")),
        method=_method(fields.any("method")),
        options=fields.choices("options"),
        not_recorded=fields.texts("not_recorded"),
        score=fields.number_or_none("score"),
        probability=fields.number_or_none("probability"),
        predictions=_each(fields.entries("predictions"), _prediction),
        warnings=fields.texts("warnings"),
        versions=_versions(fields.choices("versions")),
        backend=fields.text("backend"),
        device=fields.text("device"),
        map_sha256=sha256,
        map_shape=shape,
        map=map,
        map_step=_step(fields.any("map")),
    )


def _photo(plain: Any) -> PhotoRecord:
    fields = _Fields(plain, "the photo")
    of = fields.text("of")
    if of not in ("file", "pixels", "values"):
        raise ValueError("'of' of the photo is not file, pixels or values")
    name = fields.file_name("name")
    return PhotoRecord(name or "", fields.sha256("sha256"), of, fields.wholes("size", 8))


def _model(plain: Any) -> ModelRecord:
    fields = _Fields(plain, "the model")
    has_weights = fields.any("weights_sha256") is not None
    return ModelRecord(
        name=fields.text("name"),
        preset=fields.file_name("preset"),
        file=fields.file_name("file"),
        weights_file=fields.file_name("weights_file"),
        weights_sha256=fields.sha256("weights_sha256") if has_weights else None,
    )


def _question(plain: Any) -> QuestionRecord:
    fields = _Fields(plain, "the question")
    return QuestionRecord(
        words=fields.text("words", LONGEST_TEXT),
        index=fields.whole_or_none("index"),
        wnid=fields.text_or_none("wnid"),
        target=fields.text_or_none("target"),
        asked=None if fields.any("asked") is None else dict(_object(fields.any("asked"))),
    )


def _method(plain: Any) -> MethodRecord:
    fields = _Fields(plain, "the method")
    seed = fields.any("seed")
    return MethodRecord(
        name=fields.text("name"),
        paper=fields.text("paper", LONGEST_TEXT),
        options=fields.choices("options"),
        seed=None if seed is None else _whole(seed, "seed"),
    )


def _prediction(plain: Any) -> dict[str, Any]:
    fields = _Fields(plain, "a prediction")
    return {
        "index": fields.whole_or_none("index"),
        "wnid": fields.text_or_none("wnid"),
        "name": fields.text("name", LONGEST_TEXT),
        "probability": fields.number_or_none("probability"),
    }


def _map(plain: Any) -> tuple[np.ndarray | None, str, tuple[int, ...]]:
    fields = _Fields(plain, "the map")
    shape, sha256 = fields.wholes("shape", 4), fields.sha256("sha256")
    if not shape or min(shape) < 1 or math.prod(shape) > LARGEST:
        raise ValueError(f"the map is of a shape that is not read: {list(shape)}")
    if fields.any("data") is None:
        return None, sha256, shape
    text = fields.text("data", 8 * math.prod(shape) + 1000)
    try:
        map = map_of_text(text, shape)
    except ValueError as error:
        raise ValueError(f"the map {_reason(error)}") from error
    if digest(map) != sha256:
        raise ValueError("the map is damaged: its SHA-256 is another one")
    return map, sha256, shape


def _step(plain: Mapping[str, Any]) -> float:
    """To what the values of a map are rounded; 0 for exact ones."""
    value = plain.get("rounded_to")
    if value not in (None, STEP):
        raise ValueError(f"the map is rounded to {str(value)[:20]!r}, which is not known")
    return value or 0.0


def _reason(error: ValueError) -> str:
    """binascii says other things than ours."""
    own = str(error).startswith(("cannot", "does"))
    return str(error) if own else "is no base64"


def _object(plain: Any) -> Mapping[str, Any]:
    if not isinstance(plain, dict):
        raise ValueError("'asked' of the question is no object")
    return plain


def _versions(plain: Mapping[str, Any]) -> dict[str, str]:
    fields = _Fields(plain, "the versions")
    return {name: fields.text(name) for name in plain}


def _each(values: Sequence[Any], read: Callable[[Any], dict[str, Any]]) -> tuple[Any, ...]:
    return tuple(read(each) for each in values)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**53) < value < 2**53:
        raise ValueError(f"{name!r} holds no whole number")
    return value


def _is_small(value: Any, depth: int = 0) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT
    if not isinstance(value, list | dict):
        return True
    if depth > DEEPEST or len(value) > MOST_ENTRIES:
        return False
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return all(_is_small(part, depth + 1) for part in parts)
