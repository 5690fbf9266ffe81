"""What `seewhy explain` does with its arguments."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress

from seewhy import backend, images
from seewhy.cli import report
from seewhy.cli.picture_files import Drawing
from seewhy.errors import ImageError, SeewhyError, SeewhyWarning
from seewhy.explainer.explainer import Explainer
from seewhy.images.photo import Photo
from seewhy.models import presets
from seewhy.plan.layer_table import layers
from seewhy.progress import hidden
from seewhy.render.files import Filenames
from seewhy.results.explanation import Explanation
from seewhy.targets.builders import counterfactual, margin
from seewhy.targets.target import Target

T = TypeVar("T")
Answer = list[Explanation] | SeewhyError


def run(
    photos: Sequence[str],
    targets: Sequence[Any],
    settings: dict[str, Any],
    drawing: Drawing,
    *,
    as_json: bool,
    trust: bool = False,
) -> int:
    """Explain the photos, write their pictures, print what was found; returns the exit status.

    trust: whether each explanation is checked, too.

    A photo that cannot be read is reported, the others are done, and the status is 1.
    """
    drawing.check()
    # downloads and user code write to stdout, where only the results belong
    with quiet():
        backend.load()
    with contextlib.redirect_stdout(sys.stderr):
        explainer = Explainer(**settings)
        questions = explainer.questions(targets)
    names = Filenames(drawing.output, photos)
    records: list[dict[str, Any]] = []
    failed = False
    for path, answer in with_progress(answers(explainer, photos, questions), len(photos)):
        answer, files = _drawn(path, answer, drawing, names)
        if isinstance(answer, SeewhyError):
            failed = True
            sys.stderr.write(f"seewhy: {answer}\n")
            records.append({"photo": path, "error": str(answer)})
            continue
        checked = [one.trust() for one in answer] if trust else []
        if as_json:
            records += report.records(path, answer, files, checked)
        else:
            report.show(path, answer, files, checked)
    if as_json:
        sys.stdout.write(json.dumps(records, indent=1, ensure_ascii=False) + "\n")
    return int(failed)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow what libraries write past Python: TensorFlow's start-up notes heed no setting."""
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def asked(
    targets: Sequence[str], why: str | None, rather_than: str | None, against: str | None
) -> list[Any]:
    """The questions of the flags of `seewhy explain`; the top class if there is none."""
    questions: list[Any] = list(targets)
    if rather_than is not None:
        questions.append(margin(why or "top", rather_than))
    elif why is not None:
        questions.append(why)
    if against is not None:
        questions.append(counterfactual(against))
    return questions or ["top"]


def list_layers(
    model: str, size: int | None, grid: tuple[int, int] | None, *, as_json: bool
) -> None:
    """Print the layers of a model that can carry a map."""
    with quiet():
        backend.load()
    with contextlib.redirect_stdout(sys.stderr):
        found = layers(model, size=size, grid=grid)
    if as_json:
        records = [vars(row) for row in found]
        sys.stdout.write(json.dumps(records, indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{found}\n")


def list_models(*, as_json: bool) -> None:
    """Print the presets."""
    if as_json:
        sys.stdout.write(json.dumps(report.preset_records(presets.presets()), indent=1) + "\n")
    else:
        report.show_presets(presets.presets())


def answers(
    explainer: Explainer, photos: Sequence[str], questions: Sequence[Target]
) -> Iterator[tuple[str, Answer]]:
    """Each photo with its explanations or with what is wrong with it, in order, by batches."""
    for start in range(0, len(photos), explainer.batch_size):
        chunk = photos[start : start + explainer.batch_size]
        loaded = [_load(path) for path in chunk]
        good = [photo for photo in loaded if isinstance(photo, Photo)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # the report tells them
            rows = iter(explainer.ask(good, questions) if good else [])
        for path, photo in zip(chunk, loaded, strict=True):
            yield path, next(rows) if isinstance(photo, Photo) else photo


def _load(path: str) -> Photo | ImageError:
    try:
        return images.load(path)
    except ImageError as error:
        return error


def _drawn(
    path: str, answer: Answer, drawing: Drawing, names: Filenames
) -> tuple[Answer, list[list[Path]]]:
    if isinstance(answer, SeewhyError):
        return answer, []
    try:
        return answer, drawing.write(path, answer, names)
    except SeewhyError as error:
        return error, []
    except OSError as error:
        return SeewhyError(f"the pictures of {path!r} cannot be written: {error}."), []


def with_progress(answers: Iterator[T], count: int) -> Iterator[T]:
    """The same, with a progress bar on stderr where there are several."""
    if count < 2:
        yield from answers
        return
    with hidden(), Progress(console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(answers, total=count, description="Explaining")
