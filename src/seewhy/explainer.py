"""Explainer and explain(): the only place where the steps meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from seewhy import backend, engine, intake, methods
from seewhy.errors import OptionError, TargetError
from seewhy.explanation import Explanation
from seewhy.images import FITS
from seewhy.intake import Prepared
from seewhy.labels import Labels
from seewhy.results import Facts, Outcome, explanations, versions
from seewhy.subject import class_names, subject
from seewhy.targets import Score, Target, parse_all


class Explainer:
    """Explains photos to one model with one method at one layer; compiled once, then reused.

    model: a Keras 3 model, a preset's name (`seewhy models`) or a `.keras` file. Never changed.
    layer: name, path or the layer object; None takes the last one with a spatial grid in front
        of the classifier head.
    method: a method's name, or a function (activations, gradients) → maps.
    preprocess: how the model wants its pixels: a mode or preset's name, or a function from
        float32 RGB 0..255 (batch, height, width, 3); None finds it out where that is certain.
    labels: names of the classes: a list, a file, or None for ImageNet's where the model is known
        to have them.
    scores: "logits" (also behind a closing softmax or sigmoid) or "probabilities".
    size: side of the network's input in pixels, for models that take any.
    fit: "squash", "crop" or "letterbox", how photos of another shape are brought to that size.
    weights: file of weights for a preset.
    top: how many classes an explanation lists.
    Raises a SeewhyError whose message tells the mend.
    """

    def __init__(  # noqa: PLR0913  (the façade: every choice has its default)
        self,
        model: Any,
        *,
        layer: Any = None,
        method: str | Callable[..., Any] = "grad-cam",
        preprocess: str | Callable[..., Any] | None = None,
        labels: Labels | Sequence[str] | str | Path | None = None,
        scores: str = "logits",
        size: int | tuple[int, int] | None = None,
        fit: str = "squash",
        weights: str | Path | None = None,
        top: int = 3,
        batch_size: int = 8,
    ) -> None:
        _one_of("scores", scores, engine.SCORES)
        _one_of("fit", fit, FITS)
        self._backend = backend.load()
        self._method = methods.find(method)
        self._subject = subject(model, weights=weights, how=preprocess, size=size)
        self._cut = engine.cut(self._backend, self._subject, layer)
        self.labels = class_names(self._subject, labels, self._cut.classes)
        self.scores, self.fit = scores, fit
        self.top, self.batch_size = top, batch_size
        self._compiled: dict[tuple[Score, ...], Callable[..., Any]] = {}

    @property
    def layer(self) -> str:
        """Path of the target layer."""
        return self._cut.layer.path

    @property
    def method(self) -> str:
        """Name of the method."""
        return self._method.name

    @cached_property
    def _facts(self) -> Facts:
        """What all explanations of this explainer have in common."""
        return Facts(
            layer=self.layer,
            method=self.method,
            options={
                "model": str(self._subject.model.name),
                "scores": self.scores,
                "size": list(self._subject.size),
                "fit": self.fit,
            },
            labels=self.labels,
            top=self.top,
            found_logits=self._cut.final is not None,
            versions=versions(self._backend),
        )

    def __call__(self, images: Any, targets: Any = "top") -> list[Explanation]:
        """One explanation for each image.

        images: a list of paths, file objects, PIL images, uint8 arrays or preprocessed float
            arrays, or one batch array of either.
        targets: one question for all images, or a list of one each: "top", an index, a WordNet
            id, a class name, or an everyday word for a group of classes ("dog").
        """
        sources = intake.listed(images)
        one_each = isinstance(targets, list | tuple | np.ndarray)
        asked = list(targets) if one_each else [targets] * len(sources)
        if len(asked) != len(sources):
            raise TargetError(
                f"{len(asked)} targets for {len(sources)} images: give one for all, or one each."
            )
        rows = self._explain(sources, [self.questions([wanted]) for wanted in asked])
        return [explanations[0] for explanations in rows]

    def ask(self, images: Any, targets: Sequence[Any]) -> list[list[Explanation]]:
        """Every question about every image: a list for each image, in the order of the targets.

        targets: as for a call; "all-top" stands for one question for each of the top classes.
        The part of the network in front of the target layer runs once for all questions.
        """
        sources = intake.listed(images)
        questions = self.questions(targets)
        return list(self._explain(sources, [questions] * len(sources)))

    def questions(self, targets: Sequence[Any]) -> list[Target]:
        return parse_all(targets, self.labels, self.top, logits=self.scores == "logits")

    def _explain(
        self, sources: Sequence[Any], questions: Sequence[list[Target]]
    ) -> Iterator[list[Explanation]]:
        for start in range(0, len(sources), self.batch_size):
            chunk = slice(start, start + self.batch_size)
            prepared = [intake.prepare(s, self._subject, self.fit) for s in sources[chunk]]
            yield from self._explain_batch(prepared, questions[chunk])

    def _explain_batch(
        self, prepared: Sequence[Prepared], questions: Sequence[list[Target]]
    ) -> list[list[Explanation]]:
        """Images that ask the same kinds of question at the same size go through together."""
        done: dict[int, list[Explanation]] = {}
        kinds = [
            (tuple(target.score for target in asked), image.shape)
            for image, asked in zip(prepared, questions, strict=True)
        ]
        for kind in dict.fromkeys(kinds):
            members = [i for i, other in enumerate(kinds) if other == kind]
            together = [prepared[i] for i in members]
            asked = [questions[i] for i in members]
            outcome = self._run(kind[0], intake.batch(together, self._subject), asked)
            for row, i in enumerate(members):
                own = Outcome(*(result[row] for result in outcome))
                done[i] = explanations(self._facts, prepared[i], questions[i], own)
        return [done[i] for i in range(len(prepared))]

    def _run(
        self, kinds: tuple[Score, ...], images: np.ndarray, asked: Sequence[list[Target]]
    ) -> list[np.ndarray]:
        """What `engine.evidence` gives, as NumPy arrays."""
        from keras import ops

        if kinds not in self._compiled:
            function = engine.evidence(self._backend, self._cut, self._method, kinds, self.scores)
            self._compiled[kinds] = self._backend.compile(function, self._subject.model.variables)
        values = [np.stack([row[k].value for row in asked]) for k in range(len(kinds))]
        arrays = [self._filled(array) for array in (images, *values)]
        outcome = self._compiled[kinds](*arrays)
        return [ops.convert_to_numpy(result)[: len(images)] for result in outcome]

    def _filled(self, array: np.ndarray) -> np.ndarray:
        """Repeat the last image up to a power of two, so that few sizes are ever compiled."""
        if not self._backend.COMPILES:
            return array
        missing = (1 << (len(array) - 1).bit_length()) - len(array)
        return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])


def explain(  # noqa: PLR0913  (the façade: every choice has its default)
    model: Any,
    image: Any,
    *,
    target: Any = "top",
    layer: Any = None,
    method: str | Callable[..., Any] = "grad-cam",
    preprocess: str | Callable[..., Any] | None = None,
    labels: Labels | Sequence[str] | str | Path | None = None,
    scores: str = "logits",
    size: int | tuple[int, int] | None = None,
    fit: str = "squash",
    weights: str | Path | None = None,
    top: int = 3,
) -> Explanation:
    """Why the model decided as it did about one image.

    image: a path, file object, PIL image, uint8 array, or a preprocessed float array.
    target: "top", an index, a WordNet id, a class name, or a word for a group ("dog").
    The other arguments are those of `Explainer`, which is the way for more than one image.
    Raises a SeewhyError whose message tells the mend.
    """
    explainer = Explainer(
        model,
        layer=layer,
        method=method,
        preprocess=preprocess,
        labels=labels,
        scores=scores,
        size=size,
        fit=fit,
        weights=weights,
        top=top,
    )
    return explainer([image], targets=target)[0]


def _one_of(option: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise OptionError(f"{option} is one of {', '.join(known)}; got {value!r}.")
    return value
