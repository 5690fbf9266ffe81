"""Results as they come, one line of JSON each, so that a run that was stopped can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Record = dict[str, Any]


class ResultsFile:
    """Records by key: in a file, to which each is appended at once, or in memory only."""

    def __init__(self, path: Path | None) -> None:
        """path: a file of an earlier run is read; a last line that was half written is cut off."""
        self._path = path
        self._records: dict[str, Record] = {}
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            return
        whole, cut, half = path.read_bytes().rpartition(b"\n")
        if half:
            with path.open("r+b") as file:
                file.truncate(len(whole) + len(cut))
        for line in whole.splitlines():
            try:
                record = json.loads(line)
                self._note(record["key"], record)
            except (ValueError, TypeError, KeyError):
                continue  # what cannot be read is measured again

    def get(self, key: str) -> Record:
        """What is known under a key; {} where nothing is."""
        return self._records.get(key, {})

    def add(self, key: str, record: Mapping[str, Any]) -> None:
        """Note a record, beside what is known under its key, and write it at once."""
        whole = {"key": key, **record}
        self._note(key, whole)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(whole, ensure_ascii=False) + "\n")

    def _note(self, key: str, record: Record) -> None:
        known = self._records.setdefault(key, {})
        values = {**known.get("values", {}), **record.get("values", {})}
        known |= record
        known["values"] = values


def result_key(**parts: Any) -> str:
    """A short name for all that a result depends on."""
    text = json.dumps(fingerprint_of(parts), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def fingerprint_of(value: Any) -> Any:
    """Any setting as plain values that differ where the settings do.

    Functions count by their name and code; what has neither plain values nor code by its repr.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value)
        return [str(array.dtype), list(array.shape), hashlib.sha256(array.tobytes()).hexdigest()]
    if isinstance(value, Mapping):
        return {str(name): fingerprint_of(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [fingerprint_of(part) for part in value]
    code = getattr(value, "__code__", None)
    if code is not None:
        inner = [part for part in code.co_consts if not hasattr(part, "co_code")]
        body = code.co_code + repr((inner, code.co_names)).encode()
        return [value.__module__, value.__qualname__, hashlib.sha256(body).hexdigest()]
    return str(value) if isinstance(value, Path) else repr(value)


def run_length(value: np.ndarray) -> Any:
    """A figure (k,) as plain JSON: a number, None for NaN, or the places where a row changes."""
    if len(value) == 1:
        return None if np.isnan(value[0]) else float(value[0])
    if np.isnan(value).any():
        return {"length": len(value), "runs": None}
    places = np.append(0, np.flatnonzero(np.diff(value)) + 1)
    runs = [[int(place), float(value[place])] for place in places]
    return {"length": len(value), "runs": runs}


def from_run_length(value: Any) -> np.ndarray:
    """The figure (k,) of what `run_length` gave."""
    if not isinstance(value, dict):
        return np.array([np.nan if value is None else value], "float64")
    if value["runs"] is None:
        return np.full(value["length"], np.nan)
    places = [place for place, _ in value["runs"]]
    lengths = np.diff([*places, value["length"]])
    return np.repeat(np.array([height for _, height in value["runs"]], "float64"), lengths)
