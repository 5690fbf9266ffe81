"""What an explainer knows of its explanations: the model, the method, the choices, the question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from seewhy.checks import is_plain
from seewhy.enhance.augmentations import KINDS
from seewhy.explainer.options import ExplainerOptions
from seewhy.explainer.recording.weights_digest import WeightsDigest
from seewhy.methods.registry import Method, all_methods
from seewhy.models.wrapped_model import WrappedModel
from seewhy.plan.plan import Plan
from seewhy.results.records.make_record import file_name
from seewhy.results.records.record import OWN_FUNCTION, MethodRecord, ModelRecord, Origin
from seewhy.targets.asked_again import asked, flag_words
from seewhy.targets.target import Target

_ELSEWHERE = ("layer", "method", "options", "weights", "batch_size")
"""Options that a record tells elsewhere, or that change no result."""


@dataclass(frozen=True)
class OriginMaker:
    """Tells, when somebody asks, where the explanations of one explainer come from."""

    wrapped: WrappedModel
    plan: Plan
    method: Method
    options: ExplainerOptions
    backend: ModuleType

    @classmethod
    def of(cls, pipeline: Any) -> OriginMaker:
        """Of a `Pipeline`."""
        return cls(
            pipeline.wrapped, pipeline.plan, pipeline.method, pipeline.options, pipeline.backend
        )

    def __call__(self, question: Target, name: str) -> Origin:
        """Of the answer to a question. name: of what the map speaks of."""
        target = flag_words(question, self.plan.labels, name)
        return replace(self.of_all(), target=target, asked=asked(question))

    def of_all(self) -> Origin:
        """What all of its explanations have in common."""
        options, method, own = self._options(), _plain_method(self.method), []
        own += [each for each in options if options[each] == OWN_FUNCTION]
        own += ["method"] if method is None else []
        return Origin(
            model=self._model(),
            layers=tuple(cut.layer.address for cut in self.plan.cuts if self.method.at_layer),
            method=method or MethodRecord(self.method.name),
            options=options,
            not_recorded=tuple(own),
            backend=self.backend.NAME,
            device=self.backend.device(),
        )

    def _model(self) -> ModelRecord:
        preset, given = self.wrapped.preset, self.options.weights
        digest = self.wrapped.kept.setdefault("weights", WeightsDigest(self.wrapped.model))
        return ModelRecord(
            name=self.wrapped.name,
            preset=None if preset is None else preset.name,
            file=self.wrapped.file,
            weights_file=None if given is None else file_name(str(given)),
            weights_sha256=digest(),
        )

    def _options(self) -> dict[str, Any]:
        chosen = self.options.as_dict()
        plain = {name: _plain(chosen[name]) for name in chosen if name not in _ELSEWHERE}
        return plain | {
            "enhance": _enhancements(self.options.enhance),
            "labels": _labels(self.options.labels),
        }


def _plain_method(method: Method) -> MethodRecord | None:
    """None for a formula of the user's, and where an option has no plain value."""
    options = {name: _plain(value) for name, value in method.options.items()}
    known = any(each.name == method.name for each in all_methods())
    if not known or not is_plain(options) or OWN_FUNCTION in options.values():
        return None
    seed = options.get("seed")
    return MethodRecord(method.name, method.paper, options, seed if type(seed) is int else None)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return value if is_plain(value) else OWN_FUNCTION


def _enhancements(enhance: Any) -> list[str]:
    """Each as `ExplainerOptions` reads it again."""
    several = enhance if isinstance(enhance, tuple | list) else [enhance]
    return [each if isinstance(each, str) else _words(each) for each in several]


def _words(enhancement: Any) -> str:
    names = {kind: name for name, kind in KINDS.items()}
    if not is_dataclass(enhancement) or type(enhancement) not in names:
        return OWN_FUNCTION
    values = [f"{each.name}={getattr(enhancement, each.name)}" for each in fields(enhancement)]
    return f"{names[type(enhancement)]}:{','.join(values)}"


def _labels(labels: Any) -> str | None:
    """Where the names came from; which they are, the question and the predictions tell."""
    if labels is None:
        return None
    return file_name(str(labels)) if isinstance(labels, str | Path) else "own names"
