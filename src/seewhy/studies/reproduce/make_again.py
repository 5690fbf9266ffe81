"""reproduce(): make the explanations of a file again, and say whether they are the same."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.errors import (
    LayerError,
    MapError,
    MethodError,
    OptionError,
    RecordError,
    SeewhyWarning,
    TargetError,
)
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.options import FIXED
from seewhy.images.digests import digest
from seewhy.images.photo import Photo
from seewhy.maps.stored_maps import as_stored
from seewhy.models import presets
from seewhy.results.explanation import Explanation
from seewhy.results.records.read_file import read_records
from seewhy.results.records.record import Record
from seewhy.studies.reproduce.causes import changes, surroundings
from seewhy.studies.reproduce.reproduction import (
    CLOSE,
    DIFFERS,
    IDENTICAL,
    TOLERANCE,
    Reproduced,
    Reproduction,
    difference_of,
)
from seewhy.studies.reproduce.settings import settings_of
from seewhy.studies.reproduce.sources import (
    model_of,
    opened_photo,
    photo_of,
    photo_within,
    weights_of,
)
from seewhy.targets.asked_again import ask_again
from seewhy.targets.question import UnresolvedTarget

_OTHER_MODEL = (LayerError, TargetError, MethodError, MapError, OptionError)


def reproduce(file: str | Path, model: Any = None, photo: Any = None) -> Reproduction:
    """Make every explanation whose record a file holds again, and compare the maps.

    file: .png, .jpg, .webp, .svg, .pdf, .html, .npz, .json or .jsonl, written by seewhy; for stores
        see `seewhy.datasets.reproduce`.
    model: as `Explainer` takes it, or an Explainer, whose own functions stand in for those that no
        file can hold; None takes the preset of the record, or the file of its name beside `file` or
        in the current folder.
    photo: as an explainer takes it, or a .npy file; or a folder, in which and in those in it the
        photos of the records' names are looked for, by their SHA-256 where there are several; None
        looks for them where it does for the model, and among the photos that come with seewhy.
    Raises RecordError for a file without a record, a damaged record, one that cannot be repeated,
    and where model or photo are not found.
    """
    records = read_records(file)
    again = Again(model, photo, tuple(dict.fromkeys((Path(file).resolve().parent, Path.cwd()))))
    return Reproduction(str(file), tuple(map(again.one, records)))


@dataclass
class Again:
    """Makes explanations again; a model that several share is loaded once."""

    model: Any
    photo: Any
    folders: tuple[Path, ...]
    loaded: dict[str, Explainer] = field(default_factory=dict)

    def one(self, record: Record, read: Callable[[Explainer], Any] | None = None) -> Reproduced:
        """Make one again. read: gives the sample to the explainer; None looks for the photo.

        Raises RecordError, and what `read` raises.
        """
        question = _question(record)
        settings = settings_of(record)
        sample = None if read is not None else self._sample(record)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SeewhyWarning)  # the record has them
                explainer = self._explainer(record, settings)
                sample = sample if read is None else read(explainer)
                found = _nearest(record, explainer, sample, question)
        except _OTHER_MODEL as error:
            cause = f"the model cannot be asked so now: {error}"
            return Reproduced(record, None, DIFFERS, None, (cause,))
        return _compared(record, found)

    def _sample(self, record: Record) -> Any:
        photo = self.photo
        if photo is None:
            photo = photo_of(record.photo, self.folders)
        elif isinstance(photo, str | Path) and Path(photo).is_dir():
            photo = photo_within(record.photo, Path(photo))
        return opened_photo(photo, record.photo)

    def _explainer(self, record: Record, settings: dict[str, Any]) -> Explainer:
        own = [name for name in record.not_recorded if name != "labels"]
        if isinstance(self.model, Explainer):
            return self.model.having(**{k: v for k, v in settings.items() if k not in FIXED})
        if own:
            raise RecordError(
                f"the record has a function of its writer's own for {', '.join(own)}, which no "
                f"file can hold: in Python give an explainer that has it, as in "
                f"seewhy.reproduce(file, model=seewhy.Explainer(model, {own[0]}=…))."
            )
        model, weights = self._model(record)
        settings = settings | ({} if weights is None else {"weights": weights})
        fixed = {name: repr(settings.get(name)) for name in (*FIXED, "sizes")}
        key = json.dumps([model if isinstance(model, str) else id(model), fixed])
        if key not in self.loaded:
            self.loaded[key] = Explainer(model, **settings)
            return self.loaded[key]
        return self.loaded[key].having(**{k: v for k, v in settings.items() if k not in FIXED})

    def _model(self, record: Record) -> tuple[Any, Path | None]:
        if self.model is None:
            return model_of(record.model, self.folders)
        given = str(self.model) if isinstance(self.model, Path) else self.model
        is_preset = isinstance(given, str) and presets.is_name(given)
        return given, weights_of(record.model, self.folders) if is_preset else None


def _nearest(
    record: Record, explainer: Explainer, sample: Any, question: UnresolvedTarget
) -> Explanation:
    """The explanation, by the way that gives the very map of the record, if one does.

    `ask` and a call compile passes of their own, whose sums of floats may differ in the last bit,
    and a record does not tell by which it was made.
    """
    first = explainer.ask([sample], [question])[0][0]
    as_array = record.photo.of == "pixels" and isinstance(sample, Photo)
    array = sample.pixels if as_array else sample
    others = [array, [array]] if isinstance(array, np.ndarray) else [[sample]]
    for way in others if next(changes(record, first), None) is None else ():
        if _is_identical(record, first):
            break
        other = explainer(way, question)[0]
        first = other if _is_identical(record, other) else first
    return first


def _is_identical(record: Record, explanation: Explanation) -> bool:
    now = np.asarray(explanation.map, "float32")
    return digest(as_stored(now) if record.map_step else now) == record.map_sha256


def _question(record: Record) -> UnresolvedTarget:
    if record.question.asked is None:
        raise RecordError(
            f"what was asked ({record.question.words!r}) is a function of its writer's own, or was "
            f"not recorded, so that it cannot be asked again."
        )
    try:
        return ask_again(record.question.asked, record.question.words)
    except ValueError as error:
        raise RecordError(f"the record is damaged: {error}.") from error


def _compared(record: Record, explanation: Explanation) -> Reproduced:
    now = np.asarray(explanation.map, "float32")
    share = None if record.map is None else difference_of(record.map, now, record.map_step)
    if _is_identical(record, explanation):
        verdict, share = IDENTICAL, 0.0
    else:
        verdict = CLOSE if share is not None and share <= TOLERANCE else DIFFERS
    causes = [*changes(record, explanation)]
    if verdict != IDENTICAL:
        causes += [f"perhaps {text}" for text in surroundings(record, explanation.record)]
        if record.map is None:
            causes.append("the record holds no map, only its SHA-256: by how much is not known")
        if not causes:
            causes.append(
                "nothing else is otherwise: sums of floats depend on how many images went through "
                "the network at once, and on the number of threads"
            )
    return Reproduced(record, explanation, verdict, share, tuple(causes))
