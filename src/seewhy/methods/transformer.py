"""Methods that follow the attention through the blocks of a transformer."""

from __future__ import annotations

from typing import Any

from keras import ops

from seewhy.methods.registry import method

Tensor = Any

FAMILY = "transformer"


@method(
    "attention_rollout",
    paper="Abnar and Zuidema 2020, arXiv:2005.00928, eq. 1, with the identity for the residual",
    family=FAMILY,
    use="Where information flows in a transformer, whatever the class.",
    avoid="To ask about a class: it knows none.",
)
def attention_rollout(attentions: Tensor) -> Tensor:
    """How much of each token reaches each other one through all blocks.

    attentions: (batch, blocks, heads, tokens, tokens). Returns (batch, tokens, tokens), whose
    rows sum to 1: the driver takes the class token's row, or the mean of all without one.
    """
    identity = ops.eye(attentions.shape[-1], dtype="float32")
    flow = identity
    for block in range(attentions.shape[1]):
        mixed = (ops.mean(attentions[:, block], axis=1) + identity) / 2
        flow = ops.matmul(mixed, flow)
    return flow


@method(
    "transformer_attribution",
    paper="Chefer et al. 2021, 'Generic Attention-model Explainability', arXiv:2103.15679, "
    "eq. 5 and 6",
    family=FAMILY,
    cost="3",
    use="Which tokens speak for a class in a transformer.",
    avoid="Windowed attention such as Swin's: take grad_cam on the tokens.",
)
def transformer_attribution(attentions: Tensor, attention_gradients: Tensor) -> Tensor:
    """Relevance carried through the blocks by attention times its gradient, where positive.

    attentions, attention_gradients: (batch, blocks, heads, tokens, tokens). Returns (batch,
    tokens, tokens), from 0 on: the driver takes the class token's row, or the mean of all.
    """
    relevance = ops.eye(attentions.shape[-1], dtype="float32")
    for block in range(attentions.shape[1]):
        weighed = ops.relu(attentions[:, block] * attention_gradients[:, block])
        relevance = relevance + ops.matmul(ops.mean(weighed, axis=1), relevance)
    return relevance


@method(
    "le_grad",
    paper="Bousselham et al. 2024, 'LeGrad', arXiv:2404.03214, section 3.2, over all blocks, "
    "before its scaling",
    family=FAMILY,
    cost="3",
    use="Which tokens each block of a transformer attends to for a class.",
    avoid="Blocks that end neither in a sum nor in a layer of their own: it says so.",
)
def le_grad(block_gradients: Tensor) -> Tensor:
    """Mean over blocks, heads and looking tokens of the positive gradients of attention.

    block_gradients: (batch, blocks, heads, tokens, tokens), each block's of the score that the
    mean of its own tokens gets from the rest of the network behind the last block. Returns
    (batch, tokens, tokens), from 0 on, whose rows are all the same.
    """
    seen = ops.mean(ops.relu(block_gradients), axis=(1, 2, 3))
    tokens = block_gradients.shape[-1]
    return ops.broadcast_to(ops.expand_dims(seen, 1), (seen.shape[0], tokens, tokens))
