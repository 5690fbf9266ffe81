"""The attentions of `transformers.vit`, layer by layer, and rollout token by token."""

from __future__ import annotations

import numpy as np
from keras import ops


def attended(attention, x, shift):
    """A MultiHeadAttention by hand: its output, and its scores (batch, heads, tokens, tokens)."""

    def heads(dense):
        return ops.einsum("btu,uhd->bhtd", x, dense.kernel) + ops.expand_dims(dense.bias, 1)

    query, key, value = (
        heads(dense)
        for dense in (attention._query_dense, attention._key_dense, attention._value_dense)
    )
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / query.shape[-1] ** 0.5
    shares = ops.softmax(scores, axis=-1) + shift
    mixed = ops.matmul(shares, value)
    dense = attention._output_dense
    return ops.einsum("bhtd,hdu->btu", mixed, dense.kernel) + dense.bias, shares


def run(model, images, shifts, pool):
    """Logits and attentions of `transformers.vit`, with shifts added to the attentions."""
    x = model.get_layer("tokens")(model.get_layer("patches")(images))
    if any(layer.name == "prefix" for layer in model.layers):
        x = model.get_layer("prefix")(x)
    found = []
    for i in range(2):
        x, shares = blocked(model.get_layer(f"block{i}"), x, shifts[:, i])
        found.append(shares)
    x = model.get_layer("last")(x)
    pooled = x[:, 0] if pool == "token" else ops.mean(x, axis=1)
    return model.get_layer("head")(pooled), ops.stack(found, axis=1)


def blocked(block, x, shift):
    """A block by hand: its tokens, and its attention."""
    y, shares = attended(block.attention, block.norm1(x), shift)
    x = x + y
    return x + block.narrow(block.wide(block.norm2(x))), shares


def rollout(attentions, gradients):
    """Abnar and Zuidema 2020, token by token."""
    tokens = attentions.shape[-1]
    flow = np.eye(tokens)
    for block in attentions:
        flow = (block.mean(axis=0) / 2 + np.eye(tokens) / 2) @ flow
    return flow
