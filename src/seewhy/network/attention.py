"""The attention of a transformer, written out so that its scores can be seen and differentiated."""

from __future__ import annotations

from typing import Any

from seewhy.errors import MethodError
from seewhy.network.calls import Operation, call_with

Tensor = Any


class AttentionRecorder:
    """A rule for `split_at_input`: every self-attention runs on explicit scores, which it keeps.

    Fused attention hides its scores; here they are computed from the layer's own queries and
    keys. shift: (batch, blocks, heads, tokens, tokens), added to them; None adds nothing.
    """

    def __init__(self, shift: Tensor | None = None) -> None:
        self.shift = shift
        self.found: list[Tensor] = []

    def __call__(
        self, operation: Operation, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if not is_attention(operation):
            return None
        return call_with(operation, {"_compute_attention": self._attend()}, args, kwargs)

    @property
    def stacked(self) -> Tensor:
        """float32 (batch, blocks, heads, tokens, tokens). Raises MethodError if they differ."""
        from keras import ops

        shapes = {tuple(attention.shape) for attention in self.found}
        if len(shapes) != 1 or any(shape[-1] != shape[-2] for shape in shapes):
            listed = ", ".join(map(str, sorted(shapes))) or "none"
            raise MethodError(
                f"attention methods follow self-attentions over the same tokens, of "
                f"MultiHeadAttention layers; this model's have the shapes: {listed}. Take "
                f"grad_cam, which works on any tokens."
            )
        return ops.stack(self.found, axis=1)

    def _attend(self) -> Any:
        from keras import ops

        def attend(
            query: Tensor,
            key: Tensor,
            value: Tensor,
            attention_mask: Tensor | None = None,
            *_: Any,
            use_causal_mask: bool = False,
            **__: Any,
        ) -> tuple[Tensor, Tensor]:
            scale = 1 / float(query.shape[-1]) ** 0.5
            scores = ops.einsum("bthd,bshd->bhts", query, key)
            scores = ops.cast(scores, "float32") * scale
            if use_causal_mask:
                causal = ops.tril(ops.ones(scores.shape[-2:], "bool"))
                scores = ops.where(causal, scores, -1e9)
            if attention_mask is not None:
                mask = ops.cast(attention_mask, "bool")
                mask = mask if len(mask.shape) == 4 else ops.expand_dims(mask, 1)
                scores = ops.where(mask, scores, -1e9)
            shares = ops.softmax(scores, axis=-1)
            if self.shift is not None:
                shares = shares + self.shift[:, len(self.found)]
            self.found.append(shares)
            output = ops.einsum("bhts,bshd->bthd", ops.cast(shares, value.dtype), value)
            return output, shares

        return attend


def is_attention(operation: Operation) -> bool:
    """Whether an operation is an attention whose scores can be written out."""
    import keras

    kinds = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)
    return isinstance(operation, kinds)
