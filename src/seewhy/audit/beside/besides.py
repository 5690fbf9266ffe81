"""All that an audit tells beside its findings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seewhy.audit.audit_options import AuditOptions
from seewhy.audit.beside.confident_errors import confident_errors
from seewhy.audit.beside.drift import check_drift, drift
from seewhy.audit.beside.drift_picture import write_drift_picture
from seewhy.audit.beside.duplicates import duplicates
from seewhy.audit.beside.outside_boxes import drawn_boxes, outside_boxes
from seewhy.audit.beside.tables import remove_table, write_table
from seewhy.audit.find.evidence_rows import EvidenceRows, asked_question, evidence_rows
from seewhy.audit.finding import Audit
from seewhy.audit.told import Told
from seewhy.datasets.open_store import Store, open_store

if TYPE_CHECKING:
    from seewhy.explainer.pipeline import Pipeline


Outside = tuple[dict[str, Any], list[dict[str, Any]], list[str]]


@dataclass
class Besides:
    """What is told beside the findings of a store, checked before the long work begins."""

    store: Store
    pipeline: Pipeline
    options: AuditOptions
    classes: Collection[int] | None
    """Those that are asked; None for all."""
    outside: Outside | None
    """What lies outside of boxes, and all photos beside theirs."""
    other: tuple[EvidenceRows, Store] | None
    """The store that is compared with."""
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        store: Store,
        rows: EvidenceRows,
        pipeline: Pipeline,
        asked: tuple[AuditOptions, Collection[int] | None],
        tell: Told,
    ) -> Besides:
        """Read boxes and the other store. Raises OptionError and StoreError for those that cannot
        be read or compared."""
        options, classes = asked
        outside, other = None, None
        if options.boxes is not None:
            drawn = drawn_boxes(store, options.boxes)
            outside = outside_boxes(store, drawn, classes, options.listed, tell)
        if options.against is not None:
            given = options.against
            there = given if isinstance(given, Store) else open_store(given)
            other = evidence_rows(there), there
            check_drift(rows, store, other, classes)
        return cls(store, pipeline, options, classes, outside, other)

    def added_to(self, audit: Audit, rows: EvidenceRows, output: Path | None, tell: Told) -> Audit:
        """The audit with all that can be told, and the tables in its folder."""
        self.notes, self.problems = [], []
        found = {
            "errors": self._errors(tell),
            "outside_boxes": self._outside(),
            "drift": self._drift(rows, tell),
            "duplicates": self._duplicates(output, tell),
        }
        told: dict[str, Any] = {}
        for name, (record, table) in found.items():
            if record is not None:
                told[name] = record
            if output is not None and record is not None:
                write_table(output, name, table)
            elif output is not None:
                remove_table(output, name)
        if output is not None:
            write_drift_picture(output, told.get("drift", {}).get("classes", ()))
        problems = dict.fromkeys((*audit.problems, *self.problems))
        return replace(
            audit, beside=told, notes=(*audit.notes, *self.notes), problems=tuple(problems)
        )

    def _errors(self, tell: Told) -> tuple[Any, Sequence[Mapping[str, Any]]]:
        tell("Errors", 0, 1)
        options = self.options
        found, problems = confident_errors(self.store, self.pipeline, self.classes, options.listed)
        self.problems += problems
        return found, [] if found is None else found["photos"]

    def _outside(self) -> tuple[Any, Sequence[Mapping[str, Any]]]:
        if self.outside is None:
            return None, []
        found, table, problems = self.outside
        self.problems += problems
        return found, table

    def _drift(self, rows: EvidenceRows, tell: Told) -> tuple[Any, Sequence[Mapping[str, Any]]]:
        if self.other is None:
            return None, []
        asked = self.classes, self.options.listed, self.options.seed
        self.notes += _notes_on_drift(self.store, self.other[1])
        return drift(rows, self.store, self.other, asked, tell)

    def _duplicates(
        self, output: Path | None, tell: Told
    ) -> tuple[Any, Sequence[Mapping[str, Any]]]:
        asked = self.options.duplicates, self.options.listed
        found, table, notes, problems = duplicates(self.store, output, asked, tell)
        self.notes += notes
        self.problems += problems
        return found, table


def _notes_on_drift(store: Store, other: Store) -> list[str]:
    """What else than the model and the photos may have moved the evidence."""
    notes = []
    for what in ("method", "layer"):
        one, another = (each.manifest[what] for each in (store, other))
        if one != another:
            notes.append(
                f"the {what} of the store is {one}, that of the other {another}: of evidence that "
                f"moved, some may be due to that."
            )
    for each in (store, other):
        question = asked_question(each)
        if question != "top":
            notes.append(
                f"the store {str(each.folder)!r} has maps of {question!r}, not of the top class of "
                f"each photo: shares of predictions are of photos with maps of the predicted class."
            )
    return notes
