"""What a model answers: its outputs as scores of classes, wherever and however they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from seewhy.errors import ModelError, TargetError
from seewhy.network.calls import Call, leaves_of
from seewhy.network.logits import (
    Closing,
    JoinedActivations,
    are_probabilities,
    closed_by_linear_layers,
    find_closing,
    probabilities_of,
)
from seewhy.network.losses import is_of_classes, is_of_quantities, losses_of_outputs

Tensor = Any


@dataclass(frozen=True)
class Output:
    """One output of a model.

    Its tensor is (batch, *space, units) without closing activation; space is () for a classifier,
    the picture's axes for a segmentation, steps or anchors for others.
    """

    name: str
    shape: tuple[int, ...]
    """Without the batch axis, as it came when the model was traced."""
    final: Closing | None
    regression: bool = False
    """Whether the units are quantities, not classes."""
    classifies: bool = False
    """Whether the model was compiled with a loss of classes for it."""
    linear: bool = True
    """Whether layers without activation give it, so that its values are no probabilities."""

    @property
    def activation(self) -> str | None:
        """ "softmax" or "sigmoid", where it was found and left out; "joined" for those of parts."""
        return self.final.activation if self.final else None

    @property
    def binary(self) -> bool:
        """Whether one unit tells between two classes."""
        return not self.regression and (not self.shape or self.shape[-1] == 1)

    @property
    def classes(self) -> int:
        return 2 if self.binary else (self.shape[-1] if self.shape else 1)

    @property
    def field(self) -> bool:
        """Whether it has space axes: pixels, steps or anchors, each with class scores."""
        return len(self.shape) > 1

    @property
    def unknown(self) -> bool:
        """Whether nothing but the values tells whether they are logits or probabilities."""
        return self.final is None and not self.linear

    def logits(self, raw: Tensor) -> Tensor:
        """(batch, *space, classes), float32; one logit z of two classes becomes (-z, z).

        An image's values that are probabilities, as those of an `unknown` output that all lie in
        0..1, stay what they are; one such value p becomes (1 - p, p).
        """
        from keras import ops

        values = self._with_units(raw)
        if not self.binary:
            return values
        both = ops.concatenate([-values, values], axis=-1)
        if not self.unknown:
            return both
        sure = ops.concatenate([1 - values, values], axis=-1)
        return ops.where(are_probabilities(values), sure, both)

    def probabilities(self, raw: Tensor) -> Tensor:
        """(batch, *space, classes), float32 in 0..1."""
        from keras import ops

        values = self._with_units(raw)
        if self.binary:
            sure = ops.sigmoid(values)
            if self.unknown:
                sure = ops.where(are_probabilities(values), values, sure)
            return ops.concatenate([1 - sure, sure], axis=-1)
        if isinstance(self.final, JoinedActivations):
            return self.final.probabilities(values)
        shares = probabilities_of(values, self.activation)
        return ops.where(are_probabilities(values), values, shares) if self.unknown else shares

    def closed(self, values: Tensor) -> Tensor:
        """Values in front of the closing steps as the model gives them."""
        if isinstance(self.final, JoinedActivations):
            return self.final.probabilities(values)
        return probabilities_of(values, self.activation)

    def _with_units(self, raw: Tensor) -> Tensor:
        """(batch, *space, units), float32."""
        from keras import ops

        values = ops.cast(raw, "float32")
        return values if self.shape else ops.expand_dims(values, -1)

    def pooled(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """What ranks the classes, and their probabilities, over space: both (batch, classes)."""
        from keras import ops

        logits, shares = self.logits(raw), self.probabilities(raw)
        if not self.field:
            # logits of one part say nothing beside those of another
            return shares if isinstance(self.final, JoinedActivations) else logits, shares
        space = tuple(range(1, len(self.shape)))
        mean = ops.mean(shares, axis=space)
        return mean, mean


@dataclass(frozen=True)
class ModelOutputs:
    """The outputs of one pass, as targets see them."""

    structure: Any
    """The outputs as the model gives them, without closing activations where they were found."""
    outputs: tuple[Output, ...]
    main: int
    scores: str
    """"logits" or "probabilities": what is differentiated, unless a target says otherwise."""

    def raw(self, k: int | None = None) -> Tensor:
        return leaves_of(self.structure)[self.main if k is None else k]

    def output(self, k: int | None = None) -> Output:
        return self.outputs[self.main if k is None else k]

    def values(self, k: int | None = None, scores: str | None = None) -> Tensor:
        """(batch, *space, classes): logits or probabilities."""
        output = self.output(k)
        kind = scores or self.scores
        return (output.logits if kind == "logits" else output.probabilities)(self.raw(k))

    def at(self, k: int) -> ModelOutputs:
        """The same with another output as the main one."""
        return replace(self, main=k)

    def as_given(self) -> Any:
        """The structure that a user's own function gets: float32, logits or probabilities."""
        import keras

        leaves = [
            keras.ops.cast(self.raw(k), "float32")
            if self.scores == "logits" or output.activation is None
            else output.closed(keras.ops.cast(self.raw(k), "float32"))
            for k, output in enumerate(self.outputs)
        ]
        return keras.tree.pack_sequence_as(self.structure, leaves)


def describe_outputs(model: Any, calls: Sequence[Call], outputs: Any) -> tuple[Output, ...]:
    """The outputs of a traced run.

    Raises ModelError if there are none, or one has no shape (batch, …).
    """
    leaves = leaves_of(outputs)
    names = _names(model, outputs, len(leaves))
    bad = [leaf for leaf in leaves if not getattr(leaf, "shape", ())]
    if not leaves or bad:
        raise ModelError(
            f"model {getattr(model, 'name', 'split')!r} gives {len(leaves)} outputs, of which "
            f"{len(bad)} have no batch axis; expected tensors of shape (batch, …). Wrap it so "
            f"that it gives class scores."
        )
    described = []
    losses = losses_of_outputs(model, names)
    for name, leaf, loss in zip(names, leaves, losses, strict=True):
        final = find_closing(calls, leaf)
        described.append(
            Output(
                name,
                tuple(int(side) for side in leaf.shape[1:]),
                final,
                regression=final is None and is_of_quantities(loss),
                classifies=is_of_classes(loss),
                linear=final is not None or closed_by_linear_layers(calls, leaf),
            )
        )
    return tuple(described)


def output_index(outputs: Sequence[Output], name_or_index: str | int) -> int:
    """Place of an output given by name or index. Raises TargetError, listing them."""
    names = [output.name for output in outputs]
    if name_or_index in names:
        return names.index(str(name_or_index))
    if isinstance(name_or_index, int) and -len(names) <= name_or_index < len(names):
        return name_or_index % len(names)
    raise TargetError(
        f"there is no output {name_or_index!r}. The model has {len(names)}: "
        f"{', '.join(f'{k} {name!r}' for k, name in enumerate(names))}."
    )


def choose_output(outputs: Sequence[Output], output: str | int | None) -> tuple[int, bool]:
    """Which output is asked, and whether that is certain.

    Without a wish: the only one, or the only one that is closed as class scores are or was
    trained as such, or the first with such a shape.
    """
    if output is not None:
        return output_index(outputs, output), True
    places = range(len(outputs))
    for likely in (
        list(places),
        [k for k in places if outputs[k].final and not outputs[k].field],
        [k for k in places if outputs[k].classifies and not outputs[k].field],
        [k for k in places if len(outputs[k].shape) == 1],
    ):
        if len(likely) == 1:
            return likely[0], True
    fitting = [k for k in places if outputs[k].final] or [k for k in places if outputs[k].shape]
    return (fitting or [0])[0], False


def _names(model: Any, outputs: Any, count: int) -> list[str]:
    import keras

    # in the order of flattening, which sorts the keys of a dict but not of an OrderedDict
    paths = [path for path, _ in keras.tree.flatten_with_path(outputs)]
    if any(isinstance(step, str) for path in paths for step in path):
        return ["/".join(map(str, path)) for path in paths]
    names = getattr(model, "output_names", None) or []
    if len(names) == count:
        return [str(name) for name in names]
    return [f"output {k}" for k in range(count)]
