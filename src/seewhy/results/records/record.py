"""The record of one explanation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seewhy.results.plain_values import plain_values
from seewhy.results.records.map_text import map_as_dict

SCHEMA = 1
OWN_FUNCTION = "own function"
"""Stands in a record for a function of the user's, which no file can hold."""


@dataclass(frozen=True)
class PhotoRecord:
    """Which photo was explained."""

    name: str
    """Without folders."""
    sha256: str
    of: str
    """What the digest is of: "file" (all bytes), "pixels" or "values" (`images.digest`)."""
    size: tuple[int, ...]
    """(height, width) in pixels; of signals and volumes their space."""


@dataclass(frozen=True)
class ModelRecord:
    """Which model was explained."""

    name: str
    preset: str | None = None
    file: str | None = None
    """Name of its file, without folders; None where it was given as an object or a preset."""
    weights_file: str | None = None
    """Name of the file of weights that was given for a preset."""
    weights_sha256: str | None = None
    """Of all weights' types, shapes and values; None where the model was not at hand."""


@dataclass(frozen=True)
class QuestionRecord:
    """What was asked."""

    words: str
    index: int | None = None
    wnid: str | None = None
    target: str | None = None
    """What `--target` takes to ask it again; None where it is no such question."""
    asked: Mapping[str, Any] | None = None
    """The question as `targets.asked_again` has it; None for a function of the user's."""


@dataclass(frozen=True)
class MethodRecord:
    """How it was explained."""

    name: str
    paper: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None


@dataclass(frozen=True)
class Origin:
    """What an explainer knows of its explanations beyond what these tell themselves."""

    model: ModelRecord
    layers: tuple[str, ...]
    """Paths of the target layers; () for methods that run at the input."""
    method: MethodRecord
    options: Mapping[str, Any]
    """Choices of the explainer, as `ExplainerOptions` has them."""
    not_recorded: tuple[str, ...] = ()
    """Choices that no file can hold, by name: functions of the user's."""
    target: str | None = None
    asked: Mapping[str, Any] | None = None
    """Both as `QuestionRecord` has them."""
    backend: str = ""
    device: str = ""
    map_step: float = 0.0
    """As `Record` has it."""


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class Record:
    """All that is needed to make an explanation again, and to see whether it is the same."""

    photo: PhotoRecord
    model: ModelRecord
    layer: str
    layers: tuple[str, ...]
    question: QuestionRecord
    method: MethodRecord
    options: Mapping[str, Any]
    not_recorded: tuple[str, ...]
    score: float | None
    """None where it is not finite."""
    probability: float | None
    predictions: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]
    versions: Mapping[str, str]
    backend: str
    device: str
    map_sha256: str
    """`images.digest` of the map."""
    map_shape: tuple[int, ...]
    map: np.ndarray | None = field(repr=False)
    """float32, signed, exact; None where it was too large for its file."""
    map_step: float = 0.0
    """To what its values are rounded, as a share of the largest magnitude, in a map that a store
    kept (`maps.stored_maps`); 0 for exact ones."""

    def as_dict(self, *, with_map: bool = True) -> dict[str, Any]:
        """Plain values for JSON. with_map: False leaves the map out, and says so."""
        own = {
            each.name: getattr(self, each.name)
            for each in dataclasses.fields(self)
            if not each.name.startswith("map")
        }
        plain = {
            name: dict(vars(value)) if dataclasses.is_dataclass(value) else value
            for name, value in own.items()
        }
        map = map_as_dict(self.map if with_map else None, self.map_sha256, self.map_shape)
        if self.map_step:
            map["rounded_to"] = self.map_step
        return {"schema": SCHEMA, **plain_values(plain), "map": map}
