"""Results as they come, one line of JSON each, so that a run that was stopped can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.studies.benchmark.identities.identity import Identity

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
            with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(json.dumps(whole, ensure_ascii=False) + "\n")

    def _note(self, key: str, record: Record) -> None:
        known = self._records.setdefault(key, {})
        values = {**known.get("values", {}), **record.get("values", {})}
        known |= record
        known["values"] = values


def result_key(**parts: Any) -> str:
    """A short name for all that a result depends on."""
    return str(Identity().of(parts))


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
