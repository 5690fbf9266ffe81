"""The blocks of a transformer: where each ends, and a score for what each makes of the tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from seewhy.errors import MethodError
from seewhy.network.attention import AttentionRecorder, is_attention
from seewhy.network.calls import Call, Operation

Tensor = Any


def block_ends(calls: Sequence[Call]) -> list[Call]:
    """For each attention the call whose output is the tokens behind its block.

    A block ends with a sum (of a skip connection), or is a layer of its own around the attention.
    Raises MethodError where it is neither.
    """
    attentions = [k for k, call in enumerate(calls) if is_attention(call.operation)]
    limits = [*attentions[1:], len(calls)]
    ends: list[Call] = []
    offset = 0
    for k, limit in zip(attentions, limits, strict=True):
        attention = calls[k]
        behind = [
            call
            for call in calls[k + 1 : limit]
            if call.shape == attention.shape and _ends_block(call, attention)
        ]
        if not behind:
            raise MethodError(
                f"le_grad needs blocks that end in a layer: a sum (Add) or a layer around the "
                f"attention; none was found behind {attention.path!r}. Take "
                f"transformer_attribution."
            )
        if limit < len(calls) or not ends:
            place = len(behind) - 1
            if limit == len(calls):  # a single block: not the layers around it and others
                sums = [i for i, call in enumerate(behind) if call.kind == "Add"]
                place = sums[-1] if sums else 0
        else:
            place = min(offset, len(behind) - 1)
        offset = place
        ends.append(behind[place])
    return ends


def _ends_block(call: Call, attention: Call) -> bool:
    return call.kind == "Add" or attention.path.startswith(f"{call.path}/")


class BlockStream(AttentionRecorder):
    """A rule for `split_at_input`: the rest of the network behind the last block sees all blocks.

    Behind the last block the batch is what that block gives, followed by what each block gives
    with all of its tokens replaced by their mean. What a block gives is passed on to the next
    without a gradient, so that its attention is answerable for its own score only.
    """

    def __init__(self, ends: Sequence[Call], shift: Tensor | None = None) -> None:
        super().__init__(shift)
        self.ends = ends
        self.counts: Counter[int] = Counter()
        self.streams: list[Tensor] = []

    def __call__(
        self, operation: Operation, proceed: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        nth = self.counts[id(operation)]
        self.counts[id(operation)] += 1
        is_end = any(end.operation is operation and end.nth == nth for end in self.ends)
        if not is_end:
            return super().__call__(operation, proceed, args, kwargs)
        return self._passed(proceed(*args, **kwargs))

    def _passed(self, tokens: Tensor) -> Tensor:
        from keras import ops

        self.streams.append(tokens)
        if len(self.streams) < len(self.ends):
            return ops.stop_gradient(tokens)
        means = [
            ops.broadcast_to(ops.mean(stream, axis=1, keepdims=True), stream.shape)
            for stream in self.streams
        ]
        return ops.concatenate([tokens, *means], axis=0)
