"""The work of `seewhy explain`: photos explained, drawn, told and entered in the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from seewhy.cli import report, session, teller
from seewhy.cli.arguments import grammar
from seewhy.cli.arguments.early_checks import (
    check_classes,
    check_folder,
    check_models,
    known_labels,
)
from seewhy.cli.arguments.photos import FolderClasses, GivenPhotos, given_photos
from seewhy.cli.folder_lock import writing_alone
from seewhy.cli.question import Question, question_of
from seewhy.cli.result_tables import ResultTables, open_tables
from seewhy.errors import ImageError, SeewhyError
from seewhy.render import drawn_size
from seewhy.render.files import Filenames

if TYPE_CHECKING:
    from pathlib import Path

    from seewhy.cli.picture_files import Drawing
    from seewhy.explainer.explainer import Explainer
    from seewhy.results.explanation import Explanation
    from seewhy.results.trust import Trust
    from seewhy.targets.target import Target

MANY = 1000
"""Photos of more than which `seewhy run` is told of."""
Result = tuple[str, "list[Explanation] | SeewhyError", "list[Trust]"]


@dataclass(frozen=True)
class Asked:
    """What the flags ask."""

    model: str
    settings: dict[str, Any]
    targets: Sequence[str]
    """As they were written."""
    more: Callable[[], list[Any]] = list
    """Questions that are not given by --target."""
    words: Sequence[str] = ()
    """What tells these."""
    beside: Sequence[str] = ()
    """The classes in them."""
    trust: bool = False
    labels_from_folder: bool = False

    def questions(self, explainer: Explainer) -> Sequence[Target]:
        """What the explainer is asked. Raises TargetError for unknown classes."""
        targets = grammar.target_list(self.targets, explainer.labels)
        return explainer.questions([*targets, *self.more()] or ["top"])


@dataclass(frozen=True)
class Told:
    """What is printed."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False


def explain_photos(photos: Sequence[str], asked: Asked, drawing: Drawing, told: Told) -> NoReturn:
    """Explain the photos, write their pictures, and tell what was found photo by photo.

    A photo that cannot be read is told, the others are done, and the status is 1. Of several
    photos the results go into results.csv and results.jsonl, and what stands there is not done
    again.
    """
    everything = given_photos(photos)
    check_models(asked.settings, asked.model)
    check_classes(asked.settings, asked.model, [*asked.targets, *asked.beside])
    check_folder(drawing.output)
    if everything.any_readable:
        drawing.check()
    several = everything.any_readable and len(everything.paths) > 1
    with writing_alone(drawing.output) if several else nullcontext():
        tables = open_tables(drawing.output, _question(asked, drawing))
        # pictures of earlier runs that lie among the photos
        given = everything.without(tables.owners, photos)
        _go(Run(given, asked, drawing, told, tables))


def _go(run: Run) -> NoReturn:
    """Do the photos, and end with the status."""
    given, told = run.given, run.told
    if len(given.paths) > MANY and not told.quiet:
        session.tell_problem(
            f"{len(given.paths)} photos get pictures each; seewhy run keeps the maps of as many "
            f"in a store that can be searched."
        )
    try:
        run.go()
    except KeyboardInterrupt:
        hint = "; the same command goes on from there" if run.tables.there else ""
        session.tell_problem(f"stopped after {run.tally.done} photos{hint}.")
        raise typer.Exit(130) from None
    raise typer.Exit(int(run.tally.unread + run.tally.failed > 0))


@dataclass
class Run:
    """One run through the photos."""

    given: GivenPhotos
    asked: Asked
    drawing: Drawing
    told: Told
    tables: ResultTables
    tally: teller.Tally = field(default_factory=teller.Tally)

    def __post_init__(self) -> None:
        count = len(self.given.paths)
        self.several = count > 1
        told = self.told
        self.detail = teller.detail(count, quiet=told.quiet, verbose=told.verbose)
        self.width = teller.column(self.given.paths)
        self.folders: FolderClasses | None = None

    def go(self) -> None:
        """Do all photos."""
        names = Filenames(
            self.drawing.output,
            self.given.paths,
            owners=self.tables.owners,
            mark=self.tables.question.mark,
        )
        with ExitStack() as closed:
            closed.callback(self.tables.close)
            self.json = session.JsonList() if self.told.as_json else None
            if self.json is not None:
                closed.push(self.json)
            self.given.tell()
            for path, result, checked in self._with_progress(self._results()):
                if isinstance(result, Stored):
                    self._tell_stored(result.records)
                else:
                    self._tell(path, *self._drawn(path, result, names), checked)
        if self.several or self.told.quiet:
            closing = self.tally.closing(self.drawing.output)
            session.tell_closing(closing, as_json=self.told.as_json)

    def _results(self) -> Iterator[Any]:
        """Each photo in its order: stored records, or what is found now."""
        skipped = {path: self._stored(path) for path in self.given.paths} if self.several else {}
        todo = [
            path
            for path in self.given.paths
            if not skipped.get(path) and path not in self.given.problems
        ]
        new = iter(self._explained(todo)) if todo else iter(())
        for path in self.given.paths:
            if skipped.get(path):
                yield path, Stored(self.tables.stored(path) or []), []
            elif path in self.given.problems:
                yield path, self.given.problems[path], []
            else:
                yield next(new)

    def _stored(self, path: str) -> bool:
        """Whether the photo was done before, with all that is asked now."""
        records = self.tables.stored(path) or []
        return bool(records) and (not self.asked.labels_from_folder or "true" in records[0])

    def _explained(self, paths: Sequence[str]) -> Iterator[Result]:
        session.load_backend()
        from seewhy.explainer.explainer import Explainer

        with session.results_only():
            explainer = Explainer(self.asked.model, **self.asked.settings)
            questions = self.asked.questions(explainer)
        if self.asked.labels_from_folder:
            self.folders = FolderClasses(explainer.labels)
        most = None if self.drawing.full_size else drawn_size.MOST_DRAWN
        explained = session.explained_photos(explainer, paths, questions, most)
        if self.asked.trust:
            yield from session.muted(_checked(explained, explainer))
        else:
            yield from session.muted((path, result, []) for path, result in explained)

    def _with_progress(self, results: Iterator[Any]) -> Iterator[Any]:
        return session.with_progress(results, len(self.given.paths), with_json=self.told.as_json)

    def _drawn(
        self, path: str, result: list[Explanation] | SeewhyError, names: Filenames
    ) -> tuple[list[Explanation] | SeewhyError, list[list[Path]]]:
        if isinstance(result, SeewhyError):
            return result, []
        try:
            return result, self.drawing.write(path, result, names)
        except SeewhyError as error:
            return error, []
        except OSError as error:
            return SeewhyError(f"the pictures of {path!r} cannot be written: {error}."), []

    def _tell(
        self,
        path: str,
        result: list[Explanation] | SeewhyError,
        files: list[list[Path]],
        checked: list[Trust],
    ) -> None:
        """Print what was found of one photo, and enter it in the tables."""
        if isinstance(result, SeewhyError):
            self._tell_error(path, result)
            return
        facts = self.folders.as_dict(path, result) if self.folders else {}
        told = report.records(path, result, files, checked, record=self.drawing.record)
        records = [each | facts for each in told]
        self.tally.done += 1
        self.tally.count_answer(facts)
        self._enter(path, records)
        if self.json is not None:
            self._add_json(records)
        elif self.detail is teller.Detail.full:
            report.show(path, result, files, checked, teller.answer(facts))
        else:
            self._tell_line(records)

    def _tell_error(self, path: str, error: SeewhyError) -> None:
        if isinstance(error, ImageError):
            self.tally.unread += 1
        else:
            self.tally.failed += 1
        if path not in self.given.problems:  # those are told already
            session.tell_problem(error)
        record = {"photo": path, "error": str(error)}
        self._enter(path, [record])
        self._add_json([record])

    def _tell_stored(self, records: list[dict[str, Any]]) -> None:
        self.tally.before += 1
        self.tally.count_answer(records[0])
        self._add_json(records)

    def _tell_line(self, records: list[dict[str, Any]]) -> None:
        if self.detail is teller.Detail.line:
            warnings = [text for record in records for text in record["warnings"]]
            verdicts = [record["trust"]["verdict"] for record in records if "trust" in record]
            parts = [teller.asked_classes(records)]
            parts += [f"faithful to the model: {', '.join(verdicts)}"] if verdicts else []
            more = "  ".join(part for part in parts if part)
            line = records[0] | {"warnings": warnings}
            teller.tell_line(teller.photo_line(line, self.width, more))

    def _enter(self, path: str, records: Sequence[dict[str, Any]]) -> None:
        """Into the tables, which several photos have, and one if they are there."""
        if not self.given.any_readable:
            return
        if self.several or (self.tables.there and not self.tables.stored(path)):
            self.tables.add(path, records)

    def _add_json(self, records: Sequence[dict[str, Any]]) -> None:
        if self.json is not None:
            for record in records:
                self.json.add(record)


def _question(asked: Asked, drawing: Drawing) -> Question:
    """What makes the results and the pictures what they are."""
    own = [each.name for each in fields(drawing) if each.name not in ("output", "besides")]
    # of runs of earlier versions, too, pictures stay that may have a record
    how = {name: getattr(drawing, name) for name in own if name != "record" or not drawing.record}
    labels = known_labels(asked.settings, asked.model)
    targets = list(asked.targets)
    targets = targets if labels is None else grammar.target_list(targets, labels)
    words = [*(targets or ([] if asked.words else ["top"])), *asked.words]
    more = {"words": list(asked.words), "trust": asked.trust}
    return question_of(asked.model, asked.settings, words, how | more)


@dataclass(frozen=True)
class Stored:
    """What an earlier run found of a photo."""

    records: list[dict[str, Any]]


def _checked(
    explained: Iterator[tuple[str, list[Explanation] | SeewhyError]], explainer: Explainer
) -> Iterator[Result]:
    """The same with the checks of each explanation, those of a batch of photos made together."""
    while group := list(islice(explained, explainer.batch_size)):
        lists = [[] if isinstance(result, SeewhyError) else result for _, result in group]
        checks = iter(explainer.trust([each for result in lists for each in result]))
        for (path, result), of_photo in zip(group, lists, strict=True):
            yield path, result, list(islice(checks, len(of_photo)))
