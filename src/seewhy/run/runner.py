"""Runs compiled passes: each is made once, kept, and fed with arrays."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from seewhy.errors import MethodError
from seewhy.methods.needs import NEEDS, rules_among
from seewhy.methods.registry import Method
from seewhy.plan.evidence_sources import QuestionBatch
from seewhy.plan.plan import Plan
from seewhy.run import memory, passes, perturbed_passes
from seewhy.run.compile_cache import CompileCache, filled_up, synchronise_variables
from seewhy.run.maps_of_batch import network_tensors, start_maps, values_of_one_kind
from seewhy.run.outcome import Outcome
from seewhy.run.perturbed_passes import Change, TailSpec
from seewhy.run.perturbed_runs import BatchLimits, PerturbedRuns, TailInputs
from seewhy.run.shared_scores import SharedScores
from seewhy.run.started_pass import StartedPass, outcomes_of_reruns
from seewhy.targets.target import Target


class Runner:
    """The compiled functions of one explainer, by target layer and kind of question."""

    def __init__(
        self, backend: ModuleType, method: Method, scores: str, compiler: str | None = None
    ) -> None:
        self._backend = backend
        self._method = method
        self._scores = scores
        self.compiled = CompileCache(backend, compiler)
        self._tail_specs: dict[Hashable, TailSpec] = {}

    def outcomes(
        self, plan: Plan, k: int, images: Sequence[np.ndarray], targets: Sequence[list[Target]]
    ) -> list[Outcome]:
        """What `passes.maps_pass` gives at one target layer, for each image.

        images: one batch an input. targets: the questions of each image, all of the same kinds.
        """
        if "pull_images" in self._method.needs and len(targets) > 1:
            # hundreds of learning steps make a difference of roundings to another mask, and
            # roundings differ with the number of images that go through together
            return [
                self.outcomes(plan, k, [array[i : i + 1] for array in images], [row])[0]
                for i, row in enumerate(targets)
            ]
        targets = [[self._rewritten(target) for target in row] for row in targets]
        question = QuestionBatch(tuple(targets[0]), self._scores, plan.context.main)
        values = [
            [np.stack([row[q].values[v] for row in targets]) for v in range(len(target.values))]
            for q, target in enumerate(question.targets)
        ]
        if self._method.reruns:
            return self._rerun(plan, k, images, question, values)
        results = self._start_maps(plan, k, images, (question, values))()
        return [Outcome(*(result[row] for result in results)) for row in range(len(targets))]

    @property
    def is_one_pass(self) -> bool:
        """Whether one run of the network gives the maps of a whole batch."""
        return not self._method.reruns and "pull_images" not in self._method.needs

    def start_columns(
        self, plan: Plan, images: Sequence[np.ndarray], targets: Sequence[Target]
    ) -> Callable[[], Outcome]:
        """`outcomes` of one question of one kind each at the first layer, all images in one.

        Gives a function that waits for the device, so that the next batch can be started first.
        """
        known = {id(target): self._rewritten(target) for target in targets}
        each = [known[id(target)] for target in targets]
        question = QuestionBatch((each[0],), self._scores, plan.context.main)
        fetch = self._start_maps(plan, 0, images, (question, [values_of_one_kind(each)]))

        def columns() -> Outcome:
            scores, ranked, probabilities, maps, reached = fetch()
            return Outcome(scores, ranked, probabilities, maps, reached)

        return columns

    def _start_maps(
        self,
        plan: Plan,
        k: int,
        images: Sequence[np.ndarray],
        asked: tuple[QuestionBatch, list[list[np.ndarray]]],
    ) -> Callable[[], list[np.ndarray]]:
        return start_maps(self.compiled, self._method, plan, k, asked, images)

    def all_classes(self, plan: Plan, k: int, images: Sequence[np.ndarray]) -> np.ndarray:
        """Maps of all classes at one target layer, float32 (batch, classes, *space)."""
        method, sources = self._method, plan.sources(k)
        places = {id(sources.of(need)) for need in method.needs}
        other = "curvature" in method.needs or rules_among(method.needs)
        if method.reruns or method.rewrite_target or other or len(places) > 1:
            raise MethodError(
                f"maps of all classes at once come from methods of activations and gradients; "
                f"{method.name} needs {', '.join(method.needs)}. Ask for single classes, or take "
                f"grad_cam."
            )
        question = QuestionBatch((), self._scores, plan.context.main)

        def make() -> Callable[..., Any]:
            run = passes.all_classes_pass(self._backend, sources, method, question)
            return lambda images: run(network_tensors(plan.wrapped, images))

        run = self.compiled.get(plan.wrapped, (k, "all classes"), make)
        return self.compiled.run(plan.wrapped, run, images)[0]

    def activations(self, plan: Plan, k: int, images: Sequence[np.ndarray]) -> np.ndarray:
        """What one target layer gives, float32 (batch, *space, units); the tail does not run."""
        cut = plan.cuts[k]
        run = self.compiled.get(
            plan.wrapped, (k, "activations"), lambda: perturbed_passes.activations_pass(cut)
        )
        return self.compiled.run(plan.wrapped, run, images)[0]

    def class_scores(
        self, plan: Plan, k: int, images: Sequence[np.ndarray], change: Change, *arrays: Any
    ) -> np.ndarray:
        """Scores of all classes for changed activations, float32 (rows, batch, classes).

        arrays: the rows, one array with the images in front, and what else `change` takes.
        """
        rows, strengths, *constants = arrays
        count, size = len(strengths), self.compiled.size(len(strengths), plan.wrapped)
        images, strengths = [filled_up(array, size) for array in images], filled_up(strengths, size)
        specs = [(array.shape, array.dtype.name) for array in images]
        cut, key = plan.cuts[k], (k, "layer", repr(specs))
        if key not in self._tail_specs:
            self._tail_specs[key] = perturbed_passes.tail_spec(
                self._backend, plan.wrapped, cut, specs
            )
        spec = self._tail_specs[key]
        run = self.compiled.get(
            plan.wrapped,
            (k, "heads", repr(specs)),
            lambda: perturbed_passes.head_outputs(cut, spec.used),
        )
        synchronise_variables(plan.wrapped)
        at, rest = run(images)
        reruns = PerturbedRuns(
            backend=self._backend,
            compiled=lambda key, make: self.compiled.get(plan.wrapped, (k, "rerun", key), make),
            question=QuestionBatch((), self._scores, plan.context.main),
            values=[],
            tails={"layer": TailInputs(spec, at, list(rest))},
            layer=cut,
            limits=self._limits(plan),
        )
        return reruns.score_classes(change, rows, strengths, *constants)[:, :count]

    def _limits(self, plan: Plan) -> BatchLimits:
        fixed = plan.wrapped.inputs[0].batch is not None
        return BatchLimits(memory.images_at_once(self._backend), plan.largest, plan.total, fixed)

    def scores(
        self, plan: Plan, images: Sequence[np.ndarray], targets: Sequence[Target], scores: str
    ) -> list[np.ndarray]:
        """Scores (batch,) of targets of one kind, and what ranks the classes (batch, classes).

        images: one batch an input. targets: one target for each image. A run forwards only.
        """
        question = QuestionBatch((targets[0],), scores, plan.context.main)
        values = [
            np.stack([each.values[v] for each in targets]) for v in range(len(targets[0].values))
        ]
        cut = plan.cuts[0]

        def make() -> Callable[..., Any]:
            def run(inputs: Any, values: Any) -> tuple[Any, Any]:
                outputs = cut.split.run_tail(*cut.split.run_head(*inputs))
                of_targets, (ranked, _) = question.score(cut, outputs, values)
                return of_targets[0], ranked

            return run

        run = self.compiled.get(plan.wrapped, ("scores", scores, targets[0].kind), make)
        return self.compiled.run(plan.wrapped, run, images, values)

    def copies(self, plan: Plan) -> int:
        """How many images go through at once where only scores are asked."""
        fixed = plan.wrapped.inputs[0].batch
        if fixed is not None:
            return fixed
        fitting = memory.fitting(self._backend, plan.total)
        # a power of two, so that no chunk is filled up
        return 1 << (min(memory.images_at_once(self._backend), fitting).bit_length() - 1)

    def _rewritten(self, target: Target) -> Target:
        """The question as the method asks it."""
        rewrite_target = self._method.rewrite_target
        return target if rewrite_target is None else rewrite_target(target, **self._method.options)

    def _rerun(
        self,
        plan: Plan,
        k: int,
        images: Sequence[np.ndarray],
        question: QuestionBatch,
        values: list[list[np.ndarray]],
    ) -> list[Outcome]:
        """The same for methods that run the network again.

        Copies that all questions ask about run once; maps are drawn one question after the other.
        """
        count = len(images[0])
        fixed = plan.wrapped.inputs[0].batch
        if fixed is not None:
            images = [filled_up(array, fixed) for array in images]
            values = [[filled_up(array, fixed) for array in of_target] for of_target in values]
        start = self._start(plan, k, images, question, values)
        shared = None
        if len(question.targets) > 1:
            shared = SharedScores(question, [array for of_target in values for array in of_target])
        maps, figures = [], []
        for q, target in enumerate(question.targets):
            reruns = PerturbedRuns(
                backend=self._backend,
                compiled=lambda key, make: self.compiled.get(plan.wrapped, (k, "rerun", key), make),
                question=QuestionBatch((target,), question.scores, question.main),
                values=values[q],
                tails=start.tails,
                layer=plan.sources(k).layer,
                limits=self._limits(plan),
                shared=shared,
                place=q,
            )
            of_target, about = self._weigh(start.evidence, q, reruns)
            maps.append(of_target)
            figures.append(about)
        return outcomes_of_reruns(start, maps, figures, count)

    def _start(
        self,
        plan: Plan,
        k: int,
        images: Sequence[np.ndarray],
        question: QuestionBatch,
        values: list[list[np.ndarray]],
    ) -> StartedPass:
        """Run the network once, and keep what stands at the cuts of evidence."""
        sources = plan.sources(k)
        specs = [(array.shape, array.dtype.name) for array in images]
        specs_by_cut = self._tail_specs_at_cuts(plan, k, specs)
        used = {name: spec.used for name, spec in specs_by_cut.items()}

        def make() -> Callable[..., Any]:
            return passes.start_pass(self._backend, sources, self._method.needs, question, used)

        key = (k, "start", tuple(target.kind for target in question.targets), repr(specs))
        run = self.compiled.get(plan.wrapped, key, make)
        synchronise_variables(plan.wrapped)
        flat = [array for of_target in values for array in of_target]
        scores, ranked, reached, evidence, kept = run(images, flat)
        tails = {
            name: TailInputs(specs_by_cut[name], at, list(rest))
            for name, (at, rest) in kept.items()
        }
        return StartedPass(scores, ranked, reached, evidence, tails)

    def _weigh(
        self, evidence: Sequence[dict[str, Any]], q: int, reruns: PerturbedRuns
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The maps (batch, *space) of one question, and figures (batch,) about them by name."""
        from keras import ops

        arguments = [
            getattr(reruns, need)
            if NEEDS[need].reruns
            else evidence[q if NEEDS[need].gradient else 0][need]
            for need in self._method.needs
        ]
        result = self._method.weigh(*arguments)
        maps, about = result if isinstance(result, tuple) else (result, {})
        figures = {name: np.asarray(value) for name, value in about.items()}
        return ops.convert_to_numpy(maps).astype("float32"), figures

    def _tail_specs_at_cuts(
        self, plan: Plan, k: int, specs: Sequence[tuple[Any, str]]
    ) -> dict[str, TailSpec]:
        """What is known at each cut where the method needs something."""
        specs_by_cut = {}
        for name, cut in passes.cuts_needed(plan.sources(k), self._method.needs):
            key = (k, name, repr(specs))
            if key not in self._tail_specs:
                self._tail_specs[key] = perturbed_passes.tail_spec(
                    self._backend, plan.wrapped, cut, specs
                )
            specs_by_cut[name] = self._tail_specs[key]
        return specs_by_cut
