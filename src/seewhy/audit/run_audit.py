"""An audit: photos explained, candidates found and put to the test, findings written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seewhy._version import __version__
from seewhy.audit.audit_options import AuditOptions
from seewhy.audit.beside.besides import Besides
from seewhy.audit.confirm.asked_photos import AskedPhotos, check_photos
from seewhy.audit.confirm.confirm_candidate import Laboratory
from seewhy.audit.confirm.looks import photo_cells
from seewhy.audit.describe import finding_of
from seewhy.audit.find.candidates import Candidate, candidates_of, inside
from seewhy.audit.find.cell_scores import CellSample
from seewhy.audit.find.clusters import hdbscan
from seewhy.audit.find.evidence_rows import EvidenceRows, evidence_rows
from seewhy.audit.find.groups import Group, groups_of
from seewhy.audit.finding import Audit, Finding
from seewhy.audit.page.audit_page import audit_page, digest_of
from seewhy.audit.page.views import Looked
from seewhy.audit.regions import region_of_cells
from seewhy.audit.told import Told
from seewhy.audit.write.audit_files import AuditFiles
from seewhy.audit.write.audit_record import audit_record
from seewhy.datasets.open_store import Store
from seewhy.errors import StoreError
from seewhy.models.wrapped_model import fingerprint
from seewhy.targets.labels import Label

if TYPE_CHECKING:
    from seewhy.explainer.explainer import Explainer

COMPARED_GROUPS = 20
"""Classes that are compared cell by cell, the largest: each takes a run of the network over its
photos."""


def audit_store(
    store: Store,
    explainer: Explainer,
    output: Path | None,
    options: AuditOptions,
    told: Told | None = None,
) -> Audit:
    """Audit the photos of a store.

    explainer: of the model that the store was made with. output: the folder of the files; None
    writes none. What was tested before for the same question is taken from there.
    Raises StoreError for another model's store, OptionError, TargetError for unknown classes.
    """
    hdbscan()
    check_model(store, explainer)
    tell = told or (lambda *_: None)
    asked = _asked_classes(explainer, options)
    rows = evidence_rows(store)
    besides = Besides.of(store, rows, explainer.pipeline, (options, asked), tell)
    photos = AskedPhotos(explainer.pipeline, rows.source, bool(store.manifest["exact"]))
    check_photos(photos, np.unique(np.linspace(0, len(rows) - 1, 16).astype(int)))
    question = question_of(store, options)
    groups = list(groups_of(rows, asked))
    random = np.random.default_rng(options.seed)
    cells = _cells_of(rows, groups, photos, options)
    candidates = candidates_of(rows, _told(groups, tell), cells, random, options.confirm)
    files = None if output is None else AuditFiles(output, question, record=options.record)
    settings = {"model": explainer.pipeline.wrapped.name, **_settings(store, options)}
    looked = Looked(store, rows, photos, options.seed, None if asked is None else frozenset(asked))
    audit = Audit(
        (),
        len(rows),
        settings,
        _notes(rows, groups, candidates),
        record=audit_record(store, explainer, options) if options.record else None,
        draw=lambda audit: audit_page(audit, looked, tell),
    )
    laboratory = Laboratory(rows, photos, options, store.manifest)
    audit = _confirmed(audit, candidates, laboratory, files, store, tell)
    audit = besides.added_to(audit, rows, output, tell)
    if files is not None:
        audit = files.write(audit, rows, store, complete=True)
        files.write_page(audit, digest_of(audit))
    return audit


def _confirmed(
    audit: Audit,
    candidates: Sequence[Candidate],
    laboratory: Laboratory,
    files: AuditFiles | None,
    store: Store,
    tell: Told,
) -> Audit:
    """Test the strongest candidates, and write each as it is done."""
    rows = laboratory.rows
    kept: list[tuple[Finding, Candidate]] = []
    for number, candidate in enumerate(candidates):
        tell("Testing", number, len(candidates))
        key = key_of(candidate, rows)
        known = None if files is None else files.known(key)
        if known is None:
            tested = laboratory.test(candidate, key)
            finding = finding_of(tested, rows, laboratory.photos, store.manifest)
            finding = replace(finding, key=key)
            done = tested.candidate
            if files is not None:
                files.remember(finding, rows.row[done.members])
        else:
            finding, members = known
            done = replace(
                candidate,
                members=np.flatnonzero(np.isin(rows.row, members)),
                region=region_of_cells(finding.cells, rows.grid),
            )
        kept = with_finding(kept, finding, done)
        audit = replace(
            audit,
            findings=tuple(each for each, _ in kept),
            members={each.key: tuple(rows.row[of.members].tolist()) for each, of in kept},
            problems=tuple(laboratory.photos.problems),
        )
        if files is not None:
            audit = files.write(audit, rows, store)
    tell("Testing", len(candidates), len(candidates))
    return audit


def with_finding(
    kept: Sequence[tuple[Finding, Candidate]], finding: Finding, candidate: Candidate
) -> list[tuple[Finding, Candidate]]:
    """Findings with one more, the worst first; of those of the same photos, of which one's place
    lies in the other's, the worse one."""
    ordered = sorted([*kept, (finding, candidate)], key=lambda each: each[0].badness, reverse=True)
    left: list[tuple[Finding, Candidate]] = []
    for each in ordered:
        if not any(inside(each[1], other) for _, other in left):
            left.append(each)
    return left


def check_model(store: Store, explainer: Explainer) -> None:
    """Raises StoreError where the store was made with other weights or another layer."""
    made, now = store.manifest["model"], fingerprint(explainer.pipeline.wrapped.model)
    if made.get("weights_sha256") != now:
        raise StoreError(
            f"the store {str(store.folder)!r} was made with a model of other weights "
            f"({made.get('name')!r}): give that model with --model, or run again with this one."
        )


def question_of(store: Store, options: AuditOptions) -> str:
    """Equal where the same photos, model and choices are audited."""
    about = {name: store.manifest.get(name) for name in ("plan", "layer", "method", "options")}
    about |= {"model": store.manifest["model"], "rows": len(store), "version": __version__}
    text = json.dumps([about, options.of_findings], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def key_of(candidate: Candidate, rows: EvidenceRows) -> str:
    """Equal for the same photos and region."""
    digest = hashlib.sha256(rows.row[candidate.members].tobytes())
    digest.update(candidate.region.cells.tobytes())
    digest.update(f"{candidate.group.index} {candidate.group.kind}".encode())
    return digest.hexdigest()[:16]


def _asked_classes(explainer: Explainer, options: AuditOptions) -> set[int] | None:
    if not options.classes:
        return None
    found: set[int] = set()
    for each in options.classes:
        label = explainer.labels.find(each)
        found |= {label.index} if isinstance(label, Label) else set(label.indices)
    return found


def _cells_of(
    rows: EvidenceRows, groups: Sequence[Group], photos: AskedPhotos, options: AuditOptions
) -> Callable[[Group], tuple[CellSample, CellSample] | None]:
    """A function that gives the cells of photos of a group, and as many of other classes."""
    sizes = sorted((len(each.members) for each in groups), reverse=True)
    least = sizes[COMPARED_GROUPS - 1] if len(sizes) > COMPARED_GROUPS else 0

    def sample(places: np.ndarray) -> CellSample | None:
        kept, activations = photo_cells(rows, photos, places)
        return None if activations is None else CellSample.of(kept, activations, rows.maps[kept])

    pool = np.random.default_rng(options.seed).permutation(len(rows))[: 2 * options.sample]
    of_all: list[CellSample | None] = []

    def beside(group: Group) -> CellSample | None:
        """Of other classes: those of one sample of all photos, where it has enough."""
        if (rows.predicted[pool] != group.index).sum() < options.sample // 2:
            others = np.flatnonzero(rows.predicted != group.index)
            random = np.random.default_rng([options.seed, group.index])
            return sample(random.permutation(others)[: options.sample])
        if not of_all:
            of_all.append(sample(pool))
        (known,) = of_all
        return None if known is None else known[rows.predicted[known.places] != group.index]

    def cells(group: Group) -> tuple[CellSample, CellSample] | None:
        others = (rows.predicted != group.index).sum()
        if len(group.members) < least or others < options.sample // 16:
            return None
        random = np.random.default_rng([options.seed, group.index, len(group.members)])
        own = sample(np.sort(random.permutation(group.members)[: options.sample]))
        other = beside(group)
        return None if own is None or other is None else (own, other[: options.sample])

    return cells


def _told(groups: Sequence[Group], tell: Told) -> Sequence[Group]:
    tell("Finding", 0, len(groups))
    return groups


def _settings(store: Store, options: AuditOptions) -> dict[str, object]:
    about = store.manifest
    return {
        "store": str(store.folder),
        "layer": about["layer"],
        "method": about["method"],
        "weights_sha256": about["model"].get("weights_sha256"),
        **options.as_dict(),
        "version": __version__,
    }


def _notes(
    rows: EvidenceRows, groups: Sequence[Group], candidates: Sequence[Candidate]
) -> tuple[str, ...]:
    notes = []
    if len(np.unique(rows.predicted)) < 2:
        notes.append(
            "all photos are predicted as one class, so that no region can be pasted into photos of "
            "another: add photos of other classes."
        )
    if not groups:
        notes.append("no class that is asked has five photos with evidence.")
    elif not candidates:
        notes.append("no photos of a class have their evidence at one place.")
    return tuple(notes)
