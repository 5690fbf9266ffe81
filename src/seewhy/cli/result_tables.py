"""results.csv and results.jsonl: what `seewhy explain` found, written as it goes, and read again.

The second file holds all; the first is for people and spreadsheets. A run that was stopped goes on
from there, and files of other questions are left alone.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from seewhy.cli.question import Question, photo_state
from seewhy.errors import OptionError
from seewhy.images.listing import absolute
from seewhy.studies.csv_cells import text_cell

COLUMNS = (
    *("photo", "true", "right", "predicted", "probability", "predictions", "target"),
    *("target_probability", "score", "layer", "method", "options", "warnings", "files"),
    *("error", "question"),
)
RUN = "run"
"""The key of a record in results.jsonl that holds what only going on needs."""


@dataclass
class ResultTables:
    """The two tables in a folder; opened at the first row that is added."""

    csv: Path
    jsonl: Path
    question: Question
    places: dict[str, list[int]] = field(default_factory=dict)
    """Where the records of photos stand that are done, by path."""
    owners: dict[Path, str] = field(default_factory=dict)
    """Files that were written, with the absolute path of the photo that this question is about; ""
    for files of other questions."""
    failed: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """What was wrong with photos, by path, with their state then."""
    _open: tuple[IO[str], IO[str]] | None = None

    @property
    def there(self) -> bool:
        """Whether they have been begun."""
        return self.jsonl.exists()

    def stored(self, photo: str) -> list[dict[str, Any]] | None:
        """The records of a photo that was done before, or None.

        None too if the photo has changed since, or a picture of it is gone.
        """
        places = self.places.get(absolute(photo))
        if not places:
            return None
        with self.jsonl.open("rb") as file:
            records = [_record_at(file, place) for place in places]
        state = records[0].pop(RUN)
        for record in records[1:]:
            record.pop(RUN)
        files = [self.file(name) for record in records for name in record.get("files", ())]
        same = state["photo"] == photo_state(photo) and all(file.exists() for file in files)
        return records if same else None

    def file(self, name: str) -> Path:
        """A file of a record: all lie beside the tables, from wherever they were named."""
        return self.csv.parent / Path(name).name

    def add(self, photo: str, records: Sequence[Mapping[str, Any]]) -> None:
        """Write the records of one photo, which reach the files at once.

        Raises OptionError if they cannot be written.
        """
        state = photo_state(photo)
        errors = [str(record["error"]) for record in records if "error" in record]
        if errors and self.failed.get(state["path"]) == (state, errors[0]):
            return  # it stands there already
        run = {"question": self.question.id, "photo": state, "records": len(records)}
        lines = [json.dumps({RUN: run, **record}) + "\n" for record in records]
        rows = [csv_row(record, self.question.id) for record in records]
        try:
            table, full = self._opened()
            for file, text in ((full, "".join(lines)), (table, _csv_text(rows))):
                file.write(text)
                file.flush()
        except OSError as error:
            raise OptionError(
                f"results cannot be written to {str(self.jsonl)!r} ({error.strerror}). "
                f"Give a folder that can be written with --output."
            ) from error

    def close(self) -> None:
        for file in self._open or ():
            file.close()
        self._open = None

    def _opened(self) -> tuple[IO[str], IO[str]]:
        if self._open is None:
            self._mend()
            how: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}
            self._open = self.csv.open("a", **how), self.jsonl.open("a", **how)
        return self._open

    def _mend(self) -> None:
        """Begin the tables, or bring them into order where a run was killed while it wrote."""
        _cut_torn_line(self.jsonl)
        _cut_torn_line(self.csv)
        rows = 0
        if self.csv.exists() and self.csv.stat().st_size:
            with self.csv.open("rb") as table:
                rows = sum(1 for _ in table) - 1
        else:
            self.csv.parent.mkdir(parents=True, exist_ok=True)
            self.csv.write_text(_csv_text([COLUMNS]), encoding="utf-8")
        with self.csv.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
            for k, (_, record) in enumerate(_records(self.jsonl)):
                if k >= rows:
                    file.write(_csv_text([csv_row(record, record[RUN]["question"])]))


def open_tables(folder: Path, question: Question) -> ResultTables:
    """The tables in a folder, read as far as they are there; others of that name are left alone."""
    number = 1
    while True:
        name = "results" if number == 1 else f"results-{number}"
        tables = ResultTables(folder / f"{name}.csv", folder / f"{name}.jsonl", question)
        if _is_own(tables):
            break
        number += 1
    expected: dict[str, int] = {}
    for place, record in _records(tables.jsonl):
        run = record[RUN]
        photo, own = run["photo"]["path"], run["question"] == question.id
        if own and "error" in record:
            tables.failed[photo] = (run["photo"], record["error"])
        elif own:
            if len(tables.places.get(photo, ())) >= expected.get(photo, 0):
                tables.places[photo] = []  # asked anew, as it had changed
            expected[photo] = run["records"]
            tables.places[photo].append(place)
        for file in record.get("files", ()):
            tables.owners[tables.file(file)] = photo if own else ""
    for photo, places in list(tables.places.items()):
        if len(places) < expected[photo]:  # the run was killed between its targets
            del tables.places[photo]
    return tables


def csv_row(record: Mapping[str, Any], question: str) -> list[str]:
    """One record as the cells of `COLUMNS`, none of which a spreadsheet takes for a formula."""
    best = [f"{each['name']} {each['probability']:.4f}" for each in record.get("predictions", ())]
    first = record.get("predictions", [])[:1]
    target = record.get("target") or {}
    right = {True: "yes", False: "no", None: ""}[record.get("right")]
    options = record.get("options")
    cells = (
        *(record["photo"], record.get("true") or "", right),
        *((first[0]["name"], f"{first[0]['probability']:.6f}") if first else ("", "")),
        *("; ".join(best), target.get("name", "")),
        "" if target.get("probability") is None else f"{target['probability']:.6f}",
        "" if target.get("score") is None else f"{target['score']:.6g}",
        *(record.get("layer", ""), record.get("method", "")),
        "" if options is None else json.dumps(options, ensure_ascii=False),
        *("; ".join(record.get(key, ())) for key in ("warnings", "files")),
        *(record.get("error", ""), question),
    )
    lines = (" ".join(cell.splitlines()) for cell in cells)  # a row is a line of the file
    # a number is no formula, also a negative one
    return [cell if _is_number(cell) else text_cell(cell) for cell in lines]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _csv_text(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each record with its place in bytes; a torn last line is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        place = 0
        for line in file:
            record = _parsed(line)
            if record is not None:
                yield place, record
            place += len(line)


def _record_at(file: IO[bytes], place: int) -> dict[str, Any]:
    file.seek(place)
    record: dict[str, Any] = json.loads(file.readline())
    return record


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The record of a whole line, or None."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
        run = record[RUN]
        whole = isinstance(run["question"], str) and isinstance(run["photo"]["path"], str)
        return record if whole and isinstance(run["records"], int) else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _cut_torn_line(path: Path) -> None:
    """Take away what stands behind the last end of a line."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        end = place = file.tell()
        while place > 0:
            start = max(0, place - 65536)
            file.seek(start)
            found = file.read(place - start).rfind(b"\n")
            if found >= 0:
                place = start + found + 1
                break
            place = start
        if place < end:
            file.truncate(place)


def _is_own(tables: ResultTables) -> bool:
    """Whether both files are ours or not there."""
    heading = ",".join(COLUMNS).encode()
    for path, own in ((tables.csv, heading), (tables.jsonl, f'{{"{RUN}": '.encode())):
        try:
            with path.open("rb") as file:
                begin = file.read(len(own))
        except FileNotFoundError:
            continue
        except OSError:
            return False
        if not own.startswith(begin):  # a killed run may have left a part of the first line
            return False
    return True
