"""A run over many photos: part by part into a store, going on where an earlier one was stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seewhy.datasets.arrow import parquet
from seewhy.datasets.manifest import (
    SCHEMA,
    check_same,
    plain,
    read_manifest,
    stated_options,
    write_manifest,
)
from seewhy.datasets.places.places import Place, whole
from seewhy.datasets.plan_file import Plan, frozen_plan
from seewhy.datasets.run_options import RunOptions
from seewhy.datasets.sources.entry import file_of
from seewhy.datasets.sources.list_entries import list_entries
from seewhy.datasets.store_files import (
    PLAN,
    errors_in,
    part_path,
    part_paths,
    remove_stale,
    store_place,
    write_table,
)
from seewhy.errors import ImageError, StoreError
from seewhy.explainer.options import ExplainerOptions

if TYPE_CHECKING:
    from seewhy.datasets.explain_parts import PreparedRun
    from seewhy.datasets.part_table import Part, Tables
    from seewhy.datasets.read_entries import ReadPhoto
    from seewhy.explainer.explainer import Explainer

Told = Callable[["RunState"], None]


@dataclass
class RunState:
    """How far a run is; what it gives in the end."""

    photos: int = 0
    """Of all parts that this run does."""
    before: int = 0
    """Photos that earlier runs had done."""
    done: int = 0
    """Photos done now, in parts that are whole or not."""
    unreadable: int = 0
    """Photos that could not be read, now or by earlier runs."""
    stopped: bool = False
    """Whether it was told to stop before it was through."""
    problems: list[str] = field(default_factory=list)
    """What was wrong with the photos read since the last time that this was emptied."""

    @property
    def whole(self) -> bool:
        return self.before + self.done == self.photos


def run_photos(
    explainer: Explainer,
    sources: str | Path | Sequence[str | Path],
    store: str | Place,
    options: RunOptions | None = None,
    *,
    told: Told | None = None,
    stop: Callable[[], bool] | None = None,
) -> RunState:
    """What `engines.choose_engine.run_dataset` does in this process; its arguments and errors."""
    from seewhy.datasets.explain_parts import checked_questions, prepared_run

    choices = options or RunOptions()
    if read_manifest(store_place(store)) is None:
        checked_questions(explainer, choices)  # before anything is written
    begun = begin(sources, store, choices)
    folder = begun.store
    prepared = prepared_run(explainer, begun.options, begun.asked, lambda: read_manifest(folder))
    known = read_manifest(folder)
    if known is None:
        write_manifest(folder, prepared.manifest)
    else:
        check_same(folder, known, prepared.manifest)
    run = Run(folder, begun.plan, begun.options, RunState(), told or (lambda _: None))
    todo = run.todo()
    run.told(run.state)
    run.go(prepared, todo, stop or (lambda: False))
    return run.state


@dataclass(frozen=True)
class Begun:
    """A store whose photos are listed."""

    store: Place
    plan: Plan
    options: RunOptions
    asked: dict[str, Any]
    """What the manifest tells of the run itself."""


def begin(
    sources: str | Path | Sequence[str | Path], store: str | Place, options: RunOptions
) -> Begun:
    """List the photos, where the store has not begun. Raises StoreError, ImageError."""
    words = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    listed, folder = [os.fspath(word) for word in words], store_place(store)
    if not listed:
        raise ImageError("there is no photo to explain: the list of sources is empty.")
    check_store(folder, listed, options)
    remove_stale(folder)
    plan = planned(folder, listed, options)
    asked = asked_of(listed, options) | {"plan": plan.digest(), "photos": plan.rows}
    asked["features"] = options.features
    return Begun(folder, plan, options, asked)


def check_store(
    store: Place,
    sources: Sequence[str],
    options: RunOptions,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Raises StoreError for a store of other photos or choices, as far as that is known without
    the model, and DependencyError where pyarrow is missing. Imports no Keras.

    settings: arguments of `Explainer`, where they are known.
    """
    parquet()
    known = read_manifest(store)
    if known is not None:
        asked = asked_of(sources, options)
        if settings is not None:
            asked["method"] = settings["method"]
            asked["options"] = known["options"] | stated_options(ExplainerOptions(**settings))
        check_same(store, known, asked)
    elif part_paths(store):
        raise StoreError(
            f"{str(store)!r} has parts of a store and no manifest.json: copy that file back, or "
            f"give another folder."
        )


def asked_of(sources: Sequence[str], options: RunOptions) -> dict[str, Any]:
    """What a run asks, as far as it is known without the model."""
    return {
        "schema": SCHEMA,
        "sources": [_place(word) for word in sources],
        "limit": options.limit,
        "shard_size": options.shard_size,
        "labels_from_folder": options.labels_from_folder,
        "targets": [plain(getattr(target, "words", target)) for target in options.targets],
        "features": options.features,
        "exact": options.exact,
    }


def check_sources(sources: Sequence[str]) -> None:
    """Raises ImageError for sources without any photo."""
    next(list_entries(sources), None)


def planned(store: Place, sources: Sequence[str], options: RunOptions) -> Plan:
    """The plan of the store, which is made where it has none. Raises ImageError, StoreError."""
    if read_manifest(store) is not None and not (store / PLAN).exists():
        raise StoreError(
            f"the store {str(store)!r} has lost its {PLAN}: copy that file back, or give another "
            f"folder."
        )
    entries = list_entries(sources, labels_from_folder=options.labels_from_folder)
    asked = asked_of(sources, options)
    return frozen_plan(store, _first(entries, options.limit), asked, options.shard_size)


def _first(entries: Iterator[Any], limit: int | None) -> Iterator[Any]:
    for count, entry in enumerate(entries):
        if limit is not None and count >= limit:
            return
        yield entry


def _place(word: str) -> str:
    if word.startswith("@"):
        return word if word == "@-" else f"@{whole(word[1:])}"
    return whole(word)


@dataclass
class Run:
    """The parts of one run."""

    store: Place
    plan: Plan
    options: RunOptions
    state: RunState
    told: Told

    def go(self, prepared: PreparedRun, todo: Sequence[int], stop: Callable[[], bool]) -> None:
        """Do these parts."""
        from seewhy.datasets.part_table import Part
        from seewhy.explainer.columns.read_photos import read_ahead

        named = self._batches(todo, prepared.batch_size)
        batches = read_ahead(named, prepared.read, self.options.threads)
        try:
            for number, group in groupby(batches, key=itemgetter(0)):
                part = Part()
                for _, photos in group:
                    part.add(photos, prepared.explained(photos))
                    self._count(photos)
                    if len(part.photos) == self.plan.size(number):
                        break  # without waiting for the next part, whose batch comes first
                self._write(number, part, prepared.tables)
                if stop() and number != todo[-1]:
                    self.state.stopped = True
                    return
        finally:
            batches.close()  # type: ignore[attr-defined]

    def todo(self) -> list[int]:
        """The parts that are not done yet."""
        first, count = self.options.shard
        todo = []
        for number in range(first - 1, self.plan.parts, count):
            size = self.plan.size(number)
            self.state.photos += size
            path = part_path(self.store, number)
            errors = errors_in(path, self.plan.first_row(number), size)
            if errors is None and path.exists():
                told = f"{str(path)!r} is damaged, or of another run, and is done again."
                self.state.problems.append(told)
            if errors is None or (errors and self.options.retry_errors):
                todo.append(number)
            else:
                self.state.before += size
                self.state.unreadable += errors
        return todo

    def _batches(self, todo: Sequence[int], size: int) -> Iterator[tuple[int, list[Any]]]:
        """Batches that no part shares with another, so that each is made the same way whenever it
        is made."""
        for number in todo:
            entries = self.plan.entries(number)
            for start in range(0, len(entries), size):
                yield number, entries[start : start + size]

    def _count(self, photos: Sequence[ReadPhoto]) -> None:
        errors = [photo.error for photo in photos if photo.error is not None]
        self.state.done += len(photos)
        self.state.unreadable += len(errors)
        self.state.problems += errors
        self.told(self.state)

    def _write(self, number: int, part: Part, tables: Tables) -> None:
        from seewhy.datasets.part_table import WRITING

        _check_source(part)
        table = tables.table(self.plan.first_row(number), part)
        write_table(part_path(self.store, number), table, **WRITING)


def _check_source(part: Part) -> None:
    """Raises ImageError where all photos of a part are gone with their folders: a disk that is not
    there is no reason to write that none can be read."""
    folders = {file_of(photo.entry.source).parent for photo in part.photos}
    gone = all(photo.error is not None for photo in part.photos)
    if gone and not any(map(_exists, folders)):
        raise ImageError(
            f"the photos are gone: there is no folder {min(map(str, folders))!r} any more. The "
            f"finished parts are kept: once it is back, the same command goes on."
        )


def _exists(folder: Place) -> bool:
    try:
        return folder.exists()
    except OSError:  # nobody answers
        return False
