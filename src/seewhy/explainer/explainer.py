"""Explainer: explanations of photos to one model."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Unpack

import numpy as np

from seewhy import checks
from seewhy.checks import SCORES, Scores
from seewhy.errors import OptionError, SeewhyWarning, TargetError
from seewhy.explainer.arguments.describe import accepts_options, with_options_described
from seewhy.explainer.arguments.types import ChangedArguments, ExplainerArguments
from seewhy.explainer.batching import TOP, given_question, group_by_key, one_target_each
from seewhy.explainer.build_explanations import ShownInput, build_explanations, warn_of
from seewhy.explainer.columns.explain_columns import explain_columns, in_parts, ready_batch
from seewhy.explainer.columns.lazy_explanations import lazy_explanations
from seewhy.explainer.concepts.discover_concepts import ConceptOptions, discover_concepts
from seewhy.explainer.options import FIXED, read_options
from seewhy.explainer.pipeline import Pipeline
from seewhy.explainer.scorer import Scorer
from seewhy.explainer.trust import TrustQuestion, check_trust, subjects_of
from seewhy.images.argument_order import check_order
from seewhy.models.prepare import Prepared
from seewhy.results.concepts import Concepts
from seewhy.results.explanation import Explanation
from seewhy.results.explanations import Explanations
from seewhy.results.maps_record import Maps
from seewhy.results.trust import Trust
from seewhy.targets.labels import Labels
from seewhy.targets.target import Target, batch_key


class Explainer:
    """Explains photos to one model with one method at one layer; compiled once, then reused.

    model: a Keras 3 model, a preset's name (`seewhy models`), a `.keras` file, or a `Split` of
        two functions. Never changed.
    {options}
    Raises a SeewhyError whose message tells the mend.
    """

    pipeline: Pipeline
    """The model, planned, with its compiled passes and the choices."""

    @accepts_options()
    def __init__(self, model: Any, **options: Unpack[ExplainerArguments]) -> None:
        check_order("seewhy.Explainer(model)(photo), or seewhy.explain(model, photo)", model)
        self.pipeline = Pipeline(model, read_options(options, "Explainer"))

    @classmethod
    def of(cls, pipeline: Pipeline) -> Explainer:
        """The explainer of a pipeline, which is shared and not built again."""
        explainer = cls.__new__(cls)
        explainer.pipeline = pipeline
        return explainer

    @accepts_options(leave_out=FIXED)
    def having(self, **changes: Unpack[ChangedArguments]) -> Explainer:
        """Another explainer of the same model, loaded and traced once, with other choices.

        changes: arguments of `Explainer` such as method, layer, options or top; not the model,
            preprocess, size or weights. Raises OptionError for those.
        """
        return Explainer.of(self.pipeline.changed(changes))

    def __repr__(self) -> str:
        pipeline = self.pipeline
        # before its first image a model without declared inputs has no target layer
        layer = repr(pipeline.plan.layer) if pipeline.is_planned else "not known yet"
        name = pipeline.wrapped.name
        return f"Explainer(model={name!r}, layer={layer}, method={self.method!r})"

    @property
    def layer(self) -> str:
        """Path of the target layer, or of several joined by " + "."""
        return self.pipeline.plan.layer

    @property
    def labels(self) -> Labels:
        """The classes of the model's main output."""
        return self.pipeline.plan.labels

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.pipeline.method.name

    @property
    def scores(self) -> str:
        """What is differentiated: "logits" or "probabilities"."""
        return self.pipeline.options.scores

    @property
    def fit(self) -> str:
        """How photos are brought to the network's shape."""
        return self.pipeline.options.fit

    @property
    def fuse(self) -> str:
        """How maps of several layers become one."""
        return self.pipeline.options.fuse

    @property
    def top(self) -> int:
        """How many classes an explanation lists."""
        return self.pipeline.options.top

    @property
    def batch_size(self) -> int:
        """How many images go through the network at once."""
        return self.pipeline.options.batch_size

    def __call__(self, images: Any, targets: Any = TOP, *, target: Any = TOP) -> Explanations:
        """One explanation for each image; an explanation is made when it is looked at.

        images: a path, file object, PIL image, uint8 array or preprocessed float array, a list of
            them, or one batch array. For a model with several inputs a dictionary (by the inputs'
            names) or tuple of such, a list of these, or one of batch arrays.
        targets, or target: one question for all images, or a list of one each: "top", an index, a
            WordNet id, a class name, an everyday word for a group of classes ("dog"), a question
            of `seewhy.targets`, or a function of the model's outputs.
        """
        asked = given_question(target, targets)
        lazy = lazy_explanations(self.pipeline, images, asked, self._shown_input)
        if lazy is not None:
            return lazy
        samples = self.pipeline.samples(images)
        each = one_target_each(asked, len(samples))
        if not samples:
            return Explanations()
        rows = self._explain(samples, [self.questions([target]) for target in each])
        found = Explanations(explanations[0] for explanations in rows)
        warn_of(found)
        return found

    def ask(self, images: Any, targets: Sequence[Any]) -> list[Explanations]:
        """Every question about every image: those of an image together, in the targets' order.

        targets: as for a call; "all-top" stands for one question for each of the top classes.
        The part of the network in front of the target layer runs once for all questions.
        """
        if not isinstance(targets, list | tuple | np.ndarray) or not len(targets):
            raise TargetError(f"ask takes a list of questions; got {targets!r}.")
        samples = self.pipeline.samples(images)
        if not samples:
            return []
        rows = self._explain(samples, [self.questions(targets)] * len(samples))
        found = [Explanations(row) for row in rows]
        warn_of([explanation for row in found for explanation in row])
        return found

    def maps(
        self, images: Any, targets: Any = TOP, *, target: Any = TOP, exact: bool = True
    ) -> Maps:
        """The same as columns of arrays, for many images: nothing is made for each of them.

        images, targets: as for a call. exact: False lets JPEG files that are four times as large
            as needed, or more, be decoded at a reduced scale, which is faster; maps change by
            about 3 % of their range. What a call would warn of stands in `Maps.warnings`.
        Files are read in threads while the network runs; three batches are in memory at once.
        Batches of uint8 photos of the network's own size, and of float arrays where the explainer
        was told prepared=True, go through without any work in Python for each image.
        """
        return explain_columns(self.pipeline, images, given_question(target, targets), exact=exact)

    def all_classes(self, images: Any) -> np.ndarray:
        """The map of every class of the main output at once.

        images: as for a call. Returns float32 (batch, classes, *space), signed: one pass of the
        network and one batched pullback of the part behind the target layer.
        """
        maps: list[np.ndarray] = []
        batch = ready_batch(self.pipeline, images)
        for part in () if batch is None else in_parts(self.pipeline, batch):
            maps += [*self.pipeline.runner.all_classes(self.pipeline.plan, 0, [part])]
        samples = self.pipeline.samples(images) if batch is None else []
        for prepared in self.pipeline.prepared(samples):
            maps += self.pipeline.all_class_maps_of_each(prepared)
        shapes = {each.shape for each in maps}
        if len(shapes) > 1:
            raise OptionError(
                f"images of several sizes give maps of several shapes ({shapes}), which are no "
                f"one array. Ask for images of one size at a time."
            )
        if not maps:
            raise OptionError("there is no image to explain: the list is empty.")
        return np.stack(maps)

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
        choices = ConceptOptions(count, self.top if top is None else top, seed)
        if self.method != "grad_cam":  # others may run at the input, whatever the layer
            same = self.having(method="grad_cam", options=None)
            return same.concepts(images, count=count, top=top, seed=seed)
        batches = list(self.pipeline.prepared(self.pipeline.samples(images)))
        return discover_concepts(self.pipeline, batches, choices)

    def trust(self, explanations: Sequence[Explanation]) -> list[Trust]:
        """`Explanation.trust` of many: what the checks need is run in shared batches.

        Raises OptionError where the model of one is no longer at hand.
        """
        return check_trust(subjects_of(explanations))

    def judge(
        self, maps: Sequence[Any], images: Any, targets: Any = "top", *, claimed: bool = False
    ) -> list[Trust]:
        """Check maps from elsewhere, one for each image; see `seewhy.trust`.

        images, targets: as for a call. claimed: whether the maps are said to be this method's, so
        that they must equal its own; if not, its maps are only what they are compared with.
        Raises MapError for what is no map over the photo.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # they are about other maps
            explanations = self(images, targets)
        if len(maps) != len(explanations):
            raise OptionError(
                f"{len(maps)} maps for {len(explanations)} images: give one for each image."
            )
        return check_trust(
            [
                TrustQuestion.of(explanation).about_map(explanation, map, claimed=claimed)
                for map, explanation in zip(maps, explanations, strict=True)
            ]
        )

    def scorer(
        self, images: Any, targets: Any = "top", *, scores: Scores = "probabilities"
    ) -> Scorer:
        """A function (images, which) → the score of each image's target, for `seewhy.metrics`.

        images, targets: as for a call; the images are brought to one size. "top" is the top class
        of the image as it is, also for its changed copies. scores: "probabilities" or "logits".
        """
        checks.one_of("scores", scores, SCORES)
        samples = self.pipeline.samples(images)
        each = self.questions(one_target_each(targets, len(samples)))
        prepared = [sample for batch in self.pipeline.prepared(samples) for sample in batch]
        return Scorer(self.pipeline.runner, self.pipeline.plan, prepared, each, scores)

    def questions(self, targets: Sequence[Any]) -> list[Target]:
        """Questions, put to this model. Raises TargetError if it cannot be asked so."""
        return self.pipeline.targets(targets)

    def _explain(
        self, samples: Sequence[Any], targets: Sequence[list[Target]]
    ) -> Iterator[list[Explanation]]:
        start = 0
        for prepared in self.pipeline.prepared(samples):
            yield from self._explain_batch(prepared, targets[start : start + len(prepared)])
            start += len(prepared)

    def _explain_batch(
        self, prepared: Sequence[Prepared], targets: Sequence[list[Target]]
    ) -> list[list[Explanation]]:
        """Images that ask the same kinds of question at the same size go through together."""
        explanations: dict[int, list[Explanation]] = {}
        keys = [
            (tuple(batch_key(target) for target in of_image), sample.shape)
            for sample, of_image in zip(prepared, targets, strict=True)
        ]
        info = self.pipeline.info()
        for members in group_by_key(keys):
            together = [prepared[i] for i in members]
            outcomes = self.pipeline.outcomes_of(together, [targets[i] for i in members])
            for i, outcome in zip(members, outcomes, strict=True):
                shown = self._shown_input(prepared[i])
                explanations[i] = build_explanations(info, shown, targets[i], outcome)
        return [explanations[i] for i in range(len(prepared))]

    def _shown_input(self, sample: Prepared) -> ShownInput:
        pipeline = self.pipeline
        # kept, since several questions about one image share it
        ask_all = functools.cache(lambda: pipeline.all_class_maps([sample])[0])
        ask_trust = functools.partial(TrustQuestion, pipeline, sample)
        return ShownInput(pipeline.shown_part(sample), ask_all, ask_trust)


Explainer.__doc__ = with_options_described(Explainer.__doc__)
