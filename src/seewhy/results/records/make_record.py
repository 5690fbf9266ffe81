"""The record of an explanation, and of several as one text for a picture's file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from seewhy.images.digests import digest, photo_digest
from seewhy.render.embedded.limits import LONGEST
from seewhy.results.records.record import (
    MethodRecord,
    ModelRecord,
    Origin,
    PhotoRecord,
    QuestionRecord,
    Record,
)
from seewhy.targets.labels import Label


def make_record(explanation: Any, origin: Origin | None) -> Record:
    """The record of an explanation.

    origin: what its explainer knows; None where that is not at hand, as after pickling: then the
    record tells neither the weights nor how the question is asked again, but for a class.
    """
    known = origin or _without_explainer(explanation)
    photo, target, map = explanation.photo, explanation.target, explanation.map
    of, sha256 = photo_digest(photo)
    name = file_name(photo.name)
    label = target if isinstance(target, Label) else None
    return Record(
        photo=PhotoRecord(name, sha256, of, tuple(photo.size)),
        model=known.model,
        layer=explanation.layer,
        layers=known.layers,
        question=QuestionRecord(
            target.name,
            None if label is None else label.index,
            None if label is None else label.wnid,
            known.target,
            known.asked,
        ),
        method=known.method,
        options=known.options,
        not_recorded=known.not_recorded,
        score=_finite(explanation.score),
        probability=_finite(explanation.probability),
        predictions=tuple(dict(vars(each)) for each in explanation.predictions),
        # notes on a photo name it as it was given
        warnings=tuple(text.replace(photo.name, name) for text in explanation.warnings),
        versions=dict(explanation.versions),
        backend=known.backend,
        device=known.device,
        map_sha256=digest(np.asarray(map, "float32")),
        map_shape=tuple(map.shape),
        map=np.asarray(map, "float32"),
        map_step=known.map_step,
    )


def file_name(path: str) -> str:
    """The last part of a path of any system: folders may name people and projects."""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def records_text(records: Iterable[Record]) -> str:
    """Records as JSON in ASCII, of at most `LONGEST` bytes.

    Where they are too long, the largest maps are left out, and of very many the last records.
    """
    every = list(records)
    texts = [_text(record.as_dict()) for record in every]
    sizes = [*map(_length, texts)]
    for k in sorted(range(len(every)), key=lambda k: -sizes[k]):
        if sum(sizes) <= LONGEST - 100:
            break
        texts[k] = _text(every[k].as_dict(with_map=False))
        sizes[k] = _length(texts[k])
    while sum(sizes[: len(texts)]) > LONGEST - 100:
        texts.pop()
    return f'{{"records":[{",".join(texts)}],"left_out":{len(every) - len(texts)}}}'


def _length(text: str) -> int:
    # in XML each of these letters is up to five
    return len(text) + 1 + 4 * sum(map(text.count, "<>&"))


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _without_explainer(explanation: Any) -> Origin:
    options = dict(explanation.options)
    label = explanation.target if isinstance(explanation.target, Label) else None
    names = [name for name in explanation.versions if name not in ("seewhy", "keras")]
    return Origin(
        model=ModelRecord(str(options.pop("model", ""))),
        layers=tuple(explanation.layer.split(" + ")),
        method=MethodRecord(explanation.method, options=options.pop("method", {})),
        options=options,
        target=None if label is None else str(label.index),
        asked=None if label is None else {"kind": "class", "index": label.index, "scores": None},
        backend=names[0] if names else "",
    )
