"""What a run needs of its explainer: photos read for it, batches explained, tables made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seewhy.datasets.manifest import classes_of, digest_of, plain, stated_options
from seewhy.datasets.part_table import Question, Tables
from seewhy.datasets.read_entries import ReadPhoto, photo_reader
from seewhy.datasets.run_options import RunOptions
from seewhy.datasets.sources.entry import Entry
from seewhy.errors import MapError, ModelError
from seewhy.explainer.columns.weighted_features import check_one_layer, weighted_features
from seewhy.explainer.recording.run_record import run_record
from seewhy.models import prepare
from seewhy.models.wrapped_model import USUAL_SIZE
from seewhy.results.maps_record import Maps

if TYPE_CHECKING:
    from seewhy.explainer.explainer import Explainer

_IN_PARTS = ("schema", "model", "layer", "method", "options", "questions", "grid", "input")


@dataclass(frozen=True)
class PreparedRun:
    """An explainer, made ready for a run."""

    manifest: dict[str, Any]
    tables: Tables
    batch_size: int
    read: Callable[[Entry], ReadPhoto]
    explained: Callable[[Sequence[ReadPhoto]], list[Maps]]
    """A record for each question, of the photos of a batch that could be read."""


def prepared_run(
    explainer: Explainer,
    options: RunOptions,
    asked: Mapping[str, Any],
    known: Callable[[], Mapping[str, Any] | None],
) -> PreparedRun:
    """Put the questions to the model, and find out what its maps are like.

    asked: what the manifest tells of the run itself. known: gives the manifest of the store, which
    spares a look at the model.
    """
    explainer = _steady(explainer)
    pipeline, grey = explainer.pipeline, _grey(explainer)
    questions = checked_questions(explainer, options)
    record = run_record(pipeline, [(each.word, each.target) for each in questions])
    manifest = {
        **asked,
        **_of_model(explainer, record["model"]["weights_sha256"]),
        "questions": [question.word for question in questions],
        "record": record,
    }
    stored, looked = known() or {}, ["grid", "input", "extents"]
    # a store that was begun without the column goes on without it
    manifest["photo_sha256"] = bool(stored.get("photo_sha256", True))
    looked += ["units"] if options.features else []
    if all(name in stored for name in looked):
        manifest |= {name: stored[name] for name in looked}
    else:
        manifest |= _look_at_maps(explainer, questions, grey, options.features)
    in_parts = (*_IN_PARTS, "extents", "versions", "units", "photo_sha256")
    about = {name: manifest[name] for name in in_parts if name in manifest}
    return PreparedRun(
        manifest=manifest,
        tables=Tables(about, questions, explainer.labels),
        batch_size=explainer.batch_size,
        read=photo_reader(pipeline, exact=options.exact),
        explained=lambda photos: _explained(explainer, questions, photos, manifest),
    )


def _steady(explainer: Explainer) -> Explainer:
    """The same, which gives the same bits for the same photos whatever it explained before.

    A recording rounds otherwise than what it was recorded of, and a batch otherwise than another
    of its photos: a run that goes on would differ from one that was never stopped.
    """
    if explainer.pipeline.backend.COMPILES:
        return explainer
    same = explainer.having()
    same.pipeline.runner.compiled.steady = explainer.pipeline.images_at_once
    return same


def checked_questions(explainer: Explainer, options: RunOptions) -> list[Question]:
    """The questions, put to the model; writes nothing.

    Raises ModelError for models that take no single photo, TargetError for classes that this one
    does not have, and MapError where there can be no features.
    """
    pipeline = explainer.pipeline
    # so that a model which does not declare its inputs is planned
    pipeline.samples([_grey(explainer)])
    wrapped = pipeline.wrapped
    if len(wrapped.inputs) != 1 or not wrapped.takes_photos(0):
        raise ModelError(
            f"a run explains photos, one at a time; model {wrapped.name!r} takes inputs of the "
            f"shapes {', '.join(str(entry.shape) for entry in wrapped.inputs)}: take "
            f"Explainer.maps with arrays."
        )
    if options.features:
        check_one_layer(pipeline)
    return _questions(explainer, options.targets)


def _grey(explainer: Explainer) -> np.ndarray:
    size = explainer.pipeline.wrapped.size or USUAL_SIZE
    return np.full((*size, 3), 127, "uint8")


def _questions(explainer: Explainer, targets: Sequence[Any]) -> list[Question]:
    questions = []
    for target in targets:
        word = str(plain(getattr(target, "words", target)))
        asked = explainer.questions([target])
        for k, each in enumerate(asked, 1):
            questions.append(Question(word if len(asked) == 1 else f"{word} {k}", each))
    return questions


def _of_model(explainer: Explainer, weights: str) -> dict[str, Any]:
    """What tells the model and the explainer's choices from others."""
    pipeline = explainer.pipeline
    info = pipeline.info()
    classes = classes_of(explainer.labels)
    options = stated_options(pipeline.options)
    return {
        "model": {"name": pipeline.wrapped.name, "weights_sha256": weights},
        "layer": explainer.layer,
        "method": explainer.method,
        "options": {**options, "of_method": plain(dict(pipeline.method.options))},
        "backend": pipeline.backend.NAME,
        "device": pipeline.backend.device(),
        "classes_sha256": digest_of(classes),
        "versions": info.versions,
        "classes": classes,
    }


def _look_at_maps(
    explainer: Explainer, questions: Sequence[Question], grey: np.ndarray, features: bool
) -> dict[str, Any]:
    """The shape of the maps, and where they lie in the network's input.

    A whole batch, since what is compiled for it is needed for the photos, too.
    """
    pipeline = explainer.pipeline
    count = 1 if pipeline.method.reruns else explainer.batch_size
    batch = np.stack([grey] * count)
    maps = explainer.maps(batch, questions[0].target)
    grid = list(maps.maps.shape[1:])
    if len(grid) != 2:
        raise MapError(
            f"layer {explainer.layer!r} gives maps of shape {tuple(grid)}: a store holds maps of "
            f"rows and columns. Choose a layer that keeps both."
        )
    units = {}
    if features:
        units["units"] = weighted_features(pipeline, batch, maps.maps).shape[1]
    geometry = pipeline.shown_part(
        prepare.prepare(grey, pipeline.wrapped, pipeline.fit_options)
    ).geometry
    if geometry is None or pipeline.wrapped.resizes:
        return {"grid": grid, "input": None, "extents": [], **units}
    extents = [[each.start, each.stop, each.low, each.high] for each in geometry.extents]
    return {"grid": grid, "input": list(geometry.input), "extents": extents, **units}


def _explained(
    explainer: Explainer,
    questions: Sequence[Question],
    photos: Sequence[ReadPhoto],
    manifest: Mapping[str, Any],
) -> list[Maps]:
    readable, input = [photo for photo in photos if photo.error is None], manifest["input"]
    if not readable:
        return []
    for photo in readable:
        if input is not None and photo.seen is not None and list(photo.seen) != list(input):
            raise MapError(
                f"{photo.entry.source!r} enters the network with {photo.seen} pixels, others with "
                f"{tuple(input)}: a store holds maps of one shape. Give one size with size=…."
            )
    images: Any = [photo.image for photo in readable]
    fitted = all(isinstance(image, np.ndarray) for image in images)
    if fitted and len({image.shape for image in images}) == 1:
        images = np.stack(images)
    found = [explainer.maps(images, question.target) for question in questions]
    if "units" not in manifest:
        return found
    pipeline = explainer.pipeline
    return [
        replace(each, features=weighted_features(pipeline, images, each.maps)) for each in found
    ]
