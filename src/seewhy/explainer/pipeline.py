"""From images to outcomes: one model, planned once, its compiled passes, and the choices.

An `Explainer` makes explanations of what a pipeline gives. Checks and studies that need more than
explanations take the pipeline itself.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seewhy import backend
from seewhy.backend.selection import check_compiler
from seewhy.checks import sides_of
from seewhy.enhance.augmentations import parse_enhancements
from seewhy.errors import ModelError
from seewhy.explainer.batching import group_by_key
from seewhy.explainer.build_explanations import ExplainerInfo, versions
from seewhy.explainer.ensemble import Ensemble
from seewhy.explainer.input_sizes import InputSizes
from seewhy.explainer.options import ExplainerOptions
from seewhy.explainer.planning import extents_of_size, method_of, plan_model
from seewhy.explainer.recorded_options import recorded_options
from seewhy.explainer.recording.origin import OriginMaker
from seewhy.images.fitting import PhotoWindows
from seewhy.images.geometry import Extent
from seewhy.maps.fuse import fuse
from seewhy.models import prepare
from seewhy.models.prepare import FitOptions, Part, Prepared
from seewhy.models.samples import list_samples
from seewhy.models.wrapped_model import WrappedModel, wrap_model
from seewhy.plan.plan import Plan
from seewhy.plan.trace import reuse_traces
from seewhy.run.outcome import Outcome, join_layers
from seewhy.run.runner import Runner
from seewhy.targets.question import parse_targets
from seewhy.targets.ranks import is_rank, name_ranks
from seewhy.targets.target import Target

Inputs = Sequence[np.ndarray]


class Pipeline:
    """Prepared inputs → outcomes, for one model and one set of choices.

    model: what `Explainer` takes, or a WrappedModel, which is not loaded again.
    Raises a SeewhyError whose message tells the mend.
    """

    def __init__(self, model: Any, options: ExplainerOptions) -> None:
        self.options = options
        self.backend = backend.load()
        self.method = method_of(options, self.backend)
        enhancements, _ = parse_enhancements(options.enhance)
        self.ensemble = Ensemble(enhancements, options.batch_size, options.scores == "logits")
        check_compiler(options.compile, self.backend)
        self.runner = Runner(self.backend, self.method, options.scores, options.compile)
        sizes = tuple(sides_of(options.sizes))
        self.sizes = InputSizes(sizes, options.fuse, options.sharpen)
        self.fit_options = FitOptions(
            options.fit,
            options.bands,
            options.range,
            options.prepared,
            options.preprocess not in (None, "none"),
        )
        self.wrapped = (
            model
            if isinstance(model, WrappedModel)
            else wrap_model(
                model,
                weights=options.weights,
                how=options.preprocess,
                size=sizes[0] if sizes else options.size,
            )
        )
        self._learning = threading.Lock()
        self._extents: dict[Any, tuple[Extent, ...]] = {}
        # a model that does not declare its inputs is looked at with the first image
        self._plan = self._make_plan(self.wrapped.specs()) if self.wrapped.inputs else None

    @property
    def plan(self) -> Plan:
        """What is known of the model. Raises ModelError before its inputs are known."""
        if self._plan is None:
            raise ModelError(
                f"model {self.wrapped.name!r} does not declare its inputs, so its layers are "
                f"known only after the first image. Explain one first."
            )
        return self._plan

    @property
    def is_planned(self) -> bool:
        """Whether the model's inputs, and with them its layers, are known."""
        return self._plan is not None

    def changed(self, changes: Mapping[str, Any]) -> Pipeline:
        """The same model with other choices. Raises OptionError for what cannot be changed."""
        return Pipeline(self.wrapped, self.options.changed(changes))

    def for_copy(self, copy: Any) -> Pipeline:
        """The same for a copy of the Keras model with other weights, at the same layers.

        The copy is not traced again where its layers are those of the model.
        """
        wrapped = dataclasses.replace(self.wrapped, model=copy)
        reuse_traces(self.wrapped, wrapped)
        addresses = [cut.layer.address for cut in self.plan.cuts]
        layer = addresses if self.method.at_layer else None
        return Pipeline(wrapped, dataclasses.replace(self.options, layer=layer))

    def targets(self, targets: Sequence[Any]) -> list[Target]:
        """Targets as users give them, put to this model. Raises TargetError."""
        return parse_targets(targets, self.plan.context, self.options.top)

    def samples(self, images: Any) -> list[Any]:
        """The samples in what a user gave; the first ever tells of a model's undeclared inputs."""
        samples = list_samples(images, self.wrapped)
        with self._learning:
            if self._plan is None and samples:
                learned = self.wrapped.learning(samples[0])
                first = prepare.prepare(samples[0], learned, self.fit_options)
                self.wrapped = learned
                self._plan = self._make_plan(learned.specs(prepare.batch_inputs([first], learned)))
        return samples

    @property
    def images_at_once(self) -> int:
        """How many images go through the network together."""
        fixed = self.wrapped.inputs[0].batch
        return min(self.options.batch_size, fixed or self.options.batch_size)

    def prepare(self, sample: Any) -> Prepared:
        """One sample ready for the network, with its photo."""
        return prepare.prepare(sample, self.wrapped, self.fit_options)

    def prepared(self, samples: Sequence[Any]) -> Iterator[list[Prepared]]:
        """The samples ready for the network, a batch at a time."""
        for start in range(0, len(samples), self.images_at_once):
            yield [*map(self.prepare, samples[start : start + self.images_at_once])]

    def inputs(self, prepared: Sequence[Prepared]) -> list[np.ndarray]:
        """Network inputs (batch, …), one for each input of the model, of samples of one shape."""
        return prepare.batch_inputs(prepared, self.wrapped)

    @property
    def changed_input(self) -> tuple[int, bool]:
        """Which input copies of an image differ in, and whether its channels come first."""
        return self.plan.shown, self.wrapped.channels_first

    def outcomes_of(
        self, prepared: Sequence[Prepared], targets: Sequence[list[Target]]
    ) -> list[Outcome]:
        """Outcomes of samples of one shape, each with targets of the same kinds."""
        return self.outcomes(self.inputs(prepared), targets, self._photo_windows(prepared))

    def outcomes(
        self,
        inputs: Inputs,
        targets: Sequence[list[Target]],
        windows: Sequence[PhotoWindows | None] = (),
    ) -> list[Outcome]:
        """Outcomes with the maps of all target layers fused, for one batch of network inputs.

        targets: those of each image, all of the same kinds. windows: of each image's photo, for
        enhancements that look at parts of it.
        """
        if self._asks_copies:
            targets = self._with_named_ranks(inputs, targets)
        at_sizes = self.sizes.inputs(inputs, self.changed_input, windows)
        runs = [self._outcomes(each, targets, windows) for each in at_sizes]
        joined = [self.sizes.join([one.maps for one in row]) for row in zip(*runs, strict=True)]
        return [join_layers(row, maps) for *row, maps in zip(*runs, joined, strict=True)]

    def _outcomes(
        self,
        inputs: Inputs,
        targets: Sequence[list[Target]],
        windows: Sequence[PhotoWindows | None],
    ) -> list[Outcome]:
        """The same at one size of the input."""
        layers = [
            self.ensemble.outcomes(
                functools.partial(self.runner.outcomes, self.plan, k),
                inputs,
                targets,
                self.changed_input,
                windows,
            )
            for k in range(len(self.plan.cuts))
        ]
        return [self._fused(outcomes) for outcomes in zip(*layers, strict=True)]

    def all_class_maps(self, prepared: Sequence[Prepared]) -> np.ndarray:
        """Maps of all classes for samples of one shape, float32 (batch, classes, *space)."""
        inputs, windows = self.inputs(prepared), self._photo_windows(prepared)
        at_sizes = self.sizes.inputs(inputs, self.changed_input, windows)
        maps = [self._all_class_maps(each, windows) for each in at_sizes]
        return np.stack([self.sizes.join(of_image) for of_image in zip(*maps, strict=True)])

    def _all_class_maps(self, inputs: Inputs, windows: Sequence[PhotoWindows | None]) -> np.ndarray:
        runs = [
            functools.partial(self.runner.all_classes, self.plan, k)
            for k in range(len(self.plan.cuts))
        ]
        layers = [self.ensemble.maps(run, inputs, self.changed_input, windows) for run in runs]
        if len(layers) == 1:
            return layers[0]
        rows = [
            [fuse(maps, self.options.fuse) for maps in zip(*of_image, strict=True)]
            for of_image in zip(*layers, strict=True)
        ]
        return np.array(rows, "float32")

    def all_class_maps_of_each(self, prepared: Sequence[Prepared]) -> list[np.ndarray]:
        """The same for samples of any shapes, (classes, *space) each."""
        maps: dict[int, np.ndarray] = {}
        for members in group_by_key([sample.shape for sample in prepared]):
            together = self.all_class_maps([prepared[i] for i in members])
            maps |= dict(zip(members, together, strict=True))
        return [maps[i] for i in range(len(prepared))]

    def shown_part(self, sample: Prepared) -> Part:
        """The input that a map is laid over, with the place that the target layer sees of it."""
        part = sample.parts[self.plan.shown]
        if part.geometry is None:
            return part
        places = self._extents_for(sample) if self.plan.extents else ()
        return dataclasses.replace(
            part, geometry=dataclasses.replace(part.geometry, extents=places)
        )

    def _extents_for(self, sample: Prepared) -> tuple[Extent, ...]:
        """Where maps lie in images of this size, which may be another than the model's usual."""
        key = sample.shape
        if key not in self._extents:
            specs = self.wrapped.specs(self.inputs([sample]))
            self._extents[key] = extents_of_size(
                self.backend, self.wrapped, self.options, self.plan, specs
            )
        return self._extents[key]

    def info(self) -> ExplainerInfo:
        """What all explanations of this pipeline have in common."""
        return ExplainerInfo(
            layer=self.plan.layer,
            method=self.method.name,
            options=recorded_options(self.wrapped, self.plan, self.method, self.options),
            labels=self.plan.labels,
            top=self.options.top,
            output=self.plan.context.output,
            notes=self.plan.notes,
            versions=versions(self.backend),
            upsampling=self.options.upsampling,
            runs_as_written=self.runner.compiled.runs_as_written,
            ask_origin=OriginMaker.of(self),
        )

    def _make_plan(self, specs: Any) -> Plan:
        self.wrapped, plan = plan_model(
            self.backend, self.wrapped, self.options, specs, self.method
        )
        return plan

    def _photo_windows(self, prepared: Sequence[Prepared]) -> list[PhotoWindows | None]:
        at = self.plan.shown
        return [
            prepare.photo_windows(sample, at, self.wrapped, self.fit_options) for sample in prepared
        ]

    @property
    def _asks_copies(self) -> bool:
        """Whether changed copies of an image are asked, whose top class may be another one."""
        several = self.options.sizes or self.ensemble.enhancements
        return self.method.reruns or bool(several)

    def _with_named_ranks(
        self, inputs: Inputs, targets: Sequence[list[Target]]
    ) -> Sequence[list[Target]]:
        of_one_kind = [next(filter(is_rank, row), None) for row in targets]
        asked = [target for target in of_one_kind if target is not None]
        if len(asked) < len(targets):
            return targets
        ranked = self.runner.scores(self.plan, inputs, asked, self.options.scores)[1]
        return name_ranks(targets, ranked, self.plan.context)

    def _fused(self, outcomes: Sequence[Outcome]) -> Outcome:
        """One image's outcomes of all target layers as one."""
        if len(outcomes) == 1:
            return outcomes[0]
        targets = zip(*(outcome.maps for outcome in outcomes), strict=True)
        return join_layers(outcomes, np.stack([fuse(maps, self.options.fuse) for maps in targets]))
