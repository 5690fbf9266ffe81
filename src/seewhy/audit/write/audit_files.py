"""audit.json, audit.csv, clusters.parquet and pictures, each whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.audit.finding import Audit, Finding
from seewhy.audit.write.finding_pictures import holds_record, write_pictures
from seewhy.datasets.arrow import pyarrow
from seewhy.datasets.open_store import Store
from seewhy.datasets.store_files import write_table
from seewhy.errors import OptionError
from seewhy.render.files import write
from seewhy.studies.csv_cells import text_cell

FINDINGS, TABLE, CLUSTERS, TESTED = "audit.json", "audit.csv", "clusters.parquet", "tested.json"
PAGE = "audit.html"
_HEAD = 500
"""Bytes of a page in which it says what it is of."""
COLUMNS = (
    *("class", "true_class", "verdict", "photos", "share", "place", "flip_rate", "interval"),
    *("control_rate", "excess", "accuracy_inside", "accuracy_outside", "purity", "regularity"),
    *("border_share", "near_duplicates", "alike_elsewhere", "found_by", "pictures", "why"),
)


class AuditFiles:
    """The files of one audit in a folder.

    folder: is made if it is not there. question: what was tested for the same is known; other
    questions' files are replaced. record: whether pictures hold records of what they show.
    Raises OptionError for a folder that cannot be written.
    """

    def __init__(self, folder: Path, question: str, *, record: bool = True) -> None:
        self.folder, self.question, self.record = folder, question, record
        self._tested = self._read()

    def known(self, key: str) -> tuple[Finding, list[int]] | None:
        """A candidate that was tested before, and the rows of its photos."""
        found = self._tested.get(key)
        if found is None:
            return None
        try:
            return Finding.from_dict(found["finding"]), [int(row) for row in found["rows"]]
        except (KeyError, TypeError, ValueError):  # written by hand
            return None

    def remember(self, finding: Finding, rows: np.ndarray) -> None:
        """Keep what was tested, so that it is not tested again."""
        self._tested[finding.key] = {"finding": finding.as_dict(), "rows": rows.tolist()}
        record = {"question": self.question, "tested": self._tested}
        self._write(TESTED, json.dumps(record, ensure_ascii=False))

    def write(
        self, audit: Audit, rows: EvidenceRows, store: Store, *, complete: bool = False
    ) -> Audit:
        """All files of what is known so far; gives the audit with the names of its pictures."""
        with self._told():
            named = [self._with_pictures(each, audit, rows, store) for each in audit.findings]
            if complete:
                self._remove_others(audit)
        audit = replace(audit, findings=tuple(named))
        record = audit.as_dict() | {"complete": complete}
        self._write(FINDINGS, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        self._write(TABLE, csv_of(audit.findings))
        with self._told():
            write_table(self.folder / CLUSTERS, clusters_table(audit, rows))
        return audit

    def write_page(self, audit: Audit, digest: str) -> None:
        """Write the page, if there is none of the same audit. digest: of what it shows."""
        path = self.folder / PAGE
        try:
            with path.open("rb") as file:
                if digest.encode() in file.read(_HEAD):
                    return
        except OSError:  # there is none
            pass
        audit.save_html(path)

    def _with_pictures(
        self, finding: Finding, audit: Audit, rows: EvidenceRows, store: Store
    ) -> Finding:
        name = f"finding-{finding.key}.jpg"
        path = self.folder / name
        if not path.exists() or holds_record(path) != self.record:
            places = np.flatnonzero(np.isin(rows.row, audit.members[finding.key]))
            if not write_pictures(path, finding, store, rows, places, record=self.record):
                if not self.record:  # one of before would still have it
                    path.unlink(missing_ok=True)
                return finding if not path.exists() else replace(finding, pictures=name)
        return replace(finding, pictures=name)

    def _remove_others(self, audit: Audit) -> None:
        """Pictures of candidates that turned out to be the same as others."""
        for key in self._tested.keys() - {each.key for each in audit.findings}:
            (self.folder / f"finding-{key}.jpg").unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads((self.folder / TESTED).read_text(encoding="utf-8"))
            same = known["question"] == self.question
            return dict(known["tested"]) if same else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _write(self, name: str, text: str) -> None:
        with self._told():
            write(self.folder / name, text)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OptionError(
                f"the audit cannot be written to {str(self.folder)!r} "
                f"({error.strerror or error}). Give a folder that can be written with --output."
            ) from error


def csv_of(findings: Sequence[Finding]) -> str:
    """A table with a row for each finding; no cell is a formula to spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for finding in findings:
        values = finding.as_dict()
        writer.writerow([_cell(values[name]) for name in COLUMNS])
    return text.getvalue()


def clusters_table(audit: Audit, rows: EvidenceRows) -> Any:
    """A table of pyarrow with a row for each photo and finding that it belongs to, and one for each
    photo of none."""
    arrow = pyarrow()
    number_of: Mapping[str, int] = {each.key: k for k, each in enumerate(audit.findings)}
    places, numbers = [], []
    inside = np.zeros(len(rows), bool)
    for key, number in number_of.items():
        own = np.flatnonzero(np.isin(rows.row, audit.members[key]))
        inside[own] = True
        places.append(own)
        numbers.append(np.full(len(own), number))
    rest = np.flatnonzero(~inside)
    at = np.concatenate([*places, rest]).astype(int)
    found = np.concatenate([*numbers, np.full(len(rest), -1)]).astype("int32")
    verdicts = [None if k < 0 else audit.findings[k].verdict for k in found]
    return arrow.table(
        {
            "row": rows.row[at],
            "id": [rows.id[k] for k in at],
            "source": [rows.source[k] for k in at],
            "predicted_index": rows.predicted[at],
            "label_index": arrow.array(rows.label_index[at], mask=rows.label_index[at] < 0),
            "finding": arrow.array(found, mask=found < 0),
            "verdict": arrow.array(verdicts, arrow.string()),
        }
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " to ".join(map(str, value))
    return text_cell(" ".join(value.splitlines())) if isinstance(value, str) else str(value)
