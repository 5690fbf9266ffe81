"""Explainer: the only place where the steps meet."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seewhy import backend, checks
from seewhy.enhance.augmentations import parse_enhancements
from seewhy.errors import ModelError, OptionError, TargetError
from seewhy.explainer import batching
from seewhy.explainer.build_explanations import (
    ExplainerInfo,
    ShownInput,
    build_explanations,
    versions,
)
from seewhy.explainer.discover_concepts import ConceptOptions, discover_concepts
from seewhy.explainer.ensemble import Ensemble
from seewhy.explainer.scorer import Scorer
from seewhy.images.fitting import FITS, PhotoWindows
from seewhy.maps.fuse import WAYS, fuse
from seewhy.methods import registry
from seewhy.models import prepare as prepare_module
from seewhy.models.prepare import FitOptions, Prepared, batch_inputs, prepare
from seewhy.models.samples import list_samples
from seewhy.models.wrapped_model import WrappedModel, wrap_model
from seewhy.plan.cuts import SCORES
from seewhy.plan.plan import Plan, PlanOptions, make_plan
from seewhy.results.concepts import Concepts
from seewhy.results.explanation import UPSAMPLINGS, Explanation
from seewhy.run.outcome import Outcome, join_layers
from seewhy.run.runner import Runner
from seewhy.targets.labels import Labels
from seewhy.targets.question import parse_targets
from seewhy.targets.target import Target, batch_key

if TYPE_CHECKING:
    from seewhy.results.trust import Trust


class Explainer:
    """Explains photos to one model with one method at one layer; compiled once, then reused.

    model: a Keras 3 model, a preset's name (`seewhy models`), a `.keras` file, or a `Split` of
        two functions. Never changed.
    layer: name, path, call ("conv#2"), index among the layers with a grid (-1 is the last) or the
        layer object; a list of them is fused. None takes the last one with a spatial grid in
        front of the classifier head (`seewhy.layers(model)` says which).
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
    batch_size: how many images go through the network at once.
    output: name or index of the output that is asked, for models with several.
    grid: (rows, cols) of the tokens, for transformers where it cannot be found.
    fuse: "mean", "max" or "product" of several layers' maps.
    bands: three channels shown as red, green and blue, for images of other than 1 or 3 channels.
    options: the method's own, such as {"steps": 100} (`seewhy methods NAME` lists them).
    enhance: one or several of "flips" (test-time augmentation), "noise" (the mean over noisy
        copies), "scales" (windows of the enlarged photo, as SESS), with options as in
        "noise:samples=16", or records of `seewhy.enhance`; and "eigen", the first principal
        component of what units add in place of their sum.
    upsampling: "linear", or "guided" to follow the photo's edges.
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
        output: str | int | None = None,
        grid: tuple[int, ...] | None = None,
        fuse: str = "mean",
        bands: Sequence[int] | None = None,
        options: Mapping[str, Any] | None = None,
        enhance: Any = (),
        upsampling: str = "linear",
    ) -> None:
        self._settings = {k: v for k, v in locals().items() if k not in ("self", "model")}
        checks.one_of("scores", scores, SCORES)
        checks.one_of("fit", fit, FITS)
        checks.one_of("fuse", fuse, WAYS)
        checks.one_of("upsampling", upsampling, UPSAMPLINGS)
        checks.count("top", top)
        checks.count("batch_size", batch_size)
        if grid is not None:
            checks.grid(grid)
        if isinstance(layer, list | tuple) and not layer:
            raise OptionError("layer is an empty list: give at least one layer, or none at all.")
        self.scores, self.fit, self.fuse = scores, fit, fuse
        self.top, self.batch_size = top, batch_size
        self._backend = backend.load()
        enhancements, eigen = parse_enhancements(enhance)
        self._method = registry.get_method(method, options)
        if not self._backend.GRADIENTS:
            registry.refuse_gradients(self._method, self._backend.NAME)
        if eigen:
            from seewhy.methods.eigen import eigen_smoothed  # which imports Keras

            self._method = eigen_smoothed(self._method)
        self._ensemble = Ensemble(enhancements, batch_size, scores == "logits")
        self._upsampling = upsampling
        self._runner = Runner(self._backend, self._method, scores)
        self._manner = FitOptions(fit, bands)
        self._wishes = PlanOptions(
            layer, labels, output, None if grid is None else tuple(grid), scores
        )
        known = isinstance(model, WrappedModel)
        self._subject = (
            model if known else wrap_model(model, weights=weights, how=preprocess, size=size)
        )
        self._learning = threading.Lock()
        # a model that does not declare its inputs is looked at with the first image
        self._plan: Plan | None = None
        if self._subject.entries:
            self._plan = self._made(self._subject.specs())

    def having(self, **changes: Any) -> Explainer:
        """Another explainer of the same model, loaded once, with other choices.

        changes: arguments of `Explainer` such as method, layer, options or top; not the model,
            preprocess, size or weights. Raises OptionError for those.
        """
        fixed = {"preprocess", "size", "weights"}
        wrong = [name for name in changes if name in fixed or name not in self._settings]
        if wrong:
            free = ", ".join(name for name in self._settings if name not in fixed)
            raise OptionError(f"{wrong[0]!r} cannot be changed here: what can is {free}.")
        return Explainer(self._subject, **{**self._settings, **changes})

    @property
    def layer(self) -> str:
        """Path of the target layer, or of several joined by " + "."""
        return self._known.layer

    @property
    def labels(self) -> Labels:
        """The classes of the model's main output."""
        return self._known.labels

    @property
    def method(self) -> str:
        """Name of the method."""
        return self._method.name

    @property
    def _known(self) -> Plan:
        if self._plan is None:
            raise ModelError(
                f"model {self._subject.name!r} does not declare its inputs, so its layers are "
                f"known only after the first image. Explain one first."
            )
        return self._plan

    def __call__(self, images: Any, targets: Any = "top") -> list[Explanation]:
        """One explanation for each image.

        images: a list of paths, file objects, PIL images, uint8 arrays or preprocessed float
            arrays, or one batch array of either. For a model with several inputs a list of
            dictionaries (by the inputs' names) or tuples, or one of batch arrays.
        targets: one question for all images, or a list of one each: "top", an index, a WordNet
            id, a class name, an everyday word for a group of classes ("dog"), a question of
            `seewhy.targets`, or a function of the model's outputs.
        """
        sources = self._listed(images)
        asked = batching.one_target_each(targets, len(sources))
        if not sources:
            return []
        rows = self._explain(sources, [self.questions([wanted]) for wanted in asked])
        return [explanations[0] for explanations in rows]

    def ask(self, images: Any, targets: Sequence[Any]) -> list[list[Explanation]]:
        """Every question about every image: a list for each image, in the order of the targets.

        targets: as for a call; "all-top" stands for one question for each of the top classes.
        The part of the network in front of the target layer runs once for all questions.
        """
        if not isinstance(targets, list | tuple | np.ndarray) or not len(targets):
            raise TargetError(f"ask takes a list of questions; got {targets!r}.")
        sources = self._listed(images)
        if not sources:
            return []
        questions = self.questions(targets)
        return list(self._explain(sources, [questions] * len(sources)))

    def all_classes(self, images: Any) -> np.ndarray:
        """The map of every class of the main output at once.

        images: as for a call. Returns float32 (batch, classes, *space), signed: one pass of the
        network and one batched pullback of the part behind the target layer.
        """
        sources = self._listed(images)
        done: list[np.ndarray] = []
        for prepared in self._prepared(sources):
            rows: dict[int, np.ndarray] = {}
            for members in batching.group_by_key([sample.shape for sample in prepared]):
                together = [prepared[i] for i in members]
                rows |= dict(zip(members, self._maps_of_all(together), strict=True))
            done += [rows[i] for i in range(len(prepared))]
        shapes = {maps.shape for maps in done}
        if len(shapes) > 1:
            raise OptionError(
                f"images of several sizes give maps of several shapes ({shapes}), which are no "
                f"one array. Ask for images of one size at a time."
            )
        if not done:
            raise OptionError("there is no image to explain: the list is empty.")
        return np.stack(done)

    def concepts(
        self, images: Any, *, count: int = 5, top: int | None = None, seed: int = 0
    ) -> Concepts:
        """The parts that the layer's activations of all images are made of, and what they mean.

        Deep feature factorisation (Collins, Achanta and Süsstrunk 2018, arXiv:1806.10206): the
        activations, negative ones set to 0, of all positions of all images are approximated by
        `count` non-negative concepts; see `nmf.factorise`. Then the part of the network behind
        the layer runs on what is put together from the concepts, without each and with each
        alone: a concept speaks for the classes whose score falls most without it; see
        `concept_meaning.concept_effect`. What bypasses the layer, such as skip connections and
        class tokens, stays as it is.
        images: as for a call, of one size. top: how many classes a concept is labelled with; the
        explainer's own if None. seed: of the factorisation's start.
        Needs the extra "concepts". Raises DependencyError without it; OptionError for counts that
        the layer has no room for, and for several layers; MapError where nothing is active.
        """
        wanted = ConceptOptions(count, self.top if top is None else top, seed)
        if self.method != "grad_cam":  # others may run at the input, whatever the layer
            same = self.having(method="grad_cam", options=None)
            return same.concepts(images, count=count, top=top, seed=seed)
        chunks = list(self._prepared(self._listed(images)))
        return discover_concepts(self._runner, self._known, chunks, wanted, self._facts())

    def scorer(self, images: Any, targets: Any = "top", *, scores: str = "probabilities") -> Scorer:
        """A function (images, which) → the score of each image's target, for `seewhy.metrics`.

        images, targets: as for a call; the images are brought to one size. "top" is the top class
        of the image as it is, also for its changed copies. scores: "probabilities" or "logits".
        """
        checks.one_of("scores", scores, SCORES)
        sources = self._listed(images)
        asked = self.questions(batching.one_target_each(targets, len(sources)))
        samples = [sample for prepared in self._prepared(sources) for sample in prepared]
        return Scorer(self._runner, self._known, samples, asked, scores)

    def questions(self, targets: Sequence[Any]) -> list[Target]:
        """Questions, put to this model. Raises TargetError if it cannot be asked so."""
        return parse_targets(targets, self._known.context, self.top)

    def _made(self, specs: Any) -> Plan:
        return make_plan(self._backend, self._subject, self._wishes, specs, self._method)

    def _listed(self, images: Any) -> list[Any]:
        """The samples; the first ever tells of a model that does not declare its inputs."""
        sources = list_samples(images, self._subject)
        with self._learning:
            if self._plan is None and sources:
                learnt = self._subject.learning(sources[0])
                first = prepare(sources[0], learnt, self._manner)
                self._subject = learnt
                self._plan = self._made(learnt.specs(batch_inputs([first], learnt)))
        return sources

    def _prepared(self, sources: Sequence[Any]) -> Iterator[list[Prepared]]:
        fixed = self._subject.entries[0].batch
        size = min(self.batch_size, fixed or self.batch_size)
        for start in range(0, len(sources), size):
            chunk = sources[start : start + size]
            yield [prepare(source, self._subject, self._manner) for source in chunk]

    def _explain(
        self, sources: Sequence[Any], questions: Sequence[list[Target]]
    ) -> Iterator[list[Explanation]]:
        start = 0
        for prepared in self._prepared(sources):
            yield from self._explain_batch(prepared, questions[start : start + len(prepared)])
            start += len(prepared)

    def _explain_batch(
        self, prepared: Sequence[Prepared], questions: Sequence[list[Target]]
    ) -> list[list[Explanation]]:
        """Images that ask the same kinds of question at the same size go through together."""
        done: dict[int, list[Explanation]] = {}
        keys = [
            (tuple(batch_key(target) for target in asked), image.shape)
            for image, asked in zip(prepared, questions, strict=True)
        ]
        facts = self._facts()
        for members in batching.group_by_key(keys):
            together = [prepared[i] for i in members]
            asked = [questions[i] for i in members]
            inputs = batch_inputs(together, self._subject)
            found = self._look(inputs, asked, self._closer(together))
            for i, own in zip(members, found, strict=True):
                done[i] = build_explanations(facts, self._shown(prepared[i]), questions[i], own)
        return [done[i] for i in range(len(prepared))]

    def _evidence(
        self,
        k: int,
        inputs: Sequence[np.ndarray],
        asked: Sequence[list[Target]],
        closer: Sequence[PhotoWindows | None],
    ) -> list[Outcome]:
        known = self._known

        def run(inputs: Sequence[np.ndarray], asked: Sequence[list[Target]]) -> list[Outcome]:
            return self._runner.evidence(known, k, inputs, asked)

        return self._ensemble.outcomes(run, inputs, asked, self._changing, closer)

    def _look(
        self,
        inputs: Sequence[np.ndarray],
        asked: Sequence[list[Target]],
        closer: Sequence[PhotoWindows | None] = (),
    ) -> list[Outcome]:
        """Outcomes with the maps of all target layers fused, for one batch of network inputs."""
        places = range(len(self._known.cuts))
        outcomes = [self._evidence(k, inputs, asked, closer) for k in places]
        return [self._fused([outcome[row] for outcome in outcomes]) for row in range(len(asked))]

    def _closer(self, samples: Sequence[Prepared]) -> list[PhotoWindows | None]:
        at = self._known.shown
        return [
            prepare_module.photo_windows(one, at, self._subject, self._manner) for one in samples
        ]

    @property
    def _changing(self) -> tuple[int, bool]:
        """The input that enhancements change, and whether its channels come first."""
        return self._known.shown, self._subject.channels_first

    def _maps_of_all(self, images: Sequence[Prepared]) -> np.ndarray:
        known = self._known
        inputs = batch_inputs(images, self._subject)
        near = self._closer(images)
        runs = [
            functools.partial(self._runner.all_classes, known, k) for k in range(len(known.cuts))
        ]
        each = [self._ensemble.maps(run, inputs, self._changing, near) for run in runs]
        if len(each) == 1:
            return each[0]
        rows = [
            [fuse(layers, self.fuse) for layers in zip(*maps, strict=True)]
            for maps in zip(*each, strict=True)
        ]
        return np.array(rows, "float32")

    def _fused(self, outcomes: Sequence[Outcome]) -> Outcome:
        if len(outcomes) == 1:
            return outcomes[0]
        questions = zip(*(outcome.maps for outcome in outcomes), strict=True)
        maps = [fuse(layers, self.fuse) for layers in questions]
        return join_layers(outcomes, np.stack(maps))

    def _shown(self, sample: Prepared) -> ShownInput:
        # kept, since several questions about one image share it
        ask_all = functools.cache(lambda: self._maps_of_all([sample])[0])

        def ask_trust(question: Target, explanation: Explanation) -> Trust:
            from seewhy.explainer.trust import check_trust

            return check_trust(self, sample, question, explanation)

        return ShownInput(sample.parts[self._known.shown], ask_all, ask_trust)

    def _facts(self) -> ExplainerInfo:
        """What all explanations of this explainer have in common."""
        known = self._known
        size = self._subject.size
        options: dict[str, Any] = {
            "model": self._subject.name,
            "scores": self.scores,
            "size": None if size is None else list(size),
            "fit": self.fit,
        }
        if len(known.cuts) > 1:
            options["fuse"] = self.fuse
        if self._method.options:
            options["method"] = dict(self._method.options)
        if self._settings["enhance"]:
            options["enhance"] = batching.enhancements_as_words(self._settings["enhance"])
        if self._upsampling != "linear":
            options["upsampling"] = self._upsampling
        return ExplainerInfo(
            layer=known.layer,
            method=self.method,
            options=options,
            labels=known.labels,
            top=self.top,
            output=known.context.output,
            notes=known.notes,
            versions=versions(self._backend),
            upsampling=self._upsampling,
        )
